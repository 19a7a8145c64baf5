"""Pipes under the roads that one square owns, joined to its neighbours' at the crossings."""

from itertools import pairwise
from typing import Final

import numpy as np

from data.sample.crossings import CrossingPlan, Place
from data.sample.lattice import Floats
from data.sample.networks import NETWORKS, Network, Section
from data.sample.plots import Community
from data.sample.rows import NodeRow, SegmentRow
from data.sample.streets import Square, Street
from data.sample.terrain import ground_m, level
from spatial.places.types import RoadClass

_SPACING_M: Final = 42.0
_HYDRANT_EVERY: Final = 3


def add_pipes(community: Community, crossings: CrossingPlan, square: Square) -> None:
    """Write the pipes under the roads that a square owns, and the crossings that it owns."""
    plan = crossings.plan
    for street in plan.owned(square):
        for network in NETWORKS:
            if crossings.carries(street, network):
                _lay(community, crossings, street, network)
    for place in crossings.owned(square):
        for network in NETWORKS:
            arms = crossings.arms(place, network)
            if arms:
                community.area.nodes.append(_crossing_row(community, crossings, network, place, arms))


def _lay(community: Community, crossings: CrossingPlan, street: Street, network: Network) -> None:
    """Write one stretch of one network: its segments, and the nodes between crossings."""
    shares, places = _stations(crossings, street, network)
    known = [k for k, place in enumerate(places) if place is not None]
    ends = np.array([crossings.point(place, network) for place in places if place is not None])
    points = np.round(np.stack([np.interp(shares, shares[known], ends[:, axis]) for axis in (0, 1)], axis=1), 3)
    start, run = np.array(street.start), np.array(street.end) - np.array(street.start)
    ground = ground_m(*((start + run * shares[:, None]) / 12).T)
    codes = [
        f"{network.prefix}{street.code[1:]}{k:02}" if place is None else crossings.code(place, network)
        for k, place in enumerate(places)
    ]
    is_forward = not network.is_gravity or crossings.is_downhill(street)
    steps = [(k, k + 1) if is_forward else (k + 1, k) for k in range(len(places) - 1)]
    kept = [step for step in steps if crossings.joins(street, network, places[step[0]])]
    section = network.section(street.road_class, _upstream_level(street, is_forward=is_forward))
    for k, place in enumerate(places):
        if place is None:
            degree = sum(k in step for step in kept)
            row = _node_row(community, network, section, codes[k], points[k], float(ground[k]), street.name)
            community.area.nodes.append(_dress(row, k, degree))
    for a, b in kept:
        two = ((codes[a], points[a], float(ground[a])), (codes[b], points[b], float(ground[b])))
        community.area.segments.append(_segment_row(community, network, section, two, street, min(a, b)))


def _stations(crossings: CrossingPlan, street: Street, network: Network) -> tuple[Floats, list[Place | None]]:
    """Return where nodes stand along a stretch: at every crossing, and about every 40 m between."""
    marks = crossings.along(street, network)
    shares, places = [0.0], [marks[0][1]]
    stations: list[Place | None] = list(places)
    for (before, _), (share, place) in pairwise(marks):
        count = int(np.ceil((share - before) * street.length_m / _SPACING_M))
        shares += [before + (share - before) * k / count for k in range(1, count + 1)]
        stations += [*[None] * (count - 1), place]
    return np.array(shares), stations


def _upstream_level(street: Street, *, is_forward: bool) -> int:
    i, j = street.start if is_forward else street.end
    return level(i // 12, j // 12)


def _segment_row(
    community: Community,
    network: Network,
    section: Section,
    two: tuple[tuple[str, Floats, float], tuple[str, Floats, float]],
    street: Street,
    serial: int,
) -> SegmentRow:
    """Return the row of a pipe from its first end to its second."""
    (start, (x, y), ground), (end, (x_end, y_end), ground_end) = two
    depth = round(network.crown_m + (section.tall_m if network.is_gravity else 0.0), 3)
    first, last = round(ground - depth, 3), round(ground_end - depth, 3)
    to_middle = (0.5 if network.is_gravity else -0.5) * section.tall_m
    since = f"{_year(street)}-06-30"
    length = np.sqrt((x_end - x) ** 2 + (y_end - y) ** 2 + (last - first) ** 2)
    return SegmentRow(
        f"{network.prefix}S{street.code[1:]}{serial:02}",
        network.kind,
        start,
        end,
        section.diameter_mm,
        section.width_mm,
        section.height_mm,
        section.material,
        network.bury_method,
        network.depth_point,
        depth,
        depth,
        first,
        last,
        section.pressure,
        network.owner,
        since,
        round(float(length), 3),
        street.name,
        community.code,
        since,
        float(x),
        float(y),
        round(first + to_middle, 4),
        float(x_end),
        float(y_end),
        round(last + to_middle, 4),
    )


def _node_row(
    community: Community,
    network: Network,
    section: Section,
    code: str,
    point: Floats,
    ground: float,
    road_name: str,
) -> NodeRow:
    """Return the row of an ordinary node, with what stands at it."""
    appendage = network.chamber[0]
    bottom = round(network.crown_m + section.tall_m, 3) if appendage else None
    place = (float(point[0]), float(point[1]), ground)
    return NodeRow(
        code, network.kind, "straight", appendage, ground, bottom, road_name, community.code, "2010-06-30", *place
    )


def _dress(row: NodeRow, serial: int, degree: int) -> NodeRow:
    """Mark ends, and leave hydrants only at some nodes of water mains."""
    feature = "straight" if degree == 2 else "end"
    if row.appendage == "hydrant":
        return row._replace(
            feature=feature, appendage=None if serial % _HYDRANT_EVERY else "hydrant", bottom_depth_m=None
        )
    return row._replace(feature=feature)


def _crossing_row(
    community: Community, crossings: CrossingPlan, network: Network, place: Place, arms: list[Street]
) -> NodeRow:
    """Return the row of a node where roads cross; an outfall where water comes in and none runs on."""
    widest = min(arms, key=lambda arm: list(RoadClass).index(arm.road_class))
    section = network.section(widest.road_class, level(place[0] // 12, place[1] // 12))
    ground = float(ground_m(*(np.array([place]) / 12).T)[0])
    code = crossings.code(place, network)
    row = _node_row(community, network, section, code, crossings.point(place, network), ground, widest.name)
    degree = sum(crossings.joins(arm, network, place) or not crossings.leaves(arm, place) for arm in arms)
    is_outfall = network.is_gravity and not any(crossings.leaves(arm, place) for arm in arms)
    feature = {1: "end", 2: "straight", 3: "tee"}.get(degree, "cross")
    bottom = round(network.crown_m + section.tall_m, 3)
    return row._replace(
        feature="outfall" if is_outfall else feature, appendage=network.chamber[1], bottom_depth_m=bottom
    )


def _year(street: Street) -> int:
    """Lay the pipes of a stretch in a year of its own, the same for all kinds."""
    i, j = street.start
    return 1996 + (7 * i + 13 * j) // 6 % 26

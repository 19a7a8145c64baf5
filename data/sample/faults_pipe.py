"""Faults of pipes: levels, ends, sizes and connections that cannot be right."""

from itertools import pairwise
from typing import Final

import numpy as np
import shapely

from data.sample.fabric import Rng
from data.sample.fault import Truth, draw, tell
from data.sample.footprints import Geometries
from data.sample.lattice import Floats
from data.sample.rows import Area, SegmentRow
from spatial.pipelines.types import PipeKind

_LAYER: Final = "pipe_segment"
_RISE_M: Final = 0.15
_MISMATCH_M: Final = 0.8
_LONG: Final = 4
_GRAVITY: Final = (PipeKind.SEWAGE, PipeKind.RAIN)


def reverse_slope(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Reverse slope: a gravity pipe ends higher than it starts."""
    index = draw(area.segments, rng, touched, lambda row: row.kind in _GRAVITY)
    if index is None:
        return None
    row = area.segments[index]
    elevation = round(row.start_elevation_m + _RISE_M, 3)
    rise = elevation - row.end_elevation_m
    area.segments[index] = row._replace(
        end_elevation_m=elevation,
        end_depth_m=round(row.end_depth_m - rise, 3),
        z_end=round(row.z_end + rise, 4),
    )
    return tell(_LAYER, [row.code], "end_elevation_m", elevation, row.end_elevation_m)


def elevation_mismatch(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Mismatch: the elevation is not the ground's less the depth."""
    index = draw(area.segments, rng, touched, lambda _row: True)
    if index is None:
        return None
    row = area.segments[index]
    elevation = round(row.start_elevation_m + _MISMATCH_M, 3)
    area.segments[index] = row._replace(start_elevation_m=elevation)
    return tell(_LAYER, [row.code], "start_elevation_m", elevation, row.start_elevation_m)


def missing_node(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Missing node: a pipe starts at a node that does not exist."""
    index = draw(area.segments, rng, touched, lambda _row: True)
    if index is None:
        return None
    row = area.segments[index]
    code = f"{row.start_code}-0"
    area.segments[index] = row._replace(start_code=code)
    return tell(_LAYER, [row.code], "start_code", code, row.start_code)


def isolated_node(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Isolated node: no pipe starts or ends at it."""
    index = draw(area.nodes, rng, touched, lambda row: row.feature == "straight")
    if index is None:
        return None
    row = area.nodes[index]
    lone = row._replace(code=f"{row.code}X", x=round(row.x + 2.0, 3), y=round(row.y - 2.0, 3))
    area.nodes.insert(index + 1, lone)
    return tell("pipe_node", [lone.code], None, "no segment", "no such node")


def overlong_segment(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Overlong: one pipe runs past three manholes that were not surveyed."""
    index = draw(area.segments, rng, touched, lambda row: row.code[-2:] == "01")
    if index is None:
        return None
    run = [row for row in area.segments if row.code[:-2] == area.segments[index].code[:-2]]
    run = sorted(run, key=lambda row: row.code)[1 : 1 + _LONG]
    if len(run) < _LONG or any(row.code in touched for row in run):
        return None
    if run[0].start_code == run[1].end_code:
        run.reverse()
    inner = {row.start_code for row in run[1:]}
    if any(before.end_code != after.start_code for before, after in pairwise(run)):
        return None
    # Crossings belong to other pipes too; only nodes of this stretch may go.
    stem = run[0].code[:2] + run[0].code[3:-2]
    if any(not code.startswith(stem) for code in inner):
        return None
    first, last = run[0], run[-1]
    ends = ("end_code", "end_depth_m", "end_elevation_m", "x_end", "y_end", "z_end")
    joined = first._replace(**{name: getattr(last, name) for name in ends})
    joined = joined._replace(length_m=round(sum(row.length_m for row in run), 3))
    gone = {row.code for row in run[1:]}
    area.segments[:] = [joined if row is first else row for row in area.segments if row.code not in gone]
    area.nodes[:] = [row for row in area.nodes if row.code not in inner]
    return tell(_LAYER, [first.code], "length_m", joined.length_m, sorted(inner))


def duplicated_segment(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Duplicate: the same pipe once more under another code."""
    index = draw(area.segments, rng, touched, lambda _row: True)
    if index is None:
        return None
    row = area.segments[index]
    area.segments.insert(index + 1, row._replace(code=f"{row.code}X"))
    return tell(_LAYER, [row.code, f"{row.code}X"], None, "two rows", "one row")


def clash(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Clash: a pipe runs through another that it crosses; the truth names every pipe that it runs through."""
    lines: Geometries = np.asarray(
        shapely.linestrings([[(row.x, row.y), (row.x_end, row.y_end)] for row in area.segments])
    )
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    for k in rng.permutation(len(first)).tolist():
        own, other = int(first[k]), int(second[k])
        a, b = area.segments[own], area.segments[other]
        if a.kind is b.kind or a.kind in _GRAVITY or a.code in touched or b.code in touched:
            continue
        sink = round(float(np.subtract(*_heights((a, b), lines[[own, other]]))), 3)
        lowered = _lowered(a, sink)
        crossed = [(area.segments[place], lines[place]) for place in second[first == own].tolist()]
        hit = [row for row, line in crossed if _gap_m((lowered, row), np.array([lines[own], line])) < 0]
        area.segments[own] = lowered
        codes = [a.code, b.code, *(row.code for row in hit if row is not b)]
        return tell(_LAYER, codes, "start_depth_m", lowered.start_depth_m, a.start_depth_m)
    return None


def _heights(rows: tuple[SegmentRow, SegmentRow], lines: Geometries) -> Floats:
    """Return the heights of two pipes' middles where they cross."""
    meeting = shapely.intersection(*lines)
    shares = shapely.line_locate_point(lines, meeting, normalized=True)
    return np.array([row.z + (row.z_end - row.z) * share for row, share in zip(rows, shares, strict=True)])


def _gap_m(rows: tuple[SegmentRow, SegmentRow], lines: Geometries) -> float:
    """Return the clear height between two pipes where they cross; below zero where they meet."""
    bodies = sum((row.diameter_mm or row.height_mm or 0) / 2000 for row in rows)
    return float(abs(np.subtract(*_heights(rows, lines)))) - bodies


def rain_into_sewage(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """雨污混接: a rain pipe ends at a sewage manhole."""
    manholes = [row for row in area.nodes if row.kind is PipeKind.SEWAGE and row.code not in touched]
    index = draw(area.segments, rng, touched, lambda row: row.kind is PipeKind.RAIN)
    if index is None or not manholes:
        return None
    row = area.segments[index]
    places = np.array([(node.x, node.y) for node in manholes])
    far = np.hypot(*(places - (row.x_end, row.y_end)).T)
    node = manholes[int(np.argmin(far))]
    if far.min() > 12.0:
        return None
    depth = round(node.ground_elevation_m - row.end_elevation_m, 3)
    length = np.sqrt((node.x - row.x) ** 2 + (node.y - row.y) ** 2 + (row.z_end - row.z) ** 2)
    area.segments[index] = row._replace(
        end_code=node.code, x_end=node.x, y_end=node.y, end_depth_m=depth, length_m=round(float(length), 3)
    )
    return tell(_LAYER, [row.code], "end_code", node.code, row.end_code)


def missing_diameter(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Missing size: a round pipe without a diameter."""
    index = draw(area.segments, rng, touched, lambda row: row.diameter_mm is not None)
    if index is None:
        return None
    row = area.segments[index]
    area.segments[index] = row._replace(diameter_mm=None)
    return tell(_LAYER, [row.code], "diameter_mm", None, row.diameter_mm)


def missing_material(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Missing material."""
    index = draw(area.segments, rng, touched, lambda row: row.material is not None)
    if index is None:
        return None
    row = area.segments[index]
    area.segments[index] = row._replace(material=None)
    return tell(_LAYER, [row.code], "material", None, row.material)


def shrinking_diameter(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Shrinking: a gravity pipe is narrower than the one that runs into it."""
    into = {row.end_code: row for row in area.segments if row.kind in _GRAVITY and row.code not in touched}
    index = draw(
        area.segments,
        rng,
        touched,
        lambda row: row.kind in _GRAVITY and (row.diameter_mm or 0) >= 400 and row.start_code in into,
    )
    if index is None:
        return None
    row = area.segments[index]
    narrow, width = 200, row.diameter_mm or 0
    drop = (width - narrow) / 2000
    area.segments[index] = row._replace(diameter_mm=narrow, z=round(row.z - drop, 4), z_end=round(row.z_end - drop, 4))
    return tell(_LAYER, [row.code, into[row.start_code].code], "diameter_mm", narrow, width)


def _lowered(row: SegmentRow, sink_m: float) -> SegmentRow:
    """Put a pipe deeper by some metres at both ends, its own depths and elevations still in accord."""
    return row._replace(
        start_depth_m=round(row.start_depth_m + sink_m, 3),
        end_depth_m=round(row.end_depth_m + sink_m, 3),
        start_elevation_m=round(row.start_elevation_m - sink_m, 3),
        end_elevation_m=round(row.end_elevation_m - sink_m, 3),
        z=round(row.z - sink_m, 4),
        z_end=round(row.z_end - sink_m, 4),
    )

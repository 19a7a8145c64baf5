"""Faults of roads and buildings."""

from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from shapely.affinity import translate

from data.sample.fabric import Rng
from data.sample.fault import Truth, draw, tell
from data.sample.lattice import to_degrees
from data.sample.rows import Area, BuildingRow
from spatial.places.types import BuildingUse, RoadClass

_TRIES: Final = 40
_BESIDE_M: Final = 30.0
_HOMOPHONES: Final = MappingProxyType(
    dict(
        zip(
            "湖岗泉桥塘河湾亭园林峰岭谷洲源坊庭堂池潭溪滨涛井埠集店岩营阁榭田沙渡津山",
            "胡冈全乔唐禾弯庭元临丰领古州元方亭唐持谭西宾滔景步吉电言迎格谢甜纱度金杉",
            strict=True,
        )
    )
)
"""A character and another of the same sound."""


def road_homophone(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Near-duplicate name: a local road is called like another but for one character of the same sound."""
    ground = shapely.coverage_union_all([row.geom for row in area.grids])
    local = [row for row in area.roads if row.road_class is RoadClass.LOCAL and row.code not in touched]
    # Doors on both sides must lie in the area, or some would keep the old name.
    beside = [shapely.transform(_strip(row.geom), to_degrees) for row in local]
    local = [row for row, doors in zip(local, beside, strict=True) if shapely.covers(ground, doors)]
    sources = [row for row in local if any(sound in row.name for sound in _HOMOPHONES)]
    if not sources or len(local) < 2:
        return None
    source = sources[int(rng.integers(len(sources)))]
    victim = next(row for row in local[:: -1 if local[0] is source else 1] if row is not source)
    name = "".join(_HOMOPHONES.get(sound, sound) for sound in source.name)
    _rename_road(area, victim.name, name)
    return tell("road", [source.code, victim.code], "name", name, victim.name)


def building_overlap(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Overlap: a building stands partly on its neighbour."""
    index = draw(area.buildings, rng, touched, _is_numbered)
    if index is None:
        return None
    row = area.buildings[index]
    others = [other for other in area.buildings if other.estate_code == row.estate_code and other.code != row.code]
    others = [other for other in others if other.code not in touched]
    if not others:
        return None
    near = min(others, key=lambda other: float(shapely.distance(other.geom, row.geom)))
    here, there = shapely.centroid(row.geom), shapely.centroid(near.geom)
    moved = translate(row.geom, 0.7 * (there.x - here.x), 0.7 * (there.y - here.y))
    if shapely.area(shapely.intersection(moved, near.geom)) < 10.0:
        return None
    area.buildings[index] = row._replace(geom=moved)
    return tell("building", [row.code, near.code], "geom", "overlap", shapely.to_wkt(row.geom, rounding_precision=3))


def building_outside_estate(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Outside its estate: a building stands across the edge of the estate that it names."""
    estates = {row.code: row.geom for row in area.estates}
    drawn = np.array([row.geom for row in area.buildings])
    for _ in range(_TRIES):
        index = draw(area.buildings, rng, touched, _is_numbered)
        if index is None:
            return None
        row = area.buildings[index]
        edge = shapely.boundary(estates[row.estate_code or ""])
        middle = shapely.centroid(row.geom)
        way = shapely.get_coordinates(shapely.shortest_line(middle, edge))
        step = way[1] - way[0]
        moved = translate(row.geom, *step)
        others = np.delete(drawn, index)
        if not shapely.intersects(others, moved).any():
            area.buildings[index] = row._replace(geom=moved)
            right = shapely.to_wkt(row.geom, rounding_precision=3)
            return tell("building", [row.code, row.estate_code or ""], "geom", "across the edge", right)
    return None


def building_without_address(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Without an address: no doorplate says that it is the building's."""
    index = draw(area.buildings, rng, touched, lambda row: row.number is None and row.use is BuildingUse.COMMERCIAL)
    if index is None:
        return None
    code, plates = area.buildings[index].code, []
    for place, row in enumerate(area.addresses):
        if row.building_code == code:
            area.addresses[place] = row._replace(building_code=None)
            plates.append(row.code)
    touched.update(plates)
    return tell("building", [code], None, "no address", plates)


def _strip(road: shapely.Geometry) -> shapely.Geometry:
    """Return the ground where a road's doors stand; no door stands near its ends."""
    start, end = shapely.get_coordinates(road)[[0, -1]]
    middle = shapely.LineString([start + 0.05 * (end - start), start + 0.95 * (end - start)])
    return shapely.buffer(middle, _BESIDE_M, cap_style="flat")


def _is_numbered(row: BuildingRow) -> bool:
    return row.number is not None and row.area_m2 > 100


def _rename_road(area: Area, old: str, new: str) -> None:
    """Rename a road, and whatever names it."""
    area.roads[:] = [row._replace(name=new) if row.name == old else row for row in area.roads]
    area.addresses[:] = [
        row._replace(road_name=new, full_text=row.full_text.replace(old, new)) if row.road_name == old else row
        for row in area.addresses
    ]
    area.nodes[:] = [row._replace(road_name=new) if row.road_name == old else row for row in area.nodes]
    area.segments[:] = [row._replace(road_name=new) if row.road_name == old else row for row in area.segments]

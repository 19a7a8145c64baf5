"""Roads, buildings, doorplates and pipes of the small city, faults aside."""

import hashlib
from collections import Counter, defaultdict

import numpy as np
import pytest
import shapely

from address.types import AddressKind
from data.sample.city import make_areas, make_plan
from data.sample.copying import TARGETS, to_text
from data.sample.faults import spoiled
from data.sample.footprints import Plan, Shape, entrances, footprints
from data.sample.lattice import to_metres
from data.sample.regions import legal_rows
from data.sample.sizes import SampleSize
from data.sample.terrain import falls_forward, ground_m, level
from spatial.pipelines.types import DepthPoint, PipeKind
from spatial.places.types import BuildingUse
from tests.data.sample_rows import SEED, areas, rows

KINDS = ("grids", "roads", "estates", "buildings", "parcels", "addresses", "nodes", "segments")
GRAVITY = (PipeKind.SEWAGE, PipeKind.RAIN)


def _digest(seed):
    digest = hashlib.sha256()
    for area in spoiled(make_areas(SampleSize.SMALL, seed), seed):
        for name in KINDS:
            if getattr(area, name):
                digest.update(to_text(TARGETS[name], getattr(area, name)))
        digest.update(repr(area.truths).encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_rows():
    assert _digest(SEED) == _digest(SEED)


def test_another_seed_gives_another_city():
    assert _digest(SEED) != _digest(5)


@pytest.mark.parametrize("name", KINDS)
def test_codes_are_unique(name):
    assert max(Counter(row.code for row in rows(name)).values()) == 1


def test_a_larger_city_keeps_the_roads_of_the_smaller():
    plan = make_plan(SampleSize.DEMO, SEED)
    larger = {street.code: street for square in plan.built for street in plan.owned(square)}
    for row in rows("roads", clean=True):
        assert larger[row.code].name == row.name
        assert (larger[row.code].line_m == shapely.get_coordinates(row.geom)).all()


def test_a_stretch_of_main_road_has_one_name_along_its_line():
    names = defaultdict(set)
    for row in rows("roads", clean=True):
        names[row.name].add((row.code[5], row.road_class))
    assert all(len(kinds) == 1 for kinds in names.values())
    assert "长江中路" in names


def _side(line, point):
    (x0, y0), (x1, y1) = shapely.get_coordinates(line)[[0, -1]]
    return np.sign((x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0))


def _road_of(row, roads):
    return min(roads[row.road_name], key=lambda road: shapely.distance(road.geom, shapely.Point(row.x, row.y)))


def _roads_by_name():
    roads = defaultdict(list)
    for road in rows("roads", clean=True):
        roads[road.name].append(road)
    return roads


def test_odd_numbers_stand_on_the_left_and_grow_along_the_road():
    roads, along = _roads_by_name(), defaultdict(list)
    for row in rows("addresses", clean=True):
        if row.kind is not AddressKind.DOORPLATE:
            continue
        road = _road_of(row, roads)
        point = shapely.Point(row.x, row.y)
        assert _side(road.geom, (row.x, row.y)) == (1 if row.number % 2 else -1), row.full_text
        assert shapely.distance(road.geom, point) == pytest.approx(road.width_m / 2 + 1.5, abs=0.01)
        if row.number_suffix is None:
            along[road.code, row.number % 2].append((shapely.line_locate_point(road.geom, point), row.number))
    for doors in along.values():
        numbers = [number for _, number in sorted(doors)]
        assert numbers == sorted(set(numbers))


def test_an_address_says_its_region_road_and_number():
    streets = {row.code: row.full_name for row in legal_rows(SEED)}
    row = next(row for row in rows("addresses", clean=True) if row.road_name == "长江中路")
    assert row.full_text == f"{streets[row.region_code[:9] + '000']}长江中路{row.number}号"


def test_addresses_lie_behind_one_another():
    kinds = [AddressKind.ROOM, AddressKind.UNIT, AddressKind.BUILDING, AddressKind.DOORPLATE]
    by_code = {row.code: row for row in rows("addresses", clean=True)}
    for row in by_code.values():
        if row.kind is AddressKind.DOORPLATE:
            assert row.parent_code is None
        else:
            parent = by_code[row.parent_code]
            assert parent.kind is kinds[kinds.index(row.kind) + 1]
            if parent.kind is not AddressKind.DOORPLATE:
                assert row.full_text.startswith(parent.full_text)
    assert {row.kind for row in by_code.values()} == set(kinds)


def test_every_point_lies_in_the_region_and_grid_that_it_names():
    regions = {row.code: shapely.transform(row.geom, to_metres) for row in legal_rows(SEED)}
    grids = {row.code: shapely.transform(row.geom, to_metres) for row in rows("grids")}
    for row in rows("addresses", clean=True):
        point = shapely.Point(row.x, row.y)
        assert regions[row.region_code].covers(point)
        assert grids[row.grid_code].covers(point)
        assert row.managed_code in (None, row.region_code)
    assert any(row.managed_code for row in rows("addresses"))


def test_buildings_stand_apart_and_inside_their_estate():
    buildings = rows("buildings", clean=True)
    drawn = np.array([row.geom for row in buildings])
    first, second = shapely.STRtree(drawn).query(drawn, predicate="overlaps")
    assert len(first) == len(second) == 0
    estates = {row.code: row.geom for row in rows("estates", clean=True)}
    assert all(estates[row.estate_code].covers(row.geom) for row in buildings if row.estate_code)


def test_every_building_but_sheds_has_an_address():
    named = {row.building_code for row in rows("addresses", clean=True)}
    lonely = [row for row in rows("buildings", clean=True) if row.code not in named]
    assert {row.use for row in lonely} <= {BuildingUse.AUXILIARY}


def test_an_estate_with_phases_is_divided_by_them():
    estates = rows("estates", clean=True)
    phases = [row for row in estates if row.phase]
    assert phases
    for parent in {row.parent_code for row in phases}:
        whole = next(row for row in estates if row.code == parent)
        parts = [row for row in phases if row.parent_code == parent]
        assert [row.name for row in parts] == [whole.name + "一期", whole.name + "二期"]
        assert sum(row.area_m2 for row in parts) == pytest.approx(whole.area_m2, rel=1e-3)


@pytest.mark.parametrize(("shape", "holes", "corners"), [(Shape.L, 0, 6), (Shape.U, 0, 8), (Shape.COURTYARD, 1, 4)])
def test_footprints_have_their_form_and_entrances_inside(shape, holes, corners):
    plan = Plan(500_000.0, 3_500_000.0, 0.2, 40.0, 30.0, shape, BuildingUse.PUBLIC, 5)
    drawn = footprints([plan])[0]
    assert drawn.is_valid
    assert (len(drawn.interiors), len(drawn.exterior.coords) - 1) == (holes, corners)
    assert all(drawn.covers(shapely.Point(point)) for point in entrances(plan, 3))


def test_the_ground_falls_from_ridges_to_valleys():
    u = np.linspace(0, 5, 101)
    assert (np.diff(ground_m(u, np.zeros(101))) < 0).all()
    assert falls_forward(4)
    assert not falls_forward(5)
    assert level(3, 8) == 5


def test_pipes_start_and_end_at_their_nodes():
    nodes = {row.code: row for row in rows("nodes", clean=True)}
    for row in rows("segments", clean=True):
        for code, place in ((row.start_code, (row.x, row.y)), (row.end_code, (row.x_end, row.y_end))):
            node = nodes[code]
            assert node.kind is row.kind
            assert (node.x, node.y) == pytest.approx(place, abs=1e-6)
            assert node.z == node.ground_elevation_m


def test_elevation_is_ground_less_depth_and_z_the_middle_of_the_pipe():
    nodes = {row.code: row for row in rows("nodes", clean=True)}
    for row in rows("segments", clean=True):
        half = (row.diameter_mm or row.height_mm) / 2000
        sign = 1 if row.depth_point is DepthPoint.INVERT else -1
        for code, depth, elevation, z in (
            (row.start_code, row.start_depth_m, row.start_elevation_m, row.z),
            (row.end_code, row.end_depth_m, row.end_elevation_m, row.z_end),
        ):
            assert nodes[code].ground_elevation_m - depth == pytest.approx(elevation, abs=1e-6)
            assert elevation + sign * half == pytest.approx(z, abs=1e-4)


def test_water_runs_down_to_outfalls_and_pipes_never_narrow():
    nodes = {row.code: row for row in rows("nodes", clean=True)}
    pipes = [row for row in rows("segments", clean=True) if row.kind in GRAVITY]
    out = {row.start_code: row for row in pipes}
    assert len(out) == len(pipes)
    for row in pipes:
        assert row.end_elevation_m < row.start_elevation_m
        onward = out.get(row.end_code)
        if onward is None:
            assert nodes[row.end_code].feature == "outfall"
        else:
            assert onward.start_elevation_m <= row.end_elevation_m + 1e-9
            assert onward.diameter_mm >= row.diameter_mm


def test_all_eight_kinds_lie_under_the_roads():
    roads = shapely.STRtree([row.geom for row in rows("roads", clean=True)])
    segments = rows("segments", clean=True)
    assert {row.kind for row in segments} == set(PipeKind)
    lines = shapely.linestrings([[(row.x, row.y), (row.x_end, row.y_end)] for row in segments])
    assert (roads.query_nearest(lines, return_distance=True, all_matches=False)[1] < 21).all()


def test_pipes_of_two_kinds_keep_apart_where_they_cross():
    segments = rows("segments", clean=True)
    lines = shapely.linestrings([[(row.x, row.y, row.z), (row.x_end, row.y_end, row.z_end)] for row in segments])
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    assert len(first) > 20
    for a, b in zip(first, second, strict=True):
        meeting = shapely.intersection(shapely.force_2d(lines[a]), shapely.force_2d(lines[b]))
        heights = [
            row.z + (row.z_end - row.z) * shapely.line_locate_point(shapely.force_2d(line), meeting, normalized=True)
            for row, line in ((segments[a], lines[a]), (segments[b], lines[b]))
        ]
        bodies = sum((segments[k].diameter_mm or segments[k].height_mm) / 2000 for k in (a, b))
        assert abs(heights[0] - heights[1]) - bodies > 0.1


def test_rows_have_plausible_sizes():
    small = {name: len(rows(name)) for name in KINDS}
    assert 200 < small["buildings"] < 1000
    assert 1000 < small["addresses"] < 4000
    assert 500 < small["segments"] < 2500
    assert any(area.code.startswith("340177") for area in areas())

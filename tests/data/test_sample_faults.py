"""Faults that the truth file names are really in the rows."""

from collections import Counter

import numpy as np
import pytest
import shapely

from data.sample.faults import KINDS
from data.sample.faults_address import MISSPELT
from spatial.pipelines.types import PipeKind
from tests.data.sample_rows import areas, rows, truths

NAMES = [name for name, *_ in KINDS]
TABLES = {"road": "roads", "building": "buildings", "address": "addresses", "pipe_node": "nodes"}


def found(truth):
    by_code = {row.code: row for row in rows(TABLES.get(truth["layer"], "segments"))}
    return [by_code[code] for code in truth["codes"] if code in by_code]


def original(code, name="addresses"):
    return next(row for row in rows(name, clean=True) if row.code == code)


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_city_has_a_few_faults_of_each_kind(name):
    assert len(truths(name)) >= 3
    assert all(found(truth) for truth in truths(name))


def test_no_row_bears_two_faults():
    codes = [truth["codes"][0] for area in areas() for truth in area.truths]
    assert max(Counter(codes).values()) == 1


def test_rows_that_no_truth_names_are_as_they_were():
    struck = {code for area in areas() for truth in area.truths for code in truth["codes"]}
    renamed = {truth["wrong"] for truth in truths("road_homophone")}
    hidden = {code for truth in truths("building_without_address") for code in truth["right"]}
    clean = {row.code: row for row in rows("addresses", clean=True)}
    for row in rows("addresses"):
        if row.code not in struck | hidden and row.road_name not in renamed:
            assert row == clean[row.code]


def test_numbers_and_texts_disagree():
    for truth in truths("number_text_mismatch"):
        (row,) = found(truth)
        assert row.label == truth["wrong"]
        assert row.full_text.endswith(row.label)
        assert row.label != f"{row.number}号"
        assert f"{row.number}号" == truth["right"]


def test_one_number_stands_at_two_places():
    for truth in truths("one_number_many_places"):
        a, b = found(truth)
        assert (a.road_name, a.number) == (b.road_name, b.number)
        assert np.hypot(a.x - b.x, a.y - b.y) > 30


def test_two_numbers_stand_at_one_place():
    for truth in truths("many_numbers_one_place"):
        a, b = found(truth)
        assert a.number != b.number
        assert (a.x, a.y) == (b.x, b.y)


def test_places_lack_numbers_and_numbers_lack_places():
    for truth in truths("place_without_number"):
        (row,) = found(truth)
        assert (row.number, row.full_text[-1]) != (truth["right"], "号")
    for truth in truths("number_without_place"):
        (row,) = found(truth)
        assert row.road_name is None
        assert truth["right"] + row.label not in row.full_text


def test_a_number_stands_on_the_wrong_side():
    for truth in truths("wrong_side"):
        (row,) = found(truth)
        assert row.number == truth["wrong"]
        assert (row.number - truth["right"]) % 2 == 1


def test_two_numbers_have_been_exchanged():
    for truth in truths("out_of_order"):
        assert [row.number for row in found(truth)] == truth["wrong"] == truth["right"][::-1]


def test_points_have_been_moved():
    for truth in truths("outside_region"):
        (row,) = found(truth)
        assert np.hypot(row.x - truth["right"]["x"], row.y - truth["right"]["y"]) > 5000
    for truth in truths("far_from_road"):
        (row,) = found(truth)
        assert 30 < np.hypot(row.x - truth["right"]["x"], row.y - truth["right"]["y"]) < 1000


def test_an_address_stands_twice():
    for truth in truths("duplicate_nearby"):
        a, b = found(truth)
        assert a.full_text == b.full_text
        assert np.hypot(a.x - b.x, a.y - b.y) == pytest.approx(2.5, abs=0.01)


def test_a_county_is_misspelt():
    for truth in truths("misspelt_region"):
        (row,) = found(truth)
        assert row.full_text == truth["wrong"] != truth["right"]
        assert row.full_text[3:5] in MISSPELT.values()


def test_roads_sound_alike():
    for truth in truths("road_homophone"):
        a, b = found(truth)
        assert b.name == truth["wrong"]
        assert sum(x != y for x, y in zip(a.name, b.name, strict=True)) == 1


def test_buildings_stand_wrong_or_nameless():
    estates = {row.code: row.geom for row in rows("estates")}
    for truth in truths("building_overlap"):
        a, b = found(truth)
        assert shapely.area(shapely.intersection(a.geom, b.geom)) >= 10
    for truth in truths("building_outside_estate"):
        building = found(truth)[0]
        assert not estates[building.estate_code].covers(building.geom)
    named = {row.building_code for row in rows("addresses")}
    for truth in truths("building_without_address"):
        assert truth["codes"][0] not in named
        assert truth["right"]


def test_gravity_pipes_rise_or_narrow():
    for truth in truths("reverse_slope"):
        (row,) = found(truth)
        assert row.end_elevation_m > row.start_elevation_m
    for truth in truths("shrinking_diameter"):
        row, above = found(truth)
        assert row.diameter_mm < above.diameter_mm


def test_elevation_and_depth_disagree():
    nodes = {row.code: row for row in rows("nodes")}
    for truth in truths("elevation_mismatch"):
        (row,) = found(truth)
        assert nodes[row.start_code].ground_elevation_m - row.start_depth_m - row.start_elevation_m < -0.5


def test_nodes_are_missing_or_alone():
    nodes = {row.code for row in rows("nodes")}
    ends = {code for row in rows("segments") for code in (row.start_code, row.end_code)}
    for truth in truths("missing_node"):
        (row,) = found(truth)
        assert row.start_code not in nodes
    for truth in truths("isolated_node"):
        (row,) = found(truth)
        assert row.code not in ends
    named = {truth["wrong"] for truth in truths("missing_node")} | nodes
    assert ends <= named


def test_a_pipe_is_too_long_or_stands_twice():
    for truth in truths("overlong_segment"):
        (row,) = found(truth)
        assert row.length_m > 100
    for truth in truths("duplicated_segment"):
        a, b = found(truth)
        assert a._replace(code=b.code) == b


def test_pipes_clash():
    for truth in truths("clash"):
        a, b = found(truth)[:2]
        lines = [shapely.LineString([(row.x, row.y), (row.x_end, row.y_end)]) for row in (a, b)]
        meeting = shapely.intersection(*lines)
        heights = [
            row.z + (row.z_end - row.z) * line.project(meeting, normalized=True)
            for row, line in zip((a, b), lines, strict=True)
        ]
        assert heights[0] == pytest.approx(heights[1], abs=0.01)


def test_rain_runs_into_sewage():
    nodes = {row.code: row for row in rows("nodes")}
    for truth in truths("rain_into_sewage"):
        (row,) = found(truth)
        assert row.kind is PipeKind.RAIN
        assert nodes[row.end_code].kind is PipeKind.SEWAGE
        assert row.end_elevation_m < row.start_elevation_m


def test_size_or_material_is_missing():
    assert all(found(truth)[0].diameter_mm is None for truth in truths("missing_diameter"))
    assert all(found(truth)[0].material is None for truth in truths("missing_material"))

"""Arrays, ids, missing values and mixed geometries."""

import pytest

from spatial.errors import InvalidInput
from spatial.query.binds import Binds
from tests.spatial.query.cql2.vectors import uri


@pytest.mark.conformance(uri("array-functions"))
@pytest.mark.parametrize(
    ("tree", "found"),
    [
        ("A_CONTAINS(tags, ('a'))", {0, 1, 2, 6}),
        ("A_CONTAINS(tags, ('a', 'b'))", {1, 2}),
        ("A_CONTAINS(tags, ())", {0, 1, 2, 3, 5, 6}),
        ("A_CONTAINEDBY(tags, ('a', 'b'))", {0, 1, 2, 3}),
        ("A_EQUALS(tags, ('b', 'a'))", {1, 2}),
        ("A_EQUALS(('长江'), tags)", {5}),
        ("A_OVERLAPS(tags, ('c', '长江'))", {5, 6}),
        ("NOT A_OVERLAPS(tags, ('a', '长江'))", {3}),
        ("A_EQUALS(tags, tags)", {0, 1, 2, 3, 5, 6}),
        ("tags IS NULL", {4, 7}),
        ("A_EQUALS(('a'), ('a'))", {*range(8)}),
    ],
)
def test_arrays(things, tree, found):
    assert {int(str(one)[-12:]) for one in things.rows("things", tree)} == found


def test_ids_of_another_kind(things):
    third = "00000000-0000-0000-0000-000000000003"
    by_text = {
        f"id = '{third}'": {3},
        f"'{third.upper()}' = id": {3},
        f"id IN ('{third}', 'nonsense')": {3},
        "id = 'nonsense'": set(),
        "id <> 'nonsense'": {*range(8)},
        "id LIKE '%3'": None,
        f"id > '{third}'": {4, 5, 6, 7},
    }
    for text, found in by_text.items():
        if found is None:
            with pytest.raises(InvalidInput):
                things.rows("things", text)
        else:
            assert {int(str(one)[-12:]) for one in things.rows("things", text)} == found


@pytest.mark.conformance(uri("spatial-functions"))
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("S_INTERSECTS(geometry, POINT(117 31))", {0, 1, 2, 3, 5}),
        ("S_DISJOINT(geometry, POINT(117 31))", {6, 7}),
        ("S_EQUALS(geometry, POINT(117 31))", {0}),
        ("S_TOUCHES(geometry, POINT(117 31))", {1, 2}),
        ("S_WITHIN(geometry, GEOMETRYCOLLECTION(POINT(117 31), POINT(118 32)))", {0, 5}),
        ("geometry IS NULL", {4}),
    ],
)
def test_mixed_geometries(things, text, found):
    assert {int(str(one)[-12:]) for one in things.rows("things", text)} == found


@pytest.mark.conformance(uri("temporal-functions"))
@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A property without a value: unknown where nothing is known, open where the other end is.
        ("T_INTERSECTS(INTERVAL(d, ts), INTERVAL('2000-01-01', '..'))", {0, 1, 2, 3, 4, 6}),
        ("NOT T_INTERSECTS(INTERVAL(d, ts), INTERVAL('2000-01-01', '..'))", {5}),
        ("T_AFTER(d, DATE('2020-01-01'))", {1, 2, 4, 6}),
        ("T_BEFORE(ts, DATE('2020-01-02'))", {0, 5}),
        ("T_INTERSECTS(ts, DATE('2020-01-02'))", {1, 2, 3, 6}),
        ("T_DURING(ts, DATE('2020-01-02'))", {1, 3, 6}),
        ("T_EQUALS(d, INTERVAL('2020-01-02', '2020-01-02'))", {1, 4}),
        ("T_STARTS(ts, INTERVAL('2020-01-02', '2020-01-03'))", {2}),
    ],
)
def test_times_without_a_value(things, text, found):
    assert {int(str(one)[-12:]) for one in things.rows("things", text)} == found


def test_numbers_beyond_what_floats_can_tell_apart(things):
    everything = things.count("things", "i IS NOT NULL")
    assert things.count("things", f"i - i + {2**62 + 1} > {2**62}") == everything
    assert things.count("things", f"i - i + {2**62 + 1} = {2**62}") == 0
    assert things.count("things", f"i <= {2**62}.5 AND i <> {2**62 + 1}") == everything


def test_a_number_out_of_range_is_the_filters_fault(things):
    with pytest.raises(InvalidInput, match="some features"):
        things.count("things", "n * 1e308 > 5")


def test_an_infinite_time_has_no_year(things):
    assert things.rows("things", "year(ts) = 2020 AND day(d) = 2 AND month(d) = 1")
    assert things.filter("things", "year(ts) = 2020").sql(Binds()).count("isfinite") == 1

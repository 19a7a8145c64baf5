"""Filters by chance: each compiles, runs, and finds what Python finds."""

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from spatial.errors import InvalidInput
from spatial.query.cql2.filter import Lang
from spatial.query.cql2.parse import parse_json
from spatial.query.cql2.words import ARRAYS, SPATIAL, TEMPORAL
from tests.spatial.query.cql2 import trees
from tests.spatial.query.cql2.things import ROWS, judged
from tests.spatial.query.cql2.trees import operation, some
from tests.spatial.query.cql2.vectors import uri

CALM = settings(max_examples=300, deadline=None, suppress_health_check=[*HealthCheck])


def named(*names):
    return st.sampled_from([{"property": name} for name in names])


# Small numbers and quarters: Python and PostgreSQL compute with them without rounding.
INTEGERS = st.integers(-8, 8)
QUARTERS = st.integers(-32, 32).map(lambda number: number / 4)
NUMBERS = st.recursive(
    st.one_of(named("i", "n"), INTEGERS, QUARTERS),
    lambda inner: st.one_of(*[operation(op, inner, inner) for op in ("+", "-")]),
    max_leaves=3,
)
SMALL = st.one_of(named("i"), INTEGERS)
COMPUTED = st.one_of(
    NUMBERS,
    *[operation(op, SMALL, INTEGERS) for op in ("*", "%", "div")],
    operation("/", st.one_of(named("n"), INTEGERS), INTEGERS),
    operation("%", st.one_of(named("n"), QUARTERS), QUARTERS),
    operation("^", st.one_of(named("n"), INTEGERS), st.integers(0, 2)),
)
BOUNDS = st.one_of(NUMBERS, st.sampled_from([2**40, 2**40 + 0.5, 1e300, -1e300, 2.5, 2**63 - 1, 1e10]))
TEXTS = st.one_of(named("s"), st.sampled_from(["", "a", "A", "a_c\\", "A%b", "长", "长江路", "ab", "é"]))
PATTERNS = st.lists(st.sampled_from(["%", "_", "a", "b", "江", "\\%", "\\_", "\\\\", "\\a", "\n"]), max_size=4).map(
    "".join
)
DATES = st.one_of(named("d", "ts"), *[st.just(one) for one in (
    {"date": "2020-01-01"}, {"date": "2020-01-02"}, {"timestamp": "2020-01-02T12:00:00Z"},
    {"timestamp": "2020-01-02T00:00:00Z"}, {"timestamp": "1999-12-31T23:00:00Z"},
)])  # fmt: skip
ANY = ["=", "<>", "<", ">", "<=", ">="]
LEAVES = st.one_of(
    *[operation(op, COMPUTED, BOUNDS) for op in ANY],
    *[operation(op, TEXTS, TEXTS) for op in ANY],
    *[operation(op, DATES, DATES) for op in ANY],
    operation("between", COMPUTED, BOUNDS, BOUNDS),
    operation("between", DATES, DATES, DATES),
    operation("between", TEXTS, TEXTS, TEXTS),
    operation("in", COMPUTED, some(BOUNDS)),
    operation("in", TEXTS, some(TEXTS)),
    operation("in", DATES, some(DATES)),
    operation("like", named("s"), PATTERNS),
    operation("isNull", st.one_of(COMPUTED, TEXTS, DATES)),
    named("b"),
    st.booleans(),
)
SCALAR_FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        operation("not", inner),
        st.builds(lambda found: {"op": "and", "args": found}, some(inner, 2)),
        st.builds(lambda found: {"op": "or", "args": found}, some(inner, 2)),
        operation("=", inner, inner),
        operation("<>", inner, inner),
        operation("isNull", inner),
    ),
    max_leaves=5,
)


def found(things, tree):
    note(tree)
    return {int(str(one)[-12:]) for one in things.rows("things", tree, lang=Lang.JSON)}


@pytest.mark.conformance(uri("basic-cql2"), uri("advanced-comparison-operators"), uri("arithmetic"))
@given(tree=SCALAR_FILTERS)
@CALM
def test_postgresql_and_python_agree(things, tree):
    says = [judged(parse_json(tree), row) for row in ROWS]
    assert found(things, tree) == {number for number, one in enumerate(says) if one is True}
    assert found(things, {"op": "not", "args": [tree]}) == {n for n, one in enumerate(says) if one is False}


GEOMETRY = st.one_of(named("geometry"), trees.GEOMETRIES)
END = st.one_of(named("d", "ts"), st.just(".."), trees.MOMENTS, st.just("2020-01-02"))
TIMES = st.one_of(DATES, st.builds(lambda *ends: {"interval": list(ends)}, END, END))
TAGS = st.one_of(named("tags"), st.lists(st.sampled_from(["a", "b", "长江"]), max_size=3))
FAMILIES = st.one_of(
    *[operation(name, GEOMETRY, GEOMETRY) for name in SPATIAL],
    *[operation(name, TIMES, TIMES) for name in TEMPORAL],
    *[operation(name, TAGS, TAGS) for name in ARRAYS],
    operation("=", operation("casei", TEXTS), operation("accenti", TEXTS)),
    operation("like", operation("accenti", operation("casei", TEXTS)), PATTERNS),
    operation(">", operation("^", COMPUTED, COMPUTED), COMPUTED),
    operation(">", operation("%", NUMBERS, NUMBERS), operation("div", NUMBERS, NUMBERS)),
    operation("=", named("id"), st.sampled_from(["x", "00000000-0000-0000-0000-000000000001"])),
    operation("<", operation("area_m2", GEOMETRY), operation("distance_m", GEOMETRY, GEOMETRY)),
)


@given(tree=FAMILIES)
@CALM
def test_whatever_compiles_runs(things, tree):
    try:
        positive, negative = found(things, tree), found(things, {"op": "not", "args": [tree]})
    except InvalidInput:
        return
    assert not positive & negative

"""Names of columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.ingest.naming import NAME_BYTES, RESERVED, column_names

names = st.lists(st.text(max_size=40) | st.sampled_from(["id", "ID", "geom", "名称", "名称名称" * 8, "a%b", '"', ""]))


@given(names)
def test_names_are_unique_safe_and_short(fields):
    named = column_names(fields)
    assert len(named) == len(fields)
    assert len({one.casefold() for one in named}) == len(named)
    for one in named:
        assert one
        assert len(one.encode()) <= NAME_BYTES
        assert not set(one) & set('"%\\\0\n')
        assert one.casefold() not in RESERVED


@given(names)
def test_naming_twice_changes_nothing(fields):
    once = column_names(fields)
    assert column_names(once) == once


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (["名称", "addr:street"], ["名称", "addr:street"]),
        (["id", "geom_web", "XMIN"], ["id_", "geom_web_", "XMIN_"]),
        (["NAME", "name", "Name"], ["NAME", "name_2", "Name_3"]),
        (["字" * 30], ["字" * 21]),
        ([" ", 'a"b'], ["field", "a_b"]),
    ],
)
def test_names_stay_where_they_can(fields, named):
    assert column_names(fields) == named

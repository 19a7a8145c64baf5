"""Filters as rows of the form, plain parameters as filters; command lines; problems in Chinese."""

import shlex
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.forms.commands import curl_line
from api.forms.items import WORDS
from api.forms.rows import Row, all_of, equality, rows_of
from api.forms.times import in_beijing
from api.forms.trouble import lead
from api.params.moment import interval
from data.catalogue.read import read_layers
from spatial.query.cql2.parse import parse_text
from spatial.query.cql2.write import to_text

BUILDINGS = next(layer for layer in read_layers() if layer.id == "buildings")


@pytest.mark.parametrize(
    ("filter_", "joined", "rows"),
    [
        ("use = 'office'", "and", (Row("use", "eq", ("office",)),)),
        ("floors >= 3 AND height_m < 9.5", "and", (Row("floors", "ge", ("3",)), Row("height_m", "lt", ("9.5",)))),
        ("use <> 'a' OR floors > 3", "or", (Row("use", "ne", ("a",)), Row("floors", "gt", ("3",)))),
        ("name LIKE '%花园%'", "and", (Row("name", "contains", ("花园",)),)),
        (r"name LIKE '50\%%'", "and", (Row("name", "begins", ("50%",)),)),
        ("floors BETWEEN 3 AND 6", "and", (Row("floors", "between", ("3", "6")),)),
        ("use IN ('a', 'b')", "and", (Row("use", "in", ("a", "b")),)),
        ("name IS NULL AND code IS NOT NULL", "and", (Row("name", "null"), Row("code", "notnull"))),
    ],
)
def test_simple_filters_are_rows(filter_: str, joined: str, rows: tuple[Row, ...]) -> None:
    assert rows_of(parse_text(filter_), BUILDINGS) == (joined, rows)


@pytest.mark.parametrize(
    "filter_",
    [
        "NOT (use = 'office')",
        "floors > 3 AND (use = 'a' OR use = 'b')",
        "nothing = 3",
        "floors = floors_below",
        "floors + 1 > 3",
        "name LIKE 'a_c%'",
        "name LIKE '%'",
        "name LIKE 'a'",
        "CASEI(name) = 'a'",
        "S_INTERSECTS(geometry, POINT(1 2))",
        "TRUE",
    ],
)
def test_other_filters_stay_text(filter_: str) -> None:
    assert rows_of(parse_text(filter_), BUILDINGS) is None


@pytest.mark.parametrize(
    ("filter_", "row"),
    [
        ("valid_from >= TIMESTAMP('2026-01-31T16:30:00Z')", Row("valid_from", "ge", ("2026-02-01T00:30",))),
        # Bounds of days of Beijing are days, each where that bound is meant.
        ("valid_to >= TIMESTAMP('2026-01-31T16:00:00Z')", Row("valid_to", "ge", ("2026-02-01",))),
        ("valid_to <= TIMESTAMP('2026-01-31T16:00:00Z')", Row("valid_to", "le", ("2026-02-01T00:00",))),
        ("valid_to <= TIMESTAMP('2026-02-01T15:59:59.999999Z')", Row("valid_to", "le", ("2026-02-01",))),
        ("valid_to > TIMESTAMP('2026-02-01T15:59:59.999999Z')", Row("valid_to", "gt", ("2026-02-01",))),
        ("valid_to = TIMESTAMP('2026-01-31T16:00:00Z')", Row("valid_to", "eq", ("2026-02-01T00:00",))),
        (
            "valid_from BETWEEN TIMESTAMP('2026-01-31T16:00:00Z') AND TIMESTAMP('2026-02-02T15:59:59.999999Z')",
            Row("valid_from", "between", ("2026-02-01", "2026-02-02")),
        ),
        (
            "valid_from BETWEEN TIMESTAMP('2026-01-31T16:00:00Z') AND TIMESTAMP('2026-02-01T15:59:59.999999Z')",
            Row("valid_from", "eq", ("2026-02-01",)),
        ),
        ("valid_to IS NULL", Row("valid_to", "null")),
        ("id > 3", Row("id", "gt", ("3",))),
    ],
)
def test_times_of_rows_are_those_of_beijing(filter_: str, row: Row) -> None:
    assert rows_of(parse_text(filter_), BUILDINGS) == ("and", (row,))


@pytest.mark.parametrize(
    "filter_",
    [
        "valid_from >= TIMESTAMP('2026-01-31T16:30:01Z')",
        # A day of the language of filters is one of UTC.
        "valid_from >= DATE('2026-01-31')",
        "valid_from <= TIMESTAMP('9999-12-31T23:00:00Z')",
    ],
)
def test_other_times_stay_text(filter_: str) -> None:
    assert rows_of(parse_text(filter_), BUILDINGS) is None


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2026-01-31", "2026-01-31T08:00:00+08:00/2026-02-01T07:59:59.999999+08:00"),
        ("2026-01-31/2026-02-01T00:00:00Z", "2026-01-31T08:00:00+08:00/2026-02-01T00:00:00Z"),
        ("../2026-01-31", "../2026-02-01T07:59:59.999999+08:00"),
        ("2026-01-31T00:00:00+08:00", "2026-01-31T00:00:00+08:00"),
        ("2026-02-30", "2026-02-30"),
        ("9999-12-31", "9999-12-31"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_a_day_of_the_interface_is_shown_as_what_it_is_in_beijing(sent: str, shown: str) -> None:
    assert in_beijing(sent) == shown
    if shown != sent:
        assert interval({"datetime": sent}) == interval({"datetime": shown})


@given(st.dictionaries(st.sampled_from(["code", "name", "use"]), st.text(min_size=1), min_size=1))
def test_plain_parameters_are_the_filter_that_they_mean(query: dict[str, str]) -> None:
    query = {name: value.replace("\0", "x").replace("\\", "/") for name, value in query.items()}
    query = {name: value.encode(errors="replace").decode() for name, value in query.items()}
    tree = all_of(equality(query, BUILDINGS, reserved=WORDS))
    assert parse_text(to_text(tree)) == tree
    found = rows_of(tree, BUILDINGS)
    assert found
    assert {row.name: row.values[0] for row in found[1]} == query


def test_nothing_leaves_the_quotes_of_a_command_line() -> None:
    line = curl_line("http://host/items", [("q", "'; rm -rf / #"), ("name", '$(x)`y`"')])
    assert len(shlex.split(line)) == 3
    assert parse_qs(urlsplit(shlex.split(line)[-1]).query)["q"] == ["'; rm -rf / #"]


def test_leads_speak_both_languages() -> None:
    document = {"status": 400, "title": "Bad Request", "field": "bbox"}
    assert lead(document, language="zh") == "参数 bbox（范围）有误：写四个数：西,南,东,北。"
    assert lead(document, language="en") == "Parameter bbox (Box) is wrong:"
    own = document | {"detail_zh": "南北颠倒。"}
    assert lead(own, language="zh") == "参数 bbox（范围）有误：南北颠倒。"
    assert lead(own, language="en") == "Parameter bbox (Box) is wrong:"
    assert lead({"status": 503, "title": "Service Unavailable"}, language="zh") == "服务暂时不可用。"
    assert lead({"status": 400, "field": "nix"}, language="zh") == "参数 nix 有误。"
    assert lead({"status": 400, "field": "floors"}, language="zh", title="层数").startswith("参数 floors（层数）有误")

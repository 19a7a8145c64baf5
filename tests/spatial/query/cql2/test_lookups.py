"""Regions and addresses that a filter names are told when they do not exist."""

import pytest

from spatial.errors import InvalidInput
from spatial.query.cql2.city import region_codes
from spatial.query.cql2.filter import Lang


def check(city, text, **options):
    city.runner.run(city.filter("buildings", text, **options).check(city.conn))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            "within_region('999999')",
            ["no region '999999'", "/collections/regions_legal", "/collections/regions_managed"],
        ),
        ("NOT S_DISJOINT(geometry, region('34')) OR floors > 3", ["no region '34'", "/collections/regions_legal"]),
        ("within_region('')", ["no region ''"]),
        ("within_address('合肥市9号', 100)", ["no address '合肥市9号'", "/collections/addresses"]),
        ("within_region('340103') AND within_address('AD9', 100)", ["no address 'AD9'"]),
    ],
    ids=["region", "inside", "empty", "text", "second"],
)
def test_what_does_not_exist_is_told(city, text, places):
    with pytest.raises(InvalidInput) as caught:
        check(city, text)
    assert caught.value.field == "filter"
    assert all(place in str(caught.value) for place in places)
    assert "没有" in caught.value.zh


@pytest.mark.parametrize(
    "text",
    [
        "floors > 3",
        "within_region('340103')",
        "within_region('340176')",
        "within_region(' ３４０１０３ ')",
        "within_address('AD2', 100)",
        "within_address('合肥市庐阳区 淮河路２号', 100)",
        "within_region(concat('340', '103'))",
    ],
    ids=str,
)
def test_what_exists_passes(city, text):
    if "concat" in text:
        with pytest.raises(InvalidInput, match="stands in the filter"):
            check(city, text)
        return
    check(city, text)


def test_json_is_looked_up_too(city):
    with pytest.raises(InvalidInput, match="no region"):
        check(city, {"op": "within_region", "args": ["1"]}, lang=Lang.JSON)


def test_an_address_is_found_as_people_write_it(city):
    assert city.rows("buildings", "within_address('合肥市庐阳区 淮河路２号', 100)", "t.code") == ["B"]
    assert city.rows("buildings", "within_address('ＡＤ2', 100)", "t.code") == ["B"]


@pytest.mark.parametrize("evil", ["'); DROP TABLE x; --", "$1", "{0}", "%s", "\\", "\u2028"])
def test_what_is_looked_up_is_only_ever_bound(city, evil):
    for name, more in (("within_region", []), ("within_address", [5])):
        tree = {"op": name, "args": [evil, *more]}
        for one in city.filter("buildings", tree, lang=Lang.JSON).lookups:
            assert evil not in one.statement.sql.replace("$1::text", "")
        with pytest.raises(InvalidInput, match="there is no"):
            check(city, tree, lang=Lang.JSON)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("34", ["34", "340000000000"]),
        ("3401", ["3401", "340100000000"]),
        ("340103003", ["340103003", "340103003000"]),
        ("340103003010", ["340103003010"]),
        ("34010", ["34010"]),
        ("ab", ["ab"]),
    ],
)
def test_a_short_code_is_filled_up(text, codes):
    assert region_codes(text) == codes


def test_an_index_serves_the_lookup_of_an_address(city):
    (one,) = city.filter("buildings", "within_address('合肥市庐阳区 淮河路２号', 100)").lookups

    async def explain():
        async with city.conn.transaction():
            await city.conn.execute("SET LOCAL enable_seqscan = off")
            rows = await city.conn.fetch(f"EXPLAIN {one.statement.sql}", *one.statement.args)
        return "\n".join(row[0] for row in rows)

    plan = city.runner.run(explain())
    assert "ix_address_code" in plan
    assert "ix_address_full_text" in plan
    assert "Seq Scan" not in plan


def test_each_is_looked_up_once(city):
    text = "within_region('340103') OR NOT within_region('340103') OR within_region('340176')"
    assert [one.sought for one in city.filter("buildings", text).lookups] == ["340103", "340176"]

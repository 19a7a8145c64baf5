"""Faults that a review found in the way of features, each once."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import asyncpg
import psycopg
import pytest

from spatial.catalogue.queries import load_catalogue
from spatial.catalogue.types import KeyType, LayerKey
from spatial.crs import CRS84
from spatial.db.cluster import Cluster
from spatial.db.session import open_snapshot
from spatial.query.appraise import Appraisals
from spatial.query.binds import Binds
from spatial.query.cql2.filter import Lang, read_filter
from spatial.query.errors import TooCostly
from spatial.query.items import Way, choose, count_matches, page_of, page_statement
from spatial.query.types import ItemsQuery, SortKey
from tests import builders, cities

MANY = "S_INTERSECTS(geometry, POLYGON((117.2 31.7, 117.4 31.7, 117.401 31.9, 117.2 31.9, 117.2 31.7)))"
ALL = "S_INTERSECTS(geometry, POLYGON((117.1 31.7, 118 31.7, 118.001 31.9, 117.1 31.9, 117.1 31.7)))"


@dataclass(frozen=True)
class Written:
    """A condition as its SQL."""

    text: str
    row_cost_us: float = 0.1
    reads_other_layers: bool = False

    def sql(self, binds: Binds) -> str:
        return self.text

    async def check(self, conn: Any) -> None: ...


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[SimpleNamespace]:
    """Thirty thousand buildings in a row of half a degree; in this city no index finds a part of a name."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            builders.add_square(conn, 117.2, 31.8, code="first")
            conn.execute(
                "INSERT INTO city.building"
                " (code, number, use, floors, floors_below, height_m, area_m2, region_code, geom)"
                " SELECT 'b' || n, '1', 'office', n % 7, 0, 3, n, '340103006001',"
                " ST_Translate((SELECT geom FROM city.building LIMIT 1), (n * 7919 % 30000) * 0.00002, 0)"
                " FROM generate_series(1, 29999) AS n"
            )
            conn.execute("DROP INDEX city.ix_building_name")
            builders.refresh(conn, ["buildings"])
            catalogue = load_catalogue(conn)
            conn.execute("ANALYZE city.building")
        with asyncio.Runner() as runner:
            reader = runner.run(asyncpg.connect(access.reader_url))
            yield SimpleNamespace(
                access=access,
                conn=reader,
                run=runner.run,
                catalogue=catalogue,
                layer=catalogue.layer("buildings"),
                url=access.owner_url,
            )
            runner.run(reader.close())


@pytest.mark.parametrize("is_near", [True, False])
@pytest.mark.parametrize("is_descending", [True, False])
def test_a_layer_may_be_sorted_by_the_property_that_is_its_id(
    city: SimpleNamespace, is_near: bool, is_descending: bool
) -> None:
    key = LayerKey(column="code", type=KeyType.TEXT)
    layer = replace(city.layer, definition=city.layer.definition.model_copy(update={"key": key}))
    sort = (SortKey(layer.definition.field("code"), is_descending),)
    found: list[Any] = []
    cursor = None
    for _ in range(2):
        query = ItemsQuery(limit=3, sort=sort, cursor=cursor)
        statement = page_statement(layer, query, Way(is_near))
        page = page_of(city.run(city.conn.fetchrow(statement.sql, *statement.args)), query, Way(is_near))
        found += [one["id"] for one in json.loads(b"[%b]" % page.features)]
        cursor = page.following
    with psycopg.connect(city.url) as conn:
        order = "DESC" if is_descending else "ASC"
        known = conn.execute(f"SELECT code FROM city.building ORDER BY code {order} LIMIT 6").fetchall()
    assert found == [code for (code,) in known]


@pytest.mark.parametrize("source", [MANY, ALL])
@pytest.mark.parametrize("by", [None, "floors"])
def test_a_common_filter_is_walked_by_prepared_plans_too(city: SimpleNamespace, source: str, by: str | None) -> None:
    # A prepared plan knows no polygon and takes every one for a small one.
    condition = read_filter(city.catalogue, city.layer, source, lang=Lang.TEXT, crs=CRS84)
    sort = (SortKey(city.layer.definition.field(by)),) if by else ()
    query = ItemsQuery(limit=10, condition=condition, sort=sort)
    way = city.run(choose(city.conn, city.layer, query, appraisals=Appraisals()))
    assert not way.is_near
    statement = page_statement(city.layer, query, way)

    async def explained() -> str:
        async with city.conn.transaction():
            await city.conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            rows = await city.conn.fetch(f"EXPLAIN EXECUTE wanted({', '.join(map(literal, statement.args))})")
        return "\n".join(row[0] for row in rows)

    def literal(value: object) -> str:
        return f"'\\x{value.hex()}'" if isinstance(value, bytes) else f"'{value}'"

    city.run(city.conn.execute(f"PREPARE wanted AS {statement.sql}"))
    try:
        plan = city.run(explained())
    finally:
        city.run(city.conn.execute("DEALLOCATE wanted"))
    assert "gist" not in plan, plan
    assert "Bitmap" not in plan, plan
    assert "Sort" not in plan, plan


def test_what_is_remembered_of_a_selection_is_small(city: SimpleNamespace) -> None:
    appraisals = Appraisals()
    for number in range(3):
        condition = Written(f"t.floors = {number} AND 'x' <> '{'y' * 60_000}'")
        query = ItemsQuery(limit=10, condition=condition)
        city.run(count_matches(city.conn, city.layer, query, appraisals=appraisals))
    assert (len(appraisals._kept), len(appraisals._counts)) == (3, 3)
    assert len(repr([*appraisals._kept, *appraisals._counts])) < 6 * 400


def test_an_exact_count_is_guarded_as_far_as_it_goes(city: SimpleNamespace) -> None:
    # As if the layer held a million features, most of which match: a page is found at once, the count is not.
    large = replace(city.layer, feature_count=1_000_000, density=None)
    often = ItemsQuery(limit=10, condition=Written("sqrt(t.area_m2) <> 2", row_cost_us=10.0))
    appraisals = Appraisals()
    assert city.run(choose(city.conn, large, often, appraisals=appraisals)).matched is None
    with pytest.raises(TooCostly):
        city.run(count_matches(city.conn, large, often, appraisals=appraisals))
    light = replace(often, condition=Written("sqrt(t.area_m2) <> 2.0", row_cost_us=0.1))
    assert city.run(count_matches(city.conn, large, light, appraisals=appraisals)) == 29_999


def test_a_search_by_text_is_guarded_too(city: SimpleNamespace) -> None:
    # As if the layer held ten million features without an index of their texts.
    large = replace(city.layer, feature_count=10_000_000, density=None)
    city.run(choose(city.conn, large, ItemsQuery(limit=10, text=("庙",)), appraisals=Appraisals()))
    words = ("zz", "yy", "xx", "ww", "vv", "uu", "tt", "ss", "rr", "qq")
    with pytest.raises(TooCostly) as refused:
        city.run(choose(city.conn, large, ItemsQuery(limit=10, text=words), appraisals=Appraisals()))
    assert refused.value.field == "q"


def test_a_filter_of_the_sorted_property_still_says_where_to_begin(city: SimpleNamespace) -> None:
    condition = read_filter(city.catalogue, city.layer, "floors >= 2", lang=Lang.TEXT, crs=CRS84)
    floors = city.layer.definition.field("floors")
    for sort, hides in (((), True), ((SortKey(floors),), False)):
        query = ItemsQuery(limit=10, condition=condition, sort=sort)
        way = city.run(choose(city.conn, city.layer, query, appraisals=Appraisals()))
        assert (way.is_near, way.hides_filter) == (False, hides)
    statement = page_statement(city.layer, query, way)
    plan = city.run(city.conn.fetchval(f"EXPLAIN (FORMAT JSON) {statement.sql}", *statement.args))
    assert ">= '2'" in plan
    assert "Sort Key" not in plan


def test_a_stream_reads_an_order_by_one_worker(city: SimpleNamespace) -> None:
    with open_snapshot(city.access.reader_url, statement_timeout_s=10) as conn:
        assert conn.execute("SHOW max_parallel_workers_per_gather").fetchone() == ("0",)

"""Pages in any order, to and fro: each feature once, missing values last, and no gap while others write."""

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from types import SimpleNamespace
from typing import Any

import asyncpg
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.catalogue.queries import load_catalogue
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.query.appraise import Appraisals
from spatial.query.errors import UnusableCursor
from spatial.query.items import Way, fetch_page, page_of, page_statement
from spatial.query.select import rows_statement
from spatial.query.types import Cursor, ItemsQuery, Page, SortKey
from tests import builders, cities

Ask = Callable[[ItemsQuery, bool], Page]
ROWS = 60


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[SimpleNamespace]:
    """Buildings with few different values and many missing ones."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            # A number that may be missing is the hardest case.
            conn.execute("ALTER TABLE city.building ALTER height_m DROP NOT NULL")
            for number in range(ROWS):
                builders.add_square(
                    conn,
                    117.2 + number * 0.0006,
                    31.8,
                    side=0.0003,
                    floors=number % 4,
                    name=None if number % 3 == 0 else f"楼{number % 5}",
                    height_m=None if number % 4 == 1 else (number * 7 % 11) / 10,
                    built_year=None if number % 2 else 1990 + number % 6,
                )
            builders.refresh(conn, ["buildings"])
            rows = [
                dict(zip(("id", "floors", "name", "height_m", "built_year"), row, strict=True))
                for row in conn.execute("SELECT id, floors, name, height_m, built_year FROM city.building")
            ]
            catalogue = load_catalogue(conn)
        yield SimpleNamespace(access=access, layer=catalogue.layer("buildings"), rows=rows)


@pytest.fixture(scope="module")
def ask(city: SimpleNamespace) -> Iterator[Ask]:
    with asyncio.Runner() as runner:
        conn = runner.run(asyncpg.connect(city.access.reader_url))

        def run(query: ItemsQuery, is_near: bool) -> Page:
            way = Way(is_near=is_near)
            statement = page_statement(city.layer, query, way)
            return page_of(runner.run(conn.fetchrow(statement.sql, *statement.args)), query, way)

        yield run
        runner.run(conn.close())


def ids(page: Page) -> list[int]:
    return [one["id"] for one in json.loads(b"[" + page.features + b"]")]


def in_order(rows: list[dict[str, Any]], sort: tuple[SortKey, ...]) -> list[int]:
    """Order rows by hand: missing values last either way, ties by id in the direction of the last key."""

    def compare(a: dict[str, Any], b: dict[str, Any]) -> int:
        for key in sort:
            name = key.field.name if key.field else "id"
            x, y = a[name], b[name]
            if x == y:
                continue
            if x is None or y is None:
                return 1 if x is None else -1
            return (1 if x > y else -1) * (-1 if key.is_descending else 1)
        falls = bool(sort) and sort[-1].is_descending
        return (a["id"] - b["id"]) * (-1 if falls else 1)

    return [row["id"] for row in sorted(rows, key=cmp_to_key(compare))]


names = st.lists(st.sampled_from(["floors", "name", "height_m", "built_year", "id"]), max_size=3, unique=True)


@given(
    chosen=names, falls=st.lists(st.booleans(), min_size=3, max_size=3), limit=st.integers(1, 25), near=st.booleans()
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_go_through_everything_and_back(
    city: SimpleNamespace, ask: Ask, chosen: list[str], falls: list[bool], limit: int, near: bool
) -> None:
    sort = tuple(SortKey(city.layer.definition.field(name), fall) for name, fall in zip(chosen, falls, strict=False))
    if "id" in chosen:
        sort = sort[: chosen.index("id") + 1]
    expected = in_order(city.rows, sort)
    pages = [ask(ItemsQuery(limit=limit, sort=sort), near)]
    while pages[-1].following:
        pages.append(ask(ItemsQuery(limit=limit, sort=sort, cursor=pages[-1].following), near))
        assert len(pages) <= ROWS
    assert [key for page in pages for key in ids(page)] == expected
    assert [page.previous is None for page in pages] == [number == 0 for number in range(len(pages))]
    backwards = [pages[-1]]
    while backwards[-1].previous:
        backwards.append(ask(ItemsQuery(limit=limit, sort=sort, cursor=backwards[-1].previous), near))
        assert len(backwards) <= ROWS
        assert backwards[-1].following is not None
    walked = [key for page in reversed(backwards) for key in ids(page)]
    assert walked == expected


@given(chosen=names, fall=st.booleans(), start=st.integers(1, ROWS), limit=st.none() | st.integers(1, 30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stream_has_the_order_of_the_pages(
    city: SimpleNamespace, ask: Ask, chosen: list[str], fall: bool, start: int, limit: int | None
) -> None:
    sort = tuple(SortKey(city.layer.definition.field(name), fall) for name in chosen if name != "id")
    expected = in_order(city.rows, sort)
    cursor = ask(ItemsQuery(limit=start, sort=sort), False).following
    begin = start if cursor else 0
    statement = rows_statement(city.layer, ItemsQuery(limit=limit, sort=sort, cursor=cursor), 't."id"')
    with psycopg.connect(city.access.reader_url) as conn, psycopg.RawCursor(conn) as rows:
        found = [key for (key,) in rows.execute(statement.sql, statement.args)]
    assert found == expected[begin:][:limit]


def test_pages_stay_where_they_are_while_others_write(empty_city: Access) -> None:
    """Features that come or go elsewhere neither repeat nor hide one that was there all the time."""
    with psycopg.connect(empty_city.owner_url, autocommit=True) as conn:
        for number in range(40):
            builders.add_square(conn, 117.2 + number * 0.0006, 31.8, side=0.0003, floors=number % 7)
        builders.refresh(conn, ["buildings"])
        layer = load_catalogue(conn).layer("buildings")
        stays = {key for (key,) in conn.execute("SELECT id FROM city.building WHERE floors <> 3")}
        sort = (SortKey(layer.definition.field("floors"), True),)

        async def read() -> list[int]:
            reader = await asyncpg.connect(empty_city.reader_url)
            found: list[int] = []
            query: ItemsQuery | None = ItemsQuery(limit=4, sort=sort)
            try:
                while query:
                    page = await fetch_page(reader, layer, query, appraisals=Appraisals())
                    found += ids(page)
                    # Between two pages: one goes, one comes at the front, one at the end.
                    conn.execute(
                        "DELETE FROM city.building WHERE id = (SELECT min(id) FROM city.building WHERE floors = 3)"
                    )
                    builders.add_square(conn, 117.3, 31.9, floors=99)
                    query = ItemsQuery(limit=4, sort=sort, cursor=page.following) if page.following else None
                return found
            finally:
                await reader.close()

        found = asyncio.run(read())
    assert len(found) == len(set(found))
    assert stays <= set(found)


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor((), 1),
        Cursor((1, 2), 1),
        Cursor(("three",), 1),
        Cursor((True,), 1),
        Cursor(([1],), 1),
    ],
    ids=["no value", "too many", "a text", "a boolean", "a list"],
)
def test_a_cursor_of_another_order_is_refused(city: SimpleNamespace, cursor: Cursor) -> None:
    sort = (SortKey(city.layer.definition.field("floors")),)
    with pytest.raises(UnusableCursor):
        page_statement(city.layer, ItemsQuery(limit=1, sort=sort, cursor=cursor), Way(is_near=False))


def test_a_sorted_page_in_the_middle_is_found_by_the_index(city: SimpleNamespace) -> None:
    """An index on (height_m, id) gives the order and the place; nothing is sorted."""
    sort = (SortKey(city.layer.definition.field("height_m"), True),)
    query = ItemsQuery(limit=5, sort=sort, cursor=Cursor((0.5,), 30))
    statement = page_statement(city.layer, query, Way(is_near=False))
    with psycopg.connect(city.access.owner_url) as conn, psycopg.RawCursor(conn) as cursor:
        conn.execute("CREATE INDEX IF NOT EXISTS ix_test ON city.building (height_m, id)")
        conn.execute("SET LOCAL enable_seqscan = off")
        conn.execute("SET LOCAL enable_bitmapscan = off")
        lines = cursor.execute(f"EXPLAIN {statement.sql}", statement.args).fetchall()
        conn.rollback()
    plan = "\n".join(line for (line,) in lines)
    assert "Index Scan Backward" in plan
    assert "ROW(height_m, id) < ROW" in plan.replace("t.", "").replace("t_1.", "")

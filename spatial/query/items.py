"""A page of features, and one feature: one statement each.

Two shapes of the same page, because PostgreSQL chooses badly between them (``ORDER BY id LIMIT n`` with a box
flips to a walk along the primary key that costs twenty times as much):

*near*
    Find everything in the box by the spatial index, then order it. Its cost is the number of matches, and it
    counts them by the way.
*far*
    Walk along the key and keep what matches until the page is full. Its cost is what lies between.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import asyncpg

from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import Crs
from spatial.query.binds import Binds, quoted
from spatial.query.errors import OutsideCrs, UnknownFeature
from spatial.query.feature import feature_sql, table_sql
from spatial.query.types import Fetcher, ItemsQuery, Key, Page, Statement
from spatial.query.where import (
    KEY_SQL_TYPE,
    bbox_condition,
    box_in_degrees,
    equals_conditions,
    interval_condition,
)

NEAR_MATCHES: Final = 20_000
"""Up to this many matches in a box are gathered and ordered (about 1 us each) on every page."""
NEAR_SHARE: Final = 8
"""A first page also gathers up to this part (1/8) of the layer: a walk would pass most of it before the box."""
COUNT_CAP: Final = 10_000
"""Matches are counted up to here; beyond, ``numberMatched`` is left out."""


STATEMENTS_KEPT: Final = 256
"""Composed texts by layer and CRS. Each keeps its layer alive, and a changed catalogue brings new ones."""
POSITION: Final = '"%n"'
"""Place of a row in its page; no column can bear the name (spatial/ingest/naming.py clears % away)."""


async def fetch_page(conn: Fetcher, layer: PublishedLayer, query: ItemsQuery) -> Page:
    """Read one page of features.

    Parameters
    ----------
    conn
        An asyncpg connection.
    layer
        The layer with its density, by which the shape is chosen.

    Returns
    -------
    Page
        Features in the order of their ids.
    """
    row = await _fetch(conn, page_statement(layer, query), query.crs)
    assert row is not None  # noqa: S101 - an aggregate always answers
    found = row["found"]
    return Page(
        features=row["features"] or b"",
        returned=min(found, query.limit),
        matched=row["matched"] if query.is_filtered else layer.feature_count,
        last=row["last"] if found > query.limit else None,
    )


async def fetch_feature(conn: Fetcher, layer: PublishedLayer, key: Key, *, crs: Crs) -> bytes:
    """Read one feature as GeoJSON in a reference system, UTF-8.

    Raises
    ------
    UnknownFeature
        The layer has no feature of this id.
    """
    row = await _fetch(conn, Statement(_one_feature_sql(layer, crs), (key,)), crs)
    if row is None:
        raise UnknownFeature(layer.definition.id, key)
    feature: bytes = row["feature"]
    return feature


async def _fetch(conn: Fetcher, statement: Statement, crs: Crs) -> Mapping[str, Any] | None:
    try:
        return await conn.fetchrow(statement.sql, *statement.args)
    except asyncpg.InternalServerError as error:
        # PROJ's refusals reach us as internal errors of PostGIS; nothing else of ours raises those.
        if "transform" in str(error):
            raise OutsideCrs(crs) from error
        raise


def page_statement(layer: PublishedLayer, query: ItemsQuery) -> Statement:
    """Compose the statement of a page: columns ``features, found, last, matched``.

    One row more than the limit is looked for, to know whether a next page exists; it is not written out.
    """
    binds = Binds()
    is_near = _is_near(layer, query)
    conditions = _conditions(layer, query, binds, by_index=is_near)
    key, key_type = quoted(layer.definition.key.column), KEY_SQL_TYPE[layer.definition.key.type]
    after = [f"t.{key} > {binds.add(query.after, key_type)}"] if query.after is not None else []
    limit = binds.add(query.limit, "bigint")
    window = f"ORDER BY t.{key} LIMIT {limit} + 1"
    if query.offset:
        window += f" OFFSET {binds.add(query.offset, 'bigint')}"
    # Rows first, JSON after: with OFFSET in the same SELECT the passed-over rows would be written too.
    table = table_sql(layer.definition)
    if is_near:
        hits = f"hit AS MATERIALIZED (SELECT t.{key} FROM {table} t{_where(conditions)}), "
        keys = f"SELECT t.{key} FROM hit t{_where(after)} {window}"
        found = f"({keys}) k JOIN {table} t USING ({key})"
        page = f"SELECT t.*, row_number() OVER (ORDER BY t.{key}) AS {POSITION} FROM {found}"
        matched = "(SELECT count(*) FROM hit)"
    else:
        hits = ""
        rows = f"SELECT t.* FROM {table} t{_where([*conditions, *after])} {window}"
        page = f"SELECT t.*, row_number() OVER () AS {POSITION} FROM ({rows}) t"
        matched = _capped_count(layer, query, conditions)
    columns = _page_columns(layer, query.crs, limit)
    return Statement(
        f"WITH {hits}page AS ({page}) SELECT {columns}, {matched} AS matched FROM page t", tuple(binds.values)
    )


# Most of a statement's text follows from layer and CRS alone; to compose it each time costs 3 % of a page of ten.


@lru_cache(maxsize=STATEMENTS_KEPT)
def _page_columns(layer: PublishedLayer, crs: Crs, limit: str) -> str:
    return (
        f"convert_to(string_agg({feature_sql(layer.definition, crs)}, ',') FILTER (WHERE {POSITION} <= {limit}),"
        " 'UTF8') AS features, count(*) AS found,"
        f" (array_agg(t.{quoted(layer.definition.key.column)}) FILTER (WHERE {POSITION} = {limit}))[1] AS last"
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _one_feature_sql(layer: PublishedLayer, crs: Crs) -> str:
    key = layer.definition.key
    return (
        f"SELECT convert_to({feature_sql(layer.definition, crs)}, 'UTF8') AS feature"
        f" FROM {table_sql(layer.definition)} t WHERE t.{quoted(key.column)} = $1::{KEY_SQL_TYPE[key.type]}"
    )


def _is_near(layer: PublishedLayer, query: ItemsQuery) -> bool:
    """Tell whether gathering the box first is the cheaper way."""
    if query.bbox is None:
        return False
    box = box_in_degrees(query.bbox)
    if box is None:
        return True
    expected = layer.estimate(box)
    return expected <= NEAR_MATCHES or (query.after is None and expected <= layer.feature_count / NEAR_SHARE)


def _conditions(layer: PublishedLayer, query: ItemsQuery, binds: Binds, *, by_index: bool) -> list[str]:
    conditions = []
    if query.bbox is not None:
        conditions.append(bbox_condition(layer.definition, query.bbox, binds, by_index=by_index))
    if query.interval is not None:
        condition = interval_condition(layer.definition, query.interval, binds)
        if condition:
            conditions.append(condition)
    return conditions + equals_conditions(query.equals, binds)


def _capped_count(layer: PublishedLayer, query: ItemsQuery, conditions: list[str]) -> str:
    """Count up to the cap on the first page, NULL beyond; a large box is known to be beyond."""
    if not query.is_filtered or query.bbox is not None or query.after is not None:
        return "NULL::bigint"
    rows = f"SELECT 1 FROM {table_sql(layer.definition)} t{_where(conditions)} LIMIT {COUNT_CAP + 1}"
    return f"(SELECT nullif(count(*), {COUNT_CAP + 1}) FROM ({rows}) c)"


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""

"""A page of features, and one feature: one statement each.

Two shapes of the same page, because PostgreSQL chooses badly between them (``ORDER BY id LIMIT n`` with a box
flips to a walk along the primary key that costs twenty times as much):

*near*
    Find everything that matches by an index, then order it. Its cost is the number of matches, and it counts them
    by the way.
*far*
    Walk along the order and keep what matches until the page is full. Its cost is what lies between.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import asyncpg
import orjson

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import Layer
from spatial.crs import Crs
from spatial.query.appraise import Appraisal, Appraisals
from spatial.query.binds import Binds, quoted
from spatial.query.cql2.failure import failure_of_filter
from spatial.query.errors import OutsideCrs, UnknownFeature
from spatial.query.feature import feature_sql, table_sql
from spatial.query.order import order_of
from spatial.query.select import POSITION, Window, gathered_sql, walked_sql
from spatial.query.types import Cursor, Fetcher, ItemsQuery, Key, Look, Page, SortKey, Statement
from spatial.query.where import KEY_SQL_TYPE, box_in_degrees

NEAR_MATCHES: Final = 20_000
"""Up to this many matches in a box are gathered and ordered (about 1 us each) on every page."""
NEAR_SHARE: Final = 8
"""A first page also gathers up to this part (1/8) of the layer: a walk would pass most of it before the box."""
SCATTER: Final = 4
"""Matches lie together; a walk is taken to pass this many times the features that it would if they were spread."""
STATEMENTS_KEPT: Final = 256
"""Composed texts by layer and look. Each keeps its layer alive, and a changed catalogue brings new ones."""
NEAR_CONDITION_US: Final = 500_000.0
"""The most that a condition may cost for the features of a box that is gathered without further questions."""
LIMIT: Final = "$1::bigint"
"""Always the first value, so that the text of the columns is the same for every page."""

Writer = Callable[[Layer, Look], str]
"""Returns the expression that writes a row as a feature."""


def nothing_sql(_layer: Layer, _look: Look) -> str:
    """Write no features: for a page of which only its bounds are wanted."""
    return "NULL"


@dataclass(frozen=True, slots=True)
class Way:
    """How a page is found.

    Attributes
    ----------
    is_near
        Gather everything first, rather than walk.
    matched
        How many features match, where that is known before.
    hides_filter
        A walk passes the indexes that would find the filter. A prepared plan knows no values, takes every filter for
        a rare one and would gather all that match (0.5 ms against 400).
    """

    is_near: bool
    matched: int | None = None
    hides_filter: bool = False


async def fetch_page(
    conn: Fetcher, layer: PublishedLayer, query: ItemsQuery, *, appraisals: Appraisals, writer: Writer = feature_sql
) -> Page:
    """Read one page of features.

    Parameters
    ----------
    conn
        An asyncpg connection.
    layer
        The layer with its density, by which the way is chosen.
    appraisals
        What is remembered of selections.
    writer
        How a feature is written: as GeoJSON when left out.

    Returns
    -------
    Page
        Features in the order that was asked for.

    Raises
    ------
    TooCostly
        The filter would take too long.
    InvalidInput
        The filter cannot be computed: a number leaves its range.
    """
    page: Page = await _answered(
        _fetch_page(conn, layer, query, appraisals, writer), query.look.crs, has_filter=query.condition is not None
    )
    return page


async def _fetch_page(
    conn: Fetcher, layer: PublishedLayer, query: ItemsQuery, appraisals: Appraisals, writer: Writer
) -> Page:
    way = await _choose(conn, layer, query, appraisals)
    statement = page_statement(layer, query, way, writer=writer)
    row = await conn.fetchrow(statement.sql, *statement.args)
    assert row is not None  # noqa: S101 - an aggregate always answers
    return page_of(row, query, way)


async def count_matches(conn: Fetcher, layer: PublishedLayer, query: ItemsQuery, *, appraisals: Appraisals) -> int:
    """Count exactly how many features match, however many they are."""
    has_filter = query.condition is not None
    matched: int = await _answered(appraisals.count(conn, layer, query), query.look.crs, has_filter=has_filter)
    return matched


async def fetch_feature(
    conn: Fetcher, layer: PublishedLayer, key: Key, *, look: Look, writer: Writer = feature_sql
) -> bytes:
    """Read one feature, UTF-8.

    Raises
    ------
    UnknownFeature
        The layer has no feature of this id.
    """
    row = await _answered(conn.fetchrow(_one_feature_sql(layer, look, writer), key), look.crs)
    if row is None:
        raise UnknownFeature(layer.definition.id, key)
    feature: bytes = row["feature"]
    return feature


async def choose(conn: Fetcher, layer: PublishedLayer, query: ItemsQuery, *, appraisals: Appraisals) -> Way:
    """Choose how a page is found; asks PostgreSQL only for selections that are not known yet.

    Raises
    ------
    TooCostly
        The filter would take too long.
    InvalidInput
        The filter cannot be computed: a number leaves its range.
    """
    has_filter = query.condition is not None
    way: Way = await _answered(_choose(conn, layer, query, appraisals), query.look.crs, has_filter=has_filter)
    return way


async def _choose(conn: Fetcher, layer: PublishedLayer, query: ItemsQuery, appraisals: Appraisals) -> Way:
    if not query.is_filtered:
        return Way(is_near=False, matched=layer.feature_count)
    await appraisals.check(conn, layer, query)
    if query.bbox is not None and _is_near_box(layer, query):
        return Way(is_near=True)
    if not query.has_conditions:
        # A box beyond the cap of counting.
        return Way(is_near=False)
    known = await appraisals.of(conn, layer, query)
    return Way(_gathers(query, known), known.matched, hides_filter=known.is_common and _has_own_order(query))


def page_statement(layer: PublishedLayer, query: ItemsQuery, way: Way, *, writer: Writer = feature_sql) -> Statement:
    """Compose the statement of a page: columns ``features, found, far_end, near_end, matched``.

    One row more than the limit is looked for, to know whether a further page exists; it is not written out.
    """
    binds = Binds()
    binds.add(query.limit, "bigint")
    window = Window(f"{LIMIT} + 1", binds.add(query.offset, "bigint") if query.offset else None)
    if way.is_near:
        hit, page = gathered_sql(layer.definition, query, binds, window)
        hits, matched = f"hit AS MATERIALIZED ({hit}), ", ", (SELECT count(*) FROM hit) AS matched"
    else:
        hits, matched = "", ""
        page = walked_sql(layer.definition, query, binds, window, hides_filter=way.hides_filter)
    columns = _page_columns(layer, query.look, writer, _is_backward(query))
    columns += _places(layer, query.sort, _has_before(query)) + matched
    return Statement(f"WITH {hits}page AS ({page}) SELECT {columns} FROM page t", tuple(binds.values))


# Most of a statement's text follows from layer and look alone; to compose it each time costs 3 % of a page of ten.


@lru_cache(maxsize=STATEMENTS_KEPT)
def _page_columns(layer: PublishedLayer, look: Look, writer: Writer, is_backward: bool) -> str:
    # A page before a place is found from its end.
    order = f" ORDER BY {POSITION} DESC" if is_backward else ""
    written = f"string_agg({writer(layer.definition, look)}, ','{order}) FILTER (WHERE {POSITION} <= {LIMIT})"
    return f"convert_to({written}, 'UTF8') AS features, count(*) AS found"


@lru_cache(maxsize=STATEMENTS_KEPT)
def _one_feature_sql(layer: PublishedLayer, look: Look, writer: Writer) -> str:
    key = layer.definition.key
    return (
        f"SELECT convert_to({writer(layer.definition, look)}, 'UTF8') AS feature"
        f" FROM {table_sql(layer.definition)} t WHERE t.{quoted(key.column)} = $1::{KEY_SQL_TYPE[key.type]}"
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _places(layer: PublishedLayer, sort: tuple[SortKey, ...], has_before: bool) -> str:
    """Return the columns of the places at both ends of a page; its beginning only where something lies before."""
    place = order_of(layer.definition, sort, None).place_sql
    columns = f", (array_agg({place}) FILTER (WHERE {POSITION} = {LIMIT}))[1] AS far_end"
    if has_before:
        columns += f", (array_agg({place}) FILTER (WHERE {POSITION} = 1))[1] AS near_end"
    return columns


def _has_before(query: ItemsQuery) -> bool:
    return query.cursor is not None or query.offset > 0


def _is_backward(query: ItemsQuery) -> bool:
    return query.cursor is not None and query.cursor.is_backward


def page_of(row: Mapping[str, Any], query: ItemsQuery, way: Way) -> Page:
    """Read the one row that :func:`page_statement` answers."""
    assert query.limit is not None  # noqa: S101 - pages have a limit
    found = row["found"]
    is_sorted = any(one.field for one in query.sort)
    # The end that was reached last: the last feature, or the first when read backward.
    far = _place(row["far_end"], is_sorted=is_sorted) if found > query.limit else None
    near = _place(row["near_end"], is_sorted=is_sorted) if _has_before(query) and found else None
    first, last = (far, near) if _is_backward(query) else (near, far)
    return Page(
        features=row["features"] or b"",
        returned=min(found, query.limit),
        matched=row["matched"] if way.is_near else way.matched,
        previous=replace(first, is_backward=True) if first else None,
        following=last,
    )


def _place(value: Any, *, is_sorted: bool) -> Cursor:
    """Read a place as :attr:`Order.place_sql` writes it."""
    if not is_sorted:
        return Cursor((), value)
    *values, key = orjson.loads(value)
    return Cursor(tuple(values), key)


def _is_near_box(layer: PublishedLayer, query: ItemsQuery) -> bool:
    """Tell whether a box holds so little that gathering it is the cheaper way, whatever else is asked."""
    assert query.bbox is not None  # noqa: S101 - asked of boxes only
    box = box_in_degrees(query.bbox)
    if box is None:
        return True
    expected = layer.estimate(box)
    if query.condition is not None and expected * query.condition.row_cost_us > NEAR_CONDITION_US:
        return False
    is_first = query.cursor is None
    return expected <= NEAR_MATCHES or (is_first and expected <= layer.feature_count / NEAR_SHARE)


def _has_own_order(query: ItemsQuery) -> bool:
    """Tell whether an index has the order, and the filter does not say where in it the matches begin."""
    leading = query.sort[0].field if query.sort else None
    text = query.condition.text if query.condition else ""
    return leading is None or (leading.indexed and leading.name not in text)


def _gathers(query: ItemsQuery, known: Appraisal) -> bool:
    """Tell whether gathering a selection is cheaper than walking to the end of the page."""
    if query.limit is None or known.matched is None or (known.is_in_order and not query.sort):
        return False
    # Without an index, either way reads the table; a walk ends when the page is full.
    return known.is_indexed or known.matched <= SCATTER * query.limit


async def _answered(answer: Awaitable[Any], crs: Crs, *, has_filter: bool = False) -> Any:
    """Await an answer of PostgreSQL, and tell what the request itself is to blame for."""
    try:
        return await answer
    except asyncpg.PostgresError as error:
        # PROJ's refusals reach us as internal errors of PostGIS.
        if isinstance(error, asyncpg.InternalServerError) and "transform" in str(error):
            raise OutsideCrs(crs) from error
        raise (failure_of_filter(error) if has_filter else None) or error from error

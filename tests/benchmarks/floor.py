"""The floor of a request: the one statement that the house runs for it, recorded when the selection is known.

What a selection costs is asked of PostgreSQL once and remembered (``spatial/query/appraise.py``); the server is warmed
up likewise before it is measured.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NoReturn
from urllib.parse import urlsplit

from starlette.datastructures import QueryParams

from api.params.features import features_query
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.db.access import Access
from spatial.db.pool import Connection, ReadPool
from spatial.query.appraise import Appraisals
from spatial.query.items import fetch_page
from spatial.query.types import Fetcher, ItemsQuery, Statement
from tests.benchmarks.clients import CONNECTIONS

Verb = Callable[[Fetcher], Awaitable[object]]


class Floor:
    """Records statements of the pages of one city."""

    def __init__(self, access: Access, catalogue: Catalogue) -> None:
        self._access = access
        self._catalogue = catalogue
        self._appraisals = Appraisals()

    def pages(self, paths: Sequence[str]) -> list[Statement]:
        """Return the statement behind each path of a page of features."""
        return asyncio.run(self._record([self.query_of(path) for path in paths]))

    def query_of(self, path: str) -> tuple[PublishedLayer, ItemsQuery]:
        """Return what a path asks for, as the server reads it."""
        parts = urlsplit(path)
        layer = self._catalogue.layer(parts.path.split("/")[2])
        return layer, features_query(QueryParams(parts.query), self._catalogue, layer)

    async def _record(self, asked: Sequence[tuple[PublishedLayer, ItemsQuery]]) -> list[Statement]:
        async with bare_pool(self._access) as pool, pool.connection() as conn:
            return [await self._page(conn, layer, query) for layer, query in asked]

    async def _page(self, conn: Connection, layer: PublishedLayer, query: ItemsQuery) -> Statement:
        verb = partial(fetch_page, layer=layer, query=query, appraisals=self._appraisals)
        if query.has_conditions:
            await verb(conn)
        return await _caught(verb)


def recorded(verb: Verb) -> Statement:
    """Return the one statement that a verb of the house runs."""
    return asyncio.run(_caught(verb))


async def _caught(verb: Verb) -> Statement:
    try:
        await verb(_Recorder())
    except _Recorded as stop:
        return stop.statement
    raise RuntimeError("No statement was run.")


class _Recorded(Exception):
    def __init__(self, statement: Statement) -> None:
        self.statement = statement


class _Recorder:
    """A connection that runs nothing."""

    async def fetchrow(self, query: str, *args: object) -> NoReturn:
        raise _Recorded(Statement(query, args))


def bare_pool(access: Access) -> ReadPool:
    """Return connections with the very session settings of the server's."""
    return ReadPool(access.reader_url, size=CONNECTIONS, timeout_s=60, statement_timeout_s=60)

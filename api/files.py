"""Large answers and files, streamed from one state of the data in constant memory."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import anyio
import psycopg
from psycopg.rows import dict_row
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api.paging import Asked, Collection, content_headers
from api.state import catalogue_of
from spatial.db.session import open_snapshot
from spatial.errors import CityError, Unavailable
from spatial.export.errors import told
from spatial.export.stream import export_chunks
from spatial.export.types import FORMATS, ExportOptions
from spatial.query.items import Way, nothing_sql, page_of, page_statement
from spatial.query.types import Page

SEND_TIMEOUT_S: Final = 30.0
"""A client that takes nothing for so long is given up: it holds a session of the database."""


class Streams:
    """Counts the streams of one server process, so that downloads leave connections for maps.

    Parameters
    ----------
    url
        Address of the reader's login.
    size
        Streams at most at the same time.
    wait_s
        How long a request waits for another to end.
    statement_timeout_s
        How long PostgreSQL may work on one fetch.
    """

    def __init__(self, url: str, *, size: int, wait_s: float, statement_timeout_s: float) -> None:
        self._url = url
        self._free = asyncio.Semaphore(size)
        self._wait_s = wait_s
        self._statement_timeout_s = statement_timeout_s

    async def open(self) -> psycopg.Connection[Any]:
        """Wait for a free place, and open a snapshot of the data.

        Raises
        ------
        Unavailable
            Too many streams run, or PostgreSQL does not answer.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("Too many downloads run at the moment. Ask again.", retry_after_s=10) from None
        try:
            return await run_in_threadpool(open_snapshot, self._url, statement_timeout_s=self._statement_timeout_s)
        except BaseException:
            self._free.release()
            raise

    async def close(self, conn: psycopg.Connection[Any], chunks: Iterator[bytes]) -> None:
        """End a stream and its snapshot, whatever state they are in."""
        self._free.release()
        try:
            # A database that went away meanwhile is told by the first.
            with suppress(psycopg.Error, CityError):
                if isinstance(chunks, Generator):
                    await run_in_threadpool(chunks.close)
        finally:
            with suppress(psycopg.Error):
                await run_in_threadpool(conn.close)


class StreamedFile(StreamingResponse):
    """A streamed answer that gives up a client which takes nothing, and closes what it holds whatever happens."""

    def __init__(
        self,
        body: AsyncGenerator[bytes],
        *,
        close: Callable[[], Awaitable[None]],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(body, media_type=media_type, headers=headers)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        finally:
            # A client that is gone cancels us; what we hold must be given back all the same.
            with anyio.CancelScope(shield=True):
                await self._close()


async def streamed(
    asked: Asked,
    way: Way,
    *,
    options: ExportOptions,
    headers: Mapping[str, str],
    collect: Callable[[Page], Collection],
) -> Response:
    """Answer with all features that are asked for, streamed.

    What can fail before the first byte fails here, so that the client gets a status; what fails later breaks the
    connection, so that nobody takes half a file for a whole one.

    Parameters
    ----------
    way
        How a page of them is found.
    options
        Of the format.
    headers
        What the answer says besides.
    collect
        Gives what an answer says of itself, by its bounds.
    """
    streams: Streams = asked.request.app.state.streams
    conn = await streams.open()
    chunks: Iterator[bytes] = iter(())

    async def close() -> None:
        await streams.close(conn, chunks)

    try:
        said = content_headers(asked.query.look.crs)
        if asked.query.limit is not None:
            collection = collect(await run_in_threadpool(_bounds, conn, asked, way))
            options = replace(options, head=collection.head)
            said = collection.headers
        form = FORMATS[asked.form if asked.form in FORMATS else "geojson"]
        chunks = export_chunks(
            conn, asked.layer, asked.query, form, options=options, code_lists=catalogue_of(asked.request).code_lists
        )
        is_head = asked.request.method == "HEAD"
        # A binary file is written whole before its first byte; nobody waits for one to learn its headers.
        first = b"" if is_head and form.is_binary else await run_in_threadpool(next, chunks, b"")
    except BaseException:
        with anyio.CancelScope(shield=True):
            await close()
        raise
    # The server throws away what answers HEAD; so nothing more is read.
    body = _body(b"", iter(())) if is_head else _body(first, chunks)
    return StreamedFile(body, close=close, media_type=asked.media_type, headers={**said, **headers})


def _bounds(conn: psycopg.Connection[Any], asked: Asked, way: Way) -> Page:
    """Find where a limited answer begins and ends, in the same state of the data as its features."""
    statement = page_statement(asked.layer, asked.query, way, writer=nothing_sql)
    with told(asked.query.look.crs), psycopg.RawCursor(conn, row_factory=dict_row) as cursor:
        row = cursor.execute(statement.sql, statement.args).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return page_of(row, asked.query, way)


async def _body(first: bytes, chunks: Iterator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    while chunk := await run_in_threadpool(next, chunks, b""):
        yield chunk

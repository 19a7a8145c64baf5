"""Connections for hot reads: asyncpg, prepared statements kept, failures told as ``Unavailable``."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self

import asyncpg

from spatial.errors import Unavailable

STATEMENTS_KEPT: Final = 100
"""Prepared statements of one connection: PostgreSQL keeps up to 0.4 MB for one with a long filter."""
STATEMENT_KEPT_BYTES: Final = 8_000
"""Longer statements are seldom asked again, and cost most to keep."""
CONNECT_TIMEOUT_S: Final = 5.0
CLOSE_TIMEOUT_S: Final = 5.0
VANISHED_AFTER_S: Final = 2.0

# Asked in this order: the first is a kind of the second.
REASONS: Final = (
    (
        (asyncpg.QueryCanceledError,),
        "The database needed too long for this request. Ask for less: a smaller bbox or limit, or a filter.",
    ),
    (
        (asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError),
        "The database is starting, stopping or full. Ask again.",
    ),
    (
        # Between the commit of a replaced layer and its notification, a request still knows the old columns.
        (
            asyncpg.UndefinedTableError,
            asyncpg.UndefinedColumnError,
            asyncpg.UndefinedFunctionError,
            asyncpg.InvalidCachedStatementError,
        ),
        "The layer is just being replaced. Ask again.",
    ),
    (
        (
            OSError,  # TimeoutError is one
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresIOError,
            asyncpg.InvalidCatalogNameError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InsufficientPrivilegeError,
            asyncpg.DeadlockDetectedError,
            asyncpg.LockNotAvailableError,
        ),
        "The database does not answer at the moment. Ask again.",
    ),
)

Connection = Any
"""An ``asyncpg.Connection``; the class takes no type argument when the program runs."""


class ReadPool:
    """A bounded pool of read-only connections, made when first needed; a server may start before its database.

    asyncpg's own pool costs a task, a timer and a proxy for each loan, 0.1 ms of a request that costs 0.5 ms; ours
    is a list. Nothing is reset between loans: readers change no session state.

    Parameters
    ----------
    url
        Address of the reader's login.
    size
        Connections at most.
    timeout_s
        How long to wait for a free one.
    statement_timeout_s
        How long PostgreSQL may work on one statement.
    """

    def __init__(self, url: str, *, size: int, timeout_s: float, statement_timeout_s: float) -> None:
        self._url = url
        self._size = size
        self._timeout_s = timeout_s
        # PostgreSQL ends a slow statement itself; this ends the wait for one that has vanished.
        self._command_timeout_s = statement_timeout_s + VANISHED_AFTER_S
        self._session = {
            "application_name": "shikong web",
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "default_transaction_read_only": "on",
            "max_parallel_workers_per_gather": "0",
            "jit": "off",
            "timezone": "UTC",
        }
        self._loans = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        # Requests in flight may finish, but none may hold the server up for ever.
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                for _ in range(self._size):
                    await self._loans.acquire()
                for conn in self._idle:
                    await conn.close()
        except TimeoutError:
            for conn in self._open:
                conn.terminate()

    def connection(self) -> "Loan":
        """Borrow a connection for an ``async with`` block.

        Raises
        ------
        Unavailable
            None is free in time, PostgreSQL does not answer, or a statement took too long.
        """
        return Loan(self)

    async def take(self) -> Connection:
        """Return a free connection, or a new one while there are few."""
        if self._loans.locked():
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._loans.acquire()
            except TimeoutError:
                raise Unavailable("The server is busy: no database connection came free in time. Ask again.") from None
        else:
            await self._loans.acquire()
        try:
            while self._idle:
                # The last returned first: its caches are warm.
                conn = self._idle.pop()
                if not conn.is_closed():
                    return conn
                self._open.discard(conn)
            return await self._connect()
        except BaseException:
            self._loans.release()
            raise

    def give_back(self, conn: Connection, *, is_sound: bool) -> None:
        """Keep a connection for the next, unless its work was broken off."""
        if is_sound and not conn.is_closed():
            self._idle.append(conn)
        else:
            conn.terminate()
            self._open.discard(conn)
        self._loans.release()

    async def _connect(self) -> Connection:
        conn: Connection = await asyncpg.connect(
            self._url,
            statement_cache_size=STATEMENTS_KEPT,
            max_cacheable_statement_size=STATEMENT_KEPT_BYTES,
            max_cached_statement_lifetime=0,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=self._command_timeout_s,
            server_settings=self._session,
        )
        self._open.add(conn)
        return conn


class Loan:
    """One connection of a pool, lent for a block; failures of PostgreSQL leave the block as ``Unavailable``."""

    __slots__ = ("_conn", "_pool")

    def __init__(self, pool: ReadPool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        try:
            self._conn = await self._pool.take()
        except Exception as error:
            _raise_unavailable(error)
            raise
        return self._conn

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        # A cancelled request leaves its query running on the connection, and so does one that nobody answered.
        is_sound = kind is None or (issubclass(kind, Exception) and not issubclass(kind, OSError))
        self._pool.give_back(self._conn, is_sound=is_sound)
        if error is not None:
            _raise_unavailable(error)


def _raise_unavailable(error: BaseException) -> None:
    for kinds, sentence in REASONS:
        if isinstance(error, kinds):
            raise Unavailable(sentence) from error

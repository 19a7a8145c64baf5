"""Connections for hot reads: asyncpg, prepared statements kept, failures told as ``Unavailable``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import asyncpg

from spatial.errors import Unavailable

STATEMENTS_KEPT: Final = 1000
CONNECT_TIMEOUT_S: Final = 5.0
CLOSE_TIMEOUT_S: Final = 5.0


async def _no_reset(_conn: object) -> None:
    """Return a connection as it is: readers change no session state, and a reset would cost a round trip."""


class ReadPool:
    """A bounded pool of read-only connections.

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
        self._timeout_s = timeout_s
        self._pool: asyncpg.Pool[Any] = asyncpg.create_pool(
            url,
            min_size=0,  # a server may start before its database
            max_size=size,
            max_inactive_connection_lifetime=0,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            timeout=CONNECT_TIMEOUT_S,
            reset=_no_reset,
            server_settings={
                "application_name": "shikong web",
                "statement_timeout": str(int(statement_timeout_s * 1000)),
                "default_transaction_read_only": "on",
                "max_parallel_workers_per_gather": "0",
                "jit": "off",
                "timezone": "UTC",
            },
        )

    async def __aenter__(self) -> Self:
        await self._pool
        return self

    async def __aexit__(self, *_error: object) -> None:
        # Requests in flight may finish, but none may hold the server up for ever.
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Borrow a connection.

        Raises
        ------
        Unavailable
            None is free in time, PostgreSQL does not answer, or a statement took too long.
        """
        try:
            async with self._pool.acquire(timeout=self._timeout_s) as conn:
                yield conn
        except TimeoutError as error:
            raise Unavailable("The server is busy: no database connection came free in time. Ask again.") from error
        except asyncpg.QueryCanceledError as error:
            raise Unavailable(
                "The database needed too long for this request. Ask for less: a smaller bbox or limit, or a filter."
            ) from error
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
            raise Unavailable("The database does not answer at the moment. Ask again.") from error
        except (asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError) as error:
            raise Unavailable("The database is starting, stopping or full. Ask again.") from error

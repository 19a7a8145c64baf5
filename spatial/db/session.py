"""Synchronous sessions for work that reads much: exports."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from spatial.errors import Unavailable

CONNECT_TIMEOUT_S = 5


def open_snapshot(url: str, *, statement_timeout_s: float) -> psycopg.Connection[Any]:
    """Open a read-only session that sees one state of the data from its first statement to its end.

    Parameters
    ----------
    url
        Address of the reader's login.
    statement_timeout_s
        How long PostgreSQL may work on one statement; each fetch of a cursor is one.

    Raises
    ------
    Unavailable
        PostgreSQL does not answer.
    """
    try:
        conn = psycopg.connect(
            make_conninfo(url, connect_timeout=CONNECT_TIMEOUT_S, application_name="shikong export"),
        )
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        conn.execute(f"SET statement_timeout = {int(statement_timeout_s * 1000)}")
        conn.execute("SET timezone = 'UTC'")
        conn.execute("SET jit = off")
        # As in the pool: the parts of an order are read one after the other, which parallel workers do not promise.
        conn.execute("SET max_parallel_workers_per_gather = 0")
        conn.commit()
    except psycopg.OperationalError as error:
        raise Unavailable("The database does not answer at the moment. Ask again.") from error
    return conn


class Asking:
    """A synchronous connection asked like an asyncpg one, where a command shares a question with the web.

    Parameters
    ----------
    conn
        The connection; nothing else may use it meanwhile.
    """

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Run one statement and return its first row."""
        with psycopg.RawCursor(self._conn, row_factory=dict_row) as cursor:
            return cursor.execute(query, args).fetchone()

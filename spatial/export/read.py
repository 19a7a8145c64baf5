"""Rows of one statement, read by a server-side cursor in one read-only transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format, TransactionStatus

from spatial.query.types import Statement

Connection = psycopg.Connection[Any]
Row = Sequence[Any]

FIRST_ROWS: Final = 256
MOST_ROWS: Final = 8192
FETCH_BYTES: Final = 4 * 1024 * 1024
"""So much is fetched at a time, judged by the rows before: memory stays flat for points and for districts alike."""

SESSION: Final = """
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
SET LOCAL jit = off;
-- Every row will be read: plan for the last, not for the first.
SET LOCAL cursor_tuple_fraction = 1
"""


class RawText(Loader):
    """A text of PostgreSQL as its UTF-8 bytes: it is only passed on."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        """Return the bytes."""
        return bytes(data)


@contextmanager
def snapshot(conn: Connection) -> Iterator[None]:
    """Hold one picture of the database, read only; inside a transaction of the caller, that one's."""
    is_own = conn.info.transaction_status == TransactionStatus.IDLE
    with conn.transaction():
        if is_own:
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        conn.execute(SESSION)
        yield


def row_groups(
    conn: Connection, statement: Statement, *, weigh: Callable[[Row], int], raw_text: bool = False
) -> Iterator[list[Row]]:
    """Yield the rows some at a time.

    Parameters
    ----------
    weigh
        About how many bytes a row takes.
    raw_text
        Whether texts come as UTF-8 bytes instead of ``str``.
    """
    with psycopg.RawServerCursor(conn, "shikong_export") as cursor:
        if raw_text:
            cursor.adapters.register_loader("text", RawText)
        cursor.execute(statement.sql, statement.args, binary=True)
        size = FIRST_ROWS
        while rows := cursor.fetchmany(size):
            yield rows
            average = sum(map(weigh, rows)) // len(rows) + 1
            # Twice as many at most: the rows before may have been the small ones.
            size = max(1, min(MOST_ROWS, 2 * size, FETCH_BYTES // average))

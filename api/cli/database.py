"""The owner's connection, as the commands use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from spatial.db.access import Access
from spatial.errors import Misconfigured, Unavailable


@contextmanager
def owner(access: Access) -> Iterator[psycopg.Connection[Any]]:
    """Give the owner's connection; it commits at the end, and not at all when the block fails.

    Raises
    ------
    Misconfigured
        The database has an older shape than the program.
    Unavailable
        It does not answer, or refused.
    """
    try:
        conn = psycopg.connect(access.owner_url, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {str(error).strip()}. Start it with: ./run up") from error
    try:
        with conn:
            yield conn
    except psycopg.errors.UndefinedTable as error:
        raise Misconfigured("The database has an older shape. Bring it up to date with: ./run up") from error
    except psycopg.Error as error:
        raise Unavailable(f"The database refused: {str(error).strip()}") from error

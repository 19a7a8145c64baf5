"""What one server process keeps between requests."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from spatial.catalogue.catalogue import Catalogue
from spatial.db.pool import ReadPool
from spatial.errors import Unavailable

BYTES_KEPT: Final = 64 * 1024 * 1024


class DocumentCache:
    """Finished documents, kept as bytes until the catalogue changes."""

    def __init__(self) -> None:
        self._version = -1
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._size = 0

    def get(self, version: int, key: tuple[str, ...], build: Callable[[], bytes]) -> bytes:
        """Return the document of a key, built once per catalogue version."""
        if version != self._version:
            self._kept.clear()
            self._size = 0
            self._version = version
        body = self._kept.get(key)
        if body is None:
            body = self._kept[key] = build()
            self._size += len(body)
            # The Host header is part of the key, so a client could otherwise fill the memory.
            while self._size > BYTES_KEPT:
                _key, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest)
        return body


def catalogue_of(request: Request) -> Catalogue:
    """Return the catalogue as it is now.

    Raises
    ------
    Unavailable
        The database has not answered since this process started.
    """
    catalogue: Catalogue | None = request.app.state.catalogue
    if catalogue is None:
        raise Unavailable("The server has started, but its database has not answered yet. Ask again.")
    return catalogue


def pool_of(request: Request) -> ReadPool:
    """Return the pool of reading connections."""
    pool: ReadPool = request.app.state.pool
    return pool

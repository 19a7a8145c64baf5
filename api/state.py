"""What one server process keeps between requests."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from starlette.requests import Request

from spatial.catalogue.catalogue import Catalogue
from spatial.db.pool import ReadPool
from spatial.errors import Unavailable
from spatial.query.appraise import Appraisals

BYTES_KEPT: Final = 64 * 1024 * 1024


class Document(NamedTuple):
    """A finished document.

    Attributes
    ----------
    tag
        Its entity tag: a digest of the body.
    """

    body: bytes
    tag: str


class DocumentCache:
    """Finished documents, kept until the catalogue changes."""

    def __init__(self) -> None:
        self._version = -1
        self._kept: OrderedDict[tuple[str, ...], Document] = OrderedDict()
        self._size = 0

    def get(self, version: int, key: tuple[str, ...], build: Callable[[], bytes]) -> Document:
        """Return the document of a key, built once per catalogue version."""
        if version != self._version:
            self._kept.clear()
            self._size = 0
            self._version = version
        document = self._kept.get(key)
        if document is None:
            body = build()
            document = self._kept[key] = Document(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')
            self._size += _size(key, document)
            # Host and query string are part of the key, so a client could otherwise fill the memory.
            while self._size > BYTES_KEPT:
                self._size -= _size(*self._kept.popitem(last=False))
        return document


def _size(key: tuple[str, ...], document: Document) -> int:
    return sum(map(len, key)) + len(document.body)


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


def appraisals_of(request: Request) -> Appraisals:
    """Return what is remembered of selections."""
    appraisals: Appraisals = request.app.state.appraisals
    return appraisals


def pool_of(request: Request) -> ReadPool:
    """Return the pool of reading connections."""
    pool: ReadPool = request.app.state.pool
    return pool

"""The order in which QGIS's provider for OGC API - Features asks, from the first request to the filters.

Read from its source (``src/providers/wfs/oapif``); each step leaves in the session what the next one needs.
"""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError

from api.clients import boxes, features, filters, layer, say, service
from api.clients.fetch import VISIT_S, Failed, Visitor
from api.clients.session import Session
from api.clients.types import Line, Stop

STEPS: Final[tuple[tuple[str, Callable[[Session], Iterator[Line]]], ...]] = (
    ("landing", service.landing),
    ("api", service.description),
    ("conformance", service.conformance),
    ("collection", layer.collection),
    ("queryables", layer.queryables),
    ("items", features.first_page),
    ("count", features.count),
    ("schema", layer.schema),
    ("editing", layer.editing),
    ("bbox", boxes.box),
    ("filter", filters.filters),
    ("paging", features.paging),
    ("formats", features.formats),
)

NEEDED: Final = frozenset(("landing", "api", "collection", "items"))
"""Without these QGIS loads nothing."""
# What numbers beyond all measure and documents of odd shape lead to, in Python, shapely and pyproj.
STRANGE: Final = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, ShapelyError, ProjError,
)  # fmt: skip


def replay(
    url: str,
    *,
    collection: str | None = None,
    transport: httpx.BaseTransport | None = None,
    visit_s: float = VISIT_S,
) -> Iterator[Line]:
    """Ask a server what QGIS would ask, and tell what a user of QGIS would lose.

    Parameters
    ----------
    url
        The landing page, with the user's own parameters (an API key) if there are any.
    collection
        The layer to open; the first one when left out.
    transport
        How requests travel; the network when left out.
    visit_s
        Time for everything together.

    Yields
    ------
    Line
        What each check found, as it is found; after a fault without which QGIS loads nothing, no more.
    """
    with Visitor(transport=transport, visit_s=visit_s) as visitor:
        session = Session(visitor, url.strip(), collection, extra=_extra(url))
        for check, step in STEPS:
            try:
                yield from step(session)
            except Stop:
                return
            except Failed as error:
                yield _strange(check, error)
            except STRANGE as error:
                yield _strange(check, f"{type(error).__name__}: {error}"[:160])
                if check in NEEDED:
                    return


def _strange(check: str, found: str | Failed) -> Line:
    return say.fault(
        check,
        found,
        "服务器的答复无法理解，QGIS 很可能也会出错。请检查该文档或坐标。",
        "The answer makes no sense, so QGIS will probably fail too. Check this document or its coordinates.",
    )


def _extra(url: str) -> dict[str, str]:
    """Return the parameters of the typed address, which QGIS adds to every request."""
    try:
        return dict(parse_qsl(urlsplit(url.strip()).query))
    except ValueError:
        return {}

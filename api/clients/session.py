"""What QGIS has learnt of a server so far, and how its requests are written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from api.clients.axes import CRS84, Axes
from api.clients.fetch import Answer, Failed, Visitor, with_query

ITEMS_ACCEPT: Final = "application/geo+json, application/json"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as QGIS reads it."""

    href: str
    rel: str
    type: str = ""


def links_of(document: Mapping[str, Any]) -> list[Link]:
    """Return the links of a document that are whole; QGIS passes over the others without a word."""
    found = document.get("links")
    return [
        Link(one["href"], one["rel"], one["type"] if isinstance(one.get("type"), str) else "")
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict) and isinstance(one.get("href"), str) and isinstance(one.get("rel"), str)
    ]


def find_link(links: list[Link], rel: str, *types: str) -> str | None:
    """Return where the link of a relation leads: the type named first wins, any other is better than none."""
    fitting = [one for one in links if one.rel == rel]
    best = min(fitting, key=lambda one: types.index(one.type) if one.type in types else len(types), default=None)
    return best.href if best else None


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of an answer."""

    id: str | int | None
    properties: Mapping[str, Any]
    geometry: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of features.

    Attributes
    ----------
    matched
        ``numberMatched`` of the body; None where absent.
    next_url
        Where the next page is.
    """

    answer: Answer
    features: tuple[Feature, ...]
    matched: int | None
    next_url: str | None


@dataclass
class Session:
    """A layer of a server, as far as it is known.

    Attributes
    ----------
    extra
        Parameters of the address that the user typed (an API key); QGIS adds them to every request.
    classes
        The conformance classes that the server declares.
    queryables
        Name and JSON type of what may stand in a filter; ``geometry_name`` apart.
    sample
        The first features, in CRS84.
    """

    visitor: Visitor
    landing_url: str
    collection: str | None
    extra: Mapping[str, str] = field(default_factory=dict)
    api_url: str = ""
    collections_url: str = ""
    conformance_url: str | None = None
    api: Mapping[str, Any] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    page_size: int = 100
    layer_url: str = ""
    layer: Mapping[str, Any] = field(default_factory=dict)
    source_crs: Axes | None = None
    queryables: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    geometry_name: str | None = None
    sample: tuple[Feature, ...] = ()
    matched: int | None = None

    @property
    def items_url(self) -> str:
        """Return where the features are."""
        return f"{self.layer_url}/items"

    def get(self, url: str, accept: str, query: Mapping[str, str] = MappingProxyType({})) -> Answer:
        """Fetch an address with the user's extra parameters, each once."""
        more = {name: value for name, value in self.extra.items() if f"{name}=" not in url}
        return self.visitor.get(with_query(url, more), accept, query)

    def page(self, query: Mapping[str, str]) -> Page:
        """Fetch a page of features."""
        return read_page(self.get(self.items_url, ITEMS_ACCEPT, query))

    def follow(self, url: str) -> Page:
        """Fetch the page at a ``next`` link."""
        return read_page(self.get(url, ITEMS_ACCEPT))

    def in_crs(self) -> dict[str, str]:
        """Return the parameter that asks for the layer's own reference system, as QGIS adds it to every page."""
        return {"crs": self.source_crs.uri} if self.source_crs and self.source_crs.uri != CRS84 else {}


def read_page(answer: Answer) -> Page:
    """Read a page of features, or fail with the reason why it is none."""
    document = answer.document()
    features = document.get("features")
    if not isinstance(features, list):
        raise Failed("没有 features 数组", "has no array 'features'")
    matched = document.get("numberMatched")
    return Page(
        answer,
        tuple(_features(features)),
        matched if isinstance(matched, int) and not isinstance(matched, bool) and matched >= 0 else None,
        find_link(links_of(document), "next", "application/geo+json"),
    )


def _features(found: list[Any]) -> Iterator[Feature]:
    for one in found:
        if not isinstance(one, dict):
            raise Failed("features 里有不是对象的成员", "has a member of 'features' that is no object")
        properties, key = one.get("properties"), one.get("id")
        yield Feature(
            key if isinstance(key, str | int) and not isinstance(key, bool) else None,
            properties if isinstance(properties, dict) else {},
            _geometry(one.get("geometry")),
        )


def _geometry(found: Any) -> BaseGeometry | None:
    """Read a GeoJSON geometry; None where there is none or it is broken."""
    if not isinstance(found, dict):
        return None
    try:
        shape = shapely.geometry.shape(found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError):
        return None
    return None if shape.is_empty else shape

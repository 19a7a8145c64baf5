"""What may be asked of a layer, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from spatial.catalogue.types import LayerField
from spatial.crs import CRS84, Crs
from spatial.geometry import BBox

Key = int | str | UUID
"""A feature id; its Python type follows the layer's key type."""
Value = str | int | float | bool | date | datetime
"""A property's value, already of the property's type."""


class Fetcher(Protocol):
    """What we need of an asyncpg connection."""

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Run one statement and return its first row."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of time, both ends inclusive; None is an open end."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """A page of features.

    Attributes
    ----------
    limit
        Features at most.
    bbox
        Only features that intersect it.
    interval
        Only features valid at some moment of it.
    equals
        Only features whose properties have these values.
    after
        Only features whose id follows this one (keyset paging).
    offset
        Features to pass over; costs what they cost, so it is capped at the door.
    crs
        Reference system of the answer.
    """

    limit: int
    bbox: BBox | None = None
    interval: Interval | None = None
    equals: tuple[tuple[LayerField, Value], ...] = ()
    after: Key | None = None
    offset: int = 0
    crs: Crs = CRS84

    @property
    def is_filtered(self) -> bool:
        """True where some features of the layer may be left out."""
        return self.bbox is not None or self.interval is not None or bool(self.equals)


@dataclass(frozen=True, slots=True)
class Page:
    """An answered page.

    Attributes
    ----------
    features
        GeoJSON features, joined by commas, UTF-8.
    returned
        How many they are.
    matched
        How many match in all; None where counting would cost more than it tells.
    last
        Id of the last feature, where more follow.
    """

    features: bytes
    returned: int
    matched: int | None
    last: Key | None


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its bound values, in PostgreSQL's ``$1`` form."""

    sql: str
    args: tuple[object, ...]

"""What may be asked of a layer, and what comes back."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from spatial.catalogue.types import LayerField
from spatial.crs import CRS84, Crs
from spatial.geometry import BBox
from spatial.query.binds import Binds

Key = int | str | UUID
"""A feature id; its Python type follows the layer's key type."""
Value = str | int | float | bool | date | datetime
"""A property's value, already of the property's type."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of time, both ends inclusive; None is an open end."""

    start: datetime | None
    end: datetime | None


class Fetcher(Protocol):
    """What we need of an asyncpg connection."""

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Run one statement and return its first row."""


class Condition(Protocol):
    """A condition that is checked and only needs its values bound; a CQL2 filter is one."""

    @property
    def text(self) -> str:
        """The condition in a form of its own, by which results are remembered."""

    @property
    def row_cost_us(self) -> float:
        """About how long PostgreSQL works on it for one row, in microseconds."""

    @property
    def reads_other_layers(self) -> bool:
        """True where features of other layers decide, too."""

    def sql(self, binds: Binds) -> str:
        """Return the condition over the alias ``t``, its values bound."""

    async def check(self, conn: Fetcher) -> None:
        """Refuse what names something of another layer that does not exist; called once for a state of the data."""


@dataclass(frozen=True, slots=True)
class Look:
    """How features are written.

    Attributes
    ----------
    crs
        Reference system of the geometries.
    properties
        Names of the properties that are wanted; None for all.
    has_geometry
        False leaves the geometries out.
    zoom
        Zoom level of the web mercator tiles for which geometries may be simplified; None for the exact ones.
    """

    crs: Crs = CRS84
    properties: tuple[str, ...] | None = None
    has_geometry: bool = True
    zoom: int | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column of an order; features without a value come last either way.

    Attributes
    ----------
    field
        The property; None for the feature id, after which no further key matters.
    """

    field: LayerField | None
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two features in an order.

    Attributes
    ----------
    values
        What the feature beside the place has in the sort keys, JSON values.
    key
        Its id.
    is_backward
        True asks for the features before the place, False for those after it.
    """

    values: tuple[Any, ...]
    key: Key
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """Features that are asked for, and how they shall look.

    Attributes
    ----------
    limit
        Features at most; None for all that match (files).
    bbox
        Only features that intersect it.
    interval
        Only features valid at some moment of it.
    equals
        Only features whose properties have these values.
    condition
        Only features of which it is true (CQL2).
    text
        Only features that have one of these terms in a searchable property.
    sort
        The order; the id comes last, or alone.
    cursor
        Only features after, or before, this place (keyset paging).
    offset
        Features to pass over; costs what they cost, so it is capped at the door.
    look
        How the features are written.
    """

    limit: int | None
    bbox: BBox | None = None
    interval: Interval | None = None
    equals: tuple[tuple[LayerField, Value], ...] = ()
    condition: Condition | None = None
    text: tuple[str, ...] = ()
    sort: tuple[SortKey, ...] = ()
    cursor: Cursor | None = None
    offset: int = 0
    look: Look = Look()

    @property
    def is_filtered(self) -> bool:
        """True where some features of the layer may be left out."""
        return bool(self.bbox or self.has_conditions)

    @property
    def has_conditions(self) -> bool:
        """True where more than a box chooses the features."""
        return bool(self.interval or self.equals or self.condition or self.text)

    @property
    def selection(self) -> Hashable:
        """What chooses the features, whatever their order and look: equal for equal selections."""
        equals = tuple((field.name, value) for field, value in self.equals)
        return (self.bbox, self.interval, equals, self.condition.text if self.condition else None, self.text)


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
    previous, following
        Places from which the pages before and after this one are read; None where there is none.
    """

    features: bytes
    returned: int
    matched: int | None
    previous: Cursor | None
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its bound values, in PostgreSQL's ``$1`` form."""

    sql: str
    args: tuple[object, ...]

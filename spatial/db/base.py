"""What every table shares: schema, names of constraints, and the columns that make a row a feature."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, Computed, Dialect, Identity, Index, MetaData, Text, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from spatial.crs import CGCS2000, GRID, WEB
from spatial.db.schemas import CATALOGUE, CITY, IMPORTED

# The names of the schemas too: who declares a table needs nothing else.
__all__ = [
    "CATALOGUE",
    "CITY",
    "IMPORTED",
    "NAMING",
    "Base",
    "Code",
    "Feature",
    "filter_index",
    "geom_column",
    "grid_column",
    "label_column",
    "prefix_index",
    "search_index",
    "web_column",
]

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Code(TypeDecorator[StrEnum]):
    """A ``StrEnum`` kept by its value, as text, so that a code list can grow without a type change."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store the value."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Return the member."""
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    """Declarative base of all tables."""

    metadata = MetaData(schema=CITY, naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own name and shape
        str: Text,
        Range[datetime]: TSTZRANGE,
    }


def geom_column(kind: str) -> Mapped[WKBElement]:
    """Return the canonical geometry column: EPSG:4490, x=lon, y=lat.

    Parameters
    ----------
    kind
        PostGIS geometry type, such as ``MULTIPOLYGON`` or ``LINESTRINGZ``.
    """
    return mapped_column(_geometry(kind, CGCS2000), nullable=False)


def web_column(kind: str) -> Mapped[WKBElement]:
    """Return the column that tiles read: the geometry in web mercator, always derived."""
    return mapped_column(_geometry(kind, WEB), Computed(f"ST_Transform(geom, {WEB})", persisted=True))


def label_column() -> Mapped[WKBElement]:
    """Return the column where an area's name is written: one point inside it, in web mercator, always derived.

    An area is cut into many tiles; its name must stand in one of them only.
    """
    return mapped_column(
        _geometry("POINT", WEB), Computed(f"ST_PointOnSurface(ST_Transform(geom, {WEB}))", persisted=True)
    )


def grid_column(kind: str) -> Mapped[WKBElement]:
    """Return the column that measures: the geometry in EPSG:4548 metres, always derived."""
    return mapped_column(_geometry(kind, GRID), Computed(f"ST_Transform(geom, {GRID})", persisted=True))


def filter_index(column: str) -> Index:
    """Return the index of a column that clients filter and sort by.

    The id comes second: the features of one value lie in the order of their ids, and all features in the order of
    value and id, so that any page of either begins where the last one ended and nothing is sorted.
    """
    return Index(None, column, "id")


def search_index(column: str) -> Index:
    """Return the index of a text that is searched for a part of it (``q``, ``LIKE '%...%'``), three characters or more.

    Of shorter terms no trigram can be cut; they are looked for row by row.
    """
    return Index(None, column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})


def prefix_index(table: str, column: str) -> Index:
    """Return the index of a code whose first digits name what it lies in (``LIKE '340103%'``).

    Only this operator class serves LIKE where the database does not sort in plain C.
    """
    return Index(f"ix_{table}_{column}_prefix", column, postgresql_ops={column: "text_pattern_ops"})


def _geometry(kind: str, srid: int) -> Geometry:
    dimension = 3 if kind.endswith("Z") else 2
    return Geometry(kind, srid=srid, dimension=dimension, spatial_index=False)


class Feature(Base):
    """A row that is served as a feature: number, code, and the two times."""

    __abstract__ = True

    # The number is the feature id of the API and of tiles; the code is the city's own name for the thing.
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-20)
    code: Mapped[str] = mapped_column(sort_order=-10)
    # When it is true in the city, and when we knew it (DESIGN: two times).
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, server_default=text("tstzrange(now(), NULL)"))
    recorded: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, server_default=text("tstzrange(now(), NULL)"))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        """Return the indexes of every feature table, and the table's own after them."""
        return (
            # Usage: one feature by the city's code; no two current features share one.
            Index(None, "code", unique=True),
            # Usage: items in a box, tiles of WorldCRS84Quad.
            Index(None, "geom", postgresql_using="gist"),
            # Usage: tiles of WebMercatorQuad.
            Index(None, "geom_web", postgresql_using="gist"),
            *cls.indexes(),
        )

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Return what one table indexes or checks besides."""
        return ()

"""The catalogue as the database keeps it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, DateTime, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from spatial.db.base import CATALOGUE, Base


class CatalogueLayer(Base):
    """A layer's declaration, and what is known of its content without reading it."""

    __tablename__ = "layer"
    __table_args__ = (
        CheckConstraint("origin IN ('built_in', 'imported')", name="origin_known"),
        {"schema": CATALOGUE},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    origin: Mapped[str]
    # Grows with every change of the content; what caches compare.
    data_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    feature_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    # West, south, east, north in degrees; empty for an empty layer.
    extent: Mapped[list[float] | None] = mapped_column(ARRAY(DOUBLE_PRECISION))
    valid_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    valid_to: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Features by cell of the extent, row by row from the south-west; what the planner of boxes reads.
    density: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))


class CatalogueGroup(Base):
    """A branch of the layer tree."""

    __tablename__ = "layer_group"
    __table_args__ = ({"schema": CATALOGUE},)

    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)


class CatalogueCodeList(Base):
    """A code list."""

    __tablename__ = "code_list"
    __table_args__ = ({"schema": CATALOGUE},)

    id: Mapped[str] = mapped_column(primary_key=True)
    # JSON, not JSONB: the order of the values is the order in which people read them.
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)


class CatalogueVersion(Base):
    """One row: the number that grows with every change of the catalogue (kept by a trigger, data/sql)."""

    __tablename__ = "version"
    __table_args__ = (CheckConstraint("singleton = 1", name="one_row"), {"schema": CATALOGUE})

    singleton: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    number: Mapped[int] = mapped_column(BigInteger)

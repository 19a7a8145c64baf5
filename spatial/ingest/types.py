"""The nouns of an import: what is asked, what a file yields, what became of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyproj
from numpy.typing import NDArray

from spatial.gcj02 import Shift

Geometries: TypeAlias = NDArray[np.object_]
"""Shapely geometries or None, one for each row."""

BATCH_ROWS: Final = 8192
"""Rows that travel together: large enough for vectorised work, small enough to keep memory flat."""


class Part(StrEnum):
    """The geometries of one dimension."""

    POINTS = "points"
    LINES = "lines"
    POLYGONS = "polygons"

    @property
    def dimension(self) -> int:
        """0, 1 or 2."""
        return list(Part).index(self)


class Mode(StrEnum):
    """What to do when the layer exists."""

    CREATE = "create"
    REPLACE = "replace"
    APPEND = "append"


class TextKind(StrEnum):
    """How much of its types a format says by itself, and so what may be read out of its texts."""

    TYPED = "typed"
    """A text is a text (GPKG, FlatGeobuf, Parquet)."""
    JSON = "json"
    """Numbers and booleans are typed, moments are texts."""
    UNTYPED = "untyped"
    """Everything is text (CSV)."""


class Reason(StrEnum):
    """Why a row was not stored."""

    BAD_JSON = "bad_json"
    TOO_DEEP = "too_deep"
    BAD_TEXT = "bad_text"
    BAD_GEOMETRY = "bad_geometry"
    BAD_NUMBER = "bad_number"
    COLUMN_COUNT = "column_count"
    NO_GEOMETRY = "no_geometry"
    NON_FINITE = "non_finite"
    OUT_OF_RANGE = "out_of_range"
    INVALID_GEOMETRY = "invalid_geometry"
    MIXED_COLLECTION = "mixed_collection"
    WRONG_DIMENSION = "wrong_dimension"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row that was not stored.

    Attributes
    ----------
    row
        Where it stands in the file; ``SourceInfo.row_meaning`` says what is counted.
    attributes
        The row as it was read, as far as it could be.
    wkt
        Its geometry in the coordinates of the file; None where there was none to read.
    """

    row: int
    reason: Reason
    message: str
    attributes: Any = None
    wkt: str | None = None


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Consecutive rows of a file.

    Attributes
    ----------
    rows
        Position of each row in the file, int64.
    geometries
        In the coordinates of the file; None where a row has none.
    attributes
        One column for each field, of the same length.
    source_ids
        The file's own feature ids as text; None where it has none.
    rejections
        Rows that could not even be read; they are not among ``rows``.
    position
        How far the file is read, in the unit of ``SourceInfo.size``.
    """

    rows: NDArray[np.int64]
    geometries: Geometries
    attributes: pa.Table
    source_ids: pa.Array | None = None
    rejections: tuple[Rejection, ...] = ()
    position: int = 0


@dataclass(frozen=True, slots=True)
class DeclaredCrs:
    """What a file says, or its format prescribes, about its coordinates.

    Attributes
    ----------
    where
        Who says it, for the report: ``.prj``, ``crs member``, ``RFC 7946``.
    is_firm
        False for a mere default of the format, which the coordinates may overrule.
    """

    crs: pyproj.CRS
    where: str
    is_firm: bool = True


@dataclass(slots=True)
class SourceInfo:
    """What is known of a file; notes may be added while it is read.

    Attributes
    ----------
    size
        Of the whole file in the unit of ``RowBatch.position``; None where unknown.
    notes
        Sentences for the report: decisions, assumptions, what was left out.
    warnings
        Notes that somebody should act upon.
    """

    format: str
    row_meaning: str
    text: TextKind
    declared: DeclaredCrs | None = None
    source_layer: str | None = None
    encoding: str | None = None
    size: int | None = None
    attribution: str | None = None
    # Whether columns without a single value are left out (OSM's long list of keys).
    drop_empty: bool = False
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Source(Protocol):
    """A file of one format, opened."""

    info: SourceInfo

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows in order, once."""
        ...


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user asks for.

    Attributes
    ----------
    layer
        Id of the layer to make.
    crs
        What to take the coordinates for, whatever the file says: ``EPSG:4548``.
    swap_axes
        Whether the file's first coordinate is north (lat).
    shifted_from
        The shifted system that the degrees are in, to be converted.
    x, y, wkt
        Names of the columns with coordinates, for tables.
    where
        OSM tags that an object must bear: ``building`` or ``highway=primary``.
    reports
        Folder under which the report's own folder is made.
    """

    layer: str
    reports: Path
    title: str | None = None
    mode: Mode = Mode.CREATE
    crs: str | None = None
    swap_axes: bool = False
    shifted_from: Shift | None = None
    encoding: str | None = None
    source_layer: str | None = None
    x: str | None = None
    y: str | None = None
    wkt: str | None = None
    part: Part | None = None
    where: str | None = None


@dataclass(slots=True)
class ImportReport:
    """What became of a file; written to ``report.json``.

    Attributes
    ----------
    read, stored, rejected
        Rows; ``read == stored + rejected + skipped`` always.
    skipped
        Rows left out because the user asked for one ``part`` only.
    repaired
        Stored rows whose geometry was made valid.
    reasons
        Rejected rows by reason.
    samples
        The first few rejections.
    """

    layer: str
    file: str
    format: str = ""
    mode: Mode = Mode.CREATE
    started_at: datetime | None = None
    seconds: float = 0.0
    status: str = "running"
    error: str | None = None
    read: int = 0
    stored: int = 0
    rejected: int = 0
    skipped: int = 0
    repaired: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    row_meaning: str = ""
    source_layer: str | None = None
    encoding: str | None = None
    crs: str = ""
    crs_basis: str = ""
    geometry: str = ""
    fields: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    folder: Path | None = None


Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Called with the stage (``reading``, ``storing``, ``indexing``), how much is done, and of how much."""


def no_progress(stage: str, done: int, total: int | None) -> None:
    """Tell nobody."""

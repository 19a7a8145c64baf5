"""The nouns of an export: formats, what may be chosen, what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from spatial.catalogue.types import Titled

CHUNK_BYTES: Final = 65_536
"""Size of the pieces in which a file leaves us; the last is smaller, a single large feature makes a larger one."""


class Encoding(StrEnum):
    """Character set of a shapefile's attributes."""

    UTF8 = "utf-8"
    GBK = "gbk"


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format that a layer can be written in.

    Attributes
    ----------
    name
        Word on the wire: ``f=gpkg``, ``--format gpkg``.
    extension
        Of the file, without the dot.
    is_binary
        False where the content is UTF-8 text.
    """

    name: str
    media_type: str
    extension: str
    title: Titled
    is_binary: bool


def _format(name: str, media_type: str, extension: str, *titles: str, is_binary: bool = True) -> ExportFormat:
    zh, en = titles
    return ExportFormat(name, media_type, extension, Titled(zh=zh, en=en), is_binary)


GEOJSON: Final = _format("geojson", "application/geo+json", "geojson", "GeoJSON", "GeoJSON", is_binary=False)
JSONFG: Final = _format("jsonfg", "application/fg+json", "fg.json", "JSON-FG", "JSON-FG", is_binary=False)
GEOJSONSEQ: Final = _format(
    "geojsonseq",
    "application/geo+json-seq",
    "geojsons",
    "GeoJSON 文本序列",
    "GeoJSON text sequence",
    is_binary=False,
)
CSV: Final = _format("csv", "text/csv", "csv", "CSV 表格（含 WKT）", "CSV table with WKT", is_binary=False)
FGB: Final = _format("fgb", "application/flatgeobuf", "fgb", "FlatGeobuf", "FlatGeobuf")
GPKG: Final = _format("gpkg", "application/geopackage+sqlite3", "gpkg", "GeoPackage", "GeoPackage")
PARQUET: Final = _format("parquet", "application/vnd.apache.parquet", "parquet", "GeoParquet", "GeoParquet")
SHP: Final = _format("shp", "application/zip", "shp.zip", "Shapefile（zip 压缩）", "Shapefile, zipped")

FORMATS: Final = MappingProxyType(
    {one.name: one for one in (GEOJSON, JSONFG, GEOJSONSEQ, CSV, FGB, GPKG, PARQUET, SHP)}
)
"""Every format by name."""

Progress: TypeAlias = Callable[[int], None]
"""Called with how many features are read so far."""


def no_progress(features: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What a format lets the user choose, and what only the caller can know.

    Attributes
    ----------
    head, tail
        What stands before and after the features of a GeoJSON or JSON-FG collection: ``head`` ends with
        ``"features":[``, ``tail`` begins with ``]``.
    bom
        Whether a CSV begins with a byte-order mark, so that Excel reads it as UTF-8.
    encoding
        Character set of a shapefile's attributes.
    folder
        Where temporary files are made; None for the system's own place.
    progress
        Told how far the export is.
    """

    head: bytes = b'{"type":"FeatureCollection","features":['
    tail: bytes = b"]}"
    bom: bool = False
    encoding: Encoding = Encoding.UTF8
    folder: Path | None = None
    progress: Progress = no_progress


@dataclass(slots=True)
class ExportReport:
    """What became of an export; complete when its last chunk is out.

    Attributes
    ----------
    features
        How many were written.
    notes
        Sentences about what the format could not hold.
    """

    features: int = 0
    notes: list[str] = field(default_factory=list)

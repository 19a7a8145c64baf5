"""Which reader a file needs, by its name and then by its first bytes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.geojson import GeoJsonLinesSource, GeoJsonSource
from spatial.ingest.sources.ogr import FLATGEOBUF, GPKG, OgrSource
from spatial.ingest.sources.stream import Stream, bare_suffix
from spatial.ingest.types import ImportOptions, Source

READ: Final = (
    ".geojson .json .geojsonl .geojsons .ndjson .jsonl .gpkg .shp .zip .fgb .parquet .geoparquet .csv .tsv .txt .xlsx "
    ".xls .ods .osm .xml .pbf, and .gz of the texts"
)
@contextmanager
def open_source(path: Path, options: ImportOptions) -> Iterator[Source]:
    """Open a file of any format, and tidy up behind it.

    Raises
    ------
    UnreadableFile
        It is damaged, empty, or of no format that we read.
    """
    yield open_plain(path, options)


Opener = Callable[[Path, ImportOptions], Source]


def open_plain(path: Path, options: ImportOptions) -> Source:
    """Open a file that is not a zip archive.

    Raises
    ------
    UnreadableFile
        We do not read its format.
    """
    if path.stat().st_size == 0:
        raise UnreadableFile(f"{path.name} is empty.")
    opener = BY_SUFFIX.get(bare_suffix(path)) or _by_content(path)
    return opener(path, options)


def _geojson(path: Path, options: ImportOptions) -> Source:  # noqa: ARG001
    """Tell a document from one feature a line: both are called .json and .geojson in practice."""
    with Stream(path) as stream:
        start = stream.read(1 << 16)
    lines = start.lstrip(b"\xef\xbb\xbf\x1e \r\n\t").splitlines()
    if len(lines) > 1 and COMPLETE_FEATURE.match(lines[0]) and lines[1].lstrip(b"\x1e").startswith(b"{"):
        return GeoJsonLinesSource(path)
    return GeoJsonSource(path)


def _geojson_lines(path: Path, options: ImportOptions) -> Source:  # noqa: ARG001
    return GeoJsonLinesSource(path)


def _gpkg(path: Path, options: ImportOptions) -> Source:
    return OgrSource(path, GPKG, layer=options.source_layer)


def _flatgeobuf(path: Path, options: ImportOptions) -> Source:
    return OgrSource(path, FLATGEOBUF, layer=options.source_layer)


COMPLETE_FEATURE: Final = re.compile(rb'\{.*"type"\s*:\s*"Feature"(?!Collection).*\}\s*$')

BY_SUFFIX: Final[dict[str, Opener]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".geojsonl": _geojson_lines,
    ".geojsons": _geojson_lines,
    ".ndjson": _geojson_lines,
    ".jsonl": _geojson_lines,
    ".gpkg": _gpkg,
    ".fgb": _flatgeobuf,
}


def _by_content(path: Path) -> Opener:
    with Stream(path) as stream:
        start = stream.read(4096)
    if start.startswith(b"SQLite format 3"):
        return _gpkg
    if start.startswith(b"fgb"):
        return _flatgeobuf
    if start.lstrip(b"\xef\xbb\xbf\x1e \r\n\t").startswith(b"{"):
        return _geojson
    raise UnreadableFile(f"{path.name} is of no format that can be imported. Known are {READ}.")

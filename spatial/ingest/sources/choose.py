"""Which reader a file needs, by its name and then by its first bytes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import orjson

from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.archive import unpacked
from spatial.ingest.sources.delimited import DelimitedSource
from spatial.ingest.sources.features import FEATURE_TYPE
from spatial.ingest.sources.geojson import GeoJsonLinesSource, GeoJsonSource
from spatial.ingest.sources.jsonrows import JsonRowsSource
from spatial.ingest.sources.ogr import FLATGEOBUF, GPKG, OgrSource
from spatial.ingest.sources.osm import OsmSource
from spatial.ingest.sources.parquet import ParquetSource
from spatial.ingest.sources.shapefile import open_shapefile
from spatial.ingest.sources.stream import Stream, bare_suffix
from spatial.ingest.sources.workbook import WorkbookSource
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
    if path.suffix.lower() != ".zip":
        yield _opened(path, options)
        return
    with unpacked(path, asked=options.source_layer) as (file, name):
        # What was asked for was the data set, unless the data set itself holds layers.
        inner = options if file.suffix in {".gpkg", ".xlsx"} else replace(options, source_layer=None)
        source = _opened(file, inner)
        source.info.notes.insert(0, f"Read from {name} in the archive.")
        yield source


Opener = Callable[[Path, ImportOptions], Source]


def _opened(path: Path, options: ImportOptions) -> Source:
    try:
        return open_plain(path, options)
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror or error}.") from error


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


def _geojson(path: Path, options: ImportOptions) -> Source:
    """Tell a document from one feature a line: both are called .json and .geojson in practice."""
    with Stream(path) as stream:
        start = stream.read(1 << 16)
    lines = start.lstrip(b"\xef\xbb\xbf\x1e \r\n\t").splitlines()
    if len(lines) > 1 and COMPLETE_FEATURE.match(lines[0]) and lines[1].lstrip(b"\x1e").startswith(b"{"):
        return GeoJsonLinesSource(path)
    if len(lines) > 1 and _is_object(lines[0]) and lines[1].startswith(b"{"):
        return JsonRowsSource(path, options)
    return GeoJsonSource(path, options)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _json_lines(path: Path, options: ImportOptions) -> Source:
    """Tell features from plain objects, by the first line that is whole."""
    with Stream(path) as stream:
        for line in islice(stream.lines(), PEEKED_LINES):
            if FEATURE_TYPE.search(line):
                return GeoJsonLinesSource(path)
    return JsonRowsSource(path, options)


def _gpkg(path: Path, options: ImportOptions) -> Source:
    return OgrSource(path, GPKG, layer=options.source_layer)


def _shapefile(path: Path, options: ImportOptions) -> Source:
    return open_shapefile(path, encoding=options.encoding)


def _part_of_shapefile(path: Path, options: ImportOptions) -> Source:
    """Whoever names the .dbf means the shapefile beside it."""
    shapes = [one for one in (path.with_suffix(".shp"), path.with_suffix(".SHP")) if one.is_file()]
    if not shapes:
        raise UnreadableFile(f"{path.name} is a part of a shapefile, but there is no .shp beside it.")
    return _shapefile(shapes[0], options)


def _flatgeobuf(path: Path, options: ImportOptions) -> Source:
    return OgrSource(path, FLATGEOBUF, layer=options.source_layer)


OSM_XML: Final = re.compile(rb"<osm[\s>]")
PEEKED_LINES: Final = 100
COMPLETE_FEATURE: Final = re.compile(rb'\{.*"type"\s*:\s*"Feature"(?!Collection).*\}\s*$')

BY_SUFFIX: Final[dict[str, Opener]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".geojsonl": _json_lines,
    ".geojsons": _json_lines,
    ".ndjson": _json_lines,
    ".jsonl": _json_lines,
    ".gpkg": _gpkg,
    ".fgb": _flatgeobuf,
    ".shp": _shapefile,
    ".shx": _part_of_shapefile,
    ".dbf": _part_of_shapefile,
    ".prj": _part_of_shapefile,
    ".parquet": ParquetSource,
    ".geoparquet": ParquetSource,
    ".csv": DelimitedSource,
    ".tsv": DelimitedSource,
    ".txt": DelimitedSource,
    ".xlsx": WorkbookSource,
    ".xls": WorkbookSource,
    ".xlsm": WorkbookSource,
    ".ods": WorkbookSource,
    ".pbf": OsmSource,
    ".osm": OsmSource,
}


def _by_content(path: Path) -> Opener:
    with Stream(path) as stream:
        start = stream.read(4096)
    if start.startswith(b"SQLite format 3"):
        return _gpkg
    if start.startswith(b"fgb"):
        return _flatgeobuf
    if start.startswith(b"PAR1"):
        return ParquetSource
    if OSM_XML.search(start):
        return OsmSource
    if start.lstrip(b"\xef\xbb\xbf\x1e \r\n\t").startswith(b"{"):
        return _geojson
    raise UnreadableFile(f"{path.name} is of no format that can be imported. Known are {READ}.")

"""GeoJSON and GeoJSON text sequences (one feature a line, RFC 8142 or plain), gzipped or not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyproj
import shapely
from pyproj.exceptions import CRSError

from spatial.crs import WGS84
from spatial.ingest.errors import UnknownCrs, UnreadableFile
from spatial.ingest.project import horizontal
from spatial.ingest.sources.columns import NESTING_MAX, TOO_DEEP, is_too_deep, nests_too_deep, to_table
from spatial.ingest.sources.features import BOM, FeatureReader, Piece
from spatial.ingest.sources.stream import Stream
from spatial.ingest.types import (
    BATCH_ROWS,
    DeclaredCrs,
    Geometries,
    ImportOptions,
    Reason,
    Rejection,
    RowBatch,
    SourceInfo,
    TextKind,
)

# The geometry is cut out and given to GEOS as text: parsing its coordinates into Python floats costs more than all
# else together. Only geometries without nested objects; the slow way takes the rest.
GEOMETRY: Final = re.compile(rb'"geometry"\s*:\s*(\{[^{}]*\})')
PLACEHOLDER: Final = b"0"
RECORD_SEPARATOR: Final = b"\x1e"
RFC_7946: Final = DeclaredCrs(pyproj.CRS.from_epsg(WGS84), "RFC 7946 (GeoJSON is lon, lat degrees)", is_firm=False)


class Row(NamedTuple):
    """One feature, taken apart."""

    number: int
    geometry: bytes | None
    properties: dict[str, Any]
    id: str | None


class GeoJsonSource:
    """A FeatureCollection, a single Feature, or a bare geometry."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        self._path = path
        self._told = options.crs is not None
        self._single: Piece | None = None
        with Stream(path) as stream:
            reader = FeatureReader(stream)
            members = reader.members
            if reader.is_single:
                self._single, members = _only_feature(next(reader.pieces()), path)
            size = stream.size
        self._declared_text = _crs_member(members)
        self.info = SourceInfo(
            format="GeoJSON",
            row_meaning="feature in the file, counted from 1",
            text=TextKind.JSON,
            declared=RFC_7946 if self._told else _declared(self._declared_text),
            size=size,
        )

    def batches(self) -> Iterator[RowBatch]:
        """Yield the features in order, once.

        Raises
        ------
        UnknownCrs
            Another reference system is named behind the features than was taken for them.
        """
        with Stream(self._path) as stream:
            if self._single:
                yield from gather(iter([parse_feature(self._single)]), stream)
                return
            reader = FeatureReader(stream)
            yield from gather(map(parse_feature, reader.pieces()), stream)
        self._check_end(reader)

    def _check_end(self, reader: FeatureReader) -> None:
        late = _crs_member(reader.members)
        if late != self._declared_text and not self._told:
            # Too late: the rows before it were read otherwise.
            raise UnknownCrs(f"The file names its reference system behind its features ({late}). Add --crs {late}.")
        if not reader.was_closed:
            self.info.warnings.append("The file ends inside its list of features: it may have been cut off.")


class GeoJsonLinesSource:
    """One feature a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.info = SourceInfo(
            format="GeoJSONSeq",
            row_meaning="line in the file, counted from 1",
            text=TextKind.JSON,
            declared=RFC_7946,
            size=path.stat().st_size,
        )

    def batches(self) -> Iterator[RowBatch]:
        """Yield the features in order, once; blank lines are no rows."""
        with Stream(self._path) as stream:
            yield from gather(map(parse_feature, _pieces(stream)), stream)


def _pieces(stream: Stream) -> Iterator[Piece]:
    for number, line in enumerate(stream.lines(), start=1):
        text = line.removeprefix(BOM).lstrip(RECORD_SEPARATOR).strip()
        if text:
            yield Piece(number, text)


def _only_feature(piece: Piece, path: Path) -> tuple[Piece, dict[str, Any]]:
    """Take a document without features as one feature or one geometry; it can be nothing else."""
    try:
        document = orjson.loads(piece.text.strip())
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(f"{path.name} is not readable JSON: {error}.") from error
    if nests_too_deep(document):
        raise UnreadableFile(f"{path.name} cannot be read. {TOO_DEEP}")
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return piece, document
    if kind in GEOMETRY_TYPES:
        wrapped: dict[str, Any] = {"type": "Feature", "properties": {}, "geometry": document}
        return Piece(1, orjson.dumps(wrapped)), document
    raise UnreadableFile(f"{path.name} is JSON but not GeoJSON: it has no list of features.")


GEOMETRY_TYPES: Final = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)


def parse_feature(piece: Piece) -> Row | Rejection:
    """Take a feature apart, or say why it is none."""
    text = piece.text
    cut = GEOMETRY.search(text)
    try:
        if cut:
            feature = orjson.loads(text[: cut.start(1)] + PLACEHOLDER + text[cut.end(1) :])
            if isinstance(feature, dict) and feature.get("geometry") == 0:
                return _row(piece, feature, cut.group(1))
        feature = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if is_too_deep(error):
            return Rejection(piece.number, Reason.TOO_DEEP, TOO_DEEP, _shown(text))
        return Rejection(piece.number, Reason.BAD_JSON, f"Not readable as JSON: {_fault(text)}.", _shown(text))
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry and nests_too_deep(geometry):
        return Rejection(piece.number, Reason.TOO_DEEP, TOO_DEEP, _shown(text))
    return _row(piece, feature, orjson.dumps(geometry) if geometry else None)


def _fault(text: bytes) -> str:
    """Say where a text stops being JSON, counted in the text itself and not in what was cut out of it."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return str(error)
    return "it is cut in a place where a feature cannot end"


def _row(piece: Piece, feature: Any, geometry: bytes | None) -> Row | Rejection:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return Rejection(
            piece.number, Reason.BAD_JSON, 'Not a GeoJSON object of "type": "Feature".', _shown(piece.text)
        )
    properties = feature.get("properties")
    if properties is not None and not isinstance(properties, dict):
        return Rejection(piece.number, Reason.BAD_JSON, "Its properties are no JSON object.", _shown(piece.text))
    if piece.text.count(b"{") + piece.text.count(b"[") > NESTING_MAX and nests_too_deep(properties):
        return Rejection(piece.number, Reason.TOO_DEEP, TOO_DEEP, _shown(piece.text))
    source_id = feature.get("id")
    return Row(piece.number, geometry, properties or {}, None if source_id is None else str(source_id))


def gather(rows: Iterator[Row | Rejection], stream: Stream) -> Iterator[RowBatch]:
    """Collect features into batches and read their geometries."""
    good: list[Row] = []
    bad: list[Rejection] = []
    for row in rows:
        if isinstance(row, Row):
            good.append(row)
        else:
            bad.append(row)
        if len(good) + len(bad) >= BATCH_ROWS:
            yield _batch(good, bad, stream.position)
            good, bad = [], []
    if good or bad:
        yield _batch(good, bad, stream.position)


def _batch(rows: list[Row], bad: list[Rejection], position: int) -> RowBatch:
    geometries, unreadable = _geometries(rows)
    bad += unreadable.values()
    if unreadable:
        keep = [index for index in range(len(rows)) if index not in unreadable]
        rows, geometries = [rows[index] for index in keep], geometries[keep]
    ids = [row.id for row in rows]
    return RowBatch(
        rows=np.array([row.number for row in rows], dtype=np.int64),
        geometries=geometries,
        attributes=to_table([row.properties for row in rows]),
        source_ids=pa.array(ids, pa.string()) if any(one is not None for one in ids) else None,
        rejections=tuple(sorted(bad, key=lambda one: one.row)),
        position=position,
    )


def _geometries(rows: list[Row]) -> tuple[Geometries, dict[int, Rejection]]:
    """Read all geometries at once; those that GEOS refuses are asked again for the reason."""
    texts = np.array([row.geometry for row in rows], dtype=object)
    # 1e400 is infinite, which the cleaning tells; NumPy need not warn of it.
    with np.errstate(all="ignore"):
        geometries: Geometries = shapely.from_geojson(texts, on_invalid="ignore")
    unreadable = {}
    for index in (at for at, one in enumerate(geometries) if one is None and texts[at] is not None):
        row = rows[index]
        try:
            with np.errstate(all="ignore"):
                geometries[index] = shapely.from_geojson(row.geometry)
        except shapely.errors.GEOSException as error:
            message = f"The geometry cannot be read: {_reason(error)}."
            properties = row.properties | {"geometry": _shown(row.geometry or b"")}
            unreadable[index] = Rejection(row.number, Reason.BAD_GEOMETRY, message, properties)
    return geometries, unreadable


def _reason(error: Exception) -> str:
    return str(error).removeprefix("ParseException: ").rstrip(".")


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _crs_member(members: dict[str, Any]) -> str | None:
    """Return the name in a collection's ``crs`` member (GeoJSON 2008); None where there is none."""
    crs = members.get("crs")
    if not isinstance(crs, dict):
        return None
    properties = crs.get("properties")
    return str(properties["name"]) if isinstance(properties, dict) and "name" in properties else None


def _declared(name: str | None) -> DeclaredCrs:
    if name is None:
        return RFC_7946
    try:
        return DeclaredCrs(horizontal(pyproj.CRS.from_user_input(name)), f"its crs member ({name})")
    except CRSError as error:
        raise UnknownCrs(f"The file's crs member {name!r} is unknown to PROJ. Add --crs EPSG:n.") from error

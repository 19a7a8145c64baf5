"""GeoPackage, FlatGeobuf and shapefile, streamed through GDAL as Arrow batches."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError

from spatial.ingest.errors import ChooseSublayer, UnknownCrs, UnreadableFile
from spatial.ingest.project import horizontal
from spatial.ingest.sources.columns import kept, rows_at, unique_names
from spatial.ingest.sources.moments import moment_names, with_moments
from spatial.ingest.sources.wkb import from_wkb
from spatial.ingest.types import (
    BATCH_ROWS,
    DeclaredCrs,
    Reason,
    Rejection,
    RowBatch,
    SourceInfo,
    TextKind,
)

LATIN_1: Final = "ISO-8859-1"
"""Maps every byte to one character, so that GDAL hands the bytes of a .dbf through unharmed."""


@dataclass(frozen=True, slots=True)
class OgrFormat:
    """What differs between the formats that GDAL reads for us.

    Attributes
    ----------
    driver
        GDAL's name of the one driver that may read it.
    magic
        How every file of the format begins.
    keeps_ids
        Whether feature numbers mean something, or are mere positions.
    """

    name: str
    driver: str
    magic: bytes
    keeps_ids: bool = False


GPKG: Final = OgrFormat("GeoPackage", "GPKG", b"SQLite format 3\0", keeps_ids=True)
FLATGEOBUF: Final = OgrFormat("FlatGeobuf", "FlatGeobuf", b"fgb\x03fgb")
SHAPEFILE: Final = OgrFormat("ESRI Shapefile", "ESRI Shapefile", b"\0\0\x27\x0a")
SNIFFED: Final = 16
"""Bytes that are looked at; in all three formats one of them is NUL, where GDAL's search for words ends."""


class OgrSource:
    """One layer of a file that GDAL reads.

    Parameters
    ----------
    text_encoding
        How the bytes of texts are to be read; None where the format itself is UTF-8.
    """

    def __init__(
        self, path: Path, kind: OgrFormat, *, layer: str | None = None, text_encoding: str | None = None
    ) -> None:
        _check_start(path, kind)
        # Absolute, so that no name reads as an address ("http:...") of GDAL's.
        self._path = path.absolute()
        self._encoding = text_encoding
        self._kind = kind
        self._layer = _choose_layer(self._path, layer)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            about = _guarded(path, self._read_info)
        if about["driver"] != kind.driver:
            raise UnreadableFile(f"{path.name} is no {kind.name}: GDAL takes it for {about['driver']}.")
        self.info = SourceInfo(
            format=kind.name,
            row_meaning="feature in the file, counted from 1",
            text=TextKind.TYPED,
            declared=_declared(about["crs"], kind),
            source_layer=self._layer,
            encoding=text_encoding,
            size=about["features"] if about["features"] >= 0 else None,
        )
        self._moments = moment_names(about)
        self._hear(heard)

    def _read_info(self) -> Any:
        return pyogrio.read_info(self._path, layer=self._layer, force_feature_count=True, **self._options())

    def _options(self) -> dict[str, str]:
        return {"encoding": LATIN_1} if self._encoding else {}

    def _hear(self, heard: list[warnings.WarningMessage]) -> None:
        """Take what GDAL warns of into the report."""
        for one in heard:
            told = f"GDAL: {one.message}"
            if told not in self.info.warnings:
                self.info.warnings.append(told)

    def batches(self) -> Iterator[RowBatch]:
        """Yield the features in order, once.

        Raises
        ------
        UnreadableFile
            The file is damaged.
        """
        read = 0
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                with pyogrio.open_arrow(
                    self._path,
                    layer=self._layer,
                    return_fids=True,
                    batch_size=BATCH_ROWS,
                    use_pyarrow=True,
                    datetime_as_string=True,
                    **self._options(),
                ) as (about, reader):
                    for batch in reader:
                        yield self._batch(batch, about, read)
                        read += batch.num_rows
            except (DataSourceError, DataLayerError, pa.ArrowException, OSError) as error:
                raise UnreadableFile(f"{self._path.name} is damaged after row {read}: {error}") from error
        self._hear(heard)
        if self.info.size is not None and read != self.info.size:
            self.info.warnings.append(f"The file announces {self.info.size} features but gives {read}.")

    def _batch(self, batch: pa.RecordBatch, about: dict[str, Any], before: int) -> RowBatch:
        table = pa.Table.from_batches([batch])
        geometry_name, fid_name = about["geometry_name"] or "wkb_geometry", about["fid_column"]
        rows = np.arange(before + 1, before + 1 + batch.num_rows, dtype=np.int64)
        fids = table.column(fid_name).combine_chunks() if fid_name in table.column_names else None
        attributes = table.drop_columns([one for one in (geometry_name, fid_name) if one in table.column_names])
        attributes = with_moments(_without_binary(attributes, self.info), self._moments)
        attributes, bad_texts = self._decoded(attributes)
        wkb = table.column(geometry_name) if geometry_name in table.column_names else pa.nulls(batch.num_rows)
        geometries, unreadable = from_wkb(wkb.to_pylist())
        problems = {index: (Reason.BAD_GEOMETRY, message) for index, message in unreadable.items()} | bad_texts
        good = np.ones(len(rows), dtype=bool)
        good[list(problems)] = False
        rejections = [
            Rejection(
                int(rows[index]),
                *problems[index],
                rows_at(attributes, [index])[0],
                wkt=_wkt(geometries[index]),
            )
            for index in sorted(problems)
        ]
        mask = pa.array(good)
        return RowBatch(
            rows=rows[good],
            geometries=geometries[good],
            attributes=kept(attributes, good),
            source_ids=fids.filter(mask).cast(pa.string()) if fids is not None and self._kind.keeps_ids else None,
            rejections=tuple(rejections),
            position=before + batch.num_rows,
        )

    def _decoded(self, attributes: pa.Table) -> tuple[pa.Table, dict[int, tuple[Reason, str]]]:
        """Read texts from their bytes, strictly; rows where that fails are told, never garbled."""
        problems: dict[int, tuple[Reason, str]] = {}
        for position, name in enumerate(attributes.column_names):
            column = attributes.column(position)
            if pa.types.is_string(column.type):
                texts = _strict(column.combine_chunks(), self._encoding, problems)
                attributes = attributes.set_column(position, name, texts)
        if self._encoding is not None:
            names = [_decode_name(name, self._encoding) for name in attributes.column_names]
            attributes = attributes.rename_columns(unique_names(names))
        return attributes, problems


def _check_start(path: Path, kind: OgrFormat) -> None:
    """Refuse whatever is not of the format before GDAL sees it.

    GDAL chooses a driver by content, and some of its text formats (VRT, WFS, OAPIF) name other files and addresses
    to be read: a file of such text must not get there under any name.
    """
    with path.open("rb") as file:
        start = file.read(SNIFFED)
    if not start.startswith(kind.magic) or b"\0" not in start:
        raise UnreadableFile(f"{path.name} is no {kind.name}: it does not begin like one.")
    if "!" in str(path.absolute()):
        raise UnreadableFile(
            f'{path.name} cannot be read, as GDAL takes "!" for an archive: rename the file or folder.'
        )


def _choose_layer(path: Path, asked: str | None) -> str:
    available = _guarded(path, lambda: [str(name) for name, _ in pyogrio.list_layers(path)])
    spatial = [str(name) for name, kind in _guarded(path, lambda: list(pyogrio.list_layers(path))) if kind is not None]
    if asked is not None:
        if asked not in available:
            raise ChooseSublayer(available, asked=asked)
        return asked
    # Tables without geometry lie beside the layers in many GeoPackages and are not meant.
    choice = spatial or available
    if not choice:
        raise UnreadableFile(f"{path.name} holds no layer.")
    if len(choice) > 1:
        raise ChooseSublayer(choice)
    return choice[0]


def _guarded(path: Path, read: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except (DataSourceError, DataLayerError, pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error}") from error


def _declared(crs: str | None, kind: OgrFormat) -> DeclaredCrs | None:
    if not crs:
        return None
    try:
        parsed = pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise UnknownCrs(
            f"The file's own reference system is unknown to PROJ ({crs[:80]}). Add --crs EPSG:n."
        ) from error
    if parsed.is_engineering or not (horizontal(parsed).is_geographic or horizontal(parsed).is_projected):
        # GeoPackage's "undefined" systems say nothing.
        return None
    return DeclaredCrs(horizontal(parsed), "its .prj" if kind is SHAPEFILE else "the file")


def _without_binary(attributes: pa.Table, info: SourceInfo) -> pa.Table:
    for one in attributes.schema:
        if pa.types.is_binary(one.type) or pa.types.is_large_binary(one.type):
            attributes = attributes.drop_columns([one.name])
            told = f"The field {one.name!r} holds binary data and was left out."
            if told not in info.notes:
                info.notes.append(told)
    return attributes


def _strict(column: pa.Array, encoding: str | None, problems: dict[int, tuple[Reason, str]]) -> pa.Array:
    """Decode one column; ASCII, the most common case, needs no work."""
    raw = column.cast(pa.binary())
    if encoding is None:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            return pa.array(list(_decoded_values(raw.to_pylist(), "utf-8", problems)), pa.string())
        return column
    if pc.all(pc.string_is_ascii(column)).as_py() is not False:
        return column
    bytes_of = (None if one is None else one.decode("utf-8").encode("latin-1") for one in raw.to_pylist())
    return pa.array(list(_decoded_values(bytes_of, encoding, problems)), pa.string())


def _decoded_values(values: Any, encoding: str, problems: dict[int, tuple[Reason, str]]) -> Iterator[str | None]:
    for index, value in enumerate(values):
        if value is None:
            yield None
            continue
        try:
            yield value.decode(encoding)
        except UnicodeDecodeError as error:
            shown = value.decode(encoding, "replace")
            problems.setdefault(index, (Reason.BAD_TEXT, f"Not readable as {encoding}: {shown!r} ({error.reason})."))
            yield shown


def _decode_name(name: str, encoding: str) -> str:
    """Decode a name; one of ten bytes may end inside a character, and what is left of that goes."""
    return name.encode("latin-1", "ignore").decode(encoding, "ignore")


def _wkt(geometry: shapely.Geometry | None) -> str | None:
    return None if geometry is None else shapely.to_wkt(geometry, rounding_precision=-1)

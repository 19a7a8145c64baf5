"""OpenStreetMap extracts: .osm.pbf, .osm and .osm.gz, as points, lines or polygons."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import osmium
import pyarrow as pa
import pyproj
from osmium.filter import EmptyTagFilter

from spatial.crs import WGS84
from spatial.errors import InvalidInput
from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.columns import to_table
from spatial.ingest.sources.osm_tags import COLUMN_SET, COLUMNS, is_area
from spatial.ingest.sources.stream import GZIP_MAGIC
from spatial.ingest.sources.wkb import from_wkb
from spatial.ingest.types import (
    BATCH_ROWS,
    DeclaredCrs,
    ImportOptions,
    Part,
    Reason,
    Rejection,
    RowBatch,
    SourceInfo,
    TextKind,
)

ATTRIBUTION: Final = "© OpenStreetMap contributors, ODbL"
UNCLOSED: Final = "its rings do not close, or parts of it are missing from the file."
PBF_START: Final = re.compile(rb"\0\0..\x0a\x09OSMHeader", re.DOTALL)
"""The length of the first block's header, then its type."""
AREA_RELATIONS: Final = frozenset({"multipolygon", "boundary"})


class OsmSource:
    """The tagged objects of one dimension in an OSM extract."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        if options.part is None:
            raise InvalidInput(
                "An OSM file holds points, lines and polygons together, and a layer holds one kind. "
                "Choose with --part points, --part lines or --part polygons, and narrow it down with "
                "--where building or --where highway=primary.",
                field="part",
            )
        # Absolute, so that no name reads as an address of osmium's.
        self._path = path.absolute()
        _format(self._path)
        self._part = options.part
        self._where = _condition(options.where)
        self._wkb = osmium.geom.WKBFactory()
        self._awaited: dict[str, dict[str, str]] = {}
        self.info = SourceInfo(
            format="OpenStreetMap",
            row_meaning="number of the OSM node, way or relation",
            text=TextKind.TYPED,
            declared=DeclaredCrs(pyproj.CRS.from_epsg(WGS84), "OpenStreetMap"),
            source_layer=options.part.value,
            attribution=ATTRIBUTION,
            drop_empty=True,
        )
        self.info.notes.append("Relations other than multipolygons and boundaries (routes, sites) were left out.")

    def batches(self) -> Iterator[RowBatch]:
        """Yield the objects in the file's order, once.

        Raises
        ------
        UnreadableFile
            The file is damaged.
        """
        taken: list[tuple[str, Any, dict[str, str]]] = []
        count = 0
        try:
            for feature in self._features():
                taken.append(feature)
                if len(taken) == BATCH_ROWS:
                    count += len(taken)
                    yield self._batch(taken, position=count)
                    taken = []
        except RuntimeError as error:
            raise UnreadableFile(f"{self._path.name} is damaged or no OSM file: {error}") from error
        taken += [(name, UNCLOSED, tags) for name, tags in self._awaited.items()]
        if taken:
            yield self._batch(taken, position=count + len(taken))

    def _features(self) -> Iterator[tuple[str, Any, dict[str, str]]]:
        """Yield name, geometry (WKB, or a sentence why not) and tags of each wanted object."""
        objects: Any = osmium.FileProcessor(osmium.io.File(str(self._path), _format(self._path)))
        if self._part is Part.LINES:
            objects = objects.with_locations()
        elif self._part is Part.POLYGONS:
            objects = objects.with_areas(EmptyTagFilter())
        for one in objects.with_filter(EmptyTagFilter()):
            tags = dict(one.tags)
            if not self._wants(tags):
                continue
            if self._part is Part.POINTS:
                if one.is_node():
                    yield f"node/{one.id}", self._geometry(self._wkb.create_point, one), tags
            elif self._part is Part.LINES:
                if one.is_way() and not (one.is_closed() and is_area(tags)):
                    yield f"way/{one.id}", self._geometry(self._wkb.create_linestring, one), tags
            else:
                yield from self._area(one, tags)

    def _area(self, one: Any, tags: dict[str, str]) -> Iterator[tuple[str, Any, dict[str, str]]]:
        """Yield an area; remember what should become one, so that a ring that never closes is told."""
        if one.is_area():
            name = f"{'way' if one.from_way() else 'relation'}/{one.orig_id()}"
            if self._awaited.pop(name, None) is not None:
                yield name, self._geometry(self._wkb.create_multipolygon, one), tags
        elif one.is_way():
            if one.is_closed() and is_area(tags):
                self._awaited[f"way/{one.id}"] = tags
        elif one.is_relation() and tags.get("type") in AREA_RELATIONS:
            self._awaited[f"relation/{one.id}"] = tags

    def _wants(self, tags: dict[str, str]) -> bool:
        key, value = self._where
        return key is None or (key in tags and value in {None, tags[key]})

    @staticmethod
    def _geometry(create: Any, one: Any) -> bytes | str:
        try:
            return bytes.fromhex(create(one))
        except (RuntimeError, osmium.InvalidLocationError) as error:
            return f"The geometry cannot be put together: {error}."

    def _batch(self, taken: list[tuple[str, Any, dict[str, str]]], *, position: int) -> RowBatch:
        good = [one for one in taken if isinstance(one[1], bytes)]
        rejections = tuple(
            Rejection(_number(name), Reason.BAD_GEOMETRY, f"{name}: {problem}", tags)
            for name, problem, tags in taken
            if isinstance(problem, str)
        )
        geometries, _ = from_wkb([wkb for _, wkb, _ in good])
        return RowBatch(
            rows=np.array([_number(name) for name, *_ in good], dtype=np.int64),
            geometries=geometries,
            attributes=to_table([_row(tags) for *_, tags in good], names=[*COLUMNS, "tags"]),
            source_ids=pa.array([name for name, *_ in good], pa.string()),
            rejections=rejections,
            position=position,
        )


def _condition(where: str | None) -> tuple[str | None, str | None]:
    if where is None:
        return None, None
    key, equals, value = where.partition("=")
    if not key.strip() or (equals and not value.strip()):
        raise InvalidInput("--where takes a key or key=value, such as building or highway=primary.", field="where")
    return key.strip(), value.strip() or None


def _format(path: Path) -> str:
    """Say the format ourselves, as osmium knows fewer names than people use."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(GZIP_MAGIC):
        return "osm.gz"
    if start.startswith(b"BZh"):
        return "osm.bz2"
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return "osm"
    if PBF_START.match(start):
        return "pbf"
    raise UnreadableFile(f"{path.name} is no OSM file: it does not begin like one.")


def _row(tags: dict[str, str]) -> dict[str, Any]:
    rest = {key: value for key, value in tags.items() if key not in COLUMN_SET}
    return tags | {"tags": orjson.dumps(rest).decode() if rest else None}


def _number(name: str) -> int:
    return int(name.partition("/")[2])

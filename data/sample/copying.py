"""Rows as the text that COPY reads, geometry as EWKB in hexadecimal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import shapely

from data.sample.lattice import Floats, to_degrees
from data.sample.rows import (
    AddressRow,
    BuildingRow,
    EstateRow,
    GridRow,
    NodeRow,
    ParcelRow,
    RegionLegalRow,
    RegionManagedRow,
    RoadRow,
    SegmentRow,
)
from spatial.crs import CGCS2000

RECORDED: Final = "[2026-01-01 00:00:00+08,)"
"""When the sample is said to have been recorded: the same for every row, so that loading twice gives the same rows."""

_POINT: Final = 0x20000001
_POINT_Z: Final = 0xA0000001
_LINE_Z: Final = 0xA0000002
_HEAD: Final = [("order", "u1"), ("type", "<u4"), ("srid", "<u4")]

Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A table that rows of one class go to.

    Attributes
    ----------
    table
        Name in the schema city.
    columns
        The row's leading fields, which are columns as they are.
    encode
        Turns the rows' geometry into EWKB.
    """

    table: str
    columns: tuple[str, ...]
    encode: Callable[[Rows], list[str]]

    @property
    def statement(self) -> str:
        """The COPY statement whose input :func:`to_text` writes."""
        return f"COPY city.{self.table} ({', '.join(self.columns)}, valid, recorded, geom) FROM STDIN"


def to_text(target: Target, rows: Rows) -> bytes:
    """Return rows as COPY text; no value of the sample holds a tab, a newline or a backslash."""
    count = len(target.columns)
    lines = []
    for row, geom in zip(rows, target.encode(rows), strict=True):
        values = [value if type(value) is str else "\\N" if value is None else str(value) for value in row[:count]]
        lines.append("\t".join([*values, f"[{row[count]} 00:00:00+08,)", RECORDED, geom]))
    lines.append("")
    return "\n".join(lines).encode()


def _points(rows: Sequence[AddressRow]) -> list[str]:
    places = to_degrees(np.array([row[-2:] for row in rows], dtype=np.float64))
    return _packed(_POINT, {"x": places[:, 0], "y": places[:, 1]})


def _points_z(rows: Sequence[NodeRow]) -> list[str]:
    numbers = np.array([row[-3:] for row in rows], dtype=np.float64)
    places = to_degrees(numbers[:, :2])
    return _packed(_POINT_Z, {"x": places[:, 0], "y": places[:, 1], "z": numbers[:, 2]})


def _lines_z(rows: Sequence[SegmentRow]) -> list[str]:
    numbers = np.array([row[-6:] for row in rows], dtype=np.float64)
    ends = [to_degrees(numbers[:, 0:2]), to_degrees(numbers[:, 3:5])]
    fields: dict[str, Floats] = {}
    for name, place, height in (("start", ends[0], numbers[:, 2]), ("end", ends[1], numbers[:, 5])):
        fields |= {f"{name}_x": place[:, 0], f"{name}_y": place[:, 1], f"{name}_z": height}
    return _packed(_LINE_Z, fields, points=2)


def _packed(kind: int, fields: dict[str, Floats], points: int | None = None) -> list[str]:
    """Pack coordinates into EWKB, one geometry a record, and cut the hexadecimal digits apart."""
    counted = [("points", "<u4")] if points else []
    size = len(next(iter(fields.values())))
    records = np.zeros(size, dtype=[*_HEAD, *counted, *((name, "<f8") for name in fields)])
    records["order"], records["type"], records["srid"] = 1, kind, CGCS2000
    if points:
        records["points"] = points
    for name, values in fields.items():
        records[name] = values
    digits, width = records.tobytes().hex(), 2 * records.dtype.itemsize
    return [digits[start : start + width] for start in range(0, len(digits), width)]


def _shapes(rows: Rows) -> list[str]:
    """Encode geometry that lies in metres."""
    return _hex(shapely.transform(np.array([row.geom for row in rows]), to_degrees))


def _multi_shapes(rows: Rows) -> list[str]:
    moved = shapely.transform(np.array([row.geom for row in rows]), to_degrees)
    return _hex(np.array([_multi(geom) for geom in moved]))


def _degrees(rows: Rows) -> list[str]:
    """Encode geometry that lies in degrees."""
    return _hex(np.array([row.geom for row in rows]))


def _multi_degrees(rows: Rows) -> list[str]:
    return _hex(np.array([_multi(row.geom) for row in rows]))


def _multi(geom: Any) -> Any:
    return shapely.MultiPolygon([geom]) if isinstance(geom, shapely.Polygon) else geom


def _hex(geoms: Any) -> list[str]:
    digits: list[str] = shapely.to_wkb(shapely.set_srid(geoms, CGCS2000), hex=True, include_srid=True).tolist()
    return digits


def _target(table: str, row: Any, tail: int, encode: Callable[[Any], list[str]]) -> Target:
    """Describe a table; ``tail`` counts the row's last fields that are no columns: since, and the geometry's."""
    return Target(table, row._fields[:-tail], encode)


TARGETS: Final = MappingProxyType(
    {
        "region_legal": _target("region_legal", RegionLegalRow, 2, _multi_degrees),
        "region_managed": _target("region_managed", RegionManagedRow, 2, _multi_degrees),
        "grids": _target("grid", GridRow, 2, _degrees),
        "roads": _target("road", RoadRow, 2, _shapes),
        "estates": _target("estate", EstateRow, 2, _multi_shapes),
        "buildings": _target("building", BuildingRow, 2, _shapes),
        "parcels": _target("parcel", ParcelRow, 2, _shapes),
        "addresses": _target("address", AddressRow, 3, _points),
        "nodes": _target("pipe_node", NodeRow, 4, _points_z),
        "segments": _target("pipe_segment", SegmentRow, 7, _lines_z),
    }
)
"""Tables by the name of their rows in an area."""

"""The attribute table of a shapefile (dBASE III), written field by field.

GDAL's own writer knows neither GBK nor numbers beyond 24 digits, and leaves the width of texts to chance.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spatial.catalogue.types import FieldType
from spatial.export.columns import Column
from spatial.export.errors import TooLarge
from spatial.export.types import Encoding

NAME_BYTES: Final = 10
TEXT_BYTES: Final = 254
RECORD_BYTES: Final = 65_535
FIELDS: Final = 255
SAFE_DIGITS: Final = 18
"""Whole numbers of more digits are read as floating point by most programs."""
LANGUAGE_DRIVER: Final = {Encoding.UTF8: 0x00, Encoding.GBK: 0x4D}
"""Byte 29 of the header, for programs that do not read the .cpg file."""
KIND: Final = {
    FieldType.STRING.value: b"C",
    FieldType.INTEGER.value: b"N",
    FieldType.NUMBER.value: b"N",
    FieldType.BOOLEAN.value: b"L",
    FieldType.DATE.value: b"D",
    FieldType.DATETIME.value: b"C",
    FieldType.ARRAY.value: b"C",
}
LEAST_WIDTH: Final[Mapping[str, int]] = {
    FieldType.STRING.value: 30,
    FieldType.INTEGER.value: 9,
    FieldType.NUMBER.value: 15,
    FieldType.BOOLEAN.value: 1,
    FieldType.DATE.value: 8,
}
"""Room for what the user may still write into the field, whatever the widest value of today is."""
MISSING: Final = {b"L": b"?"}


@dataclass(slots=True)
class DbfField:
    """One field, and what its values need; every value must have passed :meth:`cells` before the header is written.

    Attributes
    ----------
    width
        Bytes of the widest value, and room for what may come.
    decimals
        Digits after the point that the header promises; numbers have at least one, or they would be read as whole.
    cut, replaced, absent, long_numbers
        Values that were shortened, had characters the encoding lacks, had no form at all, or may lose digits.
    """

    column: Column
    name: bytes
    encoding: Encoding
    width: int = 1
    cut: int = 0
    replaced: int = 0
    absent: int = 0
    long_numbers: int = 0
    kind: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.kind = KIND[self.column.type]
        self.width = LEAST_WIDTH.get(self.column.type, 1)

    @property
    def decimals(self) -> int:
        """Digits after the point, nominal: the value's own point counts."""
        return min(15, self.width - 2) if self.column.type == FieldType.NUMBER else 0

    def cells(self, values: pa.Array) -> pa.Array:
        """Return one column as the bytes of its cells, not yet padded."""
        cells = [self._cell(value) for value in _plain(values)]
        self.width = max(self.width, max(map(len, cells), default=0))
        return pa.array(cells, pa.binary())

    def _cell(self, value: Any) -> bytes:
        if value is None:
            return MISSING.get(self.kind, b"")
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bool):
            return b"T" if value else b"F"
        if isinstance(value, date):
            return value.strftime("%Y%m%d").rjust(8, "0").encode()
        return self._number(value)

    def _number(self, value: float) -> bytes:
        if isinstance(value, float) and not np.isfinite(value):
            self.absent += 1
            return b""
        text = repr(value).encode()
        if isinstance(value, int) and len(text.lstrip(b"-")) > SAFE_DIGITS:
            self.long_numbers += 1
        return text

    def _text(self, value: str) -> bytes:
        try:
            encoded = value.encode(self.encoding)
        except UnicodeEncodeError:
            self.replaced += 1
            encoded = value.encode(self.encoding, "replace")
        # The format ends a text with NUL.
        encoded = encoded.replace(b"\0", b" ")
        if len(encoded) <= TEXT_BYTES:
            return encoded
        self.cut += 1
        return cut_at_character(encoded, TEXT_BYTES, self.encoding)


def cut_at_character(encoded: bytes, most: int, encoding: str) -> bytes:
    """Shorten a text to some bytes, without cutting a character in two.

    >>> cut_at_character("长江中路".encode("gbk"), 5, "gbk").decode("gbk")
    '长江'
    """
    return encoded[:most].decode(encoding, "ignore").encode(encoding)


def short_names(names: Iterable[str], encoding: Encoding) -> list[bytes]:
    """Return a field name of at most ten bytes for each name, no two alike whatever the case.

    >>> short_names(["built_year", "built_year_source", "建筑物名称"], Encoding.UTF8)[1]
    b'built_ye_1'
    """
    taken: set[bytes] = set()
    short = []
    for name in names:
        encoded = name.encode(encoding, "replace").replace(b"\0", b"_")
        candidate, number = cut_at_character(encoded, NAME_BYTES, encoding), 0
        while candidate.upper() in taken or not candidate:
            number += 1
            suffix = f"_{number}".encode()
            candidate = cut_at_character(encoded, NAME_BYTES - len(suffix), encoding) + suffix
        taken.add(candidate.upper())
        short.append(candidate)
    return short


def check_fields(fields: Sequence[DbfField]) -> None:
    """See that a table can have these fields.

    Raises
    ------
    TooLarge
        There are too many, or their texts are too long together.
    """
    if len(fields) > FIELDS:
        raise TooLarge(f"A shapefile has at most {FIELDS} fields, and {len(fields)} are asked for. Choose properties.")
    record = record_bytes(fields)
    if record > RECORD_BYTES:
        raise TooLarge(
            f"A row of a shapefile has at most {RECORD_BYTES:,} bytes, and these fields need {record:,}."
            " Choose fewer properties, or another format."
        )


def record_bytes(fields: Sequence[DbfField]) -> int:
    """Return how many bytes a row takes."""
    return 1 + sum(one.width for one in fields)


def write_dbf(
    path: Path, fields: Sequence[DbfField], rows: int, tables: Iterable[pa.RecordBatch], changed_on: date
) -> None:
    """Write the table.

    Parameters
    ----------
    tables
        The cells of :meth:`DbfField.cells`, one column for each field.
    changed_on
        Date in the header, that of the content.
    """
    with path.open("wb") as file:
        _write_header(file, fields, rows, changed_on)
        for table in tables:
            file.write(_records(fields, table))
        file.write(b"\x1a")


def _write_header(file: IO[bytes], fields: Sequence[DbfField], rows: int, changed_on: date) -> None:
    driver = LANGUAGE_DRIVER[fields[0].encoding]
    size = 32 + 32 * len(fields) + 1
    day = (changed_on.year - 1900, changed_on.month, changed_on.day)
    file.write(struct.pack("<4BIHH17xB2x", 0x03, *day, rows, size, record_bytes(fields), driver))
    for one in fields:
        file.write(struct.pack("<11sc4xBB14x", one.name, one.kind, one.width, one.decimals))
    file.write(b"\r")


def _records(fields: Sequence[DbfField], table: pa.RecordBatch) -> bytes:
    """Pad the cells to their widths and lay them side by side."""
    blocks: list[NDArray[np.uint8]] = [np.full((table.num_rows, 1), ord(" "), np.uint8)]
    for one, column in zip(fields, table.columns, strict=True):
        pad = bytes.rjust if one.kind == b"N" else bytes.ljust
        joined = b"".join([pad(cell, one.width) for cell in column.to_pylist()])
        blocks.append(np.frombuffer(joined, np.uint8).reshape(table.num_rows, one.width))
    return np.hstack(blocks).tobytes()


def _plain(values: pa.Array) -> list[Any]:
    """Return Python values; moments as text, days only where Python knows them."""
    if pa.types.is_timestamp(values.type):
        return [None if text is None else _moment(text) for text in pc.cast(values, pa.string()).to_pylist()]
    if pa.types.is_date(values.type):
        days = pc.cast(values, pa.int32())
        known = pc.and_(pc.greater_equal(days, date.min.toordinal() - EPOCH), pc.less_equal(days, LAST_DAY))
        return list(pc.if_else(known, values, None).to_pylist())
    return list(values.to_pylist())


EPOCH: Final = date(1970, 1, 1).toordinal()
LAST_DAY: Final = date.max.toordinal() - EPOCH


def _moment(text: str) -> str:
    """Return ``2024-01-01T08:00:00.5Z`` for ``2024-01-01 08:00:00.500000Z``."""
    head = text.rstrip("Z").replace(" ", "T")
    return (head.rstrip("0").rstrip(".") if "." in head else head) + "Z"

"""Excel workbooks: the first row with several cells is the header."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from spatial.ingest.errors import ChooseSublayer, UnreadableFile
from spatial.ingest.sources.archive import check_unpacked_size
from spatial.ingest.sources.columns import to_array, unique_names
from spatial.ingest.sources.tabular import choose_columns, located_batch
from spatial.ingest.types import BATCH_ROWS, ImportOptions, RowBatch, SourceInfo, TextKind

HEADER_ROWS_MAX: Final = 20
"""Titles and remarks may stand above the header, but not more of them than this."""
WORKBOOK_MAX: Final = 4 << 30
"""Bytes of a workbook's parts, unpacked: a full sheet of a million rows has about one gigabyte."""
EXACT: Final = 2**53
"""Excel keeps every number as a double; up to here whole ones are exact."""


class WorkbookSource:
    """One sheet of a workbook. Excel's format must be read whole: about 1 kB of memory for each row."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        check_unpacked_size(path, WORKBOOK_MAX)
        try:
            workbook = CalamineWorkbook.from_path(str(path))
            name = _sheet(workbook, options.source_layer)
            self._sheet = workbook.get_sheet_by_name(name)
        except CalamineError as error:
            raise UnreadableFile(f"{path.name} cannot be read as a workbook: {error}") from error
        rows = self._sheet.iter_rows()
        self._header, cells = _header(rows, path)
        self._names = unique_names([str(one) for one in cells])
        self._columns = choose_columns(self._names, options)
        self.info = SourceInfo(
            format="XLSX",
            row_meaning="row of the sheet, as Excel numbers it",
            text=TextKind.JSON,
            declared=self._columns.declared,
            source_layer=name,
            size=self._sheet.height,
        )
        self.info.notes.append(f"Coordinates are read from {', '.join(self._columns.names)}.")

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows in order, once; blank rows are no rows."""
        numbers: list[int] = []
        taken: list[Sequence[Any]] = []
        for number, cells in enumerate(self._sheet.iter_rows(), start=1):
            if number <= self._header or all(one in ("", None) for one in cells):
                continue
            numbers.append(number)
            taken.append(cells)
            if len(taken) == BATCH_ROWS:
                yield self._batch(numbers, taken)
                numbers, taken = [], []
        if taken:
            yield self._batch(numbers, taken)

    def _batch(self, numbers: list[int], taken: list[Sequence[Any]]) -> RowBatch:
        width = len(self._names)
        cells = [[_value(row[at]) if at < len(row) else None for row in taken] for at in range(width)]
        table = pa.Table.from_arrays([to_array(column) for column in cells], names=self._names)
        columns = dict(zip(self._names, cells, strict=True))
        located = self._columns.locate({name: columns[name] for name in self._columns.names})
        rows = np.array(numbers, dtype=np.int64)
        return located_batch(rows, located, table.drop_columns(self._columns.consumed), position=numbers[-1])


def _sheet(workbook: CalamineWorkbook, asked: str | None) -> str:
    names = list(workbook.sheet_names)
    if asked is not None:
        if asked not in names:
            raise ChooseSublayer(names, asked=asked)
        return asked
    filled = [name for name in names if workbook.get_sheet_by_name(name).height]
    if len(filled) > 1:
        raise ChooseSublayer(filled)
    if not filled:
        raise UnreadableFile("The workbook has no rows.")
    return filled[0]


def _header(rows: Iterator[list[Any]], path: Path) -> tuple[int, list[Any]]:
    """Return the number of the header row, and its cells: the first row with more than one text."""
    for number, cells in enumerate(rows, start=1):
        if sum(isinstance(one, str) and bool(one.strip()) for one in cells) > 1:
            return number, cells
        if number == HEADER_ROWS_MAX:
            break
    raise UnreadableFile(f"{path.name} has no header row with names of columns.")


def _value(cell: Any) -> Any:
    """Return a cell's value: blank is none, and Excel's doubles are whole where they are."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)
    return str(cell) if isinstance(cell, timedelta) else cell

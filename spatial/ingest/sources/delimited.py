"""CSV and its relatives: any delimiter, any of the encodings that Chinese offices use, gzipped or not."""

import codecs
import csv
import io
import sys
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from spatial.errors import InvalidInput
from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.columns import unique_names
from spatial.ingest.sources.encoding import text_encoding
from spatial.ingest.sources.stream import Stream
from spatial.ingest.sources.tabular import choose_columns, located_batch
from spatial.ingest.types import BATCH_ROWS, ImportOptions, Reason, Rejection, RowBatch, SourceInfo, TextKind

DELIMITERS: Final = ",;\t|"
QUOTED_LINES_MAX: Final = 200
"""A quoted text of more lines than this is taken for a quote that was never closed."""
QUOTED_TEXT_MAX: Final = 64 << 20
"""The same by characters: what is looked ahead is held in memory."""
SURROGATES: Final = "surrogateescape"


class Record(NamedTuple):
    """One record and the line at which it begins."""

    line: int
    cells: list[str]


class DelimitedSource:
    """A text table with a header line."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        found = text_encoding(path, told=options.encoding)
        self._path = path
        self._codec = found.name
        csv.field_size_limit(sys.maxsize)
        with Stream(path) as stream:
            self._delimiter = _delimiter(next(self._lines(stream), ""))
        with Stream(path) as stream:
            header = next(self._records(stream, set()), None)
        if header is None or not any(header.cells):
            raise UnreadableFile(f"{path.name} has no header line.")
        if not all(map(_is_clean, header.cells)):
            raise UnreadableFile(
                f"The header line of {path.name} is not {self._codec}. Say what it is with --encoding."
            )
        self._names = unique_names(header.cells)
        self._columns = choose_columns(self._names, options)
        self.info = SourceInfo(
            format="CSV",
            row_meaning="line at which the row begins; the header is line 1",
            text=TextKind.UNTYPED,
            declared=self._columns.declared,
            encoding=found.name,
            size=path.stat().st_size,
        )
        self.info.notes.append(f"Texts are read as {found.name}: {found.why}.")
        if self._columns.names:
            self.info.notes.append(f"Coordinates are read from {', '.join(self._columns.names)}.")

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows in order, once; blank lines are no rows."""
        with Stream(self._path) as stream:
            broken: set[int] = set()
            records = self._records(stream, broken)
            next(records)
            while taken := list(islice(records, BATCH_ROWS)):
                yield self._batch(taken, broken, stream.position)

    def _batch(self, records: list[Record], broken: set[int], position: int) -> RowBatch:
        width = len(self._names)
        good: list[Record] = []
        bad: list[Rejection] = []
        for record in records:
            if record.line in broken:
                bad.append(
                    Rejection(record.line, Reason.BAD_TEXT, "A quote is opened and never closed.", record.cells[0])
                )
            elif len(record.cells) != width:
                told = f"The row has {len(record.cells)} cells, the header has {width}."
                bad.append(Rejection(record.line, Reason.COLUMN_COUNT, told, record.cells))
            elif not all(map(_is_clean, record.cells)):
                told = f"The row has bytes that are not {self._codec}."
                bad.append(Rejection(record.line, Reason.BAD_TEXT, told, [_shown(one) for one in record.cells]))
            else:
                good.append(record)
        cells = list(zip(*(record.cells for record in good), strict=True)) or [()] * width
        table = pa.table([pa.array(column, pa.string()) for column in cells], names=self._names)
        columns = dict(zip(self._names, cells, strict=True))
        located = self._columns.locate({name: columns[name] for name in self._columns.names})
        rows = np.array([record.line for record in good], dtype=np.int64)
        attributes = table.drop_columns(self._columns.consumed)
        return located_batch(rows, located, attributes, position=position, others=bad)

    def _lines(self, stream: Stream) -> Iterator[str]:
        """Yield lines; bytes that are not valid in the encoding become surrogates, to be told by row."""
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self._codec)(SURROGATES), translate=True)
        rest: list[str] = []
        length = 0
        while block := stream.read():
            # Not splitlines(): it also breaks at characters that may stand inside a cell.
            *lines, last = self._decoded(decoder, block).split("\n")
            for line in lines:
                yield "".join([*rest, line, "\n"])
                rest, length = [], 0
            rest.append(last)
            length += len(last)
            stream.check_line(length)
        rest.append(self._decoded(decoder, b"", final=True))
        yield from (line for line in "".join(rest).split("\n") if line)

    def _decoded(self, decoder: io.IncrementalNewlineDecoder, block: bytes, *, final: bool = False) -> str:
        try:
            return decoder.decode(block, final=final)
        except UnicodeError as error:
            # Wide encodings have faults that no surrogate can stand for, such as half a character at the end.
            raise InvalidInput(
                f"{self._path.name} is not {self._codec} ({error}). Say what it is with --encoding.", field="encoding"
            ) from error

    def _records(self, stream: Stream, broken: set[int]) -> Iterator[Record]:
        """Yield records; ``broken`` receives the lines whose quote is never closed."""
        lines = _Lines(self._lines(stream))
        width = 0
        while (line := lines.take()) is not None:
            number, more = lines.number, []
            if line.count('"') % 2:
                more = lines.until_closed()
                line = "".join([line, *more])
            cells = self._cells(line, strict=bool(more))
            if line.count('"') % 2 or (more and len(cells) != (width or len(cells))):
                # Never closed, or closed by the next broken row: only the first line is bad.
                line = line.removesuffix("".join(more))
                lines.put_back(more)
                broken.add(number)
                yield Record(number, [line.rstrip("\n")])
            elif any(map(str.strip, cells)):
                width = width or len(cells)
                yield Record(number, cells)

    def _cells(self, line: str, *, strict: bool) -> list[str]:
        """Split a record; none where it spans lines and its quotes stand where quotes cannot."""
        try:
            return next(csv.reader(io.StringIO(line, newline=""), delimiter=self._delimiter, strict=strict), [])
        except csv.Error:
            return []


class _Lines:
    """Lines with their numbers, that can be looked ahead."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._ahead: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        """Return the next line; None at the end."""
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        self.number += line is not None
        return line

    def until_closed(self) -> list[str]:
        """Take the lines up to the one that closes an open quote; take none where no line does."""
        length = 0
        for index in range(QUOTED_LINES_MAX):
            if index == len(self._ahead):
                line = next(self._lines, None)
                if line is None:
                    break
                self._ahead.append(line)
            length += len(self._ahead[index])
            if length > QUOTED_TEXT_MAX:
                break
            if self._ahead[index].count('"') % 2:
                self.number += index + 1
                return [self._ahead.popleft() for _ in range(index + 1)]
        return []

    def put_back(self, lines: list[str]) -> None:
        """Return lines to be taken again."""
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)


def _is_clean(cell: str) -> bool:
    """Tell whether a cell is free of surrogates, which stand for undecodable bytes."""
    if cell.isascii():
        return True
    try:
        cell.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(cell: str) -> str:
    return cell.encode("utf-8", SURROGATES).decode("utf-8", "replace")


def _delimiter(header: str) -> str:
    """Return the delimiter that occurs most in the header, outside quotes."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)

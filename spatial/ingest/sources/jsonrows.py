"""Plain JSON objects, one a line, with their coordinates in two of their members."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.columns import NESTING_MAX, TOO_DEEP, is_too_deep, nests_too_deep, to_table
from spatial.ingest.sources.stream import Stream
from spatial.ingest.sources.tabular import choose_columns, located_batch
from spatial.ingest.types import BATCH_ROWS, ImportOptions, Reason, Rejection, RowBatch, SourceInfo, TextKind

SAMPLE_LINES: Final = 100
"""Lines whose members are looked through for coordinates: not every object has all of them."""


class JsonRowsSource:
    """One object a line (.jsonl, .ndjson) that is no GeoJSON."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        self._path = path
        with Stream(path) as stream:
            sample = [_parse(number, line) for number, line in islice(_lines(stream), SAMPLE_LINES)]
        objects = [one for one in sample if isinstance(one, dict)]
        if not objects:
            raise UnreadableFile(f"{path.name} has no JSON objects in its first {SAMPLE_LINES} lines.")
        self._columns = choose_columns(list(dict.fromkeys(name for one in objects for name in one)), options)
        self.info = SourceInfo(
            format="JSON lines",
            row_meaning="line in the file, counted from 1",
            text=TextKind.JSON,
            declared=self._columns.declared,
            size=path.stat().st_size,
        )
        self.info.notes.append(f"Coordinates are read from {', '.join(self._columns.names)}.")

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows in order, once; blank lines are no rows."""
        with Stream(self._path) as stream:
            lines = _lines(stream)
            while taken := list(islice(lines, BATCH_ROWS)):
                yield self._batch([(number, _parse(number, line)) for number, line in taken], stream.position)

    def _batch(self, parsed: list[tuple[int, Any]], position: int) -> RowBatch:
        good = [(number, one) for number, one in parsed if isinstance(one, dict)]
        bad = [one for _, one in parsed if isinstance(one, Rejection)]
        objects = [one for _, one in good]
        located = self._columns.locate({name: [one.get(name) for one in objects] for name in self._columns.names})
        rows = np.array([number for number, _ in good], dtype=np.int64)
        table = to_table(objects)
        consumed = [name for name in self._columns.consumed if name in table.column_names]
        return located_batch(rows, located, table.drop_columns(consumed), position=position, others=bad)


def _lines(stream: Stream) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(stream.lines(), start=1):
        if text := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield number, text


def _parse(number: int, line: bytes) -> dict[str, Any] | Rejection:
    shown = line.decode("utf-8", "replace")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if is_too_deep(error):
            return Rejection(number, Reason.TOO_DEEP, TOO_DEEP, shown)
        return Rejection(number, Reason.BAD_JSON, f"Not readable as JSON: {error}.", shown)
    if line.count(b"{") + line.count(b"[") > NESTING_MAX and nests_too_deep(value):
        return Rejection(number, Reason.TOO_DEEP, TOO_DEEP, shown)
    return value if isinstance(value, dict) else Rejection(number, Reason.BAD_JSON, "Not a JSON object.", shown)

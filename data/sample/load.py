"""Loading the sample city into an empty database."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from data.sample.city import count_areas, make_areas
from data.sample.copying import TARGETS, Rows, to_text
from data.sample.faults import spoiled
from data.sample.regions import legal_rows, managed_rows
from data.sample.rows import Area
from data.sample.sizes import SampleSize
from spatial.errors import Conflict

Progress = Callable[[str, int, int], None]
"""Told the stage's title, how much of it is done, and how much there is."""

_BATCH_ROWS: Final = 20_000
_AHEAD: Final = 2
_TABLES: Final = tuple(target.table for target in TARGETS.values())


def load_sample(
    conn: psycopg.Connection[Any],
    size: SampleSize,
    *,
    seed: int = 3401,
    truth_path: Path,
    progress: Progress,
) -> dict[str, int]:
    """Generate the sample city and write it, in the caller's transaction.

    Parameters
    ----------
    conn
        Connection as the tables' owner; nothing is committed.
    size
        How much of the city is built up.
    seed
        The same seed gives the same rows.
    truth_path
        Where to write what is wrong in the city on purpose, one JSON object a line.
    progress
        Called as the work goes on.

    Returns
    -------
    dict of str to int
        Rows written, by table.

    Raises
    ------
    Conflict
        Where the city already has regions.
    """
    held = conn.execute("SELECT EXISTS (SELECT FROM city.region_legal)").fetchone()
    if held and held[0]:
        raise Conflict("The city already has regions; load the sample into an empty database.")
    with _indexes_apart(conn, size, progress):
        writer = _Writer(conn)
        with truth_path.open("w", encoding="utf-8") as truths, writer.running():
            progress("区划", 0, 1)
            writer.add("region_legal", legal_rows(seed))
            writer.add("region_managed", managed_rows(seed))
            progress("区划", 1, 1)
            total = count_areas(size, seed)
            for done, area in enumerate(spoiled(make_areas(size, seed), seed), start=1):
                _write(writer, area)
                truths.writelines(json.dumps(truth, ensure_ascii=False) + "\n" for truth in area.truths)
                progress("社区", done, total)
    progress("统计", 0, 1)
    conn.execute("ANALYZE " + ", ".join(f"city.{table}" for table in _TABLES))
    progress("统计", 1, 1)
    return writer.counts


def _write(writer: "_Writer", area: Area) -> None:
    for name in TARGETS:
        if not name.startswith("region"):
            writer.add(name, getattr(area, name))


class _Writer:
    """Gathers rows by table and copies them in batches, on a thread of its own so that generating goes on meanwhile."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.counts = dict.fromkeys(_TABLES, 0)
        self._conn = conn
        self._waiting: dict[str, list[Any]] = {name: [] for name in TARGETS}
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._pending: deque[Future[None]] = deque()

    def add(self, name: str, rows: Rows) -> None:
        """Take rows of one kind, and send a batch when there are enough."""
        waiting = self._waiting[name]
        waiting.extend(rows)
        self.counts[TARGETS[name].table] += len(rows)
        if len(waiting) >= _BATCH_ROWS:
            self._send(name)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send what is left at the end, and wait for it; the first failure is raised here."""
        with self._pool:
            yield
            for name in TARGETS:
                self._send(name)
            while self._pending:
                self._pending.popleft().result()

    def _send(self, name: str) -> None:
        rows, self._waiting[name] = self._waiting[name], []
        if not rows:
            return
        target = TARGETS[name]
        # Few batches wait at a time: memory stays bounded.
        while len(self._pending) > _AHEAD:
            self._pending.popleft().result()
        self._pending.append(self._pool.submit(self._copy, target.statement, to_text(target, rows)))

    def _copy(self, statement: str, text: bytes) -> None:
        with self._conn.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(text)


@contextmanager
def _indexes_apart(conn: psycopg.Connection[Any], size: SampleSize, progress: Progress) -> Iterator[None]:
    """Drop the indexes save primary keys and make them again at the end; a small city is faster with them in place."""
    if size is SampleSize.SMALL:
        yield
        return
    found = conn.execute(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = 'city' AND tablename = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname AND contype IN ('p', 'u', 'x'))"
        " ORDER BY tablename, indexname",
        [list(_TABLES)],
    ).fetchall()
    for name, _ in found:
        conn.execute(f'DROP INDEX city."{name}"')
    yield
    conn.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for done, (_, definition) in enumerate(found):
        progress("索引", done, len(found))
        conn.execute(definition)
    progress("索引", len(found), len(found))

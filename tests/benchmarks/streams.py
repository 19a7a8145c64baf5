"""Files: what the server's memory does while 100,000 features flow through it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
import psutil

from spatial.catalogue.catalogue import Catalogue
from tests.benchmarks.measure import Bench
from tests.benchmarks.workload import page_path

FORMATS: Final = ("geojsonseq", "csv", "fgb", "gpkg", "parquet", "shp")
LAYER: Final = "addresses"
FEATURES: Final = 100_000
FIRST_FEATURES: Final = 1_000
"""A small file before: what a format's library takes when it is loaded is not the file's."""
MUST_MB: Final = 150.0
MB: Final = 1e6
LOOK_S: Final = 0.02
SETTLE_S: Final = 1.0
ONE_A_LINE: Final = {"geojsonseq": 0, "csv": 1}
"""Formats whose lines are features, and how many lines come before."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One file: its size, its pace, and the server's resident memory (RSS, with that of its child processes)."""

    format: str
    features: int
    size_mb: float
    seconds: float
    before_mb: float
    peak_mb: float
    after_mb: float
    must: float = MUST_MB

    @property
    def growth_mb(self) -> float:
        """How far the memory rose."""
        return self.peak_mb - self.before_mb

    @property
    def holds(self) -> bool:
        """True where the memory stayed flat."""
        return self.growth_mb <= self.must


@dataclass
class Watch:
    """The memory of a process tree, looked at again and again."""

    pid: int
    peak_mb: float = 0.0
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until told to stop."""
        while not self._end.wait(LOOK_S):
            self.peak_mb = max(self.peak_mb, tree_rss_mb(self.pid))

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look while the block runs."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()


def measure_streams(bench: Bench, catalogue: Catalogue) -> list[Stream]:
    """Ask for one file of each format."""
    return [_measure(bench, catalogue, one) for one in FORMATS]


def _measure(bench: Bench, catalogue: Catalogue, name: str) -> Stream:
    layer = catalogue.layer(LAYER)
    features = min(FEATURES, layer.feature_count)
    _drain(bench.base_url + page_path(layer, limit=FIRST_FEATURES, f=name))
    time.sleep(SETTLE_S)
    before, watch, clock = tree_rss_mb(bench.server_pid), Watch(bench.server_pid), time.perf_counter()
    with watch.looking():
        size, lines = _drain(bench.base_url + page_path(layer, limit=features, f=name))
        seconds = time.perf_counter() - clock
    if name in ONE_A_LINE and lines != features + ONE_A_LINE[name]:
        raise RuntimeError(f"The {name} file has {lines:,} lines for {features:,} features.")
    time.sleep(SETTLE_S)
    after = tree_rss_mb(bench.server_pid)
    return Stream(name, features, size / MB, seconds, before, max(watch.peak_mb, after), after)


def _drain(url: str) -> tuple[int, int]:
    """Read a file and keep nothing of it; return its bytes and its ends of lines."""
    size = lines = 0
    with httpx.stream("GET", url, timeout=120, headers={"Accept-Encoding": "identity"}) as answer:
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{url} is answered {answer.status_code}: {answer.read()[:300]!r}")
        for chunk in answer.iter_raw():
            size += len(chunk)
            lines += chunk.count(b"\n")
    return size, lines


def tree_rss_mb(root: int) -> float:
    """Return the resident memory of a process and its descendants; what they share is counted for each."""
    total = 0
    process = psutil.Process(root)
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # it ended between the two looks
    return total / MB

"""``python -m tests.benchmarks``: measure the server against its own SQL, and against its peers."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from types import MappingProxyType
from typing import Final

import psycopg
from rich.console import Console

from data.sample.sizes import SampleSize
from spatial.catalogue.catalogue import Catalogue
from spatial.catalogue.queries import load_catalogue
from tests.benchmarks.city import STATE, bench_city, bench_cluster
from tests.benchmarks.deep import measure_deep
from tests.benchmarks.filters import filter_workloads
from tests.benchmarks.floor import Floor
from tests.benchmarks.measure import Bench, compare, measure_light
from tests.benchmarks.peers import measure_peers
from tests.benchmarks.plans import measure_plans
from tests.benchmarks.report import Report, save, show
from tests.benchmarks.streams import measure_streams
from tests.benchmarks.workload import ITEM_LAYERS, workloads
from tests.server import serve

LIGHT: Final = MappingProxyType({"/health": 8_000, "/": 10_000, "/collections": 10_000})
"""Routes that ask no database, and the least requests per second by the clock."""
# The same event loop and parser as `shikong serve` (api/cli/server.py).
UVICORN: Final = {
    "UVICORN_LOOP": "uvloop",
    "UVICORN_HTTP": "httptools",
    "UVICORN_WS": "none",
    "UVICORN_PROXY_HEADERS": "false",
    "UVICORN_SERVER_HEADER": "false",
}


def main(argv: Sequence[str]) -> int:
    """Run the benchmarks; 1 when something is slower than it must be."""
    asked = _arguments(argv)
    console = Console(width=120)
    with _bench(SampleSize(asked.size), asked.seconds) as (bench, catalogue):
        report = _run(bench, catalogue, asked, console, " ".join(["./run bench", *argv]))
    show(report, console)
    # A part does not take the place of the whole.
    stem = STATE / ("part" if asked.only else "bench")
    save(report, stem)
    console.print(f"{stem}.md, {stem}.json")
    for sentence in report.failures:
        console.print(f"[red]✗ {sentence}[/]")
    return 1 if report.failures else 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--size", choices=["demo", "city"], default="demo", help="the sample city")
    parser.add_argument("--peers", action="store_true", help="also install and measure tipg and pygeoapi")
    parser.add_argument("--seconds", type=float, default=6.0, help="CPU seconds for each measurement, in all its turns")
    parser.add_argument("--only", default="", help="only what has this in its name")
    return parser.parse_args(argv)


@contextmanager
def _bench(size: SampleSize, seconds: float) -> Iterator[tuple[Bench, Catalogue]]:
    with bench_cluster() as cluster:
        access = bench_city(cluster, size)
        postgres_pid = cluster.pid()
        assert postgres_pid
        with psycopg.connect(access.reader_url) as conn:
            catalogue = load_catalogue(conn)
        with serve(access, **UVICORN) as server:
            yield Bench(server.base_url, server.process.pid, postgres_pid, access, seconds), catalogue


def _run(bench: Bench, catalogue: Catalogue, asked: argparse.Namespace, console: Console, command: str) -> Report:
    counts = ", ".join(f"{one.feature_count:,} {name}" for name, one in catalogue.layers.items() if one.feature_count)
    floor = Floor(bench.access, catalogue)
    with psycopg.connect(bench.access.reader_url, autocommit=True) as conn, console.status("") as status:

        def is_asked(name: str) -> bool:
            status.update(name)
            return asked.only in name

        version = f"PostgreSQL {conn.info.server_version // 10_000}"
        report = Report(command, f"sample city {asked.size} ({counts}) in {version}")
        boxes = workloads(conn, catalogue, floor)
        filters = filter_workloads(conn, catalogue, floor, base_url=bench.base_url, only=asked.only)
        report.comparisons += [compare(bench, one) for one in chain(boxes, filters) if is_asked(one.name)]
        if is_asked("routes without a database"):
            report.light += [measure_light(bench, path, must=must) for path, must in LIGHT.items()]
        if is_asked("deep pages"):
            report.deep += measure_deep(bench, catalogue)
        if is_asked("files"):
            report.streams += measure_streams(bench, catalogue)
        for name in ITEM_LAYERS:
            if is_asked(f"plans of {name}"):
                report.plans += measure_plans(bench, conn, floor, catalogue.layer(name))
        if asked.peers and is_asked("peers"):
            report.peers += measure_peers(bench, catalogue, conn)
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

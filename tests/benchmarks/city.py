"""The city that is measured: a sample city in a throwaway cluster of the benchmarks' own, kept between runs."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from rich.progress import Progress

from data.catalogue.read import read_layers
from data.migrate import migrate
from data.sample.load import load_sample
from data.sample.sizes import SampleSize
from spatial.catalogue.queries import refresh_layer
from spatial.db.access import Access, embedded_access
from spatial.db.cluster import Cluster
from spatial.db.roles import Login
from spatial.settings import get_settings
from tests.cities import SAMPLE_SOURCES, databases, digest

STATE: Final = get_settings().state_dir / "bench"


@contextmanager
def bench_cluster() -> Iterator[Cluster]:
    """Give the running cluster of the benchmarks to one run at a time."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cluster = Cluster(STATE / "cluster", throwaway=True)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def bench_city(cluster: Cluster, size: SampleSize) -> Access:
    """Return the sample city of a size; made anew when the files that it comes from have changed."""
    name = f"bench_{size.value}_{digest(SAMPLE_SOURCES)}"
    present = databases(cluster)
    if name not in present:
        for old in present:
            if old.startswith(f"bench_{size.value}_"):
                cluster.drop_database(old)
        raw = f"bench_{size.value}_new"
        cluster.create_database(raw)
        _fill(cluster.url(Login.OWNER, database=raw), size)
        with psycopg.connect(cluster.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
            conn.execute(f'ALTER DATABASE "{raw}" RENAME TO "{name}"')
    return embedded_access(cluster, database=name)


def _fill(url: str, size: SampleSize) -> None:
    migrate(url)
    with psycopg.connect(url) as conn, Progress(transient=True) as bars:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage)
            bars.update(tasks[stage], completed=done, total=total)

        load_sample(conn, size, truth_path=STATE / f"truth_{size.value}.jsonl", progress=show)
        for layer in read_layers():
            refresh_layer(conn, layer)
    with psycopg.connect(url, autocommit=True) as conn:
        # The throwaway cluster has no autovacuum; a served city does.
        conn.execute("VACUUM ANALYZE")

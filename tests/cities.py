"""Databases for tests: one throwaway cluster for everybody, and copies of prepared cities.

Several pytest processes (xdist, or two people in one checkout) share the cluster: who uses it holds a shared lock,
and who leaves last stops it. Prepared cities are kept between runs under the hash of the files that they come from.
"""

import fcntl
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from data.catalogue.read import read_layers
from data.migrate import migrate
from data.sample.load import load_sample
from data.sample.sizes import SampleSize
from spatial.catalogue.queries import refresh_layer
from spatial.db.access import Access, embedded_access
from spatial.db.cluster import Cluster
from spatial.db.roles import Login
from spatial.settings import PROJECT, get_settings

STATE = get_settings().state_dir / "test"
COPY, TEMPLATE = "copy_", "city_"
CITY_SOURCES = ("data/migrations", "data/sql", "data/catalogue", "data/migrate.py", "spatial/db", "spatial/catalogue")
SAMPLE_SOURCES = (*CITY_SOURCES, "data/sample", "spatial/geometry.py", "spatial/crs.py")


@contextmanager
def locked(name: str, *, shared: bool = False) -> Iterator[int]:
    """Hold a lock between processes; the system frees it when its holder dies."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield file.fileno()


@contextmanager
def shared_cluster() -> Iterator[Cluster]:
    """Give the running test cluster; the last who leaves sweeps and stops it."""
    cluster = Cluster(STATE / "cluster", throwaway=True)
    with locked("users", shared=True) as users:
        with locked("cluster"):
            cluster.start()
        yield cluster
        with locked("cluster"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            _sweep(cluster)
            cluster.stop()


def _sweep(cluster: Cluster) -> None:
    """Drop copies that killed runs left behind, and cities of older files."""
    present = {f"{TEMPLATE}empty_{digest(CITY_SOURCES)}", f"{TEMPLATE}sample_{digest(SAMPLE_SOURCES)}"}
    for name in databases(cluster):
        if name.startswith((COPY, TEMPLATE)) and name not in present:
            cluster.drop_database(name)


def databases(cluster: Cluster) -> set[str]:
    """Return the names of the cluster's databases."""
    with psycopg.connect(cluster.url(Login.SUPERUSER, database="postgres")) as conn:
        return {name for (name,) in conn.execute("SELECT datname FROM pg_database")}


def digest(sources: tuple[str, ...]) -> str:
    """Return a short hash of files and folders of the project."""
    whole = hashlib.sha256()
    for source in sources:
        for path in [PROJECT / source, *sorted((PROJECT / source).rglob("*"))]:
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(str(path.relative_to(PROJECT)).encode())
                whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


def empty_template(cluster: Cluster) -> str:
    """Return the name of a migrated city without content."""
    return _template(cluster, f"{TEMPLATE}empty_{digest(CITY_SOURCES)}", "template0", migrate)


def sample_template(cluster: Cluster) -> str:
    """Return the name of a city that holds the small sample."""
    return _template(cluster, f"{TEMPLATE}sample_{digest(SAMPLE_SOURCES)}", empty_template(cluster), _fill)


def truth_path() -> Path:
    """Return where the sample's loader wrote what is wrong in the city on purpose, one JSON object a line."""
    return STATE / f"truth_{digest(SAMPLE_SOURCES)}.jsonl"


def _fill(url: str) -> None:
    with psycopg.connect(url) as conn:
        load_sample(conn, SampleSize.SMALL, truth_path=truth_path(), progress=lambda _stage, _done, _total: None)
        for layer in read_layers():
            refresh_layer(conn, layer)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ANALYZE")


def _template(cluster: Cluster, name: str, source: str, prepare: Callable[[str], None]) -> str:
    with locked(name):
        if name not in databases(cluster):
            raw = f"{name}_new"
            cluster.drop_database(raw)
            cluster.create_database(raw, template=source)
            prepare(cluster.url(Login.OWNER, database=raw))
            with psycopg.connect(cluster.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
                conn.execute(f'ALTER DATABASE "{raw}" RENAME TO "{name}"')
    return name


@contextmanager
def copy_of(cluster: Cluster, template: str) -> Iterator[Access]:
    """Give an own copy of a prepared city, and drop it afterwards."""
    name = f"{COPY}{secrets.token_hex(6)}"
    cluster.create_database(name, template=template)
    try:
        yield embedded_access(cluster, database=name)
    finally:
        cluster.drop_database(name)

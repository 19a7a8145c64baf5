"""The peers: tipg and stock pygeoapi on the same PostGIS, each asked for the same boxes as we are.

They read copies of our tables whose geometry says EPSG:4326 instead of EPSG:4490: the numbers are the same, and
neither has to transform a feature, which would cost them much more.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import psycopg

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.geometry import BBox
from tests.benchmarks.city import STATE
from tests.benchmarks.clients import HttpClient, ask
from tests.benchmarks.measure import Bench, Cost, middle, take_turns
from tests.benchmarks.workload import ITEM_LAYERS, MATCHES, SEED, box_text, boxes_with, page_path, places
from tests.server import free_port

PACKAGES: Final = (
    "tipg==1.6.1",
    "pygeoapi==0.21.0",
    # What pygeoapi's PostgreSQL provider and both servers need besides.
    "sqlalchemy",
    "geoalchemy2",
    "psycopg2-binary",
    "psycopg[binary]",
    "uvicorn",
    "uvloop",
    "httptools",
)
SCHEMA: Final = "peer"
LIMIT: Final = 100
MUST: Final = 5.0
START_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class PeerResult:
    """A peer beside us, on the same boxes."""

    name: str
    theirs: Cost
    ours: Cost
    must: float = MUST

    @property
    def ratio(self) -> float:
        """Our rate as a multiple of theirs."""
        return self.ours.rate / self.theirs.rate

    @property
    def holds(self) -> bool:
        """True where we are as much faster as we must be."""
        return self.ratio >= self.must


@dataclass(frozen=True, slots=True)
class Peer:
    """A server of others.

    Attributes
    ----------
    app
        What uvicorn runs.
    path
        Makes the path of a page of features from a layer and a box.
    """

    name: str
    app: str
    variables: Mapping[str, str]
    path: Callable[[PublishedLayer, BBox], str]


def measure_peers(bench: Bench, catalogue: Catalogue, conn: psycopg.Connection[Any]) -> list[PeerResult]:
    """Install the peers, and measure one after the other beside us."""
    python = _environment()
    layers = [catalogue.layer(name) for name in ITEM_LAYERS]
    _copy_tables(bench, layers)
    results = []
    for peer in _peers(bench, python, layers):
        with _running(peer, python) as (url, pid):
            for layer in layers:
                centres = places(conn, layer, random.Random(SEED))
                boxes, _matched = boxes_with(conn, layer, centres, wanted=MATCHES[LIMIT])
                results.append(asyncio.run(_compare(bench, peer, (url, pid), layer, boxes)))
    return results


async def _compare(
    bench: Bench, peer: Peer, where: tuple[str, int], layer: PublishedLayer, boxes: Sequence[BBox]
) -> PeerResult:
    url, pid = where
    theirs = [peer.path(layer, box) for box in boxes]
    ours = [page_path(layer, limit=LIMIT, bbox=box_text(box)) for box in boxes]
    await _check_answers((bench.base_url, ours), (url, theirs))
    costs = await take_turns(
        bench,
        {
            "ours": lambda count: ask(bench.base_url, islice(cycle(ours), count)),
            "theirs": lambda count: ask(url, islice(cycle(theirs), count)),
        },
        {"ours": bench.server_pid, "theirs": pid},
    )
    return PeerResult(f"{peer.name}: {layer.definition.id}", middle(costs["theirs"]), middle(costs["ours"]))


async def _check_answers(*servers: tuple[str, Sequence[str]]) -> None:
    """See that all answer the same boxes with as many features."""
    counts = []
    for url, paths in servers:
        client = await HttpClient.connect(url)
        counts.append([len(json.loads((await client.get(path)).body)["features"]) for path in paths[:5]])
        client.close()
    if counts[1:] != counts[:-1]:
        raise RuntimeError(f"The servers do not find the same: {counts}")


def _environment() -> Path:
    """Return the Python of the peers' own environment, made when it is missing or of other versions."""
    folder, stamp = STATE / "peers", STATE / "peers" / "packages"
    wanted = "\n".join(PACKAGES)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def _copy_tables(bench: Bench, layers: Sequence[PublishedLayer]) -> None:
    with psycopg.connect(bench.access.owner_url, autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for layer in layers:
            definition = layer.definition
            table, key, geom = definition.table, definition.key.column, definition.geometry.column
            present = conn.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{table}"]).fetchone()
            if present and present[0]:
                continue
            fields = ", ".join(f'"{field.name}"' for field in definition.fields)
            kind = definition.geometry.type.value
            conn.execute(
                f"CREATE TABLE {SCHEMA}.{table} AS SELECT {key}, {fields},"
                f" ST_SetSRID({geom}, 4326)::geometry({kind}, 4326) AS geom"
                f" FROM {definition.db_schema}.{table} ORDER BY {key}"
            )
            conn.execute(f"ALTER TABLE {SCHEMA}.{table} ADD PRIMARY KEY ({key})")
            conn.execute(f"CREATE INDEX ON {SCHEMA}.{table} USING gist (geom)")
            conn.execute(f"VACUUM ANALYZE {SCHEMA}.{table}")


def _peers(bench: Bench, python: Path, layers: Sequence[PublishedLayer]) -> Iterator[Peer]:
    where = _tcp_address(bench)
    yield Peer(
        "tipg 1.6",
        "tipg.main:app",
        {
            "DATABASE_URL": "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**where),
            "TIPG_DB_SCHEMAS": json.dumps([SCHEMA]),
        },
        lambda layer, box: (
            f"/collections/{SCHEMA}.{layer.definition.table}/items?f=geojson&limit={LIMIT}&bbox={box_text(box)}"
        ),
    )
    folder = STATE / "pygeoapi"
    folder.mkdir(exist_ok=True)
    config, openapi = folder / "config.yml", folder / "openapi.yml"
    # JSON is YAML too.
    config.write_text(json.dumps(_pygeoapi_config(where, layers)), encoding="utf-8")
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    subprocess.run(
        [str(python.with_name("pygeoapi")), "openapi", "generate", str(config), "--output-file", str(openapi)],
        check=True,
        capture_output=True,
        env=os.environ | variables,
    )
    yield Peer(
        "pygeoapi 0.21",
        "pygeoapi.starlette_app:APP",
        variables,
        lambda layer, box: f"/collections/{layer.definition.id}/items?f=json&limit={LIMIT}&bbox={box_text(box)}",
    )


def _tcp_address(bench: Bench) -> dict[str, Any]:
    """Return the owner's login by TCP: neither peer reads the address of a socket folder."""
    with psycopg.connect(bench.access.owner_url) as conn:
        info = conn.info
        return {
            "host": "127.0.0.1",
            "port": info.port,
            "dbname": info.dbname,
            "user": info.user,
            "password": unquote(urlsplit(bench.access.owner_url).password or ""),
        }


def _pygeoapi_config(where: Mapping[str, Any], layers: Sequence[PublishedLayer]) -> dict[str, Any]:
    url = "http://127.0.0.1:5000"
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": url, "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "peer",
                "description": "peer",
                "keywords": ["peer"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": url,
            },
            "license": {"name": "none", "url": url},
            "provider": {"name": "peer", "url": url},
            "contact": {"name": "peer", "url": url},
        },
        "resources": {layer.definition.id: _pygeoapi_resource(where, layer) for layer in layers},
    }


def _pygeoapi_resource(where: Mapping[str, Any], layer: PublishedLayer) -> dict[str, Any]:
    box = layer.extent
    assert box
    return {
        "type": "collection",
        "title": layer.definition.title.en,
        "description": layer.definition.title.en,
        "keywords": ["peer"],
        "links": [],
        "extents": {"spatial": {"bbox": [box.west, box.south, box.east, box.north]}},
        "providers": [
            {
                "type": "feature",
                "name": "PostgreSQL",
                "data": {**where, "search_path": [SCHEMA, "public"]},
                "id_field": layer.definition.key.column,
                "table": layer.definition.table,
                "geom_field": "geom",
            }
        ],
    }


@contextmanager
def _running(peer: Peer, python: Path) -> Iterator[tuple[str, int]]:
    """Run a peer with one worker, as we run ours; give its URL and process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(python), "-m", "uvicorn", peer.app, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    log = STATE / f"{peer.name.split()[0]}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=STATE, env=os.environ | peer.variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        _wait(url, process, log)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/conformance?f=json", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"A peer did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")

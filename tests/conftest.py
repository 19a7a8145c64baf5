"""Fixtures of every test: real PostGIS, prepared cities, a real server, golden files, conformance bookkeeping."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from spatial.db.access import Access
from spatial.db.cluster import Cluster
from tests import cities
from tests.server import serve

GOLDEN = Path(__file__).parent / "golden"
CONFORMANCE = pytest.StashKey[dict[str, list[str]]]()
FILES = pytest.StashKey[set[Path]]()

Golden = Callable[[str, Any], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--bless``."""
    parser.addoption("--bless", action="store_true", help="rewrite the golden files under tests/golden/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remember which test proves which conformance class, before anything is deselected."""
    proofs: dict[str, list[str]] = {}
    for item in items:
        for marker in item.iter_markers("conformance"):
            for uri in marker.args:
                proofs.setdefault(uri, []).append(item.nodeid)
    config.stash[CONFORMANCE] = proofs
    config.stash[FILES] = {item.path for item in items}


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Keep the developer's own DATABASE_URL and SHIKONG_* away from the tests; the state folder is known already."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name == "DATABASE_URL" or (name.startswith("SHIKONG_") and name != "SHIKONG_STATE_DIR"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Give the running throwaway cluster."""
    with cities.shared_cluster() as running:
        yield running


@pytest.fixture
def empty_city(cluster: Cluster) -> Iterator[Access]:
    """Give a migrated city without content, for this test alone."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        yield access


@pytest.fixture
def empty_city_url(empty_city: Access) -> str:
    """Give the owner's address of a migrated city without content, for this test alone."""
    return empty_city.owner_url


@pytest.fixture(scope="session")
def _rolled_back_city(cluster: Cluster) -> Iterator[Access]:
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        yield access


@pytest.fixture
def conn(_rolled_back_city: Access) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection of the owner to a city without content; what the test writes is rolled back."""
    connection = psycopg.connect(_rolled_back_city.owner_url)
    try:
        yield connection
    finally:
        connection.rollback()
        connection.close()


@pytest.fixture(scope="session")
def sample_access(cluster: Cluster) -> Iterator[Access]:
    """Give the small sample city; tests only read it."""
    with cities.copy_of(cluster, cities.sample_template(cluster)) as access:
        yield access


@pytest.fixture(scope="session")
def sample_truth_path(sample_access: Access) -> Path:
    """Give the file that tells what is wrong in the sample on purpose, one JSON object a line."""
    return cities.truth_path()


@pytest.fixture
def fresh_sample(cluster: Cluster) -> Iterator[Access]:
    """Give the small sample city, for this test alone."""
    with cities.copy_of(cluster, cities.sample_template(cluster)) as access:
        yield access


@pytest.fixture(scope="session")
def live_server(sample_access: Access) -> Iterator[str]:
    """Give the base URL of a real server over the small sample city."""
    with serve(sample_access) as server:
        yield server.base_url


@pytest.fixture(scope="session")
def client(live_server: str) -> Iterator[httpx.Client]:
    """Give a client of the live server; it follows no redirects."""
    with httpx.Client(base_url=live_server, timeout=30) as one:
        yield one


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Give a check of a value against ``tests/golden/<name>``; text as it is, anything else as JSON.

    ``pytest --bless`` writes the file instead.
    """

    def check(name: str, value: Any) -> None:
        path = GOLDEN / name
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
        text = text.rstrip("\n") + "\n"
        if request.config.getoption("--bless"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"There is no golden file {name}. Write it: pytest --bless"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs. If that is meant: pytest --bless"

    return check


@pytest.fixture
def conformance_tests(request: pytest.FixtureRequest) -> Mapping[str, list[str]]:
    """Give the tests by the conformance class that they prove; skips where only a part of the tests was collected."""
    here = Path(__file__).parent
    written = {path for path in here.rglob("test_*.py") if "benchmarks" not in path.parts}
    absent = {path for path in written - request.config.stash[FILES] if "def test_" in path.read_text(encoding="utf-8")}
    if absent:
        pytest.skip("only a part of the tests was collected")
    return request.config.stash[CONFORMANCE]

"""PostgreSQL stopped and started, or busy, while clients ask: 503 with Retry-After, then recovery by itself."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg
import pytest

from data.migrate import migrate
from spatial.db.access import Access, embedded_access
from spatial.db.cluster import Cluster
from spatial.db.roles import Login
from tests import builders
from tests.server import serve

ITEMS = "/collections/buildings/items"
TILE = "/collections/buildings/tiles/WebMercatorQuad/15/13313/27052"


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[tuple[Cluster, Access]]:
    """A cluster of our own, since these tests stop it."""
    with TemporaryDirectory(prefix="shikong-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder) / "cluster", throwaway=True)
        cluster.start()
        access = embedded_access(cluster)
        migrate(access.owner_url)
        with psycopg.connect(access.owner_url) as conn:
            builders.add_square(conn, 117.2, 31.8)
            builders.refresh(conn)
        try:
            yield cluster, access
        finally:
            cluster.stop()


def test_the_server_survives_its_database(own_cluster: tuple[Cluster, Access]) -> None:
    cluster, access = own_cluster
    answers: Counter[int] = Counter()
    without_retry_after = []
    stop = threading.Event()

    with serve(access) as server, httpx.Client(base_url=server.base_url, timeout=30) as client:

        def ask_on_and_on() -> None:
            with httpx.Client(base_url=server.base_url, timeout=30) as own:
                while not stop.is_set():
                    answer = own.get(ITEMS)
                    answers[answer.status_code] += 1
                    if answer.status_code == 503 and "retry-after" not in answer.headers:
                        without_retry_after.append(answer)

        with ThreadPoolExecutor(4) as threads:
            load = [threads.submit(ask_on_and_on) for _ in range(4)]
            try:
                wait_for(client, ITEMS, 200)
                cluster.stop()
                down = wait_for(client, ITEMS, 503)
                assert down.json()["status"] == 503
                assert client.get(f"{ITEMS}/1").status_code == 503
                assert client.get(TILE).status_code == 503
                assert client.get("/collections").status_code == 200, "what needs no database goes on"
                cluster.start()
                wait_for(client, ITEMS, 200)
                assert client.get(TILE).status_code in {200, 204}
            finally:
                stop.set()
            for one in load:
                one.result()
        assert set(answers) == {200, 503}
        assert not without_retry_after
        # The catalogue is heard again too: a change made after the restart arrives.
        with psycopg.connect(access.owner_url) as conn:
            builders.add_square(conn, 117.3, 31.9)
            builders.refresh(conn, ["buildings"])
        deadline = time.monotonic() + 15
        while client.get("/collections/buildings").json()["featureCount"] != 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_server_may_start_before_its_database(own_cluster: tuple[Cluster, Access]) -> None:
    cluster, access = own_cluster
    cluster.stop()
    with serve(access) as server, httpx.Client(base_url=server.base_url, timeout=30) as client:
        early = client.get("/collections")
        assert (early.status_code, early.headers["retry-after"]) == (503, "2")
        assert client.get("/health").status_code == 200
        cluster.start()
        wait_for(client, ITEMS, 200)


def test_an_exhausted_pool_answers_503(own_cluster: tuple[Cluster, Access]) -> None:
    cluster, access = own_cluster
    with (
        serve(access, SHIKONG_POOL_SIZE="1", SHIKONG_POOL_TIMEOUT_S="0.3") as server,
        psycopg.connect(cluster.url(Login.SUPERUSER)) as blocker,
        ThreadPoolExecutor(2) as threads,
    ):
        blocker.execute("LOCK TABLE city.building IN ACCESS EXCLUSIVE MODE")
        held = threads.submit(httpx.get, server.base_url + ITEMS, timeout=30)
        time.sleep(0.5)
        busy = httpx.get(server.base_url + ITEMS, timeout=30)
        blocker.rollback()
        assert busy.status_code == 503
        assert "retry-after" in busy.headers
        assert "busy" in busy.json()["detail"]
        assert held.result().status_code == 200


def test_a_statement_that_takes_too_long_answers_503(own_cluster: tuple[Cluster, Access]) -> None:
    cluster, access = own_cluster
    with (
        serve(access, SHIKONG_STATEMENT_TIMEOUT_S="0.3") as server,
        psycopg.connect(cluster.url(Login.SUPERUSER)) as blocker,
    ):
        blocker.execute("LOCK TABLE city.building IN ACCESS EXCLUSIVE MODE")
        slow = httpx.get(server.base_url + ITEMS, timeout=30)
        blocker.rollback()
        assert slow.status_code == 503
        assert "smaller bbox" in slow.json()["detail"]


def test_a_vanished_database_does_not_hang_requests(own_cluster: tuple[Cluster, Access]) -> None:
    """A stopped process answers nothing, as a host behind a cut cable does; PostgreSQL's own timeout cannot help."""
    cluster, access = own_cluster
    with (
        serve(access, SHIKONG_STATEMENT_TIMEOUT_S="0.5", SHIKONG_POOL_SIZE="1") as server,
        httpx.Client(base_url=server.base_url, timeout=30) as client,
        psycopg.connect(cluster.url(Login.SUPERUSER), autocommit=True) as watcher,
    ):
        wait_for(client, ITEMS, 200)
        backends = watcher.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'shikong web'").fetchall()
        assert len(backends) == 1
        os.kill(backends[0][0], signal.SIGSTOP)
        try:
            assert client.get(ITEMS).status_code == 503
        finally:
            os.kill(backends[0][0], signal.SIGCONT)
        wait_for(client, ITEMS, 200)


def wait_for(client: httpx.Client, url: str, status: int) -> httpx.Response:
    """Ask until a status comes."""
    deadline = time.monotonic() + 20
    while True:
        answer = client.get(url)
        if answer.status_code == status:
            return answer
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)

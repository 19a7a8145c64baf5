"""A city with a canary in it: a function that every login may call, whose calls PostgreSQL counts.

The functions that a client must not reach are there and callable by the reader; only the server stands between.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.db.roles import Login
from tests import builders, cities
from tests.server import Server, serve

CANARY = """
    CREATE FUNCTION public.sing() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    GRANT EXECUTE ON FUNCTION public.sing() TO PUBLIC;
"""
SONGS = "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_user_functions WHERE funcname = 'sing'"
ITEMS = "/collections/buildings/items"
SEARCH = "/collections/buildings/search"


@dataclass(frozen=True)
class Attacked:
    """A running server over the city with the canary."""

    server: Server
    client: httpx.Client
    access: Access

    @property
    def port(self) -> int:
        """Port on the loopback address."""
        return int(self.server.base_url.rpartition(":")[2])

    def memory_mb(self) -> float:
        """Return how much memory the server's process holds."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def check_unhurt(self) -> None:
        """Expect that the server answers, that nothing failed unforeseen, and that everything is still there."""
        assert self.server.process.poll() is None
        assert self.client.get(ITEMS, params={"limit": 1}).json()["numberMatched"] == 3
        log = self.server.read_log()
        assert "Traceback" not in log, log[-3000:]
        assert "unforeseen" not in log
        with psycopg.connect(self.access.owner_url) as conn:
            assert conn.execute("SELECT count(*) FROM city.building").fetchone() == (3,)


@contextmanager
def attacked(cluster: Cluster) -> Iterator[Attacked]:
    """Serve a city with the canary until the block ends; then expect that it sang for nobody but us."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            for number in range(3):
                builders.add_square(conn, 117.2 + number / 100, 31.8, code=f"B{number}", floors=3 + number)
            builders.add_pipe(conn, "P1", wkt="LINESTRING Z(117.2 31.82 18.5,117.201 31.82 18.4)")
            builders.refresh(conn)
            conn.execute(CANARY)
        database = urlsplit(access.owner_url).path[1:]
        with psycopg.connect(cluster.url(Login.SUPERUSER, database=database), autocommit=True) as conn:
            conn.execute(f"ALTER DATABASE \"{database}\" SET track_functions = 'all'")
        # The trap is set: whoever may read can make it sing, and what was rolled back counts, too.
        with psycopg.connect(access.reader_url) as conn:
            conn.execute("SELECT public.sing()")
            conn.rollback()
        _expect_songs(access, 1)
        with serve(access) as server, httpx.Client(base_url=server.base_url, timeout=20) as client:
            yield Attacked(server, client, access)
        _expect_songs(access, 1)


def _expect_songs(access: Access, number: int) -> None:
    """Expect so many calls; sessions report theirs when they end, a moment after their client is gone."""
    with psycopg.connect(access.owner_url, autocommit=True) as conn:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        deadline = time.monotonic() + 10
        while conn.execute(others).fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert conn.execute(SONGS).fetchone() == (number,)

"""A tiny city whose every feature is known by hand, behind the application itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.settings import get_settings
from tests import builders, cities

EVIL = "</script><script>alert(1)</script>"


@dataclass(frozen=True)
class Tiny:
    """Ids of the tiny city's buildings."""

    west: int
    middle: int
    east: int
    evil: int
    ended: int
    courtyard: int


@pytest.fixture(scope="session")
def tiny_access(cluster: Cluster) -> Iterator[tuple[Access, Tiny]]:
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            tiny = Tiny(
                west=builders.add_square(conn, 117.200, 31.800, code="W", floors=3, name="西楼"),
                middle=builders.add_square(conn, 117.210, 31.800, code="M", floors=6, use="office", built_year=None),
                east=builders.add_square(conn, 117.220, 31.800, code="E", floors=33, height_m=99.5),
                evil=builders.add_square(conn, 117.230, 31.800, code="X", name=EVIL, use="public"),
                ended=builders.add_square(
                    conn, 117.240, 31.800, code="O", valid="[2010-01-01T00:00:00Z,2020-01-01T00:00:00Z)"
                ),
                courtyard=builders.add_building(
                    conn,
                    "C",
                    wkt="POLYGON((117.250 31.800,117.253 31.800,117.253 31.803,117.250 31.803,117.250 31.800),"
                    "(117.251 31.801,117.252 31.801,117.252 31.802,117.251 31.802,117.251 31.801))",
                    use="commercial",
                ),
            )
            for number in range(25):
                builders.add_address(conn, f"A{number:02}", 117.2 + number / 1000, 31.81, number=number)
            builders.add_pipe(conn, "P1", wkt="LINESTRING Z(117.2 31.82 18.5,117.201 31.82 18.4)")
            builders.add_pipe(conn, "P2", wkt="LINESTRING Z(117.2 31.82 8.5,117.201 31.82 8.4)", kind="gas")
            builders.refresh(conn)
        yield access, tiny


@pytest.fixture(scope="session")
def tiny(tiny_access: tuple[Access, Tiny]) -> Tiny:
    return tiny_access[1]


@pytest.fixture(scope="session")
def web(tiny_access: tuple[Access, Tiny]) -> Iterator[TestClient]:
    """Talk to the application over the tiny city, in this process."""
    with TestClient(create_app(get_settings(), tiny_access[0]), raise_server_exceptions=False) as client:
        yield client

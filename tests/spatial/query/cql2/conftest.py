"""What the tests of CQL2 share: databases to ask, the standard's own data, and its examples."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest

from spatial.catalogue.catalogue import Catalogue
from spatial.catalogue.queries import load_catalogue
from spatial.crs import CRS84, Crs
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.query.binds import Binds
from spatial.query.cql2.failure import failure_of_filter
from spatial.query.cql2.filter import Filter, Lang, read_filter
from spatial.query.feature import table_sql
from tests import builders, cities
from tests.spatial.query.cql2.things import publish_things
from tests.spatial.query.cql2.vectors import COLLECTIONS, CQL2, DATA, publish


class Asked:
    """A city and a way to ask it, as the web server does: by asyncpg, as the login that only reads.

    No dataclass: Hypothesis would print the whole catalogue with every failure.
    """

    def __init__(self, catalogue: Catalogue, runner: asyncio.Runner, conn: asyncpg.Connection) -> None:
        self.catalogue = catalogue
        self.runner = runner
        self.conn = conn

    def filter(
        self, layer: str, source: str | Mapping[str, Any], *, lang: Lang = Lang.TEXT, crs: Crs = CRS84
    ) -> Filter:
        """Compile a filter for a layer."""
        return read_filter(self.catalogue, self.catalogue.layer(layer), source, lang=lang, crs=crs)

    def rows(self, layer: str, source: str | Mapping[str, Any], select: str = "t.id", **options: Any) -> list[Any]:
        """Return one value of each feature for which a filter is true, in order."""
        binds = Binds()
        condition = self.filter(layer, source, **options).sql(binds)
        table = table_sql(self.catalogue.layer(layer).definition)
        statement = f"SELECT {select} FROM {table} t WHERE {condition} ORDER BY 1"
        try:
            return [row[0] for row in self.runner.run(self.conn.fetch(statement, *binds.values))]
        except asyncpg.PostgresError as error:
            raise failure_of_filter(error) or error from error

    def count(self, layer: str, source: str | Mapping[str, Any], **options: Any) -> int:
        """Count the features for which a filter is true."""
        return self.rows(layer, source, "count(*)", **options)[0]

    def plan(self, layer: str, source: str, *, settings: str = "SET LOCAL enable_seqscan = off") -> str:
        """Return PostgreSQL's plan of reading the features of a filter."""
        binds = Binds()
        condition = self.filter(layer, source).sql(binds)
        table = table_sql(self.catalogue.layer(layer).definition)

        async def explain() -> str:
            async with self.conn.transaction():
                await self.conn.execute(settings)
                rows = await self.conn.fetch(f"EXPLAIN SELECT t.id FROM {table} t WHERE {condition}", *binds.values)
            return "\n".join(row[0] for row in rows)

        return self.runner.run(explain())


def asked(access: Access) -> Iterator[Asked]:
    """Give a city to ask."""
    with psycopg.connect(access.owner_url) as conn:
        catalogue = load_catalogue(conn)
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(access.reader_url))
        yield Asked(catalogue, runner, connection)
        runner.run(connection.close())


@pytest.fixture(scope="session")
def world(cluster: Cluster) -> Iterator[Asked]:
    """Give the standard's test data, as it is."""
    if not DATA.is_file():
        pytest.skip("../shared/clients/cql2 is absent")
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            for collection in COLLECTIONS:
                publish(conn, collection)
        yield from asked(access)


@pytest.fixture(scope="session")
def city(cluster: Cluster) -> Iterator[Asked]:
    """Give a small city whose every feature is known by hand."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            fill(conn)
        yield from asked(access)


@pytest.fixture(scope="session")
def things(cluster: Cluster) -> Iterator[Asked]:
    """Give a layer with a property of every type and with holes."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            publish_things(conn)
        yield from asked(access)


def fill(conn: psycopg.Connection[Any]) -> None:
    """Build six buildings, three addresses, a region with a zone, and two pipes."""
    builders.add_square(conn, 117.200, 31.800, code="A", name="长江大厦", floors=3, built_year=1999, height_m=10.5)
    builders.add_square(conn, 117.210, 31.800, code="B", name="Straße 5", floors=4, built_year=None, height_m=12.0)
    builders.add_square(conn, 117.220, 31.800, code="C", name="Café", floors=33, built_year=2020, height_m=99.5)
    builders.add_square(conn, 117.230, 31.800, code="D", name=None, floors=0, built_year=2001, height_m=0.0)
    builders.add_square(conn, 117.240, 31.800, code="E", name="100%_\\", floors=6, built_year=2001, use="office")
    past = "[2010-01-01T00:00:00Z,2020-01-01T00:00:00Z)"
    builders.add_square(conn, 117.250, 31.800, code="F", name="STRASSE 5", floors=9, built_year=1980, valid=past)
    builders.add_address(conn, "AD1", 117.2005, 31.8005)
    builders.add_address(conn, "AD2", 117.2105, 31.8005, full_text="合肥市庐阳区淮河路2号")
    builders.add_address(conn, "AD3", 117.9, 31.9, full_text="合肥市巢湖市3号")
    box = "MULTIPOLYGON(((117.19 31.79,117.215 31.79,117.215 31.81,117.19 31.81,117.19 31.79)))"
    region = {"code": "340103", "name": "庐阳区", "full_name": "合肥市庐阳区", "level": "county"}
    builders.insert(conn, "region_legal", region, box)
    zone = "MULTIPOLYGON(((117.215 31.79,117.235 31.79,117.235 31.81,117.215 31.81,117.215 31.79)))"
    builders.insert(
        conn, "region_managed", {"code": "340176", "name": "高新区", "full_name": "高新区", "level": "zone"}, zone
    )
    builders.add_pipe(conn, "P1", wkt="LINESTRING Z(117.2 31.82 18.5,117.201 31.82 18.4)")
    builders.add_pipe(conn, "P2", wkt="LINESTRING Z(117.2 31.82 8.5,117.201 31.82 8.4)", kind="gas")
    builders.refresh(conn)


@pytest.fixture(scope="session")
def examples() -> Path:
    """Give the folder of the standard's examples, or skip by name where it is absent."""
    if not CQL2.is_dir():
        pytest.skip("../shared/clients/schemas/cql2 is absent")
    return CQL2 / "examples"

"""What a selection costs is asked once per state of the data, and what costs too much is refused."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import asyncpg
import psycopg
import pytest

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.queries import load_catalogue
from spatial.db.cluster import Cluster
from spatial.query.appraise import Appraisals
from spatial.query.binds import Binds
from spatial.query.errors import TooCostly
from spatial.query.items import Way, choose, count_matches
from spatial.query.types import Fetcher, ItemsQuery, SortKey
from tests import builders, cities

Run = Callable[..., Any]


@dataclass(frozen=True)
class Written:
    """A condition as its SQL."""

    text: str
    row_cost_us: float = 0.1
    reads_other_layers: bool = False

    def sql(self, binds: Binds) -> str:
        return self.text

    async def check(self, conn: Fetcher) -> None: ...


class Counting:
    """A connection that counts what it is asked."""

    def __init__(self, conn: Any) -> None:
        self.conn = conn
        self.asked: list[str] = []

    async def fetchrow(self, query: str, *args: object) -> Any:
        self.asked.append(query)
        return await self.conn.fetchrow(query, *args)


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[SimpleNamespace]:
    """Thirty thousand buildings, of which few are high; (use, id) is indexed, area_m2 in this city is not."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            builders.add_square(conn, 117.2, 31.8, code="first", floors=40)
            conn.execute(
                "INSERT INTO city.building"
                " (code, number, use, floors, floors_below, height_m, area_m2, region_code, geom)"
                " SELECT 'b' || n, '1', CASE WHEN n % 100 = 0 THEN 'office' ELSE 'residential' END, n % 7, 0, 3, n,"
                " '340103006001', ST_Translate((SELECT geom FROM city.building LIMIT 1), n * 0.00001, 0)"
                " FROM generate_series(1, 29999) AS n"
            )
            conn.execute("DROP INDEX IF EXISTS city.ix_building_area_m2_id")
            builders.refresh(conn, ["buildings"])
            layer = load_catalogue(conn).layer("buildings")
            conn.execute("ANALYZE city.building")
        yield SimpleNamespace(access=access, layer=layer)


@pytest.fixture(scope="module")
def run(city: SimpleNamespace) -> Iterator[Run]:
    with asyncio.Runner() as runner:
        conn = Counting(runner.run(asyncpg.connect(city.access.reader_url)))

        def ask(verb: Run, layer: PublishedLayer, query: ItemsQuery, appraisals: Appraisals) -> tuple[Any, int]:
            conn.asked.clear()
            return runner.run(verb(conn, layer, query, appraisals=appraisals)), len(conn.asked)

        yield ask
        runner.run(conn.conn.close())


def test_a_selection_is_appraised_once(city: SimpleNamespace, run: Run) -> None:
    appraisals = Appraisals()
    query = ItemsQuery(limit=10, condition=Written("t.area_m2 < 21"))
    way, asked = run(choose, city.layer, query, appraisals)
    assert way.matched == 20
    assert asked > 0
    for other in (query, replace(query, limit=20), replace(query, sort=(SortKey(None, True),))):
        again, asked = run(choose, city.layer, other, appraisals)
        assert (again.matched, asked) == (20, 0)


def test_a_change_of_the_data_asks_again(city: SimpleNamespace, run: Run) -> None:
    appraisals = Appraisals()
    query = ItemsQuery(limit=10, condition=Written("t.area_m2 < 21"))
    run(choose, city.layer, query, appraisals)
    for changed in (
        replace(city.layer, data_version=city.layer.data_version + 1),
        replace(city.layer, changed_at=city.layer.changed_at + timedelta(seconds=1)),
    ):
        _way, asked = run(choose, changed, query, appraisals)
        assert asked > 0


def test_a_condition_on_other_layers_is_kept_for_one_catalogue(city: SimpleNamespace, run: Run) -> None:
    appraisals = Appraisals()
    query = ItemsQuery(limit=10, condition=Written("t.area_m2 < 21", reads_other_layers=True))
    run(choose, city.layer, query, appraisals)
    assert run(choose, city.layer, query, appraisals)[1] == 0
    assert run(choose, replace(city.layer), query, appraisals)[1] > 0


def test_few_matches_are_gathered_and_many_walked(city: SimpleNamespace, run: Run) -> None:
    appraisals = Appraisals()

    def way(condition: str, limit: int = 10) -> Way:
        found, _asked = run(choose, city.layer, ItemsQuery(limit=limit, condition=Written(condition)), appraisals)
        return found  # type: ignore[no-any-return]

    assert way("t.area_m2 < 21").is_near  # no index finds them: a walk would read all
    assert not way("t.area_m2 < 2000").is_near  # a walk fills the page at once
    assert not way("t.use = 'office'").is_near  # the index has them in order


def test_a_costly_filter_is_refused_with_a_hint(city: SimpleNamespace, run: Run) -> None:
    # As if the layer held a million features of which hardly any match.
    large = replace(city.layer, feature_count=1_000_000, density=None)
    heavy = Written("sqrt(t.area_m2) < 2", row_cost_us=10.0)
    with pytest.raises(TooCostly, match="allowed") as refused:
        run(choose, large, ItemsQuery(limit=10, condition=heavy), Appraisals())
    assert refused.value.field == "filter"
    assert "region_code" in str(refused.value)
    light = replace(heavy, row_cost_us=0.1)
    run(choose, large, ItemsQuery(limit=10, condition=light), Appraisals())
    # An index finds the rows, so that the costly part is computed for few.
    found = Written("(t.code = 'b7' AND sqrt(t.area_m2) < 2)", row_cost_us=10.0)
    run(choose, large, ItemsQuery(limit=10, condition=found), Appraisals())


def test_an_exact_count_is_remembered(city: SimpleNamespace, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spatial.query.appraise.COUNT_CAP", 100)
    appraisals = Appraisals()
    query = ItemsQuery(limit=10, condition=Written("t.area_m2 < 2001"))
    assert run(choose, city.layer, query, appraisals)[0].matched is None
    assert run(count_matches, city.layer, query, appraisals)[0] == 2001  # 'first' has 400
    matched, asked = run(count_matches, city.layer, query, appraisals)
    assert (matched, asked) == (2001, 0)
    assert run(count_matches, city.layer, ItemsQuery(limit=1), appraisals) == (30000, 0)

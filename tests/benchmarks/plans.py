"""Plans: a page that PostgreSQL plans badly costs twenty times as much, so every shape is shown with its cost."""

import asyncio
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any, Final

import psycopg

from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import CGCS2000
from spatial.db.pool import Connection
from spatial.geometry import BBox
from spatial.query.appraise import Appraisals
from spatial.query.items import choose, page_statement
from spatial.query.types import Cursor, ItemsQuery, Statement
from tests.benchmarks.cpu import tree_cpu_s
from tests.benchmarks.floor import Floor, bare_pool
from tests.benchmarks.measure import Bench
from tests.benchmarks.workload import SEED, boxes_with, page_path, places

FILTERS: Final[Mapping[str, Sequence[dict[str, str]]]] = {
    "buildings": (
        {"use": "industrial"},
        {"use": "residential"},
        {"filter": "height_m > 60"},
        {"filter": "height_m > 60", "sortby": "-built_year"},
        {"filter": "floors > 2 AND use = 'public'"},
        {"filter": "area_m2 / floors > 500"},
    ),
    "addresses": (
        {"kind": "room"},
        {"road_name": "长江中路"},
        {"filter": "region_code LIKE '340103%'"},
        {"filter": "number = 319"},
        {"q": "长江中路"},
        {"q": "长江"},
    ),
}
"""Common and rare, with an index and without."""
MATCHES: Final = {"tiny": 5, "medium": 1_000, "large": 10_000}
REPEATS: Final = 6
"""Runs before the count begins: PostgreSQL settles on a plan after five."""
CPU_S: Final = 0.3
"""CPU seconds after which a measurement ends."""
LOOK_S: Final = 0.1
"""Seconds between two looks at the clock of CPU time."""
SUSPECT: Final = 3.0
"""A chosen shape that costs so many times the other one is flagged."""


@dataclass(frozen=True, slots=True)
class PlanCost:
    """What a page costs PostgreSQL in the shape that the house chooses, and in the other one.

    Attributes
    ----------
    other_ms
        None where there is no other shape: nothing is filtered.
    """

    name: str
    shape: str
    chosen_ms: float
    other_ms: float | None

    @property
    def is_suspect(self) -> bool:
        """True where the other shape would have been far cheaper."""
        return self.other_ms is not None and self.chosen_ms > SUSPECT * self.other_ms


def measure_plans(bench: Bench, conn: psycopg.Connection[Any], floor: Floor, layer: PublishedLayer) -> list[PlanCost]:
    """Measure first pages, deep pages, boxes of every size and filters over one layer."""
    cases = [*_boxes(conn, layer), *_filters(floor, layer)]
    return [asyncio.run(_measure(bench, layer, name, queries)) for name, queries in cases]


def _boxes(conn: psycopg.Connection[Any], layer: PublishedLayer) -> Iterator[tuple[str, list[ItemsQuery]]]:
    centres = places(conn, layer, random.Random(SEED))[:40]
    boxes = {name: boxes_with(conn, layer, centres, wanted=wanted)[0] for name, wanted in MATCHES.items()}
    assert layer.extent
    boxes["half"] = [_shrunk(layer.extent)]
    boxes["everything"] = [layer.extent]
    middle = Cursor((), _key_at(conn, layer, 0.5))
    yield "no box, first page", [ItemsQuery(limit=10)]
    yield "no box, page at the middle", [ItemsQuery(limit=10, cursor=middle)]
    yield "no box, offset 10,000", [ItemsQuery(limit=10, offset=10_000)]
    for name, some in boxes.items():
        first = [ItemsQuery(limit=10, bbox=box) for box in some]
        yield f"{name} box, first page", first
        yield f"{name} box, page at the middle", [replace(one, cursor=middle) for one in first]


def _filters(floor: Floor, layer: PublishedLayer) -> Iterator[tuple[str, list[ItemsQuery]]]:
    for asked in FILTERS[layer.definition.id]:
        _layer, query = floor.query_of(page_path(layer, limit=10, **asked))
        yield ", ".join(asked.values()), [query]


def _shrunk(box: BBox) -> BBox:
    """Return the box of half the width and height in the middle of a box."""
    dx, dy = (box.east - box.west) / 4, (box.north - box.south) / 4
    return BBox(box.west + dx, box.south + dy, box.east - dx, box.north - dy, CGCS2000)


def _key_at(conn: psycopg.Connection[Any], layer: PublishedLayer, share: float) -> Any:
    definition = layer.definition
    row = conn.execute(
        f"SELECT percentile_disc(%s) WITHIN GROUP (ORDER BY {definition.key.column})"
        f" FROM {definition.db_schema}.{definition.table}",
        [share],
    ).fetchone()
    return row[0] if row else None


async def _measure(bench: Bench, layer: PublishedLayer, name: str, queries: list[ItemsQuery]) -> PlanCost:
    async with bare_pool(bench.access) as pool, pool.connection() as conn:
        appraisals = Appraisals()
        ways = [await choose(conn, layer, query, appraisals=appraisals) for query in queries]
        chosen = [page_statement(layer, query, way) for query, way in zip(queries, ways, strict=True)]
        other = None
        if queries[0].is_filtered:
            turned = [replace(way, is_near=not way.is_near) for way in ways]
            other = [page_statement(layer, query, way) for query, way in zip(queries, turned, strict=True)]
        return PlanCost(
            name=f"{layer.definition.id}: {name}",
            shape="near" if ways[len(ways) // 2].is_near else "far",
            chosen_ms=await _cost(bench, conn, chosen),
            other_ms=await _cost(bench, conn, other) if other else None,
        )


async def _cost(bench: Bench, conn: Connection, statements: list[Statement]) -> float:
    """Return CPU milliseconds of one statement on a warm connection."""
    for one in islice(cycle(statements), REPEATS):
        await conn.fetchrow(one.sql, *one.args)
    count, start, used = 0, tree_cpu_s(bench.postgres_pid), 0.0
    looked = time.perf_counter()
    for one in cycle(statements):
        await conn.fetchrow(one.sql, *one.args)
        count += 1
        # To look costs milliseconds; a statement of the other shape may take a second.
        if time.perf_counter() - looked > LOOK_S:
            looked, used = time.perf_counter(), tree_cpu_s(bench.postgres_pid) - start
            if used >= CPU_S:
                break
    return used / count * 1000

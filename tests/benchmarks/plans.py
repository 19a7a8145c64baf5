"""Plans: a page that PostgreSQL plans badly costs twenty times as much, so every shape is shown with its cost."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import psycopg

from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import CGCS2000
from spatial.geometry import BBox
from spatial.query import items
from spatial.query.types import ItemsQuery, Statement
from tests.benchmarks.cpu import tree_cpu_s
from tests.benchmarks.measure import Bench, bare_pool
from tests.benchmarks.workload import SEED, boxes_with, places, recorded

MATCHES: Final = {"tiny": 5, "medium": 1_000, "large": 10_000}
REPEATS: Final = 6
"""Runs before the count begins: PostgreSQL settles on a plan after five."""
CPU_S: Final = 0.3
"""CPU seconds after which a measurement ends."""
SUSPECT: Final = 3.0
"""A chosen shape that costs so many times the other one is flagged."""


@dataclass(frozen=True, slots=True)
class PlanCost:
    """What a page costs PostgreSQL in the shape that the house chooses, and in the other one.

    Attributes
    ----------
    other_ms
        None where there is no other shape: no box, or the statement took too long.
    """

    name: str
    shape: str
    chosen_ms: float
    other_ms: float | None

    @property
    def is_suspect(self) -> bool:
        """True where the other shape would have been far cheaper."""
        return self.other_ms is not None and self.chosen_ms > SUSPECT * self.other_ms


def measure_plans(bench: Bench, conn: psycopg.Connection[Any], layer: PublishedLayer) -> list[PlanCost]:
    """Measure first pages, deep pages and boxes of every size over one layer."""
    return [_measure(bench, layer, name, queries) for name, queries in _cases(conn, layer)]


def _cases(conn: psycopg.Connection[Any], layer: PublishedLayer) -> Iterator[tuple[str, list[ItemsQuery]]]:
    centres = places(conn, layer, random.Random(SEED))[:40]
    boxes = {name: boxes_with(conn, layer, centres, wanted=wanted)[0] for name, wanted in MATCHES.items()}
    assert layer.extent
    boxes["half"] = [_shrunk(layer.extent)]
    boxes["everything"] = [layer.extent]
    middle = _key_at(conn, layer, 0.5)
    yield "no box, first page", [ItemsQuery(limit=10)]
    yield "no box, page at the middle", [ItemsQuery(limit=10, after=middle)]
    yield "no box, offset 10,000", [ItemsQuery(limit=10, offset=10_000)]
    for name, some in boxes.items():
        first = [ItemsQuery(limit=10, bbox=box) for box in some]
        yield f"{name} box, first page", first
        yield f"{name} box, page at the middle", [replace(one, after=middle) for one in first]


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


def _measure(bench: Bench, layer: PublishedLayer, name: str, queries: list[ItemsQuery]) -> PlanCost:
    is_near = items._is_near(layer, queries[len(queries) // 2])
    chosen, other = _statements(layer, queries, None), None
    if queries[0].bbox is not None:
        other = _statements(layer, queries, not is_near)
    return PlanCost(
        name=f"{layer.definition.id}: {name}",
        shape="near" if is_near else "far",
        chosen_ms=asyncio.run(_cost(bench, chosen)),
        other_ms=asyncio.run(_cost(bench, other)) if other else None,
    )


def _statements(layer: PublishedLayer, queries: list[ItemsQuery], is_near: bool | None) -> list[Statement]:
    if is_near is None:
        return [recorded(partial(items.fetch_page, layer=layer, query=query)) for query in queries]
    with patch.object(items, "_is_near", return_value=is_near):
        return _statements(layer, queries, None)


async def _cost(bench: Bench, statements: list[Statement]) -> float:
    """Return CPU milliseconds of one statement on a warm connection."""
    async with bare_pool(bench) as pool, pool.connection() as conn:
        for index in range(REPEATS):
            one = statements[index % len(statements)]
            await conn.fetchrow(one.sql, *one.args)
        count, start = 0, tree_cpu_s(bench.postgres_pid)
        while (used := tree_cpu_s(bench.postgres_pid) - start) < CPU_S:
            for one in statements:
                await conn.fetchrow(one.sql, *one.args)
            count += len(statements)
    return used / count * 1000

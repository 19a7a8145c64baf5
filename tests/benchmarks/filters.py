"""What an editor asks of the server beyond a box: filters, orders and further pages, each beside its own SQL."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import psycopg

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from tests.benchmarks.floor import Floor
from tests.benchmarks.walk import cursors
from tests.benchmarks.workload import SEED, Workload, box_text, boxes_with, ids, page_path, places

MUST: Final = 2.2
"""The statements take a fraction of a millisecond, so the web weighs more than it does for a box."""
CASES: Final = 50
"""Different requests of one kind: so few that the server knows every one after the warm-up."""
LIMITS: Final = (10, 100)
JUDGED_FROM: Final = 100
"""Smaller pages are shown, not judged: ten features by an index take PostgreSQL less than any web request takes."""
BOX_MATCHES: Final = 1_000
SORTED_BY: Final = ("-height_m", "+built_year", "-area_m2", "floors")
PAGED: Final = MappingProxyType(
    {
        "addresses": ("addresses", {}),
        "addresses by road": ("addresses", {"sortby": "road_name"}),
        "highest buildings": ("buildings", {"sortby": "-height_m"}),
        "doorplates": ("addresses", {"kind": "doorplate"}),
    }
)
"""Selections that fill many pages: the layer, and what is asked of it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests that differ in their values only.

    Attributes
    ----------
    asked
        Parameters of each.
    must
        As of :class:`~tests.benchmarks.workload.Workload`.
    """

    name: str
    layer: PublishedLayer
    asked: Sequence[dict[str, str]]
    must: float | None = MUST


def filter_workloads(
    conn: psycopg.Connection[Any], catalogue: Catalogue, floor: Floor, *, base_url: str, only: str = ""
) -> Iterator[Workload]:
    """Yield filters, orders and further pages.

    Parameters
    ----------
    base_url
        The running server, from whose ``next`` links the further pages come.
    only
        Yields the workloads whose name contains it.
    """
    kinds = [*_filters(conn, catalogue), *_orders(conn, catalogue), *_further_pages(catalogue, base_url, only)]
    for kind in kinds:
        for limit in LIMITS:
            name = _named(kind.name, limit)
            if only in name:
                paths = [page_path(kind.layer, limit=limit, **one) for one in kind.asked]
                yield Workload(name, paths, floor.pages(paths), kind.must if limit >= JUDGED_FROM else None)


def _filters(conn: psycopg.Connection[Any], catalogue: Catalogue) -> Iterator[Kind]:
    rng = random.Random(SEED)
    addresses, buildings = catalogue.layer("addresses"), catalogue.layer("buildings")
    roads = _values(conn, addresses, "road_name", rng)
    uses = [quoted_text(one) for one in _values(conn, buildings, "use", rng)]
    boxes = _boxes(conn, buildings, rng)
    yield Kind("filter road_name=", addresses, [{"road_name": one} for one in roads])
    yield Kind(
        "filter CQL2 road and numbers",
        addresses,
        [{"filter": f"road_name = {quoted_text(one)} AND number BETWEEN 10 AND 200"} for one in roads],
    )
    yield Kind(
        "filter CQL2 use and height",
        buildings,
        [{"filter": f"use = {one} AND height_m > {rng.randrange(3, 30)}"} for one in uses],
    )
    yield Kind(
        "filter CQL2 box and floors",
        buildings,
        [{"filter": f"S_INTERSECTS(geometry, BBOX({one})) AND floors > 2"} for one in boxes],
    )
    # A search reads the text of every feature that its trigrams find; shown, not judged.
    yield Kind("search q=road", addresses, [{"q": one} for one in roads], must=None)


def _orders(conn: psycopg.Connection[Any], catalogue: Catalogue) -> Iterator[Kind]:
    buildings = catalogue.layer("buildings")
    boxes = _boxes(conn, buildings, random.Random(SEED))
    yield Kind("sort buildings", buildings, [{"sortby": one} for one in SORTED_BY])
    yield Kind("sort buildings in a box", buildings, [{"sortby": SORTED_BY[0], "bbox": one} for one in boxes])


def _further_pages(catalogue: Catalogue, base_url: str, only: str) -> Iterator[Kind]:
    for name, (layer_id, asked) in PAGED.items():
        title = f"next page of {name}"
        if any(only in _named(title, limit) for limit in LIMITS):
            layer = catalogue.layer(layer_id)
            found = cursors(base_url, layer, **asked)
            middle = found[len(found) // 3 :][:CASES]
            yield Kind(title, layer, [asked | {"cursor": one} for one in middle])


def _named(kind: str, limit: int) -> str:
    return f"{kind} limit={limit}"


def quoted_text(value: str) -> str:
    """Return a text as a literal of CQL2.

    >>> quoted_text("O'Connell")
    "'O''Connell'"
    """
    return "'" + value.replace("'", "''") + "'"


def _values(conn: psycopg.Connection[Any], layer: PublishedLayer, column: str, rng: random.Random) -> list[str]:
    """Return values of a column, those of many features more often."""
    definition = layer.definition
    rows = conn.execute(
        f"SELECT {column} FROM {definition.db_schema}.{definition.table}"
        f" WHERE {definition.key.column} = ANY(%s) AND {column} IS NOT NULL ORDER BY {definition.key.column}",
        [ids(conn, layer, rng)],
    ).fetchall()
    return [value for (value,) in rng.sample(rows, CASES)]


def _boxes(conn: psycopg.Connection[Any], layer: PublishedLayer, rng: random.Random) -> list[str]:
    boxes, _matched = boxes_with(conn, layer, places(conn, layer, rng)[:CASES], wanted=BOX_MATCHES)
    return [box_text(box) for box in boxes]

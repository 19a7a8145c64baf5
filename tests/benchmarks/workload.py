"""What is asked: seeded boxes, ids and tiles around built-up places, each as a URL and as the statement behind it."""

import asyncio
import random
import statistics
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, islice
from typing import Any, Final, NoReturn

import psycopg

from api.documents.layers import default_crs
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.crs import CGCS2000
from spatial.geometry import BBox
from spatial.query.items import Fetcher, fetch_feature, fetch_page
from spatial.query.types import ItemsQuery, Statement
from tiles.matrix import MATRIX_SETS, TileId
from tiles.vector import fetch_tile

SEED: Final = 3401
PLACES: Final = 400
"""Different places that a measurement asks for."""
MATCHES: Final = {10: 1_000, 100: 1_000, 1000: 3_000}
"""Features that a box holds in the middle of all cases, by ``limit``: what a map of some streets shows."""
SMALL_BOX_MATCHES: Final = 300
"""A corner of a street: so little work for PostgreSQL that the web costs most; shown, not judged."""
ITEM_LAYERS: Final = ("buildings", "addresses")
TILE_LAYERS: Final = ("buildings", "addresses", "pipe_segments")
TILE_ZOOMS: Final = range(12, 17)
WEB: Final = MATRIX_SETS["WebMercatorQuad"]

Point = tuple[float, float]


@dataclass(frozen=True)
class Workload:
    """Requests of one kind, and the statements that answer them.

    Attributes
    ----------
    must
        The most that a request may cost, as a multiple of the bare statement; None where it only informs.
    matched
        Features in the middle box; None where the kind has no boxes.
    """

    name: str
    paths: Sequence[str]
    statements: Sequence[Statement]
    must: float | None = None
    matched: int | None = None
    boxes: Sequence[BBox] = field(default=(), repr=False)

    def some_paths(self, count: int) -> Iterator[str]:
        """Yield this many paths, from the first again when they end."""
        return islice(cycle(self.paths), count)

    def some_statements(self, count: int) -> Iterator[Statement]:
        """Yield the statements of the same requests."""
        return islice(cycle(self.statements), count)


class _Recorded(Exception):
    def __init__(self, statement: Statement) -> None:
        self.statement = statement


class _Recorder:
    """A connection that runs nothing: what the house would ask of PostgreSQL is the floor of the same request."""

    async def fetchrow(self, query: str, *args: object) -> NoReturn:
        raise _Recorded(Statement(query, args))


def recorded(verb: Callable[[Fetcher], Awaitable[object]]) -> Statement:
    """Return the one statement that a verb of the house runs."""

    async def run() -> Statement:
        try:
            await verb(_Recorder())
        except _Recorded as stop:
            return stop.statement
        raise RuntimeError("No statement was run.")

    return asyncio.run(run())


def workloads(conn: psycopg.Connection[Any], catalogue: Catalogue) -> Iterator[Workload]:
    """Yield everything that is measured against its own SQL."""
    rng = random.Random(SEED)
    for name in ITEM_LAYERS:
        layer = catalogue.layer(name)
        centres = places(conn, layer, rng)
        for limit, wanted in MATCHES.items():
            yield _pages(conn, layer, centres, limit=limit, wanted=wanted)
        small = _pages(conn, layer, centres, limit=min(MATCHES), wanted=SMALL_BOX_MATCHES)
        yield replace(small, name=f"{small.name} small box", must=None)
        yield _single_items(conn, layer, rng)
    for name in TILE_LAYERS:
        layer = catalogue.layer(name)
        centres = places(conn, layer, rng)
        for zoom in TILE_ZOOMS:
            if zoom >= layer.definition.zoom.min:
                yield _tiles(layer, centres, zoom)


def ids(conn: psycopg.Connection[Any], layer: PublishedLayer, rng: random.Random) -> list[int]:
    """Choose features of a layer, each as likely as any other."""
    table, key = f"{layer.definition.db_schema}.{layer.definition.table}", layer.definition.key.column
    rows = conn.execute(f"SELECT {key} FROM {table} ORDER BY {key}").fetchall()
    return [row[0] for row in rng.choices(rows, k=PLACES)]


def places(conn: psycopg.Connection[Any], layer: PublishedLayer, rng: random.Random) -> list[Point]:
    """Choose places where features of a layer are."""
    definition = layer.definition
    chosen = ids(conn, layer, rng)
    key, geom = definition.key.column, definition.geometry.column
    rows = conn.execute(
        f"SELECT {key}, ST_XMin({geom}), ST_YMin({geom}) FROM {definition.db_schema}.{definition.table}"
        f" WHERE {key} = ANY(%s)",
        [chosen],
    )
    points = {key: (x, y) for key, x, y in rows}
    return [points[key] for key in chosen]


def _pages(
    conn: psycopg.Connection[Any], layer: PublishedLayer, centres: Sequence[Point], *, limit: int, wanted: int
) -> Workload:
    boxes, matched = boxes_with(conn, layer, centres, wanted=wanted)
    crs = default_crs(layer)
    return Workload(
        name=f"items {layer.definition.id} limit={limit}",
        paths=[page_path(layer, limit=limit, box=box) for box in boxes],
        statements=[
            recorded(partial(fetch_page, layer=layer, query=ItemsQuery(limit=limit, bbox=box, crs=crs)))
            for box in boxes
        ],
        must=1.4,
        matched=matched,
        boxes=boxes,
    )


def page_path(layer: PublishedLayer, *, limit: int, box: BBox | None = None, after: object = None) -> str:
    """Return the path of a page of features."""
    path = f"/collections/{layer.definition.id}/items?limit={limit}"
    if box is not None:
        path += f"&bbox={box.west},{box.south},{box.east},{box.north}"
    return path if after is None else f"{path}&cursor={after}"


def boxes_with(
    conn: psycopg.Connection[Any], layer: PublishedLayer, centres: Sequence[Point], *, wanted: int
) -> tuple[list[BBox], int]:
    """Return boxes of one size around places, and how many features the middle one holds: about as many as wanted."""
    low, high = 1e-5, 1.0
    for _ in range(18):
        half = (low * high) ** 0.5
        median = _median_count(conn, layer, centres[:40], half)
        if median < wanted:
            low = half
        else:
            high = half
    return [_around(centre, high) for centre in centres], round(_median_count(conn, layer, centres, high))


def _around(centre: Point, half: float) -> BBox:
    x, y = centre
    return BBox(round(x - half, 6), round(y - half, 6), round(x + half, 6), round(y + half, 6), CGCS2000)


def _median_count(conn: psycopg.Connection[Any], layer: PublishedLayer, centres: Sequence[Point], half: float) -> float:
    definition = layer.definition
    sql = (
        f"SELECT count(*) FROM {definition.db_schema}.{definition.table}"
        f" WHERE {definition.geometry.column} && ST_MakeEnvelope(%s, %s, %s, %s, {CGCS2000})"
    )
    boxes = (_around(centre, half) for centre in centres)
    counts = [conn.execute(sql, [box.west, box.south, box.east, box.north]).fetchone() for box in boxes]
    return statistics.median(float(count[0]) for count in counts if count)


def _single_items(conn: psycopg.Connection[Any], layer: PublishedLayer, rng: random.Random) -> Workload:
    chosen, crs = ids(conn, layer, rng), default_crs(layer)
    return Workload(
        name=f"item {layer.definition.id}",
        paths=[f"/collections/{layer.definition.id}/items/{key}" for key in chosen],
        statements=[recorded(partial(fetch_feature, layer=layer, key=key, crs=crs)) for key in chosen],
        must=5.0,
    )


def _tiles(layer: PublishedLayer, centres: Sequence[Point], zoom: int) -> Workload:
    tiles = [_tile_at(centre, zoom) for centre in centres]
    return Workload(
        name=f"tile {layer.definition.id} z{zoom}",
        paths=[f"/collections/{layer.definition.id}/tiles/{WEB.id}/{zoom}/{one.row}/{one.column}" for one in tiles],
        statements=[recorded(partial(fetch_tile, layers=[layer], matrix_set=WEB, tile=one)) for one in tiles],
    )


def _tile_at(centre: Point, zoom: int) -> TileId:
    x, y = centre
    first, _last = WEB.covering(zoom, BBox(x, y, x, y, CGCS2000))
    return first


def matches(row: Mapping[str, Any], body: bytes) -> bool:
    """Tell whether an HTTP answer holds what the bare statement returns."""
    content = next(bytes(value) for value in row.values() if isinstance(value, bytes | memoryview))
    # A single feature gets links before its last brace.
    return content.rstrip(b"}") in body

"""What is asked: seeded boxes, ids and tiles around built-up places, each as a URL and as the statement behind it."""

import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, islice
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.crs import CGCS2000
from spatial.geometry import BBox
from spatial.query.items import fetch_feature
from spatial.query.types import Look, Statement
from tests.benchmarks.floor import Floor, recorded
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


def workloads(conn: psycopg.Connection[Any], catalogue: Catalogue, floor: Floor) -> Iterator[Workload]:
    """Yield boxes, single features and tiles, each beside its own SQL."""
    rng = random.Random(SEED)
    for name in ITEM_LAYERS:
        layer = catalogue.layer(name)
        centres = places(conn, layer, rng)
        for limit, wanted in MATCHES.items():
            yield _pages(conn, floor, layer, centres, limit=limit, wanted=wanted)
        small = _pages(conn, floor, layer, centres, limit=min(MATCHES), wanted=SMALL_BOX_MATCHES)
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
    conn: psycopg.Connection[Any],
    floor: Floor,
    layer: PublishedLayer,
    centres: Sequence[Point],
    *,
    limit: int,
    wanted: int,
) -> Workload:
    boxes, matched = boxes_with(conn, layer, centres, wanted=wanted)
    paths = [page_path(layer, limit=limit, bbox=box_text(box)) for box in boxes]
    return Workload(
        name=f"items {layer.definition.id} limit={limit}",
        paths=paths,
        statements=floor.pages(paths),
        must=1.4,
        matched=matched,
        boxes=boxes,
    )


def page_path(layer: PublishedLayer, *, limit: int, **asked: str) -> str:
    """Return the path of a page of features."""
    return f"/collections/{layer.definition.id}/items?{urlencode({'limit': limit, **asked}, safe=',')}"


def box_text(box: BBox) -> str:
    """Return a box as four numbers, west first."""
    return f"{box.west},{box.south},{box.east},{box.north}"


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
    chosen, look = ids(conn, layer, rng), Look(layer.default_crs)
    return Workload(
        name=f"item {layer.definition.id}",
        paths=[f"/collections/{layer.definition.id}/items/{key}" for key in chosen],
        statements=[recorded(partial(fetch_feature, layer=layer, key=key, look=look)) for key in chosen],
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
    values = (bytes(value) for value in row.values() if isinstance(value, bytes | memoryview))
    # Where nothing matches there is no text at all.
    content = next(values, b'"features":[]')
    # A single feature gets links before its last brace.
    return content.rstrip(b"}") in body

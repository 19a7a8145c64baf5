"""The city's ground cut into pieces: squares of the lattice, cut again where a county's real outline passes.

Pieces are what regions are made of. They share every vertex with their neighbours, so that unions of pieces tile.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.sample.lattice import TWELFTHS, Floats, Ints, Lattice, make_lattice, to_degrees, to_metres

CENTRES: Final = MappingProxyType(
    {
        # Approximate places of the centres, and how fast each grows beside the old city.
        "old_city": ((117.285, 31.862), 1.0),
        "340176": ((117.150, 31.835), 0.3),
        "340177": ((117.215, 31.790), 0.2),
        "340178": ((117.345, 31.945), 0.2),
        "340111": ((117.300, 31.735), 0.15),
        "340122": ((117.470, 31.890), 0.05),
        "340123": ((117.160, 31.710), 0.06),
        "340121": ((117.165, 32.475), 0.03),
        "340124": ((117.285, 31.255), 0.03),
        "340181": ((117.860, 31.605), 0.05),
    }
)
BUILDABLE: Final = 2300
"""Squares that may be built up in the largest city; their edges are straight because roads run on them."""

_COUNTIES: Final = Path(__file__).with_name("counties.geojson")
_SNAP_DEG: Final = 1e-9
_SPLINTER_M2: Final = 60_000.0
_BEND_SHARE: Final = 0.07
_BENDS: Final = (0, 4, 8, 12)

Geometries = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """Pieces of ground and what touches what.

    Attributes
    ----------
    pieces
        Polygons in EPSG:4490.
    squares
        Lattice square (i, j) of each piece; shape (n, 2).
    counties
        6-digit county of each piece.
    centres_m
        A point in each piece, EPSG:4548; shape (n, 2).
    areas_m2
        Area of each piece.
    neighbours
        For each piece, the pieces that share an edge with it.
    urban
        Squares that can be built up, the oldest part of town first, and the largest piece of each.
    """

    pieces: Geometries
    squares: Ints
    counties: NDArray[np.str_]
    centres_m: Floats
    areas_m2: Floats
    neighbours: list[list[int]]
    urban: dict[tuple[int, int], int]


@cache
def make_ground(seed: int) -> Ground:
    """Cut the ground of Hefei into pieces."""
    lattice = make_lattice(seed)
    codes, outlines = _read_counties()
    squares, urban_squares = _squares(lattice, outlines)
    all_rings, all_kept = _rings(lattice, urban_squares, seed)
    rings, kept = all_rings[squares[:, 0], squares[:, 1]], all_kept[squares[:, 0], squares[:, 1]]
    owner = np.repeat(np.arange(len(squares)), kept.sum(axis=1))
    cells: Geometries = np.asarray(shapely.polygons(shapely.linearrings(to_degrees(rings[kept]), indices=owner)))
    pieces, parents, county_index = _cut(cells, outlines)
    inner = shapely.get_coordinates(shapely.point_on_surface(pieces))
    centres = to_metres(inner)
    # Good to a thousandth, which is enough for sharing out.
    areas = shapely.area(pieces) * 110_880.0 * 111_320.0 * np.cos(np.radians(inner[:, 1]))
    squares = squares[parents]
    # Of a square that a county's border cuts, the largest piece; dict keeps the last, so the largest comes last.
    by_size = np.argsort(areas, kind="stable").tolist()
    largest = {(int(squares[piece, 0]), int(squares[piece, 1])): piece for piece in by_size}
    urban = {square: largest[square] for square in urban_squares}
    return Ground(pieces, squares, np.array(codes)[county_index], centres, areas, _neighbours(pieces), urban)


def is_splinter(ground: Ground) -> NDArray[np.bool_]:
    """Tell which pieces are too small to be anybody's only ground."""
    return ground.areas_m2 < _SPLINTER_M2


def _read_counties() -> tuple[list[str], Geometries]:
    features = json.loads(_COUNTIES.read_text(encoding="utf-8"))["features"]
    outlines = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    return [feature["properties"]["code"] for feature in features], outlines


def _squares(lattice: Lattice, outlines: Geometries) -> tuple[Ints, list[tuple[int, int]]]:
    """Return the squares on the city's ground, and those that lie on it wholly by when the town reaches them."""
    v = lattice.vertices
    corners = np.stack([v[:-1, :-1], v[1:, :-1], v[1:, 1:], v[:-1, 1:]], axis=2)
    squares = np.argwhere(np.ones(corners.shape[:2], dtype=bool))
    quads: Geometries = np.asarray(shapely.polygons(corners.reshape(-1, 4, 2)))
    metric = shapely.transform(outlines, to_metres)
    tree = shapely.STRtree(quads)
    city = shapely.union_all(metric)
    # The margin is wider than any bend of an edge.
    touched = np.sort(tree.query(shapely.buffer(city, 200.0), predicate="intersects"))
    inside = np.sort(tree.query(city, predicate="contains"))
    middles = corners.reshape(-1, 4, 2)[inside].mean(axis=1)
    centres = to_metres(np.array([place for place, _ in CENTRES.values()]))
    growth = np.array([speed for _, speed in CENTRES.values()])
    far = np.hypot(*(middles[:, None, :] - centres).transpose(2, 0, 1))
    # A centre with speed 0.3 builds three squares while the old city builds ten.
    turn = (np.argsort(np.argsort(far, axis=0, kind="stable"), axis=0) + 0.5) / growth
    order = np.argsort(turn.min(axis=1), kind="stable")[:BUILDABLE]
    return squares[touched], [(int(i), int(j)) for i, j in squares[inside[order]]]


def _rings(lattice: Lattice, straight: Sequence[tuple[int, int]], seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each square's closed ring, and which of its points to keep.

    Edges that roads run on are straight and keep every twelfth where a block may have a corner; the others bend a
    little at two points, alike for both sides.
    """
    v = lattice.vertices
    rng = np.random.default_rng([seed, 2])
    share = np.array(TWELFTHS) / 12
    i, j = np.array(straight).T
    east, north = _edges(v[:-1], v[1:], share), _edges(v[:, :-1], v[:, 1:], share)
    is_road_east, is_road_north = np.zeros(east.shape[:2], dtype=bool), np.zeros(north.shape[:2], dtype=bool)
    is_road_east[i, j] = is_road_east[i, j + 1] = True
    is_road_north[i, j] = is_road_north[i + 1, j] = True
    kept = []
    for edges, is_road in ((east, is_road_east), (north, is_road_north)):
        run = (edges[:, :, -1] - edges[:, :, 0])[:, :, None]
        bend = rng.uniform(-_BEND_SHARE, _BEND_SHARE, (*edges.shape[:2], 5, 1)) * ~is_road[..., None, None]
        edges[:, :, 1:-1] += bend * np.stack([-run[..., 1], run[..., 0]], axis=-1)
        kept.append(is_road[..., None] | np.isin(TWELFTHS, _BENDS))
    return _around(east, north), _around(kept[0], kept[1])


def _around(east: NDArray[Any], north: NDArray[Any]) -> NDArray[Any]:
    """Put the values along each square's four edges together, counter-clockwise, the first again at the end."""
    sides = [east[:, :-1], north[1:], east[:, 1:, ::-1], north[:-1, :, ::-1]]
    ring = np.concatenate([side[:, :, :-1] for side in sides], axis=2)
    return np.concatenate([ring, ring[:, :, :1]], axis=2)


def _edges(start: Floats, end: Floats, share: Floats) -> Floats:
    points = start[:, :, None] + (end - start)[:, :, None] * share[:, None]
    points[:, :, -1] = end
    return points


def _cut(cells: Geometries, outlines: Geometries) -> tuple[Geometries, Ints, Ints]:
    """Return pieces, the cell each came from, and the county each lies in."""
    tree = shapely.STRtree(cells)
    borders = shapely.boundary(outlines)
    crossed = np.unique(tree.query(borders, predicate="intersects")[1])
    lines = np.concatenate([shapely.boundary(cells[crossed]), borders])
    noded = shapely.union_all(lines, grid_size=_SNAP_DEG)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    # Noding leaves crossings where they fall; give them the grid that all other vertices have.
    faces = shapely.transform(faces, lambda points: np.round(points, 9))
    face, parent = _holder(faces, cells[crossed])
    faces, parent = faces[face], crossed[parent]
    inside, county = _holder(faces, outlines)
    whole, county_of_whole = _holder(cells, outlines)
    keep = ~np.isin(whole, crossed)
    pieces = np.concatenate([cells[whole[keep]], faces[inside]])
    parents = np.concatenate([whole[keep], parent[inside]])
    counties = np.concatenate([county_of_whole[keep], county])
    order = np.argsort(parents, kind="stable")
    return pieces[order], parents[order], counties[order]


def _holder(parts: Geometries, holders: Geometries) -> tuple[Ints, Ints]:
    """Return the parts that lie in a holder, in their order, and that holder."""
    tree = shapely.STRtree(shapely.point_on_surface(parts))
    holder, part = tree.query(holders, predicate="contains")
    order = np.argsort(part, kind="stable")
    return part[order], holder[order]


def _neighbours(pieces: Geometries) -> list[list[int]]:
    """Match edges by their two ends."""
    points, owner = shapely.get_coordinates(pieces, return_index=True)
    ends = np.rint(points * 1e9).astype(np.uint64)
    key = ends[:, 0] * np.uint64(2_654_435_761) ^ ends[:, 1] * np.uint64(11_400_714_819_323_198_485)
    same = owner[:-1] == owner[1:]
    edge, side = (key[:-1] + key[1:])[same], owner[:-1][same]
    order = np.argsort(edge, kind="stable")
    edge, side = edge[order], side[order]
    meets = np.flatnonzero(edge[:-1] == edge[1:])
    a, b, count = side[meets], side[meets + 1], len(pieces)
    pairs = np.unique(np.concatenate([a * count + b, b * count + a]))
    bounds = np.searchsorted(pairs // count, np.arange(count + 1)).tolist()
    linked = (pairs % count).tolist()
    return [linked[start:end] for start, end in pairwise(bounds)]

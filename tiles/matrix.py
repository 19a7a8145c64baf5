"""Grid arithmetic of the tile matrix sets.

References
----------
OGC 17-083r4, Two Dimensional Tile Matrix Set and Tile Set Metadata, annex D.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spatial.crs import CGCS2000, WEB
from spatial.errors import NotFound
from spatial.geometry import BBox

MAX_ZOOM: Final = 22
"""Deepest zoom that is served; a pixel is 4 cm there."""
WEB_EDGE_M: Final = math.pi * 6378137.0
"""Half the side of the web mercator square."""
WEB_LATITUDE_LIMIT_DEG: Final = 85.0511287798066
# A feature that ends on a tile's edge is drawn across it: tiles hold this share of their neighbours.
BUFFER_SHARE: Final = 64 / 4096


class UnknownMatrixSet(NotFound):
    """No tile matrix set has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no tile matrix set {name!r}. /tileMatrixSets lists all of them.")


class TileOutside(NotFound):
    """The tile lies outside what the tileset holds."""

    def __init__(self, zoom: object, row: object, column: object) -> None:
        super().__init__(f"Tile {zoom}/{row}/{column} (matrix/row/column) is outside this tileset; see its limits.")


@dataclass(frozen=True, slots=True)
class TileId:
    """One tile: matrix, row from the top, column from the left."""

    zoom: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class MatrixSet:
    """A quad tree of tiles.

    Attributes
    ----------
    srid
        PostGIS SRID in which the tiles are cut.
    left, top
        Upper left corner, in the units of ``srid``.
    side
        Side of a tile of zoom 0.
    columns
        Tiles beside each other at zoom 0; one row high.
    """

    id: str
    uri: str
    crs_uri: str
    srid: int
    left: float
    top: float
    side: float
    columns: int

    def holds(self, tile: TileId) -> bool:
        """Tell whether the set has this tile."""
        rows = 1 << tile.zoom if 0 <= tile.zoom <= MAX_ZOOM else 0
        return 0 <= tile.row < rows and 0 <= tile.column < rows * self.columns

    def bounds(self, tile: TileId) -> BBox:
        """Return the box of a tile in ``srid``."""
        side = self.side / (1 << tile.zoom)
        west, north = self.left + tile.column * side, self.top - tile.row * side
        return BBox(west, north - side, west + side, north, self.srid)

    def covering(self, zoom: int, box: BBox) -> tuple[TileId, TileId]:
        """Return the upper left and lower right tile that cover a box of degrees (EPSG:4490)."""
        west, north = self._position(box.west, box.north)
        east, south = self._position(box.east, box.south)
        side = self.side / (1 << zoom)
        rows = 1 << zoom
        columns = rows * self.columns

        def at(x: float, y: float) -> TileId:
            column = min(max(int((x - self.left) // side), 0), columns - 1)
            row = min(max(int((self.top - y) // side), 0), rows - 1)
            return TileId(zoom, row, column)

        return at(west, north), at(east, south)

    def _position(self, lon: float, lat: float) -> tuple[float, float]:
        if self.srid == CGCS2000:
            return lon, lat
        lat = min(max(lat, -WEB_LATITUDE_LIMIT_DEG), WEB_LATITUDE_LIMIT_DEG)
        mercator = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
        return lon / 180 * WEB_EDGE_M, mercator / math.pi * WEB_EDGE_M


def buffered(box: BBox) -> BBox:
    """Return a tile's box with the part of its neighbours that it also holds."""
    dx, dy = (box.east - box.west) * BUFFER_SHARE, (box.north - box.south) * BUFFER_SHARE
    return BBox(box.west - dx, box.south - dy, box.east + dx, box.north + dy, box.srid)


TMS_URI: Final = "http://www.opengis.net/def/tilematrixset/OGC/1.0/"

MATRIX_SETS: Final = MappingProxyType(
    {
        one.id: one
        for one in (
            MatrixSet(
                "WebMercatorQuad",
                TMS_URI + "WebMercatorQuad",
                "http://www.opengis.net/def/crs/EPSG/0/3857",
                WEB,
                -WEB_EDGE_M,
                WEB_EDGE_M,
                2 * WEB_EDGE_M,
                1,
            ),
            MatrixSet(
                "WorldCRS84Quad",
                TMS_URI + "WorldCRS84Quad",
                "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                CGCS2000,
                -180.0,
                90.0,
                180.0,
                2,
            ),
        )
    }
)


def matrix_set(name: str) -> MatrixSet:
    """Return a tile matrix set by name.

    Raises
    ------
    UnknownMatrixSet
        There is none of this name.
    """
    try:
        return MATRIX_SETS[name]
    except KeyError:
        raise UnknownMatrixSet(name) from None

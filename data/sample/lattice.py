"""The lattice of main roads: a slightly warped net of about 640 m over the whole city.

Every outline and road of the sample stands on it, so that neighbours share exact vertices. Places on roads have whole
numbers of twelfths of a square, because a square is cut into two, three or four blocks a side.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from spatial.crs import CGCS2000, GRID

STEP_M: Final = 640.0
TWELFTHS: Final = (0, 3, 4, 6, 8, 9, 12)
"""Where an edge has vertices: wherever two, three or four blocks a side may put a corner."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ORIGIN_M: Final = (458_000.0, 3_426_000.0)
_SHAPE: Final = (216, 284)
_TURN_RAD: Final = np.radians(-6.0)
_WOBBLE_M: Final = 32.0


@dataclass(frozen=True, slots=True)
class Lattice:
    """Vertices of the net.

    Attributes
    ----------
    vertices
        Shape (columns + 1, rows + 1, 2), metres of EPSG:4548; [i, j] is the south-west corner of square (i, j).
    """

    vertices: Floats

    def corners(self, i: int, j: int) -> Floats:
        """Return a square's corners, counter-clockwise from the south-west; shape (4, 2)."""
        return self.vertices[[i, i + 1, i + 1, i], [j, j, j + 1, j + 1]]

    def point(self, i: int, j: int, u: Floats, v: Floats) -> Floats:
        """Return points inside a square, or on its edge with exactly the edge's numbers.

        Parameters
        ----------
        i, j
            The square.
        u, v
            Share of the way east and north, 0 to 1.
        """
        a, b, c, d = self.corners(i, j)
        u, v = u[:, None], v[:, None]
        south = np.where(u == 1, b, a + (b - a) * u)
        north = np.where(u == 1, c, d + (c - d) * u)
        points: Floats = np.where(v == 1, north, np.where(u == 1, b + (c - b) * v, south + (north - south) * v))
        return points


@cache
def make_lattice(seed: int) -> Lattice:
    """Lay the net over Hefei: turned, bent by long waves, and shaken a little at each crossing."""
    rng = np.random.default_rng([seed, 1])
    columns, rows = np.meshgrid(np.arange(_SHAPE[0] + 1.0), np.arange(_SHAPE[1] + 1.0), indexing="ij")
    phase = rng.uniform(0, 2 * np.pi, 4)
    bend_x = 520 * np.sin(rows / 17 + phase[0]) + 260 * np.sin(rows / 7 + columns / 31 + phase[1])
    bend_y = 520 * np.sin(columns / 19 + phase[2]) + 260 * np.sin(columns / 8 - rows / 29 + phase[3])
    shake = rng.uniform(-_WOBBLE_M, _WOBBLE_M, (*columns.shape, 2))
    x, y = columns * STEP_M + bend_x, rows * STEP_M + bend_y
    cos, sin = np.cos(_TURN_RAD), np.sin(_TURN_RAD)
    turned = np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)
    return Lattice(turned + shake + np.array(_ORIGIN_M))


@cache
def _transformer(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def to_degrees(points: Floats) -> Floats:
    """Turn metres of EPSG:4548 into EPSG:4490 degrees, rounded to 9 decimals (0.1 mm).

    Parameters
    ----------
    points
        Shape (n, 2), x and y.
    """
    lon, lat = _transformer(GRID, CGCS2000).transform(points[:, 0], points[:, 1])
    return np.round(np.stack([lon, lat], axis=-1), 9)


def to_metres(points: Floats) -> Floats:
    """Turn EPSG:4490 degrees into metres of EPSG:4548; shape (n, 2)."""
    x, y = _transformer(CGCS2000, GRID).transform(points[:, 0], points[:, 1])
    return np.stack([x, y], axis=-1)

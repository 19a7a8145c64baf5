"""Blocks between roads: their ground, their fronts, and the places of doors along them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.sample.lattice import TWELFTHS, Floats, Ints
from data.sample.streets import SLOTS, Square, Street, StreetPlan

CORNER_M: Final = 19.0
"""Kept free of doors and shops at both ends of a front, so that shops around a corner do not meet."""
PLATE_M: Final = 1.5
"""From the edge of the road to a doorplate."""


@dataclass(frozen=True, slots=True)
class Front:
    """One side of a block along a road.

    Attributes
    ----------
    is_left
        True where the block lies left of the way that the road's numbers grow: odd numbers.
    span
        First and last share of the road's stretch that the side covers.
    ends_m
        Half the width of the crossing roads at the two ends of the span.
    """

    street: Street
    is_left: bool
    span: tuple[float, float]
    ends_m: tuple[float, float]

    @property
    def inward(self) -> Floats:
        """Unit vector from the road into the block."""
        return self.street.left if self.is_left else -self.street.left

    @property
    def length_m(self) -> float:
        """Length of the side along the road's centre line."""
        return self.street.length_m * (self.span[1] - self.span[0])

    def slots(self) -> Ints:
        """Return the doors that fit on the side, numbered along the stretch from 0."""
        before, after = (np.array(self.ends_m) + CORNER_M) / self.street.length_m
        first = np.ceil((self.span[0] + before) * SLOTS)
        last = np.floor((self.span[1] - after) * SLOTS) - 1
        return np.arange(first, last + 1).astype(np.int64)

    def numbers(self, slots: Ints) -> Ints:
        """Return the numbers of doors: odd on the left, even on the right."""
        return 2 * (self.street.first_slot + slots) + (1 if self.is_left else 2)

    def points(self, slots: Floats, depth_m: float) -> Floats:
        """Return places in front of or behind doors; ``depth_m`` runs from the road's edge into the block."""
        shares = (slots + 0.5) / SLOTS
        return self.street.at(shares) + self.inward * (self.street.width_m / 2 + depth_m)


@dataclass(frozen=True, slots=True)
class Block:
    """The ground between four roads.

    Attributes
    ----------
    serial
        Number in the city, by which its estate is named.
    ring_m
        Outline to the centre lines of the roads, with all vertices that its neighbours have; not closed.
    plot_m
        Corners of the ground inside the roads, counter-clockwise from the south-west; shape (4, 2).
    fronts
        South, east, north and west.
    """

    serial: int
    ring_m: Floats
    plot_m: Floats
    fronts: tuple[Front, Front, Front, Front]

    @property
    def angle_rad(self) -> float:
        """Turn of the plot's southern side from due east."""
        east, north = self.plot_m[1] - self.plot_m[0]
        return float(np.arctan2(north, east))

    @property
    def width_m(self) -> float:
        """Mean length from west to east."""
        a, b, c, d = self.plot_m
        return float(np.hypot(*(b - a)) + np.hypot(*(c - d))) / 2

    @property
    def depth_m(self) -> float:
        """Mean length from south to north."""
        a, b, c, d = self.plot_m
        return float(np.hypot(*(d - a)) + np.hypot(*(c - b))) / 2

    def inside(self, x_m: Floats, y_m: Floats) -> Floats:
        """Return points by metres from the plot's south-western corner; shape (n, 2)."""
        a, b, c, d = self.plot_m
        p, q = (x_m / self.width_m)[:, None], (y_m / self.depth_m)[:, None]
        south, north = a + (b - a) * p, d + (c - d) * p
        points: Floats = south + (north - south) * q
        return points


def blocks_of(plan: StreetPlan, square: Square) -> list[Block]:
    """Return a square's blocks, row by row from the south-west."""
    columns, rows = plan.split(square)
    level, upright = _lines(plan, square, columns, rows)
    first = 16 * (plan.names.first_local[square] // 6)
    blocks: list[Block] = []
    for row in range(rows):
        for column in range(columns):
            west_east = (column / columns, (column + 1) / columns)
            south_north = (row / rows, (row + 1) / rows)
            south, north, west, east = level[row], level[row + 1], upright[column], upright[column + 1]
            across, along = (west.width_m / 2, east.width_m / 2), (south.width_m / 2, north.width_m / 2)
            fronts = (
                Front(south, True, west_east, across),
                Front(east, True, south_north, along),
                Front(north, False, west_east, across),
                Front(west, False, south_north, along),
            )
            ring = _ring(plan, square, (12 * column // columns, 12 * row // rows), (12 // columns, 12 // rows))
            blocks.append(Block(first + len(blocks), ring, _plot(fronts), fronts))
    return blocks


def _lines(plan: StreetPlan, square: Square, columns: int, rows: int) -> tuple[list[Street], list[Street]]:
    """Return the roads that run east, from the south, and those that run north, from the west."""
    i, j = square
    inner = plan.locals_of(square)
    level = [plan.main("H", i, j), *inner[: rows - 1], plan.main("H", i, j + 1)]
    upright = [plan.main("V", i, j), *inner[rows - 1 :], plan.main("V", i + 1, j)]
    return level, upright[: columns + 1]


def _ring(plan: StreetPlan, square: Square, start: tuple[int, int], size: tuple[int, int]) -> Floats:
    """Return the outline along the centre lines; edges of the square keep every vertex that regions have there."""
    (u0, v0), (u1, v1) = start, (start[0] + size[0], start[1] + size[1])

    def steps(low: int, high: int, *, on_edge: bool) -> list[int]:
        return [k for k in TWELFTHS if low < k < high] if on_edge else []

    path = [(u0, v0), *((k, v0) for k in steps(u0, u1, on_edge=v0 == 0))]
    path += [(u1, v0), *((u1, k) for k in steps(v0, v1, on_edge=u1 == 12))]
    path += [(u1, v1), *((k, v1) for k in reversed(steps(u0, u1, on_edge=v1 == 12)))]
    path += [(u0, v1), *((u0, k) for k in reversed(steps(v0, v1, on_edge=u0 == 0)))]
    twelfths = np.array(path, dtype=np.float64)
    return plan.lattice.point(*square, twelfths[:, 0] / 12, twelfths[:, 1] / 12)


def _plot(fronts: tuple[Front, Front, Front, Front]) -> Floats:
    """Return the four corners inside the roads: where the road edges cross."""
    south, east, north, west = fronts
    pairs = ((south, west), (south, east), (north, east), (north, west))
    return np.array([_crossing(a, b) for a, b in pairs])


def _crossing(a: Front, b: Front) -> Floats:
    """Return where the inner edges of two roads cross."""
    inward = np.array([a.inward, b.inward])
    offsets = [float(front.inward @ front.street.line_m[0]) + front.street.width_m / 2 for front in (a, b)]
    crossing: Floats = np.linalg.solve(inward, np.array(offsets))
    return crossing

"""How many features a box holds, about: enough to choose between two ways of reading it."""

from array import array
from collections.abc import Sequence
from typing import Final

CELLS: Final = 64
"""Cells along each side of a layer's extent."""


class Density:
    """Feature counts on a grid over a layer's extent, summed so that any box costs four look-ups.

    Parameters
    ----------
    extent
        West, south, east, north of the grid.
    counts
        ``CELLS * CELLS`` counts, row by row from the south-west.
    """

    def __init__(self, extent: Sequence[float], counts: Sequence[int]) -> None:
        self.west, self.south, east, north = extent
        # A layer of one point, or along a meridian, still gets a box of some size.
        self.width = max(east - self.west, 1e-9)
        self.height = max(north - self.south, 1e-9)
        # Arrays of doubles: a list of floats takes four times the memory, and every catalogue keeps one for each layer.
        rows = [array("d", [0.0] * (CELLS + 1))]
        for y in range(CELLS):
            row, below, total = array("d", [0.0]), rows[-1], 0
            for x in range(CELLS):
                total += counts[y * CELLS + x]
                row.append(below[x + 1] + total)
            rows.append(row)
        self._sums = rows

    def estimate(self, west: float, south: float, east: float, north: float) -> float:
        """Estimate the features in a box, as if each cell were filled evenly."""
        x0, x1 = self._column(west), self._column(east)
        y0, y1 = self._row(south), self._row(north)
        return self._sum(x1, y1) - self._sum(x0, y1) - self._sum(x1, y0) + self._sum(x0, y0)

    def _column(self, x: float) -> float:
        return min(max((x - self.west) / self.width, 0.0), 1.0) * CELLS

    def _row(self, y: float) -> float:
        return min(max((y - self.south) / self.height, 0.0), 1.0) * CELLS

    def _sum(self, x: float, y: float) -> float:
        """Interpolate the sum of everything south-west of a grid position."""
        i, j = min(int(x), CELLS - 1), min(int(y), CELLS - 1)
        fx, fy = x - i, y - j
        low, high = self._sums[j], self._sums[j + 1]
        south = low[i] + (low[i + 1] - low[i]) * fx
        north = high[i] + (high[i + 1] - high[i]) * fx
        return south + (north - south) * fy

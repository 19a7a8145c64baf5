"""Stretches of road: one row for each side of a square, and one for each local road across it."""

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely

from data.sample.lattice import Floats, Lattice
from data.sample.names import Heading, Names
from data.sample.rows import RoadRow
from spatial.places.types import RoadClass

SLOTS: Final = 76
"""Doors a side that fit along one square of road: about 8.5 m each."""

Square = tuple[int, int]

_WIDTH_M: Final = MappingProxyType(
    {RoadClass.EXPRESSWAY: 50.0, RoadClass.ARTERIAL: 42.0, RoadClass.SECONDARY: 32.0, RoadClass.LOCAL: 16.0}
)
_LANES: Final = MappingProxyType(
    {RoadClass.EXPRESSWAY: 8, RoadClass.ARTERIAL: 6, RoadClass.SECONDARY: 4, RoadClass.LOCAL: 2}
)
_SPLITS: Final = ((3, 3), (3, 3), (3, 3), (3, 4), (4, 3), (4, 4), (2, 3), (3, 2), (2, 4), (2, 2))


@dataclass(frozen=True, slots=True)
class Street:
    """One stretch of road.

    Attributes
    ----------
    code, name
        Of the road row.
    heading
        H runs east, V runs north; numbers grow that way.
    start, end
        Lattice places in twelfths of a square, (12 i + u, 12 j + v).
    first_slot
        Doors a side before the stretch begins.
    line_m
        Its two ends in EPSG:4548; shape (2, 2).
    """

    code: str
    name: str
    road_class: RoadClass
    heading: Heading
    start: tuple[int, int]
    end: tuple[int, int]
    first_slot: int
    line_m: Floats

    @property
    def width_m(self) -> float:
        """Width between the plots on both sides."""
        return _WIDTH_M[self.road_class]

    @property
    def is_main(self) -> bool:
        """True where it runs between squares, not through one."""
        return self.road_class is not RoadClass.LOCAL

    @property
    def length_m(self) -> float:
        """Length in metres of EPSG:4548."""
        return float(np.hypot(*(self.line_m[1] - self.line_m[0])))

    @property
    def left(self) -> Floats:
        """Unit vector to the left of the way that numbers grow."""
        east, north = (self.line_m[1] - self.line_m[0]) / self.length_m
        return np.array([-north, east])

    def at(self, share: Floats) -> Floats:
        """Return points of the centre line; shape (n, 2)."""
        points: Floats = self.line_m[0] + (self.line_m[1] - self.line_m[0]) * share[:, None]
        return points


@dataclass(frozen=True, slots=True)
class StreetPlan:
    """Where the roads of a city run.

    Attributes
    ----------
    built
        The squares that are built up, each with the community that it stands in.
    """

    lattice: Lattice
    names: Names
    built: dict[Square, str]
    seed: int
    _known: dict[tuple[Heading | int, ...], Street] = field(default_factory=dict, repr=False)

    def split(self, square: Square) -> tuple[int, int]:
        """Return how many blocks a square has from west to east and from south to north."""
        return _split(self.seed, square)

    def main(self, heading: Heading, i: int, j: int) -> Street:
        """Return the stretch of main road from lattice vertex (i, j) to the next one east or north."""
        known = self._known.get((heading, i, j))
        if known is None:
            known = self._known[heading, i, j] = self._main(heading, i, j)
        return known

    def _main(self, heading: Heading, i: int, j: int) -> Street:
        line, along = (j, i) if heading == "H" else (i, j)
        name, before = self.names.main_road(heading, line, along)
        end = (i + 1, j) if heading == "H" else (i, j + 1)
        points = self.lattice.vertices[[i, end[0]], [j, end[1]]]
        return Street(
            f"R3401{heading}{i:03}{j:03}",
            name,
            class_of(line),
            heading,
            (12 * i, 12 * j),
            (12 * end[0], 12 * end[1]),
            before * SLOTS,
            points,
        )

    def local(self, square: Square, heading: Heading, index: int) -> Street:
        """Return the local road along a square's inner line ``index``, counted from 1 at the south or west."""
        known = self._known.get((heading, *square, index))
        if known is None:
            known = self._known[heading, *square, index] = self._local(square, heading, index)
        return known

    def _local(self, square: Square, heading: Heading, index: int) -> Street:
        (i, j), (columns, rows) = square, self.split(square)
        count = rows if heading == "H" else columns
        share, twelfths = np.array([index / count] * 2), 12 * index // count
        ends = np.array([0.0, 1.0])
        u, v = (ends, share) if heading == "H" else (share, ends)
        dx, dy = (12, 0) if heading == "H" else (0, 12)
        start = (12 * i, 12 * j + twelfths) if heading == "H" else (12 * i + twelfths, 12 * j)
        serial = index - 1 if heading == "H" else rows - 2 + index
        return Street(
            f"R3401L{i:03}{j:03}{serial}",
            self.names.local_road(square, serial),
            RoadClass.LOCAL,
            heading,
            start,
            (start[0] + dx, start[1] + dy),
            0,
            self.lattice.point(i, j, u, v),
        )

    def owner(self, heading: Heading, i: int, j: int) -> Square:
        """Return the square that writes the rows of a main road: the one on its left, or else on its right."""
        return (i, j) if (i, j) in self.built else ((i, j - 1) if heading == "H" else (i - 1, j))

    def has_main(self, heading: Heading, i: int, j: int) -> bool:
        """Tell whether a main road runs from lattice vertex (i, j) east or north."""
        return (i, j) in self.built or ((i, j - 1) if heading == "H" else (i - 1, j)) in self.built

    def locals_of(self, square: Square) -> list[Street]:
        """Return the local roads of a square, those that run east first."""
        columns, rows = self.split(square)
        return [self.local(square, "H", k) for k in range(1, rows)] + [
            self.local(square, "V", k) for k in range(1, columns)
        ]

    def owned(self, square: Square) -> list[Street]:
        """Return the stretches whose rows a square writes, main roads first."""
        i, j = square
        sides: list[tuple[Heading, int, int]] = [("H", i, j), ("V", i, j), ("H", i, j + 1), ("V", i + 1, j)]
        mains = [self.main(*side) for side in sides if self.owner(*side) == square]
        return mains + self.locals_of(square)


def road_row(street: Street, since: str) -> RoadRow:
    """Return a stretch's row."""
    return RoadRow(
        street.code,
        street.name,
        street.road_class,
        street.width_m,
        _LANES[street.road_class],
        round(street.length_m, 3),
        since,
        shapely.LineString(street.line_m),
    )


@cache
def _split(seed: int, square: Square) -> tuple[int, int]:
    rng = np.random.default_rng([seed, 10, *square])
    return _SPLITS[int(rng.integers(len(_SPLITS)))]


def class_of(line: int) -> RoadClass:
    """Make every fourth line of the lattice an arterial road and every twelfth an expressway."""
    if line % 12 == 7:
        return RoadClass.EXPRESSWAY
    return RoadClass.ARTERIAL if line % 4 == 0 else RoadClass.SECONDARY

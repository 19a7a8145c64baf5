"""Where pipes of two roads meet: place, code, and which way water leaves.

All of it follows from the lattice, so that squares can be built one by one and their pipes still connect.
"""

from dataclasses import dataclass

import numpy as np

from data.sample.lattice import Floats
from data.sample.names import Heading
from data.sample.networks import Network, carries
from data.sample.streets import Square, Street, StreetPlan
from data.sample.terrain import falls_forward

Place = tuple[int, int]
"""Twelfths of a square east and north of the lattice's origin."""


@dataclass(frozen=True, slots=True)
class CrossingPlan:
    """The crossings of a city's roads.

    Attributes
    ----------
    local_pipes
        The squares whose local roads carry pipes.
    """

    plan: StreetPlan
    local_pipes: frozenset[Square]

    def carries(self, street: Street, network: Network) -> bool:
        """Tell whether a network lies under a stretch."""
        if not street.is_main:
            return (street.start[0] // 12, street.start[1] // 12) in self.local_pipes and network.is_local
        return carries(street.road_class, _line(street), network.kind)

    def owned(self, square: Square) -> list[Place]:
        """Return the places of crossings whose nodes a square writes."""
        i, j = square
        corners = [(i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1)]
        places = [(12 * a, 12 * b) for a, b in corners if self._owner((a, b)) == square]
        for street in self.plan.owned(square):
            if street.is_main:
                places += [_place(street, twelfth) for twelfth in self._joints(street)]
        if square in self.local_pipes:
            columns, rows = self.plan.split(square)
            inner = [(a, b) for a in range(1, columns) for b in range(1, rows)]
            places += [(12 * i + 12 * a // columns, 12 * j + 12 * b // rows) for a, b in inner]
        return places

    def along(self, street: Street, network: Network) -> list[tuple[float, Place]]:
        """Return the crossings on a stretch, its ends among them, by their share of the way."""
        inner = self._joints(street) if network.is_local else []
        return [(twelfth / 12, _place(street, twelfth)) for twelfth in (0, *inner, 12)]

    def code(self, place: Place, network: Network) -> str:
        """Return the code of a crossing's node."""
        return f"{network.prefix}{place[0]:04}{place[1]:04}"

    def arms(self, place: Place, network: Network) -> list[Street]:
        """Return the stretches that meet at a place and carry a network, as many as there are arms.

        A stretch that runs through the place counts twice, once for each way. There are none where only pipes of other
        kinds branch off.
        """
        if not network.is_local and (place[0] % 12 or place[1] % 12):
            return []
        (i, u), (j, v) = divmod(place[0], 12), divmod(place[1], 12)
        level, upright = self._through("H", (i, u), (j, v)), self._through("V", (j, v), (i, u))
        return [street for street in (*level, *upright) if self.carries(street, network)]

    def point(self, place: Place, network: Network) -> Floats:
        """Return where a network's node stands at a crossing, EPSG:4548."""
        arms = self.arms(place, network)
        middle, (east, north) = self._frame(place)
        left = {"H": np.array([-east[1], east[0]]), "V": np.array([-north[1], north[0]])}
        point = middle
        for heading in ("H", "V"):
            runs = [arm for arm in arms if arm.heading == heading]
            if runs:
                offset = network.offset_m if runs[0].is_main else network.local_offset_m
                point = point + left[heading] * (offset or 0.0)
        return np.round(point, 3)

    def is_downhill(self, street: Street) -> bool:
        """Tell whether the ground falls the way that the road's numbers grow."""
        return falls_forward(street.start[0 if street.heading == "H" else 1] // 12)

    def leaves(self, street: Street, place: Place) -> bool:
        """Tell whether water on a stretch can run away from one of its crossings."""
        axis = 0 if street.heading == "H" else 1
        last = street.end if self.is_downhill(street) else street.start
        return place[axis] != last[axis]

    def joins(self, street: Street, network: Network, place: Place | None) -> bool:
        """Tell whether the pipe that runs on from a node is joined to it; water takes one way out of each crossing."""
        if place is None or not network.is_gravity:
            return True
        if not self.leaves(street, place):
            return False
        on_corner = place[0] % 12 == 0 and place[1] % 12 == 0
        if street.is_main:
            return not on_corner or self._way_out(place) == (street.heading, street.start)
        on_main = place[0] % 12 == 0 or place[1] % 12 == 0
        return not on_main and street.heading == ("H" if sum(place) % 2 == 0 else "V")

    def _way_out(self, place: Place) -> tuple[Heading, Place] | None:
        """Return the heading and start of the main road that water takes from a corner of squares."""
        i, j = place[0] // 12, place[1] // 12
        sides: list[tuple[Heading, int, int]] = [("H", i, j), ("V", i, j), ("H", i - 1, j), ("V", i, j - 1)]
        ways: list[tuple[Heading, Place]] = []
        for heading, a, b in sides:
            is_forward = (a, b) == (i, j)
            if self.plan.has_main(heading, a, b) and falls_forward(a if heading == "H" else b) == is_forward:
                ways.append((heading, (12 * a, 12 * b)))
        return ways[(i + j) % len(ways)] if ways else None

    def _through(self, heading: Heading, along: tuple[int, int], across: tuple[int, int]) -> list[Street]:
        """Return the stretches of one heading at a place, one for each arm.

        Parameters
        ----------
        along, across
            Square and twelfth on the axis of the heading, and on the other.
        """
        (a, s), (b, t) = along, across

        def square(k: int) -> Square:
            return (k, b) if heading == "H" else (b, k)

        steps = [a, a] if s else [a - 1, a]
        if t == 0:
            return [self.plan.main(heading, *square(k)) for k in steps if self.plan.has_main(heading, *square(k))]
        found = []
        for k in steps:
            if square(k) in self.local_pipes:
                count = self.plan.split(square(k))[1 if heading == "H" else 0]
                if t * count % 12 == 0:
                    found.append(self.plan.local(square(k), heading, t * count // 12))
        return found

    def _joints(self, street: Street) -> list[int]:
        """Return the twelfths of a stretch where local roads with pipes meet it."""
        i, j = street.start[0] // 12, street.start[1] // 12
        across = 0 if street.heading == "H" else 1
        sides = [(i, j)]
        if street.is_main:
            sides.append((i, j - 1) if street.heading == "H" else (i - 1, j))
        counts = [self.plan.split(square)[across] for square in sides if square in self.local_pipes]
        return sorted({12 * k // count for count in counts for k in range(1, count)})

    def _frame(self, place: Place) -> tuple[Floats, tuple[Floats, Floats]]:
        """Return the middle of a crossing and the ways east and north there."""
        (i, u), (j, v) = divmod(place[0], 12), divmod(place[1], 12)
        vertices = self.plan.lattice.vertices
        middle = vertices[i, j]
        if u or v:
            middle = self.plan.lattice.point(i, j, np.array([u / 12]), np.array([v / 12]))[0]
        east = vertices[i + 1, j] - vertices[i if u else i - 1, j]
        north = vertices[i, j + 1] - vertices[i, j if v else j - 1]
        return middle, (east / np.hypot(*east), north / np.hypot(*north))

    def _owner(self, corner: tuple[int, int]) -> Square:
        """Return the first built square at a corner."""
        i, j = corner
        around = ((i, j), (i - 1, j), (i, j - 1), (i - 1, j - 1))
        return next(square for square in around if square in self.plan.built)


def _place(street: Street, twelfth: int) -> Place:
    i, j = street.start
    return (i + twelfth, j) if street.heading == "H" else (i, j + twelfth)


def _line(street: Street) -> int:
    return street.start[1 if street.heading == "H" else 0] // 12

"""Footprints of buildings: rectangles, L and U shapes, and courtyards."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from data.sample.lattice import Floats
from spatial.places.types import BuildingUse


class Shape(IntEnum):
    """Form of a footprint."""

    RECTANGLE = 0
    L = 1
    U = 2
    COURTYARD = 3


class Plan(NamedTuple):
    """A building before it has a code.

    Attributes
    ----------
    x, y
        Middle in EPSG:4548.
    angle_rad
        Turn of its front from due east.
    width_m, depth_m
        Along and across the front.
    units
        Entrances to flats; 0 where nobody lives.
    front, front_slots
        The front of the block whose doors it opens to and those doors, for shops; -1 and empty else.
    phase
        Which phase of the estate it belongs to, from 0.
    """

    x: float
    y: float
    angle_rad: float
    width_m: float
    depth_m: float
    shape: Shape
    use: BuildingUse
    floors: int
    units: int = 0
    front: int = -1
    front_slots: tuple[int, ...] = ()
    phase: int = 0
    name: str | None = None


# Rings in halves of width and depth; the southern wing is always there, because the entrances are on it.
_RINGS: Final[dict[Shape, list[tuple[float, float]]]] = {
    Shape.RECTANGLE: [(-1, -1), (1, -1), (1, 1), (-1, 1)],
    Shape.L: [(-1, -1), (1, -1), (1, -0.2), (-0.4, -0.2), (-0.4, 1), (-1, 1)],
    Shape.U: [(-1, -1), (1, -1), (1, 1), (0.5, 1), (0.5, -0.2), (-0.5, -0.2), (-0.5, 1), (-1, 1)],
    Shape.COURTYARD: [(-1, -1), (1, -1), (1, 1), (-1, 1)],
}
_YARD: Final = [(-0.5, -0.4), (-0.5, 0.4), (0.5, 0.4), (0.5, -0.4)]

Geometries = NDArray[Any]


def footprints(plans: Sequence[Plan]) -> Geometries:
    """Draw the footprints, in the order of the plans, EPSG:4548 rounded to millimetres."""
    shapes = np.array([plan.shape for plan in plans], dtype=np.int64)
    drawn = np.empty(len(plans), dtype=object)
    for shape in Shape:
        chosen = np.flatnonzero(shapes == shape)
        if len(chosen) == 0:
            continue
        own = [plans[k] for k in chosen.tolist()]
        rings: Geometries = np.asarray(shapely.linearrings(_placed(own, _RINGS[shape])))
        yards: Geometries | None = None
        if shape is Shape.COURTYARD:
            yards = np.asarray(shapely.linearrings(_placed(own, _YARD)))[:, None]
        drawn[chosen] = shapely.polygons(rings, holes=yards)
    return drawn


def entrances(plan: Plan, count: int) -> Floats:
    """Return places just inside the southern front, evenly from west to east; shape (count, 2)."""
    across = (np.arange(count) + 0.5) / count * 2 - 1
    half = np.stack([across * 0.9, np.full(count, -0.9)], axis=1)
    places: Floats = _placed([plan], [(float(x), float(y)) for x, y in half])[0]
    return places


def _placed(plans: Sequence[Plan], ring: Sequence[tuple[float, float]]) -> Floats:
    """Scale, turn and move a ring for each plan; shape (plans, points, 2)."""
    numbers = np.array([(plan.x, plan.y, plan.angle_rad, plan.width_m, plan.depth_m) for plan in plans])
    x, y, angle, width, depth = numbers.T[:, :, None]
    local = np.array(ring, dtype=np.float64)
    along, across = local[:, 0] * width / 2, local[:, 1] * depth / 2
    cos, sin = np.cos(angle), np.sin(angle)
    placed: Floats = np.round(np.stack([x + along * cos - across * sin, y + along * sin + across * cos], axis=-1), 3)
    return placed

"""Small immutable coordinate types, so that no axis can be swapped unseen."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BBox:
    """A box in x, y order (lon, lat or east, north).

    Attributes
    ----------
    west, south, east, north
        Limits in the units of ``srid``. ``west > east`` means that the box crosses the antimeridian.
    srid
        EPSG code of the numbers.
    low, high
        Height limits in metres where the box has six numbers.
    """

    west: float
    south: float
    east: float
    north: float
    srid: int
    low: float | None = None
    high: float | None = None

    @property
    def crosses_antimeridian(self) -> bool:
        """True where the box runs eastwards over longitude 180."""
        return self.west > self.east


def surrounding(boxes: Sequence[BBox]) -> BBox | None:
    """Return the smallest box around some boxes of one reference system; None around nothing.

    >>> surrounding([BBox(0, 0, 1, 1, 4490), BBox(2, -1, 3, 0, 4490)])
    BBox(west=0, south=-1, east=3, north=1, srid=4490, low=None, high=None)
    """
    if not boxes:
        return None
    return BBox(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
        boxes[0].srid,
    )

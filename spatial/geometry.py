"""Small immutable coordinate types, so that no axis can be swapped unseen."""

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

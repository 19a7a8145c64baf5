"""What the geometries of an import have in common, gathered while they pass."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely

from spatial.catalogue.types import GeometryType
from spatial.crs import CGCS2000
from spatial.geometry import BBox
from spatial.ingest.geometry import DIMENSION_OF_TYPE
from spatial.ingest.types import Geometries

SINGLE: Final = (GeometryType.POINT, GeometryType.LINESTRING, GeometryType.POLYGON)
MULTI: Final = (GeometryType.MULTIPOINT, GeometryType.MULTILINESTRING, GeometryType.MULTIPOLYGON)
LINEAR_RING: Final = 2


@dataclass(slots=True)
class Shape:
    """Types, heights and extent of all stored geometries.

    Attributes
    ----------
    types
        How many geometries of each type id of shapely.
    """

    types: dict[int, int] = field(default_factory=dict)
    with_z: int = 0
    count: int = 0
    _box: list[float] = field(default_factory=lambda: [np.inf, np.inf, -np.inf, -np.inf])

    def add(self, geometries: Geometries) -> None:
        """Take geometries into account."""
        if len(geometries) == 0:
            return
        kinds, counts = np.unique(shapely.get_type_id(geometries), return_counts=True)
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            self.types[kind] = self.types.get(kind, 0) + count
        self.count += len(geometries)
        self.with_z += int(shapely.has_z(geometries).sum())
        west, south, east, north = shapely.total_bounds(geometries).tolist()
        old = self._box
        self._box = [min(old[0], west), min(old[1], south), max(old[2], east), max(old[3], north)]

    @property
    def extent(self) -> BBox:
        """Box of all geometries in EPSG:4490."""
        west, south, east, north = self._box
        return BBox(west, south, east, north, CGCS2000)

    @property
    def has_z(self) -> bool:
        """Whether every geometry has heights: a height for some would have to be invented for the others."""
        return self.count > 0 and self.with_z == self.count

    @property
    def dimensions(self) -> set[int]:
        """The dimensions that occur."""
        return {DIMENSION_OF_TYPE[kind] for kind in self.types}

    @property
    def geometry(self) -> GeometryType:
        """The narrowest type that holds all: singles become multi where both occur."""
        if len(self.dimensions) != 1:
            return GeometryType.GEOMETRY
        dimension = next(iter(self.dimensions))
        return SINGLE[dimension] if all(kind <= 3 for kind in self.types) else MULTI[dimension]

"""Making geometries storable: EPSG:4490, finite, in range, valid, or a reason why not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.gcj02 import Shift, unshift
from spatial.ingest.crs import CrsPlan
from spatial.ingest.project import to_lonlat
from spatial.ingest.types import Geometries, Reason

LATITUDE_MAX: Final = 85.06
"""Where the square of web maps ends; beyond it a feature could be stored but never shown."""
REPAIR_AREA_SHARE: Final = 0.01
"""A repair that changes the area by more than this is no repair."""
COLLECTION: Final = 7
DIMENSION_OF_TYPE: Final = {0: 0, 1: 1, 2: 1, 3: 2, 4: 0, 5: 1, 6: 2}
"""By shapely's type id."""
MULTI_OF_DIMENSION: Final[tuple[Callable[[Any], Any], ...]] = (
    shapely.multipoints,
    shapely.multilinestrings,
    shapely.multipolygons,
)


@dataclass(slots=True)
class Cleaned:
    """Geometries of one batch after cleaning.

    Attributes
    ----------
    geometries
        EPSG:4490, x=lon, y=lat.
    problems
        Reason and sentence by index of each row that cannot be stored.
    repaired
        Rows that were made valid.
    had_measures
        Whether M values were dropped.
    """

    geometries: Geometries
    problems: dict[int, tuple[Reason, str]] = field(default_factory=dict)
    repaired: int = 0
    had_measures: bool = False

    def mask(self) -> NDArray[np.bool_]:
        """Return which rows can be stored."""
        good = np.ones(len(self.geometries), dtype=bool)
        good[list(self.problems)] = False
        return good


class Cleaner:
    """Brings batch after batch of one file to EPSG:4490 and proves it.

    Parameters
    ----------
    plan
        How the file's coordinates are read.
    shift
        Shifted degrees to be taken back to WGS 84; None where they are true.
    """

    def __init__(self, plan: CrsPlan, shift: Shift | None = None) -> None:
        self._swaps = plan.swaps_axes
        self._to_lonlat = to_lonlat(plan.crs)
        self._shift = shift

    def clean(self, raw: Geometries) -> Cleaned:
        """Clean one batch; the array is not changed."""
        batch = Cleaned(raw.copy())
        self._empty(batch)
        _flatten_collections(batch)
        batch.had_measures = _drop_measures(batch.geometries)
        self._transform(batch)
        _repair(batch)
        return batch

    @staticmethod
    def _empty(batch: Cleaned) -> None:
        for index in np.flatnonzero(shapely.is_missing(batch.geometries) | shapely.is_empty(batch.geometries)):
            batch.problems[int(index)] = (Reason.NO_GEOMETRY, "The row has no geometry.")

    def _transform(self, batch: Cleaned) -> None:
        """Move the coordinates of 2D and 3D geometries apart, as one array has one width."""
        has_z = np.asarray(shapely.has_z(batch.geometries))
        for deep in (False, True):
            chosen = np.flatnonzero(batch.mask() & (has_z == deep))
            if len(chosen):
                self._transform_some(batch, chosen, deep=deep)

    def _transform_some(self, batch: Cleaned, chosen: NDArray[np.intp], *, deep: bool) -> None:
        some = batch.geometries[chosen]
        coordinates, owner = shapely.get_coordinates(some, include_z=deep, return_index=True)
        finite = np.asarray(np.isfinite(coordinates[:, :2]).all(axis=1))
        x, y = (coordinates[:, 1], coordinates[:, 0]) if self._swaps else (coordinates[:, 0], coordinates[:, 1])
        # PROJ warns about nothing and answers inf; NaN must not reach GEOS.
        lon, lat = self._to_lonlat(np.where(finite, x, 0.0), np.where(finite, y, 0.0))
        if self._shift:
            lon, lat = unshift(self._shift, lon, lat)
        in_range = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180.0) & (np.abs(lat) <= LATITUDE_MAX)
        bad = ~finite | ~in_range
        for position in _first_of_each(owner, bad):
            index = int(chosen[owner[position]])
            batch.problems[index] = _coordinate_problem(coordinates[position], bool(finite[position]))
        moved = coordinates.copy()
        moved[:, 0], moved[:, 1] = np.where(bad, 0.0, lon), np.where(bad, 0.0, lat)
        moved_geometries = shapely.set_coordinates(some, moved)
        if deep:
            flat = np.unique(owner[~np.isfinite(coordinates[:, 2])])
            # A height at some corners only is no height.
            moved_geometries[flat] = shapely.force_2d(moved_geometries[flat])
        batch.geometries[chosen] = moved_geometries


def _first_of_each(owner: NDArray[Any], bad: NDArray[np.bool_]) -> list[int]:
    """Return the position of the first bad coordinate of each geometry."""
    positions = np.flatnonzero(bad)
    _, first = np.unique(owner[positions], return_index=True)
    return [int(one) for one in positions[first]]


def _coordinate_problem(coordinate: NDArray[np.float64], is_finite: bool) -> tuple[Reason, str]:
    x, y = coordinate[:2]
    if not is_finite:
        return Reason.NON_FINITE, f"A coordinate is no finite number: ({x}, {y})."
    return Reason.OUT_OF_RANGE, f"The coordinate ({x:.10g}, {y:.10g}) lies outside lon -180..180, lat -85.06..85.06."


def _flatten_collections(batch: Cleaned) -> None:
    """Turn collections of one dimension into multi-geometries; others have no place in a layer."""
    for index in np.flatnonzero(shapely.get_type_id(batch.geometries) == COLLECTION):
        if int(index) in batch.problems:
            continue
        parts = _parts(batch.geometries[index])
        kinds = {DIMENSION_OF_TYPE[int(kind)] for kind in shapely.get_type_id(parts)}
        if len(kinds) == 1:
            batch.geometries[index] = _multi(parts, kinds.pop())
        else:
            problem = "The geometry is a collection of points, lines or areas together; a layer holds one kind."
            batch.problems[int(index)] = (Reason.MIXED_COLLECTION, problem)


def _parts(geometry: shapely.Geometry) -> Geometries:
    """Return the single parts of a geometry, however deep its collections are nested."""
    parts = np.array([geometry], dtype=object)
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    return parts[~shapely.is_empty(parts)]


def _multi(parts: Geometries, dimension: int) -> shapely.Geometry:
    one: shapely.Geometry = MULTI_OF_DIMENSION[dimension](parts) if len(parts) > 1 else parts[0]
    return one


def _drop_measures(geometries: Geometries) -> bool:
    """Drop M values in place; tell whether there were any."""
    measured = np.flatnonzero(shapely.has_m(geometries))
    for index in measured:
        geometry = geometries[index]
        flat = shapely.force_2d(geometry)
        if shapely.has_z(geometry):
            coordinates = shapely.get_coordinates(geometry, include_z=True)
            flat = shapely.set_coordinates(shapely.force_3d(flat), coordinates)
        geometries[index] = flat
    return len(measured) > 0


def _repair(batch: Cleaned) -> None:
    for index in np.flatnonzero(batch.mask() & ~np.asarray(shapely.is_valid(batch.geometries))):
        geometry = batch.geometries[index]
        fault = shapely.is_valid_reason(geometry)
        mended = _mend(geometry)
        if mended is None:
            problem = f"The geometry is invalid ({fault}) and cannot be repaired without changing it."
            batch.problems[int(index)] = (Reason.INVALID_GEOMETRY, problem)
        else:
            batch.geometries[index] = mended
            batch.repaired += 1


def _mend(geometry: shapely.Geometry) -> shapely.Geometry | None:
    """Make a geometry valid in its own dimension; None where that would make another thing of it."""
    dimension = DIMENSION_OF_TYPE[int(shapely.get_type_id(geometry))]
    parts = _parts(shapely.make_valid(geometry))
    kept = parts[[DIMENSION_OF_TYPE[int(kind)] == dimension for kind in shapely.get_type_id(parts)]]
    if len(kept) == 0:
        return None
    mended = _multi(kept, dimension)
    if dimension == 2:
        before, after = shapely.area(geometry), shapely.area(mended)
        if abs(after - before) > REPAIR_AREA_SHARE * max(before, after):
            return None
    return mended

"""Which reference system a file's coordinates are in: told, declared or detected, and never guessed in silence."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyproj
from numpy.typing import NDArray

from spatial.crs import CGCS2000, GRID, WEB
from spatial.geometry import BBox
from spatial.ingest.errors import UnknownCrs
from spatial.ingest.project import datum_warning, epsg_of, label, parse_crs, to_lonlat
from spatial.ingest.types import DeclaredCrs

Points: TypeAlias = NDArray[np.float64]
"""Sampled coordinates in file order, shape (n, 2), finite."""

HEFEI: Final = BBox(116.68, 30.93, 117.96, 32.54, CGCS2000)
"""The first city, for telling metres apart while the database holds no regions."""
AROUND_CITY_DEG: Final = 0.3
CHINA: Final = BBox(73.0, 3.0, 136.0, 54.5, CGCS2000)
MOST: Final = 0.5
"""Share of the sample that a reading must explain: a file may have half its rows broken."""
FEW: Final = 0.05
"""A declared system that explains less than this is contradicted by the coordinates."""

ZONES_3_DEG: Final = range(25, 46)
EPSG_ZONE_25: Final = 4513
"""CGCS2000 / 3-degree Gauss-Kruger zone 25; zone 39 is EPSG:4527."""


@dataclass(frozen=True, slots=True)
class CrsPlan:
    """How the coordinates of a file are read.

    Attributes
    ----------
    swaps_axes
        Whether the file's first coordinate is north.
    basis
        ``told``, ``declared``, ``assumed`` (a default of the format) or ``detected``.
    """

    crs: pyproj.CRS
    swaps_axes: bool
    basis: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the system's code and name, and whether axes were swapped."""
        return label(self.crs) + (", axes swapped" if self.swaps_axes else "")


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way in which undeclared coordinates make sense."""

    crs: pyproj.CRS
    swaps_axes: bool
    share: float
    why: str


def decide(
    points: Points, *, declared: DeclaredCrs | None, told: str | None, swap_axes: bool, city: BBox | None
) -> CrsPlan:
    """Decide how a file's coordinates are to be read.

    Parameters
    ----------
    points
        A sample of the file's coordinates as they stand there.
    declared
        What the file or its format says.
    told, swap_axes
        What the user says; it stands above the file, but not above arithmetic.
    city
        Where the city is; None while the database does not know.

    Raises
    ------
    UnknownCrs
        Nothing says which, or the coordinates contradict what is said; the sentence names the option to add.
    """
    if told:
        return _checked(DeclaredCrs(parse_crs(told), "--crs"), points, swap_axes=swap_axes, basis="told")
    if declared and declared.is_firm:
        return _checked(declared, points, swap_axes=swap_axes, basis="declared")
    if declared and (len(points) == 0 or _fit(declared.crs, _ordered(points, swap_axes)) >= FEW):
        return _assumed(declared, swap_axes=swap_axes)
    return _detected(points, declared=declared, swap_axes=swap_axes, city=city or HEFEI)


def _assumed(declared: DeclaredCrs, *, swap_axes: bool) -> CrsPlan:
    note = f"Coordinates are taken for {label(declared.crs)}, as {declared.where} says; the file itself names none."
    return CrsPlan(declared.crs, swap_axes, "assumed", notes=(note,))


def _checked(declared: DeclaredCrs, points: Points, *, swap_axes: bool, basis: str) -> CrsPlan:
    """Hold a statement against the coordinates."""
    crs = declared.crs
    warning = datum_warning(crs)
    plan = CrsPlan(crs, swap_axes, basis, warnings=(warning,) if warning else ())
    if len(points) == 0 or _fit(crs, _ordered(points, swap_axes)) >= FEW:
        return plan
    x, y = points[len(points) // 2]
    said = f"{declared.where} says {label(crs)}, but coordinates are like ({x:g}, {y:g})"
    if _fit(crs, _ordered(points, not swap_axes)) >= MOST:
        mend = "remove --swap-axes" if swap_axes else "add --swap-axes"
        raise UnknownCrs(f"{said}: the two axes stand in the other order. To read them so, {mend}.")
    raise UnknownCrs(f"{said}, which that system cannot hold. Give the true system with --crs EPSG:n.")


def _detected(points: Points, *, declared: DeclaredCrs | None, swap_axes: bool, city: BBox) -> CrsPlan:
    if len(points) == 0:
        raise UnknownCrs("The file names no reference system and has no coordinates to tell it. Add --crs EPSG:n.")
    found = [one for one in _readings(points, city) if one.share >= MOST and (one.swaps_axes or not swap_axes)]
    if len(found) != 1:
        raise UnknownCrs(_undecided(points, found))
    one = found[0]
    overruled = f" ({declared.where} would mean {label(declared.crs)}, which they cannot be)" if declared else ""
    swapped = " with north (lat) first" if one.swaps_axes else ""
    warning = (
        f"The file names no reference system{overruled}. Read as {label(one.crs)}{swapped}, because {one.why}. "
        f"If that is wrong, import again with --crs."
    )
    return CrsPlan(one.crs, one.swaps_axes, "detected", warnings=(warning,))


def _undecided(points: Points, found: list[_Reading]) -> str:
    x, y = points[len(points) // 2]
    start = f"The file names no reference system and its coordinates, like ({x:g}, {y:g}), "
    if found:
        ways = " or ".join(f"{label(one.crs)}{' with --swap-axes' if one.swaps_axes else ''}" for one in found)
        return f"{start}could be {ways}. Say which with --crs EPSG:n (and --swap-axes if north or lat comes first)."
    if np.mean((np.abs(points) <= 180).all(axis=1)) >= MOST:
        return f"{start}could be lon, lat or lat, lon degrees. Add --crs EPSG:4326, and --swap-axes if lat comes first."
    return (
        f"{start}fit no system that can be told by numbers alone. Add --crs EPSG:n; for Hefei's metric grid that is "
        "EPSG:4548 (eastings of six digits) or EPSG:4527 (eastings that begin with 39)."
    )


def _readings(points: Points, city: BBox) -> Iterator[_Reading]:
    """Yield every way in which the points make sense, in either order of axes."""
    for swaps in (False, True):
        seen = _ordered(points, swaps)
        yield from _degrees(seen, swaps)
        yield from _zoned(seen, swaps)
        for code, why in (
            (GRID, "the points then lie in the city"),
            (WEB, "the points then lie in the city as web mercator metres"),
        ):
            crs = pyproj.CRS.from_epsg(code)
            yield _Reading(crs, swaps, _share_inside(to_lonlat(crs)(seen[:, 0], seen[:, 1]), city), why)


def _degrees(seen: Points, swaps: bool) -> Iterator[_Reading]:
    """Degrees are told by China's box, or by a longitude that cannot be a latitude."""
    lon, lat = seen[:, 0], seen[:, 1]
    in_china = _share_inside((lon, lat), CHINA, margin=0.0)
    beyond = float(np.mean((np.abs(lon) > 90) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)))
    crs = pyproj.CRS.from_epsg(CGCS2000)
    why = "in this order the degrees lie in China" if in_china >= MOST else "only this order keeps latitudes below 90"
    yield _Reading(crs, swaps, max(in_china, beyond), why)


def _zoned(seen: Points, swaps: bool) -> Iterator[_Reading]:
    """Eastings with a zone number of 3 degrees before them: 25 to 45, far from any other system's range."""
    east, north = seen[:, 0], seen[:, 1]
    zones = np.floor(east / 1e6)
    rest = east - zones * 1e6
    fits = (zones >= ZONES_3_DEG.start) & (zones < ZONES_3_DEG.stop) & (rest > 2e5) & (rest < 8e5)
    fits &= (north > 3e5) & (north < 6.1e6)
    for zone in np.unique(zones[fits]):
        code = EPSG_ZONE_25 + int(zone) - 25
        share = float(np.mean(fits & (zones == zone)))
        why = f"eastings begin with the zone number {int(zone)}; CGCS2000 is assumed as the datum"
        yield _Reading(pyproj.CRS.from_epsg(code), swaps, share, why)


def _fit(crs: pyproj.CRS, seen: Points) -> float:
    """Return the share of points that a system can hold."""
    x, y = seen[:, 0], seen[:, 1]
    if crs.is_geographic:
        return float(np.mean((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)))
    # Degrees read as metres would all lie within 180 m of the grid's origin, where no city is.
    metres = (np.abs(x) > 180.0) | (np.abs(y) > 90.0)
    lon, lat = to_lonlat(crs)(x, y)
    area = crs.area_of_use or _official_area(crs)
    if area is None:
        return float(np.mean(metres & np.isfinite(lon) & np.isfinite(lat)))
    box = BBox(area.west, area.south, area.east, area.north, CGCS2000)
    return float(np.mean(metres & _inside((lon, lat), box, margin=3.0)))


def _official_area(crs: pyproj.CRS) -> Any:
    code = epsg_of(crs)
    return pyproj.CRS.from_epsg(code).area_of_use if code else None


def _ordered(points: Points, swaps: bool) -> Points:
    return points[:, ::-1] if swaps else points


def _inside(lonlat: tuple[Points, Points], box: BBox, *, margin: float) -> NDArray[np.bool_]:
    lon, lat = lonlat
    inside: NDArray[np.bool_] = (lon >= box.west - margin) & (lon <= box.east + margin)
    inside &= (lat >= box.south - margin) & (lat <= box.north + margin)
    return inside


def _share_inside(lonlat: tuple[Points, Points], box: BBox, *, margin: float = AROUND_CITY_DEG) -> float:
    return float(np.mean(_inside(lonlat, box, margin=margin)))

"""GCJ-02 and BD-09: the shifted coordinates of Chinese web maps, and the way back.

They are not reference systems but obfuscations of WGS 84, so they are converted by labelled arithmetic at import
and export only, and every answer that used it states the error.

References
----------
The public reconstruction known as "eviltransform": constants of the Krasovsky 1940 ellipsoid, box of China
72.004-137.8347 E, 0.8293-55.8271 N. BD-09 adds Baidu's own swirl on top of GCJ-02.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Conversion: TypeAlias = Callable[[Floats, Floats], tuple[Floats, Floats]]

SEMI_MAJOR_M: Final = 6378245.0
ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
BD_SWIRL: Final = np.pi * 3000.0 / 180.0
CHINA: Final = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of the box inside which the shift applies; outside it coordinates are unchanged."""

ITERATIONS: Final = 12
"""Each step of the inverse shrinks the rest about a thousandfold; twelve reach the last bit of a double."""


class Shift(StrEnum):
    """A shifted coordinate system of a web map."""

    GCJ02 = "gcj02"
    BD09 = "bd09"

    @property
    def error_m(self) -> float:
        """What a converted place may be off by, in metres, against the map maker's own conversion."""
        return 0.5 if self is Shift.GCJ02 else 1.0

    @property
    def label(self) -> str:
        """Return the name that people use."""
        return "GCJ-02" if self is Shift.GCJ02 else "BD-09"


def in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Tell where the shift applies."""
    west, south, east, north = CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS 84 (or CGCS2000) degrees to GCJ-02.

    >>> lon, lat = wgs84_to_gcj02(np.array([116.377817]), np.array([39.911954]))
    >>> round(float(lon[0]), 5), round(float(lat[0]), 5)
    (116.38405, 39.91335)
    """
    return _where_it_applies(_shifted, lon, lat)


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Take GCJ-02 degrees back to WGS 84 by iteration; about 0.5 m against the map makers' own."""
    return _where_it_applies(partial(_undone, _shifted), lon, lat)


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Add Baidu's swirl to GCJ-02 degrees."""
    return _where_it_applies(_swirled, lon, lat)


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Take Baidu's swirl off by iteration."""
    return _where_it_applies(partial(_undone, _swirled), lon, lat)


def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Take BD-09 degrees back to WGS 84; about 1 m against Baidu's own."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def wgs84_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS 84 degrees to BD-09."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def unshift(shift: Shift, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Take shifted degrees back to WGS 84.

    Parameters
    ----------
    shift
        What the degrees are said to be.
    lon, lat
        Degrees, arrays of one shape.
    """
    return gcj02_to_wgs84(lon, lat) if shift is Shift.GCJ02 else bd09_to_wgs84(lon, lat)


def _where_it_applies(convert: Conversion, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Convert places inside China; all others, and what is no number, stay as they are."""
    inside = in_china(lon, lat)
    x, y = lon.copy(), lat.copy()
    x[inside], y[inside] = convert(lon[inside], lat[inside])
    return x, y


def _undone(convert: Conversion, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Find what a conversion turns into these degrees, by stepping back what it misses them by."""
    x, y = lon, lat
    for _ in range(ITERATIONS):
        there_x, there_y = convert(x, y)
        x, y = x + (lon - there_x), y + (lat - there_y)
    return x, y


def _shifted(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def _offset(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the shift of GCJ-02 at WGS 84 places, in degrees east and north."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north_m += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east_m += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = np.radians(lat)
    magic = 1.0 - ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel_m = SEMI_MAJOR_M / np.sqrt(magic) * np.cos(latitude)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _swirled(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    distance = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_SWIRL)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_SWIRL)
    return distance * np.cos(angle) + 0.0065, distance * np.sin(angle) + 0.006

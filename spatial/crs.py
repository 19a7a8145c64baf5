"""Coordinate reference systems that the platform speaks, and the order of their axes at the door.

Inside, coordinates are always x, y (lon, lat or east, north). At the door the authority's order holds:
EPSG:4490 and EPSG:4326 are lat, lon; EPSG:4548 and EPSG:4527 are north, east; CRS84 is lon, lat.

References
----------
OGC 18-058r1 (Features Part 2), requirement 15: coordinates follow the axis order of the CRS.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

CGCS2000: Final = 4490
"""Storage: China Geodetic Coordinate System 2000, degrees, stored x=lon, y=lat."""
WGS84: Final = 4326
"""Agrees with CGCS2000 to centimetres, so its numbers are the same (docs/architecture.md)."""
WEB: Final = 3857
"""Spherical web mercator of map tiles."""
GRID: Final = 4548
"""CGCS2000 / 3-degree Gauss-Kruger CM 117E: Hefei's metric grid."""
GRID_ZONE39: Final = 4527
"""The same projection with the zone number 39 before the easting."""

OGC_CRS: Final = "http://www.opengis.net/def/crs/"
CRS84_URI: Final = OGC_CRS + "OGC/1.3/CRS84"
CRS84H_URI: Final = OGC_CRS + "OGC/0/CRS84h"


@dataclass(frozen=True, slots=True)
class Crs:
    """One offered reference system.

    Attributes
    ----------
    uri
        The identifier that clients send and receive.
    srid
        The PostGIS SRID whose numbers answer it.
    swaps_axes
        True where the authority's first axis is y (lat or north).
    is_metric
        True where coordinates are metres, so three decimals are millimetres.
    title
        A short name for people.
    """

    uri: str
    srid: int
    swaps_axes: bool
    is_metric: bool
    title: str

    @property
    def decimals(self) -> int:
        """Digits after the point that keep a millimetre: 1e-8 degree is 1.1 mm."""
        return 3 if self.is_metric else 8


def _epsg(code: int, *, swaps_axes: bool, is_metric: bool, title: str) -> Crs:
    return Crs(f"{OGC_CRS}EPSG/0/{code}", code, swaps_axes, is_metric, title)


CRS84: Final = Crs(CRS84_URI, CGCS2000, swaps_axes=False, is_metric=False, title="WGS 84 lon/lat")
CRS84H: Final = Crs(CRS84H_URI, CGCS2000, swaps_axes=False, is_metric=False, title="WGS 84 lon/lat/height")
EPSG4490: Final = _epsg(CGCS2000, swaps_axes=True, is_metric=False, title="CGCS2000 lat/lon")

OFFERED: Final = MappingProxyType(
    {
        crs.uri: crs
        for crs in (
            CRS84,
            CRS84H,
            _epsg(WGS84, swaps_axes=True, is_metric=False, title="WGS 84 lat/lon"),
            EPSG4490,
            _epsg(WEB, swaps_axes=False, is_metric=True, title="Web Mercator"),
            _epsg(GRID, swaps_axes=True, is_metric=True, title="CGCS2000 / 3-degree GK CM 117E"),
            _epsg(GRID_ZONE39, swaps_axes=True, is_metric=True, title="CGCS2000 / 3-degree GK zone 39"),
        )
    }
)
"""Every CRS that an answer may be asked in, by URI. CRS84h only makes sense for layers with heights."""


DOMAIN: Final = MappingProxyType(
    {
        CGCS2000: (-180.0, -90.0, 180.0, 90.0),
        WGS84: (-180.0, -90.0, 180.0, 90.0),
        WEB: (-20037508.35, -20048966.2, 20037508.35, 20048966.2),
        # Gauss-Kruger is made for 1.5 degrees on either side and computes cleanly to about 12; beyond, PROJ refuses.
        GRID: (-700_000.0, -10_002_000.0, 1_700_000.0, 10_002_000.0),
        GRID_ZONE39: (38_300_000.0, -10_002_000.0, 40_700_000.0, 10_002_000.0),
    }
)
"""Where coordinates of a system mean a place: west, south, east, north in its own units, by SRID."""


def same_numbers(srid_a: int, srid_b: int) -> bool:
    """Tell whether two SRIDs give a place the same coordinates, so that no transformation is needed.

    >>> same_numbers(4490, 4326), same_numbers(4490, 4548)
    (True, False)
    """
    geographic = {CGCS2000, WGS84}
    return srid_a == srid_b or {srid_a, srid_b} <= geographic

"""The order of a reference system's axes, as QGIS sees it (``hasAxisInverted``)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
NAME: Final = re.compile(
    r"https?://www\.opengis\.net/def/crs/([A-Za-z]{2,10})/[0-9.]*/([A-Za-z0-9]{1,12})"
    r"|urn:ogc:def:crs:([A-Za-z]{2,10}):[0-9.]*:([A-Za-z0-9]{1,12})"
)


@dataclass(frozen=True, slots=True)
class Axes:
    """A reference system by its URI.

    Attributes
    ----------
    uri
        As the server writes it.
    is_inverted
        True where north or latitude comes first on the wire.
    """

    uri: str
    is_inverted: bool
    is_geographic: bool
    crs: pyproj.CRS

    def from_lon_lat(self, geometry: BaseGeometry) -> BaseGeometry:
        """Bring a geometry in longitude and latitude into this system, as it stands on the wire."""
        here = _from_crs84(self.crs)

        def moved(points: Points) -> Points:
            first, second = here.transform(points[:, 0], points[:, 1])
            return np.column_stack((second, first) if self.is_inverted else (first, second))

        # Heights play no part in what is compared.
        return shapely.transform(shapely.force_2d(geometry), moved)


@lru_cache(maxsize=64)
def _from_crs84(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True)


@lru_cache(maxsize=64)
def axes_of(uri: str) -> Axes | None:
    """Return a reference system; None where nobody knows it."""
    found = NAME.fullmatch(uri)
    if not found:
        return None
    authority, code = (part for part in found.groups() if part)
    if authority.upper() == "OGC" and code.upper() in {"CRS84", "CRS84H"}:
        return Axes(uri, is_inverted=False, is_geographic=True, crs=pyproj.CRS("OGC:CRS84"))
    try:
        crs = pyproj.CRS.from_authority(authority.upper(), code)
    except ProjError:
        return None
    first = crs.axis_info[0].direction.lower() if crs.axis_info else "east"
    return Axes(uri, is_inverted=first == "north", is_geographic=crs.is_geographic, crs=crs)

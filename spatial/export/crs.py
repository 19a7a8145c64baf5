"""The reference system as a file names it.

Our CRS84 has the numbers of EPSG:4326 in x, y order; a file is always x, y, so what remains of a CRS is its EPSG code.
"""

from functools import lru_cache
from typing import Any

import pyproj

from spatial.crs import CRS84_URI, CRS84H_URI, WGS84, Crs


def srid_of(crs: Crs) -> int:
    """Return the EPSG code that a file records."""
    return WGS84 if crs.uri in {CRS84_URI, CRS84H_URI} else crs.srid


@lru_cache
def projjson(crs: Crs) -> dict[str, Any]:
    """Return the PROJJSON that a GeoParquet file records."""
    known = "OGC:CRS84" if crs.uri in {CRS84_URI, CRS84H_URI} else crs.srid
    found: dict[str, Any] = pyproj.CRS.from_user_input(known).to_json_dict()
    return found

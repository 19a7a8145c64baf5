"""From a file's reference system to lon, lat degrees of EPSG:4490, on whole arrays."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import pyproj
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from spatial.crs import CGCS2000, WGS84
from spatial.gcj02 import Floats
from spatial.ingest.errors import UnknownCrs

ToLonLat: TypeAlias = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Takes x, y (east, north or lon, lat) and returns lon, lat degrees; infinite where it cannot."""

OLD_DATUMS: Final = {
    "xian": "Xian 1980 (西安80)",
    "beijing": "Beijing 1954 (北京54)",
    "new beijing": "New Beijing (新北京54)",
}


def parse_crs(text: str) -> pyproj.CRS:
    """Read what a user calls a reference system: ``EPSG:4548``, ``4548``, a URN, or WKT.

    Raises
    ------
    UnknownCrs
        PROJ knows no such system.
    """
    try:
        crs = pyproj.CRS.from_user_input(int(text) if text.strip().isdigit() else text.strip())
    except CRSError as error:
        raise UnknownCrs(f"{text!r} is no reference system that PROJ knows. Write it as --crs EPSG:4548.") from error
    return horizontal(crs)


def horizontal(crs: pyproj.CRS) -> pyproj.CRS:
    """Return the horizontal part of a system, as heights are taken as they are."""
    if crs.is_compound:
        return crs.sub_crs_list[0]
    return crs.to_2d() if len(crs.axis_info) == 3 else crs


@lru_cache(maxsize=64)
def label(crs: pyproj.CRS) -> str:
    """Return ``EPSG:n (name)``, or the name alone where no code fits."""
    code = epsg_of(crs)
    return f"EPSG:{code} ({crs.name})" if code else crs.name


@lru_cache(maxsize=64)
def epsg_of(crs: pyproj.CRS) -> int | None:
    """Return the EPSG code of a system, also of an ESRI .prj; None where none fits well."""
    code = crs.to_epsg(min_confidence=70)
    if code is None and crs.is_geographic and crs.name in {"WGS 84 (CRS84)", "OGC:CRS84", "WGS 84"}:
        return WGS84
    return code


def to_lonlat(crs: pyproj.CRS) -> ToLonLat:
    """Return the way from a system to degrees.

    Raises
    ------
    UnknownCrs
        The system is local and has no known place on earth.
    """
    if epsg_of(crs) in {CGCS2000, WGS84}:
        # They agree to centimetres (spatial/crs.py), so the numbers stay untouched.
        return lambda x, y: (x, y)
    try:
        transformer = pyproj.Transformer.from_crs(_official(crs), CGCS2000, always_xy=True)
    except ProjError as error:
        raise UnknownCrs(f"{crs.name} has no known place on earth. Give the true one with --crs EPSG:n.") from error

    def transform(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        lon, lat = transformer.transform(x, y)
        return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)

    return transform


def _official(crs: pyproj.CRS) -> pyproj.CRS:
    """Return EPSG's own definition, as an ESRI .prj hides which datum shifts exist."""
    code = epsg_of(crs)
    return pyproj.CRS.from_epsg(code) if code else crs


def datum_warning(crs: pyproj.CRS) -> str | None:
    """Return what a user must know about the way from an old Chinese datum; None for all others."""
    datum = crs.datum.name.lower().replace("_", " ") if crs.datum else ""
    name = next((title for key, title in OLD_DATUMS.items() if key in datum), None)
    if name is None:
        return None
    best = TransformerGroup(_official(crs), CGCS2000, always_xy=True).transformers
    accuracy_m = best[0].accuracy if best and best[0].accuracy is not None else -1.0
    told = f"PROJ states an accuracy of {accuracy_m:g} m" if accuracy_m > 0 else "PROJ knows no shift for it at all"
    return (
        f"The file is in {name}. {told}; without the city's own seven parameters places may be off by metres to "
        "about a hundred metres. Check against known points before use."
    )

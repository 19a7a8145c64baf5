"""How values are printed on pages: units, times, names of reference systems."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

UNITS: Final[Mapping[str, str]] = {"m2": "m²", "m3": "m³", "Cel": "°C", "deg": "°"}
"""UCUM codes whose printed sign differs."""

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")


def unit_sign(unit: str | None) -> str:
    """Return how a UCUM unit is printed.

    >>> unit_sign("m2")
    'm²'
    """
    return UNITS.get(unit, unit) if unit else ""


def local_time(value: Any) -> str:
    """Return a moment in the city's time; whatever is no moment stays as it is.

    >>> local_time("2026-11-22T09:31:30+00:00")
    '2026-11-22 17:31:30'
    """
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    if moment.tzinfo is None:
        return str(value)
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def crs_name(uri: str) -> str:
    """Return the short name of a reference system.

    >>> crs_name("http://www.opengis.net/def/crs/EPSG/0/4490")
    'EPSG:4490'
    """
    authority, _, rest = uri.partition("/def/crs/")[2].partition("/")
    code = rest.rpartition("/")[2]
    return f"{authority}:{code}" if code else uri


def shapes(features: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the features without their properties: all that a small map needs."""
    kept: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {}, "geometry": one.get("geometry")} for one in features
    ]
    return {"type": "FeatureCollection", "features": kept}


def has_any(features: list[dict[str, Any]], name: str) -> bool:
    """Tell whether some feature has a value of a property, whatever signs its name is made of."""
    return any((one.get("properties") or {}).get(name) is not None for one in features)


def grouped(number: float) -> str:
    """Return a number with its thousands set apart."""
    return f"{number:,}"

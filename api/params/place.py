"""Reference systems and boxes."""

from collections.abc import Iterable, Mapping

from api.params.common import number
from spatial.crs import CRS84, CRS84H, OFFERED, OGC_CRS, Crs
from spatial.errors import InvalidInput
from spatial.geometry import BBox


def crs(query: Mapping[str, str], name: str = "crs", *, default: Crs = CRS84, offered: Iterable[str] = OFFERED) -> Crs:
    """Read a reference system by its URI (or the safe CURIE ``[EPSG:4490]``)."""
    text = query.get(name)
    if text is None:
        return default
    known = OFFERED.get(_expanded(text))
    if known is None or known.uri not in set(offered):
        raise InvalidInput(
            f"{name}={text!r} is not offered here.{_meant(text, offered)} Offered: {', '.join(offered)}.", field=name
        )
    return known


def _expanded(text: str) -> str:
    """Turn the CURIE ``[EPSG:4490]`` or ``[OGC:CRS84]`` into its URI."""
    return _uri(text[1:-1]) or text if text.startswith("[") and text.endswith("]") else text


def _meant(text: str, offered: Iterable[str]) -> str:
    """Return what would be right where people write EPSG:4490 or 4490 (only URIs may be taken: 18-058r1, req. 12)."""
    uri = _uri(text)
    return f" Write {uri}." if uri in set(offered) else ""


def _uri(short: str) -> str | None:
    authority, _, code = short.rpartition(":")
    if authority.upper() == "OGC":
        return {"CRS84": CRS84.uri, "CRS84H": CRS84H.uri}.get(code.upper())
    if code.isdecimal() and authority.upper() in {"", "EPSG"}:
        return f"{OGC_CRS}EPSG/0/{code}"
    return None


def bbox(query: Mapping[str, str]) -> BBox | None:
    """Read ``bbox`` in the axis order of ``bbox-crs``: four numbers, or six with heights."""
    box_crs = crs(query, "bbox-crs")
    text = query.get("bbox")
    if text is None:
        return None
    numbers = [number("bbox", part) for part in text.split(",")]
    if len(numbers) not in {4, 6}:
        raise InvalidInput(f"bbox needs 4 numbers (or 6 with heights), not {len(numbers)}.", field="bbox")
    low = high = None
    if len(numbers) == 6:
        low, high = numbers[2], numbers[5]
        if low > high:
            raise InvalidInput(f"bbox: the lower height {low} is above the upper {high}.", field="bbox")
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    west, south, east, north = numbers
    if box_crs.swaps_axes:
        west, south, east, north = south, west, north, east
    _check_box(west, south, east, north, is_metric=box_crs.is_metric, swaps_axes=box_crs.swaps_axes)
    return BBox(west, south, east, north, box_crs.srid, low, high)


def _check_box(west: float, south: float, east: float, north: float, *, is_metric: bool, swaps_axes: bool) -> None:
    order = "lat,lon" if swaps_axes else "lon,lat"
    if south > north:
        raise InvalidInput(f"bbox: the lower edge {south} is above the upper edge {north}.", field="bbox")
    if is_metric:
        if west > east:
            raise InvalidInput(f"bbox: the left edge {west} is right of the right edge {east}.", field="bbox")
        if max(map(abs, (west, south, east, north))) > 1e9:
            raise InvalidInput("bbox: a coordinate is farther than the earth is large.", field="bbox")
        return
    if not (-90 <= south <= north <= 90):
        raise InvalidInput(f"bbox: latitudes run from -90 to 90; the order here is {order}.", field="bbox")
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise InvalidInput(f"bbox: longitudes run from -180 to 180; the order here is {order}.", field="bbox")

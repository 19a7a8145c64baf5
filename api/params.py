"""Query strings as words of the domains, or ``InvalidInput`` that names the parameter."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.datastructures import QueryParams

from api.negotiation import LANGUAGES
from spatial.catalogue.types import FieldType, KeyType, Layer, LayerField
from spatial.crs import CRS84, CRS84H, OFFERED, Crs
from spatial.errors import InvalidInput
from spatial.geometry import BBox
from spatial.query.errors import UnknownFeature
from spatial.query.types import Interval, Key, Value

COMMON_PARAMETERS: Final = ("f", "lang")
"""What every resource understands."""
ITEMS_PARAMETERS: Final = (
    *COMMON_PARAMETERS,
    "limit",
    "offset",
    "cursor",
    "bbox",
    "bbox-crs",
    "datetime",
    "crs",
)
"""What a page of features understands besides its properties; a property of the same name cannot be asked by it."""

LIMIT_DEFAULT: Final = 10
LIMIT_MAX: Final = 10_000
OFFSET_MAX: Final = 100_000
WHOLE_NUMBER: Final = re.compile(r"-?[0-9]+")
NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339; a + that came as a space is read as it was meant.
MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[ +-][0-9]{2}:[0-9]{2})?"
)
# Beyond these PostgreSQL's bigint and timestamptz end.
BIGINT: Final = 2**63
EPOCH_MIN, EPOCH_MAX = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def only(query: QueryParams, allowed: Iterable[str]) -> None:
    """Refuse parameters that the resource does not know, or that are given twice.

    Raises
    ------
    InvalidInput
        Names the first such parameter and lists those that exist.
    """
    known = frozenset(allowed)
    seen = set()
    for name, _value in query.multi_items():
        if name not in known:
            raise InvalidInput(f"There is no parameter {name!r} here. Known: {', '.join(sorted(known))}.", field=name)
        if name in seen:
            raise InvalidInput(f"Parameter {name!r} is given twice; give it once.", field=name)
        seen.add(name)
    language = query.get("lang", "zh")
    if language[:2].lower() not in LANGUAGES or len(language) > 5:
        raise InvalidInput("lang is zh or en.", field="lang")


def limit(query: Mapping[str, str]) -> int:
    """Read ``limit``; a larger number than the maximum means the maximum (OGC 17-069r4, /req/core/fc-limit)."""
    text = query.get("limit")
    if text is None:
        return LIMIT_DEFAULT
    return min(_integer("limit", text, low=1), LIMIT_MAX)


def offset(query: Mapping[str, str]) -> int:
    """Read ``offset``, for clients that page by number; deep paging goes by the ``next`` link."""
    number = _integer("offset", query.get("offset", "0"), low=0)
    if number > OFFSET_MAX:
        raise InvalidInput(f"offset may be at most {OFFSET_MAX}; follow the 'next' links instead.", field="offset")
    return number


def crs(query: Mapping[str, str], name: str = "crs", *, default: Crs = CRS84, offered: Iterable[str] = OFFERED) -> Crs:
    """Read a reference system by its URI (or the safe CURIE ``[EPSG:4490]``)."""
    text = query.get(name)
    if text is None:
        return default
    known = OFFERED.get(_expanded(text))
    if known is None or known.uri not in set(offered):
        raise InvalidInput(f"{name}={text!r} is not offered here. Offered: {', '.join(offered)}.", field=name)
    return known


def _expanded(text: str) -> str:
    """Turn the CURIE ``[EPSG:4490]`` or ``[OGC:CRS84]`` into its URI."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    authority, _, code = text[1:-1].partition(":")
    if authority == "OGC":
        return {"CRS84": CRS84.uri, "CRS84h": CRS84H.uri}.get(code, text)
    return f"http://www.opengis.net/def/crs/{authority}/0/{code}"


def bbox(query: Mapping[str, str]) -> BBox | None:
    """Read ``bbox`` in the axis order of ``bbox-crs``: four numbers, or six with heights."""
    box_crs = crs(query, "bbox-crs")
    text = query.get("bbox")
    if text is None:
        return None
    numbers = [_number("bbox", part) for part in text.split(",")]
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


def interval(query: Mapping[str, str]) -> Interval | None:
    """Read ``datetime``: an instant, or ``start/end`` where ``..`` or nothing is an open end (RFC 3339)."""
    text = query.get("datetime")
    if text is None:
        return None
    if "/" not in text:
        first, last = _moment(text)
        return Interval(first, last)
    start_text, _, end_text = text.partition("/")
    start = None if start_text in {"", ".."} else _moment(start_text)[0]
    end = None if end_text in {"", ".."} else _moment(end_text)[1]
    if start and end and start > end:
        raise InvalidInput("datetime: the interval ends before it starts.", field="datetime")
    return Interval(start, end)


def _moment(text: str) -> tuple[datetime, datetime]:
    """Return first and last instant of a date-time, or of a whole UTC day."""
    try:
        if DAY.fullmatch(text):
            day = datetime.combine(_day(text), datetime.min.time(), UTC)
            first, last = day, day + timedelta(days=1, microseconds=-1)
        else:
            first = last = _instant(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"datetime: {text!r} is not an RFC 3339 time such as 2026-01-31T12:00:00Z, a date or an interval.",
            field="datetime",
        ) from error
    if first.tzinfo is None:
        raise InvalidInput(f"datetime: {text!r} has no time zone; end it with Z or +08:00.", field="datetime")
    if not EPOCH_MIN <= first <= EPOCH_MAX:
        raise InvalidInput(f"datetime: the year of {text!r} is out of range.", field="datetime")
    return first, last


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _instant(text: str) -> datetime:
    """Read a date-time; Python's own reader also takes week dates and other forms that RFC 3339 has not."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper().replace(" ", "+"))


def equals(query: Mapping[str, str], layer: Layer) -> tuple[tuple[LayerField, Value], ...]:
    """Read every queryable property that the query string names."""
    return tuple(
        (field, value_of(field, query[field.name]))
        for field in layer.queryables
        if field.name in query and field.name not in ITEMS_PARAMETERS
    )


def value_of(field: LayerField, text: str) -> Value:
    """Read a property's value by the property's type."""
    if "\x00" in text:
        raise InvalidInput(f"{field.name} contains a NUL character.", field=field.name)
    return READERS[field.type](field.name, text)


def feature_key(layer: Layer, text: str) -> Key:
    """Read a feature id of the layer's key type; what cannot be an id is an unknown feature.

    Raises
    ------
    UnknownFeature
        The text is not of the key's type, so no feature can have it.
    """
    try:
        if layer.key.type is KeyType.INTEGER:
            number = int(text) if text.isascii() and text.isdigit() else None
            if number is not None and number < BIGINT:
                return number
            raise UnknownFeature(layer.id, text)
        if layer.key.type is KeyType.UUID:
            return UUID(text)
    except ValueError as error:
        raise UnknownFeature(layer.id, text) from error
    if "\x00" in text:
        raise UnknownFeature(layer.id, text)
    return text


def cursor(query: Mapping[str, str], layer: Layer) -> Key | None:
    """Read the keyset ``cursor`` of a ``next`` link."""
    text = query.get("cursor")
    if text is None:
        return None
    try:
        return feature_key(layer, text)
    except UnknownFeature as error:
        raise InvalidInput("cursor is not one of our links; start again without it.", field="cursor") from error


def _integer(name: str, text: str, *, low: int) -> int:
    if not WHOLE_NUMBER.fullmatch(text):
        raise InvalidInput(f"{name}={text!r} is not a whole number.", field=name)
    if len(text) > 20 or int(text) >= BIGINT:
        raise InvalidInput(f"{name} is too large.", field=name)
    if int(text) < low:
        raise InvalidInput(f"{name} must be at least {low}.", field=name)
    return int(text)


def _number(name: str, text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise InvalidInput(f"{name}: {text!r} is not a number.", field=name)
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInput(f"{name}: {text!r} is not a finite number.", field=name)
    return number


def _read_integer(name: str, text: str) -> int:
    return _integer(name, text, low=-BIGINT)


def _read_boolean(name: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise InvalidInput(f"{name}={text!r} is neither true nor false.", field=name)
    return text == "true"


def _read_date(name: str, text: str) -> date:
    try:
        return _day(text)
    except ValueError as error:
        raise InvalidInput(f"{name}={text!r} is not a date such as 2026-01-31.", field=name) from error


def _read_datetime(name: str, text: str) -> datetime:
    try:
        moment = _instant(text)
    except ValueError as error:
        raise InvalidInput(f"{name}={text!r} is not a time such as 2026-01-31T12:00:00Z.", field=name) from error
    if moment.tzinfo is None or not EPOCH_MIN <= moment <= EPOCH_MAX:
        raise InvalidInput(f"{name}={text!r} needs a time zone and a year from 1 to 9999.", field=name)
    return moment


READERS: Final[Mapping[FieldType, Callable[[str, str], Value]]] = {
    FieldType.STRING: lambda _name, text: text,
    FieldType.INTEGER: _read_integer,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _read_boolean,
    FieldType.DATE: _read_date,
    FieldType.DATETIME: _read_datetime,
}

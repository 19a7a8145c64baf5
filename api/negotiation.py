"""Which format and which language a client wants."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from api.errors import NotAcceptable
from spatial.errors import InvalidInput

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
HTML: Final = "text/html"
SCHEMA_JSON: Final = "application/schema+json"
OPENAPI_JSON: Final = "application/vnd.oai.openapi+json;version=3.0"
MVT: Final = "application/vnd.mapbox-vector-tile"
MAPBOX_STYLE: Final = "application/vnd.mapbox.style+json"

PLAIN: Final = {"json": JSON, "html": HTML}
"""Formats of most resources, the preferred one first."""

LANGUAGES: Final = ("zh", "en")


def negotiate(request: Request, formats: Mapping[str, str] = PLAIN) -> str:
    """Choose a format: ``f`` when given, else what ``Accept`` ranks highest, else the first.

    Raises
    ------
    InvalidInput
        ``f`` names a format that the resource does not have.
    NotAcceptable
        ``Accept`` allows none of them.
    """
    asked = request.query_params.get("f")
    if asked is not None:
        if asked not in formats:
            raise InvalidInput(f"f={asked!r} is not offered here. Offered: {', '.join(formats)}.", field="f")
        return asked
    accept = request.headers.get("accept", "*/*")
    if accept == "*/*":
        return next(iter(formats))
    ranked = [(_quality(accept, media_type), name) for name, media_type in formats.items()]
    best = max(quality for quality, _name in ranked)
    if best <= 0:
        raise NotAcceptable(f"Accept: {accept} matches none of: {', '.join(formats.values())}. Or use ?f=.")
    return next(name for quality, name in ranked if quality == best)


def _quality(accept: str, media_type: str) -> float:
    """Rank a media type by an ``Accept`` header; a plain JSON wish is met by every kind of JSON.

    The most exact wish decides (RFC 9110, 12.5.1): ``text/csv;q=0, */*`` is everything but CSV.
    """
    plain = media_type.split(";", 1)[0]
    closest, weight = 0.0, 0.0
    for part in accept.split(","):
        wanted, _, parameters = part.strip().partition(";")
        # A more exact wish wins over a wildcard of the same weight.
        exactness = {
            plain: 1.0,
            plain.split("/", 1)[0] + "/*": 0.9998,
            "*/*": 0.9997,
        }.get(wanted.strip().lower())
        if exactness is None and wanted.strip().lower() == JSON and plain.endswith("json"):
            exactness = 0.9999
        if exactness is not None and exactness > closest:
            closest, weight = exactness, _weight(parameters)
    return closest * weight


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                # In this order NaN counts for nothing.
                return min(max(0.0, float(value)), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def language_of(request: Request) -> str:
    """Return ``zh`` or ``en``: the query's ``lang``, else the browser's wish, else Chinese."""
    asked = request.query_params.get("lang", "").lower()
    if asked[:2] in ("zh", "en"):
        return asked[:2]
    return _preferred(request.headers.get("accept-language", ""))


def _preferred(accepted: str) -> str:
    """Return the language that an ``Accept-Language`` header ranks highest; Chinese on a tie or for any."""
    quality = {"zh": 0.0, "en": 0.0}
    for part in accepted.split(","):
        tag, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        name = tag[:2].lower()
        if name in quality:
            quality[name] = max(quality[name], weight)
    return "en" if quality["en"] > quality["zh"] else "zh"

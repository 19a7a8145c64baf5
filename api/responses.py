"""Results as responses: the format that the client wants, links, and documents kept ready."""

from collections.abc import Callable, Container, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.errors import NotAcceptable
from api.html import language_of, page
from api.state import catalogue_of
from spatial.errors import InvalidInput

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
HTML: Final = "text/html"
SCHEMA_JSON: Final = "application/schema+json"
OPENAPI_JSON: Final = "application/vnd.oai.openapi+json;version=3.0"
MVT: Final = "application/vnd.mapbox-vector-tile"
MAPBOX_STYLE: Final = "application/vnd.mapbox.style+json"

OGC_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"

PLAIN: Final = {"json": JSON, "html": HTML}
"""Formats of most resources, the preferred one first."""

QUERY_SAFE: Final = "!$&'()*+,-./:;=?@_~%"
"""What may stand in a query string as it is (RFC 3986, 3.4)."""


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
    """Rank a media type by an ``Accept`` header; a plain JSON wish is met by every kind of JSON."""
    plain = media_type.split(";", 1)[0]
    best = 0.0
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
        if exactness is not None:
            best = max(best, exactness * _weight(parameters))
    return best


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def base_url(request: Request) -> str:
    """Return what every link begins with: the configured public address, or the one that the client used."""
    public: str = request.app.state.settings.public_url
    if public:
        return public
    return f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"


def link(href: str, rel: str, media_type: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a link object; every link carries its type."""
    document: dict[str, Any] = {"href": href, "rel": rel, "type": media_type}
    if title:
        document["title"] = title
    return document | more


def kept_query(request: Request, *, without: Container[str]) -> str:
    """Return the query string as the client wrote it, without some parameters, ready for one more to be added."""
    written = quote(request.scope["query_string"], safe=QUERY_SAFE)
    parts = [one for one in written.split("&") if one and unquote_plus(one.partition("=")[0]) not in without]
    return "&".join([*parts, ""])


def self_links(request: Request, formats: Mapping[str, str], chosen: str) -> list[dict[str, Any]]:
    """Return the links to this resource in this format and in the others."""
    url = f"{base_url(request)}{quote(request.scope['path'])}?{kept_query(request, without=('f',))}f="
    return [
        link(url + name, "self" if name == chosen else "alternate", media_type) for name, media_type in formats.items()
    ]


def document_response(
    request: Request,
    build: Callable[[str], dict[str, Any]],
    *,
    template: str,
    formats: Mapping[str, str] = PLAIN,
    is_linked: bool = True,
    **context: Any,
) -> Response:
    """Answer with a document that depends only on the catalogue, as JSON kept ready or as a page.

    Parameters
    ----------
    build
        Makes the document in a language (``zh`` or ``en``), without the links to itself.
    template
        The page that shows it.
    is_linked
        False for documents whose form is fixed by a standard that knows no ``links`` (OpenAPI, styles).
    **context
        What the page needs besides the document.
    """
    chosen = negotiate(request, formats)
    language = language_of(request)

    def whole() -> dict[str, Any]:
        document = build(language)
        if is_linked:
            document["links"] = self_links(request, formats, chosen) + document.get("links", [])
        return document

    if chosen == "html":
        return page(request, template, document=whole(), catalogue=catalogue_of(request), **context)
    key = (base_url(request), request.url.path, request.url.query, language, chosen)
    documents = request.app.state.documents
    body = documents.get(catalogue_of(request).version, key, lambda: orjson.dumps(whole()))
    return Response(body, media_type=formats[chosen], headers={"Vary": "Accept, Accept-Language"})

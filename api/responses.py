"""Results as responses: the format that the client wants, links, and documents kept ready."""

from collections.abc import Callable, Container, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.html import page
from api.negotiation import PLAIN, language_of, negotiate
from api.state import catalogue_of

OGC_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"

QUERY_SAFE: Final = "!$&'()*+,-./:;=?@_~%"
"""What may stand in a query string as it is (RFC 3986, 3.4)."""


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

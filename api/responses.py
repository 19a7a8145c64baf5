"""Results as responses: the format that the client wants, links, and documents kept ready."""

import re
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

BASE: Final = "shikong.base_url"
"""Where a request remembers what its links begin with."""
QUERY_SAFE: Final = "!$&'()*+,-./:;=?@_~%"
"""What may stand in a query string as it is (RFC 3986, 3.4)."""
PLAIN_QUERY: Final = re.compile(rb"[A-Za-z0-9!$&'()*+,\-./:;=?@_~%]*")


def base_url(request: Request) -> str:
    """Return what every link begins with: the configured public address, or the one that the client used."""
    scope = request.scope
    known: str | None = scope.get(BASE)
    if known is None:
        public: str = request.app.state.settings.public_url
        known = scope[BASE] = public or f"{scope['scheme']}://{request.headers.get('host', 'localhost')}"
    return known


def link(href: str, rel: str, media_type: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a link object; every link carries its type."""
    document: dict[str, Any] = {"href": href, "rel": rel, "type": media_type}
    if title:
        document["title"] = title
    return document | more


def kept_query(request: Request, *, without: Container[str], drops_empty: bool = False) -> str:
    """Return the query string as the client wrote it, without some parameters, ready for one more to be added.

    Parameters
    ----------
    drops_empty
        True leaves out parameters without a value, which forms send and other formats refuse.
    """
    raw: bytes = request.scope["query_string"]
    written = raw.decode() if PLAIN_QUERY.fullmatch(raw) else quote(raw, safe=QUERY_SAFE)
    parts = []
    for part in written.split("&"):
        name, _, value = part.partition("=")
        if not part or (drops_empty and not value):
            continue
        if (unquote_plus(name) if "%" in name or "+" in name else name) not in without:
            parts.append(part)
    return "&".join([*parts, ""])


def self_links(request: Request, formats: Mapping[str, str], chosen: str) -> list[dict[str, Any]]:
    """Return the links to this resource in this format and in the others."""
    url = _formless_url(request, chosen)
    return [
        link(url + name, "self" if name == chosen else "alternate", media_type) for name, media_type in formats.items()
    ]


def self_links_json(request: Request, formats: Mapping[str, str], chosen: str) -> str:
    """Return the same links as JSON text without brackets: a tenth of the cost of a page of ten features."""
    url = orjson.dumps(_formless_url(request, chosen)).decode()[:-1]
    return ",".join(
        [
            f'{{"href":{url}{name}","rel":"{"self" if name == chosen else "alternate"}","type":"{media_type}"}}'
            for name, media_type in formats.items()
        ]
    )


def _formless_url(request: Request, chosen: str) -> str:
    kept = kept_query(request, without=("f",), drops_empty=chosen == "html")
    return f"{base_url(request)}{quote(request.scope['path'])}?{kept}f="


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
    scope = request.scope
    key = (base_url(request), scope["path"], scope["query_string"].decode("latin-1"), language, chosen)
    documents = request.app.state.documents
    body, tag = documents.get(catalogue_of(request).version, key, lambda: orjson.dumps(whole()))
    headers = {"Vary": "Accept, Accept-Language", "ETag": tag, "Cache-Control": "no-cache"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=formats[chosen], headers=headers)


def is_known(request: Request, tag: str, *, exists: bool = True) -> bool:
    """Tell whether the client already has the answer of this tag (RFC 9110, 13.1.2: weak comparison).

    Parameters
    ----------
    exists
        False where there may be no answer, so that ``*`` (any that exists) does not tell.
    """
    known = request.headers.get("if-none-match")
    if known is None:
        return False
    opaque = tag.removeprefix("W/")
    return (exists and known.strip() == "*") or any(
        one.strip().removeprefix("W/") == opaque for one in known.split(",")
    )

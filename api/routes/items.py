"""Features of a layer: pages and single ones."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api import params
from api.documents.layers import default_crs, offered_crs
from api.html import page
from api.negotiation import GEOJSON, HTML, JSON, negotiate
from api.responses import base_url, kept_query, link, self_links
from api.routes.resource import Resource
from api.state import catalogue_of, pool_of
from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import Crs
from spatial.query.items import fetch_feature, fetch_page
from spatial.query.types import ItemsQuery, Page

FORMATS: Final = {"json": GEOJSON, "geojson": GEOJSON, "html": HTML}
LINKED: Final = {"json": GEOJSON, "html": HTML}
"""Formats that a page links to; ``geojson`` is another name for the first."""
PAGE_ROWS_MAX: Final = 500
"""Rows of a page for people."""


async def items(request: Request) -> Response:
    """GET /collections/{layer}/items: a page of features."""
    layer = catalogue_of(request).layer(request.path_params["layer"])
    chosen = negotiate(request, FORMATS)
    asked = _query(request, layer, is_form=chosen == "html")
    if chosen == "html":
        # A table of thousands of rows would hold the whole process up, and nobody reads it.
        asked = replace(asked, limit=min(asked.limit, PAGE_ROWS_MAX))
    async with pool_of(request).connection() as conn:
        answer = await fetch_page(conn, layer, asked)
    following = _next_url(request, layer, answer, chosen)
    body = _collection_bytes(request, layer, answer, chosen, following)
    if chosen == "html":
        return page(request, "items.html", document=orjson.loads(body), layer=layer, catalogue=catalogue_of(request))
    headers = _headers(asked.crs) | {"OGC-NumberReturned": str(answer.returned)}
    if answer.matched is not None:
        headers["OGC-NumberMatched"] = str(answer.matched)
    if following:
        headers["Link"] = f'<{following}>; rel="next"; type="{GEOJSON}"'
    return Response(body, media_type=GEOJSON, headers=headers)


async def item(request: Request) -> Response:
    """GET /collections/{layer}/items/{id}: one feature."""
    layer = catalogue_of(request).layer(request.path_params["layer"])
    query = request.query_params
    params.only(query, (*params.COMMON_PARAMETERS, "crs"))
    chosen = negotiate(request, FORMATS)
    crs = params.crs(query, default=default_crs(layer), offered=offered_crs(layer))
    key = params.feature_key(layer.definition, request.path_params["key"])
    async with pool_of(request).connection() as conn:
        feature = await fetch_feature(conn, layer, key, crs=crs)
    links = self_links(request, LINKED, "html" if chosen == "html" else "json")
    links.append(link(_layer_url(request, layer), "collection", JSON, layer.definition.title.zh))
    body = feature[:-1] + b',"links":' + orjson.dumps(links) + b"}"
    if chosen == "html":
        return page(request, "item.html", document=orjson.loads(body), layer=layer, catalogue=catalogue_of(request))
    return Response(body, media_type=GEOJSON, headers=_headers(crs))


def _query(request: Request, layer: PublishedLayer, *, is_form: bool) -> ItemsQuery:
    """Read everything that the query string asks; a form also sends the fields that were left empty."""
    definition = layer.definition
    params.only(request.query_params, _known_parameters(layer))
    query = {name: value for name, value in request.query_params.items() if value or not is_form}
    return ItemsQuery(
        limit=params.limit(query),
        bbox=params.bbox(query),
        interval=params.interval(query),
        equals=params.equals(query, definition),
        after=params.cursor(query, definition),
        offset=params.offset(query),
        crs=params.crs(query, default=default_crs(layer), offered=offered_crs(layer)),
    )


@lru_cache(maxsize=256)
def _known_parameters(layer: PublishedLayer) -> frozenset[str]:
    return frozenset((*params.ITEMS_PARAMETERS, *(field.name for field in layer.definition.queryables)))


def _collection_bytes(
    request: Request, layer: PublishedLayer, answer: Page, chosen: str, following: str | None
) -> bytes:
    """Put the page of features, as PostgreSQL wrote it, into a feature collection."""
    form = "html" if chosen == "html" else "json"
    links = self_links(request, LINKED, form)
    if following:
        links.append(link(following, "next", LINKED[form]))
    links.append(link(_layer_url(request, layer), "collection", JSON))
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberReturned": answer.returned,
    }
    if answer.matched is not None:
        head["numberMatched"] = answer.matched
    head["links"] = links
    # Joined rather than added: each + would copy the features once more.
    return b"".join((orjson.dumps(head)[:-1], b',"features":[', answer.features, b"]}"))


def _next_url(request: Request, layer: PublishedLayer, answer: Page, chosen: str) -> str | None:
    """Return the address of the page after this one; None after the last."""
    if answer.last is None:
        return None
    kept = kept_query(request, without=("offset", "cursor", "f"))
    form = "html" if chosen == "html" else "json"
    return f"{_layer_url(request, layer)}/items?{kept}cursor={quote(str(answer.last), safe='')}&f={form}"


def _layer_url(request: Request, layer: PublishedLayer) -> str:
    return f"{base_url(request)}/collections/{layer.definition.id}"


def _headers(crs: Crs) -> dict[str, str]:
    # A cache that ignored Accept would hand a page of HTML to a map library.
    return {"Content-Crs": f"<{crs.uri}>", "Vary": "Accept"}


routes: list[BaseRoute] = [
    Resource("/collections/{layer}/items", items),
    Resource("/collections/{layer}/items/{key:path}", item),
]

"""Features of a layer: pages and single ones."""

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
from api.responses import GEOJSON, HTML, JSON, base_url, kept_query, link, negotiate, self_links
from api.routes.resource import Resource
from api.state import catalogue_of, pool_of
from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import Crs
from spatial.query.items import fetch_feature, fetch_page
from spatial.query.types import ItemsQuery, Page

FORMATS: Final = {"json": GEOJSON, "geojson": GEOJSON, "html": HTML}
LINKED: Final = {"json": GEOJSON, "html": HTML}
"""Formats that a page links to; ``geojson`` is another name for the first."""


async def items(request: Request) -> Response:
    """GET /collections/{layer}/items: a page of features."""
    layer = catalogue_of(request).layer(request.path_params["layer"])
    chosen = negotiate(request, FORMATS)
    asked = _query(request, layer, is_form=chosen == "html")
    async with pool_of(request).connection() as conn:
        answer = await fetch_page(conn, layer, asked)
    body = _collection_bytes(request, layer, answer, chosen)
    if chosen == "html":
        return page(request, "items.html", document=orjson.loads(body), layer=layer, catalogue=catalogue_of(request))
    return Response(body, media_type=GEOJSON, headers=_headers(asked.crs))


async def item(request: Request) -> Response:
    """GET /collections/{layer}/items/{id}: one feature."""
    layer = catalogue_of(request).layer(request.path_params["layer"])
    query = request.query_params
    params.only(query, (*params.COMMON_PARAMETERS, "crs"))
    chosen = negotiate(request, FORMATS)
    crs = params.crs(query, default=default_crs(layer), offered=offered_crs(layer))
    key = params.feature_key(layer.definition, request.path_params["key"])
    async with pool_of(request).connection() as conn:
        feature = await fetch_feature(conn, layer, key, ItemsQuery(limit=1, crs=crs))
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


@lru_cache(maxsize=1000)
def _known_parameters(layer: PublishedLayer) -> frozenset[str]:
    return frozenset((*params.ITEMS_PARAMETERS, *(field.name for field in layer.definition.queryables)))


def _collection_bytes(request: Request, layer: PublishedLayer, answer: Page, chosen: str) -> bytes:
    """Put the page of features, as PostgreSQL wrote it, into a feature collection."""
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberReturned": answer.returned,
    }
    if answer.matched is not None:
        head["numberMatched"] = answer.matched
    head["links"] = _page_links(request, layer, answer, "html" if chosen == "html" else "json")
    # Joined rather than added: each + would copy the features once more.
    return b"".join((orjson.dumps(head)[:-1], b',"features":[', answer.features, b"]}"))


def _page_links(request: Request, layer: PublishedLayer, answer: Page, chosen: str) -> list[dict[str, Any]]:
    links, url = self_links(request, LINKED, chosen), _layer_url(request, layer)
    if answer.last is not None:
        kept = kept_query(request, without=("offset", "cursor", "f"))
        following = f"{kept}cursor={quote(str(answer.last), safe='')}&f={chosen}"
        links.append(link(f"{url}/items?{following}", "next", LINKED[chosen]))
    links.append(link(url, "collection", JSON))
    return links


def _layer_url(request: Request, layer: PublishedLayer) -> str:
    return f"{base_url(request)}/collections/{layer.definition.id}"


def _headers(crs: Crs) -> dict[str, str]:
    # A cache that ignored Accept would hand a page of HTML to a map library.
    return {"Content-Crs": f"<{crs.uri}>", "Vary": "Accept"}


routes: list[BaseRoute] = [
    Resource("/collections/{layer}/items", items),
    Resource("/collections/{layer}/items/{key:path}", item),
]

"""Layers as OGC collections, and the schemas of what they hold."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.documents.layers import collection_document
from api.documents.schemas import feature_schema_document, queryables_document, schema_document, sortables_document
from api.negotiation import HTML, JSON, SCHEMA_JSON
from api.params.common import COMMON_PARAMETERS, only
from api.responses import base_url, document_response, link
from api.routes.resource import Resource
from api.state import catalogue_of
from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import CodeList
from spatial.crs import OFFERED

SCHEMA_FORMATS: Final = {"json": SCHEMA_JSON, "html": HTML}

Describe = Callable[[PublishedLayer, Mapping[str, CodeList], str, str], dict[str, Any]]


async def collections(request: Request) -> Response:
    """GET /collections: every layer."""
    only(request.query_params, COMMON_PARAMETERS)
    catalogue, base = catalogue_of(request), base_url(request)

    def build(language: str) -> dict[str, Any]:
        return {
            "title": "Layers" if language == "en" else "图层",
            "crs": list(OFFERED),
            "collections": [_listed(one, base, language) for one in catalogue.layers.values()],
        }

    return document_response(request, build, template="collections.html")


def _listed(layer: PublishedLayer, base: str, language: str) -> dict[str, Any]:
    document = collection_document(layer, base, language)
    own = link(f"{base}/collections/{quote(layer.definition.id)}", "self", JSON, document["title"])
    return document | {"links": [own, *document["links"]]}


async def collection(request: Request) -> Response:
    """GET /collections/{layer}: one layer."""
    only(request.query_params, COMMON_PARAMETERS)
    layer, base = catalogue_of(request).layer(request.path_params["layer"]), base_url(request)

    def build(language: str) -> dict[str, Any]:
        return collection_document(layer, base, language)

    return document_response(request, build, template="collection.html", layer=layer)


async def schema(request: Request) -> Response:
    """GET /collections/{layer}/schema: what properties its features have, as JSON Schema."""
    return _described(request, schema_document)


async def queryables(request: Request) -> Response:
    """GET /collections/{layer}/queryables: by what features may be filtered, as JSON Schema."""
    return _described(request, queryables_document)


async def sortables(request: Request) -> Response:
    """GET /collections/{layer}/sortables: by what features may be sorted, as JSON Schema."""
    return _described(request, sortables_document)


def _described(request: Request, describe: Describe) -> Response:
    only(request.query_params, COMMON_PARAMETERS)
    catalogue, base = catalogue_of(request), base_url(request)
    layer = catalogue.layer(request.path_params["layer"])
    return document_response(
        request,
        lambda language: describe(layer, catalogue.code_lists, base, language),
        template="schema.html",
        formats=SCHEMA_FORMATS,
        # JSON Schema knows a keyword "links" of its own, with another meaning.
        is_linked=False,
        layer=layer,
    )


async def feature_schema(request: Request) -> Response:
    """GET /collections/{layer}/schemas/feature: what a feature looks like, as JSON Schema of its GeoJSON."""
    only(request.query_params, COMMON_PARAMETERS)
    layer, base = catalogue_of(request).layer(request.path_params["layer"]), base_url(request)
    return document_response(
        request,
        lambda language: feature_schema_document(layer, base, language),
        template="schema.html",
        formats={"json": SCHEMA_JSON},
        is_linked=False,
    )


routes: list[BaseRoute] = [
    Resource("/collections", collections),
    Resource("/collections/{layer}", collection),
    Resource("/collections/{layer}/schema", schema),
    Resource("/collections/{layer}/queryables", queryables),
    Resource("/collections/{layer}/sortables", sortables),
    Resource("/collections/{layer}/schemas/feature", feature_schema),
]

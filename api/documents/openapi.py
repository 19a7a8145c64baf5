"""The OpenAPI 3.0 document, composed from the catalogue: real paths for each layer, a parameter for each property.

GDAL pushes a filter down only where the layer's own items path lists the property; QGIS 3.22 takes its page size
from ``components.parameters.limit`` (shared/clients).
"""

from collections.abc import Mapping
from typing import Any, Final

from api.documents.layers import offered_crs, property_schema
from api.negotiation import GEOJSON, HTML, JSON, MAPBOX_STYLE, MVT, OPENAPI_JSON, SCHEMA_JSON
from api.params import ITEMS_PARAMETERS, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import CodeList
from spatial.crs import CRS84, OFFERED
from tiles.matrix import MATRIX_SETS, MAX_ZOOM

PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


def openapi_document(catalogue: Catalogue, base: str, language: str) -> dict[str, Any]:
    """Describe every path of this server.

    Parameters
    ----------
    base
        Address of this server, as the client reaches it.
    """
    paths = _general_paths() | _tile_paths()
    for layer in catalogue.layers.values():
        paths |= _layer_paths(layer, catalogue.code_lists, language)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Shikong" if language == "en" else "时空",
            "description": "OGC API - Features and Tiles over PostGIS",
            "version": "0.1.0",
            "license": {"name": "See the project"},
        },
        "servers": [{"url": base}],
        "tags": [{"name": name} for name in ("Service", "Features", "Tiles", "Styles")],
        "paths": paths,
        "components": {"parameters": _parameters(), "responses": _responses(), "schemas": _schemas()},
    }


def _operation(
    operation_id: str,
    tag: str,
    summary: str,
    media: Mapping[str, str],
    parameters: list[dict[str, Any]] | None = None,
    *,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a path item with one GET."""
    content = {
        media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}} for media_type, schema in media.items()
    }
    return {
        "get": {
            "operationId": operation_id,
            "tags": [tag],
            "summary": summary,
            "parameters": parameters or [],
            "responses": {
                "200": {"description": summary, "content": content},
                "400": PROBLEM,
                "404": PROBLEM,
                "406": PROBLEM,
                "503": PROBLEM,
                **(more or {}),
            },
        }
    }


def _shared(*names: str) -> list[dict[str, Any]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _general_paths() -> dict[str, Any]:
    document = {JSON: "document", HTML: "html"}
    plain = _shared("f", "lang")
    return {
        "/": _operation("getLandingPage", "Service", "Landing page", document, plain),
        "/conformance": _operation("getConformance", "Service", "Conformance classes", document, plain),
        "/api": _operation("getApi", "Service", "This document", {OPENAPI_JSON: "document", HTML: "html"}, plain),
        "/collections": _operation("getCollections", "Features", "Layers", document, plain),
        "/styles": _operation("getStyles", "Styles", "Styles", document, plain),
        "/styles/{styleId}": _operation(
            "getStyle", "Styles", "A style", {MAPBOX_STYLE: "document"}, [_path("styleId"), *_shared("lang")]
        ),
    }


def _path(name: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": dict(schema or {"type": "string"})}


def _tile_paths() -> dict[str, Any]:
    document = {JSON: "document", HTML: "html"}
    plain = _shared("f", "lang")
    grid = _path("tileMatrixSetId", {"type": "string", "enum": list(MATRIX_SETS)})
    paths = {
        "/tileMatrixSets": _operation("getTileMatrixSets", "Tiles", "Tile matrix sets", document, plain),
        "/tileMatrixSets/{tileMatrixSetId}": _operation(
            "getTileMatrixSet", "Tiles", "A tile matrix set", document, [grid, *plain]
        ),
    }
    layer = _path("collectionId")
    for prefix, where, before, chosen in (
        ("/tiles", "dataset", [], _shared("collections")),
        ("/collections/{collectionId}/tiles", "collection", [layer], []),
    ):
        paths[prefix] = _operation(f"{where}.vector.getTileSetsList", "Tiles", "Tilesets", document, [*before, *plain])
        paths[prefix + "/{tileMatrixSetId}"] = _operation(
            f"{where}.vector.getTileSet", "Tiles", "A tileset", document, [*before, grid, *chosen, *plain]
        )
        paths[prefix + "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"] = _operation(
            f"{where}.vector.getTile",
            "Tiles",
            "A vector tile",
            {MVT: "binary"},
            [*before, grid, *_shared("tileMatrix", "tileRow", "tileCol"), *chosen],
            more={"204": {"description": "The tile is empty"}},
        )
    return paths


def _layer_paths(layer: PublishedLayer, code_lists: Mapping[str, CodeList], language: str) -> dict[str, Any]:
    definition = layer.definition
    name, title = definition.id, definition.title.get(language)
    url = f"/collections/{name}"
    plain = _shared("f", "lang")
    crs = {
        "name": "crs",
        "in": "query",
        "description": "CRS of the answer",
        "schema": {"type": "string", "format": "uri", "enum": offered_crs(layer), "default": offered_crs(layer)[0]},
    }
    filters = [
        {
            "name": field.name,
            "in": "query",
            "description": field.title.get(language),
            "schema": _filter_schema(property_schema(field, code_lists, language)),
        }
        for field in definition.queryables
        if field.name not in ITEMS_PARAMETERS
    ]
    paging = _shared("limit", "offset", "cursor", "bbox", "bbox-crs", "datetime")
    key_schema = {"type": "integer"} if definition.key.type == "integer" else {"type": "string"}
    features = {GEOJSON: "featureCollection", HTML: "html"}
    feature = {GEOJSON: "feature", HTML: "html"}
    document = {JSON: "document", HTML: "html"}
    return {
        url: _operation(f"describe.{name}", "Features", title, document, plain),
        f"{url}/queryables": _operation(
            f"getQueryables.{name}", "Features", f"{title} · queryables", {SCHEMA_JSON: "document", HTML: "html"}, plain
        ),
        f"{url}/schemas/feature": _operation(
            f"getFeatureSchema.{name}", "Features", f"{title} · schema", {SCHEMA_JSON: "document"}, plain
        ),
        f"{url}/items": _operation(
            f"getFeatures.{name}", "Features", title, features, [*paging, crs, *filters, *plain]
        ),
        f"{url}/items/{{featureId}}": _operation(
            f"getFeature.{name}", "Features", title, feature, [_path("featureId", key_schema), crs, *plain]
        ),
    }


def _filter_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a property's schema what OpenAPI 3.0 knows (no ``const``)."""
    return {name: value for name, value in schema.items() if name in {"title", "type", "format", "enum"}}


def _parameters() -> dict[str, Any]:
    whole = {"type": "integer", "minimum": 0}
    return {
        "f": _query_parameter("f", "Format of the answer", {"type": "string"}),
        "lang": _query_parameter("lang", "Language of titles", {"type": "string", "enum": ["zh", "en"]}),
        "limit": _query_parameter(
            "limit",
            "Features at most; a larger number means the maximum",
            {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
        ),
        "offset": _query_parameter(
            "offset", "Features to pass over; 'next' links are faster", whole | {"maximum": OFFSET_MAX, "default": 0}
        ),
        "cursor": _query_parameter("cursor", "Place of a 'next' link; opaque", {"type": "string"}),
        "bbox": _query_parameter(
            "bbox",
            "Box in the axis order of bbox-crs; with six numbers the third and sixth are heights",
            {
                "type": "array",
                "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
                "items": {"type": "number"},
            },
            style="form",
            explode=False,
        ),
        "bbox-crs": _query_parameter(
            "bbox-crs", "CRS of bbox", {"type": "string", "format": "uri", "enum": list(OFFERED), "default": CRS84.uri}
        ),
        "datetime": _query_parameter(
            "datetime",
            "Valid at an instant or in an interval (RFC 3339; '..' is open)",
            {"type": "string"},
            style="form",
            explode=False,
        ),
        "collections": _query_parameter(
            "collections",
            "Layers of the tile; all when left out",
            {"type": "array", "items": {"type": "string"}},
            style="form",
            explode=False,
        ),
        "tileMatrix": _path("tileMatrix", whole | {"maximum": MAX_ZOOM}),
        "tileRow": _path("tileRow", whole),
        "tileCol": _path("tileCol", whole),
    }


def _query_parameter(name: str, description: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": dict(schema), **more}


def _responses() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/problem"}
    return {
        "Problem": {
            "description": "What is wrong and what to do next",
            "content": {"application/problem+json": {"schema": schema}},
        }
    }


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "document": {"type": "object"},
        "html": text,
        "binary": {"type": "string", "format": "binary"},
        "problem": {
            "type": "object",
            "required": ["title", "status", "detail"],
            "properties": {"type": text, "title": text, "status": {"type": "integer"}, "detail": text, "field": text},
        },
        "feature": {
            "type": "object",
            "required": ["type", "geometry", "properties"],
            "properties": {
                "type": {"type": "string", "enum": ["Feature"]},
                "geometry": {"type": "object", "nullable": True},
                "properties": {"type": "object", "nullable": True},
            },
        },
        "featureCollection": {
            "type": "object",
            "required": ["type", "features"],
            "properties": {
                "type": {"type": "string", "enum": ["FeatureCollection"]},
                "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
                "numberMatched": {"type": "integer", "minimum": 0},
                "numberReturned": {"type": "integer", "minimum": 0},
                "timeStamp": {"type": "string", "format": "date-time"},
                "links": {"type": "array", "items": {"type": "object"}},
            },
        },
    }

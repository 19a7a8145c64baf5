"""Layers described: OGC collection, queryables, and the schema of their features."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from api.negotiation import GEOJSON, HTML, JSON, MAPBOX_STYLE, SCHEMA_JSON
from api.responses import OGC_REL, link
from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import CodeList, FieldType, KeyType, LayerField
from spatial.crs import CRS84, CRS84H, EPSG4490, OFFERED, Crs

GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


def default_crs(layer: PublishedLayer) -> Crs:
    """Return the reference system of an answer when none is asked for: CRS84, with heights CRS84h."""
    return CRS84H if layer.definition.geometry.has_z else CRS84


@lru_cache(maxsize=256)
def offered_crs(layer: PublishedLayer) -> tuple[str, ...]:
    """Return the URIs of the systems in which a layer may be asked, the default first."""
    default = default_crs(layer)
    heights = {CRS84H.uri} if not layer.definition.geometry.has_z else set()
    return (default.uri, *(uri for uri in OFFERED if uri != default.uri and uri not in heights))


def collection_document(layer: PublishedLayer, base: str, language: str) -> dict[str, Any]:
    """Describe a layer as an OGC collection."""
    definition = layer.definition
    url = f"{base}/collections/{quote(definition.id)}"
    title = definition.title.get(language)
    document: dict[str, Any] = {
        "id": definition.id,
        "title": title,
        "description": definition.description.get(language),
        "itemType": "feature",
        "crs": offered_crs(layer),
        "storageCrs": EPSG4490.uri,
        "extent": _extent(layer),
        "featureCount": layer.feature_count,
        "synthetic": definition.synthetic,
        "links": [
            link(f"{url}/items", "items", GEOJSON, title),
            link(f"{url}/items?f=html", "items", HTML, title),
            link(f"{url}/queryables", OGC_REL + "queryables", SCHEMA_JSON, "Queryables"),
            link(f"{url}/schemas/feature", "describedby", SCHEMA_JSON, "Schema"),
            link(f"{url}/tiles", OGC_REL + "tilesets-vector", JSON, "Tiles"),
            link(f"{base}/styles/{quote(definition.id)}", OGC_REL + "style", MAPBOX_STYLE, "Style"),
            link(f"{base}/collections", "up", JSON),
        ],
    }
    if definition.attribution:
        document["attribution"] = definition.attribution
    return document


def _extent(layer: PublishedLayer) -> dict[str, Any]:
    extent: dict[str, Any] = {}
    if layer.extent:
        box = layer.extent
        extent["spatial"] = {"bbox": [[box.west, box.south, box.east, box.north]], "crs": CRS84.uri}
    if layer.definition.time_column and layer.feature_count:
        moments = (layer.valid_from, layer.valid_to)
        extent["temporal"] = {"interval": [[one.isoformat() if one else None for one in moments]], "trs": GREGORIAN}
    return extent


def queryables_document(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], base: str, language: str
) -> dict[str, Any]:
    """Describe the properties of a layer by which its features may be filtered."""
    definition = layer.definition
    kind = definition.geometry.type.value
    properties: dict[str, Any] = {
        "geometry": {"x-ogc-role": "primary-geometry", "format": f"geometry-{'any' if kind == 'geometry' else kind}"}
    }
    for field in definition.queryables:
        properties[field.name] = property_schema(field, code_lists, language)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}/collections/{quote(definition.id)}/queryables",
        "type": "object",
        "title": definition.title.get(language),
        "properties": properties,
        "additionalProperties": False,
    }


def feature_schema_document(layer: PublishedLayer, base: str, language: str) -> dict[str, Any]:
    """Describe a layer's features as JSON Schema.

    GDAL takes the types of its fields from here; without it, a first page of whole numbers makes integers of metres.
    It understands one plain type for each property, so that a property may be null is not said; and it takes ``id``
    from the features.
    """
    definition = layer.definition
    kept = {"title", "type", "format", "x-ogc-unit"}
    properties: dict[str, Any] = {
        field.name: {name: value for name, value in property_schema(field, {}, language).items() if name in kept}
        for field in definition.fields
    }
    if definition.time_column:
        properties["valid_from"] = properties["valid_to"] = {"type": "string", "format": "date-time"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}/collections/{quote(definition.id)}/schemas/feature",
        "title": definition.title.get(language),
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer" if definition.key.type is KeyType.INTEGER else "string"},
            "geometry": {"type": "object"},
            "properties": {"type": "object", "properties": properties},
        },
    }


def property_schema(field: LayerField, code_lists: Mapping[str, CodeList], language: str) -> dict[str, Any]:
    """Describe one property as JSON Schema, with unit and code list where it has them."""
    kinds = {FieldType.DATE: ("string", "date"), FieldType.DATETIME: ("string", "date-time")}
    kind, form = kinds.get(field.type, (field.type.value, None))
    schema: dict[str, Any] = {"title": field.title.get(language), "type": kind}
    if form:
        schema["format"] = form
    if field.unit:
        schema["x-ogc-unit"] = field.unit
    codes = code_lists.get(field.codes) if field.codes else None
    if codes:
        schema["enum"] = list(codes.values)
        schema["oneOf"] = [{"const": value, "title": title.get(language)} for value, title in codes.values.items()]
    # Says what a filter costs, before it is asked.
    schema["x-shikong-indexed"] = field.indexed
    return schema

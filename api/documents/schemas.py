"""Schemas of a layer: what its features consist of, and by what they may be filtered and sorted.

References
----------
OGC 23-058r2 (Common Part 3: Schemas), OGC 19-079r2 (Features Part 3: Filtering), OGC 24-030 (draft; Features Part 8:
Sorting).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import VALID_FROM, VALID_TO, CodeList, FieldType, KeyType, Layer, LayerField, Titled

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
INDEXED: Final = "x-shikong-indexed"
"""Says what a filter or a sort costs, before it is asked; stands only where that is the question."""

ID_TITLE: Final = Titled(zh="要素标识", en="Feature id")
GEOMETRY_TITLE: Final = Titled(zh="几何", en="Geometry")
TIME_ROLES: Final[Mapping[str, str]] = {VALID_FROM: "primary-interval-start", VALID_TO: "primary-interval-end"}

JSON_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
    "array": {"type": "array", "items": {"type": "string"}},
}
"""How the types are written that JSON Schema does not know by our name."""


def schema_document(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], base: str, language: str
) -> dict[str, Any]:
    """Describe the properties that features of a layer have, whatever the format (logical schema).

    Null is not said to be allowed: a property without a value is one that is absent, as the standard has it.
    """
    properties = {"id": _id_schema(layer.definition, language) | {"readOnly": True}}
    properties["geometry"] = _geometry_schema(layer.definition, language)
    for field in layer.definition.fields:
        properties[field.name] = property_schema(field, code_lists, language)
    for name, schema in _time_schemas(layer.definition, language):
        properties[name] = schema | {"readOnly": True}
    numbered = {
        name: schema | {"x-ogc-propertySeq": number} for number, (name, schema) in enumerate(properties.items(), 1)
    }
    described = {"description": layer.definition.description.get(language), "required": ["id"]}
    return _document(layer, base, "schema", numbered, language) | described


def queryables_document(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], base: str, language: str
) -> dict[str, Any]:
    """Describe the properties of a layer by which its features may be filtered."""
    definition = layer.definition
    properties = {"id": _id_schema(definition, language) | {INDEXED: True}}
    properties["geometry"] = _queryable_geometry(definition, language) | {INDEXED: True}
    for field in definition.queryables:
        properties[field.name] = property_schema(field, code_lists, language) | {INDEXED: field.indexed}
    for name, schema in _time_schemas(definition, language):
        properties[name] = schema | {INDEXED: False}
    return _document(layer, base, "queryables", properties, language)


def sortables_document(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], base: str, language: str
) -> dict[str, Any]:
    """Describe the properties of a layer by which its features may be sorted: the id, and whatever has an order."""
    properties = {"id": _id_schema(layer.definition, language) | {INDEXED: True}}
    for field in (*layer.definition.sortables, *layer.definition.time_fields):
        properties[field.name] = property_schema(field, code_lists, language) | {INDEXED: field.indexed}
    return _document(layer, base, "sortables", properties, language)


def feature_schema_document(layer: PublishedLayer, base: str, language: str) -> dict[str, Any]:
    """Describe a layer's features as JSON Schema of their GeoJSON.

    GDAL takes the types of its fields from here; without it, a first page of whole numbers makes integers of metres.
    It understands one plain type for each property, so that a property may be null is not said; and it takes ``id``
    from the features.
    """
    definition = layer.definition
    kept = {"title", "type", "format", "items", "x-ogc-unit"}
    properties: dict[str, Any] = {
        field.name: {name: value for name, value in property_schema(field, {}, language).items() if name in kept}
        for field in definition.fields
    }
    for name, schema in _time_schemas(definition, language):
        properties[name] = {key: value for key, value in schema.items() if key in kept}
    return {
        "$schema": DIALECT,
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
    schema = {"title": field.title.get(language), **JSON_TYPES.get(field.type, {"type": field.type.value})}
    if field.unit:
        schema |= {"x-ogc-unit": field.unit, "x-ogc-unitLang": "UCUM"}
    codes = code_lists.get(field.codes) if field.codes else None
    if codes:
        schema["enum"] = list(codes.values)
        schema["oneOf"] = [{"const": value, "title": title.get(language)} for value, title in codes.values.items()]
    return schema


def simple_queryables(
    layer: Layer, code_lists: Mapping[str, CodeList], language: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and schema of every queryable that has a simple value; each is a query parameter, too."""
    yield "id", _id_schema(layer, language)
    for field in layer.sortables:
        yield field.name, property_schema(field, code_lists, language)
    yield from _time_schemas(layer, language)


def _document(
    layer: PublishedLayer, base: str, leaf: str, properties: Mapping[str, Any], language: str
) -> dict[str, Any]:
    definition = layer.definition
    return {
        "$schema": DIALECT,
        "$id": f"{base}/collections/{quote(definition.id)}/{leaf}",
        "type": "object",
        "title": definition.title.get(language),
        "properties": dict(properties),
        "additionalProperties": False,
    }


def _id_schema(layer: Layer, language: str) -> dict[str, Any]:
    kind = "integer" if layer.key.type is KeyType.INTEGER else "string"
    schema = {"title": ID_TITLE.get(language), "type": kind, "x-ogc-role": "id"}
    return schema | ({"format": "uuid"} if layer.key.type is KeyType.UUID else {})


def _geometry_schema(layer: Layer, language: str) -> dict[str, Any]:
    """Describe the geometry, which has a format and no type (23-058r2, /req/schemas/properties)."""
    kind = layer.geometry.type.value
    form = f"geometry-{'any' if kind == 'geometry' else kind}"
    return {"title": GEOMETRY_TITLE.get(language), "x-ogc-role": "primary-geometry", "format": form}


def _queryable_geometry(layer: Layer, language: str) -> dict[str, Any]:
    """Describe the geometry as a queryable: QGIS knows one only by this reference, and sends no spatial filter else."""
    reference = f"https://geojson.org/schema/{layer.geometry.type.simple_feature}.json"
    return _geometry_schema(layer, language) | {"$ref": reference}


def _time_schemas(layer: Layer, language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in layer.time_fields:
        yield field.name, property_schema(field, {}, language) | {"x-ogc-role": TIME_ROLES[field.name]}

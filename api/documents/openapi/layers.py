"""Paths of one layer.

GDAL pushes a filter down only where the layer's own items path lists the property (shared/clients), so every layer
has paths of its own; what they have in common is shared by reference, or a hundred layers would make megabytes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.documents.openapi.parts import (
    Say,
    get,
    list_parameter,
    operation,
    path_parameter,
    query_parameter,
    ref,
    shared,
)
from api.documents.schemas import simple_queryables
from api.params.features import FILE_PARAMETERS, FILTER_PARAMETERS, ITEMS_PARAMETERS, PAGE_PARAMETERS, known_parameters
from api.printed import unit_sign
from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import CodeList, KeyType, Layer
from spatial.crs import CRS84H
from spatial.query.feature import property_names

IN_A_PARAMETER: Final = ("title", "type", "format", "enum", "x-ogc-unit", "x-ogc-unitLang")
"""What OpenAPI 3.0 knows of a property's schema (no ``const``), and extensions, which it allows."""


def layer_paths(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], say: Say, language: str
) -> dict[str, dict[str, Any]]:
    """Describe a layer, its schemas and its features."""
    definition = layer.definition
    name, title = definition.id, definition.title.get(language)
    url = f"/collections/{name}"
    plain = shared("f", "lang")
    return {
        url: get(f"describe.{name}", "Features", title, "Collection", plain),
        f"{url}/schema": get(
            f"getSchema.{name}", "Features", say(f"{title}：字段结构", f"{title}: schema"), "Schema", plain
        ),
        f"{url}/queryables": get(
            f"getQueryables.{name}", "Features", say(f"{title}：可查询字段", f"{title}: queryables"), "Schema", plain
        ),
        f"{url}/sortables": get(
            f"getSortables.{name}", "Features", say(f"{title}：可排序字段", f"{title}: sortables"), "Schema", plain
        ),
        f"{url}/schemas/feature": get(
            f"getFeatureSchema.{name}",
            "Features",
            say(f"{title}：GeoJSON 要素结构", f"{title}: schema of its GeoJSON"),
            "Schema",
            shared("f-schema", "lang"),
        ),
        **_feature_paths(layer, code_lists, say, language),
    }


def _feature_paths(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], say: Say, language: str
) -> dict[str, dict[str, Any]]:
    definition = layer.definition
    name, title = definition.id, definition.title.get(language)
    url = f"/collections/{name}"
    crs = "crs-heights" if layer.default_crs is CRS84H else "crs"
    filters = [
        query_parameter(column, _explained(schema, say), {key: schema[key] for key in IN_A_PARAMETER if key in schema})
        for column, schema in _parameters(layer, code_lists, language)
    ]
    asked = [
        *shared(*PAGE_PARAMETERS, *FILTER_PARAMETERS, crs, "skipGeometry", "zoom-level", *FILE_PARAMETERS),
        _properties(definition, say),
        *filters,
        *shared("f-items", "lang"),
    ]
    key = path_parameter("featureId", say("要素标识", "Id of the feature"), _key_schema(definition))
    search = operation(
        f"search.{name}",
        "Features",
        say(f"{title}：以 JSON 请求体查询要素", f"{title}: features, asked by a JSON body"),
        "Features",
        shared("f-items", "lang"),
        others=("413",),
    )
    return {
        f"{url}/items": get(
            f"getFeatures.{name}",
            "Features",
            say(f"{title}：查询要素", f"{title}: features"),
            "Features",
            asked,
            description=definition.description.get(language),
            others=("304",),
        ),
        f"{url}/items/{{featureId}}": get(
            f"getFeature.{name}",
            "Features",
            say(f"{title}：单个要素", f"{title}: one feature"),
            "Feature",
            [key, *shared(crs, "f-feature", "lang")],
            others=("304",),
        ),
        f"{url}/search": {"post": search | {"requestBody": ref("requestBodies", "Search")}},
    }


def _parameters(
    layer: PublishedLayer, code_lists: Mapping[str, CodeList], language: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the properties that are parameters; one that bears the name of another parameter cannot be."""
    accepted = known_parameters(layer) - set(ITEMS_PARAMETERS)
    for name, schema in simple_queryables(layer.definition, code_lists, language):
        if name in accepted:
            yield name, schema


def _explained(schema: Mapping[str, Any], say: Say) -> str:
    """Return a property's title with its unit and the meaning of its codes."""
    unit = unit_sign(schema.get("x-ogc-unit"))
    text = f"{schema['title']}{say(f'（{unit}）', f' ({unit})') if unit else ''}"
    codes = [f"{one['const']} {one['title']}" for one in schema.get("oneOf", ())]
    return text + (say("：", ": ") + say("；", "; ").join(codes) if codes else "")


def _properties(layer: Layer, say: Say) -> dict[str, Any]:
    description = say("只要这些字段，以逗号分隔", "Only these properties, with commas between them")
    return list_parameter("properties", description, {"type": "string", "enum": property_names(layer)})


def _key_schema(layer: Layer) -> dict[str, Any]:
    kinds: dict[KeyType, dict[str, Any]] = {
        KeyType.INTEGER: {"type": "integer", "minimum": 0},
        KeyType.UUID: {"type": "string", "format": "uuid"},
        KeyType.TEXT: {"type": "string"},
    }
    return kinds[layer.key.type]

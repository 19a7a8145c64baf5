"""Schemas of bodies that several paths share."""

from typing import Any, Final

from api.documents.openapi.parameters import FLAG, SORT_KEY, WHOLE, bbox_schema, choice, crs_schema, limit_schema
from api.documents.openapi.parts import ref
from api.params.features import OFFSET_MAX, RESULT_TYPES, SORT_KEYS_MAX, TERM_LENGTH_MAX, TERMS_MAX, ZOOM_MAX
from spatial.crs import CRS84, OFFERED
from spatial.export.types import Encoding
from spatial.query.cql2.filter import Lang

TEXT: Final = {"type": "string"}
OBJECT: Final = {"type": "object"}


def shared_schemas() -> dict[str, Any]:
    """Return every shared schema by the name that answers refer to."""
    return {
        "Document": _object(links=_list(ref("schemas", "Link"))),
        "JsonSchema": _object("$schema", "$id", "type", **{"$schema": TEXT, "$id": TEXT, "type": TEXT}),
        "Html": TEXT,
        "Text": TEXT,
        "Binary": {"type": "string", "format": "binary"},
        "Link": _object(
            "href", "rel", href=TEXT, rel=TEXT, type=TEXT, title=TEXT, hreflang=TEXT, templated={"type": "boolean"}
        ),
        "Problem": _object(
            "title", "status", "detail", type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT, field=TEXT
        ),
        "Conformance": _object("conformsTo", conformsTo=_list(TEXT), links=_list(ref("schemas", "Link"))),
        **_collection_schemas(),
        **_feature_schemas(),
        "Functions": _functions_schema(),
        "Search": _search_schema(),
    }


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema | ({"required": list(required)} if required else {})


def _list(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def _collection_schemas() -> dict[str, Any]:
    links = _list(ref("schemas", "Link"))
    moment = {"type": "string", "format": "date-time", "nullable": True}
    extent = _object(
        spatial=_object(bbox=_list(_list({"type": "number"})), crs=TEXT),
        temporal=_object(interval=_list(_list(moment, minItems=2, maxItems=2)), trs=TEXT),
    )
    collection = _object(
        "id",
        "links",
        id=TEXT,
        title=TEXT,
        description=TEXT,
        itemType=TEXT,
        crs=_list(TEXT),
        storageCrs=TEXT,
        extent=extent,
        featureCount=WHOLE,
        synthetic={"type": "boolean"},
        defaultSortOrder=_list(TEXT),
        attribution=TEXT,
        links=links,
    )
    everything = _object("collections", "links", collections=_list(ref("schemas", "Collection")), links=links)
    return {"Collection": collection, "Collections": everything}


def _feature_schemas() -> dict[str, Any]:
    links = _list(ref("schemas", "Link"))
    feature = _object(
        "type",
        "geometry",
        "properties",
        type={"type": "string", "enum": ["Feature"]},
        # OpenAPI 3.0 has no list of types; an id is a number or a text.
        id={"oneOf": [{"type": "integer"}, TEXT]},
        geometry=OBJECT | {"nullable": True},
        properties=OBJECT | {"nullable": True},
        links=links,
    )
    collection = _object(
        "type",
        "features",
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=_list(ref("schemas", "Feature")),
        numberMatched=WHOLE,
        numberReturned=WHOLE,
        timeStamp={"type": "string", "format": "date-time"},
        links=links,
    )
    return {"Feature": feature, "FeatureCollection": collection}


def _functions_schema() -> dict[str, Any]:
    types = _list(TEXT)
    argument = _object("type", title=TEXT, description=TEXT, type=types)
    function = _object(
        "name", "returns", name=TEXT, title=TEXT, description=TEXT, arguments=_list(argument), returns=types
    )
    return _object("functions", functions=_list(function), links=_list(ref("schemas", "Link")))


def _search_schema() -> dict[str, Any]:
    """Return the body of a search; besides these members it takes every property that is a query parameter."""
    crs = crs_schema(list(OFFERED), CRS84.uri)
    return _object(
        **{
            "filter": {"oneOf": [OBJECT, TEXT]},
            "filter-lang": choice([one.value for one in Lang], Lang.JSON.value),
            "filter-crs": crs,
            "bbox": bbox_schema(),
            "bbox-crs": crs,
            "datetime": TEXT,
            "q": _list(TEXT | {"minLength": 1, "maxLength": TERM_LENGTH_MAX}, maxItems=TERMS_MAX),
            "sortby": _list(SORT_KEY, maxItems=SORT_KEYS_MAX),
            "properties": _list(TEXT),
            "skipGeometry": FLAG,
            "zoom-level": WHOLE | {"maximum": ZOOM_MAX},
            "crs": {"type": "string", "format": "uri", "enum": list(OFFERED)},
            "limit": limit_schema(),
            "offset": WHOLE | {"maximum": OFFSET_MAX, "default": 0},
            "cursor": TEXT,
            "resulttype": choice(list(RESULT_TYPES), RESULT_TYPES[0]),
            "bom": FLAG,
            "encoding": choice([one.value for one in Encoding], Encoding.UTF8.value),
        }
    )

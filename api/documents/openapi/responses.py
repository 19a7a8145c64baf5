"""Answers that several paths share, their headers, and the body of a search."""

from collections.abc import Mapping
from typing import Any, Final

from api.documents.openapi.parts import Say, ref
from api.errors import PROBLEM_JSON
from api.negotiation import GEOJSON, HTML, JSON, MAPBOX_STYLE, MVT, OPENAPI_JSON, SCHEMA_JSON
from spatial.export.types import FORMATS, JSONFG

PAGE: Final = {HTML: "Html"}


def shared_responses(say: Say) -> dict[str, Any]:
    """Return every shared answer by the name, or the status, that paths refer to."""
    documents = {
        "Document": say("文档", "The document"),
        "Conformance": say("符合性类", "Conformance classes"),
        "Collections": say("全部图层", "All layers"),
        "Collection": say("图层", "The layer"),
        "Functions": say("函数", "The functions"),
    }
    return {
        **{name: _response(text, {JSON: name, **PAGE}) for name, text in documents.items()},
        "OpenApi": _response(say("接口描述", "The API description"), {OPENAPI_JSON: "Document", **PAGE}),
        "Schema": _response("JSON Schema", {SCHEMA_JSON: "JsonSchema", **PAGE}),
        "Style": _response(say("样式", "The style"), {MAPBOX_STYLE: "Document"}),
        "Tile": _response(say("矢量瓦片", "The vector tile"), {MVT: "Binary"}, "Content-Crs"),
        "Features": _response(
            say("符合条件的要素", "Features that match"),
            {**_feature_formats(), **PAGE},
            "OGC-NumberMatched",
            "OGC-NumberReturned",
            "Content-Crs",
            "Link",
            "ETag",
        ),
        "Feature": _response(
            say("要素", "The feature"),
            {GEOJSON: "Feature", JSONFG.media_type: "Feature", **PAGE},
            "Content-Crs",
            "Link",
            "ETag",
        ),
        **_other_statuses(say),
    }


def _feature_formats() -> dict[str, str]:
    """Return what features come as: media type and the schema of its content."""
    files = {one.media_type: "Binary" if one.is_binary else "Text" for one in FORMATS.values()}
    collections = {GEOJSON: "FeatureCollection", JSONFG.media_type: "FeatureCollection"}
    return files | collections


def _other_statuses(say: Say) -> dict[str, Any]:
    problems = {
        "400": say("参数有误：指出参数，并说明如何改", "A parameter is wrong; says which, and what to do next"),
        "404": say("没有此资源", "There is no such resource"),
        "406": say("没有所要的格式", "None of the accepted formats is offered"),
        "413": say("请求体过长", "The body is too long"),
        "503": say("数据库暂不可用或过忙，请稍后再试", "The database is away or too busy; ask again later"),
    }
    return {
        "204": {"description": say("空瓦片", "The tile is empty")},
        "304": {"description": say("数据未变", "Nothing has changed since the ETag of If-None-Match")},
        **{status: _response(text, {PROBLEM_JSON: "Problem"}) for status, text in problems.items()},
    }


def _response(description: str, media: Mapping[str, str], *headers: str) -> dict[str, Any]:
    content = {media_type: {"schema": ref("schemas", schema)} for media_type, schema in media.items()}
    response: dict[str, Any] = {"description": description, "content": content}
    if headers:
        response["headers"] = {name: ref("headers", name) for name in headers}
    return response


def shared_headers(say: Say) -> dict[str, Any]:
    """Return the headers of features."""
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 0}
    described = {
        "OGC-NumberMatched": (
            say("符合条件的总数；过多而未计数时不给出", "How many match; absent where counting would cost too much"),
            whole,
        ),
        "OGC-NumberReturned": (say("本页要素数", "How many this answer holds"), whole),
        "Content-Crs": (say("坐标系，置于尖括号中", "CRS of the coordinates, in angle brackets"), text),
        "Link": (say("前后页与相关资源的链接（RFC 8288）", "Links to other pages and resources (RFC 8288)"), text),
        "ETag": (say("数据版本，供 If-None-Match 使用", "Version of the data, for If-None-Match"), text),
    }
    return {name: {"description": text, "schema": schema} for name, (text, schema) in described.items()}


def shared_bodies(say: Say) -> dict[str, Any]:
    """Return the body of a search."""
    example = {
        "filter": {"op": "=", "args": [{"property": "use"}, "office"]},
        "bbox": [117.2, 31.8, 117.3, 31.9],
        "sortby": ["-floors"],
        "limit": 10,
    }
    return {
        "Search": {
            "description": say(
                "与 items 的查询参数同义；过长而无法放进网址的条件用它。",
                "Means the same as the query parameters of items; for filters that are too long for a URL.",
            ),
            "required": True,
            "content": {JSON: {"schema": ref("schemas", "Search"), "example": example}},
        }
    }

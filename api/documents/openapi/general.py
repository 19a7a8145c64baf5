"""Paths that are the same in every city, tiles aside."""

from typing import Any

from api.documents.openapi.parts import Say, get, path_parameter, shared


def general_paths(say: Say) -> dict[str, Any]:
    """Describe entrance, list of layers, functions and styles."""
    plain = shared("f", "lang")
    style = [
        path_parameter("styleId", say("样式标识：图层标识，或全市地图", "Id of a layer, or of the city's map")),
        *shared("f-style", "lang"),
    ]
    return {
        "/": get("getLandingPage", "Service", say("首页", "Landing page"), "Document", plain),
        "/conformance": get(
            "getConformance", "Service", say("符合性声明", "Conformance classes"), "Conformance", plain
        ),
        "/api": get("getApi", "Service", say("本文档（OpenAPI 3.0）", "This document (OpenAPI 3.0)"), "OpenApi", plain),
        "/functions": get(
            "getFunctions",
            "Service",
            say("CQL2 过滤条件可用的函数", "Functions that a CQL2 filter may call"),
            "Functions",
            plain,
        ),
        "/collections": get("getCollections", "Features", say("全部图层", "All layers"), "Collections", plain),
        "/styles": get("getStyles", "Styles", say("全部样式", "All styles"), "Document", plain),
        "/styles/{styleId}": get("getStyle", "Styles", say("一个样式", "A style"), "Style", style),
    }

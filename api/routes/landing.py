"""The entrance: landing page, conformance, API description, and a sign of life."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.conformance import CLASSES
from api.documents.openapi.document import openapi_document
from api.negotiation import HTML, JSON, OPENAPI_JSON
from api.params.common import COMMON_PARAMETERS, only
from api.responses import OGC_REL, base_url, document_response, link
from api.routes.resource import Resource
from api.state import catalogue_of

TITLE = {"zh": "时空：城市时空中台", "en": "Shikong: a city's time-space platform"}
DESCRIPTION = {
    "zh": "统一地图图层、标准地址与城市场景的 OGC API 服务。",
    "en": "OGC API services of the city's layers, standard addresses and scenarios.",
}


async def landing(request: Request) -> Response:
    """GET /: what is here."""
    only(request.query_params, COMMON_PARAMETERS)
    base = base_url(request)

    def build(language: str) -> dict[str, Any]:
        title = _titles(language)
        links = [
            link(f"{base}/api", "service-desc", OPENAPI_JSON, title["api"]),
            link(f"{base}/api?f=html", "service-doc", HTML, title["api"]),
            link(f"{base}/conformance", "conformance", JSON, title["conformance"]),
            link(f"{base}/conformance", OGC_REL + "conformance", JSON, title["conformance"]),
            link(f"{base}/collections", "data", JSON, title["collections"]),
            link(f"{base}/collections", OGC_REL + "data", JSON, title["collections"]),
            link(f"{base}/functions", OGC_REL + "functions", JSON, title["functions"]),
            link(f"{base}/tiles", OGC_REL + "tilesets-vector", JSON, title["tiles"]),
            link(f"{base}/tileMatrixSets", OGC_REL + "tiling-schemes", JSON, title["tms"]),
            link(f"{base}/styles", OGC_REL + "styles", JSON, title["styles"]),
            link(f"{base}/map", "related", HTML, title["map"]),
        ]
        return {
            "title": TITLE[language],
            "description": DESCRIPTION[language],
            "attribution": _attribution(request, language),
            "links": links,
        }

    return document_response(request, build, template="landing.html")


def _titles(language: str) -> dict[str, str]:
    zh = {
        "api": "接口描述",
        "conformance": "符合性声明",
        "collections": "图层",
        "functions": "过滤函数",
        "tiles": "矢量瓦片",
        "tms": "瓦片矩阵集",
        "styles": "样式",
        "map": "地图",
    }
    en = {
        "api": "API description",
        "conformance": "Conformance",
        "collections": "Layers",
        "functions": "Functions of filters",
        "tiles": "Vector tiles",
        "tms": "Tile matrix sets",
        "styles": "Styles",
        "map": "Map",
    }
    return en if language == "en" else zh


def _attribution(request: Request, language: str) -> str:
    if not any(one.definition.synthetic for one in catalogue_of(request).layers.values()):
        return ""
    if language == "en":
        return "Synthetic sample data on real division codes and names; not a survey."
    return "合成示例数据（真实区划代码与名称），并非实测成果。"


async def conformance(request: Request) -> Response:
    """GET /conformance: the classes that our tests prove."""
    only(request.query_params, COMMON_PARAMETERS)
    return document_response(
        request,
        lambda language: {"title": _titles(language)["conformance"], "conformsTo": list(CLASSES)},
        template="conformance.html",
    )


async def api(request: Request) -> Response:
    """GET /api: the OpenAPI 3.0 document."""
    only(request.query_params, COMMON_PARAMETERS)
    catalogue, base = catalogue_of(request), base_url(request)
    formats = {"json": OPENAPI_JSON, "html": HTML}
    return document_response(
        request,
        lambda language: openapi_document(catalogue, base, language),
        template="api.html",
        formats=formats,
        is_linked=False,
    )


async def health(_request: Request) -> Response:
    """GET /health: this process answers; it asks nobody else."""
    return Response(b'{"status":"ok"}', media_type=JSON)


routes: list[BaseRoute] = [
    Resource("/", landing),
    Resource("/conformance", conformance),
    Resource("/api", api),
    Resource("/health", health),
]

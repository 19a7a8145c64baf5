"""Styles: what draws a layer, or the whole city."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.negotiation import MAPBOX_STYLE
from api.params.common import COMMON_PARAMETERS, only
from api.responses import base_url, document_response, link
from api.routes.resource import Resource
from api.state import catalogue_of
from spatial.catalogue.types import CITY_STYLE
from tiles.style import check_style, style_document

STYLE_FORMATS = {"mapbox": MAPBOX_STYLE}


async def styles(request: Request) -> Response:
    """GET /styles: every style."""
    only(request.query_params, COMMON_PARAMETERS)
    catalogue, base = catalogue_of(request), base_url(request)

    def build(language: str) -> dict[str, Any]:
        titles = {CITY_STYLE: "City map" if language == "en" else "全市地图"}
        titles |= {name: one.definition.title.get(language) for name, one in catalogue.layers.items()}
        return {
            "title": "Styles" if language == "en" else "样式",
            "default": CITY_STYLE,
            "styles": [
                {
                    "id": name,
                    "title": title,
                    "links": [link(f"{base}/styles/{quote(name)}?f=mapbox", "stylesheet", MAPBOX_STYLE, title)],
                }
                for name, title in titles.items()
            ],
        }

    return document_response(request, build, template="styles.html")


async def style(request: Request) -> Response:
    """GET /styles/{style}: one style as MapLibre and QGIS read it."""
    only(request.query_params, COMMON_PARAMETERS)
    catalogue, base, name = catalogue_of(request), base_url(request), request.path_params["style"]
    check_style(catalogue, name)
    return document_response(
        request,
        lambda language: style_document(catalogue, name, base, language),
        template="styles.html",
        formats=STYLE_FORMATS,
        is_linked=False,
    )


routes: list[BaseRoute] = [
    Resource("/styles", styles),
    Resource("/styles/{style}", style),
]

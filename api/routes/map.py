"""GET /map: the map portal; the page carries the layer tree, the browser draws it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.documents.portal import portal
from api.html import page
from api.negotiation import language_of
from api.params.common import COMMON_PARAMETERS, only
from api.routes.resource import Resource
from api.state import catalogue_of
from api.view import base_path


def show(request: Request) -> Response:
    """GET /map."""
    only(request.query_params, COMMON_PARAMETERS)
    title = "Map" if language_of(request) == "en" else "地图"
    return page(request, "map.html", title=title, portal=portal(catalogue_of(request), base=base_path(request)))


routes: list[BaseRoute] = [Resource("/map", show)]

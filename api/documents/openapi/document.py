"""The OpenAPI 3.0 document as a whole."""

from typing import Any

from api.documents.openapi.general import general_paths
from api.documents.openapi.layers import layer_paths
from api.documents.openapi.parameters import shared_parameters
from api.documents.openapi.parts import Say, saying
from api.documents.openapi.responses import shared_bodies, shared_headers, shared_responses
from api.documents.openapi.schemas import shared_schemas
from api.documents.openapi.tiles import tile_paths
from spatial.catalogue.catalogue import Catalogue


def openapi_document(catalogue: Catalogue, base: str, language: str) -> dict[str, Any]:
    """Describe every path of this server.

    Parameters
    ----------
    base
        Address of this server, as the client reaches it.
    """
    say = saying(language)
    paths = general_paths(say) | tile_paths(say)
    for layer in catalogue.layers.values():
        paths |= layer_paths(layer, catalogue.code_lists, say, language)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": say("时空", "Shikong"),
            "description": say(
                "PostGIS 上的 OGC API：要素（Features）与瓦片（Tiles）",
                "OGC API - Features and Tiles over PostGIS",
            ),
            "version": "0.1.0",
            "license": {"name": say("见项目说明", "See the project")},
        },
        "servers": [{"url": base}],
        "tags": _tags(say),
        "paths": paths,
        "components": {
            # QGIS 3.22 takes its page size from components.parameters.limit, and from nowhere else (shared/clients).
            "parameters": shared_parameters(say),
            "responses": shared_responses(say),
            "headers": shared_headers(say),
            "requestBodies": shared_bodies(say),
            "schemas": shared_schemas(),
        },
    }


def _tags(say: Say) -> list[dict[str, str]]:
    described = {
        "Service": say("服务", "The service itself"),
        "Features": say("要素", "Features of layers"),
        "Tiles": say("瓦片", "Vector tiles"),
        "Styles": say("样式", "Styles"),
    }
    return [{"name": name, "description": text} for name, text in described.items()]

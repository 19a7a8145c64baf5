"""OGC API - Tiles: matrix sets, tilesets and tiles, of one layer and of all layers together."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import morecantile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.documents.tilesets import (
    CITY,
    WEB_MERCATOR,
    Tileset,
    scheme_link,
    tilejson_document,
    tileset_document,
)
from api.negotiation import HTML, JSON, MVT, PLAIN, negotiate
from api.params.common import COMMON_PARAMETERS, only
from api.responses import base_url, document_response, link
from api.routes.resource import Resource
from api.state import catalogue_of, pool_of
from spatial.catalogue.catalogue import PublishedLayer
from spatial.errors import InvalidInput
from tiles.matrix import MATRIX_SETS, MAX_ZOOM, TileId, TileOutside, matrix_set
from tiles.vector import fetch_tile

TILESET_FORMATS: Final = {"json": JSON, "html": HTML, "tilejson": JSON}
TILE_FORMATS: Final = {"mvt": MVT}


async def matrix_sets(request: Request) -> Response:
    """GET /tileMatrixSets: the grids in which tiles are cut."""
    only(request.query_params, COMMON_PARAMETERS)
    base = base_url(request)

    def build(language: str) -> dict[str, Any]:
        return {
            "title": "Tile matrix sets" if language == "en" else "瓦片矩阵集",
            "tileMatrixSets": [
                {
                    "id": one.id,
                    "title": one.id,
                    "uri": one.uri,
                    "crs": one.crs_uri,
                    "links": [link(f"{base}/tileMatrixSets/{one.id}", "self", JSON, one.id)],
                }
                for one in MATRIX_SETS.values()
            ],
        }

    return document_response(request, build, template="tiles.html")


async def one_matrix_set(request: Request) -> Response:
    """GET /tileMatrixSets/{tms}: one grid, as OGC 17-083r4 writes it."""
    only(request.query_params, COMMON_PARAMETERS)
    grid = matrix_set(request.path_params["tms"])

    def build(_language: str) -> dict[str, Any]:
        known = morecantile.tms.get(grid.id).model_dump(mode="json", exclude_none=True)
        known["crs"], known["uri"] = grid.crs_uri, grid.uri
        known["tileMatrices"] = known["tileMatrices"][: MAX_ZOOM + 1]
        return known

    return document_response(request, build, template="tiles.html")


async def tilesets(request: Request) -> Response:
    """GET /tiles and /collections/{layer}/tiles: the tilesets of the city or of one layer."""
    only(request.query_params, COMMON_PARAMETERS)
    base, url = base_url(request), _tileset(request).url

    def build(language: str) -> dict[str, Any]:
        title = "Tilesets" if language == "en" else "瓦片集"
        return {
            "title": title,
            "tilesets": [
                {
                    "title": one.id,
                    "dataType": "vector",
                    "crs": one.crs_uri,
                    "tileMatrixSetURI": one.uri,
                    "links": [
                        link(f"{url}/{one.id}", "self", JSON, one.id),
                        scheme_link(base, one),
                    ],
                }
                for one in MATRIX_SETS.values()
            ],
        }

    return document_response(request, build, template="tiles.html", layer=_layer_of_path(request))


async def tileset(request: Request) -> Response:
    """GET .../tiles/{tms}: what one tileset holds, as OGC metadata or as TileJSON."""
    only(request.query_params, (*COMMON_PARAMETERS, "collections"))
    grid = matrix_set(request.path_params["tms"])
    asked, catalogue = _tileset(request), catalogue_of(request)
    # TileJSON knows no other grid.
    formats = TILESET_FORMATS if grid.id == WEB_MERCATOR else PLAIN
    if negotiate(request, formats) == "tilejson":
        return document_response(
            request,
            lambda language: tilejson_document(asked, language),
            template="tiles.html",
            formats=formats,
            is_linked=False,
        )
    return document_response(
        request,
        lambda language: tileset_document(asked, grid, catalogue, language),
        template="tiles.html",
        formats=formats,
        layer=_layer_of_path(request),
    )


async def tile(request: Request) -> Response:
    """GET .../tiles/{tms}/{z}/{y}/{x}: one vector tile; 204 when empty, 404 outside the grid.

    ``Accept`` is not looked at: map libraries send anything, and a tile has one format.
    """
    only(request.query_params, ("f", "collections"))
    asked = request.query_params.get("f", "mvt")
    if asked not in TILE_FORMATS:
        raise InvalidInput(f"f={asked!r} is not offered for tiles. Offered: mvt.", field="f")
    grid, where = matrix_set(request.path_params["tms"]), _tile_id(request.path_params)
    layers = _layers(request)
    async with pool_of(request).connection() as conn:
        body = await fetch_tile(conn, layers, grid, where)
    if not body:
        return Response(status_code=204)
    return Response(body, media_type=MVT, headers={"Content-Crs": f"<{grid.crs_uri}>"})


def _tile_id(path: Mapping[str, str]) -> TileId:
    """Read matrix, row and column; what is no number is no tile."""
    texts = [path["z"], path["y"], path["x"]]
    if not all(text.isascii() and text.isdigit() and len(text) <= 9 for text in texts):
        raise TileOutside(*(text[:20] for text in texts))
    zoom, row, column = map(int, texts)
    return TileId(zoom, row, column)


def _layers(request: Request) -> list[PublishedLayer]:
    """Return the layers of the path, or of ``collections``, or all."""
    catalogue = catalogue_of(request)
    layer = _layer_of_path(request)
    asked = request.query_params.get("collections")
    if layer is not None:
        if asked is not None:
            raise InvalidInput("collections belongs to /tiles, not to the tiles of one layer.", field="collections")
        return [layer]
    if asked is None:
        return list(catalogue.layers.values())
    names = asked.split(",")
    unknown = [name for name in names if name not in catalogue.layers]
    if unknown:
        raise InvalidInput(f"collections: there is no layer {unknown[0]!r}.", field="collections")
    return [catalogue.layers[name] for name in dict.fromkeys(names)]


def _layer_of_path(request: Request) -> PublishedLayer | None:
    name = request.path_params.get("layer")
    return None if name is None else catalogue_of(request).layer(name)


def _tileset(request: Request) -> Tileset:
    """Return the tileset that the path and ``collections`` name."""
    layer, base = _layer_of_path(request), base_url(request)
    return Tileset(
        title=layer.definition.title if layer else CITY,
        layers=_layers(request),
        base=base,
        url=base + (f"/collections/{quote(layer.definition.id)}" if layer else "") + "/tiles",
        chosen=request.query_params.get("collections"),
    )


def _both(path: str, endpoint: Any) -> list[BaseRoute]:
    """Serve a resource for one layer and for the whole city."""
    return [Resource("/collections/{layer}" + path, endpoint), Resource(path, endpoint)]


routes: list[BaseRoute] = [
    *_both("/tiles/{tms}/{z}/{y}/{x}", tile),
    *_both("/tiles/{tms}", tileset),
    *_both("/tiles", tilesets),
    Resource("/tileMatrixSets", matrix_sets),
    Resource("/tileMatrixSets/{tms}", one_matrix_set),
]

"""OGC API - Tiles: matrix sets, tilesets and tiles, of one layer and of all layers together."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import morecantile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.params import only
from api.responses import (
    COMMON_PARAMETERS,
    HTML,
    JSON,
    MVT,
    OGC_REL,
    PLAIN,
    base_url,
    document_response,
    link,
    negotiate,
)
from api.routes.collections import property_schema
from api.routes.resource import Resource
from api.state import catalogue_of, pool_of
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import FieldType
from spatial.crs import CRS84
from spatial.errors import InvalidInput
from spatial.geometry import BBox
from tiles.matrix import MATRIX_SETS, MAX_ZOOM, MatrixSet, TileId, TileOutside, matrix_set
from tiles.vector import fetch_tile, zooms

TILESET_FORMATS: Final = {"json": JSON, "html": HTML, "tilejson": JSON}
TILE_FORMATS: Final = {"mvt": MVT}
WEB_MERCATOR: Final = "WebMercatorQuad"


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
    _layers(request)
    url = _tiles_url(request)

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
                        _scheme_link(request, one),
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
    layers, catalogue = _layers(request), catalogue_of(request)
    # TileJSON knows no other grid.
    formats = TILESET_FORMATS if grid.id == WEB_MERCATOR else PLAIN
    if negotiate(request, formats) == "tilejson":
        return document_response(
            request,
            lambda language: _tilejson(request, layers, language),
            template="tiles.html",
            formats=formats,
            is_linked=False,
        )
    return document_response(
        request,
        lambda language: _tileset(request, grid, layers, catalogue, language),
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


def _tiles_url(request: Request) -> str:
    name = request.path_params.get("layer")
    return base_url(request) + (f"/collections/{quote(name)}" if name else "") + "/tiles"


def _template(request: Request, grid: MatrixSet, names: str) -> str:
    kept = {name: value for name, value in request.query_params.items() if name == "collections"}
    return f"{_tiles_url(request)}/{grid.id}/{names}?{urlencode({**kept, 'f': 'mvt'}, safe=',')}"


def _scheme_link(request: Request, grid: MatrixSet) -> dict[str, Any]:
    return link(f"{base_url(request)}/tileMatrixSets/{grid.id}", OGC_REL + "tiling-scheme", JSON, grid.id)


def _tileset(
    request: Request, grid: MatrixSet, layers: Sequence[PublishedLayer], catalogue: Catalogue, language: str
) -> dict[str, Any]:
    layer = _layer_of_path(request)
    box = _extent(layers)
    return {
        "title": layer.definition.title.get(language) if layer else ("City" if language == "en" else "全市"),
        "dataType": "vector",
        "crs": grid.crs_uri,
        "tileMatrixSetURI": grid.uri,
        "tileMatrixSetLimits": _limits(grid, layers, box),
        **({"boundingBox": _bounding_box(box)} if box else {}),
        "layers": [_layer_metadata(one, catalogue, language) for one in layers],
        "links": [
            _scheme_link(request, grid),
            link(
                _template(request, grid, "{tileMatrix}/{tileRow}/{tileCol}"),
                "item",
                MVT,
                "Tiles",
                templated=True,
            ),
            *(
                [link(f"{_tiles_url(request)}/{grid.id}?f=tilejson", "describedby", JSON, "TileJSON")]
                if grid.id == WEB_MERCATOR
                else []
            ),
        ],
    }


def _layer_metadata(layer: PublishedLayer, catalogue: Catalogue, language: str) -> dict[str, Any]:
    definition = layer.definition
    metadata: dict[str, Any] = {
        "id": definition.id,
        "title": definition.title.get(language),
        "description": definition.description.get(language),
        "dataType": "vector",
        "minTileMatrix": str(definition.zoom.min),
        "maxTileMatrix": str(MAX_ZOOM),
        "propertiesSchema": {
            "type": "object",
            "properties": {
                field.name: property_schema(field, catalogue.code_lists, language) for field in definition.fields
            },
        },
    }
    if definition.geometry.type.dimension is not None:
        metadata["geometryDimension"] = definition.geometry.type.dimension
    if layer.extent:
        metadata["boundingBox"] = _bounding_box(layer.extent)
    return metadata


def _limits(grid: MatrixSet, layers: Sequence[PublishedLayer], box: BBox | None) -> list[dict[str, Any]]:
    first, last = zooms(layers)
    if box is None:
        return []
    covered = [(zoom, *grid.covering(zoom, box)) for zoom in range(first, last + 1)]
    return [
        {
            "tileMatrix": str(zoom),
            "minTileRow": low.row,
            "maxTileRow": high.row,
            "minTileCol": low.column,
            "maxTileCol": high.column,
        }
        for zoom, low, high in covered
    ]


def _extent(layers: Sequence[PublishedLayer]) -> BBox | None:
    boxes = [one.extent for one in layers if one.extent]
    if not boxes:
        return None
    return BBox(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
        boxes[0].srid,
    )


def _bounding_box(box: BBox) -> dict[str, Any]:
    return {"lowerLeft": [box.west, box.south], "upperRight": [box.east, box.north], "crs": CRS84.uri}


TILEJSON_TYPES: Final = {FieldType.INTEGER: "Number", FieldType.NUMBER: "Number", FieldType.BOOLEAN: "Boolean"}


def _tilejson(request: Request, layers: Sequence[PublishedLayer], language: str) -> dict[str, Any]:
    """Describe a tileset as TileJSON 3.0.0; a client draws zooms beyond ``maxzoom`` from it."""
    box = _extent(layers)
    layer = _layer_of_path(request)
    definitions = [one.definition for one in layers]
    low, high = min(one.zoom.min for one in definitions), max(one.zoom.max for one in definitions)
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": layer.definition.title.get(language) if layer else ("City" if language == "en" else "全市"),
        "tiles": [_template(request, MATRIX_SETS[WEB_MERCATOR], "{z}/{y}/{x}")],
        "minzoom": low,
        "maxzoom": high,
        "vector_layers": [
            {
                "id": one.id,
                "description": one.title.get(language),
                "minzoom": one.zoom.min,
                "maxzoom": high,
                "fields": {field.name: TILEJSON_TYPES.get(field.type, "String") for field in one.fields},
            }
            for one in definitions
        ],
    }
    if box:
        document["bounds"] = [box.west, box.south, box.east, box.north]
        document["center"] = [(box.west + box.east) / 2, (box.south + box.north) / 2, min(low + 5, high)]
    return document


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

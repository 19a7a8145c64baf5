"""Paths of vector tiles and of their grids."""

from typing import Any

from api.documents.openapi.parts import Say, get, path_parameter, shared
from tiles.matrix import MATRIX_SETS


def tile_paths(say: Say) -> dict[str, Any]:
    """Describe grids, tilesets and tiles, of the whole city and of one layer."""
    plain = shared("f", "lang")
    tileset = say("瓦片集", "A tileset")
    grid = path_parameter(
        "tileMatrixSetId", say("瓦片矩阵集", "Tile matrix set"), {"type": "string", "enum": list(MATRIX_SETS)}
    )
    paths = {
        "/tileMatrixSets": get(
            "getTileMatrixSets", "Tiles", say("全部瓦片矩阵集", "Tile matrix sets"), "Document", plain
        ),
        "/tileMatrixSets/{tileMatrixSetId}": get(
            "getTileMatrixSet", "Tiles", say("一个瓦片矩阵集", "A tile matrix set"), "Document", [grid, *plain]
        ),
    }
    layer = path_parameter("collectionId", say("图层标识", "Id of a layer"))
    for prefix, where, before, chosen in (
        ("/tiles", "dataset", [], shared("collections")),
        ("/collections/{collectionId}/tiles", "collection", [layer], []),
    ):
        paths[prefix] = get(
            f"{where}.vector.getTileSetsList", "Tiles", say("全部瓦片集", "Tilesets"), "Document", [*before, *plain]
        )
        paths[prefix + "/{tileMatrixSetId}"] = get(
            f"{where}.vector.getTileSet",
            "Tiles",
            tileset,
            "Document",
            [*before, grid, *chosen, *shared("f-tileset", "lang")],
        )
        paths[prefix + "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"] = get(
            f"{where}.vector.getTile",
            "Tiles",
            say("一块矢量瓦片", "A vector tile"),
            "Tile",
            [*before, grid, *shared("tileMatrix", "tileRow", "tileCol", "f-tile"), *chosen],
            others=("204",),
        )
    return paths

"""Vector tiles and their descriptions, as OGC API - Tiles asks."""

from typing import Any

import mapbox_vector_tile
import morecantile
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Tiny

CONF = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
TMS = "http://www.opengis.net/spec/tms/2.0/conf/"
MVT = "application/vnd.mapbox-vector-tile"
LAYER = "/collections/buildings/tiles"


def tile_of(lon: float, lat: float, zoom: int, grid: str = "WebMercatorQuad") -> str:
    found = morecantile.tms.get(grid).tile(lon, lat, zoom)
    return f"{grid}/{zoom}/{found.y}/{found.x}"


def decoded(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MVT
    result: dict[str, Any] = mapbox_vector_tile.decode(answer.content)
    return result


@pytest.mark.conformance(CONF + "core", CONF + "mvt")
@pytest.mark.parametrize("grid", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_a_tile_holds_the_features_with_their_ids(web: TestClient, tiny: Tiny, grid: str) -> None:
    content = decoded(web.get(f"{LAYER}/{tile_of(117.2005, 31.8005, 15, grid)}"))
    assert list(content) == ["buildings"]
    by_id = {feature["id"]: feature for feature in content["buildings"]["features"]}
    assert by_id[tiny.west]["properties"]["floors"] == 3
    assert by_id[tiny.west]["properties"]["name"] == "西楼"
    assert by_id[tiny.west]["geometry"]["type"] == "Polygon"


def test_a_tile_puts_a_place_where_the_grid_says(web: TestClient) -> None:
    grid = morecantile.tms.get("WebMercatorQuad")
    where = grid.tile(117.205, 31.81, 17)
    bounds = grid.xy_bounds(where)
    content = decoded(web.get(f"/collections/addresses/tiles/WebMercatorQuad/17/{where.y}/{where.x}"))
    feature = next(one for one in content["addresses"]["features"] if one["properties"]["code"] == "A05")
    x, y = feature["geometry"]["coordinates"]
    size = (bounds.right - bounds.left) / 4096
    place = grid.xy(117.205, 31.81)
    assert bounds.left + x * size == pytest.approx(place.x, abs=size)
    assert bounds.bottom + y * size == pytest.approx(place.y, abs=size)


@pytest.mark.conformance(CONF + "dataset-tilesets", CONF + "collections-selection")
def test_a_tile_of_the_city_holds_the_chosen_layers(web: TestClient) -> None:
    where = tile_of(117.2005, 31.8005, 13)
    url = f"/tiles/{where}"
    everything = decoded(web.get(url))
    assert "buildings" in everything
    assert "addresses" not in everything, "addresses begin at zoom 15"
    assert list(decoded(web.get(url, params={"collections": "buildings,roads"}))) == ["buildings"]
    answer = web.get(url, params={"collections": "buildings,nope"})
    assert (answer.status_code, answer.json()["field"]) == (400, "collections")


def test_an_empty_tile_is_204(web: TestClient) -> None:
    answer = web.get(f"{LAYER}/{tile_of(100.0, 20.0, 15)}")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "path",
    [
        "WebMercatorQuad/15/32768/0",
        "WebMercatorQuad/15/0/32768",
        "WebMercatorQuad/23/0/0",
        "WebMercatorQuad/99999999999/0/0",
        "WebMercatorQuad/5/0/0",  # below the layer's first zoom
        "WebMercatorQuad/-1/0/0",
        "WebMercatorQuad/a/0/0",
        "WebMercatorQuad/15/0/1.5",
        "WebMercatorQuad/15/0/٣",
        "WorldCRS84Quad/15/32768/0",
        "NopeQuad/15/0/0",
    ],
)
def test_a_tile_outside_is_404(web: TestClient, path: str) -> None:
    assert web.get(f"{LAYER}/{path}").status_code == 404


def test_a_tile_refuses_what_it_does_not_know(web: TestClient) -> None:
    url = f"{LAYER}/{tile_of(117.2005, 31.8005, 15)}"
    assert web.get(url, params={"f": "png"}).json()["field"] == "f"
    assert web.get(url, params={"foo": "1"}).json()["field"] == "foo"
    assert web.get(url, params={"collections": "roads"}).json()["field"] == "collections"
    assert web.get(url, headers={"Accept": "image/webp,*/*"}).status_code == 200


@pytest.mark.conformance(CONF + "tilesets-list", CONF + "geodata-tilesets")
@pytest.mark.parametrize("url", ["/tiles", LAYER])
def test_tilesets_are_listed(web: TestClient, url: str) -> None:
    tilesets = web.get(url).json()["tilesets"]
    assert [one["dataType"] for one in tilesets] == ["vector", "vector"]
    for tileset in tilesets:
        own = next(link for link in tileset["links"] if link["rel"] == "self")
        assert web.get(own["href"]).status_code == 200


@pytest.mark.conformance(
    CONF + "tileset",
    TMS + "tilesetmetadata",
    TMS + "json-tilesetmetadata",
    TMS + "tilematrixsetlimits",
    TMS + "json-tilematrixsetlimits",
)
def test_a_tileset_tells_its_limits_and_its_template(web: TestClient) -> None:
    document = web.get(f"{LAYER}/WebMercatorQuad").json()
    limits = {one["tileMatrix"]: one for one in document["tileMatrixSetLimits"]}
    grid = morecantile.tms.get("WebMercatorQuad")
    low, high = grid.tile(117.2, 31.803, 15), grid.tile(117.253, 31.8, 15)
    assert limits["15"] == {
        "tileMatrix": "15",
        "minTileRow": low.y,
        "maxTileRow": high.y,
        "minTileCol": low.x,
        "maxTileCol": high.x,
    }
    assert "12" not in limits
    item = next(link for link in document["links"] if link["rel"] == "item")
    assert item["templated"] is True
    assert item["type"] == MVT
    here = grid.tile(117.2005, 31.8005, 15)
    url = item["href"].format(tileMatrix="15", tileRow=here.y, tileCol=here.x)
    assert decoded(web.get(url))["buildings"]["features"]
    assert document["layers"][0]["geometryDimension"] == 2


@pytest.mark.conformance(TMS + "tilematrixset", TMS + "json-tilematrixset")
@pytest.mark.parametrize("grid", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_a_matrix_set_is_the_registered_one(web: TestClient, grid: str) -> None:
    assert grid in [one["id"] for one in web.get("/tileMatrixSets").json()["tileMatrixSets"]]
    document = web.get(f"/tileMatrixSets/{grid}").json()
    known = morecantile.tms.get(grid)
    for matrix in document["tileMatrices"]:
        same = known.matrix(int(matrix["id"]))
        assert matrix["scaleDenominator"] == pytest.approx(same.scaleDenominator)
        assert (matrix["matrixWidth"], matrix["matrixHeight"]) == (same.matrixWidth, same.matrixHeight)
        assert matrix["pointOfOrigin"] == pytest.approx(same.pointOfOrigin)
        assert matrix["cellSize"] == pytest.approx(same.cellSize)
    crs = {"WebMercatorQuad": "EPSG/0/3857", "WorldCRS84Quad": "OGC/1.3/CRS84"}[grid]
    assert document["crs"] == f"http://www.opengis.net/def/crs/{crs}"
    assert web.get("/tileMatrixSets/Nope").status_code == 404


def test_tilejson(web: TestClient) -> None:
    document = web.get(f"{LAYER}/WebMercatorQuad", params={"f": "tilejson"}).json()
    assert document["tilejson"] == "3.0.0"
    assert document["vector_layers"][0]["fields"]["floors"] == "Number"
    assert document["bounds"] == [117.2, 31.8, 117.253, 31.803]
    grid = morecantile.tms.get("WebMercatorQuad")
    here = grid.tile(117.2005, 31.8005, 15)
    url = document["tiles"][0].format(z=15, y=here.y, x=here.x)
    assert decoded(web.get(url))["buildings"]["features"]
    assert web.get(f"{LAYER}/WorldCRS84Quad", params={"f": "tilejson"}).json()["field"] == "f"


@pytest.mark.parametrize("style", ["city", "buildings"])
def test_a_style_draws_from_its_tiles(web: TestClient, style: str) -> None:
    answer = web.get(f"/styles/{style}")
    assert answer.headers["content-type"] == "application/vnd.mapbox.style+json"
    document = answer.json()
    assert document["version"] == 8
    assert set(document) == {"version", "name", "sources", "layers"}
    ids = [layer["id"] for layer in document["layers"]]
    assert len(ids) == len(set(ids))
    drawn = [layer for layer in document["layers"] if layer["type"] != "background"]
    assert all(layer["source"] in document["sources"] for layer in drawn)
    first_symbol = next(i for i, layer in enumerate(drawn) if layer["type"] == "symbol")
    assert all(layer["type"] == "symbol" for layer in drawn[first_symbol:]), "labels lie above shapes"
    tiles = document["sources"][style]["tiles"][0]
    where = morecantile.tms.get("WebMercatorQuad").tile(117.2005, 31.8005, 15)
    assert web.get(tiles.format(z=15, y=where.y, x=where.x)).status_code == 200

"""GDAL reads the server: its OAPIF, OGCAPI and MVT drivers, as pyogrio brings them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyogrio
import pytest
import shapely
from geopandas import GeoDataFrame
from shapely.geometry import shape

from tests.clients.recorder import Recorder

pytestmark = pytest.mark.clients

CRS = "http://www.opengis.net/def/crs/"
MILLIMETRE_DEG = 1e-8


def read(base_url: str, layer: str, **options: Any) -> GeoDataFrame:
    frame: GeoDataFrame = pyogrio.read_dataframe(f"OAPIF:{base_url}", layer=layer, **options)
    return frame


def features(client: httpx.Client, layer: str, **query: Any) -> list[dict[str, Any]]:
    """Return a layer's features, by our own reading of the pages."""
    answer = client.get(f"/collections/{layer}/items", params={"limit": 10_000, **query})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert all(link["rel"] != "next" for link in document["links"]), "the layer is larger than one page"
    found: list[dict[str, Any]] = document["features"]
    return found


@pytest.fixture(scope="module")
def buildings(client: httpx.Client) -> list[dict[str, Any]]:
    return features(client, "buildings")


@pytest.fixture(autouse=True)
def _no_cache() -> Iterator[None]:
    """Keep GDAL from answering out of its cache of /vsicurl."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_TIMEOUT": "60", "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/http://127."})
    yield
    pyogrio.set_gdal_config_options({"GDAL_HTTP_TIMEOUT": None, "CPL_VSIL_CURL_NON_CACHED": None})


def test_lists_every_layer_with_its_title(live_server: str, client: httpx.Client) -> None:
    published = {one["id"]: one["title"] for one in client.get("/collections").json()["collections"]}
    listed = [name for name, _kind in pyogrio.list_layers(f"OAPIF:{live_server}")]
    assert listed == [*published]
    info = pyogrio.read_info(f"OAPIF:{live_server}", layer="buildings")
    assert info["layer_metadata"]["TITLE"] == published["buildings"] == "建筑"


def test_reads_every_feature_page_by_page(recorder: Recorder, buildings: list[dict[str, Any]]) -> None:
    frame = read(recorder.base_url, "buildings", PAGE_SIZE="100")
    assert frame["code"].to_list() == [one["properties"]["code"] for one in buildings]
    pages = [one for one in recorder.items("buildings") if one.query["limit"] == "100"]
    assert len(pages) == -(-len(buildings) // 100)
    assert recorder.failures() == []


def test_takes_large_pages_on_its_own(recorder: Recorder, buildings: list[dict[str, Any]]) -> None:
    assert len(read(recorder.base_url, "buildings")) == len(buildings)
    first, *rest = [one.query["limit"] for one in recorder.items("buildings")]
    assert (first, {*rest}) == ("20", {"1000"})


def test_learns_the_count_and_extent_without_reading(recorder: Recorder, buildings: list[dict[str, Any]]) -> None:
    info = pyogrio.read_info(f"OAPIF:{recorder.base_url}", layer="buildings")
    assert info["features"] == len(buildings)
    assert len(recorder.items("buildings")) == 1
    west, south, east, north = shapely.total_bounds([shape(one["geometry"]) for one in buildings])
    assert info["total_bounds"] == pytest.approx((west, south, east, north), abs=2 * MILLIMETRE_DEG)


def test_pushes_the_box_down(recorder: Recorder, buildings: list[dict[str, Any]]) -> None:
    shapes = [shape(one["geometry"]) for one in buildings]
    west, south, east, north = shapely.total_bounds(shapes)
    box = (west, south, (west + east) / 2, (south + north) / 2)
    inside = [one for one in shapes if one.intersects(shapely.box(*box))]
    frame = read(recorder.base_url, "buildings", bbox=box)
    assert 0 < len(frame) < len(buildings)
    assert len(frame) == len(inside)
    asked = recorder.items("buildings")[-1].query
    assert asked["bbox-crs"] == CRS + "EPSG/0/4490"
    # EPSG:4490 is lat, lon at the door.
    assert [float(one) for one in asked["bbox"].split(",")] == pytest.approx([box[1], box[0], box[3], box[2]])


def test_pushes_the_box_down_in_the_citys_grid(recorder: Recorder, live_server: str) -> None:
    whole = read(live_server, "roads", CRS="EPSG:4548")
    west, south, east, north = whole.total_bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    frame = read(recorder.base_url, "roads", CRS="EPSG:4548", bbox=box)
    assert {*frame["code"]} == {*whole[whole.intersects(shapely.box(*box))]["code"]}
    asked = recorder.items("roads")[-1].query
    assert (asked["crs"], asked["bbox-crs"]) == (CRS + "EPSG/0/4548", CRS + "EPSG/0/4548")
    # The grid's axes are north, east at the door.
    assert [float(one) for one in asked["bbox"].split(",")] == pytest.approx([box[1], box[0], box[3], box[2]])


def test_takes_cgcs2000_by_itself_and_keeps_places(live_server: str, buildings: list[dict[str, Any]]) -> None:
    frame = read(live_server, "buildings")
    assert frame.crs.to_epsg() == 4490
    ours = shapely.from_geojson([str(one["geometry"]).replace("'", '"') for one in buildings])
    assert shapely.equals_exact(frame.geometry.values, ours, tolerance=MILLIMETRE_DEG).all()


@pytest.mark.parametrize(("asked", "epsg"), [("EPSG:4548", 4548), ("EPSG:4527", 4527), ("EPSG:3857", 3857)])
def test_reads_other_reference_systems_with_the_right_axes(live_server: str, asked: str, epsg: int) -> None:
    degrees = read(live_server, "roads")
    frame = read(live_server, "roads", CRS=asked)
    assert frame.crs.to_epsg() == epsg
    # PROJ on this side, PostGIS on the other: a centimetre between two ways of the same arithmetic.
    expected = degrees.to_crs(epsg).geometry
    assert shapely.hausdorff_distance(frame.geometry.values, expected.values).max() < 0.01


def test_learns_the_types_of_fields(live_server: str) -> None:
    info = pyogrio.read_info(f"OAPIF:{live_server}", layer="buildings")
    types = dict(zip(info["fields"], info["ogr_types"], strict=True))
    assert types["code"] == types["use"] == "OFTString"
    assert types["floors"] == "OFTInteger"
    assert types["valid_from"] == types["valid_to"] == "OFTDateTime"
    # Whole numbers in the first page do not make an integer out of metres.
    assert types["height_m"] == types["area_m2"] == "OFTReal"
    # Nothing in the first page has it, perhaps; it is a number all the same.
    assert types["built_year"] == "OFTInteger"
    info = pyogrio.read_info(f"OAPIF:{live_server}", layer="pipe_segments")
    assert dict(zip(info["fields"], info["ogr_types"], strict=True))["built_on"] == "OFTDate"


def test_numbers_arrive_as_they_are(live_server: str, buildings: list[dict[str, Any]]) -> None:
    frame = read(live_server, "buildings")
    for name in ("floors", "height_m", "area_m2"):
        ours = [one["properties"][name] for one in buildings]
        assert np.allclose(frame[name].to_numpy(dtype=float), ours, rtol=0, atol=1e-9), name


def test_chinese_text_arrives_whole(live_server: str, client: httpx.Client) -> None:
    frame = read(live_server, "roads")
    ours = [one["properties"]["name"] for one in features(client, "roads")]
    assert frame["name"].to_list() == ours
    assert any("路" in name for name in ours)


def test_pushes_conditions_on_queryables_down(recorder: Recorder, buildings: list[dict[str, Any]]) -> None:
    floors = buildings[0]["properties"]["floors"]
    use = buildings[0]["properties"]["use"]
    frame = read(recorder.base_url, "buildings", where=f"use = '{use}' AND floors = {floors}")
    wanted = [
        one["id"] for one in buildings if one["properties"]["use"] == use and one["properties"]["floors"] == floors
    ]
    assert sorted(frame["id"]) == wanted
    asked = recorder.items("buildings")[-1].query
    assert (asked["use"], asked["floors"]) == (use, str(floors))


def test_pushes_chinese_values_down(recorder: Recorder, client: httpx.Client) -> None:
    roads = features(client, "roads")
    name = roads[0]["properties"]["name"]
    frame = read(recorder.base_url, "roads", where=f"name = '{name}'")
    assert sorted(frame["id"]) == [one["id"] for one in roads if one["properties"]["name"] == name]
    assert recorder.items("roads")[-1].query["name"] == name


def test_finishes_conditions_that_the_server_cannot(recorder: Recorder, buildings: list[dict[str, Any]]) -> None:
    use = buildings[0]["properties"]["use"]
    frame = read(recorder.base_url, "buildings", where=f"use = '{use}' AND floors > 6")
    wanted = [one["id"] for one in buildings if one["properties"]["use"] == use and one["properties"]["floors"] > 6]
    assert sorted(frame["id"]) == wanted
    asked = recorder.items("buildings")[-1].query
    assert asked["use"] == use
    assert "floors" not in asked


def test_conditions_on_times_become_the_standards_datetime(recorder: Recorder, client: httpx.Client) -> None:
    """GDAL takes every condition on a time for ``datetime`` and does not look again: validity is what it gets."""
    moment = "2015-06-01T00:00:00Z"
    frame = read(recorder.base_url, "roads", where=f"valid_from <= '{moment}'")
    assert recorder.items("roads")[-1].query["datetime"] == f"../{moment}"
    wanted = [one["id"] for one in features(client, "roads") if one["properties"]["valid_from"] <= moment]
    assert sorted(frame["id"]) == wanted


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4548", "OGC:CRS84"])
def test_heights_of_pipes_survive(live_server: str, client: httpx.Client, crs: str) -> None:
    pipes = features(client, "pipe_segments")
    frame = read(live_server, "pipe_segments", CRS=crs)
    assert frame.geometry.has_z.all()
    ours = [shape(one["geometry"]).coords[0][2] for one in pipes]
    theirs = [line.coords[0][2] for line in frame.geometry]
    assert theirs == pytest.approx(ours, abs=0.001)


def test_reads_one_collection_by_its_own_address(live_server: str, client: httpx.Client) -> None:
    found = pyogrio.list_layers(f"OAPIF:{live_server}/collections/roads")
    assert [name for name, _kind in found] == ["roads"]


# -- tiles ---------------------------------------------------------------------------------------------------------


def mvt_of(folder: Path, client: httpx.Client, layer: str, zoom: int) -> tuple[str, tuple[float, ...]]:
    """Keep the tile around the middle feature of a layer where GDAL reads its place out of the path; with its box."""
    point = shapely.point_on_surface(shape(features(client, layer)[0]["geometry"]))
    side = 2 * 20037508.342789244 / 2**zoom
    x, y = GeoDataFrame(geometry=[point], crs=4490).to_crs(3857).geometry[0].coords[0][:2]
    column, row = int((x + 20037508.342789244) // side), int((20037508.342789244 - y) // side)
    answer = client.get(f"/collections/{layer}/tiles/WebMercatorQuad/{zoom}/{row}/{column}")
    assert answer.status_code == 200
    path = folder / f"{zoom}" / f"{column}" / f"{row}.pbf"
    path.parent.mkdir(parents=True)
    path.write_bytes(answer.content)
    west, north = column * side - 20037508.342789244, 20037508.342789244 - row * side
    return f"MVT:{path}", (west, north - side, west + side, north)


def test_mvt_driver_finds_features_where_they_are(tmp_path: Path, client: httpx.Client, live_server: str) -> None:
    dataset, box = mvt_of(tmp_path, client, "buildings", 16)
    tile = pyogrio.read_dataframe(dataset, layer="buildings", CLIP="NO")
    assert tile.crs.to_epsg() == 3857
    items = read(live_server, "buildings", CRS="EPSG:3857").set_index("code")
    assert {*tile["code"]} >= {*items[items.intersects(shapely.box(*box))].index}
    whole = tile[tile.within(shapely.box(*box))].set_index("code")
    assert len(whole)
    # A tile of zoom 16 has 4,096 units on 611 m; a corner moves by one at most.
    moved = whole.geometry.centroid.distance(items.loc[whole.index].geometry.centroid)
    assert moved.max() < 0.3
    assert (whole["floors"] == items.loc[whole.index]["floors"]).all()


def test_mvt_driver_reads_chinese(tmp_path: Path, client: httpx.Client) -> None:
    dataset, _box = mvt_of(tmp_path, client, "roads", 14)
    names = {*pyogrio.read_dataframe(dataset, layer="roads")["name"]}
    assert names <= {one["properties"]["name"] for one in features(client, "roads")}
    assert names


def test_ogcapi_driver_reads_tiles(recorder: Recorder, live_server: str) -> None:
    """The driver follows collection, tilesets, tiling scheme and the template of tiles; all links need types.

    Only this grid: GDAL compares the box of degrees with the limits of WebMercatorQuad as if it were metres, and
    finds no zoom level (its rasters are transformed first, its vectors are not).
    """
    roads = read(live_server, "roads")
    frame = pyogrio.read_dataframe(
        f"OGCAPI:{recorder.base_url}/collections/roads",
        layer="Zoom level 12",
        API="TILES",
        TILEMATRIXSET="WorldCRS84Quad",
    )
    assert {*frame["code"]} == {*roads["code"]}
    tiles = [one for one in recorder.asked if "/tiles/WorldCRS84Quad/12/" in one.path]
    assert tiles
    assert {one.status for one in tiles} <= {200, 204}
    assert recorder.failures() == []


def test_ogcapi_driver_reads_items(live_server: str, client: httpx.Client) -> None:
    frame = pyogrio.read_dataframe(f"OGCAPI:{live_server}/collections/roads", layer="roads", API="ITEMS")
    assert len(frame) == len(features(client, "roads"))

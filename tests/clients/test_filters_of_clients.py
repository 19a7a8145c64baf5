"""Filters as client programs write them, and whether the right features come back; every client and its proof.

=====================================  ==========================================================================
what a client needs                    test
=====================================  ==========================================================================
QGIS 3.22: service-desc, page size     test_qgis.py; test_requests_of_clients.py: test_qgis_finds_its_page_size
QGIS 3.22: id repeated, no edits       test_features_repeat_their_id_as_a_property, test_qgis_learns_that_...
QGIS 3.30 and later: CRS, CQL2, order  test_qgis_enters_in_its_order, test_qgis_pushes_down (here)
GDAL 3.6: pages of 10                  test_old_gdal_reads_by_tens (here)
GDAL 3.12: pages of 20, then 1,000     test_gdal.py: test_takes_large_pages_on_its_own
GDAL -where, -spat, CRS                test_gdal.py; test_gdal_asks_in_a_box_and_by_a_property_at_once (here)
GDAL OGCAPI driver                     test_gdal.py: test_ogcapi_driver_reads_tiles, ..._reads_items
OWSLib: exact types, itemType, */*     test_owslib.py; test_owslib_filters_and_sorts (here)
MapLibre, Leaflet: JSON, Vary          test_requests_of_clients.py: test_items_are_geojson_to_every_map_program
OpenLayers: tileset, scheme            test_openlayers_follows_the_tileset_to_its_scheme_and_tiles
OpenLayers, Leaflet: boxes of the map  test_maps_fetch_what_they_show (here)
all tile clients: 204 and 404          test_empty_tiles_and_tiles_outside
anyone: lat,lon, Content-Crs, CORS     test_content_crs_stands_in_angle_brackets, test_pages_of_other_origins_may_read
OGC's suites                           test_api_description_is_valid_..., test_ogcs_suite_finds_the_operation_of_tiles
=====================================  ==========================================================================
"""

import json
import subprocess
from collections.abc import Callable
from shutil import which
from typing import Any

import httpx
import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features
from shapely.geometry import shape

from tests.clients.programs import absent
from tests.clients.recorder import Recorder

pytestmark = pytest.mark.clients

DEF = "http://www.opengis.net/def/crs/"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
QGIS = {"User-Agent": "Mozilla/5.0 QGIS/34004/Linux", "Accept": "application/geo+json, application/json"}
Feature = dict[str, Any]


@pytest.fixture(scope="module")
def buildings(client: httpx.Client) -> list[Feature]:
    found: list[Feature] = client.get("/collections/buildings/items", params={"limit": 10_000}).json()["features"]
    return found


@pytest.fixture(scope="module")
def box(buildings: list[Feature]) -> tuple[float, float, float, float]:
    """Give the south-western quarter of the city, as its clients would write it."""
    west, south, east, north = shapely.total_bounds([shape(one["geometry"]) for one in buildings])
    found = (round(west, 5), round(south, 5), round((west + east) / 2, 5), round((south + north) / 2, 5))
    assert found[0] < found[2]
    return found


def test_qgis_enters_in_its_order(client: httpx.Client) -> None:
    """Requests of QgsOapifProvider from the landing page to the first features and the question for edits."""
    landing = client.get("/", headers={"Accept": "application/json"}).json()
    api = next(one["href"] for one in landing["links"] if one["rel"] == "service-desc" and one["type"] == OPENAPI)
    assert client.get(api, headers={"Accept": f"{OPENAPI}, application/openapi+json;version=3.0"}).status_code == 200
    layer = client.get("/collections/buildings", headers={"Accept": "application/json"}).json()
    assert layer["storageCrs"] in layer["crs"]
    declared = client.get("/conformance", headers={"Accept": "application/json"}).json()["conformsTo"]
    spec = "http://www.opengis.net/spec/"
    for name in (
        "cql2/1.0/conf/basic-cql2",
        "cql2/1.0/conf/cql2-text",
        "cql2/1.0/conf/advanced-comparison-operators",
        "cql2/1.0/conf/case-insensitive-comparison",
        "cql2/1.0/conf/basic-spatial-functions",
        "cql2/1.0/conf/basic-spatial-operators",
        "ogcapi-features-2/1.0/conf/crs",
        "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-features-3/1.0/conf/features-filter",
        "ogcapi-features-5/1.0/conf/schemas",
    ):
        assert spec + name in declared
    links = {one["rel"]: one for one in layer["links"] if one["type"] == "application/schema+json"}
    for rel in ("queryables", "schema"):
        url = links[f"http://www.opengis.net/def/rel/ogc/1.0/{rel}"]["href"]
        answer = client.get(url, headers={"Accept": "application/schema+json"})
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json()["properties"]["floors"]["type"] == "integer"
    page = client.get("/collections/buildings/items?limit=10", headers=QGIS)
    assert len(page.json()["features"]) == 10
    for path in ("/collections/buildings/items", f"/collections/buildings/items/{page.json()['features'][0]['id']}"):
        assert "GET" in client.options(path).headers["allow"]


def wanted(buildings: list[Feature], test: Callable[[Feature], bool]) -> list[Any]:
    return [one["id"] for one in buildings if test(one["properties"])]


PUSHED: dict[str, Callable[[Feature], bool]] = {
    """("floors" >= 6) AND ("use" IN ('office','public'))""": lambda p: (
        p["floors"] >= 6 and p["use"] in {"office", "public"}
    ),
    """("floors" >= 6) AND (("use" = 'office') OR ("use" = 'public'))""": lambda p: (
        p["floors"] >= 6 and p["use"] in {"office", "public"}
    ),
    """"floors" = 6""": lambda p: p["floors"] == 6,
    """"floors" <> 6""": lambda p: p["floors"] != 6,
    """NOT ("floors" = 6)""": lambda p: p["floors"] != 6,
    """"height_m" > 20.5""": lambda p: p["height_m"] > 20.5,
    """"floors" BETWEEN 3 AND 6""": lambda p: 3 <= p["floors"] <= 6,
    """NOT ("floors" BETWEEN 3 AND 6)""": lambda p: not 3 <= p["floors"] <= 6,
    """"use" NOT IN ('office','public')""": lambda p: p["use"] not in {"office", "public"},
    """"name" IS NULL""": lambda p: p["name"] is None,
    """"name" IS NOT NULL""": lambda p: p["name"] is not None,
    """"number" LIKE '1%'""": lambda p: (p["number"] or "").startswith("1"),
    """CASEI("use") LIKE CASEI('OFF%')""": lambda p: p["use"].startswith("off"),
    """CASEI("use") = CASEI('Office')""": lambda p: p["use"] == "office",
    """"valid_from" >= TIMESTAMP('2000-01-01T00:00:00.000Z')""": lambda p: p["valid_from"] >= "2000",
    """"valid_from" < TIMESTAMP('2000-01-01T00:00:00.000Z')""": lambda p: p["valid_from"] < "2000",
}


@pytest.mark.parametrize("source", [*PUSHED])
def test_qgis_pushes_down(client: httpx.Client, buildings: list[Feature], source: str) -> None:
    """QgsOapifCql2TextExpressionCompiler's sentences, in its address: the same features as on the client."""
    query = {"limit": "1000", "filter": source, "filter-lang": "cql2-text"}
    found: list[Any] = []
    url = "/collections/buildings/items?" + str(httpx.QueryParams(query))
    while url:
        page = client.get(url, headers=QGIS)
        assert page.status_code == 200, page.text
        found += [one["id"] for one in page.json()["features"]]
        url = next((one["href"] for one in page.json()["links"] if one["rel"] == "next"), "")
    assert found == wanted(buildings, PUSHED[source])


@pytest.mark.parametrize("crs", [None, "EPSG/0/4490", "EPSG/0/4326", "EPSG/0/4548", "EPSG/0/3857"])
def test_qgis_pushes_boxes_down(
    client: httpx.Client, buildings: list[Feature], box: tuple[float, float, float, float], crs: str | None
) -> None:
    """``S_INTERSECTS`` with a box and ``bbox`` beside it; QGIS asks in the storage system, axes as they are there."""
    west, south, east, north = box
    rectangle = shapely.box(*box)
    inside = [one["id"] for one in buildings if shape(one["geometry"]).intersects(rectangle)]
    assert 0 < len(inside) < len(buildings)
    more = {"crs": DEF + crs} if crs else {}
    source = f'S_INTERSECTS("geometry",BBOX({west},{south},{east},{north}))'
    plain = {"limit": "10000", "filter": source, "filter-lang": "cql2-text", **more}
    page = client.get("/collections/buildings/items", params=plain, headers=QGIS).json()
    assert [one["id"] for one in page["features"]] == inside
    flipped = {
        "limit": "10000",
        "filter": f'(S_INTERSECTS("geometry",BBOX({south},{west},{north},{east}))) AND ("floors" >= 6)',
        "filter-lang": "cql2-text",
        "filter-crs": DEF + "EPSG/0/4490",
        "bbox": f"{south},{west},{north},{east}",
        "bbox-crs": DEF + "EPSG/0/4490",
        **more,
    }
    page = client.get("/collections/buildings/items", params=flipped, headers=QGIS).json()
    tall = {*wanted(buildings, lambda p: p["floors"] >= 6)}
    assert [one["id"] for one in page["features"]] == [one for one in inside if one in tall]


def test_qgis_pushes_points_down(client: httpx.Client, buildings: list[Feature]) -> None:
    point = shapely.point_on_surface(shape(buildings[0]["geometry"]))
    source = f'S_INTERSECTS("geometry",POINT({point.x} {point.y}))'
    page = client.get("/collections/buildings/items", params={"filter": source, "filter-lang": "cql2-text"}).json()
    assert [one["id"] for one in page["features"]] == [
        one["id"] for one in buildings if shape(one["geometry"]).intersects(point)
    ]


def test_gdal_asks_in_a_box_and_by_a_property_at_once(
    recorder: Recorder, buildings: list[Feature], box: tuple[float, float, float, float]
) -> None:
    """``-spat`` and ``-where`` together: both reach the server, and the rows are those of both."""
    rectangle = shapely.box(*box)
    expected = {
        one["properties"]["code"]
        for one in buildings
        if one["properties"]["use"] == "residential" and shape(one["geometry"]).intersects(rectangle)
    }
    frame = pyogrio.read_dataframe(
        f"OAPIF:{recorder.base_url}", layer="buildings", bbox=box, where="use = 'residential' AND floors > 6"
    )
    tall = {one["properties"]["code"] for one in buildings if one["properties"]["floors"] > 6}
    assert {*frame["code"]} == expected & tall
    assert {*frame["code"]}
    asked = recorder.items("buildings")[-1].query
    assert "bbox" in asked
    assert asked.get("use") == "residential" or "residential" in asked.get("filter", "")
    assert recorder.failures() == []


def test_old_gdal_reads_by_tens(live_server: str, client: httpx.Client) -> None:
    """Debian's GDAL (3.6 in Debian 12) pages by ten until told otherwise, and pushes equality down."""
    program = which("ogr2ogr")
    if program is None:
        absent("ogr2ogr", "apt-get install gdal-bin")
    roads = client.get("/collections/roads/items", params={"limit": 10_000}).json()["features"]
    name = roads[0]["properties"]["name"]
    for more, expected in (([], roads), (["-where", f"name = '{name}'"], None)):
        command = [program, "-f", "GeoJSON", "/vsistdout/", f"OAPIF:{live_server}", "roads", *more]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        codes = [one["properties"]["code"] for one in json.loads(done.stdout)["features"]]
        known = expected or [one for one in roads if one["properties"]["name"] == name]
        assert sorted(codes) == sorted(one["properties"]["code"] for one in known)


def test_owslib_filters_and_sorts(live_server: str, buildings: list[Feature]) -> None:
    service = Features(live_server)
    found = service.collection_items("buildings", filter="floors >= 6 AND use = 'office'", limit=10_000)
    assert [one["id"] for one in found["features"]] == wanted(
        buildings, lambda p: p["floors"] >= 6 and p["use"] == "office"
    )
    highest = service.collection_items("buildings", sortby=("height_m", "desc"), limit=5)
    heights = [one["properties"]["height_m"] for one in highest["features"]]
    assert heights == sorted((one["properties"]["height_m"] for one in buildings), reverse=True)[:5]
    lowest = service.collection_items("buildings", sortby=("height_m", "asc"), limit=1)
    assert lowest["features"][0]["properties"]["height_m"] == min(one["properties"]["height_m"] for one in buildings)


@pytest.mark.parametrize(
    ("accept", "origin"),
    [
        ("*/*", "http://localhost:3000"),  # MapLibre's and OpenLayers' fetch
        ("application/json", "https://map.example"),  # MapLibre's GeoJSON source
        ("application/json, text/plain, */*", "null"),  # axios before Leaflet, a page from a file
        ("application/geo+json,application/json;q=0.9", "https://map.example"),
    ],
)
def test_maps_fetch_what_they_show(
    client: httpx.Client, buildings: list[Feature], box: tuple[float, float, float, float], accept: str, origin: str
) -> None:
    """A map of another origin asks for its own box, in degrees or in web mercator, and a cache keeps formats apart."""
    headers = {"Accept": accept, "Origin": origin, "Sec-Fetch-Mode": "cors", "Accept-Encoding": "gzip, deflate, br"}
    answer = client.get(
        "/collections/buildings/items", params={"bbox": ",".join(map(str, box)), "limit": "10000"}, headers=headers
    )
    inside = [one["id"] for one in buildings if shape(one["geometry"]).intersects(shapely.box(*box))]
    assert answer.headers["content-type"] == "application/geo+json"
    assert [one["id"] for one in answer.json()["features"]] == inside
    assert answer.headers["access-control-allow-origin"] == "*"
    vary = {one.strip().lower() for one in answer.headers["vary"].split(",")}
    assert {"accept", "accept-encoding"} <= vary
    assert "origin" not in vary, "every origin gets the same answer, so one copy serves all"
    # OpenLayers' bbox strategy in the map's own projection.
    metres = shapely.total_bounds(
        [shape(one["geometry"]) for one in _in_web_mercator(client) if one["id"] in {*inside[:3]}]
    )
    asked = {"bbox": ",".join(map(repr, map(float, metres))), "bbox-crs": DEF + "EPSG/0/3857", "limit": "10000"}
    page = client.get("/collections/buildings/items", params=asked, headers=headers).json()
    assert {*inside[:3]} <= {one["id"] for one in page["features"]}


def _in_web_mercator(client: httpx.Client) -> list[Feature]:
    asked = {"crs": DEF + "EPSG/0/3857", "limit": "10000"}
    found: list[Feature] = client.get("/collections/buildings/items", params=asked).json()["features"]
    return found

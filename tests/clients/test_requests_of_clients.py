"""What client programs need, asked the way they ask; by shared notes on QGIS, GDAL, OWSLib, MapLibre and OpenLayers."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, validate

from tests.clients.recorder import Recorder

pytestmark = pytest.mark.clients

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
MVT = "application/vnd.mapbox-vector-tile"
OGC = "http://www.opengis.net/def/rel/ogc/1.0/"
# A crawl of everything is a crawl of every feature; a few pages of each kind tell as much.
PAGES_OF_A_LAYER = 3


def links_of(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every member of every ``links`` array in a document."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "links" and isinstance(member, list):
                yield from member
            else:
                yield from links_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from links_of(member)


def link(document: dict[str, Any], rel: str, media_type: str | None = None) -> str:
    """Return where a document's link of a relation leads."""
    return next(one["href"] for one in document["links"] if one["rel"] == rel and media_type in {None, one["type"]})


@pytest.fixture(scope="module")
def openapi(client: httpx.Client) -> dict[str, Any]:
    """Follow the landing page to the API description, as QGIS and GDAL do."""
    landing = client.get("/", headers={"Accept": "application/json"}).json()
    document: dict[str, Any] = client.get(link(landing, "service-desc"), headers={"Accept": OPENAPI}).json()
    return document


# -- the API description -------------------------------------------------------------------------------------------


def test_service_desc_has_the_exact_type(client: httpx.Client) -> None:
    landing = client.get("/", headers={"Accept": "application/json"}).json()
    assert [one["type"] for one in landing["links"] if one["rel"] == "service-desc"] == [OPENAPI]
    answer = client.get(link(landing, "service-desc"))
    assert answer.headers["Content-Type"] == OPENAPI


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        OPENAPI,
        f"{OPENAPI}, application/openapi+json;version=3.0, application/json",  # GDAL 3.12, QGIS 3.22
    ],
)
def test_api_description_is_given_to_everybody(client: httpx.Client, accept: str) -> None:
    answer = client.get("/api", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.0.")


def test_api_description_is_valid_and_needs_nobody_else(openapi: dict[str, Any]) -> None:
    text = json.dumps(openapi)
    references = {part.split('"', 1)[0] for part in text.split('"$ref": "')[1:]}
    assert references
    assert all(reference.startswith("#/") for reference in references)
    validate(openapi, cls=OpenAPIV30SpecValidator)


def test_api_description_names_the_address_that_was_used(recorder: Recorder, live_server: str) -> None:
    for base in (live_server, recorder.base_url):
        assert httpx.get(f"{base}/api").json()["servers"] == [{"url": base}]


def test_ogcs_suite_finds_the_operation_of_tiles(openapi: dict[str, Any]) -> None:
    names = [one["operationId"] for path in openapi["paths"].values() for one in path.values()]
    assert any(".getTile" in name for name in names)
    assert len({*names}) == len(names)


def test_qgis_finds_its_page_size(openapi: dict[str, Any]) -> None:
    """QGIS 3.22 looks here, and falls to pages of 100 without; newer ones take min(max(1000, default), maximum)."""
    schema = openapi["components"]["parameters"]["limit"]["schema"]
    assert schema["maximum"] >= 10_000
    assert 0 < schema["default"] <= schema["maximum"]


def test_gdal_finds_queryables_on_each_layers_own_path(openapi: dict[str, Any], client: httpx.Client) -> None:
    for layer in client.get("/collections").json()["collections"]:
        asked = client.get(f"/collections/{layer['id']}/queryables").json()["properties"]
        parameters = openapi["paths"][f"/collections/{layer['id']}/items"]["get"]["parameters"]
        named = {one["name"] for one in parameters if one.get("in") == "query"}
        assert {*asked} - {"geometry"} <= named


# -- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",  # OWSLib, MapLibre, OpenLayers
        "application/json",  # MapLibre, Leaflet
        "application/geo+json",
        "application/geo+json, application/json",  # GDAL 3.12, QGIS 3.22
        "application/json, text/plain, */*",  # axios
    ],
)
def test_items_are_geojson_to_every_map_program(client: httpx.Client, accept: str) -> None:
    answer = client.get("/collections/buildings/items", params={"limit": 1}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"


def test_items_are_a_page_to_browsers_and_caches_know(client: httpx.Client) -> None:
    asked = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    answer = client.get("/collections/buildings/items", params={"limit": 1}, headers={"Accept": asked})
    assert answer.headers["Content-Type"].startswith("text/html")
    for path in ("/", "/collections", "/collections/buildings", "/collections/buildings/items?limit=1", "/tiles"):
        for accept in ("*/*", asked):
            vary = client.get(path, headers={"Accept": accept}).headers["Vary"]
            assert "accept" in {one.strip().lower() for one in vary.split(",")}, (path, accept)


def test_features_repeat_their_id_as_a_property(client: httpx.Client) -> None:
    """QGIS shows nothing but properties."""
    feature = client.get("/collections/buildings/items", params={"limit": 1}).json()["features"][0]
    assert feature["properties"]["id"] == feature["id"]


def test_every_layer_says_that_it_holds_features(client: httpx.Client) -> None:
    assert {one["itemType"] for one in client.get("/collections").json()["collections"]} == {"feature"}


def test_content_crs_stands_in_angle_brackets(client: httpx.Client) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4490"
    swapped = client.get("/collections/roads/items", params={"limit": 1, "crs": crs})
    plain = client.get("/collections/roads/items", params={"limit": 1})
    assert swapped.headers["Content-Crs"] == f"<{crs}>"
    assert plain.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    lon, lat = plain.json()["features"][0]["geometry"]["coordinates"][0]
    assert swapped.json()["features"][0]["geometry"]["coordinates"][0] == [lat, lon]


# -- other origins -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/collections/buildings/items?limit=1", "/styles/city", "/tiles/WebMercatorQuad"])
def test_pages_of_other_origins_may_read(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": "https://map.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = {one.strip() for one in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"Link", "Content-Crs", "OGC-NumberMatched"} <= exposed


def test_pages_of_other_origins_may_ask_before(client: httpx.Client) -> None:
    asked = {"Origin": "https://map.example", "Access-Control-Request-Method": "GET"}
    answer = client.options("/collections/buildings/items", headers=asked)
    assert answer.status_code in {200, 204}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_qgis_learns_that_nothing_can_be_edited(client: httpx.Client) -> None:
    for path in ("/collections/buildings/items", "/collections/buildings/items/1"):
        allowed = {one.strip() for one in client.options(path).headers["Allow"].split(",")}
        assert "GET" in allowed
        assert not allowed & {"POST", "PUT", "PATCH", "DELETE"}


# -- tiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tile", "status"),
    [
        # Layer buildings begins at zoom 13. The Pacific is empty; beyond the last row and column there is nothing.
        ("14/8191/0", 204),
        ("14/16383/16383", 204),
        ("14/16384/0", 404),
        ("14/0/16384", 404),
        ("12/0/0", 404),
        ("23/0/0", 404),
        ("14/-1/0", 404),
        ("14/0/x", 404),
        ("99999999999/0/0", 404),
    ],
)
def test_empty_tiles_and_tiles_outside(client: httpx.Client, tile: str, status: int) -> None:
    for where in ("", "?f=mvt"):
        answer = client.get(f"/collections/buildings/tiles/WebMercatorQuad/{tile}{where}")
        assert answer.status_code == status
        assert status == 404 or answer.content == b""


def test_openlayers_follows_the_tileset_to_its_scheme_and_tiles(client: httpx.Client) -> None:
    tileset = client.get("/collections/roads/tiles/WebMercatorQuad", headers={"Accept": "application/json"}).json()
    scheme = client.get(link(tileset, OGC + "tiling-scheme")).json()
    template = link(tileset, "item", MVT)
    limit = tileset["tileMatrixSetLimits"][0]
    assert scheme["crs"] == tileset["crs"]
    assert limit["tileMatrix"] in {one["id"] for one in scheme["tileMatrices"]}
    statuses = set()
    for row in range(limit["minTileRow"], limit["maxTileRow"] + 1):
        for column in range(limit["minTileCol"], limit["maxTileCol"] + 1):
            url = template
            for name, value in (("tileMatrix", limit["tileMatrix"]), ("tileRow", row), ("tileCol", column)):
                url = url.replace(f"{{{name}}}", str(value))
            answer = client.get(url)
            statuses.add(answer.status_code)
            assert answer.status_code == 204 or answer.headers["Content-Type"] == MVT
    assert 200 in statuses
    assert statuses <= {200, 204}


def test_maplibre_reads_tilejson_and_its_tiles(client: httpx.Client) -> None:
    document = client.get("/tiles/WebMercatorQuad?f=tilejson", headers={"Accept": "application/json"}).json()
    assert document["tilejson"] == "3.0.0"
    [template] = document["tiles"]
    answer = client.get(template.replace("{z}", "8").replace("{y}", "104").replace("{x}", "211"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == MVT


# -- links ---------------------------------------------------------------------------------------------------------


def test_every_link_leads_somewhere_and_says_what_it_is(client: httpx.Client, live_server: str) -> None:
    """Crawl all documents from the landing page on: nothing fails, nothing leads away, every link is whole."""
    host, seen, waiting = urlsplit(live_server).netloc, set[str](), ["/"]
    faults: list[str] = []
    while waiting:
        url = urljoin(live_server, waiting.pop())
        if url in seen or _is_enough(url, seen):
            continue
        seen.add(url)
        answer = client.get(url)
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if answer.status_code != 200:
            faults.append(f"{answer.status_code} at {url}")
        if not kind.endswith("json"):
            continue
        for one in links_of(answer.json()):
            if not (one.get("href") and one.get("rel") and one.get("type")):
                faults.append(f"{url} has the link {one}")
            elif urlsplit(one["href"]).netloc != host:
                faults.append(f"{url} leads away to {one['href']}")
            elif not one.get("templated"):
                waiting.append(one["href"])
    assert faults == []
    # Ten layers, each with items, queryables, schema, tilesets, style, in JSON and HTML.
    assert len(seen) > 150


def _is_enough(url: str, seen: set[str]) -> bool:
    """Tell whether as many pages of this address were seen as are worth it."""
    path = urlsplit(url).path
    return path.endswith("/items") and sum(urlsplit(one).path == path for one in seen) >= 2 * PAGES_OF_A_LAYER


@pytest.mark.parametrize("rel", ["self", "alternate", "next"])
def test_links_answer_with_the_type_that_they_promise(client: httpx.Client, rel: str) -> None:
    for path in (
        "/",
        "/collections",
        "/collections/buildings",
        "/collections/buildings/items?limit=1",
        "/tiles",
        "/api",
    ):
        document = client.get(path).json()
        for one in document.get("links", []):
            if one["rel"] == rel:
                answer = client.get(one["href"])
                assert answer.headers["Content-Type"].split(";")[0] == one["type"].split(";")[0], one

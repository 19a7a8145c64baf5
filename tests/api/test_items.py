"""Pages of features, as OGC API - Features Part 1 and 2 ask."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import Tiny

FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
ITEMS = "/collections/buildings/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [feature["properties"]["code"] for feature in answer.json()["features"]]


def get(web: TestClient, url: str = ITEMS, **params: Any) -> Any:
    return web.get(url, params={name.replace("_", "-"): value for name, value in params.items()})


@pytest.mark.conformance(FEATURES + "core", FEATURES + "geojson")
def test_a_page_is_a_feature_collection(web: TestClient) -> None:
    answer = get(web, limit=2)
    page = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    assert page["type"] == "FeatureCollection"
    assert (page["numberReturned"], page["numberMatched"]) == (2, 6)
    assert page["timeStamp"].endswith("Z")
    assert {"self", "alternate", "next", "collection"} == {link["rel"] for link in page["links"]}


def test_a_feature_carries_id_geometry_and_properties(web: TestClient, tiny: Tiny) -> None:
    feature = get(web, code="W").json()["features"][0]
    assert feature["id"] == tiny.west
    assert feature["properties"]["id"] == tiny.west
    assert feature["properties"]["name"] == "西楼"
    assert feature["properties"]["valid_to"] is None
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["geometry"]["coordinates"][0][0] == [117.2, 31.8]


@pytest.mark.conformance(FEATURES + "core")
def test_next_links_lead_through_everything_once(web: TestClient) -> None:
    seen = [code for page in walk(web, "/collections/addresses/items?limit=10") for code in codes(page)]
    assert seen == [f"A{number:02}" for number in range(25)]


def test_next_links_keep_the_box(web: TestClient) -> None:
    pages = list(walk(web, "/collections/addresses/items?limit=2&bbox=117.2045,31.8,117.2095,31.82"))
    assert [codes(page) for page in pages] == [["A05", "A06"], ["A07", "A08"], ["A09"]]
    assert {page.json()["numberMatched"] for page in pages} == {5}


def test_a_full_last_page_has_no_next_link(web: TestClient) -> None:
    assert len(list(walk(web, "/collections/addresses/items?limit=5"))) == 5


def walk(web: TestClient, url: str | None) -> Iterator[Any]:
    while url:
        answer = web.get(url)
        yield answer
        url = next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None)


def test_offset_is_accepted_and_capped(web: TestClient) -> None:
    assert codes(get(web, "/collections/addresses/items", offset=20, limit=3)) == ["A20", "A21", "A22"]
    assert get(web, offset=100_001).json()["field"] == "offset"


@pytest.mark.conformance(FEATURES + "core")
@pytest.mark.parametrize(("limit", "returned"), [(1, 1), (6, 6), (10_000, 6), (10_001, 6), (999_999, 6)])
def test_a_limit_beyond_the_maximum_means_the_maximum(web: TestClient, limit: int, returned: int) -> None:
    assert get(web, limit=limit).json()["numberReturned"] == returned


@pytest.mark.conformance(FEATURES + "core")
@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ("117.1995,31.7995,117.2015,31.8015", ["W"]),
        ("117.2010,31.8010,117.2090,31.8090", ["W"]),  # shares one corner
        ("117.20101,31.80101,117.2090,31.8090", []),  # a metre away: GiST alone would still say yes
        ("117.2010001,31.7,117.2099999,31.9", []),  # between two buildings, a centimetre from each
        ("117.2511,31.8011,117.2519,31.8019", []),  # inside the courtyard
        ("117.2502,31.8002,117.2504,31.8004", ["C"]),  # inside the building
        ("117.0,31.0,118.0,32.0", ["W", "M", "E", "X", "O", "C"]),
        ("117.2005,31.8005,117.2005,31.8005", ["W"]),  # a point
        ("170,31,-170,32", []),
        ("118,31,117.2205,32", ["W", "M", "E"]),  # over the antimeridian and round the world
        ("-180,-90,180,90", ["W", "M", "E", "X", "O", "C"]),
        ("117.1995,31.7995,-5,117.2015,31.8015,100", ["W"]),
    ],
)
def test_bbox_finds_what_intersects(web: TestClient, bbox: str, found: list[str]) -> None:
    assert codes(get(web, bbox=bbox)) == found


def test_bbox_with_heights_filters_the_depth_of_pipes(web: TestClient) -> None:
    url = "/collections/pipe_segments/items"
    assert codes(get(web, url, bbox="117,31,0,118,32,10")) == ["P2"]
    assert codes(get(web, url, bbox="117,31,18.4,118,32,18.4")) == ["P1"]
    assert codes(get(web, url, bbox="117,31,118,32")) == ["P1", "P2"]


def test_heights_come_out(web: TestClient) -> None:
    answer = get(web, "/collections/pipe_segments/items", limit=1)
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/0/CRS84h>"
    assert answer.json()["features"][0]["geometry"]["coordinates"] == [[117.2, 31.82, 18.5], [117.201, 31.82, 18.4]]


@pytest.mark.conformance("http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs")
@pytest.mark.parametrize(
    ("crs", "corner"),
    [
        (CRS84, [117.2, 31.8]),
        (EPSG + "4326", [31.8, 117.2]),
        (EPSG + "4490", [31.8, 117.2]),
        (EPSG + "3857", [13046644.321, 3737086.056]),
        # By pyproj 3.7: north, east.
        (EPSG + "4548", [3519692.841, 518939.553]),
        (EPSG + "4527", [3519692.841, 39518939.553]),
        ("[EPSG:4490]", [31.8, 117.2]),
    ],
)
def test_answers_come_in_the_asked_crs_and_its_axis_order(web: TestClient, crs: str, corner: list[float]) -> None:
    answer = get(web, crs=crs, code="W")
    assert answer.json()["features"][0]["geometry"]["coordinates"][0][0] == pytest.approx(corner, abs=2e-3)
    assert crs.strip("[]").rpartition(":")[2].rpartition("/")[2] in answer.headers["content-crs"]


@pytest.mark.parametrize(
    ("bbox", "crs"),
    [
        ("31.7995,117.1995,31.8015,117.2015", EPSG + "4490"),
        ("31.7995,117.1995,31.8015,117.2015", EPSG + "4326"),
        ("13046600,3737000,13046700,3737100", EPSG + "3857"),
        ("3519650,518900,3519750,519000", EPSG + "4548"),
        ("3519650,39518900,3519750,39519000", EPSG + "4527"),
    ],
)
def test_a_box_is_read_in_its_crs(web: TestClient, bbox: str, crs: str) -> None:
    assert codes(get(web, bbox=bbox, bbox_crs=crs)) == ["W"]


@pytest.mark.conformance(FEATURES + "core")
@pytest.mark.parametrize(
    ("moment", "is_found"),
    [
        ("2009-12-31", False),
        ("2010-01-01", True),
        ("2019-12-31T23:59:59Z", True),
        ("2020-01-01T00:00:00Z", False),
        ("2020-01-01T00:00:00+08:00", True),
        ("2005-01-01/2015-01-01", True),
        ("../2009-06-01", False),
        ("../2010-06-01", True),
        ("2019-06-01/..", True),
        ("2021-01-01/", False),
        ("../..", True),
    ],
)
def test_datetime_asks_for_what_was_valid(web: TestClient, moment: str, is_found: bool) -> None:
    assert ("O" in codes(get(web, datetime=moment))) is is_found


@pytest.mark.conformance("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"floors": "33"}, ["E"]),
        ({"height_m": "99.5"}, ["E"]),
        ({"use": "residential", "floors": "6"}, ["O"]),
        ({"name": "西楼"}, ["W"]),
        ({"name": "' OR 1=1 --"}, []),
        ({"code": "M", "bbox": "117.1,31.7,117.3,31.9"}, ["M"]),
    ],
)
def test_properties_filter(web: TestClient, filters: dict[str, str], found: list[str]) -> None:
    answer = web.get(ITEMS, params=filters)
    assert codes(answer) == found
    assert answer.json()["numberMatched"] == len(found)


@pytest.mark.conformance("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables")
def test_every_queryable_is_a_parameter(web: TestClient) -> None:
    schema = web.get("/collections/buildings/queryables").json()
    assert schema["$id"].endswith("/collections/buildings/queryables")
    for name in set(schema["properties"]) - {"geometry"}:
        value = "2020-01-01T00:00:00Z" if schema["properties"][name].get("format") == "date-time" else "1"
        assert web.get(ITEMS, params={name: value}).status_code == 200, name


@pytest.mark.conformance(FEATURES + "core")
@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "a,b,c,d"}, "bbox"),
        ({"bbox": "NaN,0,1,1"}, "bbox"),
        ({"bbox": "1,1,Infinity,2"}, "bbox"),
        ({"bbox": ""}, "bbox"),
        ({"bbox": "1_17,31,118,32"}, "bbox"),
        ({"bbox": "１17,31,118,32"}, "bbox"),
        ({"datetime": "2026-W05-6"}, "datetime"),
        ({"datetime": "20200101"}, "datetime"),
        ({"lang": "klingon"}, "lang"),
        ({"bbox": "117,32,118,31"}, "bbox"),
        ({"bbox": "31,117,32,118"}, "bbox"),  # lat,lon without saying so
        ({"bbox": "117,31,5,118,32,1"}, "bbox"),
        ({"bbox": "500,0,600,10"}, "bbox"),
        ({"bbox": "2,0,1,1", "bbox-crs": EPSG + "3857"}, "bbox"),
        ({"bbox": "0,0,1e300,1e300", "bbox-crs": EPSG + "3857"}, "bbox"),
        ({"bbox-crs": "EPSG:4326", "bbox": "1,1,2,2"}, "bbox-crs"),
        ({"crs": EPSG + "2154"}, "crs"),
        ({"crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h"}, "crs"),  # buildings have no heights
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": "2020-13-01"}, "datetime"),
        ({"datetime": "2020-01-01T00:00:00"}, "datetime"),
        ({"datetime": "2021-01-01/2020-01-01"}, "datetime"),
        ({"datetime": "2020-01-01/2021-01-01/2022-01-01"}, "datetime"),
        ({"datetime": "0000-01-01"}, "datetime"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "9" * 40}, "limit"),
        ({"limit": "--5"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": "٣"}, "offset"),
        ({"cursor": "abc"}, "cursor"),
        ({"floors": "six"}, "floors"),
        ({"floors": "99999999999999999999"}, "floors"),
        ({"floors": "1" * 5000}, "floors"),
        ({"height_m": "NaN"}, "height_m"),
        ({"name": "a\x00b"}, "name"),
        ({"f": "kml"}, "f"),
        ({"foo": "bar"}, "foo"),
        ({"geometry": "x"}, "geometry"),
        ([("limit", "1"), ("limit", "2")], "limit"),
    ],
)
def test_bad_parameters_are_named(web: TestClient, params: Any, field: str) -> None:
    answer = web.get(ITEMS, params=params)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["field"] == field
    assert answer.json()["detail"]


@pytest.mark.conformance(FEATURES + "core")
def test_one_feature(web: TestClient, tiny: Tiny) -> None:
    answer = web.get(f"{ITEMS}/{tiny.east}")
    assert answer.json()["properties"]["floors"] == 33
    assert {"self", "alternate", "collection"} == {link["rel"] for link in answer.json()["links"]}
    flipped = web.get(f"{ITEMS}/{tiny.east}", params={"crs": EPSG + "4490"}).json()
    assert flipped["geometry"]["coordinates"][0][0] == [31.8, 117.22]


@pytest.mark.parametrize("key", ["0", "-1", "999999", "abc", "1.0", "1e3", "9" * 30, "%00", "1;DROP TABLE x", "１"])
def test_ids_that_cannot_be_are_unknown_features(web: TestClient, key: str) -> None:
    answer = web.get(f"{ITEMS}/{key}")
    assert answer.status_code == 404
    assert "buildings" in answer.json()["detail"]


@pytest.mark.conformance(FEATURES + "html")
def test_people_get_a_page_and_programs_geojson(web: TestClient) -> None:
    assert web.get(ITEMS, headers={"Accept": "text/html,*/*;q=0.8"}).headers["content-type"].startswith("text/html")
    for accept in ("*/*", "application/json", "application/geo+json", "application/geo+json,application/json;q=0.9"):
        answer = web.get(ITEMS, headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/geo+json", accept
        assert "Accept" in answer.headers["vary"]
    assert web.get(ITEMS, headers={"Accept": "image/png"}).status_code == 406


def test_a_stored_script_stays_text(web: TestClient, tiny: Tiny) -> None:
    for url in (f"{ITEMS}?f=html", f"{ITEMS}/{tiny.evil}?f=html"):
        text = web.get(url).text
        assert "<script>alert(1)" not in text
        assert "alert(1)" in text


def test_head_and_options(web: TestClient) -> None:
    assert web.head(ITEMS).status_code == 200
    answer = web.options(ITEMS)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert web.post(ITEMS, json={}).status_code == 405


def test_counts_and_the_next_page_stand_in_headers_too(web: TestClient) -> None:
    answer = get(web, "/collections/addresses/items", limit=2, bbox="117.2045,31.8,117.2095,31.82")
    assert (answer.headers["ogc-numbermatched"], answer.headers["ogc-numberreturned"]) == ("5", "2")
    following = next(link["href"] for link in answer.json()["links"] if link["rel"] == "next")
    # First, for clients that read no further.
    assert answer.headers["link"].startswith(f'<{following}>; rel="next"; type="application/geo+json", ')
    assert 'rel="http://www.opengis.net/def/rel/ogc/1.0/queryables"' in answer.headers["link"]


@pytest.mark.parametrize("host", ["[", "a b", "x" * 300, "evil.example/path", "<script>", "h:port", ""])
def test_a_host_that_is_none_is_refused(web: TestClient, host: str) -> None:
    for url in (ITEMS, f"{ITEMS}?f=html", "/collections"):
        answer = web.get(url, headers={"Host": host})
        assert (answer.status_code, answer.json()["field"]) == (400, "Host")


def test_a_page_for_people_is_short(web: TestClient) -> None:
    assert web.get("/collections/addresses/items?f=html&limit=10000").status_code == 200


def test_other_pages_may_read_from_a_browser(web: TestClient) -> None:
    answer = web.get(ITEMS, headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Content-Crs" in answer.headers["access-control-expose-headers"]

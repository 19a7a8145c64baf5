"""OGC API - Features Part 1 (17-069r4): features and one feature.

============================================  =============================================================
requirement                                   test
============================================  =============================================================
/req/core/fc-op                               test_req_core_fc_op
/req/core/fc-limit-definition                 test_req_core_fc_limit_definition
/req/core/fc-limit-response-1                 test_req_core_fc_limit_response_1, ..._invalid
/req/core/fc-bbox-definition                  test_req_core_fc_bbox_definition, ..._invalid
/req/core/fc-bbox-response                    test_req_core_fc_bbox_response, test_req_core_fc_bbox_heights
/req/core/fc-time-definition                  test_req_core_fc_time_definition, ..._invalid
/req/core/fc-time-response                    test_req_core_fc_time_response
/req/core/fc-response                         test_req_core_fc_response
/req/core/fc-links, fc-rel-type               test_req_core_fc_links
/req/core/fc-timeStamp                        test_req_core_fc_time_stamp
/req/core/fc-numberMatched, fc-numberReturned  test_req_core_fc_numbers
/req/core/crs84                               test_req_core_crs84
/req/core/f-op, f-success, f-links            test_req_core_f
/req/geojson/content                          test_req_geojson_content
============================================  =============================================================
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests import ogc_schemas
from tests.conformance.asking import check_problem, codes, hrefs, ids, items, pages, positions, refused
from tests.conformance.city import BUILDINGS, IMPORTED, LAYERS, PART_1, POINTS, POINTS_COUNT, POLYGONS, SIGNS

ITEMS = "/collections/buildings/items"
ALL = [one.code for one in BUILDINGS]
few = settings(max_examples=40, deadline=None, derandomize=True)


def parameter(openapi: dict[str, Any], name: str) -> dict[str, Any]:
    """Return how the items of the buildings take a parameter."""
    for one in openapi["paths"][ITEMS]["get"]["parameters"]:
        found = one
        while "$ref" in found:
            found = openapi["components"]["parameters"][found["$ref"].rpartition("/")[2]]
        if found["name"] == name:
            return dict(found)
    raise AssertionError(f"{name} is not described")


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_fc_op(web: TestClient, layer: str) -> None:
    [url] = hrefs(web.get(f"/collections/{layer}").json(), "items", "application/geo+json")
    assert web.get(url).status_code == 200


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_limit_definition(openapi: dict[str, Any]) -> None:
    limit = parameter(openapi, "limit")
    assert (limit["in"], limit.get("required", False)) == ("query", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 10}
    assert (limit["style"], limit["explode"]) == ("form", False)


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    ("limit", "returned"), [(None, 10), (1, 1), (24, 24), (25, 25), (26, 25), (100_000, 25), (100_001, 25), (2**62, 25)]
)
def test_req_core_fc_limit_response_1(web: TestClient, limit: int | None, returned: int) -> None:
    page = items(web, POINTS, {} if limit is None else {"limit": limit})
    assert len(page["features"]) == page["numberReturned"] == returned
    assert bool(hrefs(page, "next")) is (returned < POINTS_COUNT)


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    "limit",
    [
        "0",
        "-1",
        "abc",
        "",
        " ",
        "1.0",
        "1e3",
        "+5",
        "0x10",
        "1_000",
        "１０",
        "٣",
        "NaN",
        "null",
        "10;",
        "1,2",
        "9" * 30,
    ],
)
def test_req_core_fc_limit_response_1_invalid(web: TestClient, limit: str) -> None:
    refused(web, ITEMS, {"limit": limit}, "limit")


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_bbox_definition(openapi: dict[str, Any]) -> None:
    box = parameter(openapi, "bbox")
    assert (box["in"], box.get("required", False), box["style"], box["explode"]) == ("query", False, "form", False)
    assert box["schema"]["type"] == "array"
    assert box["schema"]["items"]["type"] == "number"
    sizes = [(one["minItems"], one["maxItems"]) for one in box["schema"].get("oneOf", [box["schema"]])]
    assert sizes in ([(4, 4), (6, 6)], [(4, 6)])


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ("-180,-90,180,90", ALL),
        ("117.2,31.8,117.201,31.801", ["W"]),  # the building's own box
        ("117.201,31.801,117.205,31.805", ["W"]),  # one corner in common
        ("117.201,31.8002,117.205,31.8008", ["W"]),  # one edge in common
        ("117.2010001,31.8002,117.2099999,31.8008", []),  # a centimetre off on both sides
        ("117.2005,31.8005,117.2005,31.8005", ["W"]),  # a point
        ("117.19,31.8005,117.25,31.8005", ["W", "M", "E", "X", "O"]),  # a line
        ("0,0,0,0", []),
        ("170,31,-170,32", []),  # over the antimeridian
        ("117.2295,31,-170,32", ["X", "O", "A"]),  # over it, from the east of the city on
        ("118,31,117.2205,32", ["W", "M", "E"]),  # all around the world but for the middle
        ("180,-90,-180,90", []),  # the antimeridian alone
        ("-180,31.9,180,90", []),
        ("117.1995,31.7995,-1000,117.2015,31.8015,1000", ["W"]),  # six numbers; buildings have no heights
        ("+117.1995,3.17995e1,117.2015,31.80150", ["W"]),
    ],
)
def test_req_core_fc_bbox_response(web: TestClient, bbox: str, found: list[str]) -> None:
    page = items(web, POLYGONS, {"bbox": bbox})
    assert [one["properties"]["code"] for one in page["features"]] == found
    assert page["numberMatched"] == len(found)


@few
@given(
    lon=st.floats(117.195, 117.245), lat=st.floats(31.795, 31.81), width=st.floats(0, 0.05), height=st.floats(0, 0.01)
)
def test_req_core_fc_bbox_response_as_shapely(
    web: TestClient, lon: float, lat: float, width: float, height: float
) -> None:
    """Any box finds what shapely finds."""
    box = shapely.box(lon, lat, lon + width, lat + height)
    west, south, east, north = box.bounds
    shapes = {one.code: shapely.box(one.lon, one.lat, one.lon + 0.001, one.lat + 0.001) for one in BUILDINGS}
    expected = [code for code, shape in shapes.items() if shape.intersects(box)]
    assert codes(web, {"bbox": f"{west!r},{south!r},{east!r},{north!r}"}) == expected


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    ("heights", "found"),
    [((0, 10), ["P2"]), ((18.4, 18.4), ["P1"]), ((8.5, 18.4), ["P1", "P2"]), ((9, 18), []), ((-10, -1), [])],
)
def test_req_core_fc_bbox_heights(web: TestClient, heights: tuple[float, float], found: list[str]) -> None:
    low, high = heights
    assert codes(web, {"bbox": f"117,31,{low},118,32,{high}"}, layer="pipe_segments") == found


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    "bbox",
    [
        "",
        ",,,",
        "1",
        "1,2,3",
        "1,2,3,4,5",
        "1,2,3,4,5,6,7",
        "1,2,3,",
        "a,b,c,d",
        "1 2 3 4",
        "NaN,0,1,1",
        "0,0,Infinity,1",
        "0,0,1e999,1",
        "0,0,0x1,1",
        "１,0,2,1",
        "0,1,1,0",  # south above north
        "0,-91,1,0",
        "0,0,1,91",
        "-181,0,1,1",
        "0,0,181,1",
        "31.8,117.2,31.9,117.3",  # lat,lon without saying so
        "1,1,9,2,2,8",  # low above high
    ],
)
def test_req_core_fc_bbox_definition_invalid(web: TestClient, bbox: str) -> None:
    refused(web, ITEMS, {"bbox": bbox}, "bbox")


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_time_definition(openapi: dict[str, Any]) -> None:
    time = parameter(openapi, "datetime")
    assert (time["in"], time.get("required", False)) == ("query", False)
    assert time["schema"]["type"] == "string"
    assert (time["style"], time["explode"]) == ("form", False)


MOMENTS = """
    2000-12-31T23:59:59Z 2001-01-01T00:00:00Z 2001-01-01 2009-12-31 2010-01-01 2019-12-31T23:59:59.999Z
    2020-01-01T00:00:00Z 2020-01-01T08:00:00+08:00 2020-01-01T00:00:00+08:00 2100-01-01T00:00:00Z
    ../2009-06-01 /2009-06-01 ../2001-01-01T00:00:00Z ../2000-12-31 2020-01-01T00:00:00Z/.. 2020-01-01/ 2030-01-01/..
    2005-01-01/2015-01-01 2019-12-31/2020-01-01 2001-01-01T00:00:00Z/2001-01-01T00:00:00Z ../.. / ../ /..
    2005-01-01T00:00:00+08:00/2015-01-01
"""


def read(text: str, *, is_end: bool) -> datetime:
    """Read a moment by hand: a date is a whole day, in UTC."""
    if "T" in text:
        return datetime.fromisoformat(text)
    day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return day + timedelta(days=1, microseconds=-1) if is_end else day


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("asked", MOMENTS.split())
def test_req_core_fc_time_response(web: TestClient, asked: str) -> None:
    """Found is what was valid at some moment of the interval; a building without an end is still valid."""
    start, _, end = asked.partition("/") if "/" in asked else (asked, "", asked)
    first = datetime.min.replace(tzinfo=UTC) if start in {"", ".."} else read(start, is_end=False)
    last = datetime.max.replace(tzinfo=UTC) if end in {"", ".."} else read(end, is_end=True)
    expected = [one.code for one in BUILDINGS if one.began <= last and first < one.ended]
    page = items(web, POLYGONS, {"datetime": asked})
    assert [one["properties"]["code"] for one in page["features"]] == expected
    assert page["numberMatched"] == len(expected)


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_time_response_without_time(web: TestClient) -> None:
    """Features without a time are valid at every time."""
    for asked in ("1900-01-01", "../1900-01-01", "2999-01-01T00:00:00Z/.."):
        assert items(web, IMPORTED, {"datetime": asked})["numberMatched"] == len(SIGNS)


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "yesterday",
        "2020",
        "2020-13-01",
        "2020-02-30",
        "2020-01-01T24:61:00Z",
        "2020-01-01T00:00:00",  # no zone
        "2020-01-01/2020-01-02/2020-01-03",
        "2020-01-02/2020-01-01",
        "0000-01-01",
        "99999-01-01",
        "20200101",
        "2020-W01-1",
        "２020-01-01",
        "...",
        "../../..",
        "now",
        "2020-01-01T00:00:00Z\x00",
    ],
)
def test_req_core_fc_time_definition_invalid(web: TestClient, asked: str) -> None:
    refused(web, ITEMS, {"datetime": asked}, "datetime")


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_parameters_combine(web: TestClient) -> None:
    """Box, time, property and limit hold together (AND)."""
    asked = {"bbox": "117.2,31.8,117.24,31.8", "datetime": "2015-01-01/2016-01-01", "floors": "6"}
    page = items(web, POLYGONS, {**asked, "limit": 1})
    assert ([one["properties"]["code"] for one in page["features"]], page["numberMatched"]) == (["M"], 2)
    assert codes(web, asked) == ["M", "X"]


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("name", ["bbox", "datetime", "limit"])
def test_req_core_query_param_invalid_twice(web: TestClient, name: str) -> None:
    value = {"bbox": "1,1,2,2", "datetime": "2020-01-01", "limit": "1"}[name]
    refused(web, ITEMS, [(name, value), (name, value)], name)


@pytest.mark.conformance(PART_1 + "core", PART_1 + "geojson")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_fc_response(web: TestClient, layer: str) -> None:
    answer = web.get(f"/collections/{layer}/items", params={"limit": 3})
    assert answer.headers["content-type"] == "application/geo+json"
    page = answer.json()
    ogc_schemas.check(page, "features/featureCollectionGeoJSON.yaml")
    assert page["type"] == "FeatureCollection"


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_fc_links(web: TestClient, layer: str) -> None:
    """Self in the format of the answer, alternates in all others, and the layer; each with rel and type."""
    for form, media_type in (("json", "application/geo+json"), ("jsonfg", "application/fg+json")):
        page = items(web, layer, {"limit": 2, "f": form})
        assert all(one["rel"] and one["type"] and one["href"] for one in page["links"])
        [own] = [one for one in page["links"] if one["rel"] == "self"]
        assert own["type"] == media_type
        again = web.get(own["href"])
        assert again.headers["content-type"] == media_type
        assert again.json()["features"] == page["features"]
        for one in page["links"]:
            if one["rel"] == "alternate":
                answer = web.head(one["href"])
                assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, one["type"])
        assert hrefs(page, "collection") == [f"http://testserver/collections/{layer}"]


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_time_stamp(web: TestClient) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    stamp = items(web, POLYGONS)["timeStamp"]
    assert stamp.endswith("Z")
    assert before <= datetime.fromisoformat(stamp) <= datetime.now(UTC)


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_req_core_fc_numbers(web: TestClient, layer: str, limit: int) -> None:
    """``numberMatched`` is the sum over all pages, ``numberReturned`` that of one; both stand in headers, too."""
    answer = web.get(f"/collections/{layer}/items", params={"limit": limit})
    walked = [*pages(web, f"/collections/{layer}/items?limit={limit}")]
    assert {page["numberMatched"] for page in walked} == {sum(len(page["features"]) for page in walked)}
    assert all(page["numberReturned"] == len(page["features"]) for page in walked)
    assert answer.headers["ogc-numbermatched"] == str(answer.json()["numberMatched"])
    assert answer.headers["ogc-numberreturned"] == str(answer.json()["numberReturned"])


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_crs84(web: TestClient, layer: str) -> None:
    for one in items(web, layer, {"limit": 100})["features"]:
        for lon, lat, *_ in positions(one["geometry"]):
            assert 117 < lon < 118
            assert 31 < lat < 32


@pytest.mark.conformance(PART_1 + "core", PART_1 + "geojson")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_f(web: TestClient, layer: str) -> None:
    """Each feature of a collection is at its own address, with links to itself, its formats and its layer."""
    page = items(web, layer, {"limit": 3})
    for feature, one_id in zip(page["features"], ids(page), strict=True):
        answer = web.get(f"/collections/{layer}/items/{one_id}")
        assert answer.headers["content-type"] == "application/geo+json"
        alone = answer.json()
        ogc_schemas.check(alone, "features/featureGeoJSON.yaml")
        assert {**alone, "links": None} == {**feature, "links": None}
        assert hrefs(alone, "self", "application/geo+json")
        assert hrefs(alone, "alternate", "text/html")
        assert hrefs(alone, "collection") == [f"http://testserver/collections/{layer}"]
        for one in alone["links"]:
            assert web.get(one["href"]).headers["content-type"].split(";")[0] == one["type"]


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("key", ["0", "-1", "999999", "abc", "1.0", "9" * 30, "%00", "%F0%9F%98%80", "１", "1 OR 1=1"])
def test_req_core_f_op_unknown(web: TestClient, key: str) -> None:
    check_problem(web.get(f"{ITEMS}/{key}"), 404)


@pytest.mark.conformance(PART_1 + "geojson")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_geojson_content(web: TestClient, layer: str) -> None:
    """Features are GeoJSON by RFC 7946: ids, closed rings that turn to the left, heights where the layer has them."""
    features = items(web, layer, {"limit": 100})["features"]
    assert len({one["id"] for one in features}) == len(features)
    for one in features:
        assert {"type", "id", "geometry", "properties"} <= {*one}
        shape = shapely.geometry.shape(one["geometry"])
        assert shape.is_valid
        assert shape.has_z is (layer == "pipe_segments")
        if shape.geom_type == "Polygon":
            assert shapely.is_ccw(shapely.get_exterior_ring(shape))

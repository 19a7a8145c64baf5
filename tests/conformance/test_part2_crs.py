"""OGC API - Features Part 2 (18-058r1): coordinate reference systems by reference.

==================================================  =====================================================
requirement                                         test
==================================================  =====================================================
/req/crs/crs-uri, fc-md-crs-list A                  test_req_crs_fc_md_crs_list
/req/crs/fc-md-crs-list B                           test_req_crs_fc_md_crs_list_default
/req/crs/fc-md-crs-list-global                      test_req_crs_fc_md_crs_list_global
/req/crs/fc-md-storageCrs, -valid-value             test_req_crs_fc_md_storage_crs
/req/crs/fc-bbox-crs-definition, bbox-crs-action    test_req_crs_bbox_crs_action, ..._definition
/req/crs/fc-bbox-crs-valid-value                    test_req_crs_fc_bbox_crs_valid_value
/req/crs/fc-bbox-crs-default-value                  test_req_crs_fc_bbox_crs_default_value
/req/crs/fc-crs-definition                          test_req_crs_definition
/req/crs/fc-crs-valid-value                         test_req_crs_fc_crs_valid_value
/req/crs/fc-crs-default-value                       test_req_crs_fc_crs_default_value
/req/crs/crs-action                                 test_req_crs_crs_action
/req/crs/ogc-crs-header, -value                     test_req_crs_ogc_crs_header
/req/crs/geojson                                    test_req_crs_geojson
==================================================  =====================================================

Numbers are compared with those of pyproj, which knows each authority's order of axes by itself.
"""

import re
from typing import Any

import pytest
import shapely
from pyproj import CRS, Transformer
from starlette.testclient import TestClient

from tests.conformance.asking import codes, items, positions, refused
from tests.conformance.city import BUILDINGS, CRS84, CRS84H, EPSG, LAYERS, LINES, PART_2, POLYGONS

pytestmark = pytest.mark.conformance(PART_2 + "crs")

ITEMS = "/collections/buildings/items"
FLAT = (CRS84, *(EPSG + code for code in ("4326", "4490", "3857", "4548", "4527")))
URI = re.compile(r"http://www\.opengis\.net/def/crs/(OGC/(1\.3/CRS84|0/CRS84h)|EPSG/0/\d+)")


def reference_system(uri: str) -> CRS:
    """Return a reference system as its authority has it, axes included."""
    if uri in {CRS84, CRS84H}:
        return CRS.from_user_input("OGC:CRS84")
    return CRS.from_epsg(int(uri.rpartition("/")[2]))


def as_authority_has_it(uri: str, lon: float, lat: float) -> tuple[float, float]:
    """Return a place in the order of the authority's axes; CGCS 2000 and WGS 84 have the same numbers."""
    # From CGCS2000, whose own order is lat, lon, so that no datum shift is made up for CGCS2000's grids.
    source = CRS.from_epsg(4326 if uri.endswith("3857") else 4490)
    if uri.endswith(("4326", "4490")):
        return lat, lon
    if uri in {CRS84, CRS84H}:
        return lon, lat
    x, y = Transformer.from_crs(source, reference_system(uri)).transform(lat, lon)
    return x, y


def tolerance(uri: str) -> float:
    """Return a millimetre and a half in the units of a reference system."""
    return 1.5e-8 if uri.endswith(("84", "84h", "4326", "4490")) else 1.5e-3


@pytest.mark.parametrize("layer", LAYERS)
def test_req_crs_fc_md_crs_list(web: TestClient, layer: str) -> None:
    uris = web.get(f"/collections/{layer}").json()["crs"]
    assert all(URI.fullmatch(one) for one in uris)
    assert len(set(uris)) == len(uris)
    assert {EPSG + code for code in ("4326", "4490", "3857", "4548", "4527")} <= {*uris}


@pytest.mark.parametrize("layer", LAYERS)
def test_req_crs_fc_md_crs_list_default(web: TestClient, layer: str) -> None:
    """The default comes first: CRS84, and CRS84h where features have heights."""
    uris = web.get(f"/collections/{layer}").json()["crs"]
    assert uris[0] == (CRS84H if layer == LINES else CRS84)
    assert CRS84 in uris
    assert (CRS84H in uris) is (layer == LINES)


def test_req_crs_fc_md_crs_list_global(web: TestClient) -> None:
    document = web.get("/collections").json()
    assert all(URI.fullmatch(one) for one in document["crs"])
    for layer in document["collections"]:
        assert {*layer["crs"]} <= {*document["crs"]}
        assert layer["crs"] == web.get(f"/collections/{layer['id']}").json()["crs"]


@pytest.mark.parametrize("layer", LAYERS)
def test_req_crs_fc_md_storage_crs(web: TestClient, layer: str) -> None:
    document = web.get(f"/collections/{layer}").json()
    assert document["storageCrs"] == EPSG + "4490"
    assert document["storageCrs"] in document["crs"]


@pytest.mark.parametrize(("name", "path"), [("crs", ITEMS), ("bbox-crs", ITEMS), ("crs", ITEMS + "/{featureId}")])
def test_req_crs_definition(openapi: dict[str, Any], web: TestClient, name: str, path: str) -> None:
    named = {}
    for one in openapi["paths"][path]["get"]["parameters"]:
        found = openapi["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        named[found["name"]] = found
    assert (named[name]["in"], named[name].get("required", False)) == ("query", False)
    schema = named[name]["schema"]
    while "$ref" in schema:
        schema = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert (schema["type"], schema["format"]) == ("string", "uri")
    assert {*web.get("/collections/buildings").json()["crs"]} <= {*schema["enum"]}


@pytest.mark.parametrize("uri", FLAT)
def test_req_crs_crs_action(web: TestClient, uri: str) -> None:
    """Every corner of every building is where pyproj puts it, in the authority's order of axes."""
    for one in items(web, POLYGONS, {"crs": uri})["features"]:
        building = next(known for known in BUILDINGS if known.code == one["properties"]["code"])
        corner = as_authority_has_it(uri, building.lon, building.lat)
        assert one["geometry"]["coordinates"][0][0] == pytest.approx(corner, abs=tolerance(uri))
        opposite = as_authority_has_it(uri, building.lon + 0.001, building.lat + 0.001)
        assert one["geometry"]["coordinates"][0][2] == pytest.approx(opposite, abs=tolerance(uri))


@pytest.mark.parametrize("uri", [CRS84H, *FLAT])
def test_req_crs_crs_action_keeps_heights(web: TestClient, uri: str) -> None:
    [one] = items(web, LINES, {"crs": uri, "code": "P1"})["features"]
    corner = as_authority_has_it(uri, 117.2, 31.82)
    found = one["geometry"]["coordinates"][0]
    # CRS84 and the others are flat by their definition; heights come along, in metres, so that nothing is lost.
    assert found[:2] == pytest.approx(corner, abs=tolerance(uri))
    assert found[2] == pytest.approx(18.5, abs=1e-3)


@pytest.mark.parametrize("uri", FLAT)
def test_req_crs_crs_action_of_one_feature(web: TestClient, uri: str) -> None:
    for one in items(web, POLYGONS, {"crs": uri})["features"]:
        answer = web.get(f"{ITEMS}/{one['id']}", params={"crs": uri})
        assert answer.json()["geometry"] == one["geometry"]
        assert answer.headers["content-crs"] == f"<{uri}>"


@pytest.mark.parametrize(("authority", "uri"), [("EPSG:4490", EPSG + "4490"), ("OGC:CRS84", CRS84)])
def test_req_crs_safe_curies(web: TestClient, authority: str, uri: str) -> None:
    """Requirement 15 of Part 3 names them: ``[EPSG:4490]`` says the same as the URI."""
    answer = web.get(ITEMS, params={"crs": f"[{authority}]"})
    assert answer.headers["content-crs"] == f"<{uri}>"
    assert answer.json()["features"] == items(web, POLYGONS, {"crs": uri})["features"]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("leaf", ["items", "items/1"])
def test_req_crs_ogc_crs_header(web: TestClient, layer: str, leaf: str) -> None:
    for uri in web.get(f"/collections/{layer}").json()["crs"]:
        answer = web.get(f"/collections/{layer}/{leaf}", params={"crs": uri})
        assert answer.status_code == 200
        assert answer.headers["content-crs"] == f"<{uri}>"


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("form", ["json", "jsonfg", "geojsonseq", "csv", "fgb", "gpkg", "parquet", "shp"])
def test_req_crs_ogc_crs_header_in_every_format(web: TestClient, layer: str, form: str) -> None:
    """Files, too, say in which reference system they are; theirs is the same, in x, y order."""
    uri = EPSG + "4548"
    answer = web.get(f"/collections/{layer}/items", params={"crs": uri, "f": form})
    assert (answer.status_code, answer.headers.get("content-crs")) == (200, f"<{uri}>")


@pytest.mark.parametrize("layer", LAYERS)
def test_req_crs_fc_crs_default_value(web: TestClient, layer: str) -> None:
    default = CRS84H if layer == LINES else CRS84
    for leaf in ("items", "items/1"):
        answer = web.get(f"/collections/{layer}/{leaf}")
        assert answer.headers["content-crs"] == f"<{default}>"
        asked = web.get(f"/collections/{layer}/{leaf}", params={"crs": default}).json()
        assert asked.get("features", asked.get("geometry")) == answer.json().get(
            "features", answer.json().get("geometry")
        )


UNKNOWN = [
    EPSG + "2154",
    EPSG + "999999",
    "EPSG:4490",
    "4490",
    "",
    "[EPSG:2154]",
    "[EPSG:]",
    "[]",
    "CRS84",
    "http://www.opengis.net/def/crs/EPSG/0/",
    "http://www.opengis.net/def/crs/epsg/0/4490",
    "https://www.opengis.net/def/crs/EPSG/0/4490",
    "http://www.opengis.net/def/crs/EPSG/0/4490 ",
    "urn:ogc:def:crs:EPSG::4490",
]


@pytest.mark.parametrize("uri", [*UNKNOWN, CRS84H])
@pytest.mark.parametrize("path", [ITEMS, ITEMS + "/1"])
def test_req_crs_fc_crs_valid_value(web: TestClient, uri: str, path: str) -> None:
    """A system that the layer does not list is refused; CRS84h, too, where features have no heights."""
    refused(web, path, {"crs": uri}, "crs")


@pytest.mark.parametrize("uri", UNKNOWN)
def test_req_crs_fc_bbox_crs_valid_value(web: TestClient, uri: str) -> None:
    refused(web, ITEMS, {"bbox-crs": uri, "bbox": "1,1,2,2"}, "bbox-crs")


def test_req_crs_fc_bbox_crs_default_value(web: TestClient) -> None:
    box = "117.1995,31.7995,117.2015,31.8015"
    for more in ({}, {"bbox-crs": CRS84}, {"crs": EPSG + "4490"}, {"crs": EPSG + "4548"}):
        assert codes(web, {"bbox": box, **more}) == ["W"]


@pytest.mark.parametrize("uri", FLAT)
@pytest.mark.parametrize("answered", [CRS84, EPSG + "4548"])
def test_req_crs_bbox_crs_action(web: TestClient, uri: str, answered: str) -> None:
    """A box that pyproj makes of each building's middle finds this building, whatever the answer's system is."""
    for one in BUILDINGS:
        low = as_authority_has_it(uri, one.lon + 0.0004, one.lat + 0.0004)
        high = as_authority_has_it(uri, one.lon + 0.0006, one.lat + 0.0006)
        box = ",".join(f"{number:.9f}" for number in (*low, *high))
        assert codes(web, {"bbox": box, "bbox-crs": uri, "crs": answered}) == [one.code]


@pytest.mark.parametrize("uri", [EPSG + "4548", EPSG + "4527", EPSG + "3857"])
def test_req_crs_bbox_crs_action_at_the_edge(web: TestClient, uri: str) -> None:
    """A metre beside a building is beside it; its edges bend by less than a centimetre."""
    [west] = items(web, POLYGONS, {"code": "W", "crs": uri})["features"]
    shape = shapely.geometry.shape(west["geometry"])
    first, second, third, fourth = shape.bounds
    near = ",".join(map(repr, (third - 1, fourth - 1, third + 5, fourth + 5)))
    far = ",".join(map(repr, (third + 1, fourth + 1, third + 5, fourth + 5)))
    before = ",".join(map(repr, (first - 5, second - 5, first - 1, second - 1)))
    assert codes(web, {"bbox": near, "bbox-crs": uri}) == ["W"]
    assert codes(web, {"bbox": far, "bbox-crs": uri}) == codes(web, {"bbox": before, "bbox-crs": uri}) == []


def test_req_crs_bbox_crs_action_swapped_axes_find_nothing_or_are_refused(web: TestClient) -> None:
    """East, north where the authority has north, east is another place; lon, lat for lat, lon is no place at all."""
    refused(web, ITEMS, {"bbox": "117.19,31.79,117.21,31.81", "bbox-crs": EPSG + "4490"}, "bbox")
    assert codes(web, {"bbox": "518900,3519650,519000,3519750", "bbox-crs": EPSG + "4548"}) == []
    assert codes(web, {"bbox": "3519650,518900,3519750,519000", "bbox-crs": EPSG + "4548"}) == ["W"]


@pytest.mark.parametrize(
    ("box", "uri"),
    [
        ("2,0,1,1", EPSG + "3857"),
        ("0,2,1,1", EPSG + "3857"),
        ("0,0,1e300,1e300", EPSG + "3857"),
        ("0,0,1e12,1", EPSG + "4548"),
        ("NaN,0,1,1", EPSG + "4548"),
        ("91,0,92,1", EPSG + "4326"),
        ("2,0,1,1", EPSG + "4490"),
    ],
)
def test_req_crs_bbox_crs_action_invalid(web: TestClient, box: str, uri: str) -> None:
    refused(web, ITEMS, {"bbox": box, "bbox-crs": uri}, "bbox")


def test_req_crs_bbox_over_the_antimeridian_in_lat_lon(web: TestClient) -> None:
    """In lat, lon the second number is the west and the fourth the east."""
    assert codes(web, {"bbox": "31,117.2295,32,-170", "bbox-crs": EPSG + "4490"}) == ["X", "O", "A"]
    assert codes(web, {"bbox": "31,170,32,-170", "bbox-crs": EPSG + "4326"}) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_req_crs_geojson(web: TestClient, layer: str) -> None:
    """GeoJSON in another system, as RFC 7946 allows by agreement: its numbers, and nothing else changed."""
    plain = items(web, layer, {"limit": 5})["features"]
    other = items(web, layer, {"limit": 5, "crs": EPSG + "4490"})["features"]
    for one, swapped in zip(plain, other, strict=True):
        assert {**one, "geometry": None} == {**swapped, "geometry": None}
        assert [[y, x, *z] for x, y, *z in positions(one["geometry"])] == positions(swapped["geometry"])

"""OGC API - Features Part 1 (17-069r4): landing page, API definition, conformance, collections, encodings.

=============================================  ======================================================
requirement                                    test
=============================================  ======================================================
/req/core/root-op, root-success                test_req_core_root
/req/core/api-definition-op, -success          test_req_core_api_definition
/req/core/conformance-op, -success             test_req_core_conformance
/req/core/http                                 test_req_core_http, test_req_core_http_errors
/req/core/query-param-unknown                  test_req_core_query_param_unknown
/req/core/query-param-invalid                  test_req_core_query_param_invalid
/req/core/fc-md-op, fc-md-success, fc-md-links  test_req_core_fc_md
/req/core/fc-md-items, fc-md-items-links       test_req_core_fc_md_items
/req/core/fc-md-extent                         test_req_core_fc_md_extent
/req/core/sfc-md-op, sfc-md-success            test_req_core_sfc_md
/req/html/definition, content                  test_req_html
/req/geojson/definition                        test_req_geojson_definition
/req/oas30/oas-definition-1, -2, oas-impl      test_req_oas30_definition, test_req_oas30_impl
/req/oas30/completeness                        test_req_oas30_completeness
/req/oas30/exceptions-codes                    test_req_oas30_exceptions_codes
/req/oas30/security                            test_req_oas30_security
=============================================  ======================================================
"""

import re
from datetime import datetime
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.testclient import TestClient

from tests import ogc_schemas
from tests.conformance.asking import check_problem, hrefs, items, positions, refused
from tests.conformance.city import BUILDINGS, CRS84, LAYERS, PART_1, POINTS, POINTS_COUNT

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
DOCUMENTS = (
    "/",
    "/conformance",
    "/collections",
    "/collections/buildings",
    "/collections/buildings/queryables",
    "/collections/buildings/sortables",
    "/collections/buildings/schema",
    "/functions",
)


def resolved(document: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference inside the API description."""
    while "$ref" in piece:
        found: Any = document
        for name in piece["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        piece = found
    return piece


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_root(web: TestClient) -> None:
    answer = web.get("/")
    assert answer.status_code == 200
    landing = answer.json()
    ogc_schemas.check(landing, "features/landingPage.yaml")
    for rels in ({"service-desc", "service-doc"}, {"conformance"}, {"data"}):
        assert any(hrefs(landing, rel) for rel in rels), rels


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_api_definition(web: TestClient) -> None:
    landing = web.get("/").json()
    for rel in ("service-desc", "service-doc"):
        for one in landing["links"]:
            if one["rel"] == rel:
                answer = web.get(one["href"])
                assert answer.status_code == 200
                assert answer.headers["content-type"].split(";")[0] == one["type"].split(";")[0]
    assert hrefs(landing, "service-desc", OPENAPI) == ["http://testserver/api"]


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_conformance(web: TestClient) -> None:
    [url] = hrefs(web.get("/").json(), "conformance")
    document = web.get(url).json()
    ogc_schemas.check(document, "features/confClasses.yaml")
    for name in ("core", "geojson", "html", "oas30"):
        assert PART_1 + name in document["conformsTo"]
    assert len(set(document["conformsTo"])) == len(document["conformsTo"])


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("path", [*DOCUMENTS, "/api", "/collections/buildings/items", "/collections/addresses/items/1"])
def test_req_core_http(web: TestClient, path: str) -> None:
    """HEAD says the same as GET without a body; what may be done is told by OPTIONS and held to (RFC 9110)."""
    plain = {"Accept-Encoding": "identity"}
    got, head = web.get(path, headers=plain), web.head(path, headers=plain)
    assert got.status_code == head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "vary", "etag", "content-crs", "ogc-numbermatched", "link"):
        assert head.headers.get(name) == got.headers.get(name), name
    allowed = {one.strip() for one in web.options(path).headers["allow"].split(",")}
    assert allowed == {"GET", "HEAD", "OPTIONS"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refusal = web.request(method, path)
        check_problem(refusal, 405)
        assert {one.strip() for one in refusal.headers["allow"].split(",")} == allowed


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/collections/nothing",
        "/collections/Buildings",
        "/collections/nothing/items",
        "/collections/nothing/items/1",
        "/collections/nothing/queryables",
        "/collections/nothing/sortables",
        "/collections/nothing/schema",
        "/collections/buildings/items/nothing",
        "/collections/buildings/items/999999999",
        "/collections/buildings/items/",
    ],
)
def test_req_core_http_errors(web: TestClient, path: str) -> None:
    answer = web.get(path)
    check_problem(answer, 404)
    ogc_schemas.check(answer.json(), "features/exception.yaml")


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("path", [*DOCUMENTS, "/api", "/collections/buildings/items", "/collections/buildings/items/1"])
@pytest.mark.parametrize("name", ["unknown", "LIMIT", "Bbox", "F", "limit ", "limit[]", "%"])
def test_req_core_query_param_unknown(web: TestClient, path: str, name: str) -> None:
    """Parameters that the API description does not name are refused; names are compared by case."""
    refused(web, path, {name: "1"}, name)


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/", {"f": "xml"}, "f"),
        ("/", {"f": "HTML"}, "f"),
        ("/", {"lang": "tlh"}, "lang"),
        ("/collections", {"f": ""}, "f"),
        ("/api", {"f": "yaml"}, "f"),
        ("/collections/buildings/items", {"limit": "abc"}, "limit"),
        ("/collections/buildings/items/1", {"crs": "EPSG:4326"}, "crs"),
        ("/collections/buildings/items/1", {"f": "csv"}, "f"),
    ],
)
def test_req_core_query_param_invalid(web: TestClient, path: str, params: dict[str, str], field: str) -> None:
    refused(web, path, params, field)


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("path", [*DOCUMENTS, "/collections/buildings/items"])
@pytest.mark.parametrize("name", ["f", "lang"])
def test_req_core_query_param_invalid_twice(web: TestClient, path: str, name: str) -> None:
    value = {"f": "json", "lang": "en"}[name]
    refused(web, path, [(name, value), (name, value)], name)


@pytest.mark.conformance(PART_1 + "core")
def test_req_core_fc_md(web: TestClient) -> None:
    [url] = hrefs(web.get("/").json(), "data")
    answer = web.get(url)
    assert answer.status_code == 200
    document = answer.json()
    ogc_schemas.check(document, "features/collections.yaml")
    ogc_schemas.check(document, "features-crs/collections.yaml")
    assert hrefs(document, "self", "application/json")
    assert hrefs(document, "alternate", "text/html")
    assert {*LAYERS} <= {one["id"] for one in document["collections"]}
    for one in document["links"]:
        assert one["rel"]
        assert one["type"]


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_fc_md_items(web: TestClient, layer: str) -> None:
    listed = next(one for one in web.get("/collections").json()["collections"] if one["id"] == layer)
    found = [one for one in listed["links"] if one["rel"] == "items"]
    assert {"application/geo+json", "text/html"} <= {one["type"] for one in found}
    for one in found:
        answer = web.head(one["href"])
        assert answer.status_code == 200, one
        assert answer.headers["content-type"].split(";")[0] == one["type"]


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_fc_md_extent(web: TestClient, layer: str) -> None:
    """The extent holds every feature, and where there is a valid time, every moment at which one was valid."""
    extent = web.get(f"/collections/{layer}").json()["extent"]
    [box] = extent["spatial"]["bbox"]
    assert extent["spatial"]["crs"] == CRS84
    west, south, east, north = box
    places = [place for one in items(web, layer, {"limit": 100})["features"] for place in positions(one["geometry"])]
    # Numbers are written with eight decimals.
    assert west == pytest.approx(min(place[0] for place in places), abs=1e-8)
    assert east == pytest.approx(max(place[0] for place in places), abs=1e-8)
    assert south == pytest.approx(min(place[1] for place in places), abs=1e-8)
    assert north == pytest.approx(max(place[1] for place in places), abs=1e-8)
    if layer == "buildings":
        [[start, end]] = extent["temporal"]["interval"]
        assert datetime.fromisoformat(start) == min(one.began for one in BUILDINGS)
        assert end is None
        assert extent["temporal"]["trs"] == "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_core_sfc_md(web: TestClient, layer: str) -> None:
    """One layer says the same as the list of layers does of it."""
    answer = web.get(f"/collections/{layer}")
    assert answer.status_code == 200
    document = answer.json()
    ogc_schemas.check(document, "features/collection.yaml")
    ogc_schemas.check(document, "features-crs/collection.yaml")
    listed = next(one for one in web.get("/collections").json()["collections"] if one["id"] == layer)
    assert {**document, "links": None} == {**listed, "links": None}
    kept = [one for one in document["links"] if one["rel"] not in {"self", "alternate"}]
    assert kept == [one for one in listed["links"] if one["rel"] not in {"self", "alternate"}]


@pytest.mark.conformance(PART_1 + "html")
@pytest.mark.parametrize(
    "path",
    [*DOCUMENTS, "/api", *(f"/collections/{one}/items" for one in LAYERS), "/collections/buildings/items/1"],
)
def test_req_html(web: TestClient, path: str) -> None:
    """Every answer of 200 is there as HTML 5, for a browser as for ``f=html``, and holds the same content."""
    for answer in (web.get(path, params={"f": "html"}), web.get(path, headers={"Accept": "text/html"})):
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == "text/html"
        assert answer.text.lstrip().lower().startswith("<!doctype html>")
    document = web.get(path).json()
    for one in document.get("features", [document] if document.get("type") == "Feature" else []):
        name = one["properties"].get("code") or one["properties"]["名称"]
        assert name in answer.text


@pytest.mark.conformance(PART_1 + "geojson")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_geojson_definition(web: TestClient, layer: str) -> None:
    """Every answer of 200 about features can be GeoJSON, about all else JSON."""
    for path in (f"/collections/{layer}/items", f"/collections/{layer}/items/1"):
        for headers in ({"Accept": "application/geo+json"}, {"Accept": "application/json"}, {}):
            answer = web.get(path, headers=headers)
            assert answer.headers["content-type"] == "application/geo+json"
    for path in DOCUMENTS:
        answer = web.get(path, headers={"Accept": "application/json"})
        assert answer.status_code == 200
        assert re.fullmatch(r"application/([a-z.]+\+)?json", answer.headers["content-type"])


@pytest.mark.conformance(PART_1 + "oas30")
def test_req_oas30_definition(web: TestClient, openapi: dict[str, Any]) -> None:
    assert openapi["openapi"].startswith("3.0.")
    OpenAPIV30SpecValidator(openapi).validate()
    assert web.get("/api").headers["content-type"] == OPENAPI
    assert web.get("/api", params={"f": "html"}).headers["content-type"].startswith("text/html")


@pytest.mark.conformance(PART_1 + "oas30")
def test_req_oas30_impl(web: TestClient, openapi: dict[str, Any]) -> None:
    """Whatever the description offers is there: every path without a blank answers GET with a described status."""
    for path, methods in openapi["paths"].items():
        if "{" in path or "get" not in methods:
            continue
        answer = web.get(path)
        assert answer.status_code == 200, path
        described = resolved(openapi, methods["get"]["responses"]["200"])["content"]
        assert answer.headers["content-type"] in described, (path, answer.headers["content-type"], [*described])


@pytest.mark.conformance(PART_1 + "oas30")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_oas30_completeness(openapi: dict[str, Any], web: TestClient, layer: str) -> None:
    """The path of each layer's items has every parameter that the server takes there."""
    operation = openapi["paths"][f"/collections/{layer}/items"]["get"]
    named = {resolved(openapi, one)["name"] for one in operation["parameters"]}
    unknown = web.get(f"/collections/{layer}/items", params={"unknown": "1"}).json()["detail"]
    taken = {one.strip(" .") for one in unknown.partition("Known:")[2].split(",")}
    assert named == taken


@pytest.mark.conformance(PART_1 + "oas30")
def test_req_oas30_exceptions_codes(openapi: dict[str, Any]) -> None:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            statuses = {*operation["responses"]}
            assert "200" in statuses or "204" in statuses, (path, method)
            if any(resolved(openapi, one)["in"] == "query" for one in operation.get("parameters", [])):
                assert "400" in statuses, (path, method)
            if "{" in path or path.count("/") > 1:
                assert "404" in statuses or path in {"/tiles/{tileMatrixSetId}"}, (path, method)
            for response in operation["responses"].values():
                assert resolved(openapi, response)["description"], (path, method)


@pytest.mark.conformance(PART_1 + "oas30")
def test_req_oas30_security(openapi: dict[str, Any], web: TestClient) -> None:
    """What needs no key says so: no security is described, and none is asked for."""
    assert "security" not in openapi
    assert "securitySchemes" not in openapi["components"]
    assert web.get(f"/collections/{POINTS}/items").json()["numberMatched"] == POINTS_COUNT

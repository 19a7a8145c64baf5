"""Landing page, conformance, API description, layers: what tells a client where everything is."""

from collections.abc import Mapping
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.testclient import TestClient

from api.conformance import CLASSES

SPEC = "http://www.opengis.net/spec/"
COMMON = SPEC + "ogcapi-common-1/1.0/conf/"
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


def links(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == rel]


@pytest.mark.conformance(COMMON + "core", COMMON + "landing-page", COMMON + "json")
def test_the_landing_page_leads_everywhere(web: TestClient) -> None:
    landing = web.get("/").json()
    assert landing["title"]
    wanted = ("service-desc", "service-doc", "conformance", "data", OGC_REL + "tilesets-vector", "self", "alternate")
    for rel in wanted:
        assert links(landing, rel), rel
        for link in links(landing, rel):
            assert web.get(link["href"]).status_code == 200, link
    assert links(landing, "service-desc")[0]["type"] == "application/vnd.oai.openapi+json;version=3.0"


@pytest.mark.conformance(COMMON + "html")
@pytest.mark.parametrize("url", ["/", "/conformance", "/api", "/collections", "/collections/buildings", "/styles"])
def test_every_document_is_also_a_page(web: TestClient, url: str) -> None:
    page = web.get(url, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<html" in page.text


def test_declared_classes_are_those_with_tests(web: TestClient, conformance_tests: Mapping[str, list[str]]) -> None:
    declared = web.get("/conformance").json()["conformsTo"]
    assert declared == list(CLASSES)
    assert set(declared) == set(conformance_tests)


@pytest.mark.conformance(COMMON + "oas30", SPEC + "ogcapi-features-1/1.0/conf/oas30")
def test_the_api_description_is_valid_and_whole(web: TestClient) -> None:
    answer = web.get("/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    OpenAPIV30SpecValidator(document).validate()
    assert document["servers"] == [{"url": "http://testserver"}]
    limit = document["components"]["parameters"]["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (10, 10_000)
    names = {one.get("name") for one in document["paths"]["/collections/buildings/items"]["get"]["parameters"]}
    assert {"floors", "use", "crs"} <= names
    assert '$ref": "http' not in answer.text


@pytest.mark.conformance(SPEC + "ogcapi-common-2/1.0/conf/collections")
def test_a_layer_is_described(web: TestClient) -> None:
    listed = web.get("/collections").json()["collections"]
    assert [one["id"] for one in listed][:2] == ["parcels", "regions_legal"]
    layer = web.get("/collections/buildings").json()
    assert layer["title"] == "建筑"
    assert layer["itemType"] == "feature"
    assert layer["extent"]["spatial"]["bbox"] == [[117.2, 31.8, 117.253, 31.803]]
    assert layer["extent"]["temporal"]["interval"][0] == ["2010-01-01T00:00:00+00:00", None]
    assert layer["storageCrs"] == "http://www.opengis.net/def/crs/EPSG/0/4490"
    assert layer["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert web.get("/collections/pipe_segments").json()["crs"][0].endswith("CRS84h")
    for link in layer["links"]:
        assert link["type"]
        assert web.get(link["href"]).status_code == 200, link


def test_an_empty_layer_has_no_extent(web: TestClient) -> None:
    assert web.get("/collections/grids").json()["extent"] == {}
    assert web.get("/collections/grids/items").json()["features"] == []


def test_titles_follow_the_language(web: TestClient) -> None:
    assert web.get("/collections/buildings", params={"lang": "en"}).json()["title"] == "Buildings"
    assert web.get("/collections/buildings", headers={"Accept-Language": "en-GB"}).json()["title"] == "Buildings"
    assert web.get("/collections/buildings", headers={"Accept-Language": "fr"}).json()["title"] == "建筑"


def test_queryables_carry_units_and_codes(web: TestClient) -> None:
    properties = web.get("/collections/buildings/queryables").json()["properties"]
    assert properties["height_m"]["x-ogc-unit"] == "m"
    assert "residential" in properties["use"]["enum"]
    assert {"const": "office", "title": "办公"} in properties["use"]["oneOf"]


@pytest.mark.parametrize(
    "url", ["/collections/nope", "/collections/nope/items", "/collections/a%00b", "/x", "/styles/x"]
)
def test_unknown_places_are_404_with_a_problem(web: TestClient, url: str) -> None:
    answer = web.get(url)
    assert answer.status_code == 404
    assert answer.json()["status"] == 404
    page = web.get(url, headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "url", ["/", "/conformance", "/api", "/collections", "/collections/buildings", "/tiles", "/styles"]
)
def test_unknown_parameters_are_refused_everywhere(web: TestClient, url: str) -> None:
    answer = web.get(url, params={"foo": "1"})
    assert (answer.status_code, answer.json()["field"]) == (400, "foo")


def test_links_begin_with_the_address_that_the_client_used(web: TestClient) -> None:
    landing = web.get("/", headers={"Host": "gis.example:8080"}).json()
    assert all(link["href"].startswith("http://gis.example:8080/") for link in landing["links"])


def test_health_answers(web: TestClient) -> None:
    assert web.get("/health").json() == {"status": "ok"}

"""Landing page, conformance, API description, layers: what tells a client where everything is."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import formats
from api.conformance import CLASSES
from api.documents.functions import TYPES
from spatial.query.cql2.expression import Kind

SPEC = "http://www.opengis.net/spec/"
COMMON = SPEC + "ogcapi-common-1/1.0/conf/"
PART3 = SPEC + "ogcapi-features-3/1.0/conf/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS84H = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


def links(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == rel]


@pytest.mark.conformance(COMMON + "core", COMMON + "landing-page", COMMON + "json")
def test_the_landing_page_leads_everywhere(web: TestClient) -> None:
    landing = web.get("/").json()
    assert landing["title"]
    ours = ("conformance", "data", "functions", "tilesets-vector", "tiling-schemes", "styles")
    wanted = (
        "service-desc",
        "service-doc",
        "self",
        "alternate",
        "conformance",
        "data",
        *(OGC_REL + one for one in ours),
    )
    for rel in wanted:
        assert links(landing, rel), rel
        for link in links(landing, rel):
            assert web.get(link["href"]).status_code == 200, link
    assert links(landing, "service-desc")[0]["type"] == "application/vnd.oai.openapi+json;version=3.0"


@pytest.mark.conformance(COMMON + "html")
@pytest.mark.parametrize(
    "url", ["/", "/conformance", "/api", "/collections", "/collections/buildings", "/functions", "/styles"]
)
def test_every_document_is_also_a_page(web: TestClient, url: str) -> None:
    page = web.get(url, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<html" in page.text


def test_declared_classes_are_those_with_tests(web: TestClient, conformance_tests: Mapping[str, list[str]]) -> None:
    declared = web.get("/conformance").json()["conformsTo"]
    assert declared == list(CLASSES)
    assert set(declared) == set(conformance_tests)


def test_what_clients_wait_for_is_declared(web: TestClient) -> None:
    """QGIS pushes filters down and reads schemas only where it finds these (its conformance request's own list)."""
    declared = web.get("/conformance").json()["conformsTo"]
    assert len(set(declared)) == len(declared)
    cql2 = {"basic-cql2", "cql2-text", "advanced-comparison-operators", "case-insensitive-comparison"}
    cql2 |= {"basic-spatial-functions", "basic-spatial-operators"}
    assert {SPEC + f"cql2/1.0/conf/{name}" for name in cql2} <= set(declared)
    assert {PART3 + "filter", PART3 + "features-filter"} <= set(declared)
    assert {SPEC + f"ogcapi-{part}/1.0/conf/schemas" for part in ("common-3", "features-5")} <= set(declared)
    assert SPEC + "ogcapi-features-2/1.0/conf/crs" in declared


@pytest.mark.conformance(SPEC + "cql2/1.0/conf/basic-spatial-operators")
@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("BBOX(117.1995,31.7995,117.2005,31.8005)", ["W"]),
        ("POINT(117.2105 31.8005)", ["M"]),
        ("POINT(117.2515 31.8015)", []),  # in a courtyard
    ],
)
def test_what_qgis_before_3_44_sends_under_the_drafts_name_works(web: TestClient, place: str, found: list[str]) -> None:
    query = {"filter": f"S_INTERSECTS(geometry,{place})", "filter-lang": "cql2-text", "filter-crs": CRS84}
    features = web.get("/collections/buildings/items", params=query).json()["features"]
    assert [one["properties"]["code"] for one in features] == found


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


def test_a_collection_says_its_systems_and_its_time(web: TestClient) -> None:
    flat, raised = (web.get(f"/collections/{name}").json() for name in ("buildings", "pipe_segments"))
    assert CRS84H not in flat["crs"]
    assert raised["crs"][0] == CRS84H
    assert {CRS84, EPSG + "4490", EPSG + "4548", EPSG + "4527", EPSG + "4326", EPSG + "3857"} == set(flat["crs"])
    assert flat["storageCrs"] in flat["crs"]
    assert flat["extent"]["spatial"]["crs"] == CRS84
    assert flat["extent"]["temporal"]["trs"] == "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


@pytest.mark.parametrize(("language", "page"), [("zh", "建筑 · 网页"), ("en", "Buildings · Web page")])
def test_a_layer_links_to_its_features_in_every_format(web: TestClient, language: str, page: str) -> None:
    layer = web.get("/collections/buildings", params={"lang": language}).json()
    found = {link["type"]: link for link in links(layer, "items")}
    assert next(iter(found)) == "application/geo+json", "older clients take the first"
    assert set(found) == set(formats.OFFERED.values())
    assert len({link["title"] for link in found.values()}) == len(found)
    assert found["text/html"]["title"] == page
    for media_type, link in found.items():
        answer = web.get(link["href"])
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split(";")[0] == media_type


def test_a_layers_page_offers_what_the_document_links_to(web: TestClient) -> None:
    for language, words in (
        ("zh", ["可排序字段", "GeoPackage", "面", "住宅"]),
        ("en", ["Sortables", "Shapefile", "Areas"]),
    ):
        page = web.get("/collections/buildings", params={"f": "html", "lang": language}).text
        for word in words:
            assert word in page, word
        for name in ("json", "gpkg", "parquet", "shp", "csv", "fgb"):
            assert f"/collections/buildings/items?f={name}" in page


# -- functions -----------------------------------------------------------------------------------------------------


@pytest.mark.conformance(PART3 + "filter")
def test_functions_are_listed(web: TestClient) -> None:
    [found] = links(web.get("/").json(), OGC_REL + "functions")
    document = web.get(found["href"]).json()
    functions = {one["name"]: one for one in document["functions"]}
    assert len(functions) == len(document["functions"])
    assert functions["lower"]["arguments"] == [{"title": "文本", "type": ["string"]}]
    assert functions["lower"]["returns"] == ["string"]
    assert functions["area_m2"]["returns"] == ["number"]
    assert functions["within_address"]["returns"] == ["boolean"]
    assert functions["concat"]["arguments"][-1]["description"] == "可以重复。"
    # A type of ours that the standard writes as the same word is named once.
    assert functions["year"]["arguments"][0]["type"] == ["datetime"]
    english = web.get("/functions?lang=en").json()
    assert {one["name"] for one in english["functions"]} == set(functions)
    assert next(one for one in english["functions"] if one["name"] == "upper")["description"] == "Upper case"


@pytest.mark.conformance(PART3 + "filter")
def test_every_function_has_an_example(web: TestClient) -> None:
    # That each finds something in the sample city: tests/spatial/query/cql2/test_function_examples.py.
    layers = {one["id"] for one in web.get("/collections").json()["collections"]}
    for one in web.get("/functions").json()["functions"]:
        assert f"{one['name']}(" in one["example"]
        assert one["exampleCollection"] in layers


def test_every_kind_of_value_has_a_word_of_the_standard() -> None:
    assert set(TYPES) == set(Kind)
    assert set(TYPES.values()) == {"string", "number", "integer", "datetime", "geometry", "boolean"}


@pytest.mark.parametrize(("language", "words"), [("zh", ["转大写", "文本", "数值"]), ("en", ["Upper case", "number"])])
def test_functions_are_a_page_too(web: TestClient, language: str, words: list[str]) -> None:
    page = web.get("/functions", params={"f": "html", "lang": language}).text
    for word in [*words, "<code>area_m2(geometry) &gt; 1000</code>"]:
        assert word in page, word


# -- refusals ------------------------------------------------------------------------------------------------------


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
    "url", ["/", "/conformance", "/api", "/collections", "/collections/buildings", "/functions", "/tiles", "/styles"]
)
def test_unknown_parameters_are_refused_everywhere(web: TestClient, url: str) -> None:
    answer = web.get(url, params={"foo": "1"})
    assert (answer.status_code, answer.json()["field"]) == (400, "foo")


def test_links_begin_with_the_address_that_the_client_used(web: TestClient) -> None:
    landing = web.get("/", headers={"Host": "gis.example:8080"}).json()
    assert all(link["href"].startswith("http://gis.example:8080/") for link in landing["links"])


def test_health_answers(web: TestClient) -> None:
    assert web.get("/health").json() == {"status": "ok"}

"""Schemas of layers, and our answers against the standards' own schemas."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from starlette.testclient import TestClient

from tests.ogc_schemas import check

SPEC = "http://www.opengis.net/spec/"
PART3 = SPEC + "ogcapi-features-3/1.0/conf/"
PART8 = SPEC + "ogcapi-features-8/1.0/conf/"
COMMON3 = SPEC + "ogcapi-common-3/1.0/conf/"
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_JSON = "application/schema+json"
LEAVES = ("schema", "queryables", "sortables")
# "All keywords in the schema are either JSON Schema keywords or have an x- prefix" (23-058r2, A.1.1).
KEYWORDS = {"title", "type", "format", "enum", "oneOf", "items", "readOnly"}


def layers(web: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = web.get("/collections").json()["collections"]
    return found


def link(document: dict[str, Any], rel: str) -> dict[str, Any]:
    [found] = [one for one in document["links"] if one["rel"] == rel]
    assert isinstance(found, dict)
    return found


# -- the schemas of a layer ----------------------------------------------------------------------------------------


@pytest.mark.conformance(
    COMMON3 + "schemas",
    COMMON3 + "returnables-and-receivables",
    SPEC + "ogcapi-features-5/1.0/conf/schemas",
    PART3 + "queryables",
    PART8 + "sortables",
)
@pytest.mark.parametrize("leaf", LEAVES)
def test_every_layer_links_to_its_schemas(web: TestClient, leaf: str) -> None:
    for layer in layers(web):
        found = link(layer, OGC_REL + leaf)
        assert found["href"] == f"http://testserver/collections/{layer['id']}/{leaf}"
        assert found["type"] == SCHEMA_JSON
        assert found in web.get(f"/collections/{layer['id']}").json()["links"]
        answer = web.get(found["href"], headers={"Accept": SCHEMA_JSON})
        assert (answer.status_code, answer.headers["content-type"]) == (200, SCHEMA_JSON)
        schema = answer.json()
        Draft202012Validator.check_schema(schema)
        assert (schema["$schema"], schema["$id"], schema["type"]) == (DIALECT, found["href"], "object")
        assert schema["additionalProperties"] is False
        assert schema["properties"]


@pytest.mark.conformance(COMMON3 + "schemas", SPEC + "ogcapi-features-5/1.0/conf/schemas")
def test_properties_are_described_as_the_standard_wants_them(web: TestClient) -> None:
    """The inspections of its abstract tests A.1.1 to A.1.6."""
    for layer in layers(web):
        schema = web.get(f"/collections/{layer['id']}/schema").json()
        assert set(schema) <= {"$schema", "$id", "type", "title", "description"} | {
            "properties",
            "required",
            "additionalProperties",
        }
        properties = schema["properties"]
        for name, one in properties.items():
            assert one["title"], name
            is_spatial = one.get("format", "").startswith("geometry-")
            assert is_spatial is ("type" not in one), name
            assert all(key in KEYWORDS or key.startswith("x-ogc-") for key in one), name
            if "x-ogc-unit" in one:
                assert (one["type"] in {"number", "integer"}, one["x-ogc-unitLang"]) == (True, "UCUM"), name
        assert [name for name, one in properties.items() if one.get("x-ogc-role") == "id"] == ["id"]
        assert properties["id"]["type"] in {"integer", "string"}
        order = [one["x-ogc-propertySeq"] for one in properties.values()]
        assert order == sorted(set(order))


@pytest.mark.conformance(COMMON3 + "advanced-property-roles")
def test_roles_tell_geometry_and_valid_time(web: TestClient) -> None:
    for layer in layers(web):
        properties = web.get(f"/collections/{layer['id']}/schema").json()["properties"]
        roles = {one["x-ogc-role"]: name for name, one in properties.items() if "x-ogc-role" in one}
        assert roles == {
            "id": "id",
            "primary-geometry": "geometry",
            "primary-interval-start": "valid_from",
            "primary-interval-end": "valid_to",
        }
        assert {properties[name]["format"] for name in ("valid_from", "valid_to")} == {"date-time"}
        assert properties["geometry"]["format"].startswith("geometry-")
        assert all(properties[name]["readOnly"] for name in ("id", "valid_from", "valid_to"))


@pytest.mark.conformance(COMMON3 + "returnables-and-receivables")
def test_the_schema_is_that_of_the_features(web: TestClient) -> None:
    """What features have is what the schema says, no more and no less, and of its types."""
    schema = web.get("/collections/buildings/schema").json()
    plain = {name: one for name, one in schema["properties"].items() if name != "geometry"}
    validator = Draft202012Validator(schema | {"properties": plain}, format_checker=FormatChecker())
    features = web.get("/collections/buildings/items").json()["features"]
    assert features
    for feature in features:
        assert set(feature["properties"]) == set(plain)
        # A property without a value is absent in the logical schema, and null in GeoJSON.
        validator.validate({name: value for name, value in feature["properties"].items() if value is not None})
    wrong = {"id": "one", "floors": "six", "use": "castle", "valid_from": 2010, "colour": "red"}
    assert {error.validator for error in validator.iter_errors(wrong)} == {
        "type",
        "enum",
        "oneOf",
        "additionalProperties",
    }


def test_units_codes_and_titles_of_the_schema(web: TestClient) -> None:
    zh = web.get("/collections/buildings/schema").json()
    en = web.get("/collections/buildings/schema?lang=en").json()
    assert (zh["title"], en["title"]) == ("建筑", "Buildings")
    assert "层数" in zh["description"]
    assert zh["properties"]["height_m"] == {
        "title": "高度",
        "type": "number",
        "x-ogc-unit": "m",
        "x-ogc-unitLang": "UCUM",
        "x-ogc-propertySeq": 10,
    }
    use = en["properties"]["use"]
    assert {"const": "office", "title": "Office"} in use["oneOf"]
    assert use["enum"] == [one["const"] for one in use["oneOf"]]
    assert [zh["properties"]["id"]["title"], en["properties"]["id"]["title"]] == ["要素标识", "Feature id"]
    assert zh["properties"]["geometry"]["format"] == "geometry-polygon"


@pytest.mark.conformance(PART3 + "queryables")
def test_queryables_carry_units_codes_and_cost(web: TestClient) -> None:
    properties = web.get("/collections/buildings/queryables").json()["properties"]
    assert set(properties) == set(web.get("/collections/buildings/schema").json()["properties"])
    assert properties["height_m"]["x-ogc-unit"] == "m"
    assert {"const": "office", "title": "办公"} in properties["use"]["oneOf"]
    assert {name for name, one in properties.items() if one["x-shikong-indexed"]} >= {"id", "geometry", "code", "use"}
    assert not properties["valid_from"]["x-shikong-indexed"]
    assert {"type": "integer", "x-ogc-role": "id"}.items() <= properties["id"].items()
    assert properties["valid_from"]["x-ogc-role"] == "primary-interval-start"


@pytest.mark.conformance(PART8 + "sortables")
def test_whatever_is_sortable_sorts_and_nothing_else(web: TestClient) -> None:
    for layer in layers(web):
        url = f"/collections/{layer['id']}"
        properties = web.get(f"{url}/sortables").json()["properties"]
        assert "geometry" not in properties
        assert {one["type"] for one in properties.values()} <= {"string", "number", "integer", "boolean"}
        assert layer["defaultSortOrder"] == ["+id"]
        for name in properties:
            assert web.get(f"{url}/items", params={"sortby": f"-{name}", "limit": 1}).status_code == 200, name
        for name in ("geometry", "this_is_not_a_sortable"):
            answer = web.get(f"{url}/items", params={"sortby": name})
            assert (answer.status_code, answer.json()["field"]) == (400, "sortby")


def test_gdal_reads_plain_types_of_the_geojson(web: TestClient) -> None:
    """GDAL 3.12 makes its fields of this one; it knows no lists of types."""
    found = link(web.get("/collections/buildings").json(), "describedby")
    schema = web.get(found["href"]).json()
    Draft202012Validator.check_schema(schema)
    properties = schema["properties"]["properties"]["properties"]
    assert properties["height_m"]["type"] == "number"
    assert properties["valid_from"]["format"] == "date-time"
    assert all(isinstance(one["type"], str) for one in properties.values())
    Draft202012Validator(schema | {"properties": {"type": schema["properties"]["type"]}}).validate(
        web.get("/collections/buildings/items").json()["features"][0]
    )


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["用途", "住宅", "文本", "几何"]), ("en", ["Use", "Residential", "text", "geometry"])],
)
def test_schemas_are_pages_too(web: TestClient, leaf: str, language: str, words: list[str]) -> None:
    page = web.get(f"/collections/buildings/{leaf}", params={"f": "html", "lang": language})
    assert page.headers["content-type"].startswith("text/html")
    for word in words[: 3 if leaf == "sortables" else 4]:
        assert word in page.text, word
    assert "<code>height_m</code>" in page.text
    assert "<td>m</td>" in page.text
    for other in LEAVES:
        assert (f"/collections/buildings/{other}" in page.text.partition("<main")[2]) is (other != leaf)


@pytest.mark.parametrize("leaf", [*LEAVES, "schemas/feature"])
def test_schemas_refuse_what_they_do_not_know(web: TestClient, leaf: str) -> None:
    assert web.get(f"/collections/nope/{leaf}").status_code == 404
    answer = web.get(f"/collections/buildings/{leaf}", params={"filter": "x"})
    assert (answer.status_code, answer.json()["field"]) == (400, "filter")
    assert web.get(f"/collections/buildings/{leaf}", params={"f": "xml"}).json()["field"] == "f"


# -- the standards' own schemas ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/", "features/landingPage.yaml"),
        ("/conformance", "features/confClasses.yaml"),
        ("/collections", "features/collections.yaml"),
        ("/collections", "features-crs/collections.yaml"),
        ("/collections/buildings", "features/collection.yaml"),
        ("/collections/buildings", "features-crs/collection.yaml"),
        ("/collections/grids", "features/collection.yaml"),  # empty: no extent
        ("/collections/pipe_segments", "features-crs/collection.yaml"),  # with heights
        ("/collections/buildings/items", "features/featureCollectionGeoJSON.yaml"),
        ("/collections/pipe_segments/items", "features/featureCollectionGeoJSON.yaml"),
        ("/collections/grids/items", "features/featureCollectionGeoJSON.yaml"),
        ("/functions", "features-filter/functions.yml"),
        ("/collections/nope", "features/exception.yaml"),
        ("/collections/buildings/items?limit=-1", "features/exception.yaml"),
        ("/collections/buildings?f=xml", "features/exception.yaml"),
    ],
)
def test_answers_are_as_the_standard_says(web: TestClient, url: str, name: str) -> None:
    check(web.get(url).json(), name)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"title": "no links"}, "features/landingPage.yaml"),
        ({"conformsTo": "a text"}, "features/confClasses.yaml"),
        ({"links": [], "collections": [{"links": []}]}, "features/collections.yaml"),
        ({"id": "x", "links": [{"href": "/"}]}, "features/collection.yaml"),
        ({"id": "x", "links": [], "storageCrs": 4490}, "features-crs/collection.yaml"),
        ({"functions": [{"name": "f"}]}, "features-filter/functions.yml"),
        ({"type": "FeatureCollection", "features": [{}]}, "features/featureCollectionGeoJSON.yaml"),
        ({"status": 700}, "features/exception.yaml"),
    ],
)
def test_the_standards_schemas_would_find_a_fault(document: dict[str, Any], name: str) -> None:
    """A schema that lets everything pass would prove nothing above."""
    with pytest.raises(AssertionError, match=name):
        check(document, name)

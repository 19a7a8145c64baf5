"""OGC API - Features Part 3 (19-079r2): queryables and filtering.

=====================================================  =================================================
requirement                                            test
=====================================================  =================================================
/req/queryables/queryables-link                        test_req_queryables_queryables_link
/req/queryables/get-queryables-op, -response           test_req_queryables_get_queryables
/req/queryables/expression-construction                test_req_queryables_expression_construction
/req/queryables-query-parameters/parameters            test_req_queryables_query_parameters
/req/filter/filter-param, filter-lang-param            test_req_filter_definition
/req/filter/filter-lang-param                          test_req_filter_lang_param, ..._invalid
/req/filter/filter-crs-wgs84, filter-crs-param         test_req_filter_filter_crs, ..._invalid
/req/filter/mixing-expressions                         test_req_filter_mixing_expressions
/req/filter/response, /req/features-filter/response    test_req_filter_response
/req/filter/get-functions-operation, -response-json    test_req_filter_get_functions
/req/filter/filter-param (errors)                      test_req_filter_param_invalid
=====================================================  =================================================
"""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from tests import ogc_schemas
from tests.conformance.asking import codes, hrefs, items, refused
from tests.conformance.city import BUILDINGS, CRS84, CRS84H, EPSG, IMPORTED, LAYERS, LINES, PART_3
from tests.conformance.test_part1_items import parameter
from tests.conformance.test_part2_crs import FLAT, as_authority_has_it

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
ITEMS = "/collections/buildings/items"
SEARCH = "/collections/buildings/search"


def found(web: TestClient, source: Any, **more: Any) -> list[str]:
    """Return the codes of buildings for a filter, asked by GET and by POST; both must say the same."""
    lang = "cql2-text" if isinstance(source, str) else "cql2-json"
    text = source if isinstance(source, str) else json.dumps(source)
    by_get = codes(web, {"filter": text, "filter-lang": lang, **more})
    answer = web.post(SEARCH, json={"filter": source, "filter-lang": lang, **more})
    assert answer.status_code == 200, answer.text
    assert [one["properties"]["code"] for one in answer.json()["features"]] == by_get
    return by_get


@pytest.mark.conformance(PART_3 + "queryables", PART_3 + "features-filter")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_queryables_queryables_link(web: TestClient, layer: str) -> None:
    listed = next(one for one in web.get("/collections").json()["collections"] if one["id"] == layer)
    for document in (web.get(f"/collections/{layer}").json(), listed):
        assert hrefs(document, QUERYABLES, "application/schema+json") == [
            f"http://testserver/collections/{layer}/queryables"
        ]
    for method in (web.get, web.head):
        headers = method(f"/collections/{layer}/items").headers
        link = f'<http://testserver/collections/{layer}/queryables>; rel="{QUERYABLES}"; type="application/schema+json"'
        assert link in headers["link"]


@pytest.mark.conformance(PART_3 + "queryables")
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_req_queryables_get_queryables(web: TestClient, layer: str, language: str) -> None:
    answer = web.get(f"/collections/{layer}/queryables", params={"lang": language})
    assert answer.headers["content-type"] == "application/schema+json"
    document = answer.json()
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"http://testserver/collections/{layer}/queryables"
    assert document["type"] == "object"
    assert document["properties"]["geometry"]["format"].startswith("geometry-")
    for name, schema in document["properties"].items():
        assert schema["title"], name
        assert "type" in schema or name == "geometry"


@pytest.mark.conformance(PART_3 + "queryables", PART_3 + "filter")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_queryables_expression_construction(web: TestClient, layer: str) -> None:
    """Every queryable stands in a filter, nothing else does; and what is allowed is told."""
    properties = web.get(f"/collections/{layer}/queryables").json()["properties"]
    path = f"/collections/{layer}/items"
    for name in properties:
        answer = web.get(path, params={"filter": f'"{name}" IS NULL'})
        assert answer.status_code == 200, (name, answer.text)
    for name in ("nothing", "valid", "geom_web", "recorded", "ctid", "xmin", "tableoid", "CODE", "t.code", "id; --"):
        refused(web, path, {"filter": f'"{name}" IS NULL'}, "filter")


@pytest.mark.conformance(PART_3 + "queryables-query-parameters")
@pytest.mark.parametrize("layer", LAYERS)
def test_req_queryables_query_parameters(web: TestClient, openapi: dict[str, Any], layer: str) -> None:
    """Every queryable of a simple value is a parameter that finds exactly the features with this value."""
    path = f"/collections/{layer}/items"
    properties = web.get(f"/collections/{layer}/queryables", params={"lang": "zh"}).json()["properties"]
    described = {one["name"]: one for one in openapi["paths"][path]["get"]["parameters"] if "name" in one}
    everything = items(web, layer, {"limit": 100})["features"]
    for name, schema in properties.items():
        if "type" not in schema or schema["type"] == "array":
            continue
        assert described[name]["schema"]["type"] == schema["type"], name
        for value in {json.dumps(one["properties"][name]) for one in everything}:
            if value == "null":
                continue
            text = json.loads(value) if value.startswith('"') else value
            wanted = [one["id"] for one in everything if one["properties"][name] == json.loads(value)]
            page = items(web, layer, {name: text, "limit": 100})
            assert [one["id"] for one in page["features"]] == wanted, (name, value)


@pytest.mark.conformance(PART_3 + "queryables-query-parameters")
@pytest.mark.parametrize(
    ("layer", "name", "value"),
    [
        ("buildings", "floors", "six"),
        ("buildings", "floors", "6.5"),
        ("buildings", "floors", ""),
        ("buildings", "floors", "9" * 20),
        ("buildings", "height_m", "NaN"),
        ("buildings", "height_m", "1e999"),
        ("buildings", "name", "a\x00b"),
        ("buildings", "valid_from", "yesterday"),
        ("pipe_segments", "built_on", "2020-02-30"),
        (IMPORTED, "启用", "yes"),
        (IMPORTED, "层数", "三"),
    ],
)
def test_req_queryables_query_parameters_invalid(web: TestClient, layer: str, name: str, value: str) -> None:
    refused(web, f"/collections/{layer}/items", {name: value}, name)


@pytest.mark.conformance(PART_3 + "filter", PART_3 + "features-filter")
@pytest.mark.parametrize(("name", "kind"), [("filter", "string"), ("filter-lang", "string"), ("filter-crs", "string")])
def test_req_filter_definition(openapi: dict[str, Any], name: str, kind: str) -> None:
    described = parameter(openapi, name)
    assert (described["in"], described.get("required", False)) == ("query", False)
    if name == "filter-lang":
        assert described["schema"]["enum"] == ["cql2-text", "cql2-json"]
        assert described["schema"]["default"] == "cql2-text"
    if "type" in described["schema"]:
        assert described["schema"]["type"] == kind


TREE = {"op": ">", "args": [{"property": "floors"}, 10]}


@pytest.mark.conformance(PART_3 + "filter")
def test_req_filter_lang_param(web: TestClient) -> None:
    """Text is the default of a query string, JSON that of an object in a body."""
    assert codes(web, {"filter": "floors > 10"}) == ["E", "A"]
    assert codes(web, {"filter": "floors > 10", "filter-lang": "cql2-text"}) == ["E", "A"]
    assert codes(web, {"filter": json.dumps(TREE), "filter-lang": "cql2-json"}) == ["E", "A"]
    for body in ({"filter": TREE}, {"filter": "floors > 10"}, {"filter": "floors > 10", "filter-lang": "cql2-text"}):
        answer = web.post(SEARCH, json=body)
        assert [one["properties"]["code"] for one in answer.json()["features"]] == ["E", "A"], body


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"filter": "floors > 10", "filter-lang": "cql2-json"}, "filter"),
        ({"filter": json.dumps(TREE)}, "filter"),
        ({"filter": "floors > 10", "filter-lang": "cql-text"}, "filter-lang"),
        ({"filter": "floors > 10", "filter-lang": "CQL2-TEXT"}, "filter-lang"),
        ({"filter-lang": "sql"}, "filter-lang"),
        ({"filter": "floors > 10", "filter-lang": ""}, "filter-lang"),
    ],
)
def test_req_filter_lang_param_invalid(web: TestClient, params: dict[str, str], field: str) -> None:
    refused(web, ITEMS, params, field)


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize("uri", [None, *FLAT])
def test_req_filter_filter_crs(web: TestClient, uri: str | None) -> None:
    """Geometries of a filter are read in ``filter-crs``, axes as the authority has them; CRS84 when left out."""
    more = {"crs": EPSG + "4527"} | ({"filter-crs": uri} if uri else {})
    for one in BUILDINGS:
        places = [
            as_authority_has_it(uri or CRS84, one.lon + x, one.lat + y)
            for x, y in ((0.0002, 0.0002), (0.0008, 0.0002), (0.0008, 0.0008), (0.0002, 0.0008), (0.0002, 0.0002))
        ]
        ring = ",".join(f"{first:.9f} {second:.9f}" for first, second in places)
        assert found(web, f"S_INTERSECTS(geometry, POLYGON(({ring})))", **more) == [one.code]
        tree = {"type": "Polygon", "coordinates": [places]}
        assert found(web, {"op": "s_intersects", "args": [{"property": "geometry"}, tree]}, **more) == [one.code]
        low, high = places[0], places[2]
        box = ",".join(f"{number:.9f}" for number in (*low, *high))
        assert found(web, f"S_INTERSECTS(geometry, BBOX({box}))", **more) == [one.code]


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize("uri", ["", "EPSG:4548", EPSG + "2154", EPSG, "'; SELECT 1; --", "http://example.org/crs"])
@pytest.mark.parametrize("source", ["floors > 10", None])
def test_req_filter_filter_crs_invalid(web: TestClient, uri: str, source: str | None) -> None:
    refused(web, ITEMS, {"filter-crs": uri} | ({"filter": source} if source else {}), "filter-crs")


@pytest.mark.conformance(PART_3 + "filter")
def test_req_filter_filter_crs_with_heights(web: TestClient) -> None:
    inside = "S_INTERSECTS(geometry, POLYGON((117 31,118 31,118 32,117 32,117 31)))"
    for uri in (CRS84, CRS84H):
        assert codes(web, {"filter": inside, "filter-crs": uri}, layer=LINES) == ["P1", "P2"]


@pytest.mark.conformance(PART_3 + "filter", PART_3 + "features-filter")
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"filter": "floors >= 6"}, ["M", "E", "X", "A"]),
        ({"filter": "floors >= 6", "bbox": "117.2,31.8,117.235,31.8"}, ["M", "E", "X"]),
        ({"filter": "floors >= 6", "datetime": "2015-01-01"}, ["M", "X", "A"]),
        ({"filter": "floors >= 6", "use": "public"}, ["X"]),
        ({"filter": "floors >= 6", "q": "大厦"}, ["E"]),
        ({"filter": "floors >= 6", "bbox": "117.2,31.8,117.235,31.8", "datetime": "2015-01-01"}, ["M", "X"]),
        ({"filter": "floors >= 6", "bbox": "117.2,31.8,117.235,31.8", "use": "office", "floors": "6"}, ["M"]),
        ({"filter": "floors >= 6 OR floors = 1", "bbox": "117.24,31.8,117.25,31.81"}, ["O"]),
        ({"filter": "floors >= 6", "floors": "3"}, []),
    ],
)  # fmt: skip
def test_req_filter_mixing_expressions(web: TestClient, asked: dict[str, str], expected: list[str]) -> None:
    """A filter and the plain parameters hold together (AND), counts included, in whatever order they stand."""
    page = items(web, "buildings", asked)
    assert [one["properties"]["code"] for one in page["features"]] == expected
    assert page["numberMatched"] == len(expected)
    assert codes(web, dict(reversed(asked.items()))) == expected
    answer = web.post(SEARCH, json=asked)
    assert [one["properties"]["code"] for one in answer.json()["features"]] == expected


@pytest.mark.conformance(PART_3 + "filter", PART_3 + "features-filter")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("floors = 6", lambda one: one.floors == 6),
        ("floors <> 6", lambda one: one.floors != 6),
        ("NOT floors = 6 AND use IN ('residential', 'commercial')",
         lambda one: one.floors != 6 and one.use in {"residential", "commercial"}),
        ("floors BETWEEN 3 AND 12", lambda one: 3 <= one.floors <= 12),
        ("built_year IS NULL", lambda one: one.built_year is None),
        ("built_year IS NOT NULL", lambda one: one.built_year is not None),
        # A comparison with null is neither true nor false, its opposite too.
        ("NOT (built_year > 2000)", lambda one: one.built_year is not None and one.built_year <= 2000),
        ("name LIKE '%楼'", lambda one: (one.name or "").endswith("楼")),
        ("name LIKE '100\\%\\_%'", lambda one: (one.name or "").startswith("100%_")),
        ("CASEI(name) LIKE CASEI('CAFÉ%')", lambda one: (one.name or "").startswith("Café")),
        ("ACCENTI(name) LIKE ACCENTI('cafe%')", lambda _one: False),
        ("CASEI(ACCENTI(name)) LIKE CASEI(ACCENTI('CAFE M%'))", lambda one: (one.name or "").startswith("Café")),
        ("floors * 3 > height_m", lambda one: one.floors * 3 > one.height_m),
        ("S_INTERSECTS(geometry, POINT(117.2005 31.8005))", lambda one: one.code == "W"),
        ("T_AFTER(valid_from, DATE('2015-01-01'))", lambda one: one.began.year > 2015),
        ("valid_from > TIMESTAMP('2005-01-01T00:00:00Z')", lambda one: one.began.year > 2005),
        ("name = '</script><script>alert(1)</script>'", lambda one: one.code == "X"),
    ],
)  # fmt: skip
def test_req_filter_response(web: TestClient, source: str, expected: Any) -> None:
    """Exactly the features for which the filter is true."""
    assert found(web, source) == [one.code for one in BUILDINGS if expected(one)]


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"层数" >= 3', ["标牌3", "标牌4"]),
        ("层数 >= 3", ["标牌3", "标牌4"]),
        ("启用 = TRUE AND 高度 < 3", ["标牌0", "标牌2"]),
        ("名称 LIKE '%1'", ["标牌1"]),
    ],
)
def test_req_filter_response_in_chinese(web: TestClient, source: str, expected: list[str]) -> None:
    page = items(web, IMPORTED, {"filter": source})
    assert [one["properties"]["名称"] for one in page["features"]] == expected


@pytest.mark.conformance(PART_3 + "filter")
def test_req_filter_get_functions(web: TestClient) -> None:
    """The functions are listed by the standard's schema (that each example works: test_function_examples.py)."""
    document = web.get("/functions").json()
    ogc_schemas.check(document, "features-filter/functions.yml")
    names = [one["name"] for one in document["functions"]]
    assert len(set(names)) == len(names)
    assert {"within_address", "as_of"} <= {*names}


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize(
    "source",
    [
        "",
        " ",
        "floors",
        "floors >",
        "floors > 'six'",
        "name > 3",
        "nothing = 1",
        "FLOORS = 1",
        "floors = 1 AND",
        "floors = 1)",
        "floors = (1",
        "floors == 1",
        "floors = 1; DROP TABLE city.building",
        "1 = 1 UNION SELECT 1",
        "name = 'unclosed",
        "geometry = 1",
        "S_INTERSECTS(geometry)",
        "S_INTERSECTS(geometry, POINT(117))",
        "S_INTERSECTS(geometry, POLYGON((117 31, 118 32)))",
        "S_INTERSECTS(name, POINT(117 31))",
        "S_NEAR(geometry, POINT(117 31))",
        "DATE('2020-02-30') = valid_from",
        "TIMESTAMP('yesterday') = valid_from",
        "floors = 1e999",
        "floors = 99999999999999999999999999",
        "name LIKE 3",
        "floors IN ()",
        "version() = 'x'",
    ],
)
def test_req_filter_param_invalid(web: TestClient, source: str) -> None:
    refused(web, ITEMS, {"filter": source}, "filter")


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize(
    "tree",
    [
        {},
        [],
        3,
        None,
        {"op": "="},
        {"op": "=", "args": []},
        {"op": "=", "args": [{"property": "nothing"}, 1]},
        {"op": ">", "args": [{"property": "floors"}, "six"]},
        {"op": "sql", "args": ["SELECT 1"]},
        {"op": ["="], "args": [1, 1]},
        {"op": "=", "args": {"0": 1}},
        {"op": "and", "args": [True]},
        {"property": "floors"},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": ["a", 1]}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point"}]},
        {"op": "=", "args": [{"property": {"property": "floors"}}, 1]},
        {"op": "=", "args": [{"property": "floors"}, None]},
    ],
)
def test_req_filter_param_invalid_json(web: TestClient, tree: Any) -> None:
    refused(web, ITEMS, {"filter": json.dumps(tree), "filter-lang": "cql2-json"}, "filter")
    if isinstance(tree, dict):
        answer = web.post(SEARCH, json={"filter": tree})
        assert (answer.status_code, answer.json()["field"]) == (400, "filter")


@pytest.mark.conformance(PART_3 + "filter")
@pytest.mark.parametrize(
    "tree",
    [
        TREE,
        {"op": "and", "args": [TREE, {"op": "like", "args": [{"property": "name"}, "%厦"]}]},
        {"op": "in", "args": [{"property": "use"}, ["residential", "public"]]},
        {"op": "between", "args": [{"property": "floors"}, 3, 12]},
        {"op": "isNull", "args": [{"property": "built_year"}]},
        {"op": "t_after", "args": [{"property": "valid_from"}, {"date": "2015-01-01"}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [117.2, 31.8, 117.21, 31.81]}]},
        {"op": "=", "args": [{"op": "casei", "args": [{"property": "name"}]}, {"op": "casei", "args": ["x"]}]},
        {"op": ">", "args": [{"op": "*", "args": [{"property": "floors"}, 3]}, {"property": "height_m"}]},
    ],
)
def test_req_filter_json_that_we_take_is_the_standards(web: TestClient, tree: Any) -> None:
    ogc_schemas.check(tree, "cql2/cql2.json")
    found(web, tree)

"""The drafts after Part 3: schemas (5), properties (6), zoom level (7), sorting (8), text search (9).

=====================================================  ==========================================
requirement                                            test
=====================================================  ==========================================
/req/schemas/*, /req/returnables-and-receivables/*     test_req_schemas
/req/advanced-property-roles                           test_req_schemas_property_roles
/req/properties/parameter, response                    test_req_properties, ..._invalid
/req/properties (skipGeometry)                         test_req_properties_skip_geometry
/req/zoom-level/parameter, response                    test_req_zoom_level, ..._invalid
/req/sortables/sortables-link, get-sortables-op        test_req_sortables_get_sortables
/req/sortables/defaultSortOrder-definition             test_req_sortables_default_sort_order
/req/sorting/sortby-definition, sortby-response        test_req_sorting_sortby, ..._invalid
/req/text-search/parameter, response                   test_req_text_search, ..._invalid
=====================================================  ==========================================
"""

from operator import attrgetter
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from tests.conformance.asking import codes, hrefs, items, refused
from tests.conformance.city import BUILDINGS, CONF, IMPORTED, LAYERS, LINES, POINTS, SIGNS

ITEMS = "/collections/buildings/items"
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEMAS = (CONF + "ogcapi-common-3/1.0/conf/schemas", CONF + "ogcapi-features-5/1.0/conf/schemas")
RETURNABLES = CONF + "ogcapi-common-3/1.0/conf/returnables-and-receivables"
ROLES = CONF + "ogcapi-common-3/1.0/conf/advanced-property-roles"
PART_6 = tuple(CONF + f"ogcapi-features-6/0.0/conf/{name}" for name in ("properties", "properties-features"))
PART_7 = tuple(CONF + f"ogcapi-features-7/0.0/conf/{name}" for name in ("zoom-level", "zoom-level-features"))
PART_8 = tuple(CONF + f"ogcapi-features-8/1.0/conf/{name}" for name in ("sorting", "sortables", "features-sorting"))
PART_9 = tuple(CONF + f"ogcapi-features-9/0.0/conf/{name}" for name in ("text-search", "features-text-search"))


# -- Part 5: schemas -----------------------------------------------------------------------------------------------


@pytest.mark.conformance(*SCHEMAS, RETURNABLES)
@pytest.mark.parametrize("layer", LAYERS)
def test_req_schemas(web: TestClient, layer: str) -> None:
    """The schema tells every property that features have, and each value is of the type that it tells."""
    document = web.get(f"/collections/{layer}").json()
    [url] = hrefs(document, OGC_REL + "schema", "application/schema+json")
    answer = web.get(url)
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == url
    assert schema["type"] == "object"
    validators = {name: Draft202012Validator(one) for name, one in schema["properties"].items()}
    for feature in items(web, layer, {"limit": 100})["features"]:
        assert {*feature["properties"]} == {*schema["properties"]} - {"geometry"}
        for name, value in feature["properties"].items():
            if value is not None:
                validators[name].validate(value)


@pytest.mark.conformance(ROLES)
@pytest.mark.parametrize("layer", LAYERS)
def test_req_schemas_property_roles(web: TestClient, layer: str) -> None:
    properties = web.get(f"/collections/{layer}/schema").json()["properties"]
    roles = {one["x-ogc-role"]: name for name, one in properties.items() if "x-ogc-role" in one}
    times = {"primary-interval-start": "valid_from", "primary-interval-end": "valid_to"}
    assert roles == {"id": "id", "primary-geometry": "geometry"} | (times if layer != IMPORTED else {})


@pytest.mark.conformance(*SCHEMAS)
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("leaf", ["queryables", "sortables"])
def test_req_schemas_agree(web: TestClient, layer: str, leaf: str) -> None:
    """What can be asked by and sorted by is a part of what there is, described in the same words."""
    whole = web.get(f"/collections/{layer}/schema").json()["properties"]
    for name, part in web.get(f"/collections/{layer}/{leaf}").json()["properties"].items():
        told = {"title", "type", "format", "enum", "oneOf", "x-ogc-unit"}
        assert {key: part[key] for key in told & {*part}} == {key: whole[name][key] for key in told & {*whole[name]}}


# -- Part 6: properties --------------------------------------------------------------------------------------------


@pytest.mark.conformance(*PART_6)
@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("code", ["code"]),
        ("code,floors", ["code", "floors"]),
        ("floors,code", ["code", "floors"]),
        ("code,code", ["code"]),
        ("valid_to,id", ["id", "valid_to"]),
        ("", []),
    ],
)
def test_req_properties(web: TestClient, asked: str, left: list[str]) -> None:
    whole = items(web, "buildings")["features"]
    for one, full in zip(items(web, "buildings", {"properties": asked})["features"], whole, strict=True):
        assert [*one["properties"]] == left
        assert one["properties"] == {name: full["properties"][name] for name in left}
        assert (one["id"], one["geometry"]) == (full["id"], full["geometry"])


@pytest.mark.conformance(*PART_6)
@pytest.mark.parametrize("asked", ["nothing", "code,", ",", "CODE", "code;use", "valid", "geom_web", "*", "code, use"])
def test_req_properties_invalid(web: TestClient, asked: str) -> None:
    refused(web, ITEMS, {"properties": asked}, "properties")


@pytest.mark.conformance(*PART_6)
@pytest.mark.parametrize("layer", LAYERS)
def test_req_properties_skip_geometry(web: TestClient, layer: str) -> None:
    whole = items(web, layer)["features"]
    skipped = items(web, layer, {"skipGeometry": "true"})["features"]
    assert [{**one, "geometry": None} for one in whole] == skipped
    assert items(web, layer, {"skipGeometry": "false"})["features"] == whole
    refused(web, f"/collections/{layer}/items", {"skipGeometry": "yes"}, "skipGeometry")


# -- Part 7: zoom level --------------------------------------------------------------------------------------------


@pytest.mark.conformance(*PART_7)
@pytest.mark.parametrize("zoom", [0, 5, 10, 14, 18, 24])
@pytest.mark.parametrize("layer", LAYERS)
def test_req_zoom_level(web: TestClient, layer: str, zoom: int) -> None:
    """A geometry for a zoom is not empty, has no more vertices, and leaves its place by a pixel at most.

    It is valid, too, unless the feature is smaller than a pixel, of which only a dot remains.
    """
    whole = {one["id"]: one for one in items(web, layer)["features"]}
    drawn = items(web, layer, {"zoom-level": zoom})["features"]
    assert [one["id"] for one in drawn] == [*whole]
    pixel_deg = 360 / 2**zoom / 256
    for one in drawn:
        exact, rough = (shapely.geometry.shape(some["geometry"]) for some in (whole[one["id"]], one))
        west, south, east, north = exact.bounds
        assert rough.is_valid or max(east - west, north - south) < pixel_deg
        assert not rough.is_empty
        assert shapely.get_num_coordinates(rough) <= shapely.get_num_coordinates(exact)
        assert exact.hausdorff_distance(rough) <= pixel_deg
        assert {**one, "geometry": None} == {**whole[one["id"]], "geometry": None}


@pytest.mark.conformance(*PART_7)
@pytest.mark.parametrize("zoom", ["-1", "25", "1.5", "", "max", "1e1", "9" * 30])
def test_req_zoom_level_invalid(web: TestClient, zoom: str) -> None:
    refused(web, ITEMS, {"zoom-level": zoom}, "zoom-level")


# -- Part 8: sorting -----------------------------------------------------------------------------------------------


@pytest.mark.conformance(*PART_8)
@pytest.mark.parametrize("layer", LAYERS)
def test_req_sortables_get_sortables(web: TestClient, layer: str) -> None:
    document = web.get(f"/collections/{layer}").json()
    [url] = hrefs(document, OGC_REL + "sortables", "application/schema+json")
    answer = web.get(url)
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == url
    for name in schema["properties"]:
        for sign in ("", "+", "-"):
            assert web.get(f"/collections/{layer}/items", params={"sortby": sign + name}).status_code == 200


@pytest.mark.conformance(*PART_8)
@pytest.mark.parametrize("layer", LAYERS)
def test_req_sortables_default_sort_order(web: TestClient, layer: str) -> None:
    order = web.get(f"/collections/{layer}").json()["defaultSortOrder"]
    assert order == ["+id"]
    found = [one["id"] for one in items(web, layer, {"limit": 100})["features"]]
    assert found == sorted(found)
    assert [one["id"] for one in items(web, layer, {"limit": 100, "sortby": ",".join(order)})["features"]] == found


def ordered(keys: list[str]) -> list[str]:
    """Return the codes in an order, by hand: no value comes last either way; ids break ties as the last key goes."""
    found = [*reversed(BUILDINGS)] if keys[-1].startswith("-") else [*BUILDINGS]
    for key in reversed(keys):
        name, is_descending = key.lstrip("+-"), key.startswith("-")
        valued = [one for one in found if getattr(one, name) is not None]
        # Texts are ordered by their code points; equals keep their order, reversed or not.
        valued.sort(key=attrgetter(name), reverse=is_descending)
        found = valued + [one for one in found if getattr(one, name) is None]
    return [one.code for one in found]


KEYS = st.lists(
    st.tuples(st.sampled_from(["", "+", "-"]), st.sampled_from(["code", "floors", "height_m", "use", "built_year"])),
    min_size=1,
    max_size=4,
    unique_by=lambda key: key[1],
)


@pytest.mark.conformance(*PART_8)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(keys=KEYS)
def test_req_sorting_sortby(web: TestClient, keys: list[tuple[str, str]]) -> None:
    names = ["".join(key) for key in keys]
    assert codes(web, {"sortby": ",".join(names)}) == ordered(names)


@pytest.mark.conformance(*PART_8)
def test_req_sorting_sortby_plus_as_a_space(web: TestClient) -> None:
    """A ``+`` that nobody encoded arrives as a space, and is meant as it was written."""
    answers = [
        web.get(f"{ITEMS}?sortby={written}").json()["features"]
        for written in ("+floors,-code", "%2Bfloors,-code", "floors,-code", "+floors,%2Dcode")
    ]
    assert all(one == answers[0] for one in answers)
    assert [one["properties"]["floors"] for one in answers[0]] == sorted(one.floors for one in BUILDINGS)


@pytest.mark.conformance(*PART_8)
@pytest.mark.parametrize(
    "asked",
    [
        "nothing",
        "+",
        "-",
        ",",
        "floors,",
        "floors,floors",
        "floors,-floors",
        "++floors",
        "geometry",
        "FLOORS",
        "floors desc",
        "floors;code",
        "1",
        "floors--",
        "(SELECT 1)",
    ],
)
def test_req_sorting_sortby_invalid(web: TestClient, asked: str) -> None:
    refused(web, ITEMS, {"sortby": asked}, "sortby")


@pytest.mark.conformance(*PART_8)
def test_req_sorting_files_too(web: TestClient) -> None:
    lines = web.get(ITEMS, params={"sortby": "-floors,code", "f": "csv", "properties": "code"}).text.splitlines()
    assert [line.split(",")[0].strip('"') for line in lines[1:]] == ordered(["-floors", "code"])


# -- Part 9: text search -------------------------------------------------------------------------------------------


@pytest.mark.conformance(*PART_9)
@pytest.mark.parametrize(
    ("layer", "asked", "found"),
    [
        ("buildings", "楼", ["W"]),
        ("buildings", "楼,长江", ["W", "E"]),
        ("buildings", " 楼 , 长江 ", ["W", "E"]),
        ("buildings", "müller", ["M"]),  # whatever the case
        ("buildings", "MÜLLER", ["M"]),
        ("buildings", "%", ["A"]),  # signs of LIKE are signs
        ("buildings", "_", ["A"]),
        ("buildings", "\\", ["A"]),
        ("buildings", "'", ["A"]),
        ("buildings", "<script>", ["X"]),
        ("buildings", "nothing of this", []),
        ("buildings", "西楼,西楼", ["W"]),
    ],
)
def test_req_text_search(web: TestClient, layer: str, asked: str, found: list[str]) -> None:
    page = items(web, layer, {"q": asked})
    assert [one["properties"]["code"] for one in page["features"]] == found
    assert page["numberMatched"] == len(found)


@pytest.mark.conformance(*PART_9)
def test_req_text_search_in_an_imported_layer(web: TestClient) -> None:
    found = [one["properties"]["名称"] for one in items(web, IMPORTED, {"q": "牌3,牌1"})["features"]]
    assert found == [one["名称"] for one in SIGNS if one["层数"] in {1, 3}]
    assert items(web, POINTS, {"q": "逍遥津"})["numberMatched"] == 25
    assert items(web, LINES, {"q": "逍遥津"})["numberMatched"] == 0


@pytest.mark.conformance(*PART_9)
@pytest.mark.parametrize("asked", [",", "楼,", " ", "a\x00b", "x" * 101, ",".join("abcdefghijk")])
def test_req_text_search_invalid(web: TestClient, asked: str) -> None:
    refused(web, ITEMS, {"q": asked}, "q")


def test_empty_parameters_of_features_are_told_apart(web: TestClient, openapi: dict[str, Any]) -> None:
    """``properties=`` asks for none; a search for nothing and an order by nothing are the same as none."""
    assert "q" in {*openapi["components"]["parameters"]}
    for name in ("q", "sortby"):
        assert codes(web, {name: ""}) == [one.code for one in BUILDINGS]

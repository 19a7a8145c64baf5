"""Sorting, choosing properties, text search, counting, paging both ways, posting, and asking again."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.params.values import value_of
from spatial.catalogue.types import FieldType, LayerField, Titled
from tests.api.conftest import Tiny

ITEMS = "/collections/buildings/items"
ADDRESSES = "/collections/addresses/items"
SEARCH = "/collections/buildings/search"


def ids(document: dict[str, Any]) -> list[int]:
    return [one["id"] for one in document["features"]]


def linked(document: dict[str, Any], rel: str) -> str | None:
    return next((one["href"] for one in document["links"] if one["rel"] == rel), None)


def test_sorting_puts_missing_values_last(web: TestClient, tiny: Tiny) -> None:
    rising = web.get(ITEMS, params={"sortby": "built_year,-floors", "properties": "built_year"}).json()
    falling = web.get(ITEMS, params={"sortby": "-built_year"}).json()
    assert ids(rising)[-1] == ids(falling)[-1] == tiny.middle
    assert ids(rising)[0] == tiny.east


def test_a_plus_may_come_as_a_space(web: TestClient) -> None:
    signed = web.get(f"{ITEMS}?sortby=+floors,-id").json()
    assert ids(signed) == ids(web.get(f"{ITEMS}?sortby=%2Bfloors,-id").json())
    floors = [one["properties"]["floors"] for one in signed["features"]]
    assert floors == sorted(floors)


def test_links_lead_through_an_order_and_back(web: TestClient) -> None:
    url: str | None = f"{ADDRESSES}?sortby=-number&limit=7&properties=number&skipGeometry=true"
    pages, numbers = [], []
    while url:
        answer = web.get(url)
        pages.append(answer.json())
        numbers += [one["properties"]["number"] for one in pages[-1]["features"]]
        url = linked(pages[-1], "next")
        assert ('rel="next"' in answer.headers["link"]) is (url is not None)
    assert numbers == list(range(24, -1, -1))
    assert [len(page["features"]) for page in pages] == [7, 7, 7, 4]
    back = pages[-1]
    for expected in reversed(pages[:-1]):
        back = web.get(linked(back, "prev") or "").json()
        assert ids(back) == ids(expected)
        assert linked(back, "next") is not None
    assert linked(back, "prev") is None


def test_chosen_properties_and_no_geometry(web: TestClient) -> None:
    (feature, *_) = web.get(ITEMS, params={"properties": "floors,code", "skipGeometry": "true"}).json()["features"]
    assert feature["geometry"] is None
    assert list(feature["properties"]) == ["code", "floors"]
    assert web.get(ITEMS, params={"properties": ""}).json()["features"][0]["properties"] == {}


def test_a_zoom_level_keeps_every_feature(web: TestClient) -> None:
    rough = web.get(ITEMS, params={"zoom-level": "10"}).json()["features"]
    fine = web.get(ITEMS, params={"zoom-level": "22"}).json()["features"]
    exact = web.get(ITEMS).json()["features"]
    assert [one["geometry"] for one in fine] == [one["geometry"] for one in exact]
    assert all(one["geometry"]["coordinates"] for one in rough)


def test_text_search_takes_any_term(web: TestClient, tiny: Tiny) -> None:
    assert ids(web.get(ITEMS, params={"q": "西楼"}).json()) == [tiny.west]
    assert ids(web.get(ITEMS, params={"q": "西楼,ALERT(1)"}).json()) == [tiny.west, tiny.evil]
    assert ids(web.get(ITEMS, params={"q": "西_"}).json()) == []
    assert ids(web.get(ITEMS, params={"q": "%"}).json()) == []


def test_hits_counts_and_answers_no_feature(web: TestClient) -> None:
    answer = web.get(ADDRESSES, params={"resulttype": "hits", "filter": "number >= 5"})
    assert answer.headers["ogc-numbermatched"] == "20"
    assert answer.json()["numberMatched"] == 20
    assert answer.json()["features"] == []
    assert answer.json()["numberReturned"] == 0


def test_conditions_of_every_kind_must_all_hold(web: TestClient, tiny: Tiny) -> None:
    asked = {"filter": "floors >= 6", "use": "office", "bbox": "117.2,31.7,117.3,31.9", "q": "M"}
    assert ids(web.get(ITEMS, params=asked | {"q": "西"}).json()) == []
    del asked["q"]
    assert ids(web.get(ITEMS, params=asked).json()) == [tiny.middle]
    assert ids(web.get(ITEMS, params=asked | {"datetime": "1990-01-01T00:00:00Z"}).json()) == []


def test_a_posted_search_answers_as_the_query_string(web: TestClient) -> None:
    body = {
        "filter": {"op": ">=", "args": [{"property": "floors"}, 6]},
        "bbox": [117.2, 31.7, 117.3, 31.9],
        "sortby": ["-floors", "id"],
        "properties": ["floors"],
        "limit": 2,
        "skipGeometry": True,
    }
    found = web.post(SEARCH, json=body)
    assert found.headers["content-type"].startswith("application/geo+json")
    same = web.get(
        ITEMS,
        params={
            "filter": "floors >= 6",
            "bbox": "117.2,31.7,117.3,31.9",
            "sortby": "-floors,id",
            "properties": "floors",
            "limit": "2",
            "skipGeometry": "true",
        },
    )
    assert found.json()["features"] == same.json()["features"]
    (following,) = [one for one in found.json()["links"] if one["rel"] == "next"]
    assert following["method"] == "POST"
    second = web.post(following["href"], json=following["body"]).json()
    assert ids(second) == ids(web.get(linked(same.json(), "next") or "").json())
    assert len(ids(second)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("not json", "body"),
        ("[]", "body"),
        ('{"foo": 1}', "foo"),
        ('{"filter": 3}', "filter"),
        ('{"filter": "floors >"}', "filter"),
        ('{"filter": {"op": "pg_sleep", "args": [9]}}', "filter"),
        ('{"filter": {"op": "=", "args": [1, 1]}, "filter-lang": "cql2-text"}', "filter-lang"),
        ('{"bbox": [1, 2, 3]}', "bbox"),
        ('{"bbox": {"a": 1}}', "bbox"),
        ('{"limit": "ten"}', "limit"),
        ('{"limit": [1]}', "limit"),
        ('{"limit": 1.5}', "limit"),
        ('{"sortby": [1]}', "sortby"),
        ('{"sortby": ["-nothing"]}', "sortby"),
        ('{"properties": ["nothing"]}', "properties"),
        ('{"skipGeometry": 1}', "skipGeometry"),
    ],
)
def test_a_bad_search_names_its_member(web: TestClient, body: str, field: str) -> None:
    answer = web.post(SEARCH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sortby", "nothing"),
        ("sortby", "floors,-floors"),
        ("sortby", "geometry"),
        ("properties", "code,nothing"),
        ("skipGeometry", "yes"),
        ("zoom-level", "25"),
        ("zoom-level", "-1"),
        ("zoom-level", "x"),
        ("resulttype", "count"),
        ("q", "a,,b"),
        ("q", "x" * 101),
        ("q", ",".join("abcdefghijk")),
        ("filter-lang", "cql3"),
        ("filter-crs", "EPSG:1"),
        ("encoding", "latin1"),
        ("bom", "1"),
        ("id", "x"),
        ("valid_from", "yesterday"),
        ("cursor", "eyJhIjoxfQ"),
    ],
)
def test_bad_parameters_are_named(web: TestClient, name: str, value: str) -> None:
    answer = web.get(ITEMS, params={name: value, **({"f": "csv"} if name in {"bom", "encoding"} else {})})
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == name


def test_a_cursor_of_another_order_is_refused(web: TestClient) -> None:
    url = linked(web.get(ITEMS, params={"limit": "2", "sortby": "floors"}).json(), "next") or ""
    answer = web.get(url.replace("sortby=floors", "sortby=code"))
    assert answer.json()["field"] == "cursor"


def test_asking_again_costs_nothing(web: TestClient) -> None:
    first = web.get(ITEMS, params={"filter": "floors > 3"})
    tag = first.headers["etag"]
    again = web.get(ITEMS, params={"filter": "floors > 3"}, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    for params, accept in (({"filter": "floors > 4"}, "*/*"), ({"filter": "floors > 3"}, "text/html")):
        other = web.get(ITEMS, params=params, headers={"If-None-Match": tag, "Accept": accept})
        assert other.status_code == 200


@pytest.mark.parametrize("form", ["geojsonseq", "csv", "fgb", "gpkg", "parquet", "shp"])
def test_a_file_holds_everything_unless_limited(web: TestClient, form: str) -> None:
    whole = web.get(ADDRESSES, params={"f": form})
    assert whole.status_code == 200, whole.text
    assert 'filename="addresses.' in whole.headers["content-disposition"]
    assert 'rel="next"' not in whole.headers.get("link", "")
    part = web.get(ADDRESSES, params={"f": form, "limit": "10"})
    assert part.headers["ogc-numberreturned"] == "10"
    assert 'rel="next"' in part.headers["link"]
    assert len(part.content) < len(whole.content) or form in {"gpkg", "parquet"}


def test_a_large_page_is_streamed_and_whole(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    small = web.get(ADDRESSES, params={"limit": "20", "sortby": "-number"})
    monkeypatch.setattr("api.routes.items.STREAMED_FROM", 5)
    large = web.get(ADDRESSES, params={"limit": "20", "sortby": "-number"})
    assert large.json()["features"] == small.json()["features"]
    assert large.json()["links"] == small.json()["links"]
    assert {name: large.headers[name] for name in ("content-type", "content-crs", "link", "ogc-numbermatched")} == {
        name: small.headers[name] for name in ("content-type", "content-crs", "link", "ogc-numbermatched")
    }
    last = web.get(linked(large.json(), "next") or "")
    assert len(last.json()["features"]) == 5
    back = web.get(linked(last.json(), "prev") or "")
    assert back.json()["features"] == small.json()["features"]


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_truth_value_may_be_a_digit_as_gdal_writes_it(text: str, value: bool) -> None:
    field = LayerField(name="open", type=FieldType.BOOLEAN, title=Titled(zh="开", en="Open"))
    assert value_of(field, text) is value


def test_the_newest_come_first(web: TestClient, tiny: Tiny) -> None:
    oldest = web.get(ITEMS, params={"sortby": "valid_from", "limit": "1"}).json()
    assert ids(oldest) == [tiny.ended]
    url: str | None = f"{ITEMS}?sortby=-valid_to,-valid_from&limit=2"
    found = []
    while url:
        page = web.get(url).json()
        found += ids(page)
        url = linked(page, "next")
    assert found[0] == tiny.ended  # the only one that has an end; the others have none, and come last
    assert len(found) == len(set(found)) == 6


@pytest.mark.parametrize("q", ["西楼，alert", "西楼、alert", "西楼, alert"])
def test_chinese_commas_part_terms(web: TestClient, tiny: Tiny, q: str) -> None:
    assert ids(web.get(ITEMS, params={"q": q}).json()) == [tiny.west, tiny.evil]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"crs": "EPSG:4548"}, "http://www.opengis.net/def/crs/EPSG/0/4548"),
        ({"bbox-crs": "4490"}, "Write http://www.opengis.net/def/crs/EPSG/0/4490."),
        ({"datetime": "2020/01/01"}, "hyphens"),
        ({"sortby": "floors desc"}, "-floors"),
        ({"f": "csv", "encoding": "gbk"}, "bom=true"),
        ({"bom": "true"}, "f=csv"),
    ],
)
def test_refusals_say_what_would_be_right(web: TestClient, asked: dict[str, str], hint: str) -> None:
    answer = web.get(ITEMS, params=asked)
    assert answer.status_code == 400
    assert hint in answer.json()["detail"]

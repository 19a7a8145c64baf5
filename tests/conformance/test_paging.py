"""Pages: every way through a layer passes every feature once, forward and back, by GET and by POST."""

import json
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from spatial.db.access import Access
from spatial.settings import get_settings
from tests import builders
from tests.conformance.asking import hrefs, ids, items, pages, refused
from tests.conformance.city import LAYERS, PART_1, POINTS, POINTS_COUNT

SORTS = ("", "code", "-code", "kind", "-number", "number_suffix,-number", "-number_suffix", "road_name,-id", "-id")


@pytest.mark.conformance(PART_1 + "core")
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 7, 25])
def test_next_and_prev_lead_through_everything(web: TestClient, sort: str, limit: int) -> None:
    asked = f"limit={limit}" + (f"&sortby={sort}" if sort else "")
    whole = ids(items(web, POINTS, {"limit": 100} | ({"sortby": sort} if sort else {})))
    forward = [*pages(web, f"/collections/{POINTS}/items?{asked}")]
    assert [one for page in forward for one in ids(page)] == whole
    assert not hrefs(forward[0], "prev")
    back = [*pages(web, hrefs(forward[-1], "self")[0], "prev")]
    assert [ids(page) for page in back] == [ids(page) for page in reversed(forward)]
    assert all(page["numberMatched"] == POINTS_COUNT for page in (*forward, *back))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    limit=st.integers(1, 9),
    sort=st.sampled_from(SORTS),
    more=st.sampled_from(
        [
            "",
            "&bbox=117.2035,31.8,117.2185,31.82",
            "&filter=number%20%3E%208",
            "&q=1号",
            "&kind=doorplate",
            "&crs=[EPSG:4548]",
        ]
    ),
)
def test_pages_keep_what_was_asked(web: TestClient, limit: int, sort: str, more: str) -> None:
    asked = more + (f"&sortby={sort}" if sort else "")
    whole = web.get(f"/collections/{POINTS}/items?limit=100{asked}").json()
    walked = [*pages(web, f"/collections/{POINTS}/items?limit={limit}{asked}")]
    assert [one for page in walked for one in page["features"]] == whole["features"]
    assert all(len(page["features"]) == limit for page in walked[:-1])


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("form", ["json", "jsonfg"])
def test_links_of_pages_keep_the_format(web: TestClient, layer: str, form: str) -> None:
    types = {"json": "application/geo+json", "jsonfg": "application/fg+json"}
    [url] = hrefs(items(web, layer, {"limit": 1, "f": form}), "next")
    answer = web.get(url, headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == types[form]
    assert f'<{hrefs(answer.json(), "prev")[0]}>; rel="prev"' in answer.headers["link"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"limit": 3},
        {"limit": 3, "sortby": ["-number", "code"]},
        {"limit": 3, "filter": {"op": ">", "args": [{"property": "number"}, 4]}},
        {"limit": 3, "bbox": [117.2035, 31.8, 117.2185, 31.82], "datetime": "2999-01-01"},
        {"limit": 3, "properties": ["code", "number"], "skipGeometry": True},
        {"limit": 3, "q": ["1号"], "crs": "[EPSG:4548]", "zoom-level": 12},
        {"resulttype": "hits", "filter": {"op": ">", "args": [{"property": "number"}, 4]}},
        {"limit": 3, "offset": 4},
    ],
)
def test_a_search_answers_as_items_do(web: TestClient, asked: dict[str, Any]) -> None:
    """The same question as a body: the same features, the same counts, pages all the way and back."""
    flat = {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value).lower() if value is True else value
        for name, value in asked.items()
    }
    if isinstance(asked.get("filter"), dict):
        flat |= {"filter": json.dumps(asked["filter"]), "filter-lang": "cql2-json"}
    by_get = web.get(f"/collections/{POINTS}/items", params=flat)
    by_post = web.post(f"/collections/{POINTS}/search", json=asked)
    assert by_post.status_code == 200, by_post.text
    for name in ("features", "numberMatched", "numberReturned"):
        assert by_post.json()[name] == by_get.json()[name]
    for header in ("content-type", "content-crs", "ogc-numbermatched", "ogc-numberreturned"):
        assert by_post.headers[header] == by_get.headers[header]
    url = hrefs(by_get.json(), "next")
    following = [one for one in by_post.json()["links"] if one["rel"] == "next"]
    assert len(url) == len(following)
    while url:
        page = web.get(url[0]).json()
        [link] = following
        posted = web.request(link["method"], link["href"], json=link["body"]).json()
        assert posted["features"] == page["features"]
        url, following = hrefs(page, "next"), [one for one in posted["links"] if one["rel"] == "next"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ("x", "body"),
        ({"unknown": 1}, "unknown"),
        ({"f": "json"}, "f"),
        ({"limit": "ten"}, "limit"),
        ({"limit": [1]}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"limit": True}, "limit"),
        ({"bbox": "1,2"}, "bbox"),
        ({"bbox": [1, 2, 3]}, "bbox"),
        ({"bbox": [1, 2, 3, None]}, "bbox"),
        ({"filter": 3}, "filter"),
        ({"filter": ["x"]}, "filter"),
        ({"sortby": [1]}, "sortby"),
        ({"sortby": {"a": 1}}, "sortby"),
        ({"sortby": [["code"]]}, "sortby"),
        ({"sortby": ["code,kind"]}, "sortby"),
        ({"properties": [None]}, "properties"),
        ({"q": [""]}, "q"),
        ({"q": [{}]}, "q"),
        ({"crs": 4490}, "crs"),
        ({"datetime": 2020}, "datetime"),
        ({"cursor": {}}, "cursor"),
        ({"number": "six"}, "number"),
        ({"number": [6]}, "number"),
        ({"skipGeometry": "yes"}, "skipGeometry"),
        ({"filter-lang": "cql2-text", "filter": {"op": "=", "args": [1, 1]}}, "filter-lang"),
    ],
)
def test_a_search_that_is_wrong_is_told_why(web: TestClient, body: Any, field: str) -> None:
    answer = web.post(f"/collections/{POINTS}/search", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"limit": NaN}', b'{"limit": 1}x', b"null", b"\x00"])
def test_a_body_that_is_no_json(web: TestClient, text: bytes) -> None:
    answer = web.post(f"/collections/{POINTS}/search", content=text, headers={"Content-Type": "application/json"})
    if text == b"":
        # Nothing said is nothing asked.
        assert answer.json()["numberMatched"] == POINTS_COUNT
    else:
        assert (answer.status_code, answer.json()["field"]) == (400, "body")


@pytest.mark.parametrize("layer", LAYERS)
def test_hits_count_exactly_and_bring_nothing(web: TestClient, layer: str) -> None:
    whole = items(web, layer, {"limit": 100})
    for form in ("json", "jsonfg"):
        hits = items(web, layer, {"resulttype": "hits", "limit": 1, "f": form})
        assert (hits["features"], hits["numberReturned"]) == ([], 0)
        assert hits["numberMatched"] == len(whole["features"])
        assert not hrefs(hits, "next")


@pytest.mark.parametrize("offset", ["-1", "x", "1.5", "", "100001", "9" * 30])
def test_an_offset_that_cannot_be(web: TestClient, offset: str) -> None:
    refused(web, f"/collections/{POINTS}/items", {"offset": offset}, "offset")


def test_pages_are_stable_under_writes(empty_city: Access) -> None:
    """Rows that come and go between two pages shift nothing: what stays is seen once, in every order."""
    with psycopg.connect(empty_city.owner_url, autocommit=True) as conn:
        for number in range(20):
            builders.add_address(conn, f"S{number:02}", 117.2, 31.8, number=number % 4)
        builders.refresh(conn)
        with TestClient(create_app(get_settings(), empty_city)) as web:
            for sort in ("", "&sortby=-number", "&sortby=number,-code"):
                stays = {f"S{number:02}" for number in range(20)}
                seen: list[str] = []
                for turn, page in enumerate(pages(web, f"/collections/{POINTS}/items?limit=3{sort}")):
                    seen += [one["properties"]["code"] for one in page["features"]]
                    # One more before and behind the place, and one that was read goes.
                    builders.add_address(conn, f"T{sort}{turn}", 117.2, 31.8, number=turn % 4)
                    conn.execute("DELETE FROM city.address WHERE code = %s", [f"T{sort}{turn - 1}"])
                assert len(set(seen)) == len(seen)
                assert stays <= {*seen}
                conn.execute("DELETE FROM city.address WHERE code LIKE 'T%%'", [])


def test_counts_are_exact_up_to_the_cap(empty_city: Access) -> None:
    """To 10,000 matches the number is told; beyond, it is left out, never guessed; asked for, it is exact."""
    with psycopg.connect(empty_city.owner_url) as conn:
        conn.execute(
            "INSERT INTO city.address (code, kind, full_text, label, road_name, number, region_code, geom)"
            " SELECT 'N' || n, 'doorplate', '长江中路', n || '号', '长江中路', n, '340103006001',"
            " ST_SetSRID(ST_MakePoint(117.2 + n / 1e6, 31.8), 4490) FROM generate_series(1, 10002) n"
        )
        builders.refresh(conn)
    path = f"/collections/{POINTS}/items"
    with TestClient(create_app(get_settings(), empty_city)) as web:
        assert web.get(path).json()["numberMatched"] == 10_002
        for most, told in ((9_999, 9_999), (10_000, 10_000), (10_001, None)):
            asked = {"filter": f"number <= {most}", "limit": "5"}
            answer = web.get(path, params=asked)
            assert answer.json().get("numberMatched") == told
            assert answer.headers.get("ogc-numbermatched") == (None if told is None else str(told))
            assert hrefs(answer.json(), "next")
            hits = web.get(path, params={**asked, "resulttype": "hits"})
            assert hits.json()["numberMatched"] == most
        whole = web.get(path, params={"limit": 10_000}).json()
        assert (whole["numberReturned"], len(whole["features"])) == (10_000, 10_000)
        [url] = hrefs(whole, "next")
        assert [one["properties"]["number"] for one in web.get(url).json()["features"]] == [10_001, 10_002]

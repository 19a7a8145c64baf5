"""What RFC 9110 asks of a server, for every layer: negotiation, caching, other origins."""

import re
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from spatial.db.access import Access
from spatial.settings import get_settings
from tests import builders
from tests.conformance.asking import check_problem, items
from tests.conformance.city import EPSG, LAYERS, PART_1

ITEMS = "/collections/buildings/items"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
FORMATS = {
    "json": "application/geo+json",
    "geojson": "application/geo+json",
    "jsonfg": "application/fg+json",
    "geojsonseq": "application/geo+json-seq",
    "csv": "text/csv",
    "fgb": "application/flatgeobuf",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "shp": "application/zip",
    "html": "text/html",
}


def type_of(answer: Any) -> str:
    """Return the media type of an answer without its parameters."""
    return str(answer.headers["content-type"].split(";")[0])


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("form", [*FORMATS])
def test_f_chooses_the_format_whatever_is_accepted(web: TestClient, layer: str, form: str) -> None:
    for accept in ("*/*", "image/png", BROWSER, FORMATS[form]):
        answer = web.get(f"/collections/{layer}/items", params={"f": form}, headers={"Accept": accept})
        assert (answer.status_code, type_of(answer)) == (200, FORMATS[form])


@pytest.mark.conformance(PART_1 + "geojson", PART_1 + "html")
@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", "json"),
        ("application/*", "json"),
        ("application/json", "json"),
        ("application/geo+json", "json"),
        ("APPLICATION/GEO+JSON", "json"),
        ("application/geo+json;q=0.5, text/html;q=0.9", "html"),
        ("text/html;q=0.5, application/json;q=0.9", "json"),
        ("application/json;q=0, text/html", "html"),
        (BROWSER, "html"),
        ("text/*", "html"),
        ("application/fg+json", "jsonfg"),
        ("application/fg+json;q=0.9, application/geo+json;q=0.8", "jsonfg"),
        ("application/geo+json-seq", "geojsonseq"),
        ("text/csv", "csv"),
        ("application/flatgeobuf", "fgb"),
        ("application/flatgeobuf, application/geo+json;q=0.9, */*;q=0.1", "fgb"),
        ("application/geopackage+sqlite3", "gpkg"),
        ("application/vnd.apache.parquet", "parquet"),
        ("image/png, */*;q=0.1", "json"),
        (" application/geo+json ; charset=utf-8 , text/html;q=0.3", "json"),
    ],
)
def test_accept_chooses_the_format(web: TestClient, accept: str, chosen: str) -> None:
    answer = web.get(ITEMS, headers={"Accept": accept})
    assert (answer.status_code, type_of(answer)) == (200, FORMATS[chosen])
    assert "accept" in {one.strip().lower() for one in answer.headers["vary"].split(",")}


def test_a_type_that_is_refused_is_not_given(web: TestClient) -> None:
    """``q=0`` means: not this (RFC 9110, 12.4.2), however wide the rest is."""
    for accept in ("application/geo+json;q=0, */*", "*/*;q=0.5, application/json;q=0, application/geo+json;q=0"):
        answer = web.get(ITEMS, headers={"Accept": accept})
        assert answer.status_code == 200
        assert type_of(answer) != "application/geo+json", accept


@pytest.mark.parametrize(
    "accept", ["image/png", "application/xml", "*/*;q=0", "application/json;q=0", "nonsense", "*/*;q=nan", "*/*;q="]
)
@pytest.mark.parametrize("path", [ITEMS, ITEMS + "/1", "/", "/collections", "/collections/buildings/queryables"])
def test_what_cannot_be_given_is_406(web: TestClient, path: str, accept: str) -> None:
    answer = web.get(path, headers={"Accept": accept})
    check_problem(answer, 406)


@pytest.mark.parametrize("path", [ITEMS, ITEMS + "?f=html", ITEMS + "?f=jsonfg", ITEMS + "/1", "/", "/collections"])
def test_an_answer_that_the_client_has_is_304(web: TestClient, path: str) -> None:
    answer = web.get(path)
    tag = answer.headers.get("etag")
    if tag is None:
        assert not path.startswith("/collections/buildings/items"), "features have a tag"
        return
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = web.get(path, headers={"If-None-Match": known})
        assert again.status_code == 304, known
        assert again.content == b""
        assert again.headers["etag"] == tag
        assert {one.strip() for one in answer.headers["vary"].split(",")} - {"Accept-Encoding"} <= {
            one.strip() for one in again.headers["vary"].split(",")
        }
    assert web.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_question_has_a_tag_of_its_own(web: TestClient) -> None:
    asked = [
        {},
        {"f": "jsonfg"},
        {"f": "html"},
        {"crs": EPSG + "4490"},
        {"crs": EPSG + "4548"},
        {"limit": "1"},
        {"bbox": "117,31,118,32"},
        {"filter": "floors > 3"},
        {"sortby": "-floors"},
        {"resulttype": "hits"},
        {"lang": "en", "f": "html"},
    ]
    tags = [web.get(ITEMS, params=one).headers["etag"] for one in asked]
    assert len(set(tags)) == len(tags)
    by_accept = {web.get(ITEMS, headers={"Accept": one}).headers["etag"] for one in ("*/*", "text/html", "text/csv")}
    assert len(by_accept) == 3


def test_a_tag_changes_with_the_data(empty_city: Access) -> None:
    """A writer changes a layer; whoever had its features gets the new ones, and of other layers nothing."""
    with psycopg.connect(empty_city.owner_url) as conn:
        builders.add_square(conn, 117.2, 31.8)
        builders.refresh(conn)
    with TestClient(create_app(get_settings(), empty_city)) as web:
        before = {path: web.get(path).headers["etag"] for path in (ITEMS, "/collections/roads/items")}
        with psycopg.connect(empty_city.owner_url) as conn:
            builders.add_square(conn, 117.3, 31.8)
            builders.refresh(conn, ["buildings"])
        deadline = 200
        while items(web, "buildings")["numberMatched"] == 1 and deadline:
            deadline -= 1
            web.get("/health")
        for _ in range(100):
            if web.get(ITEMS, headers={"If-None-Match": before[ITEMS]}).status_code == 200:
                break
        else:
            raise AssertionError("the old tag still holds")
        unchanged = "/collections/roads/items"
        assert web.get(unchanged, headers={"If-None-Match": before[unchanged]}).status_code == 304


@pytest.mark.parametrize(
    "path", ["/", "/api", "/collections", ITEMS, ITEMS + "/1", "/collections/nothing", "/functions"]
)
def test_pages_of_other_origins_may_read_everything(web: TestClient, path: str) -> None:
    answer = web.get(path, headers={"Origin": "https://map.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = {one.strip().lower() for one in answer.headers["access-control-expose-headers"].split(",")}
    assert {"link", "content-crs", "ogc-numbermatched", "ogc-numberreturned", "etag"} <= exposed


@pytest.mark.parametrize(("path", "method"), [(ITEMS, "GET"), ("/collections/buildings/search", "POST"), ("/", "GET")])
def test_pages_of_other_origins_may_ask_before(web: TestClient, path: str, method: str) -> None:
    headers = {
        "Origin": "https://map.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }
    answer = web.options(path, headers=headers)
    assert answer.status_code in {200, 204}
    assert answer.headers["access-control-allow-origin"] == "*"
    assert method in answer.headers["access-control-allow-methods"]


def test_options_of_a_search(web: TestClient) -> None:
    answer = web.options("/collections/buildings/search")
    assert {one.strip() for one in answer.headers["allow"].split(",")} == {"OPTIONS", "POST"}
    check_problem(web.get("/collections/buildings/search"), 405)


@pytest.mark.parametrize("layer", LAYERS)
def test_an_answer_tells_no_insides(web: TestClient, layer: str) -> None:
    """Neither tables nor columns nor the language of the server stand in what is refused."""
    for params in ({"filter": "nothing = 1"}, {"sortby": "x"}, {"bbox": "x"}, {"cursor": "x"}, {"unknown": "1"}):
        text = web.get(f"/collections/{layer}/items", params=params).text
        assert not re.search(r"SELECT|psycopg|asyncpg|Traceback|\.py\b|city\.|imported\.|geom_web|postgres", text)

"""Pages: both languages, everything escaped, nothing from outside, and the files that they need."""

import re
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from api.negotiation import language_of
from api.printed import crs_name, local_time, shapes, unit_sign
from tests.api.conftest import EVIL, Tiny

PAGES = [
    "/",
    "/conformance",
    "/api",
    "/collections",
    "/collections/roads",
    "/collections/roads/queryables",
    "/collections/roads/items",
    "/collections/roads/items/1",
    "/collections/regions_legal/items?limit=3",
    "/collections/roads/tiles",
    "/tiles",
    "/tiles/WebMercatorQuad",
    "/tileMatrixSets",
    "/tileMatrixSets/WebMercatorQuad",
    "/styles",
    "/map",
]
HTML = {"Accept": "text/html"}


def loaded(page: str) -> list[str]:
    """Return every address that a browser would fetch for a page by itself."""
    return re.findall(r'(?:src|srcset|poster)="([^"]*)"', page) + re.findall(r'<link[^>]*href="([^"]*)"', page)


def request(*, query: str = "", accept_language: str | None = None) -> Request:
    headers = [(b"accept-language", accept_language.encode())] if accept_language else []
    scope: dict[str, Any] = {"type": "http", "path": "/", "query_string": query.encode(), "headers": headers}
    return Request(scope | {"app": SimpleNamespace(state=SimpleNamespace())})


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", None, "zh"),
        ("", "*", "zh"),
        ("", "fr,de;q=0.5", "zh"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "en;q=0.8,zh-CN;q=0.9", "zh"),
        ("", "zh;q=0.1,en;q=0.2", "en"),
        ("", "en;q=nonsense", "zh"),
        ("lang=en", "zh-CN", "en"),
        ("lang=zh-CN", "en", "zh"),
        ("lang=xx", "en", "en"),
    ],
)
def test_the_language_is_the_asked_one_then_the_browsers_then_chinese(
    query: str, accepted: str | None, language: str
) -> None:
    assert language_of(request(query=query, accept_language=accepted)) == language


def test_small_words() -> None:
    assert [unit_sign(unit) for unit in ("m2", "mm", None)] == ["m²", "mm", ""]
    assert local_time("2026-11-22T16:00:00Z") == "2026-11-23 00:00:00"
    assert local_time("2026-11-22") == "2026-11-22"
    assert crs_name("http://www.opengis.net/def/crs/OGC/1.3/CRS84") == "OGC:CRS84"
    assert crs_name("nonsense") == "nonsense"
    kept = shapes([{"type": "Feature", "properties": {"secret": 1}, "geometry": None}])
    assert kept["features"] == [{"type": "Feature", "properties": {}, "geometry": None}]


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize(("language", "tag", "word"), [("zh", "zh-CN", "数据集"), ("en", "en", "Collections")])
def test_a_page_speaks_the_language_and_fetches_nothing_from_outside(
    client: httpx.Client, url: str, language: str, tag: str, word: str
) -> None:
    answer = client.get(url, params={"lang": language}, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    assert f'<html lang="{tag}">' in page
    assert word in page
    assert all(address.startswith("/assets/") for address in loaded(page)), loaded(page)
    for address in set(loaded(page)):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("url", PAGES)
def test_a_page_runs_nothing_inline_and_says_so_to_the_browser(client: httpx.Client, url: str) -> None:
    answer = client.get(url, headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert {"Accept", "Accept-Language"} <= {one.strip() for one in answer.headers["vary"].split(",")}
    assert not re.search(r'<style|\sstyle="|\son[a-z]+="', answer.text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.text)


def test_stored_markup_stays_text(web: TestClient, tiny: Tiny) -> None:
    for url in (f"/collections/buildings/items/{tiny.evil}", "/collections/buildings/items?limit=10"):
        page = web.get(url, headers=HTML).text
        assert EVIL not in page
        assert "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_asked_markup_stays_text(web: TestClient) -> None:
    for url in (
        f"/collections/buildings/items?name={EVIL}",
        f"/collections/buildings/items?{EVIL}=1",
        f"/{EVIL}",
        f"/collections/{EVIL}/items",
    ):
        page = web.get(url, headers=HTML).text
        assert "<html" in page
        assert "<script>alert" not in page


def test_an_item_shows_titles_units_and_meanings(web: TestClient, tiny: Tiny) -> None:
    page = web.get(f"/collections/buildings/items/{tiny.east}", headers=HTML).text
    assert "地上层数" in page
    assert "99.5" in page
    assert re.search(r"99\.5</span>\s*<span class=\"muted\">m</span>", page)
    english = web.get(f"/collections/buildings/items/{tiny.middle}?lang=en", headers=HTML).text
    assert "Floors above ground" in english
    assert "Office" in english


def test_the_next_page_keeps_the_filter_and_the_language(client: httpx.Client) -> None:
    url = "/collections/addresses/items?kind=doorplate&limit=10&lang=en"
    first = client.get(url, headers=HTML).text
    following = re.search(r'rel="next" href="([^"]*)"', first)
    assert following
    address = following[1].replace("&amp;", "&")
    assert "kind=doorplate" in address
    assert "lang=en" in address
    second = client.get("/collections/addresses/items" + address, headers=HTML)
    assert second.status_code == 200
    assert "<h1>Standard addresses" in second.text
    assert re.findall(r"items/(\d+)", first) != re.findall(r"items/(\d+)", second.text)


def test_a_filter_form_shows_what_was_asked(client: httpx.Client) -> None:
    page = client.get("/collections/addresses/items?kind=doorplate&bbox=117,31,118,32", headers=HTML).text
    assert '<option value="doorplate" selected>门牌</option>' in page
    assert 'value="117,31,118,32"' in page


def test_a_list_is_drawn_in_every_system_and_an_item_says_why_not(client: httpx.Client) -> None:
    metric = {"crs": "http://www.opengis.net/def/crs/EPSG/0/4548"}
    url = "/collections/roads/items"
    plain, chosen = (client.get(url, params=query, headers=HTML).text for query in ({}, metric))
    drawn = [re.search(r'id="shapes">(.*?)</script>', page, re.DOTALL) for page in (plain, chosen)]
    assert drawn[0]
    assert drawn[1]
    assert drawn[0][1] == drawn[1][1]
    assert '"coordinates": [[[117.' in drawn[0][1] or '"coordinates": [[117.' in drawn[0][1]
    item = client.get(f"{url}/1", params=metric, headers=HTML).text
    assert 'id="shapes"' not in item
    assert re.search(r"故不绘图：<code>EPSG:4548</code> <a href=\"\?\">以经纬度显示", item)


def test_tabs_of_problems_speak_the_language(client: httpx.Client) -> None:
    for language, title in (("zh", "请求有误 · 时空"), ("en", "Bad Request · Shikong")):
        page = client.get("/collections", params={"nix": "1", "lang": language}, headers=HTML).text
        assert f"<title>{title}</title>" in page


@pytest.mark.parametrize(
    ("url", "status", "word"),
    [
        ("/nothing", 404, "数据集列表"),
        ("/collections/nothing", 404, "数据集列表"),
        ("/collections?nix=1", 400, "接口说明"),
    ],
)
def test_a_failure_says_what_to_do_next(client: httpx.Client, url: str, status: int, word: str) -> None:
    answer = client.get(url, headers=HTML)
    assert answer.status_code == status
    assert word in answer.text
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("/assets/site.css", "text/css; charset=utf-8"),
        ("/assets/map/main.js", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
        ("/assets/maplibre/maplibre-gl.mjs", "text/javascript; charset=utf-8"),
        ("/assets/maplibre/maplibre-gl-worker.mjs", "text/javascript; charset=utf-8"),
        ("/assets/maplibre/maplibre-gl.css", "text/css; charset=utf-8"),
    ],
)
def test_files_are_typed_and_asked_for_only_when_changed(client: httpx.Client, url: str, media_type: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"]
    again = client.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert not again.content


@pytest.mark.parametrize(
    "url",
    [
        "/assets/",
        "/assets/map",
        "/assets/package.json",
        "/assets/../html.py",
        "/assets/%2e%2e/html.py",
        "/assets/..%2f..%2fpyproject.toml",
        "/assets/map/..%2f..%2f..%2fpyproject.toml",
        "/assets/maplibre/..%2fpackage.json",
        "/assets/maplibre/%2e%2e/LICENSE.txt",
        "/assets/%00.js",
        "/assets/nothing.js",
    ],
)
def test_nothing_else_leaves_the_house(client: httpx.Client, url: str) -> None:
    # httpx would tidy the dots away before it asks.
    answer = client.send(client.build_request("GET", "/", extensions={"target": url.encode()}))
    assert answer.status_code == 404

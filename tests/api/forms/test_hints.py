"""What the page says where nothing matches."""

import html
import re
from urllib.parse import parse_qs

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import EVIL

HTML = {"Accept": "text/html"}
ITEMS = "/collections/buildings/items"


def hints_of(page: str) -> list[tuple[str, str, str]]:
    """Return text, address and text of the link of each piece of advice."""
    part = page.partition('<ul class="hints">')[2].partition("</ul>")[0]
    found = re.findall(r'<li>(.*?)(?: <a href="([^"]*)">(.*?)</a>)?</li>', part)
    return [(html.unescape(text), html.unescape(href), link) for text, href, link in found]


@pytest.mark.parametrize(
    "query",
    [
        {"use": "住宅"},
        {"filter": "use = '住宅'"},
        {"filter": "use IN ('住宅')"},
        {"filter": "use LIKE '%住宅%' AND floors > 5"},
        {"filter": "floors > 0 AND ((use = '住宅' AND height_m IS NULL) OR use IN ('住宅') OR floors > 90)"},
        {"filter": '{"op":"=","args":[{"property":"use"},"住宅"]}', "filter-lang": "cql2-json"},
    ],
    ids=["plain", "equal", "in", "like", "inside", "json"],
)
@pytest.mark.parametrize("more", [{}, {"resulttype": "hits"}], ids=["rows", "hits"])
def test_a_title_is_answered_with_its_code(web: TestClient, query: dict[str, str], more: dict[str, str]) -> None:
    page = web.get(ITEMS, params=query | more, headers=HTML).text
    [(text, href, link)] = hints_of(page)
    assert text == "“住宅”是名称，用途的编码是 residential。"
    assert link == "改用 residential"
    assert "filter-lang" not in href
    assert "resulttype" not in href
    mended = web.get(ITEMS + href, headers={"Accept": "application/geo+json"}).json()
    assert mended["features"]
    assert {one["properties"]["use"] for one in mended["features"]} == {"residential"}


@pytest.mark.parametrize(
    ("query", "text", "link", "changes"),
    [
        ({"use": "Office"}, "用途（use）没有编码“Office”。", "改用 office", {"use": ["office"]}),
        ({"q": "西楼 东楼"}, "“西楼 东楼”连同空格作为一个词来找。", "任一词即可", {"q": ["西楼,东楼"]}),
        ({"q": "办公"}, "“办公”是用途的一种，文字搜索不查编码。", "按用途筛选", {"use": ["office"]}),
        ({"bbox": "1,2,3,4", "limit": "50"}, "范围在本图层之外", "去掉范围", {"limit": ["50"]}),
        ({"q": "无", "use": "office"}, "", "去掉“搜索文字”", {"use": ["office"]}),
    ],
    ids=["case", "space", "code", "box", "several"],
)
def test_nothing_found_comes_with_advice(
    web: TestClient, query: dict[str, str], text: str, link: str, changes: dict[str, list[str]]
) -> None:
    page = web.get(ITEMS, params=query, headers=HTML).text
    told = hints_of(page)[0]
    assert told[0].startswith(text)
    assert told[2] == link
    assert parse_qs(told[1][1:]) == changes
    assert web.get(ITEMS + told[1]).json()["features"]


def test_an_unknown_code_is_answered_with_the_known_ones(web: TestClient) -> None:
    [(text, href, _)] = hints_of(web.get(f"{ITEMS}?use=castle", headers=HTML).text)
    assert text.startswith("用途（use）没有编码“castle”。编码有 ")
    assert "office（办公）" in text
    assert href == ""
    assert hints_of(web.get(f"{ITEMS}?use=office", headers=HTML).text) == []


def test_markup_in_advice_stays_text(web: TestClient) -> None:
    for query in ({"use": EVIL}, {"filter": f"use = '{EVIL}'"}, {"q": f"{EVIL} x"}):
        page = web.get(ITEMS, params=query, headers=HTML).text
        assert hints_of(page)
        assert "<script>alert" not in page

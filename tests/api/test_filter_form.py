"""The filter form as the server writes it: what was asked, what QGIS would send, command lines, files."""

import html
import json
import re
import shlex
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.testclient import TestClient

from api.forms.items import WORDS
from data.catalogue.read import read_layers
from spatial.crs import OFFERED
from spatial.export.types import FORMATS
from tests.api.conftest import EVIL, Tiny

HTML = {"Accept": "text/html"}
ITEMS = "/collections/buildings/items"
LAYERS = {layer.id: layer for layer in read_layers()}


def form_data(page: str) -> dict[str, Any]:
    """Return what a page gives to its script."""
    found = re.search(r'<script type="application/json" id="form-data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def shown(page: str, name: str) -> str:
    """Return the text of a block that can be copied."""
    found = re.search(rf'<pre[^>]* id="{name}">(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


# The page


def test_the_page_says_the_whole_condition(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?use=office&floors=6&filter=height_m+IS+NULL+OR+height_m<50", headers=HTML).text
    assert shown(page, "cql2") == "(use = 'office') AND (floors = 6) AND ((height_m IS NULL) OR (height_m < 50))"
    data = form_data(page)
    assert data["rows"] is None
    assert data["text"] == shown(page, "cql2")
    fields = {one["name"]: one for one in data["fields"]}
    assert fields["height_m"]["unit"] == "m"
    assert ["office", "办公"] in fields["use"]["choices"]


def test_what_qgis_would_send_gives_the_same_features(web: TestClient, tiny: Tiny) -> None:
    query = {"use": "office", "bbox": "117.2,31.7,117.3,31.9", "filter": "floors > 3"}
    page = web.get(ITEMS, params=query, headers=HTML).text
    request = shown(page, "qgis")
    assert request.startswith("GET http://testserver/collections/buildings/items?limit=1000&filter=((use%20%3D%20")
    assert "&bbox=31.7,117.2,31.9,117.3&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4490&crs=" in request
    answer = web.get(request.removeprefix("GET http://testserver")).json()
    assert [one["id"] for one in answer["features"]] == [tiny.middle]
    assert answer["features"][0]["geometry"]["coordinates"][0][0][0] == pytest.approx(31.8, abs=0.01)


@pytest.mark.parametrize("uri", [uri for uri in OFFERED if not uri.endswith("CRS84h")])
def test_qgis_asks_for_the_same_box_in_every_system(web: TestClient, tiny: Tiny, uri: str) -> None:
    page = web.get(ITEMS, params={"crs": uri, "bbox": "117.205,31.795,117.215,31.805"}, headers=HTML).text
    answer = web.get(shown(page, "qgis").removeprefix("GET http://testserver")).json()
    assert [one["id"] for one in answer["features"]] == [tiny.middle]


def test_the_page_says_what_qgis_never_sends(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?q=西&sortby=-floors&filter=S_TOUCHES(geometry,POINT(117.2 31.8))", headers=HTML).text
    assert "<code>q, sortby</code>" in page
    assert "由它在取得要素后自行检查" in page


def test_command_lines_fetch_what_the_page_shows(client: httpx.Client, tmp_path: Path) -> None:
    query = {"use": "residential", "filter": "floors >= 6 AND name <> 'it''s'", "sortby": "-floors", "limit": "10"}
    for curl_query in (query, {"use": "residential", "limit": "10"}):
        page = client.get(ITEMS, params=curl_query, headers=HTML).text
        ids = re.findall(r'<th scope="row"><a href="[^"]*/items/(\d+)"', page)
        assert ids or "filter" in curl_query
        curl = shlex.split(shown(page, "curl"))
        assert curl[0] == "curl"
        answer = client.get(curl[-1]).json()
        assert [str(one["id"]) for one in answer["features"]] == ids
    if shutil.which("ogr2ogr") is None:
        pytest.skip("ogr2ogr is not installed (apt install gdal-bin)")
    line = shlex.split(shown(page, "ogr2ogr"))
    subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    told = subprocess.run(
        ["ogrinfo", "-so", "buildings.gpkg", "buildings"], cwd=tmp_path, check=True, capture_output=True, timeout=60
    )
    matched = client.get(ITEMS, params={"use": "residential", "resulttype": "hits"}).json()["numberMatched"]
    assert f"Feature Count: {matched}\n" in told.stdout.decode()


def test_files_of_the_selection_are_linked_and_come(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?use=residential&name=&limit=10&lang=en", headers=HTML).text
    part = page.partition('class="files"')[2].partition("</ul>")[0]
    links = [html.unescape(one) for one in re.findall(r'href="([^"]*)"', part)]
    asked = [parse_qs(link[1:]) for link in links]
    assert all(one["use"] == ["residential"] and "name" not in one for one in asked)
    assert {one["f"][0] for one in asked} == {*FORMATS, "json"} - {"geojson"}
    assert {"encoding": ["gbk"], "bom": ["true"]}.items() <= {k: v for one in asked for k, v in one.items()}.items()
    for link in links:
        assert web.get(ITEMS + link).status_code == 200, link


def test_files_come_in_the_chosen_system(web: TestClient) -> None:
    metric = "http://www.opengis.net/def/crs/EPSG/0/4548"
    page = web.get(ITEMS, params={"crs": metric, "offset": "0"}, headers=HTML).text
    link = re.search(r'href="(\?[^"]*f=csv[^"]*)"', page)
    assert link
    asked = parse_qs(html.unescape(link[1])[1:])
    assert asked["crs"] == [metric]
    assert "offset" not in asked
    assert re.search(r"\(\(?\(?5\d{5}", web.get(ITEMS + html.unescape(link[1])).text)
    assert shown(page, "ogr2ogr").endswith("-nln buildings -t_srs EPSG:4548")


def test_a_typed_filter_stays_as_it_was_typed(web: TestClient) -> None:
    typed = "floors>3  and not use='office'"
    page = web.get(ITEMS, params={"filter": typed}, headers=HTML).text
    assert form_data(page)["text"] == typed
    written = web.get(
        ITEMS, params={"filter": '{"op":">","args":[{"property":"floors"},3]}', "filter-lang": "cql2-json"}
    )
    assert written.status_code == 200
    page = web.get(f"{ITEMS}?{written.url.query.decode()}", headers=HTML).text
    assert form_data(page)["text"] == "floors > 3"
    assert form_data(page)["rows"] == [["floors", "gt", ["3"]]]


@pytest.mark.parametrize("layer_id", sorted(LAYERS))
def test_the_example_of_a_filter_is_one(web: TestClient, layer_id: str) -> None:
    page = web.get(f"/collections/{layer_id}/items", headers=HTML).text
    example = re.search(r'<code class="example">(.*?)</code>', page)
    assert example
    assert web.get(f"/collections/{layer_id}/items", params={"filter": html.unescape(example[1])}).status_code == 200


def test_the_number_that_will_come_is_told(web: TestClient) -> None:
    told = re.search(r'<h2 id="downloads">[^<]*<span class="count">([\d,]+)', web.get(ITEMS, headers=HTML).text)
    assert told
    assert int(told[1]) == web.get(f"{ITEMS}?resulttype=hits").json()["numberMatched"]


def test_an_exact_count_is_a_number_and_a_way_back(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?use=office&resulttype=hits", headers=HTML).text
    assert re.search(r'精确计数）：<b class="numbers">1</b> <a href="\?use=office">', page)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("filter=floors+>", "filter"),
        ("filter=nothing=1", "filter"),
        ("floors=many", "floors"),
        ("bbox=1,2,3", "bbox"),
        ("datetime=yesterday", "datetime"),
        ("crs=EPSG:4490", "crs"),
        ("sortby=nothing", "sortby"),
        ("properties=nothing", "properties"),
        ("limit=none", "limit"),
        ("q=,", "q"),
        ("resulttype=all", "resulttype"),
    ],
)
def test_every_refusal_comes_with_the_form_as_it_was_sent(web: TestClient, query: str, field: str) -> None:
    answer = web.get(f"{ITEMS}?{query}&lang=zh&name=西楼", headers=HTML)
    assert answer.status_code == 400
    assert f"<b>参数 {field}（" in answer.text
    assert 'role="alert"' in answer.text
    assert re.search(rf'<(?:input|select|textarea)[^>]* name="{field}"[^>]* aria-invalid="true"', answer.text)
    sent = html.escape(query.partition("=")[2].replace("+", " "))
    assert sent in answer.text
    assert 'name="name" value="西楼"' in answer.text
    rows = form_data(answer.text)["rows"]
    assert rows is None or ["name", "eq", ["西楼"]] in rows
    assert form_data(answer.text)["rows"] is not None or field == "filter"


def test_a_refusal_elsewhere_has_no_form(web: TestClient) -> None:
    for url in ("/collections?nix=1", f"{ITEMS}/1?nix=1", "/collections/nothing/items?floors=x"):
        page = web.get(url, headers=HTML).text
        assert 'role="alert"' in page
        assert "<form" not in page


@pytest.mark.parametrize("name", sorted(WORDS - {"f", "lang", "bom", "encoding"} | {"use", "name", "floors", "code"}))
def test_markup_in_any_parameter_stays_text(web: TestClient, name: str) -> None:
    for value in (EVIL, f"\"'><img src=x onerror=alert(1)>{EVIL}", "name = '</script><script>alert(1)</script>'"):
        page = web.get(ITEMS, params={name: value}, headers=HTML).text
        assert "<html" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        form_data(page)
        if name not in {"cursor", "offset", "resulttype"}:
            assert html.escape(value) in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def test_links_drop_what_was_left_empty(web: TestClient) -> None:
    page = web.get("/collections/addresses/items?kind=&q=&bbox=&crs=&limit=10&lang=en", headers=HTML).text
    following = re.search(r'rel="next" href="([^"]*)"', page)
    assert following
    assert set(parse_qs(html.unescape(following[1])[1:], keep_blank_values=True)) == {"limit", "cursor", "lang"}
    assert 'id="shapes"' in page


def test_headings_sort_and_turn_round(web: TestClient) -> None:
    up = web.get(f"{ITEMS}?sortby=%2Bfloors&use=residential&cursor=", headers=HTML).text
    assert re.search(r'<th scope="col" title="floors" aria-sort="ascending"><a class="sort" href="([^"]*)"', up)
    assert "sortby=-floors" in up
    assert 'aria-sort="ascending"' not in up.replace('title="floors" aria-sort="ascending"', "")
    plain = web.get(ITEMS, headers=HTML).text
    assert '<th scope="col" title="id" aria-sort="ascending">' in plain


def test_times_of_validity_stand_in_beijing_time(web: TestClient, client: httpx.Client) -> None:
    table = web.get(f"{ITEMS}?datetime=2015-01-01", headers=HTML).text
    assert "2010-01-01 08:00:00" in table
    assert "失效时间" in table
    item = client.get(f"{ITEMS}/1", headers=HTML).text
    told = client.get(f"{ITEMS}/1").json()["properties"]["valid_from"]
    moment = datetime.fromisoformat(told) + timedelta(hours=8)
    assert re.search(
        rf"生效时间</dt>\s*<dd>{moment:%Y-%m-%d %H:%M:%S}\s*<span class=\"muted\">北京时间</span></dd>", item
    )
    assert re.search(r"失效时间 <span class=\"muted\">北京时间</span>", table)
    assert re.search(
        r"Valid to <span class=\"muted\">Beijing time</span>", web.get(f"{ITEMS}?lang=en", headers=HTML).text
    )


def test_no_map_without_geometries_but_a_reason(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?skipGeometry=true", headers=HTML).text
    assert "所要的结果不含几何" in page


def test_a_day_in_a_link_is_shown_as_what_it_is_in_beijing(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?datetime=2015-01-01", headers=HTML).text
    shown = re.search(r'<input name="datetime" value="([^"]*)"', page)
    assert shown
    assert shown[1] == "2015-01-01T08:00:00+08:00/2015-01-02T07:59:59.999999+08:00"
    again = web.get(ITEMS, params={"datetime": shown[1]}).json()
    assert again["features"] == web.get(f"{ITEMS}?datetime=2015-01-01").json()["features"]


def test_what_every_feature_has_can_be_asked_and_sorted_by(web: TestClient, tiny: Tiny) -> None:
    query = {"id": str(tiny.ended), "valid_from": "2010-01-01T00:00:00Z", "datetime": "2015-01-01T00:00:00Z"}
    page = web.get(ITEMS, params=query | {"sortby": "-valid_from"}, headers=HTML).text
    assert f"items/{tiny.ended}" in page
    data = form_data(page)
    assert [one["name"] for one in data["fields"]][-3:] == ["id", "valid_from", "valid_to"]
    assert data["fields"][-1]["unit"] == "北京时间"
    assert data["rows"] == [["id", "eq", [str(tiny.ended)]], ["valid_from", "eq", ["2010-01-01T08:00"]]]
    written = f"(id = {tiny.ended}) AND (valid_from = TIMESTAMP('2010-01-01T00:00:00Z'))"
    assert shown(page, "cql2") == written
    assert '<option value="-valid_from" selected>生效时间 ↓</option>' in page
    assert '<th scope="col" title="valid_from" aria-sort="descending"><a' in page


def test_an_example_fits_what_the_page_shows(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?use=office", headers=HTML).text
    example = re.search(r'<code class="example">(.*?)</code>', page)
    assert example
    assert html.unescape(example[1]) == "use = 'office' AND floors >= 6"
    assert web.get(ITEMS, params={"filter": html.unescape(example[1])}).json()["numberMatched"] == 1
    assert re.search(r'<a href="/functions">函数</a>', page)


def test_files_of_a_count_hold_features(web: TestClient) -> None:
    page = web.get(f"{ITEMS}?use=office&resulttype=hits", headers=HTML).text
    part = page.partition('class="files"')[2].partition("</ul>")[0]
    links = [html.unescape(one) for one in re.findall(r'href="([^"]*)"', part)]
    assert len(links) == 10
    assert not [link for link in links if "resulttype" in link]
    [page_link] = [link for link in links if link.endswith("f=json")]
    assert len(web.get(ITEMS + page_link).json()["features"]) == 1


def test_a_refusal_says_each_sentence_once(web: TestClient) -> None:
    answer = web.get(f"{ITEMS}?filter=nothing=1", headers=HTML)
    detail = web.get(f"{ITEMS}?filter=nothing=1").json()["detail"]
    page = html.unescape(answer.text)
    assert page.count(detail) == 1
    assert "<title>请求有误 · 时空</title>" in page

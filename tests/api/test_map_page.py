"""The map page in a real browser, over the small sample city."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from spatial.settings import get_settings
from tests.chromium import NEEDS_CHROMIUM, PATIENCE_MS, TOUCH_PX, chromium

DESK: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
pytestmark = NEEDS_CHROMIUM


@dataclass
class Visit:
    """A page, and what it did that it should not."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, path: str) -> None:
        """Go to a map and wait until it is drawn."""
        # From one hash to another a browser would not load the page anew.
        self.page.goto("about:blank")
        self.page.goto(self.base + path)
        self.wait()

    def wait(self) -> None:
        self.page.wait_for_timeout(100)
        self.page.wait_for_selector("#map[data-state=idle]", timeout=PATIENCE_MS)

    def shoot(self, name: str) -> Path:
        path = get_settings().state_dir / "test/screenshots" / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def look(self) -> dict[str, int]:
        """Count the pixels of each colour (``#rrggbb``) of the map, without what lies over it."""
        picture = base64.b64encode(self.page.locator("#map canvas").screenshot()).decode()
        blank = self.page.context.new_page()
        try:
            counts: dict[str, int] = blank.evaluate(COUNT_COLOURS, picture)
        finally:
            blank.close()
        return counts

    def shown(self) -> set[str]:
        """Return the ids of the layers that are ticked."""
        names: list[str] = self.page.eval_on_selector_all("#panel input:checked", "boxes => boxes.map(box => box.name)")
        return set(names)

    def hash(self) -> str:
        return urlsplit(self.page.url).fragment


COUNT_COLOURS = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, image.width, image.height);
  const counts = {};
  for (let i = 0; i < data.length; i += 4) {
    const colour = '#' + [data[i], data[i + 1], data[i + 2]].map((part) => part.toString(16).padStart(2, '0')).join('');
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  return counts;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Browser, live_server: str) -> Iterator[Callable[..., Visit]]:
    """Give a maker of visits; at the end each must have been without fault."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def make(**device: Any) -> Visit:
        context = browser.new_context(**{"locale": "zh-CN", **(device or DESK)})
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server)
        contexts.append(context)
        one = Visit(context.new_page(), live_server)
        visits.append(one)

        def note(request: Request) -> None:
            if request.url.startswith("http"):
                one.hosts.add(request.url.split("/", 3)[2])

        context.on("request", note)
        one.page.on("pageerror", lambda error: one.faults.append(str(error)))
        one.page.on("console", lambda said: one.faults.append(said.text) if said.type in {"error", "warning"} else None)
        return one

    yield make
    for one in visits:
        assert one.hosts <= {live_server.removeprefix("http://")}
        # Software drawing makes Chromium complain about itself.
        assert [fault for fault in one.faults if "GPU stall" not in fault] == []
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def building(live_server: str) -> dict[str, Any]:
    """Give a residential building of the sample city."""
    answer = httpx.get(f"{live_server}/collections/buildings/items", params={"use": "residential", "limit": 1})
    feature: dict[str, Any] = answer.json()["features"][0]
    return feature


def above(feature: dict[str, Any], zoom: float = 18, *, layers: str | None = None) -> str:
    """Return the address of a map with a feature in its centre."""
    point = shapely.from_geojson(json.dumps(feature["geometry"])).representative_point()
    shown = "" if layers is None else f"&layers={layers}"
    return f"/map#map={zoom}/{point.y:.6f}/{point.x:.6f}{shown}"


def test_the_map_opens_on_the_city_and_draws_it(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.open("/map")
    one.shoot("map_desk")
    colours = one.look()
    assert len(colours) > 200
    # Background, dwellings and greens of the sample's heart, each more than a few pixels.
    assert all(colours.get(colour, 0) > 300 for colour in ("#f4f2ec", "#e3cfae")), colours
    assert max(colours.values()) < 0.97 * sum(colours.values())
    assert one.page.locator(".maplibregl-ctrl-scale").inner_text().endswith("m")
    expect(one.page.locator("#synthetic")).to_have_text("合成示例数据")
    expect(one.page.locator("#state")).to_be_empty()


def test_chinese_labels_are_drawn(visit: Callable[..., Visit]) -> None:
    # Strokes of a pixel or less never reach the full colour; so look closely.
    one = visit(viewport={"width": 800, "height": 600}, device_scale_factor=3)
    one.open("/map#map=8.6/31.82/117.23&layers=regions_legal")
    one.shoot("map_counties")
    with_names = one.look()
    # The text colour of the counties' names; their borders have another.
    assert one.page.locator("#panel input:checked").count() == 1
    assert with_names.get("#4b2f69", 0) > 100
    # Real characters, not the box that stands for a missing one.
    differ = one.page.evaluate(
        """() => {
          const ink = (char) => {
            const context = new OffscreenCanvas(40, 40).getContext('2d', {willReadFrequently: true});
            context.font = '24px sans-serif';
            context.fillText(char, 4, 30);
            return context.getImageData(0, 0, 40, 40).data.filter((_, i) => i % 4 === 3).join();
          };
          return ink('蜀') !== ink('肥');
        }"""
    )
    assert differ


def test_layers_are_switched_off_and_on(visit: Callable[..., Visit], building: dict[str, Any]) -> None:
    one = visit()
    one.open(above(building, 17, layers="buildings,parcels"))
    assert one.shown() == {"buildings", "parcels"}
    assert one.look().get("#e3cfae", 0) > 300
    one.page.locator("label[for=layer-buildings]").click()
    one.wait()
    assert "layers=parcels&" in one.hash()
    assert one.look().get("#e3cfae", 0) < 20
    one.page.locator("label[for=layer-buildings]").click()
    one.wait()
    assert one.look().get("#e3cfae", 0) > 300


def test_the_tree_shows_groups_counts_and_legends(visit: Callable[..., Visit], live_server: str) -> None:
    one = visit()
    one.open("/map#map=16/31.86/117.28")
    groups = one.page.locator("#panel h3").all_inner_texts()
    assert groups[:3] == ["区划", "地址", "建筑与小区"]
    # Nothing was imported, so its group is left out.
    assert "导入图层" not in groups
    roads = httpx.get(f"{live_server}/collections/roads/items?limit=1&f=json").json()["numberMatched"]
    assert f"{roads:,}" in one.page.locator("[data-layer=roads] .count").inner_text()
    legend_texts = one.page.locator("[data-layer=pipe_segments] .legend li").all_inner_texts()
    assert {"给水", "污水", "燃气"} <= {text.strip() for text in legend_texts}


def test_a_layer_that_is_too_fine_for_the_zoom_says_so(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.open("/map#map=10/31.86/117.28&layers=buildings")
    hint = one.page.locator("[data-layer=buildings] .hint")
    expect(hint).to_have_text("放大至 13 级可见")
    expect(one.page.locator("[data-layer=roads] .hint")).to_be_hidden()
    hint.click()
    expect(hint).to_be_hidden()
    one.wait()
    assert "map=13." in one.hash()


def test_a_click_tells_the_fields_in_chinese(visit: Callable[..., Visit], building: dict[str, Any]) -> None:
    one = visit()
    one.open(above(building))
    box = one.page.locator("#map").bounding_box()
    assert box
    one.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    code = building["properties"]["code"]
    found = one.page.locator("#result [data-layer=buildings] details", has_text=code)
    found.wait_for()
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    words = one.page.locator("#result [data-layer=buildings]").inner_text()
    for word in ("建筑", "建筑编码", code, "用途", "住宅", "m²"):
        assert word in words, words
    # What lies below is told too: the four regions around it.
    assert one.page.locator("#result [data-layer=regions_legal] details").count() == 4
    one.wait()
    one.shoot("map_identify")
    assert one.look().get("#ff2d55", 0) > 50
    link = found.locator("a").get_attribute("href")
    assert link
    answer = httpx.get(one.base + link, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert code in answer.text
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#result")).to_be_hidden()


def test_the_keyboard_alone_asks_and_closes(visit: Callable[..., Visit], building: dict[str, Any]) -> None:
    one = visit()
    one.open(above(building))
    canvas = one.page.locator("#map canvas")
    canvas.focus()
    one.page.keyboard.press("Enter")
    expect(one.page.locator("#result h2")).to_be_focused()
    expect(one.page.locator("#result")).to_contain_text(building["properties"]["code"])
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#result")).to_be_hidden()
    expect(canvas).to_be_focused()
    before = one.page.url
    one.page.keyboard.press("ArrowRight")
    expect(one.page).not_to_have_url(before, timeout=PATIENCE_MS)


def test_a_link_restores_view_layers_and_language(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.open("/map#map=15.25/31.866000/117.284000&layers=grids,roads,gone&lang=en")
    assert one.shown() == {"grids", "roads"}
    expect(one.page.locator("html")).to_have_attribute("lang", "en")
    expect(one.page.locator("#panel h2")).to_have_text("Layers")
    expect(one.page.locator("#position")).to_contain_text("31.866000, 117.284000")
    assert one.hash() == "map=15.25/31.866000/117.284000&layers=grids,roads&lang=en"
    kept = one.page.url
    one.page.locator("#share").click()
    expect(one.page.locator("#share")).to_have_text("Link copied")
    assert one.page.evaluate("navigator.clipboard.readText()") == kept
    one.open(kept.removeprefix(one.base))
    assert one.page.url == kept
    # A changed address changes the map, without a reload.
    one.page.evaluate("location.hash = 'map=12.00/31.800000/117.200000&layers=roads&lang=zh'")
    expect(one.page.locator("#panel h2")).to_have_text("图层")
    expect(one.page.locator("#position")).to_contain_text("31.800000, 117.200000")
    assert one.shown() == {"roads"}


BROKEN = ["map=x/y/z", "map=99/1/1", "map=", "map=10", "map=10/95/200", "layers", "lang=xx", "&&&=", "%E0%A4%A"]


def test_a_broken_link_is_read_as_far_as_it_is_sound(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.open(f"/map#{'&'.join(BROKEN)}&layers=roads,%00,<script>")
    assert re.search(r"map=\d", one.hash())
    assert one.shown() == set()
    read = "hash => import('/assets/map/permalink.js').then(module => module.readLink(hash))"
    for hash_ in BROKEN:
        link = one.page.evaluate(read, f"#{hash_}")
        assert (link["view"], link["language"]) == (None, None), hash_
        assert not link["layers"], hash_
    assert one.page.evaluate(read, "#map=10/31.5/117.5&layers=a,b&lang=en") == {
        "view": {"zoom": 10, "lat": 31.5, "lon": 117.5},
        "layers": ["a", "b"],
        "language": "en",
    }


def test_the_language_switch_keeps_the_view(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.open("/map#map=14.00/31.866000/117.284000&layers=roads")
    one.page.locator("#language").click()
    expect(one.page.locator("#panel h3").first).to_have_text("Regions")
    assert one.hash() == "map=14.00/31.866000/117.284000&layers=roads&lang=en"
    expect(one.page.locator("#synthetic")).to_have_text("Synthetic sample data")
    expect(one.page.locator(".maplibregl-ctrl-zoom-in")).to_have_attribute("title", "Zoom in")


def test_the_readout_follows_the_mouse_in_latitude_longitude(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.open("/map#map=15.00/31.866000/117.284000&layers=roads")
    box = one.page.locator("#map").bounding_box()
    assert box
    one.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    match = re.search(r"EPSG:4490 (\d+\.\d{6}), (\d+\.\d{6})", one.page.locator("#position").inner_text())
    assert match
    assert float(match[1]) == pytest.approx(31.866, abs=2e-5)
    assert float(match[2]) == pytest.approx(117.284, abs=2e-5)


def test_failed_tiles_are_told_and_fetched_again(visit: Callable[..., Visit], building: dict[str, Any]) -> None:
    one = visit()
    one.open("/map#map=9.00/31.82/117.23")
    context = one.page.context
    context.route("**/tiles/**", lambda route: route.fulfill(status=503))
    one.page.evaluate(f"location.hash = '{above(building, 16).partition('#')[2]}'")
    state = one.page.locator("#state")
    expect(state).to_contain_text("加载失败（HTTP 503）", timeout=PATIENCE_MS)
    one.shoot("map_failing")
    context.unroute("**/tiles/**")
    state.locator("button").click()
    expect(state).to_be_empty(timeout=PATIENCE_MS)
    one.wait()
    assert one.look().get("#e3cfae", 0) > 300
    one.faults = [fault for fault in one.faults if "503" not in fault]


def test_an_unreachable_server_is_told_and_asked_again(visit: Callable[..., Visit]) -> None:
    one = visit()
    context = one.page.context
    context.route("**/styles/**", lambda route: route.abort())
    one.page.goto(f"{one.base}/map")
    expect(one.page.locator("#state")).to_contain_text("无法连接服务器", timeout=PATIENCE_MS)
    context.unroute("**/styles/**")
    one.page.locator("#state button").click()
    one.wait()
    expect(one.page.locator("#state")).to_be_empty()
    one.faults = [fault for fault in one.faults if "ERR_FAILED" not in fault]


def test_a_phone_has_sheets_and_room_for_fingers(visit: Callable[..., Visit], building: dict[str, Any]) -> None:
    one = visit(**PHONE)
    one.open(above(building))
    page = one.page
    one.shoot("map_phone")
    expect(page.locator("#panel")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#open-panel").tap()
    expect(page.locator("#panel")).to_be_visible()
    small = page.eval_on_selector_all(
        "button, a, .row label, summary",
        f"""all => all.map(one => [one.id || one.textContent.trim() || one.title, one.getBoundingClientRect()])
              .filter(([, box]) => box.width && box.height && (box.height < {TOUCH_PX} || box.width < {TOUCH_PX}))
              .filter(([, box]) => box.bottom > 0 && box.right > 0)
              .map(([name, box]) => `${{name}}: ${{box.width}} x ${{box.height}}`)""",
    )
    assert small == []
    one.shoot("map_phone_layers")
    page.locator("#panel .sheet-head button").tap()
    box = page.locator("#map").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#result")).to_contain_text(building["properties"]["code"])
    sheet = page.locator("#result").bounding_box()
    assert sheet
    assert (sheet["x"], sheet["width"]) == (0, 390)
    assert sheet["y"] > 300
    one.wait()
    one.shoot("map_phone_result")
    page.locator("#result .sheet-head button").tap()
    expect(page.locator("#result")).to_be_hidden()


@pytest.mark.parametrize(("name", "device"), [("desk", DESK), ("phone", PHONE)])
def test_a_feature_page_shows_where_it_lies(
    visit: Callable[..., Visit], building: dict[str, Any], name: str, device: dict[str, Any]
) -> None:
    one = visit(**device)
    one.page.goto(f"{one.base}/collections/buildings/items/{building['id']}")
    one.page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    one.shoot(f"item_{name}")
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    one.page.goto(f"{one.base}/collections/buildings/items?limit=50")
    one.page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    one.shoot(f"items_{name}")
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

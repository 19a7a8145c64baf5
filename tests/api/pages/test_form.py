"""The whole form in a real browser: with and without a script, on a desk and on a phone."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.pages.browsing import BUILDINGS, PHONE, Visit, choose
from tests.chromium import NEEDS_CHROMIUM, PATIENCE_MS, TOUCH_PX

pytestmark = NEEDS_CHROMIUM
CRS = "crs=http://www.opengis.net/def/crs/EPSG/0/4490"

# WCAG 2.2, 1.4.3: the contrast of each text with the nearest background that is no window.
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
  const found = {};
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.getClientRects().length || one.tagName === 'OPTION') continue;
    let behind = one;
    while (behind && (parts(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
    const back = light(behind ? parts(getComputedStyle(behind).backgroundColor) : [255, 255, 255]);
    const front = light(parts(getComputedStyle(one).color));
    const ratio = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    const name = `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 20)}`;
    found[name] = Math.min(found[name] ?? 99, ratio);
  }
  return found;
}"""


def test_a_broken_policy_would_be_seen(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open("/")
    page.evaluate("""document.body.insertAdjacentHTML('beforeend', '<p style="color: red">')""")
    page.wait_for_timeout(300)
    assert any("Content Security Policy" in fault for fault in one.faults)
    one.faults.clear()


@pytest.mark.parametrize(
    ("language", "lead"), [("zh", "参数 filter（筛选条件）有误"), ("en", "Parameter filter (Filter) is wrong")]
)
def test_a_refused_filter_comes_back_with_the_reason_beside_it(
    visit: Callable[..., Visit], language: str, lead: str
) -> None:
    one = visit(locale="zh-CN" if language == "zh" else "en-GB")
    page = one.open(BUILDINGS)
    page.locator("#expert summary").click()
    page.locator("textarea[name=filter]").fill("floors >= 'many' AND (")
    page.locator("input[name=q]").fill("花园")
    one.send()
    problem = page.locator("#problem")
    expect(problem).to_contain_text(lead)
    expect(problem).to_be_focused()
    box = page.locator("textarea[name=filter]")
    expect(box).to_have_value("floors >= 'many' AND (")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_attribute("aria-describedby", "problem")
    expect(page.locator("input[name=q]")).to_have_value("花园")
    one.shoot(f"form_refused_{language}")
    box.fill("floors >= 5")
    page.locator("input[name=q]").fill("")
    one.send()
    assert all(int(text) >= 5 for text in one.column("floors"))


def test_the_maps_view_becomes_the_box(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?limit=10")
    page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    page.locator("#use-view").click()
    one.send()
    west, south, east, north = map(float, one.asked()["bbox"].split(","))
    assert 117 < west < east < 118
    assert 31 < south < north < 32
    page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    one.shoot("form_box")


def test_dates_are_days_of_beijing(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    page.locator("#date-from").fill("2020-01-01")
    one.send()
    assert one.asked()["datetime"] == "2020-01-01T00:00:00+08:00/.."
    assert page.locator("#date-from").input_value() == "2020-01-01"
    assert page.locator(".features tbody tr").count() == 10
    expect(page.locator("#zone")).to_have_text("北京时间")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("2020-01-01", "2020-01-01T00:00:00+08:00/2020-01-01T23:59:59.999999+08:00"),
        ("2019-05-01/2020-01-01", "2019-05-01T00:00:00+08:00/2020-01-01T23:59:59.999999+08:00"),
        ("../2020-01-01", "../2020-01-01T23:59:59.999999+08:00"),
        ("2020-01-01 12:30", "2020-01-01T12:30:00+08:00"),
        ("2020-01-01T12:00:00Z", "2020-01-01T12:00:00Z"),
    ],
)
def test_a_typed_day_is_one_of_beijing(visit: Callable[..., Visit], typed: str, sent: str) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?limit=10")
    page.locator("input[name=datetime]").fill(typed)
    one.send()
    assert one.asked()["datetime"] == sent
    expect(page.locator("input[name=datetime]")).to_have_value(sent)
    expect(page.locator("#problem")).to_have_count(0)


def test_lists_are_typed_with_any_comma(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    page.locator("input[name=bbox]").fill("117.0， 31.5 118.0、32.5")
    page.locator("input[name=properties]").fill("code，floors")
    one.send()
    assert one.asked() == {"bbox": "117.0,31.5,118.0,32.5", "properties": "code,floors", "limit": "10"}
    assert page.locator(".features tbody tr").count() == 10


def test_what_was_found_is_seen_from_afar(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?limit=50&crs=http://www.opengis.net/def/crs/EPSG/0/4548")
    page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    expect(page.locator("#use-view")).to_be_visible()
    drawn = """zoom => {
      const map = document.getElementById('preview').preview;
      return new Promise((done) => {
        const tell = () => done(map.queryRenderedFeatures({layers: ['found:dot']}).length);
        map.once('idle', tell);
        map.jumpTo({zoom});
      });
    }"""
    assert page.evaluate(drawn, 10) == 50
    one.shoot("preview_far")
    assert page.evaluate(drawn, 18) == 0
    one.shoot("preview_near")


def test_ticked_properties_are_the_columns(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    page.locator("#choose summary").click()
    for name in ("code", "floors"):
        page.locator(f"[data-property={name}]").check()
    one.send()
    assert one.asked()["properties"] == "code,floors"
    titles = page.locator(".features thead th").evaluate_all("all => all.map(one => one.title)")
    assert titles == ["id", "code", "floors"]


def test_only_the_number_is_counted(visit: Callable[..., Visit], client: httpx.Client) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    page.locator("input[name=resulttype]").check()
    choose(page, 0, "use", "eq", "residential")
    one.send()
    matched = client.get(BUILDINGS, params={"use": "residential", "resulttype": "hits"}).json()["numberMatched"]
    expect(page.locator("p[role=status] .numbers")).to_have_text(f"{matched:,}")
    assert page.locator(".features").count() == 0


def test_requests_and_the_link_are_copied(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?use=office&limit=10")
    page.locator("#requests summary").click()
    page.locator("[data-copy=qgis]").click()
    expect(page.locator("#said")).to_have_text("已复制")
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(
        f"GET {one.base}{BUILDINGS}?limit=1000&filter=(use%20%3D%20'office')&filter-lang=cql2-text"
    )
    one.shoot("form_requests")
    page.locator("[data-copy=link]").click()
    page.wait_for_timeout(200)
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_table_is_sorted_by_its_headings(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?use=residential&limit=50&lang=en")
    for direction in ("ascending", "descending"):
        page.locator("th[title=floors] a").click()
        expect(page.locator("th[title=floors]")).to_have_attribute("aria-sort", direction)
        floors = [int(text) for text in one.column("floors") if text.isdigit()]
        assert floors == sorted(floors, reverse=direction == "descending")
    assert one.asked()["lang"] == "en"
    assert one.asked()["use"] == "residential"


def test_without_a_script_the_form_sends_plain_parameters(visit: Callable[..., Visit]) -> None:
    one = visit(java_script_enabled=False)
    page = one.open(BUILDINGS)
    expect(page.locator("#rows")).to_be_hidden()
    page.locator("select[name=use]").select_option("residential")
    page.locator("input[name=floors]").fill("6")
    page.locator("select[name=sortby]").select_option("-height_m")
    one.send()
    asked = one.asked()
    assert (asked["use"], asked["floors"], asked["sortby"], asked["filter"]) == ("residential", "6", "-height_m", "")
    assert set(one.column("use")) == {"住宅"}
    assert set(one.column("floors")) == {"6"}
    assert page.locator("select[name=use]").input_value() == "residential"
    one.shoot("form_plain")
    # What was left empty is no condition of a file.
    for link in page.locator(".downloads a").all():
        href = link.get_attribute("href") or ""
        assert httpx.get(f"{one.base}{BUILDINGS}{href}", timeout=60).status_code == 200, href
    page.locator("input[name=floors]").fill("many")
    one.send()
    expect(page.locator("#problem")).to_contain_text("参数 floors（地上层数）有误")
    expect(page.locator("input[name=floors]")).to_have_value("many")


def test_a_small_phone_has_room_for_everything(visit: Callable[..., Visit]) -> None:
    one = visit(**PHONE)
    page = one.open(f"{BUILDINGS}?limit=10")
    expect(page.locator("form.filter")).to_be_hidden()
    page.locator(".filterbox > summary").tap()
    choose(page, 0, "height_m", "between", "10", "20")
    page.locator("#add-row").tap()
    choose(page, 1, "use", "in")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.eval_on_selector_all(
        "form.filter :is(button, select, input, summary, textarea, .tick), .downloads a, .paging a, .sort",
        f"""all => all.map(one => [one.outerHTML, (one.closest('.tick') ?? one).getBoundingClientRect()])
              .filter(([, box]) => box.width && box.height && box.height < {TOUCH_PX})
              .map(([name, box]) => `${{name}}: ${{box.width}} x ${{box.height}}`)""",
    )
    assert small == []
    one.shoot("form_phone")
    page.locator(".condition .tick", has_text="住宅").tap()
    one.send()
    assert one.asked()["filter"] == "height_m BETWEEN 10 AND 20 AND use IN ('residential')"
    page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    one.shoot("form_phone_result")


def test_the_keyboard_alone_fills_the_form_in_order(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    page.locator(".filterbox > summary").focus()
    names = []
    for _ in range(40):
        page.keyboard.press("Tab")
        names.append(page.evaluate("(one => one.name || one.id || one.className)(document.activeElement)"))
    assert names.index("property") < names.index("operator") < names.index("add-row") < names.index("q")
    assert names.index("q") < names.index("datetime") < names.index("bbox") < names.index("sortby")
    unnamed = page.eval_on_selector_all(
        "form.filter :is(input:not([type=hidden]), select, textarea, button)",
        """all => all.filter(one => !one.labels?.length && !one.ariaLabel && !one.textContent.trim())
               .map(one => one.outerHTML)""",
    )
    assert unnamed == []


def test_colours_keep_their_distance(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?floors=many")
    ratios = page.evaluate(CONTRASTS)
    assert ratios
    assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}

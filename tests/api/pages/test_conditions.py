"""Rows of conditions in a real browser: composed, sent, and read back."""

from collections.abc import Callable
from random import Random
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from api.forms.rows import Row, rows_of
from data.catalogue.read import read_layers
from spatial.query.cql2.parse import parse_text
from tests.api.pages.browsing import BUILDINGS, Visit, choose
from tests.chromium import NEEDS_CHROMIUM, PATIENCE_MS

pytestmark = NEEDS_CHROMIUM


def test_rows_become_one_filter_and_come_back_as_rows(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    choose(page, 0, "use", "eq", "residential")
    page.locator("#add-row").click()
    choose(page, 1, "floors", "between", "6", "18")
    page.locator("#add-row").click()
    choose(page, 2, "height_m", "notnull")
    page.locator("select[name=sortby]").select_option("-floors")
    one.shoot("form_rows")
    one.send()
    assert one.asked() == {
        "filter": "use = 'residential' AND floors BETWEEN 6 AND 18 AND height_m IS NOT NULL",
        "sortby": "-floors",
        "limit": "10",
    }
    floors = [int(text) for text in one.column("floors")]
    assert floors
    assert all(6 <= number <= 18 for number in floors)
    assert floors == sorted(floors, reverse=True)
    assert set(one.column("use")) == {"住宅"}
    rows = page.locator(".condition")
    expect(rows).to_have_count(3)
    assert rows.nth(1).locator(".operator").input_value() == "between"
    assert [one.input_value() for one in rows.nth(1).locator("input").all()] == ["6", "18"]
    page.wait_for_selector("#preview[data-state=idle]", timeout=PATIENCE_MS)
    one.shoot("form_result")
    rows.nth(1).locator(".remove").click()
    expect(page.locator("textarea[name=filter]")).to_have_value("use = 'residential' AND height_m IS NOT NULL")
    expect(page.locator("#add-row")).to_be_focused()


def test_any_of_the_codes_and_either_of_two_conditions(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    choose(page, 0, "use", "in")
    for word in ("办公", "商业"):
        page.locator(".condition .tick", has_text=word).click()
    page.locator("#joined select").select_option("or")
    page.locator("#add-row").click()
    choose(page, 1, "code", "begins", "B3401")
    one.send()
    assert one.asked()["filter"] == "use IN ('commercial', 'office') OR code LIKE 'B3401%'"
    assert page.locator("#joined select").input_value() == "or"
    expect(page.locator(".condition input[type=checkbox]:checked")).to_have_count(2)


def test_signs_of_the_language_of_filters_are_plain_text(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    choose(page, 0, "name", "contains", r"100%_'\x")
    one.send()
    assert one.asked()["filter"] == r"name LIKE '%100\%\_''\\x%'"
    assert page.locator(".condition .values input").input_value() == r"100%_'\x"
    expect(page.locator("main")).to_contain_text("没有符合条件的要素")


def test_a_number_that_is_none_is_not_sent(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    choose(page, 0, "floors", "ge", "many")
    page.locator("form.filter .buttons .primary").click()
    page.wait_for_timeout(300)
    assert urlsplit(page.url).query == ""
    assert page.locator(".condition .values input").evaluate("one => one.validationMessage") == "请输入数字"


def test_what_stands_in_the_address_as_plain_parameters_becomes_rows(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?use=office&floors=3&limit=50")
    expect(page.locator(".condition")).to_have_count(2)
    expect(page.locator("textarea[name=filter]")).to_have_value("use = 'office' AND floors = 3")
    one.send()
    assert one.asked() == {"filter": "use = 'office' AND floors = 3", "limit": "50"}


def test_a_title_in_the_place_of_a_code_is_told_apart(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(f"{BUILDINGS}?use=住宅")
    expect(page.locator(".condition .values option:checked")).to_have_text("住宅（不是编码）")
    page.locator(".hints a").click()
    expect(page.locator(".condition .values option:checked")).to_have_text("住宅")
    assert one.asked() == {"use": "residential"}
    assert set(one.column("use")) == {"住宅"}
    page = one.open(f"{BUILDINGS}?filter=use IN ('office', '住宅')")
    chosen = page.locator(".condition .tick:has(input:checked)").all_inner_texts()
    assert [text.strip() for text in chosen] == ["办公", "住宅（不是编码）"]
    expect(page.locator("textarea[name=filter]")).to_have_value("use IN ('office', '住宅')")


def test_a_filter_that_rows_cannot_say_stays_as_typed(visit: Callable[..., Visit]) -> None:
    one = visit()
    typed = "NOT (use = 'office') AND (floors > 3 OR height_m > 10)"
    page = one.open(f"{BUILDINGS}?filter={typed}")
    expect(page.locator("#by-hand")).to_be_visible()
    expect(page.locator("#add-row")).to_be_hidden()
    box = page.locator("textarea[name=filter]")
    assert "height_m > 10" in box.input_value()
    page.locator("#use-rows").click()
    expect(box).to_have_value("")
    expect(page.locator(".condition .property")).to_be_focused()


def test_days_of_a_property_are_chosen_in_a_calendar(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open("/collections/pipe_segments/items")
    choose(page, 0, "built_on", "ge", "2010-05-01")
    assert page.locator(".condition .values input").get_attribute("type") == "date"
    one.send()
    assert one.asked()["filter"] == "built_on >= DATE('2010-05-01')"
    assert all(text >= "2010-05-01" for text in one.column("built_on"))


@pytest.mark.parametrize(
    ("operator", "values", "filter_"),
    [
        ("ge", ["2020-01-01"], "valid_from >= TIMESTAMP('2019-12-31T16:00:00Z')"),
        ("le", ["2020-01-01"], "valid_from <= TIMESTAMP('2020-01-01T15:59:59.999999Z')"),
        ("ge", ["2020-01-01", "08:30"], "valid_from >= TIMESTAMP('2020-01-01T00:30:00Z')"),
        (
            "eq",
            ["2020-01-01"],
            "valid_from BETWEEN TIMESTAMP('2019-12-31T16:00:00Z') AND TIMESTAMP('2020-01-01T15:59:59.999999Z')",
        ),
        (
            "between",
            ["2010-01-01", "", "2020-01-01"],
            "valid_from BETWEEN TIMESTAMP('2009-12-31T16:00:00Z') AND TIMESTAMP('2020-01-01T15:59:59.999999Z')",
        ),
    ],
    ids=["from", "until", "hour", "day", "between"],
)
def test_times_of_validity_are_days_of_beijing(
    visit: Callable[..., Visit], operator: str, values: list[str], filter_: str
) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    choose(page, 0, "valid_from", operator, *values)
    page.locator("select[name=sortby]").select_option("-valid_from")
    one.send()
    assert one.asked() == {"filter": filter_, "sortby": "-valid_from", "limit": "10"}
    row = page.locator(".condition").first
    expect(row.locator(".operator")).to_have_value(operator)
    held = [one.input_value() for one in row.locator(".values input").all()]
    assert held[: len(values)] == values
    assert "北京时间" in row.locator(".property option:checked").inner_text()
    one.shoot(f"form_times_{operator}")


def test_whatever_rows_hold_the_server_reads_the_same_rows(visit: Callable[..., Visit]) -> None:
    one = visit()
    page = one.open(BUILDINGS)
    dice = Random(7)
    signs = "a%_\\'\"（；,0中 –-"
    rows = []
    for _ in range(400):
        if dice.random() < 0.5:
            text = "".join(dice.choices(signs, k=dice.randint(1, 8))).rstrip("\\") + "x"
            operator = dice.choice(["eq", "ne", "gt", "ge", "lt", "le", "contains", "begins", "in", "between"])
            values = (text, "z") if operator in {"in", "between"} else (text,)
            rows.append(Row(dice.choice(["code", "name"]), operator, values))
        else:
            operator = dice.choice(["eq", "ne", "gt", "ge", "lt", "le", "in", "between", "null", "notnull"])
            count = {"null": 0, "notnull": 0, "in": 2, "between": 2}.get(operator, 1)
            rows.append(Row("floors", operator, tuple(str(dice.randint(-99, 99)) for _ in range(count))))
        if dice.random() < 0.2:
            days = sorted(f"20{dice.randint(10, 30)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}" for _ in "ab")
            minutes = [f"{days[0]}T12:3{dice.randint(0, 9)}", f"{days[1]}T23:59"]
            operator = dice.choice(["eq", "gt", "ge", "lt", "le", "between"])
            held = dice.choice([days, minutes]) if days[0] != days[1] else minutes
            rows.append(Row("valid_to", operator, tuple(held[: 2 if operator == "between" else 1])))
    types = {"code": "string", "name": "string", "floors": "integer", "valid_to": "datetime"}
    told = [
        {"field": {"name": row.name, "type": types[row.name]}, "operator": row.operator, "values": row.values}
        for row in rows
    ]
    texts = page.evaluate(
        "told => import('/assets/cql2.js').then(({compose}) => told.map((one) => compose([one], 'and')))", told
    )
    layer = next(layer for layer in read_layers() if layer.id == "buildings")
    assert [rows_of(parse_text(text), layer) for text in texts] == [("and", (row,)) for row in rows]

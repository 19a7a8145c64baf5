"""A browser's visit to the pages of features."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page

from spatial.settings import get_settings

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 1000}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 780},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
BUILDINGS = "/collections/buildings/items"


@dataclass
class Visit:
    """A page, and what it did that it should not."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def shoot(self, name: str) -> Path:
        path = get_settings().state_dir / "test/screenshots" / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def asked(self) -> dict[str, str]:
        """Return the parameters of the address."""
        found = parse_qs(urlsplit(self.page.url).query, keep_blank_values=True, strict_parsing=False)
        return {name: values[0] for name, values in found.items()}

    def send(self) -> None:
        with self.page.expect_navigation():
            self.page.locator("form.filter .buttons .primary").click()

    def column(self, name: str) -> list[str]:
        """Return what the table shows of a property."""
        place = self.page.locator(f".features thead th[title={name}]").evaluate("one => one.cellIndex")
        return self.page.locator(f".features tbody tr > :nth-child({place + 1})").all_inner_texts()


def choose(page: Page, row: int, name: str, operator: str, *values: str) -> None:
    """Fill a row of conditions."""
    place = page.locator(".condition").nth(row)
    place.locator(".property").select_option(name)
    place.locator(".operator").select_option(operator)
    for index, value in enumerate(values):
        one = place.locator(".values :is(input, select)").nth(index)
        if one.evaluate("one => one.tagName") == "SELECT":
            one.select_option(value)
        else:
            one.fill(value)

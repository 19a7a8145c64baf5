"""A real browser, and visits that must end without a fault."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Request

from tests.api.pages.browsing import DESK, Visit
from tests.chromium import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Browser, live_server: str) -> Iterator[Callable[..., Visit]]:
    """Give a maker of visits; each must end without a fault, a broken policy or a word with another host."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def make(**device: Any) -> Visit:
        context = browser.new_context(**{"locale": "zh-CN", **DESK, **device})
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server)
        contexts.append(context)
        one = Visit(context.new_page(), live_server)
        visits.append(one)

        def note(request: Request) -> None:
            if request.url.startswith("http"):
                one.hosts.add(request.url.split("/", 3)[2])

        context.on("request", note)
        one.page.on("pageerror", lambda error: one.faults.append(str(error)))
        # A broken content security policy is told here, too.
        one.page.on("console", lambda said: one.faults.append(said.text) if said.type in {"error", "warning"} else None)
        return one

    yield make
    for one in visits:
        assert one.hosts <= {live_server.removeprefix("http://")}
        # Software drawing makes Chromium complain about itself; a page that answers 400 is noted, too.
        known = ("GPU stall", "status of 400", "WebGL")
        assert [fault for fault in one.faults if not any(word in fault for word in known)] == []
    for context in contexts:
        context.close()

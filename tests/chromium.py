"""The real browser of the tests: Debian's Chromium, drawing without a graphics card."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
# Where everything must be installed, a missing browser fails the tests instead of leaving them out.
IN_CI = os.environ.get("CI") in {"1", "true"}
# Software drawing on two shared cores is slow.
PATIENCE_MS = 90_000
TOUCH_PX = 40

NEEDS_CHROMIUM = [
    pytest.mark.clients,
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="chromium is not installed (apt install chromium)"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a running browser."""
    with sync_playwright() as playwright:
        # Two shared cores may be busy with other tests.
        expect.set_options(timeout=30_000)
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-gl=angle",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield running
        running.close()

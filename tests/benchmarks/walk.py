"""Places deep in a layer: the cursors of the ``next`` links that the server itself gives, down to the end."""

from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from spatial.catalogue.catalogue import PublishedLayer
from tests.benchmarks.workload import page_path

STRIDE = 10_000
"""Features between two places: the longest page."""


def cursors(base_url: str, layer: PublishedLayer, **asked: str) -> list[str]:
    """Return the cursor of every page of 10,000 features but the first, in their order.

    A cursor holds for pages of any length and look, as long as the order is the same.
    """
    return list(_walk(base_url, page_path(layer, limit=STRIDE, skipGeometry="true", properties="code", **asked)))


@cache
def _walk(base_url: str, path: str) -> tuple[str, ...]:
    found: list[str] = []
    with httpx.Client(base_url=base_url, timeout=60) as client:
        url: str | None = path
        while url:
            answer = client.get(url)
            answer.raise_for_status()
            url = _next(answer.json())
            if url:
                found += parse_qs(urlsplit(url).query)["cursor"]
    return tuple(found)


def _next(page: dict[str, Any]) -> str | None:
    return next((link["href"] for link in page["links"] if link["rel"] == "next"), None)

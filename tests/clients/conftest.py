"""Fixtures of the tests that drive real client programs."""

from collections.abc import Iterator

import pytest

from tests.clients.recorder import Recorder, record


@pytest.fixture
def recorder(live_server: str) -> Iterator[Recorder]:
    """Give a recording proxy before the live server."""
    with record(live_server) as one:
        yield one

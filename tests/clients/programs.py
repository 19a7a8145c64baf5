"""Programs that tests need and this machine may lack."""

import os
from typing import NoReturn

import pytest


def absent(program: str, remedy: str) -> NoReturn:
    """Fail in CI, where nothing may be missing; skip by name elsewhere."""
    sentence = f"{program} is not installed: {remedy}"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(sentence)
    pytest.skip(sentence)

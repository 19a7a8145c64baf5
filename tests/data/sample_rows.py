"""The small city, generated once for all tests."""

from functools import cache
from itertools import chain
from typing import Any

from data.sample.city import make_areas
from data.sample.faults import spoiled
from data.sample.rows import Area
from data.sample.sizes import SampleSize

SEED = 3401


@cache
def clean_areas() -> tuple[Area, ...]:
    """Return the small city before any fault."""
    return tuple(make_areas(SampleSize.SMALL, SEED))


@cache
def areas() -> tuple[Area, ...]:
    """Return the small city as it is loaded."""
    return tuple(spoiled(make_areas(SampleSize.SMALL, SEED), SEED))


def rows(name: str, *, clean: bool = False) -> list[Any]:
    """Return all rows of a kind."""
    return list(chain.from_iterable(getattr(area, name) for area in (clean_areas() if clean else areas())))


def truths(kind: str) -> list[dict[str, Any]]:
    """Return the truth about all faults of a kind."""
    return [truth for area in areas() for truth in area.truths if truth["kind"] == kind]

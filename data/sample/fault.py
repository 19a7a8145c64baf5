"""What a fault is: a change to an area's rows, and the truth about it."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from data.sample.fabric import Rng
from data.sample.rows import Area

Truth = dict[str, Any]
"""``layer``, ``codes``, ``field``, ``wrong``, ``right``; ``field`` is the column at fault, None for whole rows."""

Strike = Callable[[Area, Rng, set[str]], Truth | None]
"""Spoil an untouched row of an area and tell the truth; None where the area has no fitting row."""


class Coded(Protocol):
    """A row with a code."""

    @property
    def code(self) -> str:
        """The city's own name for the row."""


Row = TypeVar("Row", bound=Coded)


def tell(layer: str, codes: Sequence[str], field: str | None, wrong: object, right: object) -> Truth:
    """Return the truth about a fault."""
    return {"layer": layer, "codes": list(codes), "field": field, "wrong": wrong, "right": right}


def draw(rows: Sequence[Row], rng: Rng, touched: set[str], fits: Callable[[Row], bool]) -> int | None:
    """Return the index of a row that fits and bears no fault yet; None where a fair search finds none."""
    for index in rng.integers(len(rows), size=min(400, 4 * len(rows))).tolist() if rows else []:
        if rows[index].code not in touched and fits(rows[index]):
            return int(index)
    return None

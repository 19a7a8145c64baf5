"""What every resource understands, and how numbers are read."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final

from starlette.datastructures import QueryParams

from api.negotiation import LANGUAGES
from spatial.errors import InvalidInput

COMMON_PARAMETERS: Final = ("f", "lang")
"""What every resource understands."""
WHOLE_NUMBER: Final = re.compile(r"-?[0-9]+")
NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Beyond it PostgreSQL's bigint ends.
BIGINT: Final = 2**63


def only(query: QueryParams, allowed: Iterable[str]) -> None:
    """Refuse parameters that the resource does not know, or that are given twice.

    Raises
    ------
    InvalidInput
        Names the first such parameter and lists those that exist.
    """
    known = frozenset(allowed)
    seen = set()
    for name, _value in query.multi_items():
        if name not in known:
            raise InvalidInput(f"There is no parameter {name!r} here. Known: {', '.join(sorted(known))}.", field=name)
        if name in seen:
            raise InvalidInput(f"Parameter {name!r} is given twice; give it once.", field=name)
        seen.add(name)
    language = query.get("lang", "zh")
    if language[:2].lower() not in LANGUAGES or len(language) > 5:
        raise InvalidInput("lang is zh or en.", field="lang")


def whole_number(name: str, text: str, *, low: int) -> int:
    """Read a whole number that is at least ``low``."""
    if not WHOLE_NUMBER.fullmatch(text):
        raise InvalidInput(f"{name}={text!r} is not a whole number.", field=name)
    if len(text) > 20 or int(text) >= BIGINT:
        raise InvalidInput(f"{name} is too large.", field=name)
    if int(text) < low:
        raise InvalidInput(f"{name} must be at least {low}.", field=name)
    return int(text)


def number(name: str, text: str) -> float:
    """Read a finite number."""
    if not NUMBER.fullmatch(text):
        raise InvalidInput(f"{name}: {text!r} is not a number.", field=name)
    read = float(text)
    if not math.isfinite(read):
        raise InvalidInput(f"{name}: {text!r} is not a finite number.", field=name)
    return read


def flag(query: Mapping[str, str], name: str) -> bool:
    """Read ``true`` or ``false``; false when left out."""
    text = query.get(name, "false")
    if text not in {"true", "false"}:
        raise InvalidInput(f"{name}={text!r} is neither true nor false.", field=name)
    return text == "true"

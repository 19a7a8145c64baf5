"""CQL2 text and JSON into one checked tree, safe against whatever is sent."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from spatial.query.cql2.check import checked
from spatial.query.cql2.text import Reader
from spatial.query.cql2.words import DEPTH_MAX, JSON_BYTES_MAX, TEXT_BYTES_MAX, Node, wrong

# Strings are passed over; what is left of the text are its brackets.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
JSON_DEPTH_MAX: Final = 4 * DEPTH_MAX
"""Brackets inside each other: an operator is an object and a list, and coordinates add some."""


def parse_text(source: str) -> Node:
    """Read a filter in CQL2 text.

    Returns
    -------
    Node
        The filter as CQL2 JSON.

    Raises
    ------
    InvalidInput
        The sentence says what is wrong and where.

    Examples
    --------
    >>> parse_text("floors > 5 AND name LIKE '长江%'")["args"][0]
    {'op': '>', 'args': [{'property': 'floors'}, 5]}
    """
    _size(source, TEXT_BYTES_MAX)
    if not source.strip():
        raise wrong("it is empty; leave the parameter out to get everything.")
    return checked(Reader(source).filter())


def parse_json(source: str | Mapping[str, Any] | bool) -> Node:
    """Read a filter in CQL2 JSON, as text or already decoded.

    Raises
    ------
    InvalidInput
        The sentence says what is wrong.
    """
    return checked(_decoded(source) if isinstance(source, str) else source)


def _decoded(source: str) -> Node:
    _size(source, JSON_BYTES_MAX)
    depth = 0
    for match in _BRACKETS.finditer(source):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > JSON_DEPTH_MAX:
            raise wrong(f"more than {DEPTH_MAX} levels inside each other; write it flatter.")
    try:
        return json.loads(source, parse_constant=_no_constant)
    except ValueError as error:
        raise wrong(f"it is not JSON ({str(error)[:80]}). In CQL2 text send filter-lang=cql2-text.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _size(source: str, most: int) -> None:
    # A character has one byte at least: a huge text is refused before it is copied.
    if len(source) > most or len(source.encode(errors="surrogatepass")) > most:
        raise wrong(f"it is longer than {most // 1024} KiB.")
    if "\x00" in source:
        raise wrong("it contains a NUL character.")

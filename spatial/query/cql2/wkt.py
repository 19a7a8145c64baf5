"""Geometries of CQL2 text: well-known text, and BBOX."""

from collections.abc import Callable
from typing import Any, Protocol

from spatial.query.cql2.tokens import Kind, Token
from spatial.query.cql2.words import GEOMETRIES, SPACE_OR_COMMA, SPACE_OR_COMMA_ZH, Node, wrong


class Tokens(Protocol):
    """What we need of the reader."""

    def peek(self, ahead: int = 0) -> Token:
        """Return a coming token without taking it."""

    def take(self) -> Token:
        """Take the next token."""

    def has(self, sign: str) -> bool:
        """Take the next token if it is this sign or word."""

    def expect(self, sign: str) -> None:
        """Take a sign or word that must come."""

    def unexpected(self, wanted: str, zh: str | None = None) -> Exception:
        """Return the refusal of the next token."""


def read_geometry(source: Tokens, kind: str) -> Node:
    """Read what follows a geometry's word, as GeoJSON."""
    source.has("z")
    if source.peek().value.lower() == "empty":
        raise wrong("an EMPTY geometry has no place; leave the condition out.")
    if kind == "GeometryCollection":
        return {"type": kind, "geometries": _many(source, _member)}
    return {"type": kind, "coordinates": READERS[kind](source)}


def read_box(source: Tokens) -> Node:
    """Read what follows ``BBOX(``."""
    numbers = [_number(source)]
    while source.has(","):
        numbers.append(_number(source))
    source.expect(")")
    return {"bbox": numbers}


def _many(source: Tokens, read: Callable[[Tokens], Any]) -> list[Any]:
    source.expect("(")
    found = [read(source)]
    while source.has(","):
        found.append(read(source))
    source.expect(")")
    return found


def _member(source: Tokens) -> Node:
    token = source.peek()
    word = token.value.upper().removesuffix("Z")
    if token.kind is not Kind.NAME or word not in GEOMETRIES or word == "GEOMETRYCOLLECTION":
        raise source.unexpected("a geometry such as POINT(117.2 31.8)", "几何，例如 POINT(117.2 31.8)")
    source.take()
    return read_geometry(source, GEOMETRIES[word])


def _position(source: Tokens) -> list[float]:
    numbers = [_number(source)]
    while source.peek().kind is Kind.NUMBER or source.peek().value in {"-", "+"}:
        numbers.append(_number(source))
    return numbers


def _number(source: Tokens) -> float:
    sign = -1.0 if source.has("-") else 1.0
    if sign > 0:
        source.has("+")
    if source.peek().kind is not Kind.NUMBER:
        raise source.unexpected("a number", "数字")
    return sign * float(source.take().value)


def _point(source: Tokens) -> list[float]:
    source.expect("(")
    position = _position(source)
    if source.peek().value == ",":
        raise wrong(f"{SPACE_OR_COMMA} A point is POINT(117.2 31.8).", f"{SPACE_OR_COMMA_ZH}点写作 POINT(117.2 31.8)。")
    source.expect(")")
    return position


def _loose_point(source: Tokens) -> list[float]:
    """Read a member of a MULTIPOINT; many programs leave its parentheses out."""
    return _point(source) if source.peek().value == "(" else _position(source)


def _line(source: Tokens) -> list[list[float]]:
    return _many(source, _position)


def _polygon(source: Tokens) -> list[list[list[float]]]:
    return _many(source, _line)


READERS: dict[str, Callable[[Tokens], Any]] = {
    "Point": _point,
    "LineString": _line,
    "Polygon": _polygon,
    "MultiPoint": lambda source: _many(source, _loose_point),
    "MultiLineString": lambda source: _many(source, _line),
    "MultiPolygon": lambda source: _many(source, _polygon),
}

"""CQL2 text as tokens."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from spatial.errors import InvalidInput
from spatial.query.cql2.words import wrong

# The grammar's ranges of characters that begin a name, and those that may follow (production identifierStart).
_START: Final = (
    r":_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1ffe\u200c-\u200d\u2070-\u218f"
    r"\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
IDENTIFIER: Final = re.compile(f"[{_START}][{_START}.0-9\u0300-\u036f\u203f-\u2040]*")
# Every part moves on by at least one character and none can be read in two ways, so reading takes linear time.
_TOKEN: Final = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<text>'(?:[^'\\]|''|\\'|\\)*+')"
    rf"|(?P<name>{IDENTIFIER.pattern})"
    r'|(?P<quoted>"(?:[^"]|"")*+")'
    r"|(?P<sign><>|<=|>=|[-=<>+*/%^(),])"
)


class Kind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    QUOTED = "quoted"
    SIGN = "sign"
    END = "end"


class Token(NamedTuple):
    """One token; ``value`` is without quotes, ``at`` its place in the text, counted from 0."""

    kind: Kind
    value: str
    at: int


def tokens(source: str) -> Iterator[Token]:
    """Cut a filter into tokens; the last one is ``END``.

    Raises
    ------
    InvalidInput
        Some character begins no token, or a quote is not closed.
    """
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise _unreadable(source, at)
        if match.lastgroup != "space":
            kind = Kind(str(match.lastgroup))
            yield Token(kind, _value(kind, match[0]), at)
        at = match.end()
    yield Token(Kind.END, "", at)


def _value(kind: Kind, text: str) -> str:
    if kind is Kind.TEXT:
        return re.sub(r"''|\\'", "'", text[1:-1])
    if kind is Kind.QUOTED:
        return text[1:-1].replace('""', '"')
    return text


def _unreadable(source: str, at: int) -> InvalidInput:
    found = source[at]
    if found in "'\"":
        return wrong(
            f"the quote {found} at position {at + 1} is not closed. Inside a quoted text write it twice.",
            f"第 {at + 1} 个字符处的引号 {found} 没有闭合。文本内的引号要写两次。",
        )
    return wrong(
        f"the character {found!r} at position {at + 1} has no meaning there. Put texts in '...' and names in \"...\".",
        f"第 {at + 1} 个字符 {found!r} 在此没有意义。文本写在 '...' 中，名称写在 \"...\" 中。",
    )

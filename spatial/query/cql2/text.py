r"""CQL2 text as a tree in the form of CQL2 JSON.

Precedence climbing over tokens, with a bounded depth. The package ``cql2`` reads CQL2 text too, but it takes seconds
for twenty open parentheses, ends the process at ten thousand, turns whole numbers into floats (beyond 2^53 into other
numbers), and knows neither ``\'`` nor ``()`` nor ``2.E+1``; the tests hold this parser against it.
"""

import re
from typing import Final

from spatial.query.cql2.tokens import Kind, Token, tokens
from spatial.query.cql2.wkt import read_box, read_geometry
from spatial.query.cql2.words import ARRAYS, COMPARISONS, GEOMETRIES, RESERVED, TEXT_DEPTH_MAX, Node, wrong

OR, AND, NOT, COMPARE, SUM, PRODUCT, POWER, SIGN = range(1, 9)
"""How tightly operators bind, the loosest first."""
LEVELS: Final = {
    "or": OR,
    "and": AND,
    **dict.fromkeys([*COMPARISONS, "like", "between", "in", "is", "not"], COMPARE),
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "%": PRODUCT,
    "div": PRODUCT,
    "^": POWER,
}
GEOMETRY_WORD: Final = re.compile(rf"({'|'.join(GEOMETRIES)})(Z?)", re.IGNORECASE)


class Reader:
    """Reads one filter; ``peek`` and ``take`` are also the geometry reader's way to the tokens."""

    def __init__(self, source: str) -> None:
        self._tokens = list(tokens(source))
        self._next = 0
        self._depth = 0

    def filter(self) -> Node:
        """Read the whole text."""
        tree = self.expression()
        if self.peek().kind is not Kind.END:
            raise self.unexpected(
                "an operator such as AND or OR between two conditions, or the end",
                "AND、OR 等运算符（连接两个条件），或结尾",
            )
        return tree

    # Tokens

    def peek(self, ahead: int = 0) -> Token:
        """Return a coming token without taking it."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Take the next token."""
        token = self.peek()
        self._next += 1
        return token

    def has(self, sign: str) -> bool:
        """Take the next token if it is this sign or word."""
        token = self.peek()
        if token.kind in {Kind.SIGN, Kind.NAME} and token.value.lower() == sign:
            self._next += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        """Take a sign or word that must come."""
        if not self.has(sign):
            raise self.unexpected(sign.upper())

    def unexpected(self, wanted: str, zh: str | None = None) -> Exception:
        """Return the refusal of the next token; ``zh`` is what was wanted, in Chinese."""
        token, wanted_zh = self.peek(), zh or wanted
        if token.kind is Kind.END:
            return wrong(f"the filter ends too early; {wanted} is missing.", f"条件不完整，缺少：{wanted_zh}。")
        found = f"{token.value[:40]!r}"
        return wrong(
            f"{found} at position {token.at + 1} is unexpected; {wanted} belongs there.",
            f"第 {token.at + 1} 个字符处的 {found} 不合语法，此处应为：{wanted_zh}。",
        )

    # Expressions

    def expression(self, level: int = OR) -> Node:
        """Read operators that bind at least as tightly as ``level``."""
        self._depth += 1
        if self._depth > TEXT_DEPTH_MAX:
            raise wrong("too many parentheses and calls inside each other; write it flatter.")
        left = self._first(level)
        while (found := self._operator()) and LEVELS[found] >= level:
            left = self._longer(left, found)
            if LEVELS[found] == COMPARE and LEVELS.get(self._operator(), OR) >= COMPARE:
                # a = b = c has no meaning in the grammar.
                raise self.unexpected("AND, OR or a closing parenthesis", "AND、OR 或右括号")
        self._depth -= 1
        return left

    def _operator(self) -> str:
        """Return the coming infix operator, or an empty text."""
        token = self.peek()
        word = token.value.lower()
        return word if token.kind in {Kind.SIGN, Kind.NAME} and word in LEVELS else ""

    def _longer(self, left: Node, operator: str) -> Node:
        """Read what follows ``left`` from its operator on."""
        level = LEVELS[operator]
        if level == COMPARE and operator not in COMPARISONS:
            return self._predicate(left)
        self.take()
        right = self.expression(level + 1)
        if operator not in {"and", "or"}:
            return {"op": operator, "args": [left, right]}
        # a AND b AND c is one operator with three operands.
        args = [left, right]
        while self._operator() == operator:
            self.take()
            args.append(self.expression(level + 1))
        return {"op": operator, "args": args}

    def _predicate(self, left: Node) -> Node:
        """Read ``IS [NOT] NULL`` or ``[NOT] LIKE, BETWEEN, IN``."""
        if self.has("is"):
            is_negative = self.has("not")
            self.expect("null")
            return _maybe_not({"op": "isNull", "args": [left]}, is_negative=is_negative)
        is_negative = self.has("not")
        if self.has("like"):
            found: Node = {"op": "like", "args": [left, self.expression(SUM)]}
        elif self.has("between"):
            low = self.expression(SUM)
            self.expect("and")
            found = {"op": "between", "args": [left, low, self.expression(SUM)]}
        elif self.has("in"):
            self.expect("(")
            found = {"op": "in", "args": [left, self._list()]}
        else:
            raise self.unexpected("LIKE, BETWEEN or IN", "LIKE、BETWEEN 或 IN")
        return _maybe_not(found, is_negative=is_negative)

    def _first(self, level: int) -> Node:
        """Read a value, a name, a call, a group, or a sign before one."""
        if level <= NOT and self.has("not"):
            return {"op": "not", "args": [self.expression(NOT)]}
        if self.has("-"):
            return _minus(self.expression(SIGN))
        if self.has("+"):
            return self.expression(SIGN)
        token = self.peek()
        if token.kind is Kind.NAME:
            return self._word()
        return self._group() if token.value == "(" and token.kind is Kind.SIGN else self._value()

    def _value(self) -> Node:
        """Read a number, a text or a name in double quotes."""
        token = self.peek()
        if token.kind is Kind.NUMBER:
            return number(self.take())
        if token.kind is Kind.TEXT:
            return self.take().value
        if token.kind is Kind.QUOTED:
            return {"property": self.take().value}
        raise self.unexpected("a value, a property or a function", "值、属性或函数")

    def _group(self) -> Node:
        """Read ``(expression)``, or an array where there is a comma or nothing."""
        self.expect("(")
        items = self._list()
        return items[0] if len(items) == 1 else items

    def _list(self) -> list[Node]:
        """Read what stands between an opening parenthesis and its end."""
        items: list[Node] = []
        if self.has(")"):
            return items
        items.append(self.expression())
        while self.has(","):
            items.append(self.expression())
        self.expect(")")
        return items

    def _word(self) -> Node:
        token = self.peek()
        word = token.value.lower()
        if word in {"true", "false"}:
            self.take()
            return word == "true"
        shape = GEOMETRY_WORD.fullmatch(token.value)
        if shape and self._opens(1):
            self.take()
            return read_geometry(self, GEOMETRIES[shape[1].upper()])
        if word in RESERVED:
            raise self.unexpected(
                f'a value or a property (a property of this name is written "{token.value}")',
                f'值或属性（同名的属性写作 "{token.value}"）',
            )
        self.take()
        if self.peek().value != "(" or self.peek().kind is not Kind.SIGN:
            return {"property": token.value}
        self.take()
        return self._call(token.value)

    def _opens(self, ahead: int) -> bool:
        """Tell whether a geometry follows its word: ``(``, ``Z (`` or ``EMPTY``."""
        following = self.peek(ahead)
        if following.kind is Kind.SIGN:
            return following.value == "("
        if following.kind is not Kind.NAME:
            return False
        word = following.value.lower()
        return word == "empty" or (word == "z" and self.peek(ahead + 1).value.lower() in {"(", "empty"})

    def _call(self, name: str) -> Node:
        """Read the arguments of a function, of a predicate like S_INTERSECTS, or of DATE, INTERVAL, BBOX."""
        word = name.lower()
        if word == "bbox":
            return read_box(self)
        args = self._arrays() if word in ARRAYS else self._list()
        if word in {"date", "timestamp"}:
            if len(args) != 1 or not isinstance(args[0], str):
                raise wrong(f"{name} takes one text, such as {name}('2026-01-31').")
            return {word: args[0]}
        if word == "interval":
            return {"interval": [_plain_instant(arg) for arg in args]}
        return {"op": name, "args": args}

    def _arrays(self) -> list[Node]:
        """Read the operands of an array predicate, where parentheses always make an array."""
        args: list[Node] = []
        while True:
            if self.has("("):
                self._depth += 1
                args.append(self._list())
                self._depth -= 1
            else:
                args.append(self.expression())
            if not self.has(","):
                break
        self.expect(")")
        return args


def number(token: Token) -> int | float:
    """Read a number; a whole one stays whole."""
    if len(token.value) > 400:
        raise wrong(f"the number at position {token.at + 1} is too long.")
    return int(token.value) if token.value.isdigit() else float(token.value)


def _minus(operand: Node) -> Node:
    if isinstance(operand, (int, float)) and not isinstance(operand, bool):
        return -operand
    return {"op": "*", "args": [-1, operand]}


def _maybe_not(tree: Node, *, is_negative: bool) -> Node:
    return {"op": "not", "args": [tree]} if is_negative else tree


def _plain_instant(arg: Node) -> Node:
    """Take ``INTERVAL(DATE('...'), ...)`` for ``INTERVAL('...', ...)``."""
    if isinstance(arg, dict) and len(arg) == 1:
        return arg.get("date", arg.get("timestamp", arg))
    return arg

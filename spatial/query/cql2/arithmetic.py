"""Arithmetic: what is constant is computed here, the rest by PostgreSQL; what has no result is NULL."""

import math
from typing import Final

from spatial.query.cql2.comparison import BIGINT
from spatial.query.cql2.expression import NUMERIC, SPOKEN, Expression, Kind, Operand, Span, build, literal
from spatial.query.cql2.words import wrong

# Whole numbers are added and multiplied as numeric: exact, and they cannot overflow. Division by zero is NULL, so
# that one feature does not spoil the answer for all the others.
WHOLE: Final = {
    "+": "({0}::numeric + {1})",
    "-": "({0}::numeric - {1})",
    "*": "({0}::numeric * {1})",
    "%": "mod({0}::numeric, nullif({1}, 0)::numeric)",
    "div": "div({0}::numeric, nullif({1}, 0)::numeric)",
}
FLOATING: Final = {
    "+": "({0}::float8 + {1}::float8)",
    "-": "({0}::float8 - {1}::float8)",
    "*": "({0}::float8 * {1}::float8)",
    "/": "({0}::float8 / nullif({1}::float8, 0))",
    "%": "catalogue.modulo({0}::float8, {1}::float8)",
    "div": "trunc({0}::float8 / nullif({1}::float8, 0))",
    "^": "catalogue.power({0}::float8, {1}::float8)",
}
COST_US: Final = 0.15
NO_RESULT: Final = Expression(Kind.NUMBER, ("NULL::float8",), name="an expression without a result")


def arithmetic(operator: str, left: Operand, right: Operand) -> Expression:
    """Compile ``left operator right``."""
    one, other = number(left), number(right)
    if one.is_literal and other.is_literal:
        return _constant(operator, one.value, other.value)
    whole = one.kind is Kind.INTEGER and other.kind is Kind.INTEGER and operator in WHOLE
    if whole:
        return build(Kind.INTEGER, WHOLE[operator], one, other, cost_us=COST_US)
    return build(Kind.NUMBER, FLOATING[operator], one, other, cost_us=COST_US)


def number(operand: Operand) -> Expression:
    """Return an operand that is a number."""
    if isinstance(operand, Span) or operand.kind not in NUMERIC:
        raise wrong(f"{operand.label} is {SPOKEN[operand.kind]}; only numbers can be computed with.")
    return operand


def _constant(operator: str, one: float, other: float) -> Expression:
    try:
        result = _computed(operator, one, other)
    except (ZeroDivisionError, OverflowError):
        return NO_RESULT
    if isinstance(result, complex) or not math.isfinite(result):
        return NO_RESULT
    if isinstance(result, int) and result in BIGINT:
        return literal(Kind.INTEGER, result)
    return literal(Kind.NUMBER, float(result))


def _computed(operator: str, one: float, other: float) -> float:
    is_whole = isinstance(one, int) and isinstance(other, int)
    if operator in {"+", "-", "*"}:
        return {"+": one + other, "-": one - other, "*": one * other}[operator]
    if operator == "^":
        return _power(one, other)
    if other == 0:
        raise ZeroDivisionError
    if operator == "/":
        return one // other if is_whole and one % other == 0 else one / other
    # Both cut towards zero, as PostgreSQL does; Python's own // and % go down.
    if is_whole:
        quotient = abs(int(one)) // abs(int(other)) * (1 if (one < 0) == (other < 0) else -1)
        return quotient if operator == "div" else one - quotient * other
    return math.fmod(one, other) if operator == "%" else float(math.trunc(one / other))


def _power(one: float, other: float) -> float:
    # A float first: 9^9^9 has no room, and says so at once.
    result: float = float(one) ** float(other)
    is_whole = isinstance(one, int) and isinstance(other, int) and other >= 0
    return one**other if is_whole and not isinstance(result, complex) and abs(result) < 2**62 else result

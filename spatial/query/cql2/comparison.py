"""Comparisons: typed, and on the bare column wherever there is one, so that its index serves."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from spatial.errors import InvalidInput
from spatial.query.cql2.expression import (
    INSTANTS,
    NUMERIC,
    SPOKEN,
    SQL_TYPE,
    Expression,
    Kind,
    Operand,
    Span,
    Value,
    build,
    joined,
    literal,
)
from spatial.query.cql2.moments import read_instant
from spatial.query.cql2.words import wrong

MIRRORED: Final = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
BIGINT: Final = range(-(2**63), 2**63)
LIST_COST_US: Final = 0.1


def scalar(operand: Operand) -> Expression:
    """Return an operand that is one value, not an interval, a geometry or an array."""
    if isinstance(operand, Span):
        raise wrong("an interval is compared by a temporal function such as T_INTERSECTS.")
    if operand.kind is Kind.GEOMETRY:
        raise wrong(f"{operand.label} is a geometry; compare it by a spatial function such as S_INTERSECTS.")
    if operand.kind is Kind.ARRAY:
        raise wrong(f"{operand.label} is an array; compare it by an array function such as A_CONTAINS.")
    return operand


def compare(operator: str, left: Operand, right: Operand) -> Expression:
    """Compile ``left operator right``."""
    one, other = scalar(left), scalar(right)
    if one.is_literal and not other.is_literal:
        one, other, operator = other, one, MIRRORED[operator]
    if one.kind in NUMERIC and other.kind in NUMERIC:
        return _compare_numbers(operator, one, other)
    if one.kind is Kind.UUID or other.kind is Kind.UUID:
        return _compare_ids(operator, one, other)
    one, other = _as_instants(one, other)
    if one.kind in INSTANTS and other.kind in INSTANTS:
        return _compare_instants(operator, one, other)
    if one.kind is not other.kind:
        raise _mismatch(one, other)
    if one.kind is Kind.BOOLEAN and operator not in {"=", "<>"}:
        raise wrong(f"{one.label} is true or false; compare it with = or <>.")
    return _plain(operator, one, other)


def within_list(operand: Operand, items: Sequence[Operand]) -> Expression:
    """Compile ``operand IN (items)``."""
    if not items:
        raise wrong("IN needs at least one value.")
    one, others = scalar(operand), [scalar(item) for item in items]
    if not one.is_literal and all(other.is_literal for other in others):
        values = _values(one, others)
        if values is not None:
            bound = Expression(Kind.ARRAY, (Value(values, f"{SQL_TYPE[one.kind]}[]"),))
            return build(Kind.BOOLEAN, "({0} = ANY({1}))", one, bound, cost_us=LIST_COST_US) if values else never(one)
    if one.kind is Kind.TEXT and all(other.kind is Kind.TEXT for other in others):
        places = ", ".join(f"{{{index + 1}}}" for index in range(len(others)))
        return build(Kind.BOOLEAN, f"({{0}} IN ({places}))", one, *others, cost_us=LIST_COST_US)
    return joined(Kind.BOOLEAN, [compare("=", one, other) for other in others], " OR ")


def between(operand: Operand, low: Operand, high: Operand) -> Expression:
    """Compile ``operand BETWEEN low AND high``."""
    one, least, most = scalar(operand), scalar(low), scalar(high)
    kinds = {one.kind, least.kind, most.kind}
    if not one.is_column and (kinds <= NUMERIC or kinds == {Kind.TEXT}):
        return build(Kind.BOOLEAN, "({0} BETWEEN {1} AND {2})", one, least, most)
    return joined(Kind.BOOLEAN, [compare(">=", one, least), compare("<=", one, most)], " AND ")


def is_null(operand: Operand) -> Expression:
    """Compile ``operand IS NULL``."""
    if isinstance(operand, Span):
        raise wrong("an interval is never NULL; ask it of its ends.")
    return build(Kind.BOOLEAN, "({0} IS NULL)", operand)


def never(one: Expression) -> Expression:
    """Return what is false, and unknown where ``one`` is NULL, as any comparison is."""
    return build(Kind.BOOLEAN, "({0} <> {0})", one)


def always(one: Expression) -> Expression:
    """Return what is true, and unknown where ``one`` is NULL."""
    return build(Kind.BOOLEAN, "({0} = {0})", one)


def _plain(operator: str, one: Expression, other: Expression) -> Expression:
    return build(Kind.BOOLEAN, f"({{0}} {operator} {{1}})", one, other)


# Numbers


def _compare_numbers(operator: str, one: Expression, other: Expression) -> Expression:
    if not other.is_literal:
        return _plain(operator, one, other)
    found = exact_bound(operator, other.value, is_integer=one.kind is Kind.INTEGER)
    if isinstance(found, bool):
        return always(one) if found else never(one)
    operator, value = found
    return _plain(operator, one, literal(one.kind, value))


def exact_bound(operator: str, value: float, *, is_integer: bool) -> tuple[str, float] | bool:
    """Return a comparison with a value of the column's own type that says the same, or whether it always holds.

    >>> exact_bound("<", 3.5, is_integer=True), exact_bound("=", 3.5, is_integer=True)
    (('<=', 3), False)
    """
    nearest = _nearest(value, is_integer=is_integer)
    if nearest == value and (not is_integer or nearest in BIGINT):
        return operator, nearest
    if operator in {"=", "<>"}:
        return operator == "<>"
    wants_more = operator in {">", ">="}
    if is_integer and math.floor(value) not in BIGINT:
        return (value < 0) is wants_more
    if nearest < value:
        return (">" if wants_more else "<="), nearest
    return (">=" if wants_more else "<"), nearest


def _nearest(value: float, *, is_integer: bool) -> float:
    """Return the value itself in the column's type, or one beside it."""
    return math.floor(value) if is_integer else float(value)


# Ids


def _compare_ids(operator: str, one: Expression, other: Expression) -> Expression:
    if one.kind is other.kind:
        return _plain(operator, one, other)
    if {one.kind, other.kind} != {Kind.UUID, Kind.TEXT}:
        raise _mismatch(one, other)
    if one.kind is Kind.UUID and other.is_literal and operator in {"=", "<>"}:
        value = _uuid(other.value)
        if value is None:
            return never(one) if operator == "=" else always(one)
        return _plain(operator, one, literal(Kind.UUID, value))
    return build(Kind.BOOLEAN, f"({{0}}::text {operator} {{1}}::text)", one, other)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# Dates and times


def _as_instants(one: Expression, other: Expression) -> tuple[Expression, Expression]:
    """Read a text beside a date as a date: some programs send ``built = '2020-01-01'``."""
    return one, as_instant(other) if one.kind in INSTANTS else other


def as_instant(one: Expression) -> Expression:
    """Return a text that stands in the filter as the date or timestamp that it says, and anything else as it is."""
    return instant(read_instant(one.value)) if one.kind is Kind.TEXT and one.is_literal else one


def instant(value: date | datetime) -> Expression:
    """Return a date or a timestamp that stands in the filter."""
    return literal(Kind.TIMESTAMP if isinstance(value, datetime) else Kind.DATE, value)


def first_moment(day: date) -> datetime:
    """Return when a day begins, in UTC."""
    return datetime.combine(day, time.min, UTC)


def last_moment(day: date) -> datetime:
    """Return the last microsecond of a day, in UTC."""
    return datetime.combine(day, time.max, UTC)


def _compare_instants(operator: str, one: Expression, other: Expression) -> Expression:
    """Compare dates and times; a date is the whole of its UTC day, so a time is compared by the day it falls on."""
    if one.kind is other.kind:
        return _plain(operator, one, other)
    if one.kind is Kind.DATE:
        return _plain(operator, one, _day_of(other))
    if other.is_literal and not one.is_literal:
        return _compare_with_day(operator, one, other.value)
    return _plain(operator, _day_of(one), other)


def _day_of(moment: Expression) -> Expression:
    if moment.is_literal:
        return literal(Kind.DATE, moment.value.date())
    return build(Kind.DATE, "({0} AT TIME ZONE 'UTC')::date", moment)


def _compare_with_day(operator: str, one: Expression, day: date) -> Expression:
    first = literal(Kind.TIMESTAMP, first_moment(day))
    last = literal(Kind.TIMESTAMP, last_moment(day))
    forms: dict[str, Callable[[], Expression]] = {
        "=": lambda: build(Kind.BOOLEAN, "({0} >= {1} AND {0} <= {2})", one, first, last),
        "<>": lambda: build(Kind.BOOLEAN, "({0} < {1} OR {0} > {2})", one, first, last),
        "<": lambda: _plain("<", one, first),
        ">=": lambda: _plain(">=", one, first),
        ">": lambda: _plain(">", one, last),
        "<=": lambda: _plain("<=", one, last),
    }
    return forms[operator]()


# Lists


def _values(one: Expression, others: Sequence[Expression]) -> list[Any] | None:
    """Return the values of a list in the type of ``one``, without those it can never have; None where types differ."""
    values: list[Any] = []
    for other in others:
        if one.kind in NUMERIC and other.kind in NUMERIC:
            found = exact_bound("=", other.value, is_integer=one.kind is Kind.INTEGER)
            if not isinstance(found, bool):
                values.append(found[1])
        elif one.kind is Kind.UUID and other.kind is Kind.TEXT:
            value = _uuid(other.value)
            if value is not None:
                values.append(value)
        elif one.kind is other.kind:
            values.append(other.value)
        else:
            return None
    return values


def _mismatch(one: Expression, other: Expression) -> InvalidInput:
    advice, advice_zh = "compare values of one type.", "请比较同一类型的值。"
    if other.is_literal and one.kind is Kind.TEXT and other.kind in NUMERIC:
        advice, advice_zh = f"write '{other.value}' in quotes.", f"请给值加单引号：'{other.value}'。"
    elif other.is_literal and one.kind in NUMERIC and other.kind is Kind.TEXT:
        advice, advice_zh = "write a number without quotes.", "数字不加引号。"
    elif one.kind in INSTANTS:
        advice = "write DATE('2026-01-31') or TIMESTAMP('2026-01-31T12:00:00Z')."
        advice_zh = "请写 DATE('2026-01-31') 或 TIMESTAMP('2026-01-31T12:00:00Z')。"
    return wrong(
        f"{one.label} is {SPOKEN[one.kind]} and {other.label} is {SPOKEN[other.kind]}; {advice}",
        f"{_label_zh(one)} 与 {_label_zh(other)} 类型不同；{advice_zh}",
    )


def _label_zh(one: Expression) -> str:
    return one.label.replace("an expression", "表达式").replace("property", "属性")

"""Typed pieces of SQL, compiled once; only their values are bound for each statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from spatial.query.binds import Binds
from spatial.query.cql2.words import wrong


class Kind(StrEnum):
    """Type of a value."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "datetime"
    UUID = "uuid"
    GEOMETRY = "geometry"
    ARRAY = "array"
    INTERVAL = "interval"


SQL_TYPE: Final = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "float8",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamptz",
    Kind.UUID: "uuid",
    Kind.GEOMETRY: "bytea",
    Kind.ARRAY: "text[]",
}
NUMERIC: Final = frozenset({Kind.INTEGER, Kind.NUMBER})
INSTANTS: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
SPOKEN: Final = {
    Kind.TEXT: "a text",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "a truth value",
    Kind.DATE: "a date",
    Kind.TIMESTAMP: "a time",
    Kind.UUID: "an id",
    Kind.GEOMETRY: "a geometry",
    Kind.ARRAY: "an array",
    Kind.INTERVAL: "an interval",
}
BINDS_MAX: Final = 2_000
"""Bound values of one filter; PostgreSQL plans a statement of more for seconds."""


class Value(NamedTuple):
    """A value to be bound, and its SQL type."""

    value: object
    sql_type: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed piece of SQL.

    Attributes
    ----------
    parts
        Text of ours and values, in order.
    cost_us
        About how long PostgreSQL works on it for one row.
    value
        The value of a literal, as Python has it; None for anything else.
    name
        What to call it in a sentence; a literal is called by its value.
    is_column
        Whether it is a bare column, which an index may serve.
    other_layers
        Whether it reads other layers.
    """

    kind: Kind
    parts: tuple[str | Value, ...]
    cost_us: float = 0.0
    value: Any = None
    name: str = ""
    is_column: bool = False
    other_layers: bool = False

    @property
    def is_literal(self) -> bool:
        """True for a value that stands in the filter itself."""
        return self.value is not None

    @property
    def label(self) -> str:
        """What to call it in a sentence."""
        return self.name or _shown(self.value)

    def sql(self, binds: Binds) -> str:
        """Write it, its values bound."""
        return "".join([part if isinstance(part, str) else binds.add(*part) for part in self.parts])


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with both ends inside; an end that is None is open.

    Attributes
    ----------
    is_open_when_null
        Whether a feature without this end goes on for ever (intervals of properties).
    """

    start: Expression | None
    end: Expression | None
    label: str = "the interval"
    kind: Kind = field(default=Kind.INTERVAL, init=False)
    is_literal: bool = field(default=False, init=False)


Operand = Expression | Span


def column(kind: Kind, sql: str, label: str, *, is_bare: bool = True) -> Expression:
    """Return a property; ``sql`` comes from the catalogue."""
    return Expression(kind, (sql,), 0.01, name=f"property {label!r}", is_column=is_bare)


def literal(kind: Kind, value: Any) -> Expression:
    """Return a value that stands in the filter."""
    return Expression(kind, (Value(value, SQL_TYPE[kind]),), value=value)


def build(kind: Kind, template: str, *operands: Expression, cost_us: float = 0.05) -> Expression:
    """Put expressions into the places ``{0}``, ``{1}`` ... of a template of ours."""
    parts: list[str | Value] = []
    for index, text in enumerate(template.split("{")):
        if index == 0:
            parts.append(text)
            continue
        number, _, rest = text.partition("}")
        parts.extend(operands[int(number)].parts)
        parts.append(rest)
    if sum(isinstance(part, Value) for part in parts) > BINDS_MAX:
        raise wrong(f"more than {BINDS_MAX} values; use IN with a list, or ask in parts.")
    whole = _joined(parts)
    return Expression(
        kind,
        whole,
        cost_us + sum(one.cost_us for one in operands) if _reads_the_row(whole) else 0.0,
        name="an expression",
        other_layers=any(one.other_layers for one in operands),
    )


def joined(kind: Kind, operands: Sequence[Expression], between: str, *, cost_us: float = 0.05) -> Expression:
    """Put expressions one after the other, in parentheses."""
    places = between.join(f"{{{index}}}" for index in range(len(operands)))
    return build(kind, f"({places})", *operands, cost_us=cost_us)


def _reads_the_row(parts: Sequence[str | Value]) -> bool:
    """Tell whether a column of the feature stands in it; what has none is computed once, not for each feature."""
    return any(isinstance(part, str) and 't."' in part for part in parts)


def _joined(parts: Sequence[str | Value]) -> tuple[str | Value, ...]:
    """Join texts that stand side by side."""
    whole: list[str | Value] = []
    for part in parts:
        if isinstance(part, str) and whole and isinstance(whole[-1], str):
            whole[-1] += part
        elif part != "":
            whole.append(part)
    return tuple(whole)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value!r:.60}" if isinstance(value, str | int | float) else f"{value!s:.60}"

"""Filters as the rows of a form, property, operator and value; and plain parameters as the filter that they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from api.forms.fields import asked_field, asked_fields
from api.forms.times import LAST, local_input
from api.params.values import value_of
from spatial.catalogue.types import FieldType, Layer, LayerField
from spatial.errors import InvalidInput
from spatial.query.cql2.words import Node
from spatial.query.types import Value

OPERATORS: Final = {"=": "eq", "<>": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
"""Comparisons of CQL2 and what the form calls them."""
BOUNDS: Final[Mapping[str, tuple[time, ...]]] = {
    ">=": (time.min,),
    "<": (time.min,),
    "<=": (LAST,),
    ">": (LAST,),
    "between": (time.min, LAST),
}
"""Which moment of a day each side of a comparison means where only the day was typed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One condition of the form.

    Attributes
    ----------
    operator
        ``eq ne gt ge lt le contains begins in between null notnull``.
    values
        As the form's inputs hold them; times in the city's own, to the minute, or a day of it alone.
    """

    name: str
    operator: str
    values: tuple[str, ...] = ()


class _NoRow(Exception):
    """The form has no row for this condition."""


def rows_of(tree: Node, layer: Layer) -> tuple[str, tuple[Row, ...]] | None:
    """Return a filter as rows and the word that joins them; None where rows cannot say it."""
    joined, parts = "and", [tree]
    if isinstance(tree, dict) and tree.get("op") in {"and", "or"}:
        joined, parts = tree["op"], tree["args"]
    try:
        return joined, tuple(_row(part, layer) for part in parts)
    except _NoRow:
        return None


def plain_row(field: LayerField, text: str) -> Row | None:
    """Return a plain parameter as a row, as typed, right or wrong; None for a moment that no input can show."""
    try:
        moment = value_of(field, text) if field.type is FieldType.DATETIME else None
    except InvalidInput:
        moment = None
    try:
        return Row(field.name, "eq", (local_input(moment, bound=None) if isinstance(moment, datetime) else text,))
    except ValueError:
        return None


def equality(query: Mapping[str, str], layer: Layer, *, reserved: frozenset[str]) -> list[Node]:
    """Return the comparisons that plain parameters mean.

    Parameters
    ----------
    reserved
        Names that mean something else.

    Raises
    ------
    InvalidInput
        A value is not of its property's type.
    """
    return [
        {"op": "=", "args": [{"property": field.name}, _literal(value_of(field, query[field.name]))]}
        for field in asked_fields(layer)
        if query.get(field.name) and field.name not in reserved
    ]


def all_of(conditions: list[Node]) -> Node | None:
    """Join conditions by AND, those of an AND with its neighbours; None for no condition."""
    flat: list[Node] = []
    for one in conditions:
        is_and = isinstance(one, dict) and one.get("op") == "and"
        flat += one["args"] if is_and else [one]
    if len(flat) < 2:
        return flat[0] if flat else None
    return {"op": "and", "args": flat}


def _literal(value: Value) -> Node:
    if isinstance(value, datetime):
        return {"timestamp": value.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _row(node: Node, layer: Layer) -> Row:
    if not isinstance(node, dict) or "op" not in node:
        raise _NoRow
    op, args = node["op"], node["args"]
    if op == "not" and isinstance(args[0], dict) and args[0].get("op") == "isNull":
        return Row(_field(args[0]["args"][0], layer).name, "notnull")
    if op not in {*OPERATORS, "like", "in", "between", "isNull"}:
        raise _NoRow
    field = _field(args[0], layer)
    if op == "isNull":
        return Row(field.name, "null")
    if op == "like":
        return _like(field, args[1])
    values = args[1] if op == "in" else args[1:]
    if field.type is FieldType.DATETIME:
        return _when(field, op, values)
    return Row(field.name, OPERATORS.get(op) or str(op), tuple(_shown(one) for one in values))


def _when(field: LayerField, op: str, values: list[Node]) -> Row:
    """Read moments, and the bounds of days as days; a day of the filter itself would be one of UTC."""
    if not all(isinstance(one, dict) and "timestamp" in one for one in values):
        raise _NoRow
    try:
        moments = [datetime.fromisoformat(one["timestamp"]) for one in values]
        bounds = BOUNDS.get(op, (None,) * len(values))
        shown = tuple(local_input(one, bound=bound) for one, bound in zip(moments, bounds, strict=True))
    except (ValueError, OverflowError) as error:
        raise _NoRow from error
    if op == "between" and shown[0] == shown[1] and "T" not in shown[0]:
        return Row(field.name, "eq", shown[:1])
    return Row(field.name, OPERATORS.get(op) or str(op), shown)


def _field(node: Node, layer: Layer) -> LayerField:
    field = asked_field(layer, node["property"]) if isinstance(node, dict) and "property" in node else None
    if field is None:
        raise _NoRow
    return field


def _like(field: LayerField, pattern: Any) -> Row:
    """Read ``%text%`` and ``text%``; other patterns are for those who write CQL2."""
    if not isinstance(pattern, str) or not pattern.endswith("%"):
        raise _NoRow
    is_inside = pattern.startswith("%") and len(pattern) > 1
    text = _unescaped(pattern[1:-1] if is_inside else pattern[:-1])
    if not text:
        raise _NoRow
    return Row(field.name, "contains" if is_inside else "begins", (text,))


def _unescaped(pattern: str) -> str | None:
    """Take the backslashes away; None where a wildcard stands free, or the end is escaped."""
    out, rest = "", iter(pattern)
    for sign in rest:
        if sign in "%_":
            return None
        if sign == "\\":
            sign = next(rest, "")  # noqa: PLW2901 - the escaped sign takes its place
            if not sign:
                return None
        out += sign
    return out


def _shown(node: Node) -> str:
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, str):
        return node
    if isinstance(node, int | float):
        return repr(node).removesuffix(".0")
    if isinstance(node, dict) and "date" in node:
        return str(node["date"])
    raise _NoRow

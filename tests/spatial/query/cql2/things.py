"""A layer with a property of every type and with holes, and a second opinion on what a filter says of its rows."""

import math
import operator
import re
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg

from spatial.catalogue.queries import refresh_layer, save_layer
from spatial.catalogue.types import FieldType, GeometryType, Layer, LayerField, LayerGeometry, Titled, ZoomRange

NOON = datetime(2020, 1, 2, 12, tzinfo=UTC)
ROWS: Final[list[dict[str, Any]]] = [
    {"i": 0, "n": 0.0, "s": "", "b": True, "d": date(2020, 1, 1), "ts": datetime(2020, 1, 1, tzinfo=UTC)},
    {"i": 1, "n": 0.5, "s": "a", "b": False, "d": date(2020, 1, 2), "ts": NOON},
    {"i": -3, "n": -2.25, "s": "A%b", "b": True, "d": date(2020, 1, 3), "ts": datetime(2020, 1, 2, tzinfo=UTC)},
    {"i": 7, "n": None, "s": "长江路", "b": None, "d": None, "ts": NOON},
    {"i": None, "n": 4.0, "s": None, "b": False, "d": date(2020, 1, 2), "ts": None},
    {"i": 2, "n": 1e10, "s": "a_c\\", "b": True, "d": date(1999, 12, 31), "ts": datetime(1999, 12, 31, 23, tzinfo=UTC)},
    {"i": 2**40, "n": -7.75, "s": "ab\nc", "b": False, "d": date(2020, 2, 29), "ts": NOON},
    {"i": None, "n": None, "s": None, "b": None, "d": None, "ts": None},
]
TAGS: Final = [["a"], ["a", "b"], ["b", "a", "a"], [], None, ["长江"], ["a", "c"], None]
PLACES: Final = [
    "POINT(117 31)",
    "LINESTRING(117 31, 118 32)",
    "POLYGON((117 31, 118 31, 118 32, 117 31))",
    "GEOMETRYCOLLECTION(POINT(117 31), LINESTRING(117 31, 118 32))",
    None,
    "MULTIPOINT((117 31), (118 32))",
    "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))",
    "POINT EMPTY",
]
FIELDS: Final = {
    "i": ("bigint", FieldType.INTEGER),
    "n": ("float8", FieldType.NUMBER),
    "s": ("text", FieldType.STRING),
    "b": ("boolean", FieldType.BOOLEAN),
    "d": ("date", FieldType.DATE),
    "ts": ("timestamptz", FieldType.DATETIME),
    "tags": ("text[]", FieldType.ARRAY),
}


def publish_things(conn: psycopg.Connection[Any]) -> None:
    """Make the layer ``things``; its ids count from 0."""
    columns = "".join(f", {name} {kind}" for name, (kind, _type) in FIELDS.items())
    conn.execute(f"CREATE TABLE imported.things (id uuid PRIMARY KEY, geom geometry(Geometry, 4490){columns})")
    for number, (row, tags, place) in enumerate(zip(ROWS, TAGS, PLACES, strict=True)):
        conn.execute(
            "INSERT INTO imported.things VALUES (%s, ST_GeomFromText(%s, 4490), %s, %s, %s, %s, %s, %s, %s)",
            [f"00000000-0000-0000-0000-{number:012}", place, *row.values(), tags],
        )
    title = Titled(zh="东西", en="Things")
    layer = Layer(
        id="things",
        title=title,
        description=title,
        group="imported",
        db_schema="imported",
        table="things",
        key={"type": "uuid"},
        geometry=LayerGeometry(type=GeometryType.GEOMETRY),
        fields=tuple(LayerField(name=name, type=kind, title=title) for name, (_sql, kind) in FIELDS.items()),
        zoom=ZoomRange(min=0, max=5),
        rank=1,
        style=(),
    )
    save_layer(conn, layer, origin="imported")
    refresh_layer(conn, layer)


COMPARED: Final = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def judged(node: Any, row: dict[str, Any]) -> Any:
    """Say what a filter of scalars is for a row; None where that is unknown."""
    if not isinstance(node, dict):
        return node
    if "property" in node:
        return row[node["property"]]
    if "op" not in node:
        return date.fromisoformat(node["date"]) if "date" in node else datetime.fromisoformat(node["timestamp"])
    op, args = node["op"], node["args"]
    if op == "in":
        return any_of([compared("=", judged(args[0], row), judged(arg, row)) for arg in args[1]])
    found = [judged(arg, row) for arg in args]
    if op in JUDGES:
        return JUDGES[op](*found)
    return None if None in found else compared(op, *found) if op in COMPARED else computed(op, *found)


def any_of(found: list[Any]) -> Any:
    return True if True in found else None if None in found else False


def negated(one: Any) -> Any:
    return None if one is None else not one


def compared(op: str, one: Any, other: Any) -> Any:
    if one is None or other is None:
        return None
    if isinstance(one, datetime) != isinstance(other, datetime):
        one, other = (each.date() if isinstance(each, datetime) else each for each in (one, other))
    return COMPARED[op](one, other)


def like(text: str, pattern: str) -> bool:
    steps = re.findall(r"\\.|.", pattern, re.DOTALL)
    parts = [".*" if step == "%" else "." if step == "_" else re.escape(step[-1]) for step in steps]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def computed(op: str, one: float, other: float) -> float | None:
    if op in {"+", "-", "*"}:
        return {"+": operator.add, "-": operator.sub, "*": operator.mul}[op](one, other)
    if op == "^":
        try:
            result = float(one) ** float(other)
        except (ZeroDivisionError, OverflowError):
            return None
        return None if isinstance(result, complex) else result
    if other == 0:
        return None
    if op == "/":
        return one / other
    quotient = math.trunc(one / other) if isinstance(one, float) or abs(one) < 2**50 else abs(one) // other
    return quotient if op == "div" else one - other * quotient


def all_of(*found: Any) -> Any:
    return negated(any_of([negated(one) for one in found]))


JUDGES: Final = {
    "not": negated,
    "and": all_of,
    "or": lambda *found: any_of([*found]),
    "isNull": lambda one: one is None,
    "between": lambda one, low, high: all_of(compared(">=", one, low), compared("<=", one, high)),
    "like": lambda text, pattern: None if text is None else like(text, pattern),
}

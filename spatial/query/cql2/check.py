"""The shape of a filter's tree: every part is of a known kind, complete, and written in one way."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from spatial.errors import InvalidInput
from spatial.query.cql2.moments import instant_text, read_date, read_instant, read_timestamp
from spatial.query.cql2.words import (
    ARITHMETIC,
    ARRAYS,
    COMPARISONS,
    DEPTH_MAX,
    FOLDS,
    GEOMETRIES,
    NODES_MAX,
    OPEN_END,
    SPACE_OR_COMMA,
    SPACE_OR_COMMA_ZH,
    SPATIAL,
    TEMPORAL,
    VERTICES_MAX,
    Node,
    wrong,
)

INTEGER_MAX: Final = 2**63 - 1
MANY: Final = 10_000
OPERANDS: Final = {
    "and": (2, MANY),
    "or": (2, MANY),
    "not": (1, 1),
    "isnull": (1, 1),
    "like": (2, 2),
    "between": (3, 3),
    "in": (2, 2),
    **dict.fromkeys([*COMPARISONS, *ARITHMETIC, *SPATIAL, *TEMPORAL, *ARRAYS], (2, 2)),
    **dict.fromkeys(FOLDS, (1, 1)),
}
"""How many operands each operator of CQL2 takes, by its name in lower case; every other name is a function."""
SPELLED: Final = {
    "isnull": "isNull",
    "a_containedby": "a_containedBy",
    **{f"t_{word}by": f"t_{word}By" for word in ("finished", "met", "overlapped", "started")},
}
"""Operators that CQL2 JSON does not write in lower case."""
NESTING: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How many lists stand around a position, by geometry type."""


def checked(tree: Node) -> Node:
    """Return a filter's tree with operators, numbers and times written in one way.

    Raises
    ------
    InvalidInput
        Something in it is not CQL2, or it is larger than we read.
    """
    return _Check().node(tree, 0)


class _Check:
    """One pass over one tree, which counts as it goes."""

    def __init__(self) -> None:
        self._nodes = 0
        self._vertices = 0

    def node(self, node: Node, depth: int) -> Node:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise wrong(f"more than {NODES_MAX} operators and values; ask in parts.")
        if depth > DEPTH_MAX:
            raise wrong(f"more than {DEPTH_MAX} levels inside each other; write it flatter.")
        if isinstance(node, bool):
            return node
        if isinstance(node, int | float):
            return _number(node)
        if isinstance(node, str):
            return text(node)
        if isinstance(node, Mapping):
            return self._object(node, depth)
        raise wrong(
            "null is no value; test for it with isNull." if node is None else "an array stands only in IN, A_*."
        )

    def _object(self, node: Mapping[Any, Any], depth: int) -> Node:
        for key, read in self._kinds.items():
            if key in node:
                extra = set(node) - MEMBERS[key]
                if extra:
                    raise wrong(f"{sorted(map(str, extra))[0]!r:.60} has no meaning beside {key!r}.")
                return read(self, node, depth)
        raise wrong("an object needs op, property, date, timestamp, interval, bbox, or a GeoJSON geometry.")

    def _operation(self, node: Mapping[str, Any], depth: int) -> Node:
        name, args = node["op"], node.get("args", [])
        if not isinstance(name, str) or not isinstance(args, list | tuple):
            raise wrong("op is the name of an operator or function, and args is a list.")
        name = text(name)
        word = name.lower()
        bounds = OPERANDS.get(word)
        if bounds is None:
            return {"op": name, "args": [self.node(arg, depth + 1) for arg in args]}
        low, high = bounds
        if word in SPATIAL and len(args) == 1:
            raise _one_place(word)
        if not low <= len(args) <= high:
            raise wrong(f"{word} takes {low if low == high else f'{low} or more'} operands, not {len(args)}.")
        if word == "in":
            operands = [self.node(args[0], depth + 1), self._list(args[1], depth + 1)]
        elif word in ARRAYS:
            operands = [
                self._list(arg, depth + 1) if isinstance(arg, list) else self.node(arg, depth + 1) for arg in args
            ]
        else:
            operands = [self.node(arg, depth + 1) for arg in args]
        return {"op": SPELLED.get(word, word), "args": operands}

    def _list(self, items: Node, depth: int) -> list[Node]:
        if not isinstance(items, list | tuple):
            raise wrong("IN takes a list of values.")
        return [self.node(item, depth + 1) for item in items]

    def _property(self, node: Mapping[str, Any], _depth: int) -> Node:
        name = node["property"]
        if not isinstance(name, str) or not name:
            raise wrong("property is the name of a property.")
        return {"property": text(name)}

    def _date(self, node: Mapping[str, Any], _depth: int) -> Node:
        return {"date": read_date(node["date"]).isoformat()}

    def _timestamp(self, node: Mapping[str, Any], _depth: int) -> Node:
        return {"timestamp": instant_text(read_timestamp(node["timestamp"]))}

    def _interval(self, node: Mapping[str, Any], depth: int) -> Node:
        ends = node["interval"]
        if not isinstance(ends, list | tuple) or len(ends) != 2:
            raise wrong("an interval has two ends; '..' is an open one.")
        return {"interval": [self._end(end, depth + 1) for end in ends]}

    def _end(self, end: Node, depth: int) -> Node:
        if isinstance(end, Mapping):
            if not {"property", "op"} & set(end):
                raise wrong("an end of an interval is a text such as '2026-01-31', '..', a property or a function.")
            return self.node(end, depth)
        return OPEN_END if end == OPEN_END else instant_text(read_instant(end))

    def _box(self, node: Mapping[str, Any], _depth: int) -> Node:
        numbers = node["bbox"]
        if not isinstance(numbers, list | tuple) or len(numbers) not in {4, 6}:
            raise wrong("a bbox has four numbers, or six with heights.")
        return {"bbox": [_coordinate(one) for one in numbers]}

    def _geometry(self, node: Mapping[str, Any], depth: int) -> Node:
        kind = node["type"]
        if kind == "GeometryCollection":
            members = node.get("geometries")
            if "coordinates" in node or not isinstance(members, list | tuple) or not members:
                raise wrong("a GeometryCollection has a list of geometries.")
            if depth > DEPTH_MAX or any(not isinstance(one, Mapping) or "type" not in one for one in members):
                raise wrong("a GeometryCollection has geometries with a type.")
            if any(one["type"] == kind for one in members):
                raise wrong("a GeometryCollection inside another is not CQL2; put all geometries into one.")
            return {"type": kind, "geometries": [self._object(one, depth + 1) for one in members]}
        if not isinstance(kind, str) or kind not in NESTING or "geometries" in node:
            raise wrong(f"a geometry's type is one of {', '.join(GEOMETRIES.values())}, with coordinates.")
        return {"type": kind, "coordinates": self._coordinates(node.get("coordinates"), NESTING[kind])}

    def _coordinates(self, found: Any, nesting: int) -> list[Any]:
        if not isinstance(found, list | tuple) or not found:
            raise wrong("the coordinates of a geometry are empty or not nested as its type demands.")
        if nesting:
            return [self._coordinates(one, nesting - 1) for one in found]
        self._vertices += 1
        if self._vertices > VERTICES_MAX:
            raise wrong(f"geometries of more than {VERTICES_MAX} vertices; simplify them.")
        if len(found) not in {2, 3}:
            raise wrong(
                f"a position has two coordinates, or three with a height, not {len(found)}. In text, {SPACE_OR_COMMA}",
                f"一个位置有两个坐标，带高程为三个，而不是 {len(found)} 个。在文本中，{SPACE_OR_COMMA_ZH}",
            )
        return [_coordinate(one) for one in found]

    _kinds: Final[Mapping[str, Callable[["_Check", Mapping[str, Any], int], Node]]] = {
        "op": _operation,
        "property": _property,
        "date": _date,
        "timestamp": _timestamp,
        "interval": _interval,
        "type": _geometry,
        "bbox": _box,
    }


MEMBERS: Final = {
    **{key: {key} for key in ("property", "date", "timestamp", "interval", "bbox")},
    "op": {"op", "args"},
    # GeoJSON lets a geometry bring its own box.
    "type": {"type", "coordinates", "geometries", "bbox"},
}


def _one_place(word: str) -> InvalidInput:
    example = f"{word.upper()}(geometry, BBOX(117.2, 31.8, 117.3, 31.9))"
    return wrong(
        f"{word.upper()} takes 2 operands, not 1; the first is the layer's geometry: {example}.",
        f"{word.upper()} 需要两个参数，只给了一个；第一个是图层的几何属性 geometry：{example}。",
    )


def text(value: str) -> str:
    """Return a text that PostgreSQL can hold."""
    if "\x00" in value:
        raise wrong("a text contains a NUL character.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise wrong("a text contains half of a surrogate pair, which is no character.") from error
    return value


def _number(value: float) -> int | float:
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise wrong("a whole number has more than 64 bits; write it with a decimal point.")
        return value
    if not math.isfinite(value):
        raise wrong("a number is infinite or not a number.")
    return value


def _coordinate(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong("a coordinate is not a number.")
    if not abs(value) < 1e15:
        raise wrong("a coordinate is not a number that names a place.")
    return float(value)

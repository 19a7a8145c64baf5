"""A checked tree as CQL2 text, written in one way."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from spatial.query.cql2.tokens import IDENTIFIER
from spatial.query.cql2.words import (
    ARITHMETIC,
    ARRAYS,
    COMPARISONS,
    FOLDS,
    GEOMETRIES,
    RESERVED,
    SPATIAL,
    TEMPORAL,
    Node,
    wrong,
)

_TAGS: Final = {kind: tag for tag, kind in GEOMETRIES.items()}
_FORMS: Final = {
    "not": "NOT {}",
    "isNull": "{} IS NULL",
    "like": "{} LIKE {}",
    "between": "{} BETWEEN {} AND {}",
    **{operator: f"{{}} {operator} {{}}" for operator in (*COMPARISONS, *ARITHMETIC)},
}
_INFIX: Final = frozenset({*_FORMS, "and", "or", "in"})
"""Operators that need parentheses as operands of others."""
_CAPITAL: Final = frozenset({*FOLDS, *SPATIAL, *TEMPORAL, *ARRAYS})
_CAREFUL: Final = re.compile(r"(\\*)'")


def to_text(tree: Node) -> str:
    r"""Write a checked tree as CQL2 text; :func:`~spatial.query.cql2.parse.parse_text` reads the same tree from it.

    Raises
    ------
    InvalidInput
        A text ends with a backslash: CQL2 text cannot say that, because ``\'`` is a quote inside of a text.

    Examples
    --------
    >>> to_text({"op": "=", "args": [{"property": "name"}, "it's"]})
    "name = 'it''s'"
    """
    if isinstance(tree, bool):
        return "TRUE" if tree else "FALSE"
    if isinstance(tree, str):
        return _quote(tree)
    if isinstance(tree, int | float):
        return repr(tree)
    if isinstance(tree, list):
        return f"({', '.join(map(to_text, tree))})"
    return _object(tree)


def _object(node: dict[str, Any]) -> str:
    if "op" in node:
        return _operation(node["op"], node["args"])
    for key, write in _WRITERS.items():
        if key in node:
            return write(node[key])
    return _geometry(node)


def _operation(op: str, args: list[Node]) -> str:
    if op in {"and", "or"}:
        return f" {op.upper()} ".join(map(_operand, args))
    if op in _FORMS:
        return _FORMS[op].format(*map(_operand, args))
    if op == "in":
        return f"{_operand(args[0])} IN {to_text(args[1])}"
    name = op.upper() if op.lower() in _CAPITAL else op
    return f"{name}({', '.join(map(to_text, args))})"


def _operand(node: Node) -> str:
    text = to_text(node)
    return f"({text})" if isinstance(node, dict) and node.get("op") in _INFIX else text


def _name(name: str) -> str:
    if IDENTIFIER.fullmatch(name) and name.lower() not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def _quote(text: str) -> str:
    if text.endswith("\\"):
        raise wrong("a text that ends with a backslash cannot be written as CQL2 text.")
    if "'" not in text:
        return f"'{text}'"
    # After a backslash a doubled quote would be read as \' and an end.
    return "'" + _CAREFUL.sub(lambda found: found[1] + ("\\'" if found[1] else "''"), text) + "'"


def _end(end: Node) -> str:
    return f"'{end}'" if isinstance(end, str) else to_text(end)


def _coordinate(number: float) -> str:
    return repr(number).removesuffix(".0")


def _geometry(node: dict[str, Any]) -> str:
    tag = _TAGS[node["type"]]
    if "geometries" in node:
        return f"{tag}({', '.join(map(_geometry, node['geometries']))})"
    return f"{tag}{_points(node['coordinates'], is_point=node['type'] == 'MultiPoint')}"


def _points(found: list[Any], *, is_point: bool = False) -> str:
    if not isinstance(found[0], list):
        return f"({_position(found)})"
    parts = [_position(one) if not isinstance(one[0], list) and not is_point else _points(one) for one in found]
    return f"({', '.join(parts)})"


def _position(position: list[float]) -> str:
    return " ".join(map(_coordinate, position))


_WRITERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "property": _name,
    "date": lambda day: f"DATE('{day}')",
    "timestamp": lambda moment: f"TIMESTAMP('{moment}')",
    "interval": lambda ends: f"INTERVAL({', '.join(map(_end, ends))})",
    "bbox": lambda numbers: f"BBOX({', '.join(map(_coordinate, numbers))})",
}

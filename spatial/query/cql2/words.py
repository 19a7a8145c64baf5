"""The words of CQL2 that more than one part must know, and its limits."""

from enum import StrEnum
from typing import Any, Final

from spatial.errors import InvalidInput

Node = Any
"""A part of a filter as CQL2 JSON: a value, a list or an object with ``op``, ``property``, ``date`` ..."""

TEXT_BYTES_MAX: Final = 64 * 1024
JSON_BYTES_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 32
"""Levels of operators and calls inside each other; people write up to ten."""
TEXT_DEPTH_MAX: Final = 3 * DEPTH_MAX
"""Levels while text is read: a level of the tree takes up to three, each some calls of Python's stack of 1,000."""
NODES_MAX: Final = 50_000
"""Operators and values of one filter."""
VERTICES_MAX: Final = 20_000
"""Vertices of all geometries of one filter."""

COMPARISONS: Final = ("=", "<>", "<", ">", "<=", ">=")
ARITHMETIC: Final = ("+", "-", "*", "/", "%", "div", "^")
FOLDS: Final = ("casei", "accenti")
SPATIAL: Final = (
    "s_intersects",
    "s_equals",
    "s_disjoint",
    "s_touches",
    "s_within",
    "s_overlaps",
    "s_crosses",
    "s_contains",
)
TEMPORAL: Final = (
    "t_after",
    "t_before",
    "t_contains",
    "t_disjoint",
    "t_during",
    "t_equals",
    "t_finishedby",
    "t_finishes",
    "t_intersects",
    "t_meets",
    "t_metby",
    "t_overlappedby",
    "t_overlaps",
    "t_startedby",
    "t_starts",
)
ARRAYS: Final = ("a_equals", "a_contains", "a_containedby", "a_overlaps")
RESERVED: Final = frozenset({"and", "or", "not", "like", "between", "in", "is", "null", "true", "false", "div"})
"""Words that name a property only in double quotes."""
GEOMETRIES: Final = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}
"""Types of geometries by their name in CQL2 text."""
SPACE_OR_COMMA: Final = "x and y are parted by a space, and positions by a comma: LINESTRING(117.2 31.8, 117.3 31.9)."
SPACE_OR_COMMA_ZH: Final = "x 与 y 之间用空格，各位置之间用逗号：LINESTRING(117.2 31.8, 117.3 31.9)。"
OPEN_END: Final = ".."


class Lang(StrEnum):
    """The two forms of a filter, as ``filter-lang`` names them."""

    TEXT = "cql2-text"
    JSON = "cql2-json"


def wrong(sentence: str, zh: str | None = None) -> InvalidInput:
    """Return the refusal of a filter, to be raised; ``zh`` is the sentence in Chinese."""
    return InvalidInput(f"filter: {sentence}", field="filter", zh=f"过滤条件：{zh}" if zh else None)

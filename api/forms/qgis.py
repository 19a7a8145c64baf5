"""The request that QGIS would send for a filter, letter by letter.

QGIS compiles the filter of a layer to CQL2 text with parentheses and quotes of its own, and only what it can compile:
of an AND it sends the part that it can say, and checks the rest itself; of anything else all or nothing.

References
----------
QGIS, src/providers/wfs/oapif: qgsoapifcql2textexpressioncompiler.cpp (the text), qgsoapiffeaturedownloaderimpl.cpp
(the order of the parameters), tests/src/python/test_provider_oapif.py (published pairs of expression and request).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from pyproj import Transformer

from spatial.crs import CRS84, Crs, same_numbers
from spatial.geometry import BBox
from spatial.query.cql2.words import COMPARISONS, FOLDS, Node

PAGE_ROWS: Final = 1_000
"""QGIS asks for so many unless the server allows less."""
# Qt leaves these as they are in a query (QUrlQuery); a + would arrive as a space, so it is the one that we differ in.
SAFE: Final = "!$'()*,/:;?@~"
BINARY: Final = frozenset({*COMPARISONS, "+", "-", "*", "/", "%", "^"})


@dataclass(frozen=True, slots=True)
class Compiled:
    """What QGIS makes of a filter.

    Attributes
    ----------
    text
        CQL2 text; empty where QGIS sends no filter and checks all features itself.
    is_whole
        False where QGIS checks a part, or everything, itself.
    has_geometry
        Whether coordinates stand in it, so that ``filter-crs`` is sent too.
    """

    text: str
    is_whole: bool
    has_geometry: bool


class _CannotSay(Exception):
    """QGIS has no words for this part."""


def compiled(tree: Node, crs: Crs, *, coordinates: Crs = CRS84) -> Compiled:
    """Write a filter as QGIS would.

    Parameters
    ----------
    tree
        The filter as checked CQL2 JSON.
    crs
        Reference system of the layer in QGIS.
    coordinates
        That of the filter's coordinates; in another than these two, QGIS is taken to be unable to say them.

    Examples
    --------
    >>> compiled({"op": ">=", "args": [{"property": "height_m"}, 50]}, CRS84).text
    '("height_m" >= 50)'
    """
    writer = _Writer(crs, coordinates)
    text, is_whole = writer.part(tree)
    return Compiled(text, is_whole, writer.has_geometry)


def request_url(items_url: str, *, filter_: Compiled | None, bbox: BBox | None, crs: Crs) -> str:
    """Return the address of the first page that QGIS would ask for."""
    parts = [f"limit={PAGE_ROWS}"]
    crs_part = f"crs={crs.uri}" if crs != CRS84 else ""
    if filter_ is not None and filter_.text:
        parts += [f"filter={quote(filter_.text, safe=SAFE)}", "filter-lang=cql2-text"]
        parts += [f"filter-{crs_part}"] if crs_part and filter_.has_geometry else []
    if bbox is not None:
        parts.append(f"bbox={','.join(map(_number, _corners(bbox, crs)))}")
        parts += [f"bbox-{crs_part}"] if crs_part else []
    parts += [crs_part] if crs_part else []
    return f"{items_url}?{'&'.join(parts)}"


def _corners(bbox: BBox, crs: Crs) -> tuple[float, ...]:
    west, south, east, north = bbox.west, bbox.south, bbox.east, bbox.north
    if not same_numbers(bbox.srid, crs.srid):
        transformer = Transformer.from_crs(bbox.srid, crs.srid, always_xy=True)
        west, south, east, north = transformer.transform_bounds(west, south, east, north)
    return (south, west, north, east) if crs.swaps_axes else (west, south, east, north)


class _Writer:
    """Writes one filter, and remembers whether it has coordinates."""

    def __init__(self, crs: Crs, coordinates: Crs) -> None:
        self._crs = crs
        self._coordinates = coordinates
        self.has_geometry = False

    def part(self, node: Node) -> tuple[str, bool]:
        """Return what QGIS sends of a condition, and whether that is all of it."""
        if isinstance(node, dict) and node.get("op") == "and":
            return self._both(node["args"])
        try:
            return self._text(node), True
        except _CannotSay:
            return "", False

    def _both(self, args: list[Node]) -> tuple[str, bool]:
        text, is_whole = self.part(args[0])
        for one in args[1:]:
            right, right_is_whole = self.part(one)
            if is_whole and right_is_whole:
                text = f"({text} AND {right})"
            else:
                # QGIS keeps the right side of an AND whose left it could not say in full, and the reverse.
                text, is_whole = (text if is_whole else right), False
        return text, is_whole

    def _text(self, node: Node) -> str:  # noqa: PLR0911 - one line for each kind of part
        if isinstance(node, bool):
            return "TRUE" if node else "FALSE"
        if isinstance(node, int | float):
            return _number(node)
        if isinstance(node, str):
            return "'" + node.replace("'", "''").replace("\\", "\\\\") + "'"
        if not isinstance(node, dict):
            raise _CannotSay
        if "property" in node:
            return _name(node["property"])
        if "date" in node:
            return f"DATE('{node['date']}')"
        if "timestamp" in node:
            return f"TIMESTAMP('{_with_milliseconds(node['timestamp'])}')"
        if "op" in node:
            return self._operation(node["op"], node["args"])
        raise _CannotSay

    def _operation(self, op: str, args: list[Node]) -> str:
        if op in {"and", "or"}:
            text = self._text(args[0])
            for one in args[1:]:
                text = f"({text} {op.upper()} {self._text(one)})"
            return text
        if op in BINARY:
            return f"({self._text(args[0])} {op} {self._text(args[1])})"
        if op == "not":
            return self._negated(args[0])
        if op == "s_intersects":
            return self._intersects(args)
        return self._predicate(op, args, "")

    def _negated(self, node: Node) -> str:
        if isinstance(node, dict) and node.get("op") in {"like", "between", "in", "isNull"}:
            return self._predicate(node["op"], node["args"], "NOT ")
        return f"(NOT ({self._text(node)}))"

    def _predicate(self, op: str, args: list[Node], negation: str) -> str:
        if op == "like":
            return f"({self._folded(args[0])} {negation}LIKE {self._folded(args[1])})"
        if op == "between":
            low, high = self._text(args[1]), self._text(args[2])
            return f"{self._text(args[0])} {negation}BETWEEN {low} AND {high}"
        if op == "in":
            return f"{self._text(args[0])} {negation}IN ({','.join(map(self._text, args[1]))})"
        if op == "isNull":
            return f"({self._text(args[0])} IS {negation}NULL)"
        raise _CannotSay

    def _folded(self, node: Node) -> str:
        """Write a side of LIKE; QGIS's ILIKE folds both."""
        if isinstance(node, dict) and node.get("op") == FOLDS[0]:
            return f"CASEI({self._text(node['args'][0])})"
        return self._text(node)

    def _intersects(self, args: list[Node]) -> str:
        subject, other = args
        is_property = isinstance(subject, dict) and "property" in subject
        is_near = same_numbers(self._crs.srid, self._coordinates.srid)
        numbers = _plain_numbers(other) if is_property and is_near else None
        if numbers is None:
            raise _CannotSay
        self.has_geometry = True
        if self._crs.swaps_axes != self._coordinates.swaps_axes:
            numbers = [numbers[i ^ 1] for i in range(len(numbers))]
        texts = list(map(_number, numbers))
        shape = f"POINT({' '.join(texts)})" if len(texts) == 2 else f"BBOX({','.join(texts)})"
        return f"S_INTERSECTS({_name(subject['property'])},{shape})"


def _plain_numbers(node: Any) -> list[float] | None:
    """Return the numbers of a flat point or box, the only shapes that QGIS sends."""
    if not isinstance(node, dict):
        return None
    numbers = node.get("bbox") or (node.get("coordinates") if node.get("type") == "Point" else None)
    return numbers if numbers and len(numbers) in {2, 4} else None


def _name(name: str) -> str:
    return name if name.isalnum() else '"' + name.replace('"', '""') + '"'


def _number(number: float) -> str:
    # Transformed corners end in noise; a billionth is enough for degrees and metres.
    return repr(round(number, 9)).removesuffix(".0")


def _with_milliseconds(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

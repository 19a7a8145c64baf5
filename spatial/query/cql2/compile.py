"""A checked tree into typed SQL for one layer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import GeometryType
from spatial.crs import Crs
from spatial.query.cql2.arithmetic import arithmetic
from spatial.query.cql2.arrays import array, relate_arrays
from spatial.query.cql2.city import call_city, city_functions, lookups_of
from spatial.query.cql2.comparison import between, compare, instant, is_null, scalar, within_list
from spatial.query.cql2.expression import Expression, Kind, Operand, literal
from spatial.query.cql2.functions import DATE_PARTS, GENERAL, call, date_part
from spatial.query.cql2.logic import combine
from spatial.query.cql2.lookups import Lookup
from spatial.query.cql2.moments import read_date, read_instant, read_timestamp
from spatial.query.cql2.names import unknown_function
from spatial.query.cql2.properties import check_words, property_named
from spatial.query.cql2.shapes import place_literal
from spatial.query.cql2.spatial import relate_places
from spatial.query.cql2.temporal import relate, span
from spatial.query.cql2.texts import fold, like
from spatial.query.cql2.words import (
    ARITHMETIC,
    ARRAYS,
    COMPARISONS,
    FOLDS,
    OPEN_END,
    SPATIAL,
    TEMPORAL,
    Node,
)

TRUTH: Final = {
    True: Expression(Kind.BOOLEAN, ("true",), value=True),
    False: Expression(Kind.BOOLEAN, ("false",), value=False),
}


class Compiler:
    """Compiles the parts of one filter.

    Parameters
    ----------
    crs
        Reference system of the geometries in the filter.

    Attributes
    ----------
    lookups
        The regions and addresses that were named so far, each once.
    """

    def __init__(self, catalogue: Catalogue, layer: PublishedLayer, crs: Crs) -> None:
        self._catalogue = catalogue
        self._layer = layer
        self._crs = crs
        self.lookups: dict[tuple[str, str], Lookup] = {}

    def operand(self, node: Node) -> Operand:
        """Compile one part."""
        if isinstance(node, bool):
            return TRUTH[node]
        if isinstance(node, int | float):
            return literal(Kind.INTEGER if isinstance(node, int) else Kind.NUMBER, node)
        if isinstance(node, str):
            return literal(Kind.TEXT, node)
        if isinstance(node, list):
            return array(self._operands(node))
        return self._object(node)

    def _operands(self, nodes: Sequence[Node]) -> list[Operand]:
        return [self.operand(node) for node in nodes]

    def _object(self, node: Mapping[str, Any]) -> Operand:
        if "op" in node:
            return self._operation(node["op"], node["args"])
        if "property" in node:
            return property_named(self._layer, node["property"])
        if "date" in node:
            return instant(read_date(node["date"]))
        if "timestamp" in node:
            return instant(read_timestamp(node["timestamp"]))
        if "interval" in node:
            return span(*[self._end(end) for end in node["interval"]])
        return place_literal(node, self._crs)

    def _end(self, end: Node) -> Expression | None:
        if isinstance(end, str):
            return None if end == OPEN_END else instant(read_instant(end))
        return scalar(self.operand(end))

    def _operation(self, name: str, args: Sequence[Node]) -> Operand:
        word = name.lower()
        if word in COMPARISONS:
            check_words(self._layer, word, args[0], args[1:])
        if word == "in":
            check_words(self._layer, word, args[0], args[1])
        if word == "like":
            return like(self.operand(args[0]), args[1])
        if word == "in":
            return within_list(self.operand(args[0]), self._operands(args[1]))
        if word in self._standard:
            return self._standard[word](self, word, self._operands(args))
        return self._function(name, args)

    def _spatial(self, name: str, operands: list[Operand]) -> Operand:
        mixed = self._layer.definition.geometry.type is GeometryType.GEOMETRY
        return relate_places(name, operands[0], operands[1], may_hold_collections=mixed)

    def _function(self, name: str, args: Sequence[Node]) -> Operand:
        word = name.lower()
        of_city = city_functions(self._catalogue)
        if word not in GENERAL and word not in of_city:
            raise unknown_function(name, [*GENERAL, *of_city])
        operands = self._operands(args)
        if word in of_city:
            self.lookups |= {
                (one.statement.sql, one.sought): one for one in lookups_of(self._catalogue, word, operands)
            }
            return call_city(self._catalogue, self._layer.definition, word, operands)
        return date_part(word, operands) if word in DATE_PARTS else call(GENERAL[word], operands)

    _standard: Final[Mapping[str, Callable[["Compiler", str, list[Operand]], Operand]]] = {
        **dict.fromkeys(["and", "or", "not"], lambda _self, name, found: combine(name, found)),
        **dict.fromkeys(COMPARISONS, lambda _self, name, found: compare(name, *found)),
        **dict.fromkeys(ARITHMETIC, lambda _self, name, found: arithmetic(name, *found)),
        **dict.fromkeys(FOLDS, lambda _self, name, found: fold(name, *found)),
        **dict.fromkeys(TEMPORAL, lambda _self, name, found: relate(name, *found)),
        **dict.fromkeys(ARRAYS, lambda _self, name, found: relate_arrays(name, *found)),
        **dict.fromkeys(SPATIAL, _spatial),
        "between": lambda _self, _name, found: between(*found),
        "isnull": lambda _self, _name, found: is_null(*found),
    }

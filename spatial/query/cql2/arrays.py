"""Array predicates, on arrays of texts; an array counts as a set."""

from collections.abc import Sequence
from typing import Final

from spatial.query.cql2.expression import SPOKEN, Expression, Kind, Operand, Span, build, literal
from spatial.query.cql2.words import wrong

PREDICATES: Final = {
    "a_contains": "({0} @> {1})",
    "a_containedby": "({0} <@ {1})",
    "a_overlaps": "({0} && {1})",
    "a_equals": "({0} @> {1} AND {0} <@ {1})",
}
COST_US: Final = 0.5


def array(items: Sequence[Operand]) -> Expression:
    """Return an array that stands in the filter."""
    for item in items:
        if isinstance(item, Span) or item.kind is not Kind.TEXT or not item.is_literal:
            raise wrong(f"{item.label} stands in an array; arrays of texts such as ('a', 'b') are offered here.")
    return literal(Kind.ARRAY, [item.value for item in items if isinstance(item, Expression)])


def relate_arrays(name: str, left: Operand, right: Operand) -> Expression:
    """Compile an array predicate."""
    for one in (left, right):
        if isinstance(one, Span) or one.kind is not Kind.ARRAY:
            raise wrong(f"{one.label} is {SPOKEN[one.kind]}; an array belongs there, such as ('a', 'b').")
    assert isinstance(left, Expression)  # noqa: S101 - for the type checker
    assert isinstance(right, Expression)  # noqa: S101 - for the type checker
    return build(Kind.BOOLEAN, PREDICATES[name], left, right, cost_us=COST_US)

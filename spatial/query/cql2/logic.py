"""AND, OR, NOT, in three-valued logic."""

from collections.abc import Sequence

from spatial.query.cql2.expression import SPOKEN, Expression, Kind, Operand, Span, build, joined
from spatial.query.cql2.words import wrong


def truth(operand: Operand) -> Expression:
    """Return an operand that is true or false."""
    if isinstance(operand, Span) or operand.kind is not Kind.BOOLEAN:
        raise wrong(f"{operand.label} is {SPOKEN[operand.kind]}; a condition belongs there, such as a comparison.")
    return operand


def combine(operator: str, operands: Sequence[Operand]) -> Expression:
    """Compile ``a AND b ...``, ``a OR b ...`` or ``NOT a``."""
    if operator == "not":
        return build(Kind.BOOLEAN, "(NOT {0})", truth(operands[0]), cost_us=0)
    return joined(Kind.BOOLEAN, [truth(one) for one in operands], f" {operator.upper()} ", cost_us=0)

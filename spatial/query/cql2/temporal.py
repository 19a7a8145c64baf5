"""Temporal predicates: Allen's relations between stretches of time with both ends inside.

An instant is a stretch whose ends are one. Between a date and a time the date is its whole UTC day.
"""

from typing import Final, NamedTuple

from spatial.query.cql2.comparison import as_instant, compare, first_moment, last_moment
from spatial.query.cql2.expression import INSTANTS, SPOKEN, SQL_TYPE, Expression, Kind, Operand, Span, build, literal
from spatial.query.cql2.words import wrong

RELATIONS: Final = {
    "t_after": "({0} > {3})",
    "t_before": "({1} < {2})",
    "t_disjoint": "({1} < {2} OR {0} > {3})",
    "t_intersects": "({1} >= {2} AND {0} <= {3})",
    "t_equals": "({0} = {2} AND {1} = {3})",
    "t_contains": "({0} < {2} AND {1} > {3})",
    "t_during": "({0} > {2} AND {1} < {3})",
    "t_finishes": "({0} > {2} AND {1} = {3})",
    "t_finishedby": "({0} < {2} AND {1} = {3})",
    "t_meets": "({1} = {2})",
    "t_metby": "({0} = {3})",
    "t_overlaps": "({0} < {2} AND {1} > {2} AND {1} < {3})",
    "t_overlappedby": "({0} > {2} AND {0} < {3} AND {1} > {3})",
    "t_starts": "({0} = {2} AND {1} < {3})",
    "t_startedby": "({0} = {2} AND {1} > {3})",
}
"""By the ends of the first stretch ({0} to {1}) and the second ({2} to {3})."""
OF_INSTANTS: Final = {"t_after": ">", "t_before": "<", "t_disjoint": "<>", "t_intersects": "=", "t_equals": "="}
COST_US: Final = 0.2


class _Ends(NamedTuple):
    start: Expression
    end: Expression


def relate(name: str, left: Operand, right: Operand) -> Expression:
    """Compile a temporal predicate."""
    one, other = _temporal(left), _temporal(right)
    both_instants = isinstance(one, Expression) and isinstance(other, Expression)
    if both_instants and name in OF_INSTANTS:
        # As the operators have it: a time equals the day on which it falls.
        return compare(OF_INSTANTS[name], one, other)
    # Dates among themselves stay dates, so that an index on the column serves.
    kind = Kind.DATE if _kinds(one) | _kinds(other) == {Kind.DATE} else Kind.TIMESTAMP
    ends = (*_ends(one, kind), *_ends(other, kind))
    return build(Kind.BOOLEAN, RELATIONS[name], *ends, cost_us=COST_US)


def span(start: Expression | None, end: Expression | None) -> Span:
    """Return an interval; an end is a date, a time, or None where it is open.

    Raises
    ------
    InvalidInput
        It ends before it starts, or an end is no instant.
    """
    for one in (start, end):
        if one is not None and one.kind not in INSTANTS:
            raise wrong(f"{one.label} is {SPOKEN[one.kind]}; an interval goes from a date or time to another.")
    if start is not None and end is not None and start.is_literal and end.is_literal:
        first, last = _bound(start, Kind.TIMESTAMP, is_end=False), _bound(end, Kind.TIMESTAMP, is_end=True)
        if first.value > last.value:
            raise wrong(f"the interval from {start.label} to {end.label} ends before it starts.")
    return Span(start, end)


def _temporal(operand: Operand) -> Operand:
    if isinstance(operand, Expression):
        operand = as_instant(operand)
    if isinstance(operand, Expression) and operand.kind not in INSTANTS:
        raise wrong(f"{operand.label} is {SPOKEN[operand.kind]}; a date, a time or an interval belongs there.")
    return operand


def _kinds(operand: Operand) -> set[Kind]:
    if isinstance(operand, Expression):
        return {operand.kind}
    return {end.kind for end in (operand.start, operand.end) if end is not None}


def _ends(operand: Operand, kind: Kind) -> _Ends:
    if isinstance(operand, Expression):
        return _Ends(_bound(operand, kind, is_end=False), _bound(operand, kind, is_end=True))
    start, end = operand.start, operand.end
    first = _infinite(kind, "-infinity") if start is None else _bound(start, kind, is_end=False)
    last = _infinite(kind, "infinity") if end is None else _bound(end, kind, is_end=True)
    if start is None or end is None or start.is_literal or end.is_literal:
        return _Ends(first, last)
    # A feature without one end goes on for ever; a feature without both has no time at all.
    return _Ends(_or_open(first, last, "-infinity"), _or_open(last, first, "infinity"))


def _bound(instant: Expression, kind: Kind, *, is_end: bool) -> Expression:
    """Return an instant in the type that all four ends have; a day begins or ends there."""
    if instant.kind is kind:
        return instant
    if instant.is_literal:
        return literal(kind, last_moment(instant.value) if is_end else first_moment(instant.value))
    if is_end:
        template = "((({0} + 1)::timestamp AT TIME ZONE 'UTC') - interval '1 microsecond')"
    else:
        template = "({0}::timestamp AT TIME ZONE 'UTC')"
    return build(kind, template, instant)


def _infinite(kind: Kind, word: str) -> Expression:
    return Expression(kind, (f"'{word}'::{SQL_TYPE[kind]}",))


def _or_open(end: Expression, other: Expression, word: str) -> Expression:
    template = f"coalesce({{0}}, CASE WHEN {{1}} IS NOT NULL THEN '{word}'::{SQL_TYPE[end.kind]} END)"
    return build(end.kind, template, end, other, cost_us=0.02)

"""What a selection of features will cost, found out once per state of the data and remembered.

PostgreSQL chooses badly between gathering everything that matches and walking along the order until a page is full:
it takes the matches for evenly spread. How many there are, and whether an index finds them, decides it; so both are
asked once, the count up to a cap, and the same answer serves every further page of the selection.
"""

import json
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.query.errors import TooCostly
from spatial.query.select import count_statement, rows_statement
from spatial.query.types import Fetcher, ItemsQuery, Statement
from spatial.query.where import text_cost_us

COUNT_CAP: Final = 10_000
"""Matches are counted up to here; beyond, ``numberMatched`` is left out."""
REMEMBERED: Final = 4096
"""Selections whose appraisal is kept; a few hundred bytes each."""
SCAN_MAX_S: Final = 5.0
"""The most that a filter may compute row by row, half of what PostgreSQL may take for one statement."""
TYPICAL_LIMIT: Final = 100
"""Page size for which plans are looked at."""
INDEX_NODES: Final = frozenset({"Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan"})


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What is known of a selection.

    Attributes
    ----------
    matched
        How many features match; None beyond the cap.
    is_indexed
        Whether an index finds them, so that finding them all costs no more than they are many.
    is_in_order
        Whether an index finds them in the order of their ids, so that a page costs no more than it is long.
    is_common
        Whether PostgreSQL, which knows the values, walks along the ids past an index that would find them.
    """

    matched: int | None
    is_indexed: bool
    is_in_order: bool
    is_common: bool = False


class Appraisals:
    """Appraisals by selection, kept until the data change. One for each server process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Appraisal] = OrderedDict()
        self._counts: OrderedDict[Hashable, int] = OrderedDict()
        self._checked: OrderedDict[Hashable, bool] = OrderedDict()

    async def check(self, conn: Fetcher, layer: PublishedLayer, query: ItemsQuery) -> None:
        """Refuse a filter that names what does not exist in other layers, asking PostgreSQL the first time."""
        condition = query.condition
        if condition is None or not condition.reads_other_layers:
            return
        key = (layer, blake2b(condition.text.encode(), digest_size=16).digest())
        if key not in self._checked:
            await condition.check(conn)
            _remember(self._checked, key, True)

    async def of(self, conn: Fetcher, layer: PublishedLayer, query: ItemsQuery) -> Appraisal:
        """Return the appraisal of a query's selection, asking PostgreSQL the first time.

        Raises
        ------
        TooCostly
            No index serves the filter, and to compute it row by row would take too long.
        """
        key = _key(layer, query)
        known = self._kept.get(key)
        if known is None:
            known = await appraise(conn, layer, query)
            _remember(self._kept, key, known)
        return known

    async def count(self, conn: Fetcher, layer: PublishedLayer, query: ItemsQuery) -> int:
        """Return exactly how many features match."""
        if not query.is_filtered:
            return layer.feature_count
        await self.check(conn, layer, query)
        key = _key(layer, query)
        matched = self._counts.get(key)
        if matched is None:
            known = await self.of(conn, layer, query) if query.has_conditions else None
            if known is not None and known.matched is None and not known.is_indexed:
                # The appraisal allowed for a count that ends at the cap; this one does not.
                _check(layer, query, expected=1.0)
            matched = known.matched if known is not None else None
            if matched is None:
                matched = await _count(conn, count_statement(layer, query))
            _remember(self._counts, key, matched)
        return matched


async def appraise(conn: Fetcher, layer: PublishedLayer, query: ItemsQuery) -> Appraisal:
    """Ask PostgreSQL how it would find a selection, refuse what takes too long, and count up to the cap."""
    scan = _scan(await _explained(conn, count_statement(layer, query)))
    is_indexed = scan is not None and scan["Node Type"] in INDEX_NODES
    if scan is not None and not is_indexed:
        _check(layer, query, expected=max(float(scan["Plan Rows"]), 1.0))
    matched = await _count(conn, count_statement(layer, query, cap=COUNT_CAP + 1))
    is_walk, by_condition = await _walked(conn, layer, query)
    return Appraisal(
        matched if matched <= COUNT_CAP else None,
        is_indexed,
        is_in_order=is_indexed and is_walk and by_condition,
        is_common=is_walk and not by_condition,
    )


async def _walked(conn: Fetcher, layer: PublishedLayer, query: ItemsQuery) -> tuple[bool, bool]:
    """Tell whether PostgreSQL reads a page along an index in the order of the ids, and whether that one finds it."""
    ordered = replace(query, sort=(), cursor=None, offset=0, limit=TYPICAL_LIMIT)
    plan = await _explained(conn, rows_statement(layer, ordered, "1"))
    scan = _scan(plan)
    return scan is not None and not _has_sort(plan), scan is not None and "Index Cond" in scan


async def _explained(conn: Fetcher, statement: Statement) -> Mapping[str, Any]:
    row = await conn.fetchrow(f"EXPLAIN (FORMAT JSON) {statement.sql}", *statement.args)
    assert row is not None  # noqa: S101 - EXPLAIN always answers
    plan: Mapping[str, Any] = json.loads(row["QUERY PLAN"])[0]["Plan"]
    return plan


def _has_sort(plan: Mapping[str, Any]) -> bool:
    return "Sort" in plan["Node Type"] or any(map(_has_sort, plan.get("Plans", ())))


def _check(layer: PublishedLayer, query: ItemsQuery, *, expected: float) -> None:
    """Refuse a filter that must be computed for more rows than there is time."""
    # Counting ends at the cap, so what matches often is never computed for all.
    rows = layer.feature_count * min(1.0, COUNT_CAP / expected)
    cost_us = query.condition.row_cost_us if query.condition else 0.0
    cost_us += text_cost_us(layer.definition, query.text)
    seconds = rows * cost_us / 1e6
    if seconds <= SCAN_MAX_S:
        return
    indexed = ", ".join(field.name for field in layer.definition.queryables if field.indexed)
    hint = "Add a bbox" + (f" or a condition on an indexed property: {indexed}." if indexed else ".")
    field = "filter" if query.condition else "q"
    raise TooCostly(
        layer.definition.id, rows=round(rows), seconds=seconds, allowed_s=SCAN_MAX_S, hint=hint, field=field
    )


def _scan(plan: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the node of a plan that reads the layer's own table, ``t``; inside a subquery it is told as ``t_1``."""
    if "Relation Name" in plan and plan["Alias"] in {"t", "t_1"}:
        return plan
    inner = (_scan(one) for one in plan.get("Plans", ()) if one.get("Parent Relationship") != "InitPlan")
    return next((one for one in inner if one is not None), None)


async def _count(conn: Fetcher, statement: Statement) -> int:
    row = await conn.fetchrow(statement.sql, *statement.args)
    assert row is not None  # noqa: S101 - an aggregate always answers
    matched: int = row["matched"]
    return matched


def _key(layer: PublishedLayer, query: ItemsQuery) -> Hashable:
    """Return what an appraisal is remembered by: the selection and the state of the data that it reads."""
    # A digest: a filter may be 64 KiB long, and some thousands are kept.
    selection = blake2b(repr(query.selection).encode("utf-8", "backslashreplace"), digest_size=16).digest()
    if query.condition is not None and query.condition.reads_other_layers:
        # Any change of the catalogue brings a new layer object, equal only to itself.
        return (layer, selection)
    return (layer.definition.id, layer.state, selection)


def _remember(kept: "OrderedDict[Hashable, Any]", key: Hashable, value: Any) -> None:
    kept[key] = value
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)

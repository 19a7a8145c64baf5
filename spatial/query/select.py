"""What chooses the rows of an answer: table, conditions, order, and the two ways of finding a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import Layer
from spatial.query.binds import Binds, quoted
from spatial.query.feature import table_sql
from spatial.query.order import order_of
from spatial.query.types import ItemsQuery, Statement
from spatial.query.where import bbox_condition, equals_conditions, interval_condition, text_condition

POSITION: Final = '"%n"'
"""Place of a row in its page; no column can bear the name (spatial/ingest/naming.py clears % away)."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which of the ordered rows are wanted, as placeholders; None takes all.

    Attributes
    ----------
    limit
        How many.
    offset
        How many to pass over.
    """

    limit: str | None = None
    offset: str | None = None

    @property
    def sql(self) -> str:
        """LIMIT and OFFSET."""
        limit = f" LIMIT {self.limit}" if self.limit else ""
        return limit + (f" OFFSET {self.offset}" if self.offset else "")

    @property
    def reach_sql(self) -> str:
        """LIMIT of what must be read to fill the window."""
        reach = [one for one in (self.limit, self.offset) if one]
        return f" LIMIT {' + '.join(reach)}" if self.limit else ""


def conditions(
    layer: Layer, query: ItemsQuery, binds: Binds, *, by_index: bool, hides_filter: bool = False
) -> list[str]:
    """Return everything that a row must meet, whatever the page.

    Parameters
    ----------
    by_index
        False keeps the planner from finding the box by the spatial index.
    hides_filter
        True keeps it from finding the filter by any index.
    """
    found = []
    if query.bbox is not None:
        found.append(bbox_condition(layer, query.bbox, binds, by_index=by_index))
    if query.interval is not None:
        condition = interval_condition(layer, query.interval, binds)
        if condition:
            found.append(condition)
    found += equals_conditions(query.equals, binds)
    if query.text:
        found.append(text_condition(layer, query.text, binds))
    if query.condition is not None:
        condition = query.condition.sql(binds)
        found.append(f"({condition}) IS TRUE" if hides_filter else condition)
    return found


def gathered_sql(layer: Layer, query: ItemsQuery, binds: Binds, window: Window) -> tuple[str, str]:
    """Return the page as *near* reads it: a query ``hit`` of everything that matches, and the page's rows of it."""
    table, key = table_sql(layer), quoted(layer.key.column)
    order = order_of(layer, query.sort, query.cursor)
    hit = f"SELECT {order.names_sql} FROM {table} t{where(conditions(layer, query, binds, by_index=True))}"
    keys = f"SELECT t.{key} FROM hit t{where(order.beyond(binds))} ORDER BY {order.sql}{window.sql}"
    numbered = f"row_number() OVER (ORDER BY {order.sql}) AS {POSITION}"
    return hit, f"SELECT t.*, {numbered} FROM ({keys}) k JOIN {table} t USING ({key})"


def walked_sql(layer: Layer, query: ItemsQuery, binds: Binds, window: Window, *, hides_filter: bool = False) -> str:
    """Return the page as *far* reads it: along the order, until it is full."""
    rows = ordered_sql(layer, query, binds, window, by_index=False, hides_filter=hides_filter)
    return f"SELECT t.*, row_number() OVER () AS {POSITION} FROM ({rows}) t"


def ordered_sql(
    layer: Layer, query: ItemsQuery, binds: Binds, window: Window, *, by_index: bool, hides_filter: bool = False
) -> str:
    """Return the rows that are asked for, in their order."""
    order = order_of(layer, query.sort, query.cursor)
    chosen = conditions(layer, query, binds, by_index=by_index, hides_filter=hides_filter)
    parts = order.parts(binds)
    table = table_sql(layer)
    if len(parts) == 1:
        beyond, by = parts[0]
        return f"SELECT t.* FROM {table} t{where([*chosen, *beyond])} ORDER BY {by}{window.sql}"
    # Read one after the other: the second only when the first does not fill the page.
    rows = " UNION ALL ".join(
        f"(SELECT t.* FROM {table} t{where([*chosen, *beyond])} ORDER BY {by}{window.reach_sql})"
        for beyond, by in parts
    )
    return f"SELECT t.* FROM ({rows}) t{window.sql}"


def rows_statement(layer: PublishedLayer, query: ItemsQuery, columns: str) -> Statement:
    """Compose the statement of all rows that are asked for, in their order.

    Parameters
    ----------
    columns
        A select list over the alias ``t``.
    """
    binds = Binds()
    window = Window(
        binds.add(query.limit, "bigint") if query.limit is not None else None,
        binds.add(query.offset, "bigint") if query.offset else None,
    )
    rows = ordered_sql(layer.definition, query, binds, window, by_index=True)
    if query.cursor is not None and query.cursor.is_backward:
        # Found from the end; told from the beginning.
        numbered = f"SELECT t.*, row_number() OVER () AS {POSITION} FROM ({rows}) t"
        rows = f"SELECT t.* FROM ({numbered}) t ORDER BY {POSITION} DESC"
    return Statement(f"SELECT {columns} FROM ({rows}) t", tuple(binds.values))


def count_statement(layer: PublishedLayer, query: ItemsQuery, *, cap: int | None = None) -> Statement:
    """Compose the count of everything that matches, up to ``cap``."""
    binds = Binds()
    chosen = where(conditions(layer.definition, query, binds, by_index=True))
    rows = f"FROM {table_sql(layer.definition)} t{chosen}"
    if cap is None:
        return Statement(f"SELECT count(*) AS matched {rows}", tuple(binds.values))
    return Statement(f"SELECT count(*) AS matched FROM (SELECT 1 {rows} LIMIT {cap}) c", tuple(binds.values))


def where(found: Sequence[str]) -> str:
    """Return the WHERE clause of some conditions; nothing for none."""
    return f" WHERE {' AND '.join(found)}" if found else ""

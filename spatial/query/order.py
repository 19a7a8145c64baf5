"""The order of features, and places in it.

Features without a value come last either way, and the id breaks ties in the direction of the last key. A place
between two features (:class:`~spatial.query.types.Cursor`) names the values of the feature beside it, so pages stay
where they are while others write.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from spatial.catalogue.types import VALID_FROM, VALID_TO, FieldType, Layer, LayerField
from spatial.query.binds import Binds, quoted
from spatial.query.errors import UnusableCursor
from spatial.query.types import Cursor, SortKey
from spatial.query.where import KEY_SQL_TYPE, SQL_TYPE

FROM_JSON: Final[Mapping[FieldType, Callable[[Any], object]]] = {
    FieldType.DATE: date.fromisoformat,
    FieldType.DATETIME: datetime.fromisoformat,
    FieldType.NUMBER: float,
}
"""How a value that PostgreSQL wrote as JSON becomes one to bind; the others are as they are."""
BIGINT: Final = 2**63
"""Beyond it whole numbers of PostgreSQL end."""
JSON_KINDS: Final[Mapping[FieldType, tuple[type, ...]]] = {
    FieldType.STRING: (str,),
    FieldType.INTEGER: (int,),
    FieldType.NUMBER: (int, float),
    FieldType.BOOLEAN: (bool,),
    FieldType.DATE: (str,),
    FieldType.DATETIME: (str,),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order.

    Attributes
    ----------
    sql
        What is compared, over the alias ``t``.
    source
        The column of the table that it comes from.
    value
        What the feature beside the place has here; None without a place, or where that feature has no value.
    is_key
        True for the id, which no feature lacks.
    """

    sql: str
    source: str
    sql_type: str
    is_descending: bool
    value: object = None
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Columns in their order, the id last, read in one direction from a place or from the end.

    Attributes
    ----------
    is_backward
        True reads the order from its end: every direction is turned, and missing values come first.
    has_place
        True where only what lies beyond the columns' values is wanted.
    """

    columns: tuple[Column, ...]
    is_backward: bool
    has_place: bool

    @property
    def sql(self) -> str:
        """What follows ``ORDER BY``, for rows of every kind."""
        return self._by(self.columns)

    @property
    def place_sql(self) -> str:
        """A feature's own place as an expression: its id alone, or a JSON array with the id last."""
        *sorted_by, key = (column.sql for column in self.columns)
        return f"json_build_array({', '.join([*sorted_by, key])})::text" if sorted_by else key

    @property
    def names_sql(self) -> str:
        """The columns that the order comes from, each once: a layer may be sorted by the property that is its id."""
        return ", ".join(dict.fromkeys(column.source for column in self.columns))

    def beyond(self, binds: Binds) -> list[str]:
        """Return the condition of lying beyond the place, for rows of every kind; none without a place."""
        return [_beyond(self.columns, binds, is_backward=self.is_backward)] if self.has_place else []

    def parts(self, binds: Binds) -> list[tuple[list[str], str]]:
        """Return the same rows as parts to be read one after the other, each by an index: conditions and order.

        ``ORDER BY a DESC NULLS LAST`` fits no plain index. The features that have a value and those that have
        none are two parts; in each, an index on ``(a, id)`` gives the order, and finds the place at once.
        """
        first, *others = self.columns
        # The first column is named also where none has a value in it: by the id alone PostgreSQL would walk all ids.
        by = self._plain(self.columns)
        if first.is_key:
            return [(self._whole_row(self.columns, binds), by)]
        lacking = [f"{first.sql} IS NULL"]
        having = [f"{first.sql} IS NOT NULL"]
        if not self.has_place:
            parts = [having, lacking]
        elif first.value is None:
            beyond = [*lacking, _beyond(others, binds, is_backward=self.is_backward)]
            parts = [having, beyond] if self.is_backward else [beyond]
        else:
            beyond = [*having, *self._whole_row(self.columns, binds)]
            parts = [beyond] if self.is_backward else [beyond, lacking]
        return [(part, by) for part in (reversed(parts) if self.is_backward else parts)]

    def _whole_row(self, columns: Sequence[Column], binds: Binds) -> list[str]:
        """Return the condition of lying beyond the place where the first column has values; an index serves it."""
        if not self.has_place:
            return []
        if len(columns) <= 2 and len({column.is_descending for column in columns}) == 1:
            sign = "<" if columns[0].is_descending != self.is_backward else ">"
            names = ", ".join(column.sql for column in columns)
            values = ", ".join(binds.add(column.value, column.sql_type) for column in columns)
            return [f"({names}) {sign} ({values})"]
        first = columns[0]
        sign = "<=" if first.is_descending != self.is_backward else ">="
        return [
            f"{first.sql} {sign} {binds.add(first.value, first.sql_type)}",
            _beyond(columns, binds, is_backward=self.is_backward),
        ]

    def _plain(self, columns: Sequence[Column]) -> str:
        """Return the order of rows that have a value in the first column, as an index on it has them."""
        first, *others = columns
        direction = " DESC" if first.is_descending != self.is_backward else ""
        return ", ".join([f"{first.sql}{direction}", *([self._by(others)] if others else [])])

    def _by(self, columns: Sequence[Column]) -> str:
        return ", ".join(self._direction(column) for column in columns)

    def _direction(self, column: Column) -> str:
        is_descending = column.is_descending != self.is_backward
        if column.is_key:
            return f"{column.sql} DESC" if is_descending else column.sql
        nulls = "FIRST" if self.is_backward else "LAST"
        return f"{column.sql} {'DESC' if is_descending else 'ASC'} NULLS {nulls}"


def order_of(layer: Layer, sort: Sequence[SortKey], cursor: Cursor | None) -> Order:
    """Return the order that is asked for, seen from a place.

    Raises
    ------
    UnusableCursor
        The place belongs to another order.
    """
    columns = _columns(layer, sort)
    if cursor is None:
        return Order(columns, is_backward=False, has_place=False)
    values = (*cursor.values, cursor.key)
    if len(values) != len(columns):
        raise UnusableCursor
    kinds = [key.field.type for key in sort if key.field is not None]
    typed = [*map(_typed, kinds, cursor.values), cursor.key]
    placed = tuple(replace(column, value=value) for column, value in zip(columns, typed, strict=True))
    return Order(placed, is_backward=cursor.is_backward, has_place=True)


def _columns(layer: Layer, sort: Sequence[SortKey]) -> tuple[Column, ...]:
    key_type = KEY_SQL_TYPE[layer.key.type]
    columns = [_column(layer, one.field, is_descending=one.is_descending) for one in sort if one.field is not None]
    key = f"t.{quoted(layer.key.column)}"
    return (*columns, Column(key, key, key_type, bool(sort) and sort[-1].is_descending, is_key=True))


def _column(layer: Layer, field: LayerField, *, is_descending: bool) -> Column:
    if layer.time_column and field in layer.time_fields:
        time = f"t.{quoted(layer.time_column)}"
        # What has no beginning or no end has no value to be ordered by.
        ends = {VALID_FROM: f"nullif(lower({time}), '-infinity')", VALID_TO: f"nullif(upper({time}), 'infinity')"}
        return Column(ends[field.name], time, SQL_TYPE[field.type], is_descending)
    name = f"t.{quoted(field.name)}"
    return Column(name, name, SQL_TYPE[field.type], is_descending)


def _typed(kind: FieldType, value: Any) -> object:
    """Return a value of a cursor as one to bind; what PostgreSQL wrote is always of its field's type."""
    if value is None:
        return None
    if not isinstance(value, JSON_KINDS[kind]) or (isinstance(value, bool) and kind is not FieldType.BOOLEAN):
        raise UnusableCursor
    try:
        read = FROM_JSON[kind](value) if kind in FROM_JSON else value
    except ValueError as error:
        raise UnusableCursor from error
    if not _is_storable(read):
        raise UnusableCursor
    return read


def _is_storable(value: object) -> bool:
    """Tell whether PostgreSQL can hold a value: a bigint, a text without NUL, a moment with its zone."""
    if isinstance(value, int):
        return abs(value) < BIGINT
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return not isinstance(value, str) or "\x00" not in value


def _beyond(columns: Sequence[Column], binds: Binds, *, is_backward: bool) -> str:
    """Compare rows with the place column by column, as ``ORDER BY`` does."""
    cases = []
    for i, column in enumerate(columns):
        step = _step(column, binds, is_backward=is_backward)
        if step:
            cases.append(" AND ".join([*(_same(before, binds) for before in columns[:i]), step]))
    return "(" + " OR ".join(f"({case})" for case in cases) + ")"


def _same(column: Column, binds: Binds) -> str:
    if column.value is None:
        return f"{column.sql} IS NULL"
    return f"{column.sql} = {binds.add(column.value, column.sql_type)}"


def _step(column: Column, binds: Binds, *, is_backward: bool) -> str | None:
    """Return the condition of coming later in one column; None where nothing can."""
    if column.value is None:
        return f"{column.sql} IS NOT NULL" if is_backward else None
    sign = "<" if column.is_descending != is_backward else ">"
    step = f"{column.sql} {sign} {binds.add(column.value, column.sql_type)}"
    return step if is_backward or column.is_key else f"({step} OR {column.sql} IS NULL)"

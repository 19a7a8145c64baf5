"""Rows of JSON-like values as columns of one type each."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

PLAIN: Final[dict[frozenset[type], pa.DataType]] = {
    frozenset({str}): pa.string(),
    frozenset({bool}): pa.bool_(),
    frozenset({float}): pa.float64(),
    frozenset({datetime}): pa.timestamp("us"),
    frozenset({date}): pa.date32(),
}
NOTHING: Final = type(None)
INT64: Final = range(-(2**63), 2**63)
NESTING_MAX: Final = 200
"""Levels of a JSON value that we keep; a few more could be read, but not be written again."""

TOO_DEEP: Final = f"Objects or lists stand in each other more than {NESTING_MAX} levels deep."


def to_table(rows: list[dict[str, Any]], *, names: list[str] | None = None) -> pa.Table:
    """Turn rows into columns: typed where all values of a column agree, text where they do not.

    Parameters
    ----------
    names
        Columns in order; those of the rows when left out.
    """
    wanted = names if names is not None else list(dict.fromkeys(name for row in rows for name in row))
    columns = [to_array([row.get(name) for row in rows]) for name in wanted]
    if not columns:
        # A table without columns forgets its length, and a filter would refuse it.
        return pa.table({"": pa.nulls(len(rows))}).select([])
    return pa.Table.from_arrays(columns, names=wanted)


def unique_names(cells: list[str]) -> list[str]:
    """Return a name for each column of a header; blank and doubled ones get a number.

    >>> unique_names(["名称", "", "名称"])
    ['名称', 'column_2', '名称_3']
    >>> unique_names(["a", "a_3", "a"])
    ['a', 'a_3', 'a_4']
    """
    names: dict[str, None] = {}
    for position, cell in enumerate(cells, start=1):
        name = fresh = cell.strip() or f"column_{position}"
        numbers = count(position)
        while fresh in names:
            fresh = f"{name}_{next(numbers)}"
        names[fresh] = None
    return list(names)


def nests_too_deep(value: Any) -> bool:
    """Tell whether a JSON value has more levels of objects and lists than we keep."""
    level, depth = [value], 0
    while level and depth <= NESTING_MAX:
        inside = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [each for one in inside for each in one]
        depth += 1
    return bool(level)


def is_too_deep(error: orjson.JSONDecodeError) -> bool:
    """Tell a text that is only nested too deep to be read from one that is no JSON."""
    return "depth limit" in str(error) or "Recursion limit" in str(error)


def rows_at(table: pa.Table, indexes: Sequence[int]) -> list[dict[str, Any]]:
    """Return some rows of a table as dictionaries."""
    if not table.num_columns:
        return [{} for _ in indexes]
    rows: list[dict[str, Any]] = table.take(pa.array(indexes, pa.int64())).to_pylist()
    return rows


def kept(table: pa.Table, mask: NDArray[np.bool_]) -> pa.Table:
    """Return the rows of a table that a mask chooses; a table without columns stays as it is."""
    return table.filter(pa.array(mask)) if table.num_columns else table


def to_array(values: list[Any]) -> pa.Array:
    """Turn values into one array, of the type that all share or else of their texts."""
    kinds = frozenset(map(type, values)) - {NOTHING}
    if not kinds:
        return pa.nulls(len(values))
    if kinds in PLAIN:
        return pa.array(values, PLAIN[kinds])
    if kinds == {int}:
        fits = all(one is None or one in INT64 for one in values)
        return pa.array(values, pa.int64()) if fits else _mixed(values)
    if kinds == {int, float}:
        return pa.array([None if one is None else float(one) for one in values], pa.float64())
    if kinds == {date, datetime}:
        # Excel calls midnight a date.
        return pa.array([_moment(one) for one in values], pa.timestamp("us"))
    return _mixed(values)


def _moment(value: date | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time())


def _mixed(values: list[Any]) -> pa.Array:
    """Return texts under a type that says that they are mixed: no number or date is read out of them again."""
    return pa.array([_text(one) for one in values], MIXED)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | date | time | timedelta):
        return str(value)
    return orjson.dumps(value, default=str).decode()


MIXED: Final = pa.large_string()

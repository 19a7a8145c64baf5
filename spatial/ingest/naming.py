"""Names of a file's fields as names of columns: kept as they are where that is safe."""

from collections.abc import Iterable, Sequence
from typing import Final

NAME_BYTES: Final = 63
"""PostgreSQL cuts longer identifiers off in silence."""

RESERVED: Final = frozenset(
    {"id", "geom", "geom_web", "geom_grid", "geometry", "valid", "recorded", "source_id", "valid_from", "valid_to"}
    # System columns of every table.
    | {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"}
)
UNSAFE: Final = dict.fromkeys([*range(32), 127, ord('"'), ord("%"), ord("\\")], "_")
"""Characters that break quoting somewhere between here and a browser."""


def column_names(fields: Iterable[str], *, taken: Sequence[str] = ()) -> list[str]:
    """Return a column name for each field: unique without regard to case, safe, at most 63 bytes.

    Parameters
    ----------
    fields
        Names as the file has them, Chinese and all.
    taken
        Names already given away.

    >>> column_names(["名称", "id", "Name", "NAME"])
    ['名称', 'id_', 'Name', 'NAME_2']
    """
    names: list[str] = []
    used = {name.casefold() for name in taken}
    for field in fields:
        fresh = _unique(_safe(field), used)
        used.add(fresh.casefold())
        names.append(fresh)
    return names


def _safe(field: str) -> str:
    name = cut(field.translate(UNSAFE).strip() or "field")
    return cut(name, NAME_BYTES - 1) + "_" if name.casefold() in RESERVED else name


def _unique(name: str, used: set[str]) -> str:
    fresh, number = name, 2
    while fresh.casefold() in used:
        suffix = f"_{number}"
        fresh, number = cut(name, NAME_BYTES - len(suffix)) + suffix, number + 1
    return fresh


def clean_title(field: str) -> str:
    """Return a field's name as people see it: its own, without characters that JSON in PostgreSQL cannot hold."""
    return field.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def cut(name: str, limit: int = NAME_BYTES) -> str:
    """Cut a name to a number of UTF-8 bytes, never through a character."""
    return name.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore").rstrip() or "field"

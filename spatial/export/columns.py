"""The columns of a file: a layer's properties, with the SQL that reads them and the words that explain them."""

from dataclasses import dataclass
from typing import Final

from spatial.catalogue.types import VALID_FROM, VALID_TO, FieldType, KeyType, Layer, Titled
from spatial.query.binds import quoted
from spatial.query.types import Look

ARRAY_JOINT: Final = ";"
"""Between the values of an array, in formats that have none."""

KEY_TYPE: Final = {
    KeyType.INTEGER: FieldType.INTEGER,
    KeyType.TEXT: FieldType.STRING,
    KeyType.UUID: FieldType.STRING,
}
ID_TITLE: Final = Titled(zh="要素标识", en="Feature id")


@dataclass(frozen=True, slots=True)
class Column:
    """One property.

    Attributes
    ----------
    type
        A :class:`FieldType`.
    sql
        Its value over the alias ``t``.
    codes
        Id of its code list; None where it has none.
    """

    name: str
    type: str
    sql: str
    title: Titled
    unit: str | None = None
    codes: str | None = None


def columns_of(layer: Layer, look: Look) -> list[Column]:
    """Return the properties that are wanted, the id first, as a GeoJSON feature has them."""
    found = {"id": Column("id", KEY_TYPE[layer.key.type], f"t.{quoted(layer.key.column)}", ID_TITLE)}
    for field in layer.fields:
        sql = f"t.{quoted(field.name)}"
        found[field.name] = Column(field.name, field.type, sql, field.title, field.unit, field.codes)
    if layer.time_column:
        time = f"t.{quoted(layer.time_column)}"
        ends = {VALID_FROM: f"lower({time})", VALID_TO: f"upper({time})"}
        found |= {one.name: Column(one.name, one.type, ends[one.name], one.title) for one in layer.time_fields}
    return [column for name, column in found.items() if look.properties is None or name in look.properties]


def free_name(wanted: str, columns: list[Column]) -> str:
    """Return a name for one more column that no property bears, whatever the case."""
    taken = {column.name.lower() for column in columns}
    names = [wanted, *(f"{wanted}_{number}" for number in range(1, len(columns) + 2))]
    return next(name for name in names if name.lower() not in taken)


def joined_sql(column: Column) -> str:
    """Return an array as one text."""
    return f"array_to_string({column.sql}, '{ARRAY_JOINT}')"


def moment_sql(value: str) -> str:
    """Return a moment as text, in UTC with a Z; NULL for infinity, which means an open end.

    Needs ``timezone = 'UTC'``, as every export has it.
    """
    text = f"to_char({value}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"CASE WHEN isfinite({value}) THEN rtrim(rtrim({text}, '0'), '.') || 'Z' END"

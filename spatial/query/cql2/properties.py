"""The properties of a layer that a filter may name."""

from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import FieldType, KeyType, Layer
from spatial.query.binds import quoted
from spatial.query.cql2.expression import Expression, Kind, column
from spatial.query.cql2.words import wrong

KINDS: Final = {
    FieldType.STRING: Kind.TEXT,
    FieldType.INTEGER: Kind.INTEGER,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.BOOLEAN: Kind.BOOLEAN,
    FieldType.DATE: Kind.DATE,
    FieldType.DATETIME: Kind.TIMESTAMP,
    FieldType.ARRAY: Kind.ARRAY,
}
KEY_KINDS: Final = {KeyType.INTEGER: Kind.INTEGER, KeyType.TEXT: Kind.TEXT, KeyType.UUID: Kind.UUID}
GEOMETRY: Final = "geometry"
SHOWN_MAX: Final = 40


def property_named(layer: PublishedLayer, name: str) -> Expression:
    """Return a property of a layer.

    Raises
    ------
    InvalidInput
        There is none of this name; the sentence lists those that exist.
    """
    known = _properties(layer)
    try:
        return known[name]
    except KeyError:
        close = get_close_matches(name[:80], known, n=3, cutoff=0.6)
        others = [one for one in known if one not in close]
        shown = ", ".join([*close, *others][:SHOWN_MAX])
        layer_id = layer.definition.id
        raise wrong(f"layer {layer_id!r} has no property {name!r:.80}. Known: {shown}.") from None


@lru_cache(maxsize=256)
def _properties(layer: PublishedLayer) -> dict[str, Expression]:
    definition = layer.definition
    geometry = f"t.{quoted(definition.geometry.column)}"
    found = {
        definition.geometry.column: column(Kind.GEOMETRY, geometry, GEOMETRY),
        GEOMETRY: column(Kind.GEOMETRY, geometry, GEOMETRY),
        "id": column(KEY_KINDS[definition.key.type], f"t.{quoted(definition.key.column)}", "id"),
        **_times(definition),
    }
    fields = {
        field.name: column(KINDS[field.type], f"t.{quoted(field.name)}", field.name) for field in definition.queryables
    }
    return found | fields


def _times(layer: Layer) -> dict[str, Expression]:
    if layer.time_column is None:
        return {}
    time = f"t.{quoted(layer.time_column)}"
    return {
        "valid_from": column(Kind.TIMESTAMP, f"lower({time})", "valid_from", is_bare=False),
        "valid_to": column(Kind.TIMESTAMP, f"upper({time})", "valid_to", is_bare=False),
    }

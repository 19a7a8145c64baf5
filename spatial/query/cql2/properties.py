"""The properties of a layer that a filter may name."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import FieldType, KeyType, Layer
from spatial.errors import InvalidInput
from spatial.query.binds import quoted
from spatial.query.cql2.expression import Expression, Kind, column
from spatial.query.cql2.words import FOLDS, Node, wrong

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
NAME_SHOWN: Final = 80


def property_named(layer: PublishedLayer, name: str) -> Expression:
    """Return a property of a layer.

    Raises
    ------
    InvalidInput
        There is none of this name; the sentence says which was probably meant, and lists those that exist.
    """
    try:
        return _properties(layer)[name]
    except KeyError:
        raise _unknown(layer, name) from None


def property_names(layer: PublishedLayer) -> list[str]:
    """Return the names that a filter may use, the geometry's column in the database not among them."""
    inner = layer.definition.geometry.column
    return [name for name in _properties(layer) if name != inner or layer.definition.field(name)]


def check_words(layer: PublishedLayer, operator: str, operand: Node, others: Sequence[Node]) -> None:
    """Refuse ``use = office`` and ``use = "office"``, where a text in single quotes is meant.

    Raises
    ------
    InvalidInput
        ``operand`` is a property of texts, and one of the others is a name that no property has.
    """
    while isinstance(operand, dict) and operand.get("op") in FOLDS:
        operand = operand["args"][0]
    known = _properties(layer)
    name = _named(operand)
    if name is None or name not in known or known[name].kind is not Kind.TEXT:
        return
    for other in others:
        word = _named(other)
        if word is None or word in known or word.casefold() in _spoken(layer):
            continue
        text = "'" + word[:NAME_SHOWN].replace("'", "''") + "'"
        example = f"{name} IN ({text}, ...)" if operator == "in" else f"{name} {operator} {text}"
        raise wrong(
            f"there is no property {word!r:.80}; a text stands in single quotes: {example}.",
            f"没有属性 {word!r:.80}；文本要写在单引号中：{example}。",
        )


def _named(node: Node) -> str | None:
    return node.get("property") if isinstance(node, dict) else None


def _unknown(layer: PublishedLayer, name: str) -> InvalidInput:
    meant = _meant(layer, name)
    others = [one for one in property_names(layer) if one not in meant]
    shown = ", ".join([*meant, *others][:SHOWN_MAX])
    titles = _titles(layer)
    said = ", ".join(meant)
    said_zh = "、".join(f"{one}（{titles[one].zh}）" if one in titles else one for one in meant)
    layer_id = layer.definition.id
    return wrong(
        f"layer {layer_id!r} has no property {name!r:.80}{f'; did you mean {said}?' if meant else '.'} Known: {shown}.",
        f"图层 {layer_id!r} 没有属性 {name!r:.80}{f'；是否指 {said_zh}？' if meant else '。'}可用的属性：{shown}。",
    )


def _meant(layer: PublishedLayer, name: str) -> list[str]:
    """Return the properties whose name or title is this one, holds it, or is like it, the best first."""
    spoken, word = _spoken(layer), name[:NAME_SHOWN].strip().casefold()
    if word in spoken:
        return [spoken[word]]
    # A part of a title: 层数 is said for 地上层数.
    parts = [one for said, one in spoken.items() if len(word) > 1 and not word.isascii() and word in said]
    close = [spoken[said] for said in get_close_matches(word, spoken, n=3, cutoff=0.6)]
    return list(dict.fromkeys([*parts, *close]))[:3]


@lru_cache(maxsize=256)
def _spoken(layer: PublishedLayer) -> dict[str, str]:
    """Return the names of the properties by what people call them, in lower case."""
    titles = _titles(layer)
    by_title = {said.casefold(): name for name, one in titles.items() for said in (one.en, one.zh)}
    return by_title | {name.casefold(): name for name in property_names(layer)}


def _titles(layer: PublishedLayer) -> dict[str, Any]:
    definition = layer.definition
    return {field.name: field.title for field in (*definition.time_fields, *definition.queryables)}


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

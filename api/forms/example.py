"""A filter that fits a layer, to begin from."""

from collections.abc import Mapping
from typing import Any, Final

from spatial.catalogue.types import FieldType, Layer, LayerField
from spatial.query.cql2.words import Node

NUMBERS: Final = frozenset((FieldType.INTEGER, FieldType.NUMBER))
PARTS: Final = 2


def example(layer: Layer, choices: Mapping[str, list[tuple[str, str]]], sample: Mapping[str, Any]) -> list[Node]:
    """Return conditions that some feature meets, as far as can be known.

    Parameters
    ----------
    choices
        Codes with their meanings, by property.
    sample
        Properties of a feature of the layer, from which values are taken; empty where none is at hand.
    """
    fields = layer.sortables
    coded = [_coded(one, choices[one.name], sample) for one in fields if choices.get(one.name)]
    numbers = [_number(one, sample) for one in fields if one.type in NUMBERS and not one.codes]
    parts = [*coded[:1], *numbers[:1]] or [_has_value(one) for one in fields]
    return parts[:PARTS]


def _coded(field: LayerField, choices: list[tuple[str, str]], sample: Mapping[str, Any]) -> Node:
    codes = [code for code, _ in choices]
    found = sample.get(field.name)
    code = found if found in codes else codes[0]
    return {"op": "=", "args": [{"property": field.name}, code]}


def _number(field: LayerField, sample: Mapping[str, Any]) -> Node:
    # Without a feature to look at, a number that most counts and sizes reach.
    found = sample.get(field.name)
    number = found if isinstance(found, int | float) and found >= 0 else 1
    return {"op": ">=", "args": [{"property": field.name}, int(number)]}


def _has_value(field: LayerField) -> Node:
    return {"op": "not", "args": [{"op": "isNull", "args": [{"property": field.name}]}]}

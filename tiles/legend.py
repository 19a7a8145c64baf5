"""Legends derived from the drawing rules of a layer."""

from collections.abc import Iterator
from typing import Any, Final

from spatial.catalogue.types import CodeList, Layer, StyleLayer, Titled

COLOURS: Final = {
    "fill": ("fill-color", "fill-outline-color"),
    "line": ("line-color", None),
    "circle": ("circle-color", "circle-stroke-color"),
}
"""Which paint of a rule fills a swatch, and which surrounds it."""

OTHER: Final = {"zh": "其他", "en": "Other"}


def legend(layer: Layer, code_lists: dict[str, CodeList]) -> list[dict[str, Any]]:
    """Derive swatches from the drawing rules of a layer.

    Returns
    -------
    list of dict
        ``label`` (None where the layer has one look), ``shape`` (fill, line or point), ``color``, ``stroke`` and
        ``dash``; one for each coded value that is drawn in its own way.
    """
    # What is drawn last lies on top, so it is named first.
    rules = [rule for rule in reversed(layer.style) if rule.type in COLOURS]
    swatches = [one for rule in rules for one in _rule_swatches(rule, layer, code_lists)]
    coded = [one for one in swatches if one["label"]]
    plain = [one for one in swatches if not one["label"]]
    if not coded:
        return [_merged(plain)] if plain else []
    # A casing or outline that all values share surrounds each of them.
    around = next((one["color"] for one in plain if one["color"]), None)
    return [one | {"stroke": one["stroke"] or around} for one in coded]


def _rule_swatches(rule: StyleLayer, layer: Layer, code_lists: dict[str, CodeList]) -> Iterator[dict[str, Any]]:
    """Yield one swatch for each look that a drawing rule has."""
    inside, around = (rule.paint.get(name) if name else None for name in COLOURS[rule.type])
    matched = _match(inside) or _match(around)
    if matched is None:
        label = _filter_label(rule.filter, layer, code_lists)
        yield _swatch(rule, label, _plain(inside), _plain(around))
        return
    name, cases, otherwise = matched
    codes = _codes(layer, name, code_lists)
    for values, colour in [*cases, (_rest(codes, cases), otherwise)]:
        if values:
            # The match may colour the ring of a point rather than its inside.
            fill = colour if _match(inside) else _plain(inside)
            yield _swatch(rule, _label(values, codes), fill, colour if _match(around) else _plain(around))


def _swatch(rule: StyleLayer, label: dict[str, str] | None, color: str | None, stroke: str | None) -> dict[str, Any]:
    return {
        "label": label,
        "shape": "point" if rule.type == "circle" else rule.type,
        "color": color,
        "stroke": stroke,
        "dash": rule.type == "line" and "line-dasharray" in rule.paint,
        "opacity": _number(rule.paint.get(f"{rule.type}-opacity")),
    }


def _merged(swatches: list[dict[str, Any]]) -> dict[str, Any]:
    """Make one swatch of the rules of a layer with one look: its fill, with its line as the outline."""
    first = next((one for one in swatches if one["shape"] != "line"), swatches[0])
    lines = [one["color"] for one in swatches if one["shape"] == "line" and one is not first]
    return first | {"stroke": first["stroke"] or (lines[0] if lines else None)}


def _match(expression: Any) -> tuple[str, list[tuple[list[str], str]], str] | None:
    """Take ``["match", ["get", name], value, colour, ..., otherwise]`` apart; None for anything else."""
    match expression:
        case ["match", ["get", str(name)], *cases, str(otherwise)]:
            pairs = zip(cases[::2], cases[1::2], strict=False)
            listed = [(value if isinstance(value, list) else [value], str(colour)) for value, colour in pairs]
            return name, listed, otherwise
    return None


def _filter_label(condition: Any, layer: Layer, code_lists: dict[str, CodeList]) -> dict[str, str] | None:
    """Name the coded values that a rule's filter lets through."""
    match condition:
        case ["==", ["get", str(name)], str(value)]:
            codes = _codes(layer, name, code_lists)
            return _label([value], codes) if value in codes else None
        case ["in", ["get", str(name)], ["literal", [*values]]]:
            codes = _codes(layer, name, code_lists)
            return _label(values, codes) if set(values) <= set(codes) else None
    return None


def _codes(layer: Layer, name: str, code_lists: dict[str, CodeList]) -> dict[str, Titled]:
    field = layer.field(name)
    found = code_lists.get(field.codes) if field and field.codes else None
    return found.values if found else {}


def _rest(codes: dict[str, Titled], cases: list[tuple[list[str], str]]) -> list[str]:
    """Return the codes that no case names."""
    named = {value for values, _ in cases for value in values}
    return [code for code in codes if code not in named]


def _label(values: list[str], codes: dict[str, Titled]) -> dict[str, str]:
    # More than three names in one swatch are a list that nobody reads.
    if len(values) > 3:
        return OTHER
    titles = [codes.get(value, Titled(zh=str(value), en=str(value))) for value in values]
    return {"zh": "、".join(one.zh for one in titles), "en": ", ".join(one.en for one in titles)}


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 1.0

"""Names of areas: one point for each, in an MVT layer beside the areas themselves.

An area is cut at every tile's edge, and a map would write its name into each piece.
"""

from collections.abc import Iterator
from typing import Any

from spatial.catalogue.types import Layer, LayerField, StyleLayer


def label_layer(layer: Layer) -> str:
    """Return the name of the MVT layer with a layer's names; the colon keeps it from being another layer's id."""
    return f"{layer.id}:label"


def is_at_point(layer: Layer, rule: StyleLayer) -> bool:
    """Tell whether a drawing rule writes names of areas."""
    on_line = rule.layout.get("symbol-placement", "point") != "point"
    return layer.geometry.label_column is not None and rule.type == "symbol" and not on_line


def has_labels(layer: Layer, zoom: int) -> bool:
    """Tell whether a tile of a zoom must hold names; the last zoom of a layer is drawn at all larger ones too."""
    return any(
        (rule.maxzoom is None or rule.maxzoom > zoom)
        and (zoom >= layer.zoom.max or rule.minzoom is None or rule.minzoom < zoom + 1)
        for rule in _rules(layer)
    )


def label_zooms(layer: Layer) -> tuple[int, int] | None:
    """Return the first and last zoom at which a layer's tiles hold names; None where they never do."""
    shown = [zoom for zoom in range(layer.zoom.min, layer.zoom.max + 1) if has_labels(layer, zoom)]
    return (shown[0], shown[-1]) if shown else None


def label_fields(layer: Layer) -> list[LayerField]:
    """Return the fields that the rules of names read."""
    read = {name for rule in _rules(layer) for name in _names([rule.layout, rule.paint, rule.filter])}
    return [field for field in layer.fields if field.name in read]


def _rules(layer: Layer) -> Iterator[StyleLayer]:
    return (rule for rule in layer.style if is_at_point(layer, rule))


def _names(expression: Any) -> Iterator[str]:
    """Yield every property that a style expression gets or asks for."""
    match expression:
        case ["get" | "has", str(name), *_]:
            yield name
        case list(parts):
            for part in parts:
                yield from _names(part)
        case dict(parts):
            for part in parts.values():
                yield from _names(part)

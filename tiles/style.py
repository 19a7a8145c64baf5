"""MapLibre styles from the catalogue: one for each layer, and one for the whole city."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import CITY_STYLE, Layer, StyleLayer
from spatial.errors import NotFound
from tiles.labels import is_at_point, label_layer

BACKGROUND: Final = "#f4f2ec"


class UnknownStyle(NotFound):
    """No style has this id."""

    def __init__(self, style_id: str) -> None:
        super().__init__(f"There is no style {style_id!r}. /styles lists all of them.")


def check_style(catalogue: Catalogue, style_id: str) -> None:
    """Refuse a style that does not exist.

    Raises
    ------
    UnknownStyle
        Neither the city nor a layer has this id.
    """
    if style_id != CITY_STYLE and style_id not in catalogue.layers:
        raise UnknownStyle(style_id)


def style_document(catalogue: Catalogue, style_id: str, base: str, language: str) -> dict[str, Any]:
    """Return a style by id, as MapLibre and QGIS read it.

    No ``glyphs``: MapLibre 5.11 and later then draw text with the fonts of the device, which have Chinese.

    Parameters
    ----------
    base
        What addresses of tiles begin with.

    Raises
    ------
    UnknownStyle
        Neither the city nor a layer has this id.
    """
    check_style(catalogue, style_id)
    if style_id == CITY_STYLE:
        title = "City map" if language == "en" else "全市地图"
        tiles = f"{base}/tiles/WebMercatorQuad"
        return _style(title, catalogue.layers.values(), CITY_STYLE, tiles, language)
    layer = catalogue.layers[style_id]
    tiles = f"{base}/collections/{style_id}/tiles/WebMercatorQuad"
    return _style(layer.definition.title.get(language), [layer], style_id, tiles, language)


def _style(title: str, layers: Iterable[PublishedLayer], source: str, tiles: str, language: str) -> dict[str, Any]:
    drawn = [one.definition for one in layers]
    return {
        "version": 8,
        "name": title,
        "sources": {
            source: {
                "type": "vector",
                "tiles": [f"{tiles}/{{z}}/{{y}}/{{x}}?f=mvt"],
                "minzoom": min((one.zoom.min for one in drawn), default=0),
                "maxzoom": max((one.zoom.max for one in drawn), default=0),
            }
        },
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": BACKGROUND}},
            *_rules(drawn, source, language),
        ],
    }


def _rules(layers: list[Layer], source: str, language: str) -> Iterable[dict[str, Any]]:
    """Yield every drawing rule, shapes first and then labels, so that no building hides a name."""
    ranked = sorted(layers, key=lambda layer: layer.rank)
    numbered = [(layer, number, rule) for layer in ranked for number, rule in enumerate(layer.style)]
    for layer, number, rule in sorted(numbered, key=lambda one: one[2].type == "symbol"):
        yield _rule(layer, number, rule, source, language)


def _rule(layer: Layer, number: int, rule: StyleLayer, source: str, language: str) -> dict[str, Any]:
    drawn = rule.model_dump(exclude_defaults=True)
    visible = {} if layer.visible else {"visibility": "none"}
    return {
        "id": f"{layer.id}:{number}",
        **drawn,
        "source": source,
        "source-layer": label_layer(layer) if is_at_point(layer, rule) else layer.id,
        **{name: _with_listed_labels(drawn[name]) for name in ("filter", "paint") if name in drawn},
        "layout": _with_listed_labels({**rule.layout, **visible}),
        "metadata": {"shikong:layer": layer.id, "shikong:title": layer.title.get(language)},
    }


def _with_listed_labels(value: Any) -> Any:
    """Write the labels of ``match`` as lists; QGIS 3.22 passes over a single one and draws all in the last colour.

    >>> _with_listed_labels(["match", ["get", "use"], "office", "#c3cfe2", "#d9d9d9"])
    ['match', ['get', 'use'], ['office'], '#c3cfe2', '#d9d9d9']
    """
    if isinstance(value, Mapping):
        return {name: _with_listed_labels(member) for name, member in value.items()}
    if not isinstance(value, list | tuple):
        return value
    whole = [_with_listed_labels(member) for member in value]
    if whole[:1] == ["match"]:
        # match, input, label, output, label, output, ..., fallback
        for place in range(2, len(whole) - 1, 2):
            if not isinstance(whole[place], list):
                whole[place] = [whole[place]]
    return whole

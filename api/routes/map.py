"""GET /map: the map portal; the page carries the layer tree, the browser draws it."""

from collections.abc import Iterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.html import language_of, page
from api.printed import unit_sign
from api.state import catalogue_of
from api.view import base_path
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import CodeList, Layer, StyleLayer, Titled
from spatial.geometry import BBox

START_ZOOM: Final = 14.6
"""Shows about two kilometres of streets with their buildings on a desk screen."""

PROBES: Final = 24
"""Places a side at which the densest part of a layer is looked for."""

WINDOW_DEG: Final = 0.012
"""Side of the square that is compared at each place, about 1.2 km."""

COLOURS: Final = {
    "fill": ("fill-color", "fill-outline-color"),
    "line": ("line-color", None),
    "circle": ("circle-color", "circle-stroke-color"),
}
"""Which paint of a rule fills a swatch, and which surrounds it."""

OTHER: Final = {"zh": "其他", "en": "Other"}


def show(request: Request) -> Response:
    """GET /map."""
    title = "Map" if language_of(request) == "en" else "地图"
    return page(request, "map.html", title=title, portal=portal(catalogue_of(request), base=base_path(request)))


routes = [Route("/map", show)]


def portal(catalogue: Catalogue, *, base: str) -> dict[str, Any]:
    """Write down what the map page must know of the catalogue."""
    used = {field.codes for one in catalogue.layers.values() for field in one.definition.fields if field.codes}
    return {
        "base": base,
        "extent": _corners(catalogue.extent),
        "start": start_view(catalogue),
        "groups": list(_groups(catalogue)),
        "codes": {
            name: {value: title.model_dump() for value, title in catalogue.code_lists[name].values.items()}
            for name in sorted(used & set(catalogue.code_lists))
        },
    }


def start_view(catalogue: Catalogue) -> dict[str, float] | None:
    """Find where the city is built most densely: there the map opens; None for an empty city."""
    layers = [one for one in catalogue.layers.values() if one.extent and one.density and one.feature_count]
    if not layers:
        return None
    densest = max(layers, key=_features_per_area)
    lon, lat = _busiest_place(densest)
    return {"lon": round(lon, 6), "lat": round(lat, 6), "zoom": START_ZOOM}


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


def _groups(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    code_lists = dict(catalogue.code_lists)
    for group in catalogue.groups:
        members = [one for one in catalogue.layers.values() if one.definition.group == group.id]
        if members:
            members.sort(key=lambda one: -one.definition.rank)
            yield {
                "id": group.id,
                "title": group.title.model_dump(),
                "layers": [_entry(one, code_lists) for one in members],
            }


def _entry(published: PublishedLayer, code_lists: dict[str, CodeList]) -> dict[str, Any]:
    layer = published.definition
    return {
        "id": layer.id,
        "title": layer.title.model_dump(),
        "description": layer.description.model_dump(),
        "dimension": layer.geometry.type.dimension,
        "visible": layer.visible,
        "zoom": {"min": _first_zoom(layer), "max": layer.zoom.max},
        "extent": _corners(published.extent),
        "count": published.feature_count,
        "synthetic": layer.synthetic,
        "key": layer.key.model_dump(mode="json"),
        "fields": [
            {"name": one.name, "title": one.title.model_dump(), "unit": unit_sign(one.unit), "codes": one.codes}
            for one in layer.fields
        ],
        "legend": legend(layer, code_lists),
    }


def _first_zoom(layer: Layer) -> float:
    """Return the zoom from which something of the layer is drawn."""
    return max(layer.zoom.min, min((rule.minzoom or 0 for rule in layer.style), default=0))


def _corners(box: BBox | None) -> list[float] | None:
    return [box.west, box.south, box.east, box.north] if box else None


def _features_per_area(published: PublishedLayer) -> float:
    box = published.extent
    return published.feature_count / max((box.east - box.west) * (box.north - box.south), 1e-9) if box else 0.0


def _busiest_place(published: PublishedLayer) -> tuple[float, float]:
    """Return lon, lat of the fullest window on a coarse net over the layer's extent."""
    box = published.extent
    assert box  # noqa: S101 -- chosen above
    half = WINDOW_DEG / 2
    wide, high = (box.east - box.west) / PROBES, (box.north - box.south) / PROBES
    steps = [step + 0.5 for step in range(PROBES)]
    places = [(box.west + wide * i, box.south + high * j) for i in steps for j in steps]
    return max(
        places,
        key=lambda at: published.estimate(BBox(at[0] - half, at[1] - half, at[0] + half, at[1] + half, box.srid)),
    )


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

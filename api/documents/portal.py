"""The portal's tree: what the map page must know of the catalogue."""

from collections.abc import Iterator
from typing import Any, Final

from api.printed import unit_sign
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import CodeList, Layer
from spatial.geometry import BBox
from tiles.legend import legend

START_ZOOM: Final = 14.6
"""Shows about two kilometres of streets with their buildings on a desk screen."""

PROBES: Final = 24
"""Places a side at which the densest part of a layer is looked for."""

WINDOW_DEG: Final = 0.012
"""Side of the square that is compared at each place, about 1.2 km."""


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
    # A file of another city, however dense, must not take the map there while the city itself has something.
    own = [one for one in layers if one.origin == "built_in"]
    densest = max(own or layers, key=_features_per_area)
    lon, lat = _busiest_place(densest)
    return {"lon": round(lon, 6), "lat": round(lat, 6), "zoom": START_ZOOM}


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

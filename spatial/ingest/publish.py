"""The declaration of an imported layer: fields, zooms and a first style, made from what the rows proved."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

from spatial.catalogue.types import (
    FieldType,
    Layer,
    LayerField,
    LayerGeometry,
    StyleLayer,
    Titled,
    ZoomRange,
)
from spatial.db.base import IMPORTED
from spatial.geometry import BBox
from spatial.ingest.shape import Shape

GROUP: Final = "imported"
RANK: Final = {0: 90, 1: 80, 2: 70, None: 75}
"""Points above lines above areas, by dimension; all above the city's own areas."""
PALETTE: Final = ("#1f78b4", "#b15928", "#33a02c", "#e31a1c", "#6a3d9a", "#ff7f00", "#00838f", "#c2185b")
ZOOM_MAX: Final = 16
ZOOM_MIN_HIGHEST: Final = 13
FEATURES_PER_TILE: Final = {0: 5000, 1: 3000, 2: 2000, None: 2000}
"""What a tile holds at the smallest zoom, by dimension: about 300 kB."""


def declare(
    layer_id: str,
    *,
    title: Titled | None,
    file: str,
    shape: Shape,
    fields: Sequence[tuple[str, str, FieldType]],
    attribution: str | None,
) -> Layer:
    """Declare an imported layer.

    Parameters
    ----------
    fields
        Column name, title, type of each.
    shape
        Type and number of the geometries; they decide at which zoom the layer appears.
    """
    dimension = shape.geometry.dimension
    return Layer(
        id=layer_id,
        title=title or Titled(zh=layer_id, en=layer_id),
        description=Titled(zh=f"由文件 {file} 导入。", en=f"Imported from the file {file}."),
        group=GROUP,
        db_schema=IMPORTED,
        table=layer_id,
        geometry=LayerGeometry(type=shape.geometry, web_column="geom_web", has_z=shape.has_z),
        fields=tuple(
            LayerField(name=column, type=kind, title=Titled(zh=label, en=label)) for column, label, kind in fields
        ),
        zoom=ZoomRange(min=first_zoom(dimension, shape.count, shape.extent), max=ZOOM_MAX),
        rank=RANK[dimension],
        attribution=attribution,
        style=tuple(style(layer_id, dimension)),
    )


def first_zoom(dimension: int | None, count: int, extent: BBox) -> int:
    """Return the smallest zoom at which no tile is expected to overflow, were the features spread evenly.

    >>> first_zoom(0, 100, BBox(117.0, 31.0, 118.0, 32.0, 4490))
    0
    """
    budget = FEATURES_PER_TILE[dimension]
    for zoom in range(ZOOM_MIN_HIGHEST):
        tile_deg = 360.0 / 2**zoom
        across = max(1.0, (extent.east - extent.west) / tile_deg)
        down = max(1.0, (extent.north - extent.south) / tile_deg)
        if count / (across * down) <= budget:
            return zoom
    return ZOOM_MIN_HIGHEST


def style(layer_id: str, dimension: int | None) -> list[StyleLayer]:
    """Return a first style: one colour that stays the same for the same id."""
    # crc32, as Python's own hash differs from run to run.
    colour = PALETTE[zlib.crc32(layer_id.encode()) % len(PALETTE)]
    drawn = {0: [_circle(colour)], 1: [_line(colour)], 2: [_fill(colour)]}
    if dimension is not None:
        return drawn[dimension]
    kinds = (("Polygon", _fill(colour)), ("LineString", _line(colour)), ("Point", _circle(colour)))
    return [one.model_copy(update={"filter": ["==", ["geometry-type"], kind]}) for kind, one in kinds]


def _circle(colour: str) -> StyleLayer:
    growing = ["interpolate", ["linear"], ["zoom"], 8, 2, 16, 6]
    paint = {"circle-color": colour, "circle-radius": growing}
    return StyleLayer(type="circle", paint=paint | {"circle-stroke-color": "#ffffff", "circle-stroke-width": 1})


def _line(colour: str) -> StyleLayer:
    width: list[Any] = ["interpolate", ["linear"], ["zoom"], 8, 0.8, 16, 3]
    return StyleLayer(type="line", paint={"line-color": colour, "line-width": width})


def _fill(colour: str) -> StyleLayer:
    return StyleLayer(type="fill", paint={"fill-color": colour, "fill-opacity": 0.4, "fill-outline-color": colour})

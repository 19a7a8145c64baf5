"""Tilesets described: OGC tileset metadata and TileJSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from api.documents.schemas import property_schema
from api.negotiation import JSON, MVT
from api.responses import OGC_REL, link
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import FieldType, Layer, Titled
from spatial.crs import CRS84
from spatial.geometry import BBox, surrounding
from tiles.labels import label_fields, label_layer, label_zooms
from tiles.matrix import MATRIX_SETS, MAX_ZOOM, MatrixSet
from tiles.vector import zooms

WEB_MERCATOR: Final = "WebMercatorQuad"
CITY: Final = Titled(zh="全市", en="City")
TILEJSON_TYPES: Final = {FieldType.INTEGER: "Number", FieldType.NUMBER: "Number", FieldType.BOOLEAN: "Boolean"}


@dataclass(frozen=True)
class Tileset:
    """Some layers cut together.

    Attributes
    ----------
    title
        Of the one layer, or of the city.
    base
        What links to this server begin with.
    url
        What links to its tiles begin with, without the matrix set.
    chosen
        Layer ids where only some layers of the city were asked for.
    """

    title: Titled
    layers: Sequence[PublishedLayer]
    base: str
    url: str
    chosen: str | None = None

    @property
    def extent(self) -> BBox | None:
        """Box of all layers in EPSG:4490."""
        return surrounding([one.extent for one in self.layers if one.extent])

    def href(self, path: str, form: str) -> str:
        """Return the address of something below ``url`` in a format."""
        query = {"collections": self.chosen} if self.chosen else {}
        return f"{self.url}/{path}?{urlencode({**query, 'f': form}, safe=',')}"


def scheme_link(base: str, grid: MatrixSet) -> dict[str, Any]:
    """Return the link from tiles to the grid in which they are cut."""
    return link(f"{base}/tileMatrixSets/{grid.id}", OGC_REL + "tiling-scheme", JSON, grid.id)


def tileset_document(tileset: Tileset, grid: MatrixSet, catalogue: Catalogue, language: str) -> dict[str, Any]:
    """Describe a tileset as OGC 17-083r4 does."""
    box = tileset.extent
    links = [
        scheme_link(tileset.base, grid),
        link(
            tileset.href(f"{grid.id}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "mvt"),
            "item",
            MVT,
            "Tiles",
            templated=True,
        ),
    ]
    if grid.id == WEB_MERCATOR:
        links.append(link(tileset.href(grid.id, "tilejson"), "describedby", JSON, "TileJSON"))
    return {
        "title": tileset.title.get(language),
        "dataType": "vector",
        "crs": grid.crs_uri,
        "tileMatrixSetURI": grid.uri,
        "tileMatrixSetLimits": _limits(grid, tileset.layers, box),
        **({"boundingBox": _bounding_box(box)} if box else {}),
        "layers": [_layer_metadata(one, catalogue, language) for one in tileset.layers],
        "links": links,
    }


def tilejson_document(tileset: Tileset, language: str) -> dict[str, Any]:
    """Describe a tileset as TileJSON 3.0.0; a client draws zooms beyond ``maxzoom`` from it."""
    box = tileset.extent
    definitions = [one.definition for one in tileset.layers]
    low, high = min(one.zoom.min for one in definitions), max(one.zoom.max for one in definitions)
    document: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": tileset.title.get(language),
        "tiles": [tileset.href(f"{MATRIX_SETS[WEB_MERCATOR].id}/{{z}}/{{y}}/{{x}}", "mvt")],
        "minzoom": low,
        "maxzoom": high,
        "vector_layers": [
            {
                "id": one.id,
                "description": one.title.get(language),
                "minzoom": one.zoom.min,
                "maxzoom": high,
                "fields": {field.name: TILEJSON_TYPES.get(field.type, "String") for field in one.fields},
            }
            for one in definitions
        ]
        + [_label_entry(one) for one in definitions if label_zooms(one)],
    }
    if box:
        document["bounds"] = [box.west, box.south, box.east, box.north]
        document["center"] = [(box.west + box.east) / 2, (box.south + box.north) / 2, min(low + 5, high)]
    return document


def _label_entry(layer: Layer) -> dict[str, Any]:
    first, last = label_zooms(layer) or (layer.zoom.min, layer.zoom.max)
    fields = {field.name: TILEJSON_TYPES.get(field.type, "String") for field in label_fields(layer)}
    return {"id": label_layer(layer), "minzoom": first, "maxzoom": last, "fields": fields}


def _layer_metadata(layer: PublishedLayer, catalogue: Catalogue, language: str) -> dict[str, Any]:
    definition = layer.definition
    metadata: dict[str, Any] = {
        "id": definition.id,
        "title": definition.title.get(language),
        "description": definition.description.get(language),
        "dataType": "vector",
        "minTileMatrix": str(definition.zoom.min),
        "maxTileMatrix": str(MAX_ZOOM),
        "propertiesSchema": {
            "type": "object",
            "properties": {
                field.name: property_schema(field, catalogue.code_lists, language) for field in definition.fields
            },
        },
    }
    if definition.geometry.type.dimension is not None:
        metadata["geometryDimension"] = definition.geometry.type.dimension
    if layer.extent:
        metadata["boundingBox"] = _bounding_box(layer.extent)
    return metadata


def _limits(grid: MatrixSet, layers: Sequence[PublishedLayer], box: BBox | None) -> list[dict[str, Any]]:
    first, last = zooms(layers)
    if box is None:
        return []
    covered = [(zoom, *grid.covering(zoom, box)) for zoom in range(first, last + 1)]
    return [
        {
            "tileMatrix": str(zoom),
            "minTileRow": low.row,
            "maxTileRow": high.row,
            "minTileCol": low.column,
            "maxTileCol": high.column,
        }
        for zoom, low, high in covered
    ]


def _bounding_box(box: BBox) -> dict[str, Any]:
    return {"lowerLeft": [box.west, box.south], "upperRight": [box.east, box.north], "crs": CRS84.uri}

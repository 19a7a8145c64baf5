"""FlatGeobuf by GDAL."""

from pathlib import Path
from typing import Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.export.batches import Batches
from spatial.export.crs import srid_of
from spatial.export.files import ogr_type, write_ogr
from spatial.export.read import Connection
from spatial.export.types import ExportOptions, ExportReport
from spatial.query.types import ItemsQuery

INDEXED_FEATURES: Final = 300_000
"""The index is made in memory, about 80 bytes a feature: 24 MB; larger files go without."""


def write_flatgeobuf(
    path: Path,
    conn: Connection,
    layer: PublishedLayer,
    query: ItemsQuery,
    options: ExportOptions,
    report: ExportReport,
) -> None:
    """Write the file.

    The spatial index puts features in an order of its own, so a file that was asked for in an order has none.
    """
    batches = Batches(conn, layer, query, options, report)
    most = min(layer.feature_count, query.limit or layer.feature_count)
    is_indexed = bool(batches.geometry) and not query.sort and most <= INDEXED_FEATURES
    definition = layer.definition
    write_ogr(
        path,
        iter(batches),
        batches.schema,
        driver="FlatGeobuf",
        layer=definition.id,
        geometry_name=batches.geometry,
        geometry_type=ogr_type(definition.geometry) if batches.geometry else None,
        crs=f"EPSG:{srid_of(query.look.crs)}" if batches.geometry else None,
        layer_options={
            "SPATIAL_INDEX": "YES" if is_indexed else "NO",
            "TITLE": definition.title.zh,
            "DESCRIPTION": definition.description.zh,
        },
    )

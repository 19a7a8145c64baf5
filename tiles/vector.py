"""Vector tiles straight from PostGIS: one statement for one tile, of one layer or of many."""

from collections.abc import Sequence
from typing import Final

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import KeyType, Layer, LayerField
from spatial.crs import WEB
from spatial.geometry import BBox
from spatial.query.binds import Binds, quoted
from spatial.query.feature import stored_geometry, table_sql
from spatial.query.types import Fetcher, Statement
from tiles.labels import has_labels, label_fields, label_layer
from tiles.matrix import MAX_ZOOM, MatrixSet, TileId, TileOutside, buffered

EXTENT: Final = 4096
"""Units along a tile's side; at zoom 16 one is 15 cm."""
BUFFER: Final = 64
# JavaScript's largest exact integer, 2^53 - 1: map libraries keep feature ids as numbers.
ID_MASK: Final = 9007199254740991


# No column can bear these names: spatial/ingest/naming.py clears % away.
SHAPE: Final = "%shape"
ID: Final = "%id"


def zooms(layers: Sequence[PublishedLayer]) -> tuple[int, int]:
    """Return the first and last zoom at which tiles of these layers are served."""
    return min((one.definition.zoom.min for one in layers), default=0), MAX_ZOOM


async def fetch_tile(conn: Fetcher, layers: Sequence[PublishedLayer], matrix_set: MatrixSet, tile: TileId) -> bytes:
    """Cut one tile.

    Parameters
    ----------
    conn
        An asyncpg connection.
    layers
        Layers of the tileset; those that do not reach up to this zoom are left out.

    Returns
    -------
    bytes
        Mapbox Vector Tile 2.1, one MVT layer for each layer; empty where nothing is.

    Raises
    ------
    TileOutside
        The tile matrix set has no such tile, or the tileset none at this zoom.
    """
    first, last = zooms(layers)
    if not matrix_set.holds(tile) or not first <= tile.zoom <= last:
        raise TileOutside(tile.zoom, tile.row, tile.column)
    shown = [one.definition for one in layers if one.definition.zoom.min <= tile.zoom]
    statement = tile_statement(shown, matrix_set.bounds(tile), tile.zoom)
    row = await conn.fetchrow(statement.sql, *statement.args)
    assert row is not None  # noqa: S101 - an aggregate always answers
    body: bytes = row["tile"]
    return body


def tile_statement(layers: Sequence[Layer], box: BBox, zoom: int) -> Statement:
    """Compose the statement that cuts one tile out of some layers.

    MVT layers of one tile stand one after the other, so their bytes are simply joined.
    """
    binds = Binds()
    frame, reach = _envelope(box, binds), _envelope(buffered(box), binds)
    parts = [_layer_sql(layer, box.srid, frame, reach) for layer in layers]
    parts += [_labels_sql(layer, box.srid, frame) for layer in layers if has_labels(layer, zoom)]
    joined = " || ".join(f"coalesce(({part}), ''::bytea)" for part in parts)
    return Statement(f"SELECT {joined} AS tile", tuple(binds.values))


def _envelope(box: BBox, binds: Binds) -> str:
    corners = [binds.add(value, "float8") for value in (box.west, box.south, box.east, box.north)]
    return f"ST_MakeEnvelope({', '.join(corners)}, {box.srid})"


def _layer_sql(layer: Layer, srid: int, frame: str, reach: str) -> str:
    column, stored = stored_geometry(layer, srid)
    shape = f"ST_AsMVTGeom({_in_srid(column, stored, srid)}, {frame}, {EXTENT}, {BUFFER}, true)"
    return _mvt_sql(layer, layer.id, layer.fields, shape, f"{column} && {_in_srid(reach, srid, stored)}")


def _labels_sql(layer: Layer, srid: int, frame: str) -> str:
    """Return the names whose point lies in the tile itself, so that no two tiles hold the same."""
    column, stored = stored_geometry(layer, srid)
    label = f"t.{quoted(layer.geometry.label_column or '')}"
    shape = f"ST_AsMVTGeom({_in_srid(label, WEB, srid)}, {frame}, {EXTENT}, 0, true)"
    # The point lies in its area, so the index of the areas finds it; it needs none of its own.
    near = f"{column} && {_in_srid(frame, srid, stored)} AND {label} && {_in_srid(frame, srid, WEB)}"
    return _mvt_sql(layer, label_layer(layer), label_fields(layer), shape, near)


def _mvt_sql(layer: Layer, name: str, fields: Sequence[LayerField], shape: str, condition: str) -> str:
    columns = "".join(f", t.{quoted(field.name)}" for field in fields)
    # In the order of the key: the same content gives the same bytes, and the same things lie on top.
    rows = (
        f'SELECT {shape} AS "{SHAPE}", {_id_sql(layer)} AS "{ID}"{columns} FROM {table_sql(layer)} t WHERE {condition}'
        f" ORDER BY t.{quoted(layer.key.column)}"
    )
    # r.* is the row, even where a column is named r.
    return (
        f"SELECT ST_AsMVT(r.*, '{name}', {EXTENT}, '{SHAPE}', '{ID}') FROM ({rows}) r WHERE r.\"{SHAPE}\" IS NOT NULL"
    )


def _in_srid(expression: str, srid: int, wanted: int) -> str:
    return expression if srid == wanted else f"ST_Transform({expression}, {wanted})"


def _id_sql(layer: Layer) -> str:
    """Return the feature id: the key itself, or for a key of text a number that always follows from it."""
    key = f"t.{quoted(layer.key.column)}"
    if layer.key.type is KeyType.INTEGER:
        return key
    return f"hashtextextended({key}::text, 0) & {ID_MASK}"

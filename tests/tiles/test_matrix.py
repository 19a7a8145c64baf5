"""Grid arithmetic against morecantile's."""

import morecantile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.crs import CGCS2000
from spatial.geometry import BBox
from tiles.matrix import MATRIX_SETS, MAX_ZOOM, MatrixSet, TileId, UnknownMatrixSet, buffered, matrix_set

GRIDS = [(one, morecantile.tms.get(one.id)) for one in MATRIX_SETS.values()]


@pytest.mark.parametrize(("ours", "theirs"), GRIDS, ids=lambda one: one.id)
@given(data=st.data())
def test_bounds_are_those_of_the_standard(
    ours: MatrixSet, theirs: morecantile.TileMatrixSet, data: st.DataObject
) -> None:
    zoom = data.draw(st.integers(0, MAX_ZOOM))
    column = data.draw(st.integers(0, 2**zoom * ours.columns - 1))
    row = data.draw(st.integers(0, 2**zoom - 1))
    box = ours.bounds(TileId(zoom, row, column))
    same = theirs.xy_bounds(morecantile.Tile(column, row, zoom))
    assert (box.west, box.south, box.east, box.north) == pytest.approx(tuple(same), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(("ours", "theirs"), GRIDS, ids=lambda one: one.id)
@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-85, 85), zoom=st.integers(0, 18))
def test_covering_finds_the_tile_of_a_place(
    ours: MatrixSet, theirs: morecantile.TileMatrixSet, lon: float, lat: float, zoom: int
) -> None:
    low, high = ours.covering(zoom, BBox(lon, lat, lon, lat, CGCS2000))
    tile = theirs.tile(lon, lat, zoom)
    assert low == high
    # On an edge either neighbour is right.
    assert abs(low.column - tile.x) <= 1
    assert abs(low.row - tile.y) <= 1
    box, place = ours.bounds(low), theirs.xy(lon, lat)
    slack = (box.east - box.west) * 1e-6
    assert box.west - slack <= place.x <= box.east + slack
    assert box.south - slack <= place.y <= box.north + slack


@pytest.mark.parametrize(
    ("tile", "is_held"),
    [
        (TileId(0, 0, 0), True),
        (TileId(0, 0, 1), False),
        (TileId(3, 7, 7), True),
        (TileId(3, 8, 0), False),
        (TileId(MAX_ZOOM, 0, 0), True),
        (TileId(MAX_ZOOM + 1, 0, 0), False),
        (TileId(-1, 0, 0), False),
    ],
)
def test_the_set_knows_its_tiles(tile: TileId, is_held: bool) -> None:
    assert matrix_set("WebMercatorQuad").holds(tile) is is_held


def test_a_tile_reaches_a_little_into_its_neighbours() -> None:
    box = buffered(BBox(0, 0, 4096, 4096, CGCS2000))
    assert (box.west, box.south, box.east, box.north) == (-64, -64, 4160, 4160)


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(UnknownMatrixSet, match="'Nope'"):
        matrix_set("Nope")

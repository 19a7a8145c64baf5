"""What the tests of the import share: a city that takes files, and files to give it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely

from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions, ImportReport
from spatial.settings import PROJECT

TESTDATA = PROJECT.parent / "shared" / "testdata"

Import = Callable[..., ImportReport]


@pytest.fixture
def load(conn: psycopg.Connection[Any], tmp_path: Path) -> Import:
    """Give the import of a file into a city whose rows are rolled back."""

    def run(path: Path, *, layer: str = "given", **options: Any) -> ImportReport:
        return import_file(conn, path, ImportOptions(layer=layer, reports=tmp_path / "reports", **options))

    return run


@pytest.fixture
def rows(conn: psycopg.Connection[Any]) -> Callable[..., list[dict[str, Any]]]:
    """Give the rows of an imported layer with their geometry as WKT, in the order of a column."""

    def read(layer: str = "given", *, order: str = "id") -> list[dict[str, Any]]:
        with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            query = f'SELECT *, ST_AsText(geom, 7) AS wkt FROM imported."{layer}" ORDER BY "{order}"'
            return cursor.execute(query).fetchall()

    return read


@pytest.fixture
def testdata() -> Path:
    """Give the folder of real files, or skip by name where it is absent."""
    if not TESTDATA.is_dir():
        pytest.skip("../shared/testdata is absent")
    return TESTDATA


@pytest.fixture
def plots() -> gpd.GeoDataFrame:
    """Give three plots in Hefei with a Chinese name, a whole number and a number."""
    squares = [shapely.box(117.2 + step, 31.8, 117.201 + step, 31.801) for step in (0.0, 0.01, 0.02)]
    return gpd.GeoDataFrame(
        {"名称": ["瑶海区一号", "包河区二号", None], "层数": [3, 18, 33], "面积": [1.5, 2.25, None]},
        geometry=squares,
        crs=4490,
    )

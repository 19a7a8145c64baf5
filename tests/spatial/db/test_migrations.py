"""The shape of the database: one truth in the models, the migrations and the catalogue."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from alembic import command

from data.catalogue.read import read_code_lists, read_groups, read_layers
from data.migrate import alembic_config, migrate
from spatial.catalogue.queries import load_catalogue, sync_built_in
from spatial.catalogue.types import FieldType, KeyType, Layer
from spatial.crs import CGCS2000, GRID, WEB
from spatial.db.locks import MIGRATION_LOCK
from spatial.errors import Misconfigured


def test_the_migrations_make_what_the_models_say(empty_city_url):
    command.check(alembic_config(empty_city_url))


def test_migrating_again_changes_nothing(empty_city_url):
    with psycopg.connect(empty_city_url) as conn:
        before = conn.execute("SELECT number FROM catalogue.version").fetchone()
    migrate(empty_city_url)
    with psycopg.connect(empty_city_url) as conn:
        assert conn.execute("SELECT number FROM catalogue.version").fetchone() == before


def test_a_database_of_a_newer_program_is_told(empty_city_url):
    with psycopg.connect(empty_city_url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Misconfigured, match="newer version of Shikong"):
        migrate(empty_city_url)


def test_the_catalogue_of_the_files_is_the_catalogue_of_the_database(conn):
    catalogue = load_catalogue(conn)
    assert set(catalogue.layers) == {layer.id for layer in read_layers()}
    assert [group.id for group in catalogue.groups] == [group.id for group in read_groups()]
    assert set(catalogue.code_lists) == {codes.id for codes in read_code_lists()}


def test_a_layer_that_left_the_files_leaves_the_catalogue_and_imported_ones_stay(conn):
    kept, gone, *_ = read_layers()
    conn.execute("UPDATE catalogue.layer SET origin = 'imported' WHERE id = %s", [kept.id])
    rest = [layer for layer in read_layers() if layer.id not in {kept.id, gone.id}]
    sync_built_in(conn, layers=rest, groups=read_groups(), code_lists=read_code_lists())
    assert set(load_catalogue(conn).layers) == {kept.id, *(layer.id for layer in rest)}


def test_groups_and_code_lists_that_left_the_files_leave_the_catalogue(conn):
    groups, codes = read_groups(), read_code_lists()
    sync_built_in(conn, layers=[], groups=iter(groups[1:]), code_lists=iter(codes[1:]))
    left = load_catalogue(conn)
    assert [group.id for group in left.groups] == [group.id for group in groups[1:]]
    assert set(left.code_lists) == {one.id for one in codes[1:]}


def test_functions_grants_and_built_in_layers_wait_for_the_lock_of_migrations(empty_city_url):
    with psycopg.connect(empty_city_url) as other, ThreadPoolExecutor(1) as pool:
        # The migrations are past already; what follows them is not.
        other.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(command, "upgrade", lambda *_: None)
            begun = pool.submit(migrate, empty_city_url)
            with pytest.raises(TimeoutError):
                begun.result(0.5)
            other.rollback()
            begun.result(30)


# What PostgreSQL's types can be for each kind of field of the catalogue.
TYPES = {
    FieldType.STRING: {"text"},
    FieldType.INTEGER: {"integer", "bigint", "smallint"},
    FieldType.NUMBER: {"double precision", "numeric", "real"},
    FieldType.BOOLEAN: {"boolean"},
    FieldType.DATE: {"date"},
    FieldType.DATETIME: {"timestamp with time zone"},
}
KEYS = {KeyType.INTEGER: TYPES[FieldType.INTEGER], KeyType.TEXT: {"text"}, KeyType.UUID: {"uuid"}}


def columns_of(conn: psycopg.Connection[Any], layer: Layer) -> dict[str, str]:
    """Return each column's type, the geometry's as PostGIS writes it, such as ``geometry(Point,4490)``."""
    rows = conn.execute(
        """
        SELECT attname, format_type(atttypid, CASE WHEN atttypid = 'geometry'::regtype THEN atttypmod END)
          FROM pg_attribute
         WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
        """,
        [f"{layer.db_schema}.{layer.table}"],
    )
    return dict(rows.fetchall())


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_every_column_of_a_layer_exists_and_has_the_type_that_the_catalogue_tells(conn, layer):
    columns = columns_of(conn, layer)
    for field in layer.fields:
        assert columns.get(field.name) in TYPES[field.type], field.name
    assert columns.get(layer.key.column) in KEYS[layer.key.type]
    if layer.time_column:
        assert columns.get(layer.time_column) == "tstzrange"


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_every_geometry_of_a_layer_has_the_type_and_crs_that_the_catalogue_tells(conn, layer):
    columns = columns_of(conn, layer)
    wanted = {
        layer.geometry.column: CGCS2000,
        layer.geometry.web_column: WEB,
        layer.geometry.grid_column: GRID,
    }
    for column, srid in wanted.items():
        if column:
            kind = layer.geometry.type.value + ("z" if layer.geometry.has_z else "")
            assert columns.get(column, "").lower() == f"geometry({kind},{srid})"


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_every_code_list_of_a_layer_exists_and_every_indexed_field_has_its_index(conn, layer):
    lists = {codes.id for codes in read_code_lists()}
    groups = {group.id for group in read_groups()}
    rows = conn.execute(
        """
        SELECT a.attname FROM pg_index AS i
          JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indrelid = to_regclass(%s)
        """,
        [f"{layer.db_schema}.{layer.table}"],
    ).fetchall()
    first_columns = {column for (column,) in rows}
    assert layer.group in groups
    assert {field.codes for field in layer.fields if field.codes} <= lists
    assert {field.name for field in layer.fields if field.indexed} <= first_columns
    assert {layer.geometry.column, layer.key.column} <= first_columns

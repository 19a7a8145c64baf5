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


def test_an_older_city_with_content_is_upgraded_and_can_go_back(fresh_sample):
    config = alembic_config(fresh_sample.owner_url)
    with psycopg.connect(fresh_sample.owner_url) as conn:
        rows, indexes = content(conn), index_definitions(conn)
    command.downgrade(config, "0001")
    with psycopg.connect(fresh_sample.owner_url) as conn:
        older = index_definitions(conn)
        assert "ix_address_road_name_number" in older
        assert not {"ix_address_road_name_id", "ix_address_full_text"} & set(older)
        assert conn.execute("SELECT to_regproc('catalogue.casei'), to_regproc('catalogue.accenti')").fetchone() == (
            None,
            None,
        )
    migrate(fresh_sample.owner_url)
    with psycopg.connect(fresh_sample.owner_url) as conn:
        assert index_definitions(conn) == indexes
        assert content(conn) == rows
    with psycopg.connect(fresh_sample.reader_url) as conn:
        # What the server's login needs of the functions is there again.
        assert conn.execute("SELECT catalogue.casei('A1'), catalogue.accenti('é')").fetchone() == ("a1", "e")


def test_the_oldest_shape_can_be_reached_and_left_again(empty_city_url):
    command.downgrade(alembic_config(empty_city_url), "0001")
    migrate(empty_city_url)
    command.check(alembic_config(empty_city_url))


def index_definitions(conn: psycopg.Connection[Any]) -> dict[str, str]:
    """Return every index of the city by name."""
    rows = conn.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'city'")
    return dict(rows.fetchall())


def content(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """Count the rows of every layer's table."""
    counts = {}
    for layer in read_layers():
        row = conn.execute(f"SELECT count(*) FROM {layer.db_schema}.{layer.table}").fetchone()
        assert row
        counts[layer.id] = row[0]
    return counts


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
def test_every_code_list_and_group_of_a_layer_exists(layer):
    lists = {codes.id for codes in read_code_lists()}
    groups = {group.id for group in read_groups()}
    assert layer.group in groups
    assert {field.codes for field in layer.fields if field.codes} <= lists


def indexes_of(conn: psycopg.Connection[Any], layer: Layer) -> set[tuple[str, tuple[str, ...], bool]]:
    """Return each index of a layer's table: operator class of its first column, its columns, whether it is unique."""
    rows = conn.execute(
        """
        SELECT c.opcname, array_agg(a.attname ORDER BY k.position), i.indisunique
          FROM pg_index AS i
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, position)
          JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
          JOIN pg_opclass AS c ON c.oid = i.indclass[0]
         WHERE i.indrelid = to_regclass(%s) AND i.indpred IS NULL
         GROUP BY i.indexrelid, c.opcname, i.indisunique
        """,
        [f"{layer.db_schema}.{layer.table}"],
    )
    return {(opclass, tuple(columns), unique) for opclass, columns, unique in rows}


# Operator classes that serve something else than a comparison.
SUBSTRING, PREFIX, BOXES = "gin_trgm_ops", "text_pattern_ops", {"gist_geometry_ops_2d", "gist_geometry_ops_nd"}
LARGE = {"address", "building", "pipe_node", "pipe_segment"}
"""Tables of which no search may read every row."""


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_a_field_is_called_indexed_where_an_index_orders_it_and_the_ids_behind_it(conn, layer):
    ordered = {
        columns[0]
        for opclass, columns, unique in indexes_of(conn, layer)
        if opclass not in {SUBSTRING, PREFIX, *BOXES} and (unique or columns[1:] == (layer.key.column,))
    }
    assert {field.name for field in layer.fields if field.indexed} == ordered - {layer.key.column}
    assert layer.key.column in ordered


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_no_index_is_there_that_nobody_declared(conn, layer):
    others = {SUBSTRING, PREFIX, *BOXES}
    rest = [columns for opclass, columns, unique in indexes_of(conn, layer) if opclass not in others and not unique]
    assert all(columns[1:] == (layer.key.column,) for columns in rest), rest


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_a_searchable_text_of_a_large_table_is_searched_by_trigrams(conn, layer):
    searchable = {field.name for field in layer.fields if field.searchable}
    trigrams = {columns[0] for opclass, columns, _ in indexes_of(conn, layer) if opclass == SUBSTRING}
    assert trigrams == (searchable if layer.table in LARGE else set())


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_every_geometry_of_a_layer_is_indexed(conn, layer):
    geometry = layer.geometry
    boxes = {columns[0] for opclass, columns, _ in indexes_of(conn, layer) if opclass in BOXES}
    assert boxes == {name for name in (geometry.column, geometry.web_column, geometry.grid_column) if name}


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("address t WHERE road_name = '长江中路' AND id > 7 ORDER BY id LIMIT 11", "ix_address_road_name_id"),
        ("address t WHERE road_name IS NULL AND id > 7 ORDER BY road_name, id LIMIT 11", "ix_address_road_name_id"),
        ("address t WHERE full_text LIKE '%长江中路%'", "ix_address_full_text"),
        ("address t WHERE full_text ILIKE '%Tower%'", "ix_address_full_text"),
        ("address t WHERE region_code LIKE '340103%'", "ix_address_region_code_prefix"),
        ("building t ORDER BY height_m, id LIMIT 11", "ix_building_height_m_id"),
        ("building t WHERE height_m IS NOT NULL ORDER BY height_m DESC, id DESC LIMIT 11", "ix_building_height_m_id"),
        ("building t WHERE (height_m, id) > (18.5, 7) ORDER BY height_m, id LIMIT 11", "ix_building_height_m_id"),
        ("pipe_segment t WHERE built_on < DATE '1990-01-01'", "ix_pipe_segment_built_on_id"),
        ("pipe_segment t WHERE diameter_mm = 300::bigint ORDER BY id LIMIT 11", "ix_pipe_segment_diameter_mm_id"),
    ],
    ids=lambda value: value if value.startswith("ix_") else None,
)
def test_an_index_finds_and_orders_without_sorting(conn, question, index):
    # In an empty table every way costs nothing; what remains is whether the index can serve at all.
    conn.execute("SET LOCAL enable_seqscan = off")
    conn.execute("SET LOCAL enable_sort = off")
    plan = "\n".join(line for (line,) in conn.execute(f"EXPLAIN SELECT t.id FROM city.{question}"))
    assert f" {index} " in plan.replace("\n", " \n") + " "
    assert "Sort" not in plan

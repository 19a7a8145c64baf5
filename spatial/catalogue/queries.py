"""Reading and changing the table of layers. Nothing here commits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.json import Json, Jsonb

from spatial.catalogue.catalogue import LOAD_SQL, Catalogue, catalogue_from_json
from spatial.catalogue.density import CELLS
from spatial.catalogue.types import CodeList, Group, Layer

Connection = psycopg.Connection[Any]


def load_catalogue(conn: Connection) -> Catalogue:
    """Read the whole catalogue."""
    row = conn.execute(LOAD_SQL).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return catalogue_from_json(row[0])


def sync_built_in(
    conn: Connection, *, layers: Iterable[Layer], groups: Iterable[Group], code_lists: Iterable[CodeList]
) -> None:
    """Make the table hold exactly these built-in layers, groups and code lists; imported layers stay."""
    wanted = {layer.id: layer for layer in layers}
    conn.execute("DELETE FROM catalogue.layer WHERE origin = 'built_in' AND id <> ALL(%s)", [list(wanted)])
    for layer in wanted.values():
        save_layer(conn, layer, origin="built_in")
    ordered = list(groups)
    conn.execute("DELETE FROM catalogue.layer_group WHERE id <> ALL(%s)", [[group.id for group in ordered]])
    for position, group in enumerate(ordered):
        conn.execute(
            """
            INSERT INTO catalogue.layer_group AS g (id, position, definition) VALUES (%s, %s, %s)
            ON CONFLICT (id) DO UPDATE SET position = excluded.position, definition = excluded.definition
             WHERE (g.position, g.definition) IS DISTINCT FROM (excluded.position, excluded.definition)
            """,
            [group.id, position, Jsonb(group.model_dump(mode="json"))],
        )
    lists = list(code_lists)
    conn.execute("DELETE FROM catalogue.code_list WHERE id <> ALL(%s)", [[codes.id for codes in lists]])
    for codes in lists:
        conn.execute(
            """
            INSERT INTO catalogue.code_list AS c (id, definition) VALUES (%s, %s)
            ON CONFLICT (id) DO UPDATE SET definition = excluded.definition
             WHERE c.definition::text IS DISTINCT FROM excluded.definition::text
            """,
            [codes.id, Json(codes.model_dump(mode="json"))],
        )


def save_layer(conn: Connection, layer: Layer, *, origin: str) -> None:
    """Insert or replace a layer's declaration; its content is described by :func:`refresh_layer`."""
    # A layer that is dropped and comes again must not repeat a data version that caches still know. Every change
    # of a layer raises the catalogue's number too, so that number is larger than any data version so far.
    conn.execute(
        """
        INSERT INTO catalogue.layer AS l (id, definition, origin, data_version)
        VALUES (%s, %s, %s, coalesce((SELECT number FROM catalogue.version), 0))
        ON CONFLICT (id) DO UPDATE SET definition = excluded.definition, origin = excluded.origin
         WHERE (l.definition, l.origin) IS DISTINCT FROM (excluded.definition, excluded.origin)
        """,
        [layer.id, Jsonb(layer.model_dump(mode="json", exclude_defaults=True)), origin],
    )


def drop_layer(conn: Connection, layer: Layer) -> None:
    """Take an imported layer out of the catalogue and drop its table."""
    conn.execute("DELETE FROM catalogue.layer WHERE id = %s", [layer.id])
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(layer.db_schema, layer.table)))


def refresh_layer(conn: Connection, layer: Layer) -> None:
    """Count a layer's features, measure its extent and density, and raise its data version.

    To be called in the transaction that changed the content, so that no reader sees one without the other.
    """
    describe_layer(conn, layer, measure_layer(conn, layer))


class Content(NamedTuple):
    """What the catalogue tells of a layer's content."""

    feature_count: int
    extent: list[float] | None
    valid_from: datetime | None
    valid_to: datetime | None
    density: list[int] | None


def measure_layer(conn: Connection, layer: Layer) -> Content:
    """Count a layer's features, measure its extent and density; it only reads, and locks nobody out."""
    table = sql.Identifier(layer.db_schema, layer.table)
    geom = sql.Identifier(layer.geometry.column)
    moments: sql.Composable = sql.SQL("NULL::timestamptz, NULL::timestamptz")
    if layer.time_column:
        # An open end stays open: NULL means "until now and on". Python knows no infinite moments.
        moments = sql.SQL(
            "min(nullif(lower({time}), '-infinity')),"
            " CASE WHEN bool_or(coalesce(upper({time}), 'infinity') = 'infinity') THEN NULL ELSE max(upper({time})) END"
        ).format(time=sql.Identifier(layer.time_column))
    row = conn.execute(
        sql.SQL("SELECT count(*), ST_Extent({geom})::geometry, {moments} FROM {table}").format(
            geom=geom, moments=moments, table=table
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    count, box, valid_from, valid_to = row
    extent = None
    if box is not None:
        extent = list(
            conn.execute(
                "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT %s::geometry) g (b)", [box]
            ).fetchone()
            or ()
        )
    density = _density(conn, table, geom, extent) if extent else None
    return Content(count, extent, valid_from, valid_to, density)


def describe_layer(conn: Connection, layer: Layer, content: Content) -> None:
    """Write down what was measured of a layer, and raise its data version."""
    conn.execute(
        """
        UPDATE catalogue.layer
           SET data_version = data_version + 1, changed_at = now(), feature_count = %s,
               extent = %s, valid_from = %s, valid_to = %s, density = %s
         WHERE id = %s
        """,
        [*content, layer.id],
    )


def _density(conn: Connection, table: sql.Identifier, geom: sql.Identifier, extent: list[float]) -> list[int]:
    """Count features by cell of the extent, each at the middle of its box."""
    west, south, east, north = extent
    rows = conn.execute(
        sql.SQL(
            """
            SELECT least(width_bucket(x, %(west)s, %(east)s, %(cells)s), %(cells)s),
                   least(width_bucket(y, %(south)s, %(north)s, %(cells)s), %(cells)s),
                   count(*)
              FROM (SELECT (ST_XMin({geom}) + ST_XMax({geom})) / 2, (ST_YMin({geom}) + ST_YMax({geom})) / 2
                      FROM {table} WHERE NOT ST_IsEmpty({geom})) AS middle (x, y)
             GROUP BY 1, 2
            """
        ).format(geom=geom, table=table),
        {
            "west": west,
            "south": south,
            "east": max(east, west + 1e-9),
            "north": max(north, south + 1e-9),
            "cells": CELLS,
        },
    )
    counts = [0] * (CELLS * CELLS)
    for column, row, count in rows:
        counts[(max(row, 1) - 1) * CELLS + max(column, 1) - 1] += count
    return counts

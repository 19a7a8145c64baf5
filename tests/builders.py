"""Rows for tests: each builder has defaults, so that a test writes only what it is about."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg

from data.catalogue.read import read_layers
from spatial.catalogue.queries import refresh_layer

Connection = psycopg.Connection[Any]
_numbers = count(1)


def add_building(conn: Connection, code: str | None = None, *, wkt: str, **more: Any) -> int:
    """Insert a building: residential, six floors, 2001, unless said otherwise; return its id."""
    values = {
        "code": code or f"B{next(_numbers)}",
        "number": "1",
        "use": "residential",
        "floors": 6,
        "floors_below": 1,
        "height_m": 18.0,
        "built_year": 2001,
        "area_m2": 400.0,
        "region_code": "340103006001",
    } | more
    return insert(conn, "building", values, wkt)


def add_square(conn: Connection, lon: float, lat: float, *, side: float = 0.001, **more: Any) -> int:
    """Insert a square building by its south-west corner."""
    return add_building(conn, wkt=square(lon, lat, side), **more)


def square(lon: float, lat: float, side: float) -> str:
    """Return a square polygon as WKT."""
    east, north = lon + side, lat + side
    return f"POLYGON(({lon} {lat},{east} {lat},{east} {north},{lon} {north},{lon} {lat}))"


def add_pipe(conn: Connection, code: str, *, wkt: str, kind: str = "water", **more: Any) -> int:
    """Insert a pipe: DN300, cast iron, crown 1.5 m deep; return its id."""
    values = {
        "code": code,
        "kind": kind,
        "start_code": f"{code}-A",
        "end_code": f"{code}-B",
        "diameter_mm": 300,
        "bury_method": "direct",
        "depth_point": "crown",
        "start_depth_m": 1.5,
        "end_depth_m": 1.5,
        "start_elevation_m": 18.5,
        "end_elevation_m": 18.5,
        "length_m": 100.0,
        "region_code": "340103006001",
    } | more
    return insert(conn, "pipe_segment", values, wkt)


def add_address(conn: Connection, code: str, lon: float, lat: float, **more: Any) -> int:
    """Insert a doorplate 1号; return its id."""
    values = {
        "code": code,
        "kind": "doorplate",
        "full_text": "合肥市庐阳区逍遥津街道长江中路1号",
        "label": "1号",
        "road_name": "长江中路",
        "number": 1,
        "region_code": "340103006001",
    } | more
    return insert(conn, "address", values, f"POINT({lon} {lat})")


def insert(conn: Connection, table: str, values: dict[str, Any], wkt: str) -> int:
    """Insert one row of a city table; return its id."""
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    row = conn.execute(
        f"INSERT INTO city.{table} ({names}, geom) VALUES ({marks}, ST_GeomFromText(%s, 4490)) RETURNING id",
        [*values.values(), wkt],
    ).fetchone()
    assert row is not None
    return int(row[0])


def refresh(conn: Connection, only: Sequence[str] = ()) -> None:
    """Bring the catalogue's counts, extents and densities up to date."""
    for layer in read_layers():
        if not only or layer.id in only:
            refresh_layer(conn, layer)

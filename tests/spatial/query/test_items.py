"""The two shapes of a page answer alike, and like geometry done by hand."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import asyncpg
import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.queries import load_catalogue
from spatial.catalogue.types import FieldType, GeometryType, Layer, LayerField, LayerGeometry, Titled, ZoomRange
from spatial.crs import CGCS2000, OFFERED
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.geometry import BBox
from spatial.query.appraise import Appraisals
from spatial.query.errors import OutsideCrs
from spatial.query.items import Way, fetch_page, page_statement
from spatial.query.types import Cursor, ItemsQuery, Look, Page
from tests import builders, cities

Ask = Callable[[PublishedLayer, ItemsQuery], Page]


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[SimpleNamespace]:
    """A field of 400 buildings, 20 by 20, each 60 m from the next."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        with psycopg.connect(access.owner_url) as conn:
            for column in range(20):
                for row in range(20):
                    builders.add_square(conn, 117.2 + column * 0.0006, 31.8 + row * 0.0006, side=0.0003)
            builders.refresh(conn, ["buildings"])
            shapes = {
                key: shapely.from_wkb(bytes(wkb))
                for key, wkb in conn.execute("SELECT id, ST_AsBinary(geom) FROM city.building")
            }
            catalogue = load_catalogue(conn)
        yield SimpleNamespace(access=access, layer=catalogue.layer("buildings"), shapes=shapes)


@pytest.fixture(scope="module")
def ask(city: SimpleNamespace) -> Iterator[Ask]:
    with asyncio.Runner() as runner:
        conn = runner.run(asyncpg.connect(city.access.reader_url))

        def run(layer: PublishedLayer, query: ItemsQuery) -> Page:
            return runner.run(fetch_page(conn, layer, query, appraisals=Appraisals()))

        yield run
        runner.run(conn.close())


def far(layer: PublishedLayer) -> PublishedLayer:
    """Return the layer as if every box held so much of it that a walk along the key were cheaper."""
    return replace(layer, density=None, feature_count=10_000_000)


def ids(page: Page) -> list[int]:
    return [one["id"] for one in json.loads(b"[" + page.features + b"]")]


degrees = st.floats(-0.002, 0.014)


@given(x=degrees, y=degrees, width=st.floats(0, 0.01), height=st.floats(0, 0.01), limit=st.integers(1, 30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_near_and_far_agree_with_geos(
    city: SimpleNamespace, ask: Ask, x: float, y: float, width: float, height: float, limit: int
) -> None:
    box = BBox(117.2 + x, 31.8 + y, 117.2 + x + width, 31.8 + y + height, CGCS2000)
    outline = shapely.box(box.west, box.south, box.east, box.north)
    expected = sorted(key for key, shape in city.shapes.items() if shapely.intersects(shape, outline))
    query = ItemsQuery(limit=limit, bbox=box)
    near_page, far_page = ask(city.layer, query), ask(far(city.layer), query)
    assert ids(near_page) == ids(far_page) == expected[:limit]
    assert near_page.matched == len(expected)
    assert (near_page.following is not None) is (len(expected) > limit)
    assert near_page.following == far_page.following


@given(limit=st.integers(1, 450), start=st.integers(0, 400))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_follow_each_other_without_gap(city: SimpleNamespace, ask: Ask, limit: int, start: int) -> None:
    keys = sorted(city.shapes)
    cursor = Cursor((), keys[start - 1]) if start else None
    page = ask(city.layer, ItemsQuery(limit=limit, cursor=cursor))
    assert ids(page) == keys[start : start + limit]
    assert page.matched == 400
    assert page.following == (Cursor((), keys[start + limit - 1]) if start + limit < 400 else None)


def test_a_box_in_another_crs_finds_the_same(city: SimpleNamespace, ask: Ask) -> None:
    # The box of the first 3 x 3 buildings in metres of EPSG:4548, which no column of buildings stores.
    to_grid = Transformer.from_crs(4490, 4548, always_xy=True)
    west, south = to_grid.transform(117.19995, 31.79995)
    east, north = to_grid.transform(117.20155, 31.80155)
    page = ask(city.layer, ItemsQuery(limit=100, bbox=BBox(west, south, east, north, 4548)))
    assert page.returned == 9


def plan_of(conn: Any, layer: PublishedLayer, query: ItemsQuery, way: Way) -> str:
    """Return the plan that PostgreSQL keeps for every box, not for one."""
    statement = page_statement(layer, query, way)
    conn.execute("SET plan_cache_mode = force_generic_plan")
    conn.execute(f"PREPARE page AS {statement.sql}")
    literals = ", ".join(f"'{value}'" for value in statement.args)
    lines = conn.execute(f"EXPLAIN EXECUTE page({literals})").fetchall()
    conn.execute("DEALLOCATE page")
    return "\n".join(line for (line,) in lines)


def test_plans_do_not_flip(city: SimpleNamespace) -> None:
    box = BBox(117.2, 31.8, 117.203, 31.803, CGCS2000)
    with psycopg.connect(city.access.owner_url, autocommit=True) as conn:
        conn.execute("ANALYZE city.building")
        conn.execute("SET enable_seqscan = off")  # a table of tests is too small for an index to pay
        near = plan_of(conn, city.layer, ItemsQuery(limit=10, bbox=box), Way(is_near=True))
        walk = plan_of(conn, city.layer, ItemsQuery(limit=10, bbox=box, cursor=Cursor((), 1)), Way(is_near=False))
    assert "ix_building_geom" in near
    assert "ix_building_geom" not in walk
    assert "pk_building" in walk


def test_an_attribute_count_stops_at_its_cap(city: SimpleNamespace, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    field = city.layer.definition.field("use")
    query = ItemsQuery(limit=1, equals=((field, "residential"),))
    assert ask(city.layer, query).matched == 400
    monkeypatch.setattr("spatial.query.appraise.COUNT_CAP", 399)
    assert ask(city.layer, query).matched is None


def test_names_and_values_cannot_leave_their_place(empty_city: Access) -> None:
    """A layer whose column names are hostile is still read, and nothing else happens."""
    title = Titled(zh="x", en="x")
    nasty = 'a"; DROP TABLE city.building; --'
    layer = Layer(
        id="nasty",
        title=title,
        description=title,
        group="imported",
        db_schema="imported",
        table="nasty",
        geometry=LayerGeometry(type=GeometryType.POINT),
        fields=(LayerField(name=nasty, type=FieldType.STRING, title=title),),
        zoom=ZoomRange(min=0, max=5),
        rank=1,
        style=(),
    )
    with psycopg.connect(empty_city.owner_url, autocommit=True) as conn:
        quoted = nasty.replace('"', '""')
        conn.execute(
            f'CREATE TABLE imported.nasty (id bigint PRIMARY KEY, "{quoted}" text, geom geometry(POINT, 4490));'
            "INSERT INTO imported.nasty VALUES (1, 'x''; SELECT 1; --', ST_Point(117, 31, 4490))"
        )
    published = PublishedLayer(layer, "imported", 1, datetime.now(UTC), 1, None, None, None, None)
    query = ItemsQuery(limit=5, equals=((layer.fields[0], "x'; SELECT 1; --"),))

    async def run() -> Page:
        conn = await asyncpg.connect(empty_city.reader_url)
        try:
            return await fetch_page(conn, published, query, appraisals=Appraisals())
        finally:
            await conn.close()

    assert ids(asyncio.run(run())) == [1]


def test_a_place_outside_the_asked_crs_is_said_so(empty_city: Access) -> None:
    """PROJ has no Gauss-Kruger numbers for a place 90 degrees from the central meridian."""
    with psycopg.connect(empty_city.owner_url) as conn:
        builders.add_address(conn, "N", 27.0, 0.0)
        builders.refresh(conn, ["addresses"])
        layer = load_catalogue(conn).layer("addresses")

    async def run() -> Page:
        conn = await asyncpg.connect(empty_city.reader_url)
        try:
            look = Look(crs=OFFERED["http://www.opengis.net/def/crs/EPSG/0/4548"])
            return await fetch_page(conn, layer, ItemsQuery(limit=5, look=look), appraisals=Appraisals())
        finally:
            await conn.close()

    with pytest.raises(OutsideCrs, match="CRS84") as refused:
        asyncio.run(run())
    assert refused.value.field == "crs"


@pytest.mark.parametrize("zoom", [8, 12, 16])
def test_a_zoom_level_loses_no_more_than_a_pixel(empty_city: Access, zoom: int) -> None:
    circle = shapely.Point(117.25, 31.85).buffer(0.01, quad_segs=200)
    with psycopg.connect(empty_city.owner_url) as conn:
        builders.add_building(conn, "R", wkt=circle.wkt)
        builders.refresh(conn, ["buildings"])
        layer = load_catalogue(conn).layer("buildings")

    async def run() -> Page:
        conn = await asyncpg.connect(empty_city.reader_url)
        try:
            return await fetch_page(conn, layer, ItemsQuery(limit=1, look=Look(zoom=zoom)), appraisals=Appraisals())
        finally:
            await conn.close()

    (feature,) = json.loads(b"[" + asyncio.run(run()).features + b"]")
    rough = shapely.geometry.shape(feature["geometry"])
    pixel_deg = 360 / 256 / 2**zoom
    assert rough.is_valid
    assert shapely.hausdorff_distance(rough, circle) < pixel_deg
    assert shapely.get_num_coordinates(rough) < shapely.get_num_coordinates(circle) / 2

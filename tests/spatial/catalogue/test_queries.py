"""The table of layers, and servers that hear of its changes."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from data.catalogue.read import read_code_lists, read_groups, read_layers
from spatial.catalogue.catalogue import Catalogue
from spatial.catalogue.errors import UnknownLayer
from spatial.catalogue.queries import load_catalogue, refresh_layer, save_layer, sync_built_in
from spatial.catalogue.watch import watch_catalogue
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.db.roles import Login
from tests import builders


def test_built_in_layers_are_there_and_empty(conn: Any) -> None:
    catalogue = load_catalogue(conn)
    assert set(catalogue.layers) == {layer.id for layer in read_layers()}
    assert catalogue.layer("buildings").feature_count == 0
    assert catalogue.layer("buildings").extent is None
    assert catalogue.extent is None
    with pytest.raises(UnknownLayer, match="nope"):
        catalogue.layer("nope")


def test_a_sync_that_changes_nothing_tells_nobody(conn: Any) -> None:
    before = load_catalogue(conn).version
    sync_built_in(conn, layers=read_layers(), groups=read_groups(), code_lists=read_code_lists())
    assert load_catalogue(conn).version == before


def test_refresh_describes_the_content(conn: Any) -> None:
    before = load_catalogue(conn).layer("buildings").data_version
    builders.add_square(conn, 117.2, 31.8, valid="[2010-01-01T00:00:00Z,2020-01-01T00:00:00Z)")
    builders.add_square(conn, 117.3, 31.9, valid="[2015-01-01T00:00:00Z,)")
    builders.refresh(conn, ["buildings"])
    layer = load_catalogue(conn).layer("buildings")
    assert layer.feature_count == 2
    assert layer.extent is not None
    assert (layer.extent.west, layer.extent.north) == pytest.approx((117.2, 31.901))
    assert layer.valid_from is not None
    assert layer.valid_from.year == 2010
    assert layer.valid_to is None, "an open end stays open"
    assert layer.data_version == before + 1
    assert layer.density is not None
    assert layer.density.estimate(117.15, 31.75, 117.25, 31.85) == pytest.approx(1, abs=0.1)


def test_refresh_raises_the_data_version_every_time(conn: Any) -> None:
    (buildings,) = [layer for layer in read_layers() if layer.id == "buildings"]
    versions = [load_catalogue(conn).layer("buildings").data_version]
    for _ in range(3):
        refresh_layer(conn, buildings)
        versions.append(load_catalogue(conn).layer("buildings").data_version)
    assert versions == [versions[0] + step for step in range(4)]


def test_a_layer_that_comes_again_does_not_repeat_a_data_version(conn: Any) -> None:
    (buildings,) = [layer for layer in read_layers() if layer.id == "buildings"]
    for _ in range(3):
        refresh_layer(conn, buildings)
    old = load_catalogue(conn).layer("buildings").data_version
    conn.execute("DELETE FROM catalogue.layer WHERE id = 'buildings'")
    save_layer(conn, buildings, origin="built_in")
    assert load_catalogue(conn).layer("buildings").data_version > old


def test_a_watcher_hears_of_changes_and_survives_a_broken_connection(cluster: Cluster, empty_city: Access) -> None:
    asyncio.run(_watch(cluster, empty_city))


async def _watch(cluster: Cluster, access: Access) -> None:
    heard: asyncio.Queue[Catalogue] = asyncio.Queue()
    watching = asyncio.create_task(watch_catalogue(access.reader_url, heard.put_nowait))
    try:
        first = await asyncio.wait_for(heard.get(), 10)
        assert first.layer("buildings").feature_count == 0
        with psycopg.connect(access.owner_url) as conn:
            builders.add_square(conn, 117.2, 31.8)
            builders.refresh(conn, ["buildings"])
        while (await asyncio.wait_for(heard.get(), 10)).layer("buildings").feature_count != 1:
            pass
        with psycopg.connect(cluster.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
            cut = conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND application_name = 'shikong catalogue'",
                [urlsplit(access.reader_url).path.strip("/")],
            ).fetchall()
            assert cut
        with psycopg.connect(access.owner_url, autocommit=True) as conn:
            builders.add_square(conn, 117.3, 31.8)
            builders.refresh(conn, ["buildings"])
        while (await asyncio.wait_for(heard.get(), 10)).layer("buildings").feature_count != 2:
            pass
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

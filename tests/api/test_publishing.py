"""An imported layer is served at once, in a server that runs already, and replaced without a gap."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import morecantile
import psycopg
import pytest

from spatial.catalogue.queries import drop_layer, load_catalogue
from spatial.db.access import Access
from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions, Mode
from tests.server import serve


@pytest.fixture
def city(empty_city: Access) -> Iterator[tuple[Access, httpx.Client]]:
    with serve(empty_city) as server, httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield empty_city, client


def write(path: Path, count: int, **properties: Any) -> Path:
    """Write a file of points in a row, each with the same properties."""
    features = [
        {
            "type": "Feature",
            "properties": {"名称": f"点{number}", **properties},
            "geometry": {"type": "Point", "coordinates": [117.2 + number / 10_000, 31.8]},
        }
        for number in range(count)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def bring_in(access: Access, path: Path, *, mode: Mode = Mode.CREATE) -> None:
    options = ImportOptions(layer="signs", reports=path.parent / "reports", title="标牌", mode=mode)
    with psycopg.connect(access.owner_url) as conn:
        import_file(conn, path, options, progress=lambda *_: None)


def wait_until(client: httpx.Client, url: str, status: int) -> httpx.Response:
    deadline = time.monotonic() + 10
    while (answer := client.get(url)).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.02)
    return answer


def test_an_import_is_a_layer_at_once(city: tuple[Access, httpx.Client], tmp_path: Path) -> None:
    access, client = city
    assert client.get("/collections/signs").status_code == 404
    bring_in(access, write(tmp_path / "signs.geojson", 30, 高度=3.5, limit="x"))
    layer = wait_until(client, "/collections/signs", 200).json()
    assert (layer["title"], layer["featureCount"]) == ("标牌", 30)
    page = client.get("/collections/signs/items", params={"名称": "点7"}).json()
    assert [feature["properties"]["高度"] for feature in page["features"]] == [3.5]
    assert "signs" in client.get("/map").text
    at = morecantile.tms.get("WebMercatorQuad").tile(117.2005, 31.8, 14)
    tile = client.get(f"/collections/signs/tiles/WebMercatorQuad/14/{at.y}/{at.x}")
    assert "signs" in mapbox_vector_tile.decode(tile.content)
    described = client.get("/api").json()["paths"]["/collections/signs/items"]["get"]["parameters"]
    names = [one.get("name") for one in described]
    assert "名称" in names
    assert "limit" not in names, "a property that bears the name of a parameter is not offered as one"


def test_a_layer_is_replaced_under_load(city: tuple[Access, httpx.Client], tmp_path: Path) -> None:
    access, client = city
    bring_in(access, write(tmp_path / "signs.geojson", 20, old=1))
    wait_until(client, "/collections/signs", 200)
    answers: set[tuple[int, int]] = set()
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=client.base_url, timeout=30) as own:
            while not stop.is_set():
                answer = own.get("/collections/signs/items?limit=1000")
                answers.add((answer.status_code, answer.json().get("numberReturned", -1)))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for count in (40, 60, 80):
            bring_in(access, write(tmp_path / "signs.geojson", count, **{f"new{count}": "x"}), mode=Mode.REPLACE)
            deadline = time.monotonic() + 10
            while client.get("/collections/signs").json()["featureCount"] != count:
                assert time.monotonic() < deadline
    finally:
        stop.set()
        asking.join()
    # Between the commit and the notification a request may meet the new table with the old columns: a 503 says so.
    assert {status for status, _ in answers} <= {200, 503}
    assert (200, 80) in answers | {(200, client.get("/collections/signs/items?limit=1000").json()["numberReturned"])}


def test_a_dropped_layer_is_gone(city: tuple[Access, httpx.Client], tmp_path: Path) -> None:
    access, client = city
    bring_in(access, write(tmp_path / "signs.geojson", 3))
    wait_until(client, "/collections/signs", 200)
    with psycopg.connect(access.owner_url) as conn:
        drop_layer(conn, load_catalogue(conn).layer("signs").definition)
    wait_until(client, "/collections/signs", 404)
    assert client.get("/collections/signs/items").status_code == 404

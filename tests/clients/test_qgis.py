"""QGIS itself reads and draws the city, headless."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely
from shapely.geometry import shape

from tests.cities import STATE
from tests.clients.programs import absent
from tests.clients.recorder import Asked, record

pytestmark = pytest.mark.clients

PYTHON = Path("/usr/bin/python3")
"""Debian's Python: its packages have QGIS."""
SESSION = Path(__file__).with_name("qgis_session.py")
PICTURES = STATE / "screenshots"
TIMEOUT_S = 300
# A layer's page size; None is QGIS's own choice.
LAYERS = {"regions_legal": "", "roads": "7", "buildings": "", "pipe_segments": "500", "pipe_nodes": "", "estates": ""}


@dataclass(frozen=True, slots=True)
class Session:
    """What QGIS found, and what it asked the server for that."""

    found: dict[str, Any]
    asked: list[Asked]

    def items(self, layer: str) -> list[Asked]:
        return [one for one in self.asked if one.path == f"/collections/{layer}/items"]


def features(client: httpx.Client, layer: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/collections/{layer}/items", params={"limit": 10_000}).json()["features"]
    return found


@pytest.fixture(scope="module")
def ours(client: httpx.Client) -> dict[str, list[dict[str, Any]]]:
    """Give the features as the server says them, by layer."""
    return {name: features(client, name) for name in LAYERS}


@pytest.fixture(scope="module")
def around(ours: dict[str, list[dict[str, Any]]]) -> list[float]:
    """Give a box of about 600 m around the pipe that has the most buildings near: streets and houses are there too."""
    pipes = [shape(one["geometry"]).centroid for one in ours["pipe_segments"]]
    houses = shapely.STRtree([shape(one["geometry"]) for one in ours["buildings"]])
    boxes = [shapely.box(one.x - 0.0035, one.y - 0.0025, one.x + 0.0035, one.y + 0.0025) for one in pipes]
    best = max(boxes, key=lambda one: len(houses.query(one)))
    return [*best.bounds]


@pytest.fixture(scope="module")
def box(ours: dict[str, list[dict[str, Any]]]) -> list[float]:
    """Give a box that holds some of the buildings."""
    west, south, east, north = shapely.total_bounds([shape(one["geometry"]) for one in ours["buildings"]])
    return [west, south, (west + east) / 2, (south + north) / 2]


@pytest.fixture(scope="module")
def session(
    live_server: str, around: list[float], box: list[float], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """Run QGIS once."""
    known = (
        subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
        if PYTHON.exists()
        else None
    )
    if known is None or known.returncode:
        absent("QGIS", "apt-get install python3-qgis")
    home = tmp_path_factory.mktemp("qgis")
    with record(live_server) as recorder:
        plan = {
            "base_url": recorder.base_url,
            "pictures": str(PICTURES),
            "layers": LAYERS,
            "box": {"name": "buildings", "box": box},
            "where": {"name": "roads", "expression": '"road_class" = \'arterial\' AND "lanes" > 2'},
            "features_map": {"layers": ["pipe_nodes", "pipe_segments", "buildings", "roads"], "box": around},
            "tiles": {
                "city": {"style": "city", "tiles": "/tiles", "zooms": [6, 17], "box": around},
                "pipe_segments": {
                    "style": "pipe_segments",
                    "tiles": "/collections/pipe_segments/tiles",
                    "zooms": [14, 17],
                    "box": around,
                },
            },
            "gdal_layer": "pipe_segments",
        }
        path = home / "plan.json"
        path.write_text(json.dumps(plan), encoding="utf-8")
        folders = {f"XDG_{name}": str(home) for name in ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME")}
        environment = {**os.environ, **folders, "HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
        # A virtual environment is no business of another Python.
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "GDAL_DATA", "PROJ_DATA", "PROJ_LIB"):
            environment.pop(name, None)
        command = [str(PYTHON), str(SESSION), str(path)]
        done = subprocess.run(
            command, env=environment, cwd=home, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        assert done.returncode == 0, f"QGIS ended with {done.returncode}:\n{done.stderr[-4000:]}"
        yield Session(json.loads(done.stdout.splitlines()[-1]), recorder.asked)


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_is_valid_and_complete(session: Session, ours: dict[str, list[dict[str, Any]]], layer: str) -> None:
    found = session.found["layers"][layer]
    assert found["valid"], found["error"]
    assert found["count"] == len(ours[layer])
    assert {int(one) for one in found["features"]} == {one["id"] for one in ours[layer]}


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_has_its_fields_and_reference_system(
    session: Session, ours: dict[str, list[dict[str, Any]]], layer: str
) -> None:
    found = session.found["layers"][layer]
    assert [*found["fields"]] == [*ours[layer][0]["properties"]]
    # QGIS 3.22 knows CRS84 alone and calls it so.
    assert found["crs"] in {"EPSG:4326", "OGC:CRS84"}


def test_kinds_of_geometry_arrive(session: Session) -> None:
    kinds = {name: one["geometry"] for name, one in session.found["layers"].items()}
    assert kinds["roads"] == "LineString"
    assert kinds["buildings"] == "Polygon"
    assert kinds["regions_legal"] == "MultiPolygon"
    assert kinds["pipe_segments"] == "LineStringZ"
    assert kinds["pipe_nodes"] == "PointZ"


@pytest.mark.parametrize("layer", LAYERS)
def test_places_arrive(session: Session, ours: dict[str, list[dict[str, Any]]], layer: str) -> None:
    found = session.found["layers"][layer]["features"]
    for one in ours[layer]:
        first = shapely.get_coordinates(shape(one["geometry"]), include_z=True)[0].tolist()
        place = found[str(one["id"])]["first_vertex"]
        assert place[:2] == pytest.approx(first[:2], abs=1e-8)
        if layer.startswith("pipe_"):
            assert place[2] == pytest.approx(first[2], abs=0.001)


@pytest.mark.parametrize("layer", LAYERS)
def test_chinese_text_arrives(session: Session, ours: dict[str, list[dict[str, Any]]], layer: str) -> None:
    found = session.found["layers"][layer]["features"]
    for one in ours[layer]:
        theirs = found[str(one["id"])]["properties"]
        # An empty text is no value to QGIS.
        texts = {name: value for name, value in one["properties"].items() if isinstance(value, str) and value}
        same = {name: theirs[name] for name in texts if not name.startswith(("valid_", "built_on"))}
        assert same == {name: texts[name] for name in same}


@pytest.mark.parametrize("layer", LAYERS)
def test_numbers_arrive(session: Session, ours: dict[str, list[dict[str, Any]]], layer: str) -> None:
    found = session.found["layers"][layer]["features"]
    wrong = [
        (one["id"], name, value, theirs)
        for one in ours[layer]
        for name, value in one["properties"].items()
        # QGIS 3.22 takes a field for text when its first ten values are empty.
        if isinstance(value, int | float)
        and ((theirs := found[str(one["id"])]["properties"][name]) is None or float(theirs) != value)
    ]
    assert wrong == []


def test_pages_as_large_as_the_server_allows(session: Session) -> None:
    """The API description tells QGIS 3.22 that it may ask for more than 100."""
    assert {one.query["limit"] for one in session.items("buildings")} == {"10", "1000"}
    # And a user's own choice is kept.
    assert {one.query["limit"] for one in session.items("pipe_segments")} >= {"10", "500"}


def test_box_is_asked_of_the_server(session: Session, ours: dict[str, list[dict[str, Any]]], box: list[float]) -> None:
    whole = shapely.box(*box)
    assert session.found["box"] == [one["id"] for one in ours["buildings"] if shape(one["geometry"]).intersects(whole)]
    boxes = [one.query["bbox"] for one in session.items("buildings") if "bbox" in one.query]
    assert [float(one) for one in boxes[0].split(",")] == pytest.approx(box)


def test_expressions_hold(session: Session, ours: dict[str, list[dict[str, Any]]]) -> None:
    wanted = [
        one["id"]
        for one in ours["roads"]
        if one["properties"]["road_class"] == "arterial" and one["properties"]["lanes"] > 2
    ]
    assert session.found["where"] == wanted
    assert wanted


def test_nothing_was_refused(session: Session) -> None:
    assert [one for one in session.asked if one.status >= 400] == []


def test_features_are_drawn(session: Session) -> None:
    drawn = session.found["features_map"]
    assert drawn["finished"]
    assert drawn["errors"] == []
    assert drawn["colours"] > 20
    # Roads, buildings and pipes cover a good part of a street map.
    assert 1 - drawn["shares"]["#ffffff"] > 0.1
    assert (PICTURES / "qgis_features.png").stat().st_size > 5_000


def test_city_style_is_understood(session: Session) -> None:
    tiles = session.found["tiles"]["city"]
    assert tiles["valid"]
    assert tiles["styled"], tiles["message"]
    assert {"buildings", "roads", "pipe_segments"} <= {*tiles["drawn_layers"]}
    assert any(one.startswith("roads:") for one in tiles["labels"])


@pytest.mark.parametrize("name", ["city", "pipe_segments"])
def test_vector_tiles_are_drawn(session: Session, name: str) -> None:
    drawn = session.found["tiles"][name]
    assert drawn["finished"]
    assert drawn["errors"] == []
    assert drawn["colours"] > 20
    asked = [one for one in session.asked if "/tiles/WebMercatorQuad/" in one.path]
    assert asked
    assert {one.status for one in asked} <= {200, 204}


def test_vector_tiles_wear_the_styles_colours(session: Session) -> None:
    """QGIS 3.22 understands ``match`` only with lists of labels; else everything wears the last colour."""
    city, pipes = (session.found["tiles"][name]["shares"] for name in ("city", "pipe_segments"))
    # The background and the homes, as data/catalogue has them.
    assert city.get("#f4f2ec", 0) > 0.05
    assert city.get("#e3cfae", 0) > 0.01
    # Water, and rain water.
    assert {"#00a5c8", "#7a5c3d"} <= {*pipes}


def test_debians_gdal_reads_by_small_pages(session: Session, ours: dict[str, list[dict[str, Any]]]) -> None:
    """GDAL 3.6 asks for ten features at a time."""
    found = session.found["gdal_reading"]
    assert session.found["gdal"].startswith("3.")
    assert found["count"] == len(ours["pipe_segments"])
    assert found["codes"] == [one["properties"]["code"] for one in ours["pipe_segments"]]
    assert found["has_z"]

"""``shikong export``: a file that is whole or not there, and one line for a failure."""

import json

import psycopg
import pyogrio
import pytest
import typer
from typer.testing import CliRunner

from api.cli.exports import register
from spatial.errors import CityError
from spatial.export.types import FORMATS
from tests import builders

app = typer.Typer()
register(app)


@app.command()
def other() -> None:
    """Keep the program one of several commands, as it is."""


@pytest.fixture
def shikong(empty_city_url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", empty_city_url)
    monkeypatch.setenv("SHIKONG_STATE_DIR", str(tmp_path / "state"))
    with psycopg.connect(empty_city_url) as conn:
        for floors in (3, 6, 18):
            builders.add_square(conn, 117.2 + floors / 1000, 31.8, floors=floors)
        builders.refresh(conn, ["buildings"])

    def run(*args):
        return CliRunner().invoke(app, ["export", "buildings", *[str(one) for one in args]], catch_exceptions=True)

    return run


def test_every_format_is_written_by_its_extension(shikong, tmp_path):
    for form in FORMATS.values():
        out = tmp_path / f"buildings.{form.extension}"
        done = shikong("--out", out)
        assert done.exit_code == 0, (form.name, done.output, done.exception)
        assert "写出 3 个要素" in done.output
        if form.name not in {"parquet"}:
            path = f"/vsizip/{out}" if form.name == "shp" else out
            assert len(pyogrio.read_dataframe(path)) == 3
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith((".", "shikong-"))] == []


def test_what_is_asked_is_what_is_written(shikong, tmp_path):
    out = tmp_path / "b.geojson"
    done = shikong(
        "--out", out, "--filter", "floors > 3", "--bbox", "117.2,31.7,117.3,31.9", "--crs", "EPSG:4548",
        "--properties", "floors", "--sortby=-floors",
    )  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    document = json.loads(out.read_bytes())
    assert [one["properties"] for one in document["features"]] == [{"floors": 18}, {"floors": 6}]
    assert document["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::4548"
    frame = pyogrio.read_dataframe(out)
    assert frame.crs.to_epsg() == 4548
    assert frame.to_crs(4490).total_bounds == pytest.approx([117.206, 31.8, 117.219, 31.801], abs=1e-7)


def test_a_file_is_only_overwritten_with_force(shikong, tmp_path):
    out = tmp_path / "b.csv"
    out.write_text("mine")
    refused = shikong("--out", out)
    assert isinstance(refused.exception, CityError)
    assert "--force" in str(refused.exception)
    assert out.read_text() == "mine"
    assert shikong("--out", out, "--force", "--bom").exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--out", "b.xyz"], "--format"),
        (["--out", "b.csv", "--filter", "flors > 3"], "floors"),
        (["--out", "b.csv", "--crs", "EPSG:1"], "not offered"),
        (["--out", "b.csv", "--bbox", "1,2,3"], "4 numbers"),
        (["--out", "b.csv", "--limit", "0"], "limit"),
        (["--out", "missing/b.gpkg"], "No such file"),
        (["--out", "missing/b.csv"], "No such file"),
    ],
)
def test_a_failure_is_one_line_and_leaves_no_file(shikong, tmp_path, monkeypatch, args, told):
    monkeypatch.chdir(tmp_path)
    failed = shikong(*args)
    assert isinstance(failed.exception, CityError), (failed.output, failed.exception)
    assert told in str(failed.exception)
    assert "\n" not in str(failed.exception)
    assert [one.name for one in tmp_path.iterdir() if one.name != "state"] == []


def test_a_filter_on_an_unknown_region_is_refused_rather_than_empty(shikong, tmp_path):
    out = tmp_path / "b.csv"
    done = shikong("--out", out, "--filter", "within_region('999999')")
    assert isinstance(done.exception, CityError)
    assert "no region '999999'" in str(done.exception)
    assert not out.exists()


def test_an_unknown_layer_is_told(empty_city_url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", empty_city_url)
    failed = CliRunner().invoke(app, ["export", "nowhere", "--out", str(tmp_path / "x.csv")])
    assert isinstance(failed.exception, CityError)
    assert "nowhere" in str(failed.exception)


def test_losses_are_told(shikong, empty_city_url, tmp_path):
    with psycopg.connect(empty_city_url) as conn:
        conn.execute("UPDATE city.building SET number = '🏠'")
    done = shikong("--out", tmp_path / "b.shp.zip", "--encoding", "gbk")
    assert "replaced by ?" in done.output

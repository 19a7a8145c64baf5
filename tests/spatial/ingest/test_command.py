"""``shikong import`` and ``shikong layers``: exit codes, one line for a failure, a summary for a success."""

import json

import pyogrio
import pytest
import typer
from typer.testing import CliRunner

from api.cli.imports import register
from spatial.errors import CityError

app = typer.Typer()
register(app)
POINT = '{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[117.2,31.8]}}'
BROKEN = '{"type":"Feature","properties":{"a":1},"geometry":null}'


@pytest.fixture
def shikong(empty_city_url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", empty_city_url)
    monkeypatch.setenv("SHIKONG_STATE_DIR", str(tmp_path / "state"))

    def run(*args):
        return CliRunner().invoke(app, [str(one) for one in args], catch_exceptions=True)

    return run


@pytest.fixture
def file(tmp_path):
    def write(*lines):
        (tmp_path / "t.geojsonl").write_text("\n".join(lines), encoding="utf-8")
        return tmp_path / "t.geojsonl"

    return write


def test_all_stored_is_0_and_some_rejected_is_3(shikong, file, tmp_path):
    whole = shikong("import", file(POINT), "--layer", "given", "--title", "点")
    assert whole.exit_code == 0, whole.output
    assert "入库 1" in whole.output
    part = shikong("import", file(POINT, BROKEN), "--layer", "given", "--replace")
    assert part.exit_code == 3
    assert "拒绝 1" in part.output
    assert "no_geometry" in part.output
    assert len(list((tmp_path / "state/imports").glob("given-*/report.json"))) == 2
    listed = shikong("layers").output
    assert "given" in listed
    assert "点" in listed


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--layer", "given"], "none of its 1 rows"),
        (["--layer", "roads", "--replace"], "layer of the platform"),
        (["--layer", "given", "--append"], "no layer"),
        (["--layer", "GIVEN"], "cannot be a layer's id"),
        (["--layer", "given", "--crs", "hefei"], "EPSG:4548"),
    ],
)
def test_a_failure_is_one_line_of_the_house(shikong, file, args, told):
    failed = shikong("import", file(BROKEN), *args)
    assert isinstance(failed.exception, CityError)
    assert told in str(failed.exception)
    assert "given" not in json.dumps(shikong("layers").output)


@pytest.mark.parametrize(
    "args", [["import", "x.csv"], ["import", "x.csv", "--layer", "a", "--replace", "--append"], ["layers", "drop"]]
)
def test_wrong_usage_is_2(shikong, args):
    assert shikong(*args).exit_code == 2


def test_a_layer_is_dropped(shikong, plots, tmp_path):
    pyogrio.write_dataframe(plots, tmp_path / "plots.gpkg")
    assert shikong("import", tmp_path / "plots.gpkg", "--layer", "given").exit_code == 0
    assert "3" in shikong("layers", "drop", "given").output
    assert "given" not in shikong("layers").output
    assert "platform" in str(shikong("layers", "drop", "roads").exception)
    assert "no layer" in str(shikong("layers", "drop", "given").exception)

"""Settings: a wrong value is named with its variable."""

import pytest

from spatial.errors import Misconfigured
from spatial.settings import get_settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SHIKONG_PORT", "eighty"),
        ("SHIKONG_PORT", "0"),
        ("SHIKONG_PORT", "65536"),
        ("SHIKONG_WORKERS", "0"),
        ("SHIKONG_POOL_SIZE", "101"),
        ("SHIKONG_POOL_TIMEOUT_S", "0"),
        ("SHIKONG_STATEMENT_TIMEOUT_S", "-1"),
        ("SHIKONG_PUBLIC_URL", "city.example"),
        ("DATABASE_URL", "mysql://city"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured, match=f"^{variable} cannot be used: .*Set or unset it") as caught:
        get_settings()
    assert "Value error" not in str(caught.value)


def test_every_wrong_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("SHIKONG_PORT", "x")
    monkeypatch.setenv("SHIKONG_WORKERS", "x")
    with pytest.raises(Misconfigured, match=r"SHIKONG_PORT.*SHIKONG_WORKERS"):
        get_settings()


@pytest.mark.parametrize(("variable", "value"), [("SHIKONG_PORT", "65535"), ("SHIKONG_POOL_SIZE", "100")])
def test_the_limits_themselves_are_good(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    assert str(getattr(get_settings(), variable.removeprefix("SHIKONG_").lower())) == value


def test_a_public_address_ends_without_a_slash(monkeypatch):
    monkeypatch.setenv("SHIKONG_PUBLIC_URL", "https://city.example/gis/")
    assert get_settings().public_url == "https://city.example/gis"


def test_the_short_name_of_the_database_becomes_the_one_that_every_library_knows(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://city:postgres://@db/city")
    assert get_settings().database_url == "postgresql://city:postgres://@db/city"


def test_the_state_folder_is_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHIKONG_STATE_DIR", "somewhere")
    assert get_settings().state_dir == tmp_path / "somewhere"

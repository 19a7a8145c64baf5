"""The way to the database: embedded, external with and without the right to make roles, and what each login may do."""

import json
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psycopg
import pytest

from spatial.db.access import _external_access, _new_passwords, current_access, open_access
from spatial.db.cluster import Cluster
from spatial.db.roles import READ_TIMEOUT_S, Login, grant_statements
from spatial.errors import Misconfigured, Unavailable
from spatial.settings import Settings, get_settings


def settings_of(monkeypatch: pytest.MonkeyPatch, state: Path, url: str) -> Settings:
    monkeypatch.setenv("SHIKONG_STATE_DIR", str(state))
    monkeypatch.setenv("DATABASE_URL", url)
    return get_settings()


def as_login(url: str, name: str, password: str) -> str:
    return urlsplit(url)._replace(netloc=f"{name}:{password}@").geturl()


@pytest.fixture
def plain_login(cluster: Cluster, empty_city) -> Iterator[str]:
    """Give the address of a city whose owner may not make roles."""
    name, password = f"plain_{secrets.token_hex(4)}", "secret"
    database = urlsplit(empty_city.owner_url).path.strip("/")
    with psycopg.connect(cluster.url(Login.SUPERUSER, database=database), autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {Login.OWNER.value}")
        yield as_login(empty_city.owner_url, name, password)
        conn.execute(f"DROP OWNED BY {name}")
        conn.execute(f"DROP ROLE {name}")


# -- what each login may do ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO city.road (code) VALUES ('x')",
        "DELETE FROM catalogue.layer",
        "UPDATE catalogue.layer SET id = 'x'",
        "CREATE TABLE city.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "DROP TABLE city.road",
    ],
)
def test_the_reader_cannot_write(empty_city, statement):
    with psycopg.connect(empty_city.reader_url, autocommit=True) as conn:
        with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
            conn.execute(statement)
        # Not only by its default: the rights themselves are missing.
        conn.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement)


def test_the_reader_sees_every_layer_and_never_reads_for_long(empty_city):
    with psycopg.connect(empty_city.reader_url) as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == (f"{READ_TIMEOUT_S}s",)
        assert conn.execute("SHOW jit").fetchone() == ("off",)
        tables = conn.execute("SELECT definition->>'table' FROM catalogue.layer").fetchall()
        assert tables
        for (table,) in tables:
            conn.execute(f"SELECT count(*) FROM city.{table}")


def test_the_reader_sees_tables_that_come_later(empty_city):
    with psycopg.connect(empty_city.owner_url) as conn:
        conn.execute("CREATE TABLE imported.later AS SELECT 1 AS one")
    with psycopg.connect(empty_city.reader_url) as conn:
        assert conn.execute("SELECT one FROM imported.later").fetchone() == (1,)


def test_nobody_but_the_superuser_reads_files_of_the_server(empty_city):
    with psycopg.connect(empty_city.owner_url) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("SELECT pg_read_file('PG_VERSION')")


def test_grants_may_be_repeated(empty_city_url):
    with psycopg.connect(empty_city_url) as conn:
        for statement in [*grant_statements(), *grant_statements()]:
            conn.execute(statement)


# -- an existing database --------------------------------------------------------------------------------


def test_an_existing_database_whose_login_makes_roles_gets_a_reader(monkeypatch, tmp_path, cluster, empty_city):
    database = urlsplit(empty_city.owner_url).path.strip("/")
    kept = cluster.url(Login.READER, database=database)
    state = tmp_path / "state"
    state.mkdir()
    # The roles belong to the whole cluster, which other tests use: keep their passwords.
    passwords = {login.value: urlsplit(cluster.url(login)).password for login in Login}
    (state / "external_logins.json").write_text(json.dumps(passwords), encoding="utf-8")
    settings = settings_of(monkeypatch, state, cluster.url(Login.SUPERUSER, database=database))

    access = open_access(settings)

    assert access.has_reader_role
    assert urlsplit(access.reader_url).username == Login.READER.value
    assert current_access(settings) == access
    assert stat.S_IMODE((state / "external_logins.json").stat().st_mode) == 0o600
    with psycopg.connect(access.reader_url) as conn:
        assert conn.execute("SELECT current_user").fetchone() == (Login.READER.value,)
    with psycopg.connect(kept) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_an_existing_database_whose_login_makes_no_roles_is_read_as_the_owner_in_read_only_transactions(
    monkeypatch, tmp_path, plain_login
):
    settings = settings_of(monkeypatch, tmp_path / "state", plain_login)
    access = open_access(settings)
    assert not access.has_reader_role
    assert current_access(settings) == access
    assert not (tmp_path / "state/external_logins.json").exists()
    with (
        psycopg.connect(access.reader_url) as conn,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        conn.execute("CREATE TABLE public.mine (id int)")


def test_two_machines_agree_on_the_passwords_of_one_database():
    url = "postgresql://city:secret@db/city"
    assert _new_passwords(url) == _new_passwords(f"{url}?sslmode=require")
    assert _new_passwords(url) != _new_passwords(url.replace("secret", "other"))
    assert len(set(_new_passwords(url).values())) == len(Login)


@pytest.mark.anyio
async def test_asyncpg_reads_read_only_too_without_a_reader_role(monkeypatch, tmp_path, plain_login):
    access = open_access(settings_of(monkeypatch, tmp_path, plain_login))
    conn = await asyncpg.connect(access.reader_url)
    try:
        assert await conn.fetchval("SHOW default_transaction_read_only") == "on"
    finally:
        await conn.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_an_existing_database_without_postgis_says_who_can_add_it(monkeypatch, tmp_path, cluster):
    with psycopg.connect(cluster.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE copy_bare TEMPLATE template0 OWNER {Login.OWNER.value}")
    try:
        settings = settings_of(monkeypatch, tmp_path, cluster.url(Login.OWNER, database="copy_bare"))
        with pytest.raises(Misconfigured, match="Ask a superuser: CREATE EXTENSION postgis"):
            open_access(settings)
    finally:
        cluster.drop_database("copy_bare")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://city:se%cret@db/city",
        "postgresql://city:se@cret@db/city",
        "postgresql://city:se/cret@db/city",
        "postgresql://city:se?cret@db/city",
        "postgresql://city:se#cret@db/city",
        "postgresql://city:[secret@db/city",
        "postgresql://city:ok@db:secret/city",
        "postgresql://city:ok@db/city?cret=1",
    ],
)
@pytest.mark.parametrize("door", [open_access, current_access])
def test_an_address_that_cannot_be_read_is_told_and_nothing_of_it_is(monkeypatch, tmp_path, url, door):
    with pytest.raises(Misconfigured, match="DATABASE_URL cannot be read") as caught:
        door(settings_of(monkeypatch, tmp_path, url))
    assert "cret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://city:a+b%40c@db:5432/city?sslmode=require",
        "postgresql://one:5432,two:5433/city?user=city&password=a%2Bb+c",
        "postgresql:///city?host=/run/postgresql",
    ],
)
def test_usual_addresses_can_be_read(monkeypatch, tmp_path, url):
    assert current_access(settings_of(monkeypatch, tmp_path, url)).owner_url == url


def test_the_reader_is_nobody_else_though_the_address_names_a_login_behind_the_question_mark():
    url = "postgresql://db/city?user=city&sslmode=require&p%61ssword=secret&application_name=a%26b"
    access = _external_access(url, "own")
    info = psycopg.conninfo.conninfo_to_dict(access.reader_url)
    assert (info["user"], info["password"]) == (Login.READER.value, "own")
    assert (info["sslmode"], info["application_name"], info["dbname"]) == ("require", "a&b", "city")
    assert access.owner_url == url


def test_two_machines_agree_though_the_password_stands_behind_the_question_mark():
    assert _new_passwords("postgresql://db/city?password=secret") == _new_passwords("postgresql://a:secret@db/city")


def test_a_database_that_does_not_answer_is_told(monkeypatch, tmp_path):
    settings = settings_of(monkeypatch, tmp_path, "postgresql://a:b@127.0.0.1:1/city")
    with pytest.raises(Unavailable, match="DATABASE_URL does not answer"):
        open_access(settings)


def test_without_any_database_the_command_is_named(monkeypatch, tmp_path):
    with pytest.raises(Unavailable, match=r"\./run up"):
        current_access(settings_of(monkeypatch, tmp_path, ""))

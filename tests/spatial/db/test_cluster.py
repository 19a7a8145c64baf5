"""The embedded cluster: made, started, found, survived."""

import os
import pwd
import shutil
import signal
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from spatial.db import binaries as programs
from spatial.db.binaries import Binaries, find_binaries
from spatial.db.cluster import Cluster
from spatial.db.roles import Login
from spatial.errors import Misconfigured
from tests.cities import STATE


@pytest.fixture
def own() -> Iterator[Cluster]:
    """Give a cluster of this test's own, not made yet."""
    # Not in pytest's own folder: only we may pass into that one, and PostgreSQL does not run as root.
    STATE.mkdir(parents=True, exist_ok=True)
    folder = STATE / f"own_{os.getpid()}"
    one = Cluster(folder, throwaway=True)
    yield one
    one.stop()
    shutil.rmtree(folder)


def answer(cluster: Cluster) -> str:
    with psycopg.connect(cluster.url()) as conn:
        row = conn.execute("SELECT current_user || ' ' || PostGIS_Lib_Version()").fetchone()
    assert row
    return str(row[0])


def test_a_cluster_is_made_started_and_stopped_and_each_may_be_repeated(own):
    assert not own.is_running()
    own.stop()
    own.start()
    own.start()
    assert own.is_running()
    assert answer(own).startswith("shikong_owner 3.")
    own.stop()
    own.stop()
    assert not own.is_running()
    own.start()
    assert answer(own).startswith("shikong_owner 3.")


def test_the_server_survives_kill_9(own):
    own.start()
    with psycopg.connect(own.url(), autocommit=True) as conn:
        conn.execute("SET synchronous_commit = on")
        conn.execute("CREATE TABLE public.kept AS SELECT 1 AS one")
    pid = own.pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    while own.is_running():
        time.sleep(0.01)
    own.start()
    with psycopg.connect(own.url()) as conn:
        assert conn.execute("SELECT one FROM public.kept").fetchone() == (1,)


def test_two_starts_at_once_make_one_server(own):
    again = Cluster(own.folder, throwaway=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Cluster.start, [own, again]))
    assert own.pid() == again.pid()
    assert answer(again).startswith("shikong_owner 3.")


def test_a_killed_initdb_leaves_nothing_that_is_taken_for_a_cluster(own):
    half = own.folder / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n", encoding="utf-8")
    own.start()
    assert answer(own)


def test_a_taken_port_is_left_for_another(own):
    own.start()
    own.stop()
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", port_of(own)))
        thief.listen()
        own.start()
        assert port_of(own) != thief.getsockname()[1]
        assert answer(own)


def port_of(cluster: Cluster) -> int:
    return int(cluster.url().rpartition("port=")[2])


def test_a_folder_whose_name_no_socket_bears_is_reached_over_tcp():
    folder = STATE / f"it's, {os.getpid()}"
    odd = Cluster(folder, throwaway=True)
    try:
        odd.start()
        assert "127.0.0.1" in odd.url()
        assert answer(odd)
    finally:
        odd.stop()
        shutil.rmtree(folder)


@pytest.mark.parametrize("character", ['"', "$", "`", "\\"])
def test_a_folder_that_a_shell_would_read_otherwise_is_refused(tmp_path, character):
    with pytest.raises(Misconfigured, match="PostgreSQL cannot live in"):
        Cluster(tmp_path / f"a{character}b").start()


@pytest.mark.parametrize("name", ["data/shikong.conf", "data/pg_hba.conf", "pg_ctl.out", "lock"])
def test_a_link_in_the_folder_leads_nowhere(own, tmp_path, name):
    own.start()
    own.stop()
    target = tmp_path / "precious"
    target.write_text("kept", encoding="utf-8")
    (own.folder / name).unlink(missing_ok=True)
    (own.folder / name).symlink_to(target)
    with pytest.raises(Misconfigured, match="not a plain file"):
        own.start()
    (own.folder / name).unlink()
    assert target.read_text(encoding="utf-8") == "kept"
    own.start()


def test_a_pid_that_another_program_has_now_is_not_the_server(own):
    own.start()
    own.stop()
    (own.data / "postmaster.pid").write_text(f"{os.getpid()}\n{own.data}\n", encoding="utf-8")
    assert not own.is_running()
    own.start()
    assert answer(own)


def test_the_server_never_runs_as_root_and_secrets_are_private(own):
    own.start()
    pid = own.pid()
    assert pid
    uid = psutil.Process(pid).uids().real
    assert uid != 0
    assert uid == (pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else os.geteuid())
    for path in (own.folder / "cluster.json", own.data / "shikong.conf", own.data / "pg_hba.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert not (own.folder / ".pw").exists()
    assert stat.S_IMODE(own.data.stat().st_mode) == 0o700


def test_nobody_enters_without_a_password(cluster):
    url = urlsplit(cluster.url(Login.SUPERUSER, database="postgres"))
    wrong = url._replace(netloc=f"{url.username}:wrong@")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong.geturl())


def test_lost_passwords_are_told(own):
    own.folder.mkdir(parents=True)
    with pytest.raises(Misconfigured, match=r"cluster\.json is gone"):
        own.url()


def test_without_postgis_the_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(programs, "_has_extension", lambda binaries, name: False)
    with pytest.raises(Misconfigured, match=r"apt-get install postgresql-\d+-postgis-3"):
        find_binaries()


@pytest.mark.parametrize("found", [[], [Binaries(Path("/usr/lib/postgresql/13/bin"), 13)]])
def test_without_a_recent_postgresql_the_command_is_named(monkeypatch, found):
    monkeypatch.setattr(programs, "_installed", lambda: found)
    with pytest.raises(Misconfigured, match=r"No PostgreSQL 15 or newer was found.*apt-get install postgresql"):
        find_binaries()


def test_data_of_another_version_is_not_opened(monkeypatch):
    monkeypatch.setattr(programs, "_installed", lambda: [Binaries(Path("/usr/lib/postgresql/17/bin"), 17)])
    with pytest.raises(Misconfigured, match="made by PostgreSQL 15"):
        find_binaries(made_by=15)


def test_a_database_is_copied_from_a_template(cluster):
    cluster.create_database("copy_of_template0")
    try:
        with psycopg.connect(cluster.url(database="copy_of_template0")) as conn:
            names = {name for (name,) in conn.execute("SELECT extname FROM pg_extension")}
        assert names >= {"postgis", "pgrouting", "pg_trgm", "btree_gist"}
    finally:
        cluster.drop_database("copy_of_template0")

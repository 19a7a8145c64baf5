"""The embedded PostgreSQL: a private cluster under the state folder, for whoever has no DBA.

It never runs as root: root drops to the system user ``postgres``, anybody else runs it as themselves. It listens
on a unix socket, and on a loopback port for programs that want one. Every login has its own random password.
"""

import fcntl
import getpass
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psutil
import psycopg

from spatial.db.binaries import Binaries, find_binaries
from spatial.db.extensions import create_extensions
from spatial.db.provision import (
    check_path,
    free_port,
    is_free,
    load_state,
    save_state,
    socket_dir,
    write_configuration,
)
from spatial.db.roles import Login, bootstrap_statements
from spatial.db.system import SYSTEM_USER, open_private, system_user, write_private
from spatial.errors import Misconfigured, Unavailable

DATABASE: Final = "shikong"
START_TIMEOUT_S: Final = 60.0


class Cluster:
    """One private PostgreSQL cluster.

    Parameters
    ----------
    folder
        Everything of it lies here: ``data/``, ``postgres.log``, ``cluster.json`` with port and passwords.
    throwaway
        True for tests: faster, and lost at a power cut.
    """

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder.resolve()
        self.throwaway = throwaway

    @property
    def data(self) -> Path:
        """Return PostgreSQL's own data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Return the file that PostgreSQL writes its messages to."""
        return self.folder / "postgres.log"

    @cached_property
    def binaries(self) -> Binaries:
        """Return the programs, found once."""
        version = self.data / "PG_VERSION"
        return find_binaries(int(version.read_text(encoding="utf-8")) if self._is_made() else None)

    def start(self) -> None:
        """Make the cluster where there is none, start it where it does not run, and see that roles exist.

        Harmless when all is done already.

        Raises
        ------
        Misconfigured
            A package is missing, or the folder cannot be used by the system user.
        Unavailable
            PostgreSQL did not start; the sentence carries the end of its log.
        """
        self._prepare_folder()
        with self._locked():
            if not self._is_made():
                self._initdb()
            if not self.is_running():
                self._write_configuration()
                self._pg_start()
            self._bootstrap()

    def stop(self) -> None:
        """Stop the cluster cleanly; nothing happens where it does not run."""
        if not self._is_made():
            return
        with self._locked():
            if self.is_running():
                self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w")

    def is_running(self) -> bool:
        """Tell whether the cluster's own server process lives."""
        return self.pid() is not None

    def pid(self) -> int | None:
        """Return the number of the server's main process, or None where it does not run.

        ``pg_ctl status`` takes any process of that number for the server; after a restart of the machine, or of a
        container, it often is another program's.
        """
        pid = self._noted_pid()
        if pid is None:
            return None
        try:
            command = psutil.Process(pid).cmdline()
        except psutil.Error:
            return None
        return pid if str(self.data) in command else None

    def url(self, login: Login = Login.OWNER, *, database: str = DATABASE) -> str:
        """Return the address of a database for one login, as both psycopg and asyncpg read it."""
        state = load_state(self.folder)
        password = quote(state["passwords"][login.value])
        return (
            f"postgresql://{login.value}:{password}@/{database}?host={quote(self._connect_host())}&port={state['port']}"
        )

    # -- one at a time --------------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep a second process from starting or stopping the same cluster meanwhile."""
        with open_private(self.folder / "lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _is_made(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def _noted_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _clear_stale_pid(self) -> None:
        """Remove the note of a server that died, when its number is another program's now, or a dead process's.

        PostgreSQL still refuses to start while children of the dead server hold its shared memory.
        """
        pid = self._noted_pid()
        if pid is None:
            return
        try:
            process = psutil.Process(pid)
            is_stale = "postgres" not in process.name() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return
        if is_stale:
            for note in [self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")]:
                note.unlink(missing_ok=True)

    # -- making it ------------------------------------------------------------------------------------------------

    def _prepare_folder(self) -> None:
        check_path(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        user = system_user()
        if user is None:
            return
        shutil.chown(self.folder, user.pw_uid, user.pw_gid)
        reach = subprocess.run(
            ["/usr/bin/test", "-w", str(self.folder)], user=user.pw_uid, group=user.pw_gid, extra_groups=[], check=False
        )
        if reach.returncode != 0:
            raise Misconfigured(
                f"The system user {SYSTEM_USER!r} cannot reach {self.folder}. PostgreSQL never runs as root: "
                "set SHIKONG_STATE_DIR to a folder that every user may pass through, such as /var/lib/shikong."
            )

    def _initdb(self) -> None:
        passwords = {login.value: secrets.token_urlsafe(24) for login in Login}
        save_state(self.folder, {"port": free_port(), "passwords": passwords})
        secret = self.folder / ".pw"
        write_private(secret, passwords[Login.SUPERUSER.value])
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)  # what a killed initdb left behind
        try:
            self._run(
                "initdb",
                "--pgdata", str(fresh),
                "--username", Login.SUPERUSER.value,
                "--pwfile", str(secret),
                "--encoding", "UTF8",
                "--locale", "C.UTF-8",
                "--auth", "scram-sha-256",
                *(["--no-sync"] if self.throwaway else []),
            )  # fmt: skip
        finally:
            secret.unlink(missing_ok=True)
        fresh.rename(self.data)

    def _write_configuration(self) -> None:
        state = load_state(self.folder)
        if not is_free(state["port"]):
            state["port"] = free_port()
            save_state(self.folder, state)
        write_configuration(self.data, port=state["port"], sockets=socket_dir(self.folder), throwaway=self.throwaway)

    def _pg_start(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            self._clear_stale_pid()
            done = self._run(
                "pg_ctl", "start", "-D", str(self.data), "-l", str(self.log), "-w", "-s",
                "-t", str(int(START_TIMEOUT_S)), check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return
            tail = self._log_tail()
            # After kill -9 the old server's children may still hold its shared memory for a moment.
            if "shared memory block" in tail and time.monotonic() < deadline:
                time.sleep(0.5)
                continue
            raise Unavailable(f"The embedded PostgreSQL did not start. The end of {self.log}:\n{tail}")

    def _bootstrap(self) -> None:
        passwords = load_state(self.folder)["passwords"]
        self._wait_for_answer()
        with psycopg.connect(self.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
            for statement in bootstrap_statements(passwords):
                conn.execute(statement)
            known = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                self._create_raw(DATABASE, template="template0")
        self._extend(DATABASE)

    def _wait_for_answer(self) -> None:
        """Wait while the server recovers: a start that was interrupted goes on without us."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self.url(Login.SUPERUSER, database="postgres")).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or "password" in str(error):
                    raise Unavailable(f"The embedded PostgreSQL does not answer: {str(error).strip()}") from error
                time.sleep(0.2)
            else:
                return

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """Create a database that the owner owns, with the extensions that need a superuser."""
        self._create_raw(name, template=template)
        if template == "template0":
            self._extend(name)

    def _create_raw(self, name: str, *, template: str) -> None:
        with psycopg.connect(self.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
            conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {Login.OWNER.value} STRATEGY FILE_COPY')

    def _extend(self, name: str) -> None:
        with psycopg.connect(self.url(Login.SUPERUSER, database=name), autocommit=True) as conn:
            conn.execute("SET client_min_messages = error")
            create_extensions(conn)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        with psycopg.connect(self.url(Login.SUPERUSER, database="postgres"), autocommit=True) as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    # -- details --------------------------------------------------------------------------------------------------

    def _connect_host(self) -> str:
        return socket_dir(self.folder) or "127.0.0.1"

    def _log_tail(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])

    def _run(self, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        user = system_user()
        drop: dict[str, Any] = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        command: Sequence[str] = [self.binaries.program(program), *args]
        # Not a pipe for output: the server inherits it and would hold it open for ever.
        with open_private(self.folder / f"{program}.out") as out:
            done = subprocess.run(
                command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                cwd=self.folder, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, check=False,
                start_new_session=True, **drop,
            )  # fmt: skip
            out.seek(0)
            text = out.read()
        if check and done.returncode != 0:
            who = user.pw_name if user else getpass.getuser()
            raise Unavailable(f"{program} failed as {who}: {text.strip()[-800:]}")
        return subprocess.CompletedProcess(command, done.returncode, text, "")

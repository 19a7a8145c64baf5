"""The note that tells which process serves an installation: one at a time, and removed only by whom it names."""

import fcntl
import http.client
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from spatial.errors import Conflict
from spatial.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started and lives."""

    pid: int
    started: float
    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def lives(self) -> bool:
        """Tell whether the process is there; another one may have its number by now."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1
        except psutil.NoSuchProcess:
            return False

    def answers(self) -> bool:
        """Tell whether the server answers a request now."""
        with closing(http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=5)) as connection:
            try:
                connection.request("GET", "/conformance")
                return connection.getresponse().status < 500
            except (OSError, http.client.HTTPException):
                return False


def running(settings: Settings) -> Running | None:
    """Find the server that this installation runs; a note of a server that died counts for nothing."""
    one = _read(settings)
    return one if one and one.lives() else None


def claim(settings: Settings) -> Running:
    """Note this process as the server of the installation.

    Raises
    ------
    Conflict
        Another one serves it, on whatever port.
    """
    with locked(settings, "server.lock"):
        other = running(settings)
        if other and other.pid != os.getpid():
            raise Conflict(f"The server runs already: {other.url}, pid {other.pid}. Stop it first: ./run down")
        me = Running(os.getpid(), psutil.Process().create_time(), settings.host, settings.port)
        fresh = _path(settings).with_suffix(".new")
        fresh.write_text(json.dumps(asdict(me)), encoding="utf-8")
        fresh.replace(_path(settings))
    return me


def forget(settings: Settings, one: Running) -> None:
    """Remove the note of one server; another's stays."""
    with locked(settings, "server.lock"):
        if _read(settings) == one:
            _path(settings).unlink()


@contextmanager
def locked(settings: Settings, name: str) -> Iterator[None]:
    """Keep other processes of this installation out of the block."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(settings: Settings) -> Running | None:
    try:
        return Running(**json.loads(_path(settings).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def _path(settings: Settings) -> Path:
    return settings.state_dir / "server.json"

"""Real server processes for tests."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from spatial.db.access import Access
from spatial.db.roles import Login
from spatial.settings import PROJECT, get_settings

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that answers."""

    base_url: str
    process: subprocess.Popen[bytes]
    log: Path

    def read_log(self) -> str:
        """Return what the server wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(access: Access, **env: str) -> Iterator[Server]:
    """Run the web server on a database, in a process of its own, until the block ends.

    Parameters
    ----------
    access
        The database; without a reader role the server reads as the owner.
    env
        More environment variables of the server, such as ``SHIKONG_POOL_SIZE="2"``.
    """
    port = free_port()
    with TemporaryDirectory(prefix="shikong-") as folder:
        state = Path(folder)
        _settle(state, access)
        log = state / "server.log"
        command = [
            sys.executable, "-m", "uvicorn", "--factory", "api.app:app_from_environment",
            "--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--no-server-header",
            "--timeout-graceful-shutdown", "3", "--timeout-keep-alive", "75",
        ]  # fmt: skip
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SHIKONG_")}
        variables = {
            **inherited,
            "DATABASE_URL": access.owner_url,
            "SHIKONG_STATE_DIR": str(state),
            "SHIKONG_PORT": str(port),
            "SHIKONG_WORKERS": "1",
            **env,
        }
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env=variables, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        server = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            _wait(server)
            yield server
        finally:
            _stop(process)


def _settle(state: Path, access: Access) -> None:
    """Make a state folder from which the server learns the reader's password and the map's assets."""
    if access.has_reader_role:
        password = urlsplit(access.reader_url).password or ""
        (state / "external_logins.json").write_text(json.dumps({Login.READER.value: password}), encoding="utf-8")
    assets = get_settings().state_dir / "web"
    if assets.is_dir():
        (state / "web").symlink_to(assets)


def _wait(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"The server ended with code {server.process.returncode}:\n{server.read_log()}")
        try:
            httpx.get(f"{server.base_url}/conformance", timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The server did not answer in {START_TIMEOUT_S} s:\n{server.read_log()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

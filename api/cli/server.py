"""The web server as processes: a supervisor with its workers, started and stopped."""

import contextlib
import copy
import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, Final

import psutil
from rich.cells import set_cell_size
from starlette.applications import Starlette
from uvicorn import Config
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess

from api.app import app_from_environment
from api.cli.console import console
from api.cli.note import Running, forget, running
from spatial.errors import Misconfigured, Unavailable
from spatial.settings import PROJECT, Settings

START_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 30.0
GRACE_S: Final = 8
"""How long requests that are under way may take once the server is told to stop."""
IDLE_S: Final = 75
"""How long an idle connection is kept; clients and proxies that keep one think of a minute."""
WORKER_SILENCE_S: Final = 30
"""A worker that does not answer its supervisor for so long is hung, and replaced."""
MAX_LOG_BYTES: Final = 20_000_000
PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal that a process gets when its parent dies."""


def worker() -> Starlette:
    """Make the app of one worker process, which ends with its supervisor, however that one ends."""
    if parent_process() is not None and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return app_from_environment()


def serve(settings: Settings, me: Running, *, verbose: bool, on_ready: Callable[[Running], None]) -> None:
    """Run the web server in the foreground until it is told to stop.

    Parameters
    ----------
    me
        This process, as :func:`api.cli.note.claim` noted it; whoever claimed forgets it afterwards.
    verbose
        Whether starts and stops of workers are logged, as in a log file; a terminal gets warnings only.
    on_ready
        Called once, when the server answers.

    Raises
    ------
    Misconfigured
        The port is taken.
    Unavailable
        The workers did not start; their messages stand before ours.
    """
    listener = _listen(settings)
    config = Config(
        "api.cli.server:worker",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=WORKER_SILENCE_S,
        log_config=_log_config(),
        log_level="info" if verbose else "warning",
    )
    supervisor = _Supervisor(config, [listener], has_terminal=not verbose)
    threading.Thread(target=_when_ready, args=(me, on_ready), daemon=True).start()
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Unavailable("The web server did not start; the messages before this line say why.")


def start_detached(settings: Settings) -> Running:
    """Start the server in the background and wait until it answers; it writes to ``logs/server.log``."""
    check_port(settings)
    log = log_file(settings)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.parent.chmod(0o700)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".1.log"))
    # Not -m: each worker would import the whole command line with it.
    command = [sys.executable, "-c", "from api.cli.main import main; main()", "serve", "--log"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        one = _started(settings, process)
    except BaseException:
        process.terminate()
        raise
    if one:
        return one
    process.terminate()
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
    raise Unavailable(f"The web server did not start. The end of {log}:\n{tail}")


def _started(settings: Settings, process: subprocess.Popen[bytes]) -> Running | None:
    """Wait until a server in the background answers; None where it ends, or is silent for too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        one = running(settings)
        if one and one.pid == process.pid and one.answers():
            return one
        time.sleep(0.1)
    return None


def wait_for_answer(one: Running) -> None:
    """Wait until a server that another process starts answers.

    Raises
    ------
    Unavailable
        It ended, or is silent for too long.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and one.lives():
        if one.answers():
            return
        time.sleep(0.1)
    raise Unavailable(f"The server of process {one.pid} does not answer. Run: ./run down, then ./run up")


def stop(settings: Settings) -> bool:
    """Stop the server with all its workers; False where none runs."""
    one = running(settings)
    if one is None:
        return False
    supervisor = psutil.Process(one.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    supervisor.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_TIMEOUT_S)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=5)
    forget(settings, one)
    return True


def log_file(settings: Settings) -> Path:
    """Return where a server in the background writes."""
    return settings.state_dir / "logs" / "server.log"


def check_port(settings: Settings) -> None:
    """See that the port is free.

    Raises
    ------
    Misconfigured
        It is taken, or not ours to take; the sentence says how to choose another.
    """
    _listen(settings, backlog=None).close()


def print_addresses(one: Running, settings: Settings) -> None:
    """Tell a person where everything is."""
    base = settings.public_url or one.url
    rows = [
        ("首页", "landing page", f"{base}/"),
        ("地图", "map", f"{base}/map"),
        ("接口", "API", f"{base}/api"),
        ("QGIS", "add as OGC API - Features", f"{base}/"),
    ]
    console.print()
    console.print("  [bold]时空 Shikong[/] 正在运行 [dim]/ is running[/]")
    for chinese, english, url in rows:
        # A Chinese character is two cells wide.
        console.print(f"  {set_cell_size(chinese, 6)}[bold]{url}[/]  [dim]{english}[/]")
    console.print()


class _Supervisor(Multiprocess):
    """Uvicorn's supervisor; it ends when its terminal closes, where uvicorn's would start all workers anew."""

    def __init__(self, config: Config, sockets: list[socket.socket], *, has_terminal: bool) -> None:
        super().__init__(config, sockets)
        self._has_terminal = has_terminal

    def handle_hup(self) -> None:
        """End with the terminal; without one, replace the workers one by one."""
        if self._has_terminal:
            self.should_exit.set()
        else:
            super().handle_hup()

    def handle_quit(self) -> None:
        """End on Ctrl-backslash too, with nothing left behind."""
        self.should_exit.set()


def _listen(settings: Settings, *, backlog: int | None = 2048) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    one = socket.socket(family)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((settings.host, settings.port))
        if backlog:
            one.listen(backlog)
            one.set_inheritable(True)
    except OSError as error:
        one.close()
        raise Misconfigured(
            f"Cannot listen on {settings.host}:{settings.port} ({os.strerror(error.errno or 0)}). "
            f"Choose another port, as in: SHIKONG_PORT={settings.port % 65535 + 1} ./run up"
        ) from error
    return one


def _when_ready(one: Running, on_ready: Callable[[Running], None]) -> None:
    with contextlib.suppress(Unavailable):
        wait_for_answer(one)
        on_ready(one)


def _log_config() -> dict[str, Any]:
    """Return uvicorn's logging with the time and process of each line, for our own loggers too."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["formatters"]["default"] = {"format": "%(asctime)s %(levelname)s [%(process)d] %(name)s: %(message)s"}
    config["root"] = {"handlers": ["default"], "level": logging.WARNING}
    return config

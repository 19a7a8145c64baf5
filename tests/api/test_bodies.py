"""Bodies of requests: read to a limit and no further, over real connections too."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from api.app import _city_error
from api.bodies import read_body
from api.middleware import OpenApplication
from spatial.errors import CityError
from spatial.settings import PROJECT
from tests.server import free_port

LIMIT_BYTES = 1 << 20
MEGABYTE = 1 << 20


async def _length(request: Request) -> Response:
    return Response(str(len(await read_body(request, LIMIT_BYTES))))


def application() -> OpenApplication:
    """Make an application that tells how long a body is; the failures are answered as ours are."""
    return OpenApplication(
        routes=[Route("/length", _length, methods=["POST"])], exception_handlers={CityError: _city_error}
    )


@pytest.mark.parametrize(("size", "status"), [(0, 200), (LIMIT_BYTES, 200), (LIMIT_BYTES + 1, 413)])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_of_the_limit_is_read_and_a_longer_one_refused(size: int, status: int, is_chunked: bool) -> None:
    whole = b"x" * size
    with TestClient(application()) as client:
        answer = client.post("/length", content=iter([whole[:1000], whole[1000:]]) if is_chunked else whole)
    assert answer.status_code == status
    if status == 413:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["field"] == "body"
        assert "1,048,576" in answer.json()["detail"]
    else:
        assert answer.text == str(size)


def test_a_length_of_thousands_of_digits_is_only_too_large() -> None:
    with TestClient(application()) as client:
        answer = client.post("/length", content=b"x", headers={"Content-Length": "9" * 5000})
    assert answer.status_code == 413


class Live:
    """The application in a process of its own."""

    def __init__(self, port: int, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self.log = log
        self.process = psutil.Process(process.pid)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def memory(self) -> int:
        return int(self.process.memory_info().rss)


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", "--factory", "tests.api.test_bodies:application",
        "--host", "127.0.0.1", "--port", str(port), "--no-access-log",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="shikong-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out, subprocess.Popen(command, cwd=PROJECT, stdout=out, stderr=out) as process:
            try:
                deadline = time.monotonic() + 60
                while not _answers(port):
                    assert time.monotonic() < deadline, log.read_text()
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.05)
                yield Live(port, log, process)
            finally:
                process.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.post(f"http://127.0.0.1:{port}/length", content=b"x", timeout=5).text == "1"
    except httpx.TransportError:
        return False


def test_a_hundred_megabytes_in_chunks_are_refused_in_flat_memory(live: Live) -> None:
    before = highest = live.memory()

    def chunks() -> Iterator[bytes]:
        nonlocal highest
        for _ in range(100):
            highest = max(highest, live.memory())
            yield os.urandom(1024) * 1024

    answer = httpx.post(f"http://127.0.0.1:{live.port}/length", content=chunks(), timeout=60)
    assert answer.status_code == 413
    assert max(highest, live.memory()) - before < 8 * MEGABYTE


def test_a_length_over_the_limit_is_refused_before_the_body_is_sent(live: Live) -> None:
    with live.connect() as connection:
        # A client that asks first must not be told to go on.
        connection.sendall(
            b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\nExpect: 100-continue\r\n\r\n"
        )
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("is_half_closed", [True, False])
@pytest.mark.parametrize(
    "begun",
    [
        b"Content-Length: 1000\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
    ],
    ids=["length", "chunked", "within a chunk"],
)
def test_a_client_that_hangs_up_leaves_no_trace(live: Live, begun: bytes, is_half_closed: bool) -> None:
    with live.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\n" + begun)
        time.sleep(0.05)
        if is_half_closed:
            connection.shutdown(socket.SHUT_WR)
            # Nobody else can end it, so the server must.
            while connection.recv(4096):
                pass
    assert httpx.post(f"http://127.0.0.1:{live.port}/length", content=b"xy", timeout=20).text == "2"
    written = live.log.read_text(encoding="utf-8")
    assert "Traceback" not in written
    assert "Exception" not in written


def test_many_half_sent_bodies_do_not_stop_the_others(live: Live) -> None:
    waiting = [live.connect() for _ in range(50)]
    try:
        for connection in waiting:
            connection.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        assert httpx.post(f"http://127.0.0.1:{live.port}/length", content=b"xyz", timeout=20).text == "3"
    finally:
        for connection in waiting:
            connection.close()

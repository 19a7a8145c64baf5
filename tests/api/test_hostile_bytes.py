"""Bytes of clients who mean harm: bodies without end, lengths that lie, heads without end, half-closed connections.

The server goes on answering others, and its memory stays what it was.
"""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

import httpx
import pytest

from spatial.db.cluster import Cluster
from tests.api.hostile import ITEMS, SEARCH, Attacked, attacked

MEGABYTE = 1024 * 1024
FLAT_MB = 40.0
"""What a server may hold more after an attack than before: caches, and what the allocator keeps."""
QUESTION = f"GET {ITEMS}?limit=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[Attacked]:
    with attacked(cluster) as one:
        # What is loaded on first use is loaded.
        for _ in range(20):
            one.client.get(ITEMS, params={"filter": "floors > 1"})
            one.client.post(SEARCH, json={"filter": "floors > 1", "q": "x"})
        yield one


@pytest.fixture(autouse=True)
def _unhurt(city: Attacked) -> Iterator[None]:
    """Expect after each test that the server answers and holds no more memory."""
    before = city.memory_mb()
    yield
    city.check_unhurt()
    assert city.memory_mb() - before < FLAT_MB


def say(city: Attacked, parts: Iterable[bytes], *, is_half_closed: bool = False, wait_s: float = 10) -> bytes:
    """Send bytes on a connection of their own, and return what comes back until the server ends it."""
    heard = b""
    with socket.create_connection(("127.0.0.1", city.port), timeout=wait_s) as line:
        # The server may hang up in the middle; what it said before counts.
        with suppress(OSError):
            for part in parts:
                line.sendall(part)
            if is_half_closed:
                line.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while part := line.recv(65536):
                heard += part
    return heard


def status_of(heard: bytes) -> int:
    """Return the status of the first answer; 0 where there is none."""
    return int(heard.split(b" ", 2)[1]) if heard.startswith(b"HTTP/1.1 ") else 0


def post(length: str | int, *more: str) -> bytes:
    """Return the head of a search."""
    lines = [f"POST {SEARCH} HTTP/1.1", "Host: x", "Connection: close", "Content-Type: application/json"]
    return "\r\n".join([*lines, *([f"Content-Length: {length}"] if length != "" else []), *more, "", ""]).encode()


def test_a_hundred_megabytes_with_their_length(city: Attacked) -> None:
    """What says that it is too long is refused before it is read."""
    heard = say(city, [post(100 * MEGABYTE), b"[" * 1000])
    assert status_of(heard) == 413
    assert b'"field":"body"' in heard


def test_a_hundred_megabytes_in_chunks(city: Attacked) -> None:
    """What does not say so is read up to the limit."""
    chunk = b"%x\r\n%b\r\n" % (MEGABYTE, b" " * MEGABYTE)
    heard = say(city, [post("", "Transfer-Encoding: chunked"), *([chunk] * 100), b"0\r\n\r\n"])
    assert status_of(heard) in {413, 0}
    peak = city.memory_mb()
    assert status_of(say(city, [post("", "Transfer-Encoding: chunked"), *([chunk] * 3), b"0\r\n\r\n"])) in {413, 0}
    assert city.memory_mb() - peak < FLAT_MB


@pytest.mark.parametrize(
    "length", ["-1", "1e3", "0x10", "99999999999999999999999", "9" * 5_000, "ten", "1,2", "+5", "５", " ", "1 1"]
)
def test_lengths_that_are_none(city: Attacked, length: str) -> None:
    assert status_of(say(city, [post(length), b"{}"], is_half_closed=True)) in {400, 413, 0}


def test_a_length_that_promises_more(city: Attacked) -> None:
    """A body that ends early, as the connection does, is no body; nobody waits for it for ever."""
    started = time.monotonic()
    heard = say(city, [post(1000), b'{"limit":'], is_half_closed=True)
    assert status_of(heard) in {400, 0}
    assert time.monotonic() - started < 5


def test_a_length_that_promises_less(city: Attacked) -> None:
    """What follows the body is no part of it, and no request that would be answered as another's."""
    body = b'{"limit": 1}'
    smuggled = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    heard = say(city, [post(len(body) - 4), body, smuggled], is_half_closed=True)
    assert status_of(heard) == 400
    assert heard.count(b"HTTP/1.1 200") == 0


@pytest.mark.parametrize(
    "head",
    [
        post(5, "Transfer-Encoding: chunked"),
        post(5, "Content-Length: 50"),
        post("", "Transfer-Encoding: chunked, identity"),
        post("", "Transfer-Encoding:\tchunked", "Transfer-Encoding: x"),
        post("", "Transfer-Encoding : chunked"),
    ],
)
def test_two_lengths_are_not_both_believed(city: Attacked, head: bytes) -> None:
    """Request smuggling: whatever the server takes for the body, it answers one request."""
    heard = say(city, [head, b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"], is_half_closed=True)
    assert heard.count(b"HTTP/1.1 ") <= 1
    assert b'{"status":"ok"}' not in heard


def test_chunks_that_are_none(city: Attacked) -> None:
    for chunk in (b"zz\r\n", b"-1\r\n", b"ffffffffffffffff\r\n", b"5;" + b"x" * 100_000, b"5\r\nabc\r\n0\r\n\r\n"):
        heard = say(city, [post("", "Transfer-Encoding: chunked"), chunk], is_half_closed=True)
        assert status_of(heard) in {400, 413, 0}


def test_connections_that_end_at_every_byte(city: Attacked) -> None:
    whole = post(12) + b'{"limit": 1}'
    for number in range(0, len(whole), 7):
        say(city, [whole[:number]], is_half_closed=True, wait_s=1)
    for number in range(0, len(QUESTION), 5):
        with socket.create_connection(("127.0.0.1", city.port), timeout=5) as line:
            line.sendall(QUESTION[:number])


def test_clients_that_hang_up_while_they_are_answered(city: Attacked) -> None:
    for path in (ITEMS, f"{ITEMS}?f=gpkg", f"{ITEMS}?f=csv", "/api", f"{ITEMS}?f=html"):
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", city.port), timeout=5) as line:
                line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def test_slow_clients_hold_nobody_up(city: Attacked) -> None:
    """A hundred clients who say a byte now and then: the next one is answered at once."""
    lines = [socket.create_connection(("127.0.0.1", city.port), timeout=5) for _ in range(100)]
    stop = threading.Event()

    def trickle() -> None:
        for byte in post(500) + b"{" * 400:
            for line in lines:
                with suppress(OSError):
                    line.sendall(bytes([byte]))
            if stop.wait(0.005):
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        for _ in range(10):
            started = time.monotonic()
            assert httpx.get(f"{city.server.base_url}{ITEMS}?limit=1", timeout=10).status_code == 200
            assert time.monotonic() - started < 3
    finally:
        stop.set()
        thread.join()
        for line in lines:
            line.close()


@pytest.mark.parametrize(
    ("name", "flood"),
    [
        ("many", b"".join(b"X-%d: y\r\n" % number for number in range(50_000))),
        ("long", b"X-Long: " + b"y" * (8 * MEGABYTE) + b"\r\n"),
        ("name", b"X" * (8 * MEGABYTE) + b": y\r\n"),
        ("cookies", b"Cookie: a=b\r\n" * 50_000),
        ("accept", b"Accept: " + b"text/x;q=0.1," * 50_000 + b"*/*\r\n"),
        ("languages", b"Accept-Language: " + b"en;q=0.1," * 50_000 + b"zh\r\n"),
        ("codings", b"Accept-Encoding: " + b"gzip;q=0.1," * 50_000 + b"br\r\n"),
        ("tags", b"If-None-Match: " + b'"x",' * 100_000 + b'"y"\r\n'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_floods_of_headers(city: Attacked, name: str, flood: bytes) -> None:
    started = time.monotonic()
    heard = say(city, [QUESTION[:-2], flood, b"\r\n"])
    assert status_of(heard) in {200, 400, 406, 413, 431, 0}, name
    assert time.monotonic() - started < 8


def test_a_head_without_end(city: Attacked) -> None:
    """A header of 60 MB: the server hangs up, or takes it and forgets it; it does not keep it."""
    before = city.memory_mb()
    say(city, [QUESTION[:-2], b"X-Long: ", *([b"y" * MEGABYTE] * 60)], wait_s=3)
    deadline = time.monotonic() + 5
    while city.memory_mb() - before > FLAT_MB and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.mark.parametrize("size", [10_000, 70_000, 1_000_000])
@pytest.mark.parametrize("place", ["path", "parameter", "value", "many", "id"])
def test_overlong_addresses(city: Attacked, size: int, place: str) -> None:
    target = {
        "path": "/collections/" + "x" * size,
        "parameter": f"{ITEMS}?{'x' * size}=1",
        "value": f"{ITEMS}?name={'x' * size}",
        "many": f"{ITEMS}?" + "&".join(f"a{number}=1" for number in range(size // 6)),
        "id": f"{ITEMS}/{'9' * size}",
    }[place]
    heard = say(city, [f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()])
    assert status_of(heard) in {200, 400, 404, 414, 431, 0}


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"Host: \r\n",
        b"Host: a\r\nHost: b\r\n",
        b"Host: evil.example/path\r\n",
        b"Host: evil.example@x\r\n",
        b"Host: <script>alert(1)</script>\r\n",
        b"Host: x\x00y\r\n",
        b"Host: x:99999999\r\n",
        b"Host: \xff\xfe\r\n",
        b"Host: " + b"x" * 100_000 + b"\r\n",
        b"Host: x\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n",
        b"Host: x\r\nX-Forwarded-Proto: javascript\r\nX-Forwarded-For: evil.example\r\n",
        b"Host: x\r\nX-Original-URL: /evil.example\r\nX-Rewrite-URL: /evil.example\r\n",
    ],
)
def test_hosts_that_are_none(city: Attacked, host: bytes) -> None:
    """No link ever leads to what a client smuggled in."""
    heard = say(city, [b"GET /collections HTTP/1.1\r\nConnection: close\r\n" + host + b"\r\n"])
    assert status_of(heard) in {200, 400, 0}
    if status_of(heard) == 200:
        assert b"evil.example" not in heard
        assert b"javascript:" not in heard
        assert b"<script>alert" not in heard


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/collections HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //evil.example/collections HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"FOO / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /assets/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /assets/%2e%2e/%2e%2e/pyproject.toml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
        b"\r\n" * 1000,
        b"\x00" * 100_000,
    ],
)
def test_requests_that_are_none(city: Attacked, said: bytes) -> None:
    heard = say(city, [said], is_half_closed=True, wait_s=5)
    assert status_of(heard) in {200, 400, 404, 405, 426, 501, 505, 0}
    assert b"root:" not in heard
    assert b"[project]" not in heard
    assert b"http://evil.example" not in heard

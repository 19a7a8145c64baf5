"""Answers that a trusting client would choke on, over real connections: endless, packed, slow, broken, unreachable."""

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from api.clients import fetch
from api.clients.fetch import Failed, Visitor
from api.clients.qgis import replay
from api.clients.types import Verdict
from tests.server import free_port

Conversation = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def talking(conversation: Conversation) -> Iterator[str]:
    """Run a server that answers every connection by hand; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            # The visitor hangs up in the middle of most of these.
            with connection, suppress(OSError):
                connection.recv(65536)
                conversation(connection)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            # Closing alone does not wake a thread that waits in accept.
            listener.shutdown(socket.SHUT_RDWR)


def reason(conversation: Conversation) -> str:
    """Return why an answer could not be used."""
    with talking(conversation) as url, Visitor() as visitor, pytest.raises(Failed) as failed:
        visitor.get(url, "application/json").document()
    assert failed.value.reason.zh
    return str(failed.value)


def test_a_hundred_megabytes_are_not_read() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Length: 104857600\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" " * (1 << 20))

    tracemalloc.start()
    assert "larger than 32 MB" in reason(endless)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 << 20


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_not_unpacked(coding: str) -> None:
    zeros = bytes(64 << 20)
    packed = gzip.compress(zeros, 9) if coding == "gzip" else zlib.compress(zeros, 9)

    def bomb(connection: socket.socket) -> None:
        head = OK + b"Content-Encoding: " + coding.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(packed)
        connection.sendall(head + packed)

    assert "larger than 32 MB" in reason(bomb)


def test_a_coding_that_was_not_asked_for_is_refused() -> None:
    body = OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"
    assert "not asked for" in reason(lambda connection: connection.sendall(body))


def test_packed_data_may_be_broken() -> None:
    body = OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
    assert "unpacked" in reason(lambda connection: connection.sendall(body))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (OK + b"Content-Length: 100\r\n\r\n{}", "failed on the way"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "failed on the way"),
        (b"", "failed on the way"),
        (OK + b"Content-Length: 9\r\n\r\n<html>404", "HTML"),
        (OK + b"Content-Length: 2\r\n\r\n[]", "no JSON object"),
        (OK + b"Content-Length: 0\r\n\r\n", "no JSON"),
        (OK + b"Content-Length: 2\r\n\r\n\xff\xfe", "UTF-8"),
        (b'HTTP/1.1 503 Busy\r\nContent-Length: 25\r\n\r\n{"detail":"rest a while"}', "503: rest a while"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "without end"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "no http"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", "Invalid"),
    ],
    ids=["cut", "ssh", "silent", "html", "array", "empty", "binary", "busy", "loop", "file", "no address"],
)
def test_what_is_no_document_fails_with_its_reason(answer: bytes, told: str) -> None:
    assert told in reason(lambda connection: connection.sendall(answer))


def test_a_server_that_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "ANSWER_S", 0.5)

    def drip(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)

    assert "not complete" in reason(drip)


def test_a_silent_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SILENCE_S", 0.3)
    assert "did not answer" in reason(lambda _connection: time.sleep(2))


def test_a_visit_ends_when_its_time_is_used_up() -> None:
    with talking(lambda connection: connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")) as url:
        [line] = replay(url, visit_s=0)
    assert "used up" in line.found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "city",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ftp://city.example/",
        "http://",
        "http://:80/",
        "http://[::1",
        "http://city.example:99999/",
        "http://city.example/\r\nHost: evil",
        "http://city.example/\x1b[31m",
        "http://city.example/" + "x" * 10_000,
        "http://\u202eelpmaxe.ytic/",
    ],
    ids=range(13),
)
def test_what_is_no_address_is_told_before_anything_is_sent(url: str) -> None:
    [line] = replay(url)
    assert line.verdict is Verdict.FAULT
    assert "no http or https address" in line.found


def test_nobody_listens() -> None:
    [line] = replay(f"http://127.0.0.1:{free_port()}/")
    assert line.verdict is Verdict.FAULT
    assert "cannot be reached" in line.found


def test_no_tls_is_spoken_there() -> None:
    with talking(lambda connection: connection.sendall(OK + b"\r\n")) as url:
        [line] = replay(url.replace("http:", "https:"))
    assert "cannot be reached" in line.found
    assert "SSL" in line.found or "TLS" in line.found


def test_a_name_that_nobody_has() -> None:
    [line] = replay("http://nobody.invalid/")
    assert "cannot be reached" in line.found

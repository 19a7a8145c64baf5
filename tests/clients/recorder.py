"""A proxy before the server that remembers what a client asked.

Documents of the server name the address that the client used (the ``Host`` header); the proxy hands that header on,
so a client that follows links stays on the proxy.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TIMEOUT_S = 60.0
NOT_HANDED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and how it was answered; names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int


@dataclass(slots=True)
class Recorder:
    """What came through the proxy at ``base_url``, in its order."""

    base_url: str
    asked: list[Asked] = field(default_factory=list)

    def items(self, layer: str) -> list[Asked]:
        """Return the requests for pages of a layer."""
        return [one for one in self.asked if one.path == f"/collections/{layer}/items"]

    def failures(self) -> list[Asked]:
        """Return the requests that the server refused."""
        return [one for one in self.asked if one.status >= 400]


@contextmanager
def record(upstream: str) -> Iterator[Recorder]:
    """Run a proxy before ``upstream`` until the block ends."""
    target = urlsplit(upstream).netloc
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(target, recorder)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(target: str, recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave as two packets; without this the kernel waits 40 ms between them.
        disable_nagle_algorithm = True

        def hand_on(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_HANDED_ON}
            with closing(HTTPConnection(target, timeout=TIMEOUT_S)) as connection:
                connection.request(self.command, self.path, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
            url = urlsplit(self.path)
            lower = {name.lower(): value for name, value in headers.items()}
            recorder.asked.append(Asked(self.command, url.path, dict(parse_qsl(url.query)), lower, answer.status))
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in NOT_HANDED_ON | {"date", "server"}:
                    self.send_header(name, value)
            # A 204 has no body and, by RFC 9110, no length.
            if answer.status != 204:
                self.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_OPTIONS = hand_on  # noqa: N815 - names that the base class looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Write nothing to the terminal."""

    return Handler

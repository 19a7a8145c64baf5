"""A proxy before the server that remembers what a client asked.

Documents of the server name the address that the client used (the ``Host`` header); the proxy hands that header on,
so a client that follows links stays on the proxy. It is a process of its own: GDAL holds Python's lock while it waits
for an answer, so a thread beside it would never give one.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from spatial.settings import PROJECT

TIMEOUT_S = 60.0
NOT_HANDED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and how it was answered; names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int


@dataclass(frozen=True, slots=True)
class Recorder:
    """What came through the proxy at ``base_url``."""

    base_url: str
    log: Path

    @property
    def asked(self) -> list[Asked]:
        """Return the requests in the order in which they were answered."""
        return [Asked(**json.loads(line)) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def items(self, layer: str) -> list[Asked]:
        """Return the requests for pages of a layer."""
        return [one for one in self.asked if one.path == f"/collections/{layer}/items"]

    def failures(self) -> list[Asked]:
        """Return the requests that the server refused."""
        return [one for one in self.asked if one.status >= 400]


@contextmanager
def record(upstream: str) -> Iterator[Recorder]:
    """Run a proxy before ``upstream`` until the block ends."""
    with TemporaryDirectory(prefix="shikong-") as folder:
        log = Path(folder) / "asked.jsonl"
        log.touch()
        command = [sys.executable, "-m", "tests.clients.recorder", urlsplit(upstream).netloc, str(log)]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield Recorder(process.stdout.readline().strip(), log)
            finally:
                process.terminate()


def handler(target: str, log: Path) -> type[BaseHTTPRequestHandler]:
    """Return the class that hands each request on to ``target`` and notes it in ``log``."""

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
            self.note(headers, answer.status)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in NOT_HANDED_ON:
                    self.send_header(name, value)
            # A 204 has no body and, by RFC 9110, no length.
            if answer.status != 204:
                self.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def note(self, headers: Mapping[str, str], status: int) -> None:
            url = urlsplit(self.path)
            lower = {name.lower(): value for name, value in headers.items()}
            asked = Asked(self.command, url.path, dict(parse_qsl(url.query)), lower, status)
            # One short write in append mode is whole, whatever the other threads do.
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(asked)) + "\n")

        do_GET = do_HEAD = do_OPTIONS = hand_on  # noqa: N815 - names that the base class looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Write nothing to the terminal."""

    return Handler


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(sys.argv[1], Path(sys.argv[2])))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()

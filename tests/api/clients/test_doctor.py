"""``shikong doctor --as qgis``: what is printed, what programs get, and our own server under the replay."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import httpx
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from api.cli.doctor import doctor
from api.clients.qgis import replay
from api.clients.report import clean, print_report, without_password
from api.clients.types import ALL, Line, Verdict
from spatial.errors import InvalidInput
from tests.api.clients.fake import BASE, LAYER, Edit, Fake

app = typer.Typer()
app.command()(doctor)


@contextmanager
def listening(fake: Fake) -> Iterator[str]:
    """Put a fake server on a real port, under the address that its links name."""

    class Handler(BaseHTTPRequestHandler):
        def hand_on(self) -> None:
            inner = httpx.Request(self.command, f"{BASE}{self.path}", headers=dict(self.headers))
            answer = fake.transport.handle_request(inner)
            body = b"".join(answer.iter_raw())
            if "content-encoding" not in answer.headers:
                body = body.replace(BASE.encode(), own.encode())
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value.replace(BASE, own))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_OPTIONS = hand_on  # noqa: N815 - names that the base class looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Write nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{own}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_good_server_ends_with_zero_and_says_so_in_both_languages() -> None:
    with listening(Fake("not packed")) as url:
        result = CliRunner().invoke(app, ["--as", "qgis", url])
    assert (result.exit_code, result.exception) == (0, None)
    assert "首页 landing page" in result.output
    assert "可用，但 QGIS 用户有所损失" in result.output
    assert all(f"QGIS {version}" in result.output for version in ALL)


def test_a_fault_ends_with_one() -> None:
    with listening(Fake("not packed", "filter ignored")) as url:
        result = CliRunner().invoke(app, ["--as", "qgis", url])
    assert result.exit_code == 1
    assert "✗ 过滤：LIKE filter: LIKE" in result.output
    assert "Mend it, or do not declare it." in result.output


def test_programs_get_json() -> None:
    with listening(Fake("not packed", "no count")) as url:
        result = CliRunner().invoke(app, ["--as", "qgis", "--json", "--collection", "houses", url])
    document = json.loads(result.output)
    assert (document["client"], document["ok"], document["url"]) == ("qgis", True, url)
    checks = {one["check"]: one for one in document["checks"]}
    assert checks["count"]["verdict"] == "loss"
    assert {*checks["count"]["advice"]} == {*checks["count"]["title"]} == {"zh", "en"}
    assert checks["count"]["versions"] == list(ALL)
    assert document["versions"]["3.22-3.28"]["losses"] == 2, "gzip and count"


def test_nobody_there_is_a_fault_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = CliRunner().invoke(app, ["--as", "qgis", f"http://127.0.0.1:{port}"])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "连接不上" in result.output


def test_an_address_alone_is_not_enough() -> None:
    result = CliRunner().invoke(app, ["http://city.example/"])
    assert isinstance(result.exception, InvalidInput)
    assert "--as qgis" in str(result.exception)


def test_a_server_cannot_steer_the_terminal() -> None:
    def evil(document: dict[str, Any]) -> None:
        document["title"] = "\x1b]0;owned\x07[red]red[/red]\n✓ all is well\\"

    edits: dict[str, Edit] = {LAYER: evil}
    written = StringIO()
    console = Console(file=written, highlight=False, soft_wrap=True)
    lines = print_report(console, f"{BASE}/", replay(f"{BASE}/", transport=Fake(edits=edits).transport))
    [line] = [one for one in written.getvalue().splitlines() if "owned" in one]
    assert "\x1b" not in line
    assert "[red]red[/red]·✓ all is well" in line
    assert all(isinstance(one, Line) for one in lines)


def test_what_is_printed_bears_no_password() -> None:
    assert without_password("https://me:secret@city.example/ogc?key=secret") == "https://city.example/ogc"
    assert "\x00" not in clean("a\x00b")


# -- our own server --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def layers(client: httpx.Client) -> list[str]:
    return [one["id"] for one in client.get("/collections", params={"f": "json"}).json()["collections"]]


def test_qgis_loses_nothing_on_our_own_server(live_server: str, layers: list[str]) -> None:
    """Every layer, every check: neither fault nor loss."""
    assert layers
    wanting = {
        f"{layer} {line.check}": line.found
        for layer in layers
        for line in replay(live_server, collection=layer)
        if line.verdict in {Verdict.FAULT, Verdict.LOSS}
    }
    assert wanting == {}

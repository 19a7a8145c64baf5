"""What every answer bears, through a whole application: headers for other origins, ``Vary``, the right coding."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import brotli  # type: ignore[import-untyped]
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from api.app import create_app
from api.middleware import Open, OpenApplication, opened
from spatial.db.access import Access
from spatial.settings import get_settings
from tests.api.conftest import Tiny
from tests.api.test_compression import GEOJSON, LONG, body, decoded, start

ITEMS = "/collections/buildings/items"


async def _drip(request: Request) -> Response:
    """Send a chunk only when the one before it was fetched."""

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            yield f"{number}: {'合肥' * 700}\n".encode()
            await asyncio.sleep(0.4)

    return StreamingResponse(chunks(), media_type="text/csv")


# -- the application -------------------------------------------------------------------------------------------------


async def _boom(request: Request) -> Response:
    raise RuntimeError("unforeseen")


async def _long(request: Request) -> Response:
    return Response(LONG, media_type=GEOJSON, headers={"Vary": "Accept", "ETag": '"1"'})


async def _nothing(request: Request) -> Response:
    return Response(status_code=204)


async def _failed(request: Request, error: Exception) -> Response:
    return PlainTextResponse("我们的错 " * 200, 500)


ROUTES = [
    Route("/long", _long, methods=["GET", "POST"]),
    Route("/boom", _boom),
    Route("/nothing", _nothing),
    Route("/drip", _drip),
]


@pytest.fixture(scope="module")
def small() -> Iterator[TestClient]:
    """Talk to a small application; it offers no coding unless the test does."""
    app = OpenApplication(routes=ROUTES, exception_handlers={Exception: _failed})
    with TestClient(app, raise_server_exceptions=False, headers={"Accept-Encoding": ""}) as client:
        yield client


def raw(client: TestClient, url: str, **headers: str) -> tuple[Any, bytes]:
    """Get an answer and its body as it came over the wire."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", url, headers=sent) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0", None), ("", None)]
)
def test_the_application_compresses_as_asked(small: TestClient, accepted: str, coding: str | None) -> None:
    response, sent = raw(small, "/long", accept_encoding=accepted)
    assert response.headers.get("content-encoding") == coding
    assert response.headers["content-length"] == str(len(sent))
    assert response.headers["etag"] == ('W/"1"' if coding else '"1"')
    assert decoded(sent, coding) == LONG


@pytest.mark.parametrize("accepted", ["br", ""])
def test_vary_is_one_header(small: TestClient, accepted: str) -> None:
    response, _sent = raw(small, "/long", accept_encoding=accepted)
    assert response.headers.get_list("vary") == ["Accept, Accept-Encoding"]
    response, _sent = raw(small, "/nothing", accept_encoding=accepted)
    assert response.headers.get_list("vary") == ["Accept-Encoding"]


def test_headers_that_every_answer_has_come_once() -> None:
    twice = opened(opened([(b"vary", b"Accept"), (b"vary", b"Origin"), (b"x-content-type-options", b"nosniff")]))
    names = [name for name, _ in twice]
    assert len({*names}) == len(names)
    assert dict(twice)[b"vary"] == b"Accept, Origin, Accept-Encoding"


def test_a_list_on_two_lines_is_one_list(small: TestClient) -> None:
    headers = [("Accept-Encoding", "br;q=0"), ("Accept-Encoding", "*")]
    with small.stream("GET", "/long", headers=headers) as response:
        assert response.headers["content-encoding"] == "gzip"


def test_two_hosts_are_refused(small: TestClient) -> None:
    answered = small.get("/long", headers=[("Host", 'evil"><'), ("Host", "city.example")])
    assert (answered.status_code, answered.json()["field"]) == (400, "Host")
    assert answered.headers["access-control-allow-origin"] == "*"


def test_head_is_not_touched(small: TestClient) -> None:
    answered = small.head("/long", headers={"Accept-Encoding": "br"})
    assert "content-encoding" not in answered.headers
    assert answered.headers["content-length"] == str(len(LONG))


def test_an_answer_without_body_is_not_touched(small: TestClient) -> None:
    response, sent = raw(small, "/nothing", accept_encoding="br")
    assert (response.status_code, sent) == (204, b"")
    assert not {"content-encoding", "content-length"} & {*response.headers}


@pytest.mark.parametrize("coding", ["br", None])
def test_an_unforeseen_failure_is_open_to_other_origins_too(small: TestClient, coding: str | None) -> None:
    response, sent = raw(small, "/boom", origin="https://map.example", accept_encoding=coding or "")
    assert response.status_code == 500
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert decoded(sent, coding).decode().startswith("我们的错")


def test_a_stream_that_breaks_is_not_ended_as_if_it_were_whole() -> None:
    sent: list[Message] = []

    async def breaking(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(body(LONG, has_more=True))
        raise RuntimeError("the database went away")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"br")]}
    with pytest.raises(RuntimeError, match="database"):
        asyncio.run(Open(breaking)(scope, send, send))  # type: ignore[arg-type]
    assert [one.get("more_body") for one in sent] == [None, True]


def test_pages_of_other_origins_may_post_and_read_the_headers(small: TestClient) -> None:
    asked = {"Origin": "https://map.example", "Access-Control-Request-Method": "POST"}
    answered = small.options("/long", headers=asked)
    assert answered.headers.get_list("access-control-allow-origin") == ["*"]
    methods = {one.strip() for one in answered.headers["access-control-allow-methods"].split(",")}
    assert methods == {"GET", "HEAD", "POST", "OPTIONS"}
    exposed = {one.strip() for one in small.get("/long").headers["access-control-expose-headers"].split(",")}
    assert {"Link", "Content-Crs", "OGC-NumberMatched", "ETag", "Content-Disposition"} <= exposed


def test_it_also_works_inside_of_another_application() -> None:
    app = Starlette(routes=ROUTES, middleware=[Middleware(Open)])
    with TestClient(app) as client:
        assert client.get("/long", headers={"Accept-Encoding": "br"}).content == LONG


# -- the real thing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_items_are_the_same_in_every_coding(web: TestClient, coding: str) -> None:
    answered = web.get(ITEMS, headers={"Accept-Encoding": coding})
    assert answered.headers.get("content-encoding", "identity") == coding
    assert {"W", "M", "E"} <= {feature["properties"]["code"] for feature in answered.json()["features"]}
    assert answered.headers["x-content-type-options"] == "nosniff"
    assert answered.headers.get_list("vary") == ["Accept, Accept-Encoding"]


def test_a_live_server_sends_brotli(client: httpx.Client) -> None:
    with client.stream("GET", ITEMS, headers={"Accept-Encoding": "gzip, deflate, br, zstd"}) as answered:
        sent = b"".join(answered.iter_raw())
    assert answered.headers["content-encoding"] == "br"
    assert answered.headers["content-length"] == str(len(sent))
    assert json.loads(brotli.decompress(sent))["numberReturned"] == 10


def test_the_chunks_of_a_stream_come_one_after_the_other() -> None:
    """In process: the second chunk is not made before the first has left."""
    times: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body" and message["body"]:
                times.append(loop.time())

        async def receive() -> Message:
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        scope = {
            "type": "http", "method": "GET", "path": "/drip", "raw_path": b"/drip", "query_string": b"",
            "root_path": "", "scheme": "http", "server": ("x", 80), "asgi": {"spec_version": "2.4"},
            "headers": [(b"accept-encoding", b"br")],
        }  # fmt: skip
        await OpenApplication(routes=ROUTES)(scope, receive, send)

    asyncio.run(run())
    assert len(times) == 4, "three chunks and the end of the coding"
    assert all(later - earlier > 0.3 for earlier, later in pairwise(times[:3]))


def test_an_unforeseen_failure_of_ours_is_open_to_other_origins_too(
    tiny_access: tuple[Access, Tiny], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A problem document that a map of another origin may read, not a bare network error."""

    def fail(*_args: Any, **_options: Any) -> None:
        raise RuntimeError("unforeseen")

    app = create_app(get_settings(), tiny_access[0])
    with TestClient(app, raise_server_exceptions=False) as client:
        monkeypatch.setattr(app.state.pool, "connection", fail)
        answered = client.get(f"{ITEMS}/1", headers={"Origin": "https://map.example"})
    assert (answered.status_code, answered.json()["status"]) == (500, 500)
    assert answered.headers["access-control-allow-origin"] == "*"

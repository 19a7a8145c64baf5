"""What happens to every answer: open to pages of every origin, taken for what it is, compressed where that is read."""

import re
from functools import lru_cache
from typing import Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.compression import Compressed, Headers, preferred_coding
from api.errors import problem_bytes
from spatial.errors import InvalidInput

HOST: Final = re.compile(rb"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")

EXPOSED: Final = "Link, Content-Crs, OGC-NumberMatched, OGC-NumberReturned, Retry-After, ETag, Content-Disposition"
ALWAYS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
    # No browser may take a feature's text for a page or a script.
    (b"x-content-type-options", b"nosniff"),
)
ALWAYS_NAMES: Final = frozenset((b"vary", *(name for name, _ in ALWAYS)))
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class OpenApplication(Starlette):
    """An application whose every answer passes ``Open``, that to an unforeseen failure too.

    Starlette answers those outside of all middleware; without the headers a page of another origin would learn nothing
    but "network error".
    """

    def build_middleware_stack(self) -> ASGIApp:
        """Return the whole application."""
        return Open(super().build_middleware_stack())


class Open:
    """Middleware that lets pages of every origin read the answers (CORS), and compresses them.

    Starlette's two middlewares read each header several times, a tenth of the cost of a page of ten features; here
    every answer gets the same headers, and only clients that accept compression pay for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser's question whether it may ask; pass everything else on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = opened(message["headers"])
            await send(message)

        asked = dict(scope["headers"])
        if len(asked) != len(scope["headers"]):
            asked |= _repeated(scope["headers"])
        if not HOST.fullmatch(asked.get(b"host", b"localhost")):
            # Links begin with it, so it must be a host and nothing else.
            _status, body, headers = problem_bytes(InvalidInput("The Host header is not one host name.", field="Host"))
            await Response(body, 400, headers=headers)(scope, receive, send_open)
            return
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            await Response(headers=PREFLIGHT)(scope, receive, send_open)
            return
        accepted = asked.get(b"accept-encoding")
        coding = preferred_coding(accepted) if accepted and scope["method"] != "HEAD" else None
        await self._app(scope, receive, Compressed(send_open, coding) if coding else send_open)


def opened(headers: Headers) -> Headers:
    """Return the headers of an answer with those that every answer has, each once."""
    varying = b""
    kept = [*ALWAYS]
    for one in headers:
        if one[0] not in ALWAYS_NAMES:
            kept.append(one)
        elif one[0] == b"vary":
            varying = b"%b, %b" % (varying, one[1]) if varying else one[1]
    kept.append(_vary(varying))
    return kept


@lru_cache(maxsize=64)
def _vary(varying: bytes) -> tuple[bytes, bytes]:
    """Return the one ``Vary`` header: what the answer says itself, and its compression."""
    if b"accept-encoding" in varying.lower():
        return b"vary", varying
    return b"vary", b"%b, Accept-Encoding" % varying if varying else b"Accept-Encoding"


def _repeated(headers: Headers) -> dict[bytes, bytes]:
    """Return a request's headers that came on several lines: a list on several lines is one list (RFC 9110, 5.3)."""
    return {
        wanted: b", ".join(value for name, value in headers if name == wanted)
        for wanted in (b"host", b"accept-encoding")
        if any(name == wanted for name, _ in headers)
    }

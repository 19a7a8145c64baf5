"""What happens to every answer: open to pages of every origin, and compressed where the client can read that."""

import re
from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_bytes
from spatial.errors import InvalidInput

GZIP_FROM_BYTES: Final = 1024
GZIP_LEVEL: Final = 1

HOST: Final = re.compile(rb"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")

EXPOSED: Final = "Link, Content-Crs, OGC-NumberMatched, OGC-NumberReturned, Retry-After"
OPEN: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
    (b"vary", b"Accept-Encoding"),
)
PREFLIGHT: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class Open:
    """Middleware that lets pages of every origin read the answers (CORS), and compresses them.

    Starlette's two middlewares read each header several times, a tenth of the cost of a page of ten features; here
    every answer gets the same two headers, and Starlette's compression sees only clients that accept it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(app, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser's question whether it may ask; pass everything else on."""
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        asked = dict(scope["headers"])
        if not HOST.fullmatch(asked.get(b"host", b"localhost")):
            # Links begin with it, so it must be a host and nothing else.
            _status, body, headers = problem_bytes(InvalidInput("The Host header is not a host name.", field="Host"))
            await Response(body, 400, headers=headers)(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            await Response(headers=PREFLIGHT)(scope, receive, send)
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *OPEN]
            await send(message)

        accepts_gzip = b"gzip" in asked.get(b"accept-encoding", b"")
        await (self._gzip if accepts_gzip else self._plain)(scope, receive, send_open)

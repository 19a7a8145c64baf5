"""Answers compressed on their way out: brotli or gzip, whichever the client likes better, chunk by chunk."""

import asyncio
import os
import re
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, Protocol

import brotli  # type: ignore[import-untyped]
from starlette.types import Message, Send

Headers = list[tuple[bytes, bytes]]

FROM_BYTES: Final = 1024
"""Smaller bodies fit one packet either way."""
THREAD_FROM_BYTES: Final = 128 * 1024
"""From here on compression takes longer (0.5 ms) than the way to a thread and back."""
BROTLI_QUALITY: Final = 1
"""A page of 1,000 features (470 kB): 1.2 ms to 18.8 %; quality 4: 3.5 ms to 17.9 %; gzip level 1: 2.3 ms to 22.0 %."""
BROTLI_WINDOW_BITS: Final = 18
"""256 KiB of memory for each answer under way; brotli's own 4 MiB saves nothing on GeoJSON."""
GZIP_LEVEL: Final = 1
GZIP_WBITS: Final = 16 + zlib.MAX_WBITS
"""Deflate with the header of gzip (zlib's manual, deflateInit2)."""

# What is text or repeats itself. All else (images, zip, Parquet, GeoPackage) is compressed already or sent as it is.
WORTHWHILE: Final = re.compile(
    rb"text/(?!event-stream)[a-z0-9.+-]+"
    rb"|application/([a-z0-9.+-]*(json|xml|yaml)(-seq)?|javascript|vnd\.mapbox-vector-tile|x-protobuf|wasm)"
    rb"|application/(vnd\.)?flatgeobuf"
    rb"|image/svg\+xml|font/[ot]tf"
)

# Python waits for these at its end; two so that one huge answer does not hold up the next.
_threads: Final = ThreadPoolExecutor(min(2, os.cpu_count() or 1), thread_name_prefix="compress")


class Coding(Protocol):
    """One content coding at work on one body."""

    def add(self, chunk: bytes) -> bytes:
        """Compress a chunk so that the client can read it at once."""

    def end(self, chunk: bytes) -> bytes:
        """Compress the last chunk."""


class Brotli:
    """Content coding ``br`` (RFC 7932)."""

    def __init__(self) -> None:
        self._state = brotli.Compressor(quality=BROTLI_QUALITY, lgwin=BROTLI_WINDOW_BITS)

    def add(self, chunk: bytes) -> bytes:
        """Compress a chunk so that the client can read it at once."""
        return bytes(self._state.process(chunk) + self._state.flush())

    def end(self, chunk: bytes) -> bytes:
        """Compress the last chunk."""
        return bytes(self._state.process(chunk) + self._state.finish())


class Gzip:
    """Content coding ``gzip`` (RFC 1952)."""

    def __init__(self) -> None:
        self._state = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WBITS)

    def add(self, chunk: bytes) -> bytes:
        """Compress a chunk so that the client can read it at once."""
        return self._state.compress(chunk) + self._state.flush(zlib.Z_SYNC_FLUSH)

    def end(self, chunk: bytes) -> bytes:
        """Compress the last chunk."""
        return self._state.compress(chunk) + self._state.flush()


CODINGS: Final[dict[bytes, Callable[[], Coding]]] = {b"br": Brotli, b"gzip": Gzip}
"""The codings that we write, the better one first."""


@lru_cache(maxsize=256)
def preferred_coding(accept_encoding: bytes) -> bytes | None:
    """Choose what a client likes best of what we write (RFC 9110, 12.5.3).

    Parameters
    ----------
    accept_encoding
        Value of the ``Accept-Encoding`` header.

    Returns
    -------
    bytes or None
        ``b"br"``, ``b"gzip"``, or None where the answer goes out as it is.

    Examples
    --------
    >>> preferred_coding(b"gzip, deflate, br")
    b'br'
    >>> preferred_coding(b"br;q=0, *;q=0.5")
    b'gzip'
    >>> preferred_coding(b"identity, gzip;q=0.5")
    """
    weights: dict[bytes, float] = {}
    for part in accept_encoding.lower().split(b","):
        name, _, parameters = part.partition(b";")
        weights[name.strip()] = _weight(parameters)
    # An old name of the same coding (RFC 9110, 8.4.1.3).
    gzip = weights.pop(b"x-gzip", None)
    if gzip is not None:
        weights.setdefault(b"gzip", gzip)
    rest = weights.get(b"*", 0.0)
    best = max(CODINGS, key=lambda name: weights.get(name, rest))
    weight = weights.get(best, rest)
    # Whoever names identity and likes it better means it; unnamed, it is only the last resort.
    return best if weight > 0 and weight >= weights.get(b"identity", 0.0) else None


def _weight(parameters: bytes) -> float:
    """Return the weight of ``;q=0.5``; 1 when absent, 0 when it is no weight, since identity can always be read."""
    name, _, value = parameters.strip().partition(b"=")
    if not name:
        return 1.0
    is_weight = name.strip() == b"q" and re.fullmatch(rb"0(\.[0-9]{0,3})?|1(\.0{0,3})?", value.strip())
    return float(value) if is_weight else 0.0


class Compressed:
    """The way of one answer to the client: compressed where that pays, untouched where not.

    Parameters
    ----------
    send
        Where the answer goes.
    coding
        A name in ``CODINGS``.
    """

    __slots__ = ("_coding", "_name", "_send", "_start")

    def __init__(self, send: Send, coding: bytes) -> None:
        self._send = send
        self._name = coding
        self._coding: Coding | None = None
        self._start: Message | None = None
        """The head, held back until the first of the body tells whether compression pays."""

    async def __call__(self, message: Message) -> None:
        """Send one message of the answer on."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._start is not None:
            await self._decide(self._start, message)
        elif self._coding is not None and message["type"] == "http.response.body":
            await self._go_on(self._coding, message)
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        if message["status"] == 304:  # Not Modified
            # It must bear the validator of the answer that it confirms, and a cache holds that one compressed.
            message["headers"] = [_weakened(one) for one in message["headers"]]
        if message["status"] == 206 or not _is_worthwhile(message["headers"]):  # Partial Content
            await self._send(message)
        else:
            self._start = message

    async def _decide(self, start: Message, message: Message) -> None:
        """Send the head and the first of the body."""
        self._start = None
        body, has_more = message.get("body", b""), message.get("more_body", False)
        if message["type"] != "http.response.body" or (len(body) < FROM_BYTES and not has_more):
            await self._send(start)
            await self._send(message)
            return
        coding = CODINGS[self._name]()
        compressed = await _work(coding.add if has_more else coding.end, body)
        headers = [_weakened(one) for one in start["headers"] if one[0] != b"content-length"]
        headers.append((b"content-encoding", self._name))
        if has_more:
            self._coding = coding
        else:
            headers.append((b"content-length", b"%d" % len(compressed)))
        start["headers"] = headers
        await self._send(start)
        await self._send({"type": "http.response.body", "body": compressed, "more_body": has_more})

    async def _go_on(self, coding: Coding, message: Message) -> None:
        """Send another chunk."""
        body, has_more = message.get("body", b""), message.get("more_body", False)
        if body or not has_more:
            body = await _work(coding.add if has_more else coding.end, body)
        await self._send({"type": "http.response.body", "body": body, "more_body": has_more})


async def _work(compress: Callable[[bytes], bytes], chunk: bytes) -> bytes:
    """Compress where it disturbs nobody: a large chunk in a thread, as both libraries let go of Python's lock."""
    if len(chunk) < THREAD_FROM_BYTES:
        return compress(chunk)
    return await asyncio.get_running_loop().run_in_executor(_threads, compress, chunk)


def _is_worthwhile(headers: Headers) -> bool:
    """Tell whether a body may be compressed and gains by it."""
    kind = b""
    for name, value in headers:
        if name == b"content-encoding" or (name == b"cache-control" and b"no-transform" in value):
            return False
        if name == b"content-type":
            kind = value
    return _is_worthwhile_type(kind)


@lru_cache(maxsize=64)
def _is_worthwhile_type(content_type: bytes) -> bool:
    return WORTHWHILE.fullmatch(content_type.partition(b";")[0].strip().lower()) is not None


def _weakened(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Make a strong ETag weak: the compressed bytes are others than those it was made for (RFC 9110, 8.8.3.3)."""
    name, value = header
    return (name, b"W/" + value) if name == b"etag" and value.startswith(b'"') else header

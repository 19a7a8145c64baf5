"""The compression of one answer, read by the real decoders."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from api.compression import BROTLI_WINDOW_BITS, THREAD_FROM_BYTES, Brotli, Compressed, Gzip, preferred_coding

LONG = json.dumps(
    [{"name": "合肥市庐阳区长江中路", "number": number} for number in range(200)], ensure_ascii=False
).encode()
GEOJSON = "application/geo+json"


def decoded(body: bytes, coding: str | None) -> bytes:
    """Undo a content coding with the library's own whole-body reader."""
    if coding == "br":
        return bytes(brotli.decompress(body))
    return gzip.decompress(body) if coding == "gzip" else body


# -- what the client likes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (b"gzip, deflate, br", b"br"),  # httpx, requests, Chromium before zstd
        (b"gzip, deflate, br, zstd", b"br"),  # Chromium, Firefox
        (b"gzip", b"gzip"),  # GDAL
        (b"gzip, deflate", b"gzip"),  # QGIS 3.22
        (b"GZIP", b"gzip"),
        (b"x-gzip", b"gzip"),
        (b"*", b"br"),
        (b"br;q=0, *", b"gzip"),
        (b"br;q=0, gzip;q=0, *", None),
        (b"*;q=0", None),
        (b"gzip;q=0", None),
        (b"gzip;q=0.000", None),
        (b"gzip;q=0.001", b"gzip"),
        (b"br;q=0.5, gzip", b"gzip"),
        (b"br ; q = 0.5 , gzip ; q = 0.4", b"br"),
        (b"identity", None),
        (b"identity;q=1, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip;q=0.5", b"gzip"),
        (b"identity;q=0", None),
        (b"deflate", None),
        (b"notgzip", None),
        (b"gzip;q=2", None),
        (b"gzip;q=nan", None),
        (b"gzip;level=9", None),
        (b",,;;=", None),
        (b"", None),
    ],
)
def test_the_weights_of_accept_encoding_decide(accepted: bytes, chosen: bytes | None) -> None:
    assert preferred_coding(accepted) == chosen


@given(st.binary(max_size=60))
def test_any_accept_encoding_can_be_read(accepted: bytes) -> None:
    assert preferred_coding(accepted) in {b"br", b"gzip", None}


# -- one answer ------------------------------------------------------------------------------------------------------


def answer(messages: list[Message], coding: bytes = b"br") -> tuple[dict[bytes, bytes], list[bytes]]:
    """Send messages through the compression; return the headers and the chunks that come out."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        way = Compressed(send, coding)
        for message in messages:
            await way(message)

    asyncio.run(run())
    assert [message["type"] for message in sent] == [message["type"] for message in messages]
    names = [name for name, _ in sent[0]["headers"]]
    assert len({*names}) == len(names)
    assert [one.get("more_body") for one in sent[1:]] == [one.get("more_body") for one in messages[1:]]
    return dict(sent[0]["headers"]), [message["body"] for message in sent[1:]]


def start(kind: str = GEOJSON, *more: tuple[bytes, bytes], status: int = 200) -> Message:
    headers = [(b"content-type", kind.encode()), *more]
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(chunk: bytes, *, has_more: bool = False) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": has_more}


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_a_whole_answer_is_compressed_and_its_length_true(coding: str) -> None:
    length = (b"content-length", str(len(LONG)).encode())
    headers, [compressed] = answer([start(GEOJSON, length), body(LONG)], coding.encode())
    assert headers[b"content-encoding"] == coding.encode()
    assert headers[b"content-length"] == str(len(compressed)).encode()
    assert len(compressed) < len(LONG) / 4
    assert decoded(compressed, coding) == LONG


@pytest.mark.parametrize(("size", "is_compressed"), [(0, False), (1023, False), (1024, True)])
def test_short_answers_stay_as_they_are(size: int, is_compressed: bool) -> None:
    headers, [sent] = answer([start("text/plain", (b"content-length", b"%d" % size)), body(b"x" * size)])
    assert (b"content-encoding" in headers) == is_compressed
    assert decoded(sent, "br" if is_compressed else None) == b"x" * size
    assert headers[b"content-length"] == b"%d" % len(sent)


@pytest.mark.parametrize(
    ("kind", "is_compressed"),
    [
        ("application/json", True),
        ("application/geo+json", True),
        ("application/geo+json-seq", True),
        ("application/fg+json", True),
        ("application/vnd.oai.openapi+json;version=3.0", True),
        ("application/problem+json", True),
        ("application/vnd.mapbox-vector-tile", True),
        ("application/flatgeobuf", True),
        ("text/csv; charset=utf-8", True),
        ("TEXT/HTML", True),
        ("text/javascript", True),
        ("image/svg+xml", True),
        ("application/zip", False),
        ("application/vnd.apache.parquet", False),
        ("application/geopackage+sqlite3", False),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
        ("image/png", False),
        ("font/woff2", False),
        ("text/event-stream", False),
        ("", False),
    ],
)
def test_only_types_that_gain_are_compressed(kind: str, is_compressed: bool) -> None:
    headers, [sent] = answer([start(kind), body(LONG)])
    assert (b"content-encoding" in headers) == is_compressed
    assert (sent != LONG) == is_compressed


@pytest.mark.parametrize(
    "head",
    [
        start(GEOJSON, (b"content-encoding", b"gzip")),
        start(GEOJSON, (b"cache-control", b"public, no-transform")),
        start(GEOJSON, (b"content-range", b"bytes 0-99/1000"), status=206),
    ],
)
def test_answers_that_must_not_change_do_not(head: Message) -> None:
    before = dict(head["headers"])
    assert answer([head, body(LONG)]) == (before, [LONG])


@pytest.mark.parametrize(
    ("status", "etag", "sent"),
    [
        (200, b'"abc"', b'W/"abc"'),
        (200, b'W/"abc"', b'W/"abc"'),
        (304, b'"abc"', b'W/"abc"'),
        (304, b'W/"abc"', b'W/"abc"'),
    ],
)
def test_a_strong_etag_becomes_weak(status: int, etag: bytes, sent: bytes) -> None:
    content = LONG if status == 200 else b""
    assert answer([start(GEOJSON, (b"etag", etag), status=status), body(content)])[0][b"etag"] == sent


def test_an_etag_of_an_answer_that_is_not_compressed_stays_strong() -> None:
    assert answer([start("image/png", (b"etag", b'"abc"')), body(LONG)])[0][b"etag"] == b'"abc"'
    assert answer([start(GEOJSON, (b"etag", b'"abc"')), body(b"{}")])[0][b"etag"] == b'"abc"'


def test_a_large_answer_is_compressed_as_a_small_one_is() -> None:
    """It is compressed in a thread."""
    large = LONG * (THREAD_FROM_BYTES // len(LONG) + 1)
    assert decoded(answer([start(), body(large)], b"gzip")[1][0], "gzip") == large


# -- answers that stream ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["br", "gzip"])
@given(chunks=st.lists(st.binary(max_size=3000), min_size=2, max_size=8))
def test_a_stream_comes_out_whole(coding: str, chunks: list[bytes]) -> None:
    messages = [start(), *(body(chunk, has_more=True) for chunk in chunks[:-1]), body(chunks[-1])]
    headers, sent = answer(messages, coding.encode())
    assert headers[b"content-encoding"] == coding.encode()
    assert b"content-length" not in headers
    assert decoded(b"".join(sent), coding) == b"".join(chunks)


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_each_chunk_of_a_stream_can_be_read_when_it_comes(coding: str) -> None:
    chunks = [f"{number}: 合肥\n".encode() for number in range(5)]
    _headers, sent = answer([start(), *(body(chunk, has_more=True) for chunk in chunks), body(b"")], coding.encode())
    reader: Any = brotli.Decompressor() if coding == "br" else zlib.decompressobj(31)
    read = reader.process if coding == "br" else reader.decompress
    assert [read(one) for one in sent[:-1]] == chunks


@pytest.mark.parametrize("coding", [Brotli, Gzip])
def test_a_stream_needs_the_same_memory_however_long(coding: type[Brotli] | type[Gzip]) -> None:
    one = coding()
    for _ in range(20):
        one.add(LONG * 8)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(300):
        one.add(LONG * 8)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 1 << BROTLI_WINDOW_BITS

"""Requests to a server that nobody vouches for: bounded in size, time, redirects and decompression."""

import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin, urlsplit

import httpx
import orjson

from spatial.catalogue.types import Titled

BYTES_MAX: Final = 32 * 1024 * 1024
"""Of one answer, unpacked; a page of 1,000 features is about 1 MB."""
ANSWER_S: Final = 30.0
"""For one answer, whole."""
SILENCE_S: Final = 10.0
"""Until the next byte."""
VISIT_S: Final = 300.0
"""For all requests together."""
REDIRECTS_MAX: Final = 5
URL_CHARS_MAX: Final = 8000
INFLATE: Final = zlib.MAX_WBITS | 32
"""Gzip or zlib, whichever the body begins with (zlib's manual, inflateInit2)."""


class Failed(Exception):
    """No usable answer came.

    Parameters
    ----------
    reason
        Why, in a few words.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = Titled(zh=zh, en=en)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes
    ----------
    url
        Where it came from, after redirects.
    headers
        By name in lower case.
    body
        Unpacked.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    was_packed: bool = False

    @property
    def media_type(self) -> str:
        """Return the media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def document(self) -> dict[str, Any]:
        """Return the JSON object in the body, or fail where there is none."""
        if self.status != 200:
            raise Failed(f"答复 {self.status}", f"answered {self.status}{_detail(self.body)}")
        try:
            self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Failed("不是 UTF-8 文本", "is not UTF-8 text") from error
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            kind = "HTML" if self.body.lstrip()[:1] == b"<" else "not JSON"
            raise Failed(f"不是 JSON（{kind}）", f"is no JSON ({kind}, {self.media_type or 'no type'})") from error
        if not isinstance(document, dict):
            raise Failed("不是 JSON 对象", "is no JSON object")
        return document


class Visitor:
    """A client that trusts nobody.

    Parameters
    ----------
    transport
        How requests travel; the network when left out.
    visit_s
        Time for all requests together.
    """

    def __init__(self, *, transport: httpx.BaseTransport | None = None, visit_s: float = VISIT_S) -> None:
        self._client = httpx.Client(
            transport=transport,
            timeout=SILENCE_S,
            follow_redirects=False,
            # As Qt 5 does; other codings cannot be unpacked step by step, so a bomb could go off.
            headers={"User-Agent": "Mozilla/5.0 QGIS (shikong doctor)", "Accept-Encoding": "gzip, deflate"},
        )
        self._until = time.monotonic() + visit_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def get(self, url: str, accept: str, query: Mapping[str, str] = MappingProxyType({})) -> Answer:
        """Fetch an address, following redirects as QGIS does."""
        return self._ask("GET", with_query(url, query), {"Accept": accept})

    def options(self, url: str) -> Answer:
        """Ask what may be done at an address."""
        return self._ask("OPTIONS", url, {})

    def _ask(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        seen: set[str] = set()
        for _ in range(REDIRECTS_MAX + 1):
            if url in seen:
                break
            seen.add(url)
            answer = self._ask_once(method, url, headers)
            where = answer.headers.get("location")
            if answer.status not in {301, 302, 303, 307, 308} or not where:
                return answer
            url = _joined(url, where)
        raise Failed("重定向没有尽头", f"is redirected without end, last to {url[:200]}")

    def _ask_once(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        _check(url)
        until = min(time.monotonic() + ANSWER_S, self._until)
        if time.monotonic() >= self._until:
            raise Failed("体检时间已用完", "was not asked: the time for this visit is used up")
        try:
            with self._client.stream(method, url, headers=dict(headers)) as response:
                body = _read(response, until)
        except httpx.TimeoutException as error:
            raise Failed("超时没有答复", f"did not answer within {SILENCE_S:.0f} s") from error
        except httpx.ConnectError as error:
            raise Failed("连接不上", f"cannot be reached ({_short(error)})") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise Failed("通信失败", f"failed on the way ({_short(error)})") from error
        packed = bool(response.headers.get("content-encoding"))
        return Answer(url, response.status_code, dict(response.headers), body, packed)


def with_query(url: str, query: Mapping[str, str]) -> str:
    """Return an address with more parameters, encoded."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{httpx.QueryParams(dict(query))}"


def _joined(url: str, where: str) -> str:
    try:
        return urljoin(url, where)
    except ValueError as error:
        raise Failed("地址无效", f"leads to an address that is none: {where[:100]!r}") from error


def _check(url: str) -> None:
    """Refuse what is no address on the web before anything is sent."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or len(url) > URL_CHARS_MAX or not url.isprintable() or " " in url:
        raise Failed("不是 http(s) 地址", f"is no http or https address: {url[:100]!r}")


def _read(response: httpx.Response, until: float) -> bytes:
    """Read and unpack a body, no further than the limits."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        raise Failed(f"用了没有请求的压缩 {coding}", f"is packed with {coding[:40]!r}, which was not asked for")
    unpack = zlib.decompressobj(INFLATE) if coding not in {"identity", ""} else None
    body = bytearray()
    try:
        for chunk in response.iter_raw():
            body += unpack.decompress(chunk, BYTES_MAX + 1 - len(body)) if unpack else chunk
            if len(body) > BYTES_MAX:
                raise Failed("答复过大", f"is larger than {BYTES_MAX >> 20} MB")
            if time.monotonic() > until:
                raise Failed("答复太慢", f"was not complete after {ANSWER_S:.0f} s")
    except zlib.error as error:
        raise Failed("压缩数据损坏", "cannot be unpacked") from error
    return bytes(body)


def _detail(body: bytes) -> str:
    """Return what a problem document says."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    text = document.get("detail") or document.get("description") if isinstance(document, dict) else None
    return f": {text[:160]}" if isinstance(text, str) else ""


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:160]

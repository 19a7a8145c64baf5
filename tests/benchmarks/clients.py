"""Load: HTTP over kept connections, the same statements without HTTP, and wrk. Their own CPU is never counted."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from spatial.db.pool import ReadPool
from spatial.query.types import Statement

CONNECTIONS: Final = 8
"""As many as the server keeps to PostgreSQL."""
BUFFER_BYTES: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of one HTTP answer."""

    status: int
    body: bytes


class HttpClient:
    """One kept connection that speaks as little HTTP as a benchmark needs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    @classmethod
    async def connect(cls, base_url: str) -> "HttpClient":
        """Connect to a server."""
        where = urlsplit(base_url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=BUFFER_BYTES)
        return cls(reader, writer, where.netloc)

    async def get(self, path: str) -> Answer:
        """Ask for a path, and read the answer to its end."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: */*\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            return Answer(status, await self._read_chunks())
        length = re.search(rb"\r\ncontent-length: (\d+)", head)
        return Answer(status, await self._reader.readexactly(int(length[1])) if length else b"")

    async def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            chunks.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return b"".join(chunks)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def ask(base_url: str, paths: Iterable[str]) -> None:
    """Ask for every path over a few connections at a time."""
    waiting = iter(paths)

    async def one() -> None:
        client = await HttpClient.connect(base_url)
        for path in waiting:
            answer = await client.get(path)
            if answer.status not in {200, 204}:
                raise RuntimeError(f"{path} is answered {answer.status}: {answer.body[:300]!r}")
        client.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


async def run_bare(pool: ReadPool, statements: Iterable[Statement]) -> None:
    """Run every statement on PostgreSQL itself, prepared, over as many connections."""
    waiting = iter(statements)

    async def one() -> None:
        async with pool.connection() as conn:
            for statement in waiting:
                await conn.fetchrow(statement.sql, *statement.args)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def wrk_rate(url: str, *, seconds: float) -> float | None:
    """Return requests per second by wrk, or None where Debian's ``wrk`` is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    command: Sequence[str] = [program, "-t1", "-c8", f"-d{max(round(seconds), 1)}s", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(f"{url} fails under load:\n{text}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert found, text
    return float(found[1])

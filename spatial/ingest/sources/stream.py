"""Bytes of a file, packed by gzip or not, with the position for the progress bar."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, cast

from spatial.ingest.errors import UnreadableFile

CHUNK: Final = 1 << 20
LINE_MAX: Final = 256 << 20
"""Bytes of the longest line, and of the largest feature, that we would hold in memory."""
GZIP_MAGIC: Final = b"\x1f\x8b"


class Stream:
    """A file read from its start to its end.

    Attributes
    ----------
    size
        Bytes on disk, packed where the file is packed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw = path.open("rb")
        packed = self._raw.read(2) == GZIP_MAGIC
        self._raw.seek(0)
        self._file = cast("BinaryIO", gzip.GzipFile(fileobj=self._raw)) if packed else self._raw

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """Bytes read of those on disk."""
        return self._raw.tell()

    def read(self, size: int = CHUNK) -> bytes:
        """Read some bytes; empty at the end.

        Raises
        ------
        UnreadableFile
            The packed data is damaged or cut off.
        """
        return cast("bytes", self._guarded(self._file.read, size))

    def readline(self) -> bytes:
        """Read up to the next line feed; empty at the end.

        Raises
        ------
        UnreadableFile
            The line is longer than any line of data.
        """
        line = cast("bytes", self._guarded(self._file.readline, LINE_MAX + 1))
        self.check_line(len(line))
        return line

    def check_line(self, length: int) -> None:
        """Refuse a line that is longer than any line of data, before it fills the memory.

        Raises
        ------
        UnreadableFile
            It is.
        """
        if length > LINE_MAX:
            raise UnreadableFile(f"{self.path.name} has one line of more than {LINE_MAX >> 20} MB.")

    def lines(self) -> Iterator[bytes]:
        """Yield every line with its line feed."""
        while line := self.readline():
            yield line

    def _guarded(self, read: Any, *args: int) -> Any:
        try:
            return read(*args)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnreadableFile(f"{self.path.name} is cut off or damaged: {error}.") from error


def bare_suffix(path: Path) -> str:
    """Return the lower-case suffix of a file, looking through a packing: ``.osm.xml.gz`` is ``.xml``."""
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix

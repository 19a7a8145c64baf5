"""In what encoding a text file is: its mark, or what all of its lines are valid as."""

import codecs
from pathlib import Path
from typing import Final

from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.dbf import GB18030, TextEncoding, known_codec
from spatial.ingest.sources.stream import Stream

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
HOPELESS_SHARE: Final = 0.5
"""Above this share of unreadable lines an encoding is simply the wrong one."""


def text_encoding(path: Path, *, told: str | None) -> TextEncoding:
    """Find the encoding of a text file; all of it is read, as one Chinese name may stand in its last line.

    Raises
    ------
    UnreadableFile
        It is neither UTF-8, UTF-16 nor GB18030.
    """
    if told:
        codec = known_codec(told)
        return TextEncoding("utf-8-sig" if codec == "utf-8" else codec, "told by --encoding")
    with Stream(path) as stream:
        start = stream.read(4)
    for mark, codec in MARKS:
        if start.startswith(mark):
            return TextEncoding(codec, "it begins with a byte order mark")
    if b"\0" in start:
        raise UnreadableFile(f"{path.name} looks like UTF-16 without a byte order mark. Add --encoding utf-16-le.")
    if not _bad_lines(path, "utf-8")[1]["utf-8"]:
        return TextEncoding("utf-8", "all of it is valid UTF-8")
    total, bad = _bad_lines(path, "utf-8", GB18030)
    codec = min(bad, key=lambda one: bad[one])
    if bad[codec] > HOPELESS_SHARE * total:
        raise UnreadableFile(f"{path.name} is neither UTF-8 nor GB18030. Say what it is with --encoding.")
    if bad[codec] == 0:
        return TextEncoding(codec, "it is not valid UTF-8, but all of it is valid GB18030")
    return TextEncoding(codec, f"fewest lines are invalid in it ({bad[codec]} of {total})")


def _bad_lines(path: Path, *encodings: str) -> tuple[int, dict[str, int]]:
    """Count lines, and those that are not valid in each encoding."""
    total, bad = 0, dict.fromkeys(encodings, 0)
    with Stream(path) as stream:
        rest: list[bytes] = []
        length = 0
        while block := stream.read():
            cut = block.rfind(b"\n") + 1
            if cut:
                whole = b"".join([*rest, block[:cut]])
                total += whole.count(b"\n")
                _count(whole, bad)
                rest, length = [], 0
            rest.append(block[cut:])
            length += len(block) - cut
            stream.check_line(length)
        _count(b"".join(rest), bad)
    return total + bool(length), bad


def _count(block: bytes, bad: dict[str, int]) -> None:
    if block.isascii():
        return
    for codec in bad:
        try:
            # A whole block at once where it is clean; GB18030 never uses the line feed's byte inside a character.
            block.decode(codec)
        except UnicodeDecodeError:
            bad[codec] += sum(not _is_valid(line, codec) for line in block.splitlines())


def _is_valid(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True

"""Cutting a GeoJSON document into its features unparsed, so that one broken feature is one broken row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.stream import CHUNK, LINE_MAX, Stream

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'


def _object(depth: int) -> bytes:
    inner = rb"|" + _object(depth - 1) if depth else b""
    return rb'\{(?:[^{}"]++|' + _STRING + inner + rb")*+\}"


# Possessive, so that an unclosed object costs one pass. A feature nests its geometry and properties; five levels
# more are for objects inside those; what nests deeper is measured brace by brace.
OBJECT: Final = re.compile(_object(7), re.DOTALL)
FEATURE_TYPE: Final = re.compile(rb'"type"\s*:\s*"Feature"\s*[,}]')
FEATURES: Final = re.compile(rb'"features"\s*:\s*\[')
FEATURE_MAX: Final = LINE_MAX
TOKEN: Final = re.compile(rb"[{}]|" + _STRING + rb'|"', re.DOTALL)
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of what should be one feature."""

    number: int
    text: bytes


class FeatureReader:
    """The features of a FeatureCollection, one after the other.

    Attributes
    ----------
    members
        Members of the collection beside its features that were met so far, such as ``crs``.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0
        self._is_end = False
        self.members: dict[str, Any] = {}
        self.is_single = False
        self.was_closed = True
        self._start()

    def _more(self) -> bool:
        """Read on and forget what is behind; grow in proportion, so that a large feature is not searched too often."""
        fresh = self._stream.read(max(CHUNK, len(self._buffer) - self._at))
        self._buffer = self._buffer[self._at :] + fresh
        self._at = 0
        self._is_end = not fresh
        if len(self._buffer) > FEATURE_MAX:
            raise UnreadableFile(f"{self._stream.path.name} has one feature of more than {FEATURE_MAX >> 20} MB.")
        return not self._is_end

    def _start(self) -> None:
        """Read up to the first feature."""
        while (found := FEATURES.search(self._buffer)) is None and self._more():
            # A feature collection names its features early; anything else of this size is another thing.
            if len(self._buffer) > 64 * CHUNK:
                break
        self._buffer = self._buffer.removeprefix(BOM)
        found = FEATURES.search(self._buffer)
        before = self._buffer[: found.start()] if found else b""
        if found and b'"FeatureCollection"' not in before and self._is_one_object():
            found = None
        if found is None:
            self.is_single = True
            return
        self._note_members(before.rstrip().rstrip(b",") + b"}")
        self._at = found.end()

    def _is_one_object(self) -> bool:
        """Tell a single feature with a property called "features" from a collection whose type comes last."""
        return FEATURE_TYPE.search(self._buffer, 0, 256) is not None and len(self._buffer) < CHUNK and self._is_end

    def _note_members(self, text: bytes) -> None:
        try:
            members = orjson.loads(text)
        except orjson.JSONDecodeError:
            return
        if isinstance(members, dict):
            self.members |= members

    def pieces(self) -> Iterator[Piece]:
        """Yield the bytes of each feature; broken ones up to where the next begins."""
        if self.is_single:
            while self._more():
                pass
            yield Piece(1, self._buffer)
            return
        number = 0
        while (text := self._next()) is not None:
            number += 1
            yield Piece(number, text)

    def _next(self) -> bytes | None:
        if not self._skip_to_value():
            return None
        while True:
            rival = self._rival()
            match = OBJECT.match(self._buffer, self._at, rival or len(self._buffer))
            end = match.end() if match else self._deep_end(rival or len(self._buffer))
            if end is not None:
                text, self._at = self._buffer[self._at : end], end
                return text
            if rival is None and not self._is_end:
                self._more()
                continue
            return self._broken(rival)

    def _skip_to_value(self) -> bool:
        """Move to the next value; False where the array of features ends."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in b" \t\r\n,":
                self._at += 1
            if self._at < len(self._buffer):
                break
            if not self._more():
                self.was_closed = False
                return False
        if self._buffer[self._at : self._at + 1] != b"]":
            return True
        self._tail()
        return False

    def _rival(self) -> int | None:
        """Return where the feature after this one says that it is a feature: this one must have ended before."""
        first = FEATURE_TYPE.search(self._buffer, self._at)
        second = FEATURE_TYPE.search(self._buffer, first.end()) if first else None
        return second.start() if second else None

    def _deep_end(self, limit: int) -> int | None:
        """Return where the object that begins here ends, however deep it nests; None where it does not."""
        if self._buffer[self._at : self._at + 1] != b"{":
            return None
        depth = 0
        for token in TOKEN.finditer(self._buffer, self._at, limit):
            match token.group():
                case b"{":
                    depth += 1
                case b"}":
                    depth -= 1
                    if depth == 0:
                        return token.end()
                case b'"':
                    # A string that never ends.
                    return None
        return None

    def _broken(self, rival: int | None) -> bytes:
        """Take everything up to the next feature's opening brace as one broken feature."""
        end = len(self._buffer)
        if rival is not None:
            last = self._buffer.rfind(b"{", self._at, rival)
            end = last if last > self._at else rival
        else:
            self.was_closed = False
        text = self._buffer[self._at : end]
        self._at = end
        return text.rstrip(b", \t\r\n")

    def _tail(self) -> None:
        """Read what stands behind the features, where some programs put the reference system."""
        while self._more():
            if len(self._buffer) - self._at > CHUNK:
                return
        rest = self._buffer[self._at + 1 :].strip().lstrip(b",")
        self._note_members(b"{" + rest)

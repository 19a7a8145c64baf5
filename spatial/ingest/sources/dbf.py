"""In what encoding the texts of a shapefile are, found from its .cpg, its .dbf header and its bytes."""

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spatial.errors import InvalidInput

SAMPLE_RECORDS: Final = 5000
GB18030: Final = "gb18030"
LANGUAGE_DRIVERS: Final = {0x4D: GB18030, 0x7A: GB18030, 0x4F: "big5", 0x78: "big5", 0x4E: "cp949", 0x7B: "cp932"}
"""Language driver ids that name one encoding; "Windows ANSI" (0x57, 0x03) is written by everybody for anything."""


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """An encoding and why it was chosen.

    Attributes
    ----------
    is_contradicted
        Whether the file says another one, which its bytes refuse.
    """

    name: str
    why: str
    is_contradicted: bool = False


def encoding_of(shapefile: Path, *, told: str | None) -> TextEncoding:
    """Find the encoding of a shapefile's texts.

    Parameters
    ----------
    told
        What the user says; nothing stands above it.
    """
    if told:
        return TextEncoding(known_codec(told), "told by --encoding")
    dbf = _beside(shapefile, ".dbf")
    if dbf is None:
        return TextEncoding("utf-8", "there is no .dbf, so no text")
    header, texts = read_texts(dbf)
    said = _said(shapefile, header[29])
    if said and _fits(texts, said[0]):
        return TextEncoding(*said)
    prefix = f"{said[1]}, but the bytes are not; " if said else "nothing says which; "
    for codec in ("utf-8", GB18030):
        if _fits(texts, codec):
            why = f"{prefix}all sampled texts are valid {codec}"
            return TextEncoding(codec, why, is_contradicted=said is not None)
    codec = min(("utf-8", GB18030), key=lambda one: _misfits(texts, one))
    return TextEncoding(codec, f"{prefix}fewest texts are invalid as {codec}", is_contradicted=said is not None)


def known_codec(name: str) -> str:
    """Return Python's name of an encoding; GBK and GB2312 are read as GB18030, which holds both.

    Raises
    ------
    InvalidInput
        There is no such encoding.
    """
    plain = name.strip().lower()
    if plain.isdigit():
        # ESRI writes code pages as bare numbers.
        plain = {"65001": "utf-8", "936": GB18030, "54936": GB18030}.get(plain, f"cp{plain}")
    try:
        codec = codecs.lookup(plain).name
        b"a".decode(codec, "ignore")  # base64 and its like are codecs too, but of no text
        # Others, such as idna, read names of hosts and tolerate no fault.
        codecs.getincrementaldecoder(codec)("surrogateescape").decode(b"", final=True)
    except (LookupError, ValueError) as error:
        raise InvalidInput(
            f"{name!r} is no encoding of texts. Give --encoding utf-8, gb18030 or utf-16, for example.",
            field="encoding",
        ) from error
    return GB18030 if codec in {"gbk", "gb2312"} else codec


def _said(shapefile: Path, language_driver: int) -> tuple[str, str] | None:
    cpg = _beside(shapefile, ".cpg")
    if cpg:
        name = cpg.read_bytes().decode("ascii", "ignore").strip().removeprefix("ANSI ")
        try:
            return known_codec(name), f"its .cpg says {name}"
        except InvalidInput:
            pass
    codec = LANGUAGE_DRIVERS.get(language_driver)
    return (codec, f"its .dbf header says {codec} (0x{language_driver:02X})") if codec else None


def _beside(shapefile: Path, suffix: str) -> Path | None:
    """Return a companion file, whatever the case of its suffix."""
    companions = (shapefile.with_suffix(suffix), shapefile.with_suffix(suffix.upper()))
    return next((one for one in companions if one.is_file()), None)


def read_texts(dbf: Path) -> tuple[bytes, list[bytes]]:
    """Return the header and the non-ASCII texts of sampled records, evenly from the whole file."""
    with dbf.open("rb") as file:
        header = file.read(32)
        if len(header) < 32:
            return header.ljust(32, b"\0"), []
        count, start, width = struct.unpack("<IHH", header[4:12])
        fields = list(_text_fields(file.read(max(start - 32, 0))))
        names = [name for name, *_ in fields]
        step = max(count // SAMPLE_RECORDS, 1)
        texts = [name for name in names if not name.isascii()]
        for number in range(0, count, step):
            file.seek(start + number * width)
            record = file.read(width)
            texts += [text for _, at, size in fields if not (text := record[at : at + size].strip(b" \0")).isascii()]
    return header, texts


def _text_fields(descriptors: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and width of each text field; names of other fields may be Chinese too."""
    offset = 1  # the deletion flag
    for at in range(0, len(descriptors) - 31, 32):
        descriptor = descriptors[at : at + 32]
        if descriptor[0] == 0x0D:
            return
        name, width = descriptor[:11].split(b"\0")[0], descriptor[16]
        is_text = descriptor[11:12] == b"C"
        if is_text:
            width += descriptor[17] << 8  # long text fields keep the high byte where decimals would be
        yield name, offset, width if is_text else 0
        offset += width


def _fits(texts: list[bytes], codec: str) -> bool:
    return _misfits(texts, codec) == 0


def _misfits(texts: list[bytes], codec: str) -> int:
    return sum(not _decodes(text, codec) for text in texts)


def _decodes(text: bytes, codec: str) -> bool:
    """Tell whether a text is valid, though it may be cut inside its last character to fit its field."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        decoder.decode(text)
    except UnicodeDecodeError:
        return False
    return True

"""Zip archives: the one data set inside is unpacked to a temporary folder and read there."""

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Final

from spatial.ingest.errors import ChooseSublayer, UnreadableFile
from spatial.ingest.sources.stream import CHUNK

COMPANIONS: Final = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
LEADING: Final = frozenset(
    {".shp", ".geojson", ".json", ".geojsonl", ".gpkg", ".fgb", ".csv", ".xlsx", ".parquet", ".pbf", ".osm"}
)

UNPACKED_MAX: Final = 100 << 30
"""Bytes that one data set may have; the whole country's buildings have fewer."""
DISK_SHARE: Final = 0.8
"""Of the free disk: the database beside us needs some too."""


@contextmanager
def unpacked(path: Path, *, asked: str | None) -> Iterator[tuple[Path, str]]:
    """Unpack the data set of an archive; yield its file, and its name inside the archive.

    Parameters
    ----------
    asked
        Which of several, by name with or without suffix.

    Raises
    ------
    ChooseSublayer
        There are several and none was asked for.
    UnreadableFile
        The archive is damaged, encrypted, or holds nothing that we read.
    """
    with TemporaryDirectory(prefix="shikong-import-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                members = {_readable_name(one): one for one in archive.infolist() if not one.is_dir()}
                leader = _choose(path, members, asked)
                file = _extract(archive, members, leader, Path(folder))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"{path.name} cannot be unpacked: {error}.") from error
        yield file, leader


def _readable_name(member: zipfile.ZipInfo) -> str:
    """Chinese Windows writes names in GBK without saying so, which Python reads as cp437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _choose(path: Path, members: dict[str, zipfile.ZipInfo], asked: str | None) -> str:
    leaders = [name for name in members if _suffix(name) in LEADING and not name.startswith("__MACOSX/")]
    if not leaders:
        raise UnreadableFile(f"{path.name} holds no data set that can be imported.")
    if asked is None:
        if len(leaders) > 1:
            raise ChooseSublayer(leaders)
        return leaders[0]
    fitting = [name for name in leaders if asked in {name, PurePosixPath(name).name, PurePosixPath(name).stem}]
    if len(fitting) != 1:
        # A single GeoPackage inside an archive: what was asked for is one of its layers.
        if len(leaders) == 1 and _suffix(leaders[0]) in {".gpkg", ".xlsx"}:
            return leaders[0]
        raise ChooseSublayer(leaders, asked=asked)
    return fitting[0]


def _extract(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], leader: str, folder: Path) -> Path:
    """Unpack under names of our own, so that no name inside can reach out of the folder."""
    wanted = [leader]
    if _suffix(leader) == ".shp":
        stem = leader[: -len(".shp")].lower()
        wanted = [name for name in members if _suffix(name) in COMPANIONS and name[:-4].lower() == stem]
    room = _room(folder)
    if sum(members[name].file_size for name in wanted) > room:
        raise UnreadableFile(_too_large(leader, room))
    for name in wanted:
        with archive.open(members[name]) as packed, (folder / f"data{_suffix(name)}").open("wb") as file:
            room -= _copy(packed, file, room)
    return folder / f"data{_suffix(leader)}"


def _room(folder: Path) -> int:
    """Return the bytes that may be unpacked: the cap, or less where the disk has no more to spare."""
    return min(UNPACKED_MAX, int(shutil.disk_usage(folder).free * DISK_SHARE))


def _copy(packed: IO[bytes], file: IO[bytes], room: int) -> int:
    """Copy a member and return its size, which need not be what the archive says."""
    copied = 0
    while block := packed.read(CHUNK):
        copied += len(block)
        if copied > room:
            raise UnreadableFile(_too_large(packed.name, room))
        file.write(block)
    return copied


def _too_large(name: str, room: int) -> str:
    return f"{name} in the archive is too large to be unpacked: there is room for {room >> 20} MB. Unpack it yourself."


def check_unpacked_size(path: Path, limit: int) -> None:
    """Refuse a file that is itself a zip archive (.xlsx, .ods) and would fill the memory once unpacked.

    Raises
    ------
    UnreadableFile
        It would, or it lies about its sizes.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > limit:
                raise UnreadableFile(f"{path.name} holds more than {limit >> 20} MB once unpacked. Save it as CSV.")
            # Reading ends at the size that is told, and the checksum then says whether that was all.
            if archive.testzip() is not None:
                raise UnreadableFile(f"{path.name} is damaged.")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{path.name} cannot be unpacked: {error}.") from error


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()

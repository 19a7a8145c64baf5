"""Zip archives: the one data set inside is unpacked to a temporary folder and read there."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from spatial.ingest.errors import ChooseSublayer, UnreadableFile

COMPANIONS: Final = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
LEADING: Final = frozenset(
    {".shp", ".geojson", ".json", ".geojsonl", ".gpkg", ".fgb", ".csv", ".xlsx", ".parquet", ".pbf", ".osm"}
)


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
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
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
    for name in wanted:
        with archive.open(members[name]) as packed, (folder / f"data{_suffix(name)}").open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
    return folder / f"data{_suffix(leader)}"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()

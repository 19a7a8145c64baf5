"""The PostgreSQL programs that are installed on this machine."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spatial.errors import Misconfigured

MIN_MAJOR: Final = 15


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where one version of PostgreSQL is installed."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Return the full path of a program such as ``initdb``."""
        return str(self.folder / name)


def find_binaries(made_by: int | None = None) -> Binaries:
    """Find the newest PostgreSQL on this machine that has PostGIS.

    Parameters
    ----------
    made_by
        Major version that made the data, which no other version can read; None where there is no data yet.

    Raises
    ------
    Misconfigured
        PostgreSQL or PostGIS is not installed; the sentence names the missing package.
    """
    found = sorted(_installed(), key=lambda one: one.major, reverse=True)
    if made_by is not None:
        found = [one for one in found if one.major == made_by]
        if not found:
            raise Misconfigured(
                f"The database was made by PostgreSQL {made_by}, which is not installed any more. Install it: "
                f"apt-get install postgresql-{made_by} postgresql-{made_by}-postgis-3 postgresql-{made_by}-pgrouting"
            )
    usable = [one for one in found if one.major >= MIN_MAJOR]
    if not usable:
        raise Misconfigured(
            f"No PostgreSQL {MIN_MAJOR} or newer was found. Install it: apt-get install postgresql "
            "postgresql-15-postgis-3 postgresql-15-pgrouting, or set DATABASE_URL to an existing PostGIS."
        )
    for one in usable:
        if _has_extension(one, "postgis"):
            return one
    major = usable[0].major
    raise Misconfigured(
        f"PostgreSQL {major} has no PostGIS. Install it: apt-get install postgresql-{major}-postgis-3 "
        f"postgresql-{major}-pgrouting"
    )


def _installed() -> list[Binaries]:
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = []
    for folder in dict.fromkeys(folders):
        version = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
        match = re.search(r"(\d+)", version.stdout)
        if match:
            found.append(Binaries(folder, int(match[1])))
    return found


def _has_extension(binaries: Binaries, name: str) -> bool:
    answer = subprocess.run(
        [binaries.program("pg_config"), "--sharedir"], capture_output=True, text=True, check=False
    ).stdout.strip()
    folders = [Path(answer)] if answer else []
    # Debian's pg_config needs the -dev package, so its place is known without asking.
    folders.append(Path(f"/usr/share/postgresql/{binaries.major}"))
    return any((folder / "extension" / f"{name}.control").is_file() for folder in folders)

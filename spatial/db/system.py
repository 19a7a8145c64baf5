"""Root and the system user: who runs PostgreSQL, and how root writes into a folder that this user owns.

Whoever owns a folder can put a link there in place of a file. Root, which may write anywhere, must not follow it.
"""

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from spatial.errors import Misconfigured

SYSTEM_USER: Final = "postgres"
MODE: Final = 0o600


def system_user() -> pwd.struct_passwd | None:
    """Return the user to drop to, or None where we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise Misconfigured(
            f"There is no system user {SYSTEM_USER!r}. Install PostgreSQL: apt-get install postgresql"
        ) from error


def write_private(path: Path, content: str) -> None:
    """Write a file that the server's own user alone can read."""
    with open_private(path) as file:
        file.write(content)


@contextmanager
def open_private(path: Path, *, keep: bool = False, give: bool = True) -> Iterator[IO[str]]:
    """Open a private file to read and write in a folder of the server's own user.

    It is private before the first byte is in it.

    Parameters
    ----------
    keep
        Whether the content that is there stays, and what is written comes after it.
    give
        Whether it is the system user's where we are root; it stays root's otherwise.

    Raises
    ------
    Misconfigured
        Something that is not our file stands at its place.
    """
    user = system_user()
    with _folder(path.parent, user) as folder, os.fdopen(_descriptor(path, folder), "r+", encoding="utf-8") as file:
        os.fchmod(file.fileno(), MODE)
        if user and give:
            os.fchown(file.fileno(), user.pw_uid, user.pw_gid)
        if keep:
            file.seek(0, os.SEEK_END)
        else:
            file.truncate(0)
        yield file


@contextmanager
def _folder(path: Path, user: pwd.struct_passwd | None) -> Iterator[int]:
    """Hold the folder open, so that it cannot be exchanged; it may be a link, but to a folder of that user only."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if user and os.fstat(folder).st_uid != user.pw_uid:
            raise Misconfigured(f"{path} does not belong to {user.pw_name}. Run as the user who made it.")
        yield folder
    finally:
        os.close(folder)


def _descriptor(path: Path, folder: int) -> int:
    # Not O_TRUNC: what it is must be known before anything of it is lost. O_NONBLOCK: a pipe would be waited for.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path.name, flags, MODE, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise _not_a_file(path) from error
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(descriptor)
        raise _not_a_file(path)
    return descriptor


def _not_a_file(path: Path) -> Misconfigured:
    return Misconfigured(f"{path} is not a plain file of its own. Look who put it there, and take it away.")

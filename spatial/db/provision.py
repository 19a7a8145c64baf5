"""What an embedded cluster is made of: its configuration, its passwords, its port, and the folder for its socket."""

import json
import socket
from pathlib import Path
from typing import Any, Final

from spatial.db.system import open_private, write_private
from spatial.errors import Misconfigured

SOCKET_PATH_MAX: Final = 107  # sockaddr_un on Linux
LIST_CHARACTERS: Final = frozenset("',\"")
"""They end a name in PostgreSQL's list of socket folders, or in libpq's list of hosts."""
SHELL_CHARACTERS: Final = frozenset('"$`\\\n')
"""``pg_ctl`` puts the path into a line of shell, between double quotes."""

CONFIGURATION: Final = """\
# Written by Shikong; lost at the next start. Put your own settings in shikong_local.conf beside it.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_dir}'
max_connections = 200
shared_buffers = 512MB
effective_cache_size = 4GB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
{durability}
include_if_exists = 'shikong_local.conf'
"""
# A test cluster may lose everything at a power cut; a city's may not.
THROWAWAY: Final = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off"
ACCESS: Final = """\
# Written by Shikong: a password for everybody, from this machine only.
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""
INCLUDE: Final = "include = 'shikong.conf'\n"


def check_path(folder: Path) -> None:
    """See that PostgreSQL's programs can bear the name of a folder.

    Raises
    ------
    Misconfigured
        They cannot.
    """
    if SHELL_CHARACTERS & set(str(folder)):
        raise Misconfigured(
            f"PostgreSQL cannot live in {str(folder)!r}: its name has a double quote, $, ` or backslash. "
            "Set SHIKONG_STATE_DIR to a folder without."
        )


def socket_dir(folder: Path) -> str | None:
    """Return where the socket of a cluster lies; None where its name could not be told, so that TCP must do."""
    name = str(folder)
    if LIST_CHARACTERS & set(name) or name != name.strip():
        return None
    return name if len(f"{name}/.s.PGSQL.65535.lock".encode()) <= SOCKET_PATH_MAX else None


def write_configuration(data: Path, *, port: int, sockets: str | None, throwaway: bool) -> None:
    """Write PostgreSQL's settings and rules of access into its data folder."""
    text = CONFIGURATION.format(port=port, socket_dir=sockets or "", durability=THROWAWAY if throwaway else "")
    write_private(data / "shikong.conf", text)
    write_private(data / "pg_hba.conf", ACCESS)
    with open_private(data / "postgresql.conf", keep=True) as main:
        main.seek(0)
        if INCLUDE not in main.read():
            main.write(INCLUDE)


def load_state(folder: Path) -> dict[str, Any]:
    """Read the port and the passwords of a cluster.

    Raises
    ------
    Misconfigured
        They are gone, or another user's.
    """
    path = folder / "cluster.json"
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Misconfigured(
            f"{path} is gone, and with it the passwords of the database beside it. Put it back from a backup, "
            f"or move {folder} away and run ./run up for a new database."
        ) from error
    except PermissionError as error:
        raise Misconfigured(
            f"{path} belongs to another user. Run as that user, or set SHIKONG_STATE_DIR to a folder of yours."
        ) from error
    return state


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write the port and the passwords of a cluster, for who runs it and not for the server."""
    fresh = folder / "cluster.new"
    with open_private(fresh, give=False) as file:
        file.write(json.dumps(state))
    fresh.replace(folder / "cluster.json")


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

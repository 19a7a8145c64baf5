"""Where the database is, and as whom to speak to it."""

import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from spatial.db.cluster import Cluster
from spatial.db.extensions import create_extensions
from spatial.db.roles import Login, bootstrap_statements
from spatial.errors import Misconfigured, Unavailable
from spatial.settings import Settings

UNREADABLE: Final = (
    "DATABASE_URL cannot be read as postgresql://user:password@host:5432/database. Write each special character of "
    "the name and the password as %XX, such as %40 for @ and %2F for /. Set or unset it and run again."
)
"""It quotes nothing of the address: what a parser takes for a host or a port may be a part of the password."""


@dataclass(frozen=True, slots=True)
class Access:
    """Addresses of one database.

    Attributes
    ----------
    owner_url
        For migrations, imports and the command line.
    reader_url
        For the web server: a login that can only read.
    has_reader_role
        False where an existing database would not let us make logins; then the server reads as the owner,
        with transactions set to read only.
    """

    owner_url: str
    reader_url: str
    has_reader_role: bool = True


def cluster_of(settings: Settings) -> Cluster:
    """Return the embedded cluster of this installation, running or not."""
    return Cluster(settings.state_dir / "cluster")


def open_access(settings: Settings) -> Access:
    """Find the database and make it ready to be migrated: extensions and logins are there afterwards.

    Starts the embedded cluster where no ``DATABASE_URL`` is set. Harmless when repeated.

    Raises
    ------
    Misconfigured
        A package or a permission is missing; the sentence says which.
    Unavailable
        PostgreSQL does not answer.
    """
    if settings.database_url:
        _check(settings.database_url)
        return _external(settings.database_url, settings.state_dir)
    cluster = cluster_of(settings)
    cluster.start()
    return embedded_access(cluster)


def embedded_access(cluster: Cluster, *, database: str = "shikong") -> Access:
    """Return the addresses of a database of the embedded cluster."""
    return Access(cluster.url(Login.OWNER, database=database), cluster.url(Login.READER, database=database))


def current_access(settings: Settings) -> Access:
    """Return the addresses without starting or changing anything.

    Raises
    ------
    Unavailable
        There is no embedded cluster yet.
    """
    if settings.database_url:
        _check(settings.database_url)
        password = _saved_passwords(settings.state_dir).get(Login.READER.value)
        return _external_access(settings.database_url, password)
    cluster = cluster_of(settings)
    if not (cluster.folder / "cluster.json").exists():
        raise Unavailable("There is no database yet. Make and start it with: ./run up")
    return embedded_access(cluster)


def _check(url: str) -> None:
    """See that libpq and Python read an address alike.

    Raises
    ------
    Misconfigured
        They do not, or cannot read it at all.
    """
    try:
        found = conninfo_to_dict(url)
        parts = urlsplit(url)
        query = dict(_pair(one) for one in parts.query.split("&"))
    except (psycopg.ProgrammingError, ValueError):
        raise Misconfigured(UNREADABLE) from None
    alike = all(
        (found.get(name) or "") == query.get(name, unquote(written or ""))
        for name, written in (("user", parts.username), ("password", parts.password))
    )
    ports = str(found.get("port") or "").split(",")
    if not alike or not all(port.isdigit() or not port for port in ports):
        raise Misconfigured(UNREADABLE)


def _external(url: str, state_dir: Path) -> Access:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as conn:
            create_extensions(conn)
            row = conn.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
            passwords = _saved_passwords(state_dir)
            if row and row[0]:
                passwords = passwords or _new_passwords(url)
                _save_passwords(state_dir, passwords)
                for statement in bootstrap_statements(passwords):
                    conn.execute(statement)
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database of DATABASE_URL does not answer: {error}".strip()) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise Misconfigured(f"The login of DATABASE_URL lacks a right: {error}".strip()) from error
    return _external_access(url, passwords.get(Login.READER.value))


def _external_access(url: str, reader_password: str | None) -> Access:
    parts = urlsplit(url)
    if reader_password is None:
        options = quote("-c default_transaction_read_only=on")
        query = f"{parts.query}&options={options}" if parts.query else f"options={options}"
        return Access(url, urlunsplit(parts._replace(query=query)), has_reader_role=False)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{Login.READER.value}:{quote(reader_password)}@{host}"
    # For libpq the query wins over what stands before the host: the reader would be the owner.
    query = "&".join(one for one in parts.query.split("&") if _pair(one)[0] not in {"user", "password"})
    return Access(url, urlunsplit(parts._replace(netloc=netloc, query=query)))


def _pair(one: str) -> tuple[str, str]:
    """Split ``name=value`` as libpq does, for which a plus is a plus."""
    name, _, value = one.partition("=")
    return unquote(name), unquote(value)


def _new_passwords(url: str) -> dict[str, str]:
    """Return passwords for our logins.

    The logins belong to the whole server. Two machines that serve the same database must agree on them without
    speaking to each other, so they follow from the one secret that both have.
    """
    secret = str(conninfo_to_dict(url).get("password") or secrets.token_urlsafe(24))
    digests = {login: hmac.digest(secret.encode(), f"shikong {login.value}".encode(), "sha256") for login in Login}
    return {login.value: digest.hex() for login, digest in digests.items()}


def _passwords_file(state_dir: Path) -> Path:
    return state_dir / "external_logins.json"


def _saved_passwords(state_dir: Path) -> dict[str, str]:
    path = _passwords_file(state_dir)
    passwords: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return passwords


def _save_passwords(state_dir: Path, passwords: dict[str, Any]) -> None:
    path = _passwords_file(state_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(passwords), encoding="utf-8")

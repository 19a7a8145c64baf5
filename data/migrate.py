"""Bring a database to the present shape: migrations, functions, grants, built-in layers."""

from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from data.catalogue.read import read_code_lists, read_groups, read_layers
from spatial.catalogue.queries import sync_built_in
from spatial.db.locks import MIGRATION_LOCK
from spatial.db.roles import grant_statements
from spatial.errors import Misconfigured

HERE = Path(__file__).parent


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Upgrade the database of ``url`` to the newest version; harmless when it is there already.

    Parameters
    ----------
    url
        Address of the owner's login, beginning with ``postgresql://``.

    Raises
    ------
    Misconfigured
        A newer program made the database.
    """
    try:
        command.upgrade(alembic_config(url), "head")
    except CommandError as error:
        raise Misconfigured(
            f"The database was made by a newer version of Shikong ({error}). Update the program: git pull"
        ) from error
    with psycopg.connect(url) as conn:
        # The migrations held it too, and let it go when they were committed.
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        for path in sorted((HERE / "sql").glob("*.sql")):
            conn.execute(path.read_bytes())
        _grant(conn)
        sync_built_in(conn, layers=read_layers(), groups=read_groups(), code_lists=read_code_lists())


def _grant(conn: psycopg.Connection[Any]) -> None:
    """Grant to the logins, where they exist: an existing database may not let us make any."""
    known = conn.execute("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'shikong\\_%er'").fetchone()
    if known and known[0] >= 2:
        for statement in grant_statements():
            conn.execute(statement)

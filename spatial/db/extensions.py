"""The extensions of PostgreSQL that the platform stands on."""

from typing import Any, Final

import psycopg

from spatial.errors import Misconfigured

PACKAGES: Final = {
    "postgis": "postgis-3",
    "pg_trgm": "(contrib)",
    "btree_gist": "(contrib)",
    "unaccent": "(contrib)",
    "pgrouting": "pgrouting",
}


def create_extensions(conn: psycopg.Connection[Any]) -> None:
    """Create the extensions that the platform stands on.

    Raises
    ------
    Misconfigured
        One is not installed, or the login may not create it.
    """
    for name, package in PACKAGES.items():
        try:
            conn.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported) as error:
            raise Misconfigured(
                f"The PostgreSQL extension {name} is not installed. On Debian: apt-get install postgresql-15-{package}"
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise Misconfigured(
                f"This login may not create the extension {name}. Ask a superuser: CREATE EXTENSION {name};"
            ) from error

"""The logins of the database, and what each may do."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from spatial.db.schemas import CATALOGUE, CITY, IMPORTED


class Login(StrEnum):
    """Who connects."""

    # Embedded cluster only: makes databases and extensions.
    SUPERUSER = "shikong_admin"
    # Owns every schema: migrations, sample city, imports.
    OWNER = "shikong_owner"
    # Changes rows, not shapes.
    WRITER = "shikong_writer"
    # The web server: reads only, and never for long.
    READER = "shikong_reader"


READ_TIMEOUT_S = 10
"""How long a read may take when a login does not say otherwise."""


def bootstrap_statements(passwords: Mapping[str, str]) -> Iterator[str]:
    """Yield the statements that make the logins, run by a login that may create roles; harmless when repeated.

    Parameters
    ----------
    passwords
        Password by role name; they are our own random text, free of quotes.
    """
    for login in (Login.OWNER, Login.WRITER, Login.READER):
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{login.value}') THEN "
            f"CREATE ROLE {login.value} LOGIN; END IF; END $$"
        )
        yield f"ALTER ROLE {login.value} LOGIN PASSWORD '{passwords[login.value]}'"
    yield f"ALTER ROLE {Login.READER.value} SET default_transaction_read_only = on"
    yield f"ALTER ROLE {Login.READER.value} SET statement_timeout = '{READ_TIMEOUT_S}s'"
    # A parallel plan costs more to start than a page of features costs to read.
    yield f"ALTER ROLE {Login.READER.value} SET max_parallel_workers_per_gather = 0"
    yield f"ALTER ROLE {Login.READER.value} SET jit = off"


def grant_statements() -> Iterator[str]:
    """Yield the grants that hold after every migration, run by the owner of the schemas; harmless when repeated."""
    reader, writer = Login.READER.value, Login.WRITER.value
    for schema in (CITY, IMPORTED, CATALOGUE):
        yield f"GRANT USAGE ON SCHEMA {schema} TO {reader}, {writer}"
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}, {writer}"
        yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {reader}, {writer}"
    for schema in (CITY, IMPORTED):
        yield f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {writer}"
        yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT INSERT, UPDATE, DELETE ON TABLES TO {writer}"
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {writer}"
        yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {writer}"

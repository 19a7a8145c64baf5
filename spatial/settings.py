"""Settings of one installation: typed, read when asked, and wrong values named with what would be right."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from spatial.errors import Misconfigured

PROJECT: Final = Path(__file__).resolve().parent.parent
"""Folder of the checkout."""


class Settings(BaseSettings):
    """What may differ between two installations; each is an environment variable ``SHIKONG_<NAME>``.

    Attributes
    ----------
    state_dir
        The one folder with everything that the program writes: cluster, reports of imports, logs.
    database_url
        An existing PostGIS (``DATABASE_URL``); empty means the embedded cluster.
    host, port
        Where the web server listens.
    workers
        Web server processes.
    public_url
        What links begin with; empty means what the client asked for.
    pool_size
        Connections to PostgreSQL of each worker.
    pool_timeout_s
        How long a request waits for a free connection before it is answered 503.
    statement_timeout_s
        How long PostgreSQL works on one read.
    """

    model_config = SettingsConfigDict(env_prefix="SHIKONG_", extra="ignore")

    state_dir: Path = PROJECT / ".state"
    database_url: Annotated[str, Field(validation_alias="DATABASE_URL")] = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    public_url: str = ""
    pool_size: Annotated[int, Field(ge=1, le=100)] = 8
    pool_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    statement_timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0

    @field_validator("state_dir")
    @classmethod
    def _resolve(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: str) -> str:
        if url and not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("must look like postgresql://user:password@host:5432/database")
        # SQLAlchemy knows the long name only.
        return url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url


def get_settings() -> Settings:
    """Read the settings from the environment now.

    Raises
    ------
    Misconfigured
        A variable has a value that cannot be used; the sentence names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise Misconfigured("; ".join(_sentence(one["loc"][0], one["msg"]) for one in error.errors())) from error


def _sentence(name: int | str, message: str) -> str:
    variable = "DATABASE_URL" if "database_url" in str(name).lower() else f"SHIKONG_{str(name).upper()}"
    return f"{variable} cannot be used: {message.removeprefix('Value error, ')}. Set or unset it and run again."

"""Alembic's door: stands above the house and sees every table."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import address.models
import spatial.catalogue.models
import spatial.pipelines.models
import spatial.places.models
from spatial.db.base import CATALOGUE, CITY, Base
from spatial.db.locks import MIGRATION_LOCK

# Named, so that no tidying takes the imports away: each puts its tables into the metadata.
MODELS = (address.models, spatial.catalogue.models, spatial.pipelines.models, spatial.places.models)


def include_object(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Look at our own tables only; PostGIS and imported layers are not ours to compare."""
    return not (kind == "table" and name in {"spatial_ref_sys", "alembic_version"})


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Look into our own schemas only."""
    return kind != "schema" or name in {CITY, CATALOGUE}


def run() -> None:
    """Run the asked migrations in one transaction."""
    url: str = context.config.attributes["url"]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    with engine.begin() as conn:
        # Two servers that start together migrate one after the other.
        conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
        context.configure(
            connection=conn,
            target_metadata=Base.metadata,
            include_schemas=True,
            include_object=include_object,
            include_name=include_name,
            version_table_schema="public",
            compare_type=True,
        )
        context.run_migrations()


run()

"""Failures of PostgreSQL that a filter caused: some feature's value does not fit what is computed from it."""

import asyncpg

from spatial.errors import InvalidInput
from spatial.query.cql2.words import wrong

CAUSED_BY_FILTERS = (
    # Numbers out of range: 1e308 * height_m.
    asyncpg.DataError,
    # PostGIS: an edge half around the earth has no length.
    asyncpg.InternalServerError,
    # An expression too deep or too large to be planned.
    asyncpg.ProgramLimitExceededError,
)


def failure_of_filter(error: asyncpg.PostgresError) -> InvalidInput | None:
    """Return the refusal to be raised from an error of a statement with a filter; None where it is not the filter's."""
    if isinstance(error, CAUSED_BY_FILTERS):
        return wrong(f"it cannot be computed for some features ({str(error)[:100]}).")
    return None

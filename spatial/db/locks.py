"""Numbers of the advisory locks that PostgreSQL keeps for us; each is written here only."""

from typing import Final

MIGRATION_LOCK: Final = 3401
"""Held while the shape of the database, its functions, grants or built-in layers change."""
SAMPLE_LOCK: Final = 3402
"""Held while the sample city is written."""

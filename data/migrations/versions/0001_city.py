"""The first tables: places, addresses, pipes, and the catalogue of layers.

Revision: 0001, after nothing.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    # The owner may lack CREATE on an existing database's public schema; our own schemas are enough.
    op.execute("CREATE SCHEMA IF NOT EXISTS imported")
    op.execute("CREATE SCHEMA city")
    op.execute("CREATE SCHEMA catalogue")
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP SCHEMA city, catalogue CASCADE")

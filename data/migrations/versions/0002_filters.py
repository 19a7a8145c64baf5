"""Indexes for filters, sorted pages and search by text; the extension that takes accents off letters.

Revision: 0002, after 0001.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

HERE = Path(__file__)


def upgrade() -> None:
    # The functions of data/sql/text.sql, which are applied after every upgrade, stand on it.
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    op.execute(HERE.with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS catalogue.accenti(text), catalogue.casei(text)")
    # The extension stays: others may use it, and it may be theirs.
    op.execute(HERE.with_name("0002_filters_down.sql").read_text(encoding="utf-8"))

"""Regions and addresses that a filter names: each must exist, or the filter would quietly find nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from spatial.query.cql2.words import wrong
from spatial.query.types import Fetcher, Statement


@dataclass(frozen=True, slots=True)
class Lookup:
    """Something of another layer that a filter names.

    Attributes
    ----------
    sought
        What it was called in the filter.
    statement
        Answers one row with ``found``.
    en, zh
        What to tell where it is not found.
    """

    sought: str
    statement: Statement
    en: str
    zh: str


async def check(conn: Fetcher, lookups: Sequence[Lookup]) -> None:
    """Look everything up.

    Raises
    ------
    InvalidInput
        Something does not exist.
    """
    for one in lookups:
        row = await conn.fetchrow(one.statement.sql, *one.statement.args)
        if row is None or not row["found"]:
            raise wrong(one.en, one.zh)

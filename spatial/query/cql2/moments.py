"""Dates and timestamps of a filter."""

import re
from datetime import UTC, date, datetime
from typing import Final

from spatial.query.cql2.words import wrong

DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def read_date(text: object) -> date:
    """Read ``2026-01-31``.

    Raises
    ------
    InvalidInput
        It is no such date.
    """
    try:
        if isinstance(text, str) and DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise wrong(f"{text!r:.60} is not a date such as '2026-01-31'.", f"{text!r:.60} 不是日期，日期写作 '2026-01-31'。")


def read_timestamp(text: object) -> datetime:
    """Read ``2026-01-31T12:00:00Z`` to the microsecond; another offset than Z is accepted.

    Raises
    ------
    InvalidInput
        It is no such time, or its year is not from 1 to 9999.
    """
    match = MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match:
        day, time, fraction, zone = match.groups()
        try:
            return datetime.fromisoformat(f"{day}T{time}{(fraction or '')[:7]}{zone.upper()}").astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise wrong(
        f"{text!r:.60} is not a time such as '2026-01-31T12:00:00Z'; it must have seconds and a time zone. A whole day"
        " is '2026-01-31'.",
        f"{text!r:.60} 不是时间，时间写作 '2026-01-31T12:00:00Z'，须有秒和时区；一整天写作 '2026-01-31'。",
    )


def read_instant(text: object) -> date | datetime:
    """Read a date or a timestamp."""
    return read_date(text) if isinstance(text, str) and DAY.fullmatch(text) else read_timestamp(text)


def instant_text(instant: date | datetime) -> str:
    """Write a date or a timestamp the one way in which we keep it.

    >>> instant_text(read_instant("2012-08-10T05:30:00.000000Z"))
    '2012-08-10T05:30:00Z'
    """
    if not isinstance(instant, datetime):
        return instant.isoformat()
    whole = instant.replace(microsecond=0, tzinfo=None).isoformat()
    fraction = f".{instant.microsecond:06}".rstrip("0") if instant.microsecond else ""
    return f"{whole}{fraction}Z"

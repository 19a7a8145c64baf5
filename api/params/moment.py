"""Times: instants and intervals of RFC 3339."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from spatial.errors import InvalidInput
from spatial.query.types import Interval

DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SLASHED: Final = re.compile(r"[0-9]{4}/[0-9]{1,2}(/[0-9]{1,2})?")
# RFC 3339; a + that came as a space is read as it was meant.
MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[ +-][0-9]{2}:[0-9]{2})?"
)
# Beyond these PostgreSQL's timestamptz ends.
EPOCH_MIN, EPOCH_MAX = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def interval(query: Mapping[str, str]) -> Interval | None:
    """Read ``datetime``: an instant, or ``start/end`` where ``..`` or nothing is an open end (RFC 3339)."""
    text = query.get("datetime")
    if text is None:
        return None
    if SLASHED.fullmatch(text):
        raise InvalidInput(
            f"datetime: write the day {text!r} with hyphens; a slash parts an interval.", field="datetime"
        )
    if "/" not in text:
        first, last = _moment(text)
        return Interval(first, last)
    start_text, _, end_text = text.partition("/")
    start = None if start_text in {"", ".."} else _moment(start_text)[0]
    end = None if end_text in {"", ".."} else _moment(end_text)[1]
    if start and end and start > end:
        raise InvalidInput("datetime: the interval ends before it starts.", field="datetime")
    return Interval(start, end)


def _moment(text: str) -> tuple[datetime, datetime]:
    """Return first and last instant of a date-time, or of a whole UTC day."""
    try:
        if DAY.fullmatch(text):
            first = datetime.combine(day(text), datetime.min.time(), UTC)
            last = first + timedelta(days=1, microseconds=-1)
        else:
            first = last = instant(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"datetime: {text!r} is not an RFC 3339 time such as 2026-01-31T12:00:00Z, a date or an interval.",
            field="datetime",
        ) from error
    if first.tzinfo is None:
        raise InvalidInput(f"datetime: {text!r} has no time zone; end it with Z or +08:00.", field="datetime")
    if not EPOCH_MIN <= first <= EPOCH_MAX:
        raise InvalidInput(f"datetime: the year of {text!r} is out of range.", field="datetime")
    return first, last


def day(text: str) -> date:
    """Read a date; ValueError on anything else."""
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def instant(text: str) -> datetime:
    """Read a date-time; Python's own reader also takes week dates and other forms that RFC 3339 has not."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper().replace(" ", "+"))

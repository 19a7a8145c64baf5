"""Times of the form: what is typed and shown is Beijing time, while a bare day of the interface is one of UTC."""

from datetime import UTC, datetime, time
from typing import Final

from api.params.moment import DAY, day
from api.printed import BEIJING

LAST: Final = time(23, 59, 59, 999999)
"""The last moment of a day."""


def in_beijing(text: str) -> str:
    """Return the parameter ``datetime`` with its bare days, which are days of UTC, as moments of Beijing.

    Examples
    --------
    >>> in_beijing("2020-01-01/..")
    '2020-01-01T08:00:00+08:00/..'
    >>> in_beijing("2020-01-01T12:00:00Z")
    '2020-01-01T12:00:00Z'
    """
    start, _, end = text.partition("/")
    if "/" not in text:
        end = start
    if not (DAY.fullmatch(start) or DAY.fullmatch(end)):
        return text
    try:
        return f"{_bound(start, time.min)}/{_bound(end, LAST)}"
    except (ValueError, OverflowError):
        # No day of any calendar: it stays as typed, beside what is wrong with it.
        return text


def local_input(moment: datetime, *, bound: time | None) -> str:
    """Return a moment as the form's inputs hold it: a day where it is that bound of one, else day and time.

    Raises
    ------
    ValueError
        It has seconds, which the inputs have no place for.

    Examples
    --------
    >>> local_input(datetime(2026, 1, 31, 16, tzinfo=UTC), bound=time.min)
    '2026-02-01'
    """
    local = moment.astimezone(BEIJING).replace(tzinfo=None)
    if bound is not None and local.time() == bound:
        return local.date().isoformat()
    if local.second or local.microsecond:
        raise ValueError(moment)
    return local.isoformat(timespec="minutes")


def _bound(text: str, at: time) -> str:
    if not DAY.fullmatch(text):
        return text
    return datetime.combine(day(text), at, UTC).astimezone(BEIJING).isoformat()

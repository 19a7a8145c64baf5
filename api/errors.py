"""The one place where a kind of failure gets its HTTP status, and the problem document (RFC 9457)."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import orjson

from spatial.errors import CityError, Conflict, InvalidInput, Misconfigured, NotFound, Unavailable


class NotAcceptable(CityError):
    """The resource cannot be given in any of the formats that the client accepts."""


class TooLarge(InvalidInput):
    """The body of a request is longer than what is read.

    Parameters
    ----------
    limit_bytes
        The longest body that is taken.
    """

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is longer than {limit_bytes:,} bytes. Send a shorter one.", field="body")
        self.limit_bytes = limit_bytes


STATUS: Final = MappingProxyType(
    {
        TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        InvalidInput: HTTPStatus.BAD_REQUEST,
        NotFound: HTTPStatus.NOT_FOUND,
        NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
        Conflict: HTTPStatus.CONFLICT,
        Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        Misconfigured: HTTPStatus.INTERNAL_SERVER_ERROR,
        CityError: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)

PROBLEM_JSON: Final = "application/problem+json"


def status_of(error: CityError) -> HTTPStatus:
    """Return the status of the nearest known kind of ``error``."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(
    status: HTTPStatus, detail: str, *, field: str | None = None, detail_zh: str | None = None
) -> dict[str, object]:
    """Return a problem document.

    Parameters
    ----------
    detail
        What is wrong and what to do next.
    field
        The parameter at fault; repeated as ``field`` so that programs need not read the sentence.
    detail_zh
        The detail in Chinese.
    """
    document: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        # OGC API - Features, exception schema.
        "code": status.phrase.replace(" ", ""),
        "description": detail,
    }
    if field is not None:
        document["field"] = field
    if detail_zh is not None:
        document["detail_zh"] = detail_zh
    return document


def problem_bytes(error: CityError) -> tuple[HTTPStatus, bytes, dict[str, str]]:
    """Return status, body and headers that answer ``error``."""
    status = status_of(error)
    field, detail_zh = (error.field, error.zh) if isinstance(error, InvalidInput) else (None, None)
    headers = {"content-type": PROBLEM_JSON}
    if isinstance(error, Unavailable):
        headers["retry-after"] = str(error.retry_after_s)
    return status, orjson.dumps(problem(status, str(error), field=field, detail_zh=detail_zh)), headers

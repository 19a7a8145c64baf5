"""Bodies of requests, read no further than a limit."""

from typing import Final

from starlette.requests import ClientDisconnect, Request

from api.errors import TooLarge
from spatial.errors import InvalidInput

DIGITS_MAX: Final = 20
"""Of a length in bytes; 2 to the power of 64 has as many."""


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Read the body of a request.

    Nothing is read where the client says beforehand that it is too long, and reading stops at the limit where not;
    the server throws away what the client still sends, so that it sees the answer.

    Parameters
    ----------
    limit_bytes
        The longest body that is taken.

    Raises
    ------
    TooLarge
        If the body is longer.
    InvalidInput
        If the client hung up before the end; nobody reads the answer, but the log stays clean.
    """
    announced = request.headers.get("content-length", "")
    # Python itself refuses to read a number of thousands of digits.
    if announced.isdecimal() and int(announced[:DIGITS_MAX]) > limit_bytes:
        raise TooLarge(limit_bytes)
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > limit_bytes:
                raise TooLarge(limit_bytes)
            body += chunk
    except ClientDisconnect as gone:
        raise InvalidInput("The connection ended before the body did. Send the request again.", field="body") from gone
    return bytes(body)

"""A search told by a JSON body: the same words as in a query string, lists and objects instead of texts."""

from collections.abc import Container, Mapping
from typing import Any, Final

import orjson

from spatial.errors import InvalidInput

LISTS: Final = ("sortby", "properties", "q")
"""Members that are lists of texts."""
SENTENCE: Final = 'The body is not JSON: {reason}. Send an object such as {{"filter": …, "limit": 10}}.'


def body_query(body: bytes, known: Container[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the body of a search as parameters by name.

    Returns
    -------
    tuple of dict
        The parameters: scalars as the texts that a query string would have, ``filter`` and lists of texts as they
        are. And the members as they came, for links that repeat them.

    Raises
    ------
    InvalidInput
        It is no JSON object, or a member is unknown or of the wrong type; the sentence names it.
    """
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidInput(SENTENCE.format(reason=error), field="body") from error
    if not isinstance(document, dict):
        raise InvalidInput(SENTENCE.format(reason="it is no object"), field="body")
    for name in document:
        if name not in known:
            raise InvalidInput(f"There is no member {name!r} in a search.", field=name)
    return {name: _read(name, value) for name, value in document.items() if value is not None}, document


def _read(name: str, value: Any) -> Any:
    if name == "filter":
        if not isinstance(value, str | Mapping):
            raise InvalidInput("filter is a CQL2 object, or a text in CQL2 text.", field=name)
        return value
    if name in LISTS:
        return _texts(name, value)
    if name == "bbox":
        return _numbers(name, value)
    return _scalar(name, value)


def _texts(name: str, value: Any) -> str | list[str]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(f"{name} is a list of texts.", field=name)
    return value


def _numbers(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(_is_number(one) for one in value):
        raise InvalidInput(f"{name} is a list of 4 or 6 numbers.", field=name)
    return ",".join(repr(one) for one in value)


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        return repr(value)
    if isinstance(value, str):
        return value
    raise InvalidInput(f"{name} is a text, a number, true or false; not a list or an object.", field=name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

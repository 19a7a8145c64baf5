"""The opaque ``cursor`` of ``next`` and ``prev`` links: a place in an order, and the order that it belongs to."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from api.params.values import feature_key
from spatial.catalogue.types import Layer
from spatial.query.errors import UnknownFeature, UnusableCursor
from spatial.query.types import Cursor, SortKey


def write_cursor(cursor: Cursor, sort: Sequence[SortKey]) -> str:
    """Return a place as the text of a link."""
    document = [int(cursor.is_backward), _signature(sort), *cursor.values, cursor.key]
    return urlsafe_b64encode(orjson.dumps(document)).rstrip(b"=").decode()


def read_cursor(query: Mapping[str, Any], layer: Layer, sort: Sequence[SortKey]) -> Cursor | None:
    """Read ``cursor``.

    Raises
    ------
    UnusableCursor
        It is not one of ours, or belongs to another order.
    """
    text = query.get("cursor")
    if text is None:
        return None
    try:
        is_backward, signature, *values, key = orjson.loads(urlsafe_b64decode(f"{text}==".encode("ascii")))
        place = Cursor(tuple(values), feature_key(layer, str(key)), is_backward=bool(is_backward))
    except (ValueError, TypeError, Base64Error, UnknownFeature) as error:
        raise UnusableCursor from error
    if signature != _signature(sort):
        raise UnusableCursor
    return place


def _signature(sort: Sequence[SortKey]) -> str:
    return ",".join(f"{'-' if one.is_descending else '+'}{one.field.name if one.field else 'id'}" for one in sort)

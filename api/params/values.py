"""Values of properties and ids of features, by their declared types."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, NoReturn
from uuid import UUID

from api.params.common import BIGINT, number, whole_number
from api.params.moment import EPOCH_MAX, EPOCH_MIN, day, instant
from spatial.catalogue.types import FieldType, KeyType, Layer, LayerField
from spatial.errors import InvalidInput
from spatial.query.errors import UnknownFeature
from spatial.query.types import Key, Value


def value_of(field: LayerField, text: str) -> Value:
    """Read a property's value by the property's type."""
    if "\x00" in text:
        raise InvalidInput(f"{field.name} contains a NUL character.", field=field.name)
    return READERS[field.type](field.name, text)


def feature_key(layer: Layer, text: str) -> Key:
    """Read a feature id of the layer's key type; what cannot be an id is an unknown feature.

    Raises
    ------
    UnknownFeature
        The text is not of the key's type, so no feature can have it.
    """
    try:
        if layer.key.type is KeyType.INTEGER:
            read = int(text) if text.isascii() and text.isdigit() else BIGINT
            if read < BIGINT:
                return read
            raise UnknownFeature(layer.id, text)
        if layer.key.type is KeyType.UUID:
            return UUID(text)
    except ValueError as error:
        raise UnknownFeature(layer.id, text) from error
    if "\x00" in text:
        raise UnknownFeature(layer.id, text)
    return text


def _read_integer(name: str, text: str) -> int:
    return whole_number(name, text, low=-BIGINT)


def _read_boolean(name: str, text: str) -> bool:
    # GDAL knows truth values as 1 and 0.
    if text not in {"true", "false", "1", "0"}:
        raise InvalidInput(f"{name}={text!r} is neither true nor false.", field=name)
    return text in {"true", "1"}


def _read_date(name: str, text: str) -> date:
    try:
        return day(text)
    except ValueError as error:
        raise InvalidInput(f"{name}={text!r} is not a date such as 2026-01-31.", field=name) from error


def read_datetime(name: str, text: str) -> datetime:
    """Read a moment with its time zone."""
    try:
        moment = instant(text)
    except ValueError as error:
        raise InvalidInput(f"{name}={text!r} is not a time such as 2026-01-31T12:00:00Z.", field=name) from error
    if moment.tzinfo is None or not EPOCH_MIN <= moment <= EPOCH_MAX:
        raise InvalidInput(f"{name}={text!r} needs a time zone and a year from 1 to 9999.", field=name)
    return moment


def _refuse_array(name: str, _text: str) -> NoReturn:
    raise InvalidInput(f"{name} is a list of texts. Ask filter=A_CONTAINS({name}, ('...')) instead.", field=name)


READERS: Final[Mapping[FieldType, Callable[[str, str], Value]]] = {
    FieldType.STRING: lambda _name, text: text,
    FieldType.INTEGER: _read_integer,
    FieldType.NUMBER: number,
    FieldType.BOOLEAN: _read_boolean,
    FieldType.DATE: _read_date,
    FieldType.DATETIME: read_datetime,
    FieldType.ARRAY: _refuse_array,
}

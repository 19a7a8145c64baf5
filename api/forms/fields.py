"""What conditions may name: the queryable fields of a layer, its feature id and the ends of its valid time."""

from typing import Final

from api.documents.schemas import ID_TITLE
from api.printed import unit_sign
from spatial.catalogue.types import FieldType, KeyType, Layer, LayerField

ID_TYPES: Final = {KeyType.INTEGER: FieldType.INTEGER}
BEIJING_TIME: Final = {"zh": "北京时间", "en": "Beijing time"}


def own_fields(layer: Layer) -> tuple[LayerField, ...]:
    """Return what every feature has beside the fields that its layer declares."""
    key = LayerField(name="id", type=ID_TYPES.get(layer.key.type, FieldType.STRING), title=ID_TITLE, indexed=True)
    return tuple(field for field in (key, *layer.time_fields) if layer.field(field.name) is None)


def asked_fields(layer: Layer) -> tuple[LayerField, ...]:
    """Return everything that a condition may name."""
    return (*layer.queryables, *own_fields(layer))


def asked_field(layer: Layer, name: str) -> LayerField | None:
    """Return what a condition names; None where there is no such property."""
    return next((field for field in asked_fields(layer) if field.name == name), None)


def measured_in(field: LayerField, language: str) -> str:
    """Return what stands beside a property's title: its unit, or whose time it is."""
    return BEIJING_TIME[language] if field.type is FieldType.DATETIME else unit_sign(field.unit)

"""What a layer is: one declaration from which collection, queryables, tiles, style and portal entry are made."""

import re
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

IDENTIFIER: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""Names that stand unquoted in SQL and in a URL."""


def _identifier(name: str) -> str:
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of a-z, 0-9 and _ that begins with a letter")
    return name


CITY_STYLE: Final = "city"
"""Id of the style that draws every layer together; no layer may bear it."""


def _layer_id(name: str) -> str:
    if name == CITY_STYLE:
        raise ValueError(f"{name!r} is the name of the style of all layers; a layer needs another id")
    return _identifier(name)


LayerId = Annotated[str, AfterValidator(_layer_id)]
Name = Annotated[str, AfterValidator(_identifier)]


class Declared(BaseModel):
    """Base of all declarations: immutable, and nothing unknown passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Titled(Declared):
    """A text in the two languages of the interface."""

    zh: str
    en: str

    def get(self, language: str) -> str:
        """Return the text in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


class FieldType(StrEnum):
    """Type of a property, as clients see it."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    # Of texts.
    ARRAY = "array"


class GeometryType(StrEnum):
    """Simple-feature type of a layer's geometry."""

    POINT = "point"
    LINESTRING = "linestring"
    POLYGON = "polygon"
    MULTIPOINT = "multipoint"
    MULTILINESTRING = "multilinestring"
    MULTIPOLYGON = "multipolygon"
    GEOMETRY = "geometry"

    @property
    def dimension(self) -> int | None:
        """0 for points, 1 for lines, 2 for areas, None for a mixture."""
        single = self.value.removeprefix("multi")
        return {"point": 0, "linestring": 1, "polygon": 2}.get(single)

    @property
    def simple_feature(self) -> str:
        """Name in the spelling of Simple Features and GeoJSON, such as ``MultiLineString``."""
        multi, single = (
            ("Multi", self.value.removeprefix("multi")) if self.value.startswith("multi") else ("", self.value)
        )
        return multi + {"linestring": "LineString"}.get(single, single.capitalize())


class KeyType(StrEnum):
    """Type of a layer's feature id."""

    INTEGER = "integer"
    TEXT = "text"
    UUID = "uuid"


class LayerField(Declared):
    """One property of a layer.

    Attributes
    ----------
    name
        Name on the wire and of the column.
    unit
        UCUM unit such as ``m``, ``mm``, ``m2``; None where the number has none.
    codes
        Id of the code list that gives the values their meaning.
    queryable
        Whether clients may filter by it.
    indexed
        Whether a filter by it is served by an index.
    searchable
        Whether a search by text (``q``) looks into it: names and full addresses.
    """

    name: str
    type: FieldType
    title: Titled
    unit: str | None = None
    codes: str | None = None
    queryable: bool = True
    indexed: bool = False
    searchable: bool = False


class LayerKey(Declared):
    """The column that identifies a feature."""

    column: str = "id"
    type: KeyType = KeyType.INTEGER


class LayerGeometry(Declared):
    """The geometry columns of a layer.

    Attributes
    ----------
    column
        Canonical geometry in EPSG:4490.
    web_column, grid_column
        Stored copies in EPSG:3857 and EPSG:4548; None where the layer keeps none.
    label_column
        One point of each area in EPSG:3857, where its name is written; None where names follow the geometry.
    has_z
        Whether coordinates carry a height in metres.
    """

    type: GeometryType
    column: str = "geom"
    web_column: str | None = None
    grid_column: str | None = None
    label_column: str | None = None
    has_z: bool = False


class ZoomRange(Declared):
    """Zooms at which tiles of a layer exist; larger zooms are drawn from ``max``."""

    min: int = Field(ge=0, le=24)
    max: int = Field(ge=0, le=24)

    @model_validator(mode="after")
    def _ordered(self) -> "ZoomRange":
        if self.min > self.max:
            raise ValueError(f"zoom min {self.min} is above max {self.max}")
        return self


class StyleLayer(Declared):
    """One drawing rule, in the words of the MapLibre style specification without source and id."""

    type: str
    paint: dict[str, Any] = {}
    layout: dict[str, Any] = {}
    filter: list[Any] | None = None
    minzoom: float | None = None
    maxzoom: float | None = None


VALID_FROM: Final = "valid_from"
VALID_TO: Final = "valid_to"
TIME_TITLES: Final = {
    VALID_FROM: Titled(zh="生效时间", en="Valid from"),
    VALID_TO: Titled(zh="失效时间", en="Valid to"),
}


class Layer(Declared):
    """One layer of the city.

    Attributes
    ----------
    id
        Name in every URL.
    group
        Id of the group in the layer tree.
    db_schema, table
        Where its rows are.
    time_column
        Column of type ``tstzrange`` with the valid time; None for a layer without time.
    rank
        Order in the layer tree and of drawing: a higher rank lies above.
    synthetic
        True where the content is generated, so that nobody takes it for a survey.
    """

    id: LayerId
    title: Titled
    description: Titled
    group: str
    db_schema: str
    table: str
    key: LayerKey = LayerKey()
    geometry: LayerGeometry
    fields: tuple[LayerField, ...]
    time_column: str | None = None
    zoom: ZoomRange
    rank: int
    attribution: str | None = None
    synthetic: bool = False
    visible: bool = True
    style: tuple[StyleLayer, ...]

    @model_validator(mode="after")
    def _unique_fields(self) -> "Layer":
        names = [field.name for field in self.fields]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise ValueError(f"layer {self.id}: fields named twice: {sorted(doubled)}")
        return self

    def field(self, name: str) -> LayerField | None:
        """Return the field of a name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    @cached_property
    def queryables(self) -> tuple[LayerField, ...]:
        """Fields that clients may filter by."""
        return tuple(field for field in self.fields if field.queryable)

    @cached_property
    def sortables(self) -> tuple[LayerField, ...]:
        """Fields by which clients may order."""
        return tuple(field for field in self.queryables if field.type is not FieldType.ARRAY)

    @cached_property
    def time_fields(self) -> tuple[LayerField, ...]:
        """The ends of the valid time as fields, where the layer has one; they are no columns of their own."""
        if self.time_column is None:
            return ()
        return tuple(LayerField(name=name, type=FieldType.DATETIME, title=title) for name, title in TIME_TITLES.items())

    @cached_property
    def searchables(self) -> tuple[LayerField, ...]:
        """Fields that a text search reads: those declared so, else every text that is no code."""
        texts = [field for field in self.queryables if field.type is FieldType.STRING]
        declared = [field for field in texts if field.searchable]
        return tuple(declared or (field for field in texts if field.codes is None))


class Group(Declared):
    """A branch of the layer tree."""

    id: Name
    title: Titled


class CodeList(Declared):
    """The values of a coded property and what they mean.

    Attributes
    ----------
    source
        Standard, edition and clause; the city's own lists say so.
    """

    id: Name
    title: Titled
    source: str
    values: dict[str, Titled]

"""What the form above a table of features shows: what was asked, as typed, and the same for other programs."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from api.forms.commands import NOT_IN_FILES, curl_line, ogr2ogr_line
from api.forms.example import example
from api.forms.fields import asked_field, asked_fields, measured_in, own_fields
from api.forms.hints import Failed, Hint, hints
from api.forms.qgis import Compiled, compiled, request_url
from api.forms.rows import Row, all_of, equality, plain_row, rows_of
from api.forms.times import in_beijing
from api.params.features import ITEMS_PARAMETERS
from api.params.place import bbox, crs
from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import FieldType, LayerField
from spatial.crs import CGCS2000, EPSG4490, OFFERED, Crs, same_numbers
from spatial.errors import InvalidInput
from spatial.geometry import BBox
from spatial.query.cql2.parse import parse_json, parse_text
from spatial.query.cql2.words import Lang, Node
from spatial.query.cql2.write import to_text
from spatial.query.feature import property_names

WORDS: Final = frozenset(ITEMS_PARAMETERS)
HIDDEN: Final = ("f", "lang", "bbox-crs", "filter-lang", "filter-crs", "zoom-level", "skipGeometry")
"""Parameters that the form has no field for, and keeps."""
PAGE_SIZES: Final = ("10", "50", "100", "500")
NOT_IN_QGIS: Final = ("q", "datetime", "sortby", "properties", "zoom-level", "skipGeometry")
"""Parameters that QGIS never sends."""


class ItemsForm:
    """The form of one request.

    Parameters
    ----------
    query
        Parameters as they were sent.
    url
        Address of the layer's items, without parameters.
    choices
        Codes with their meanings, by property.
    sample
        Properties of a feature, from which an example takes its values.
    problem
        The problem document that answers the request; None where it succeeded.
    """

    def __init__(
        self,
        layer: PublishedLayer,
        query: list[tuple[str, str]],
        *,
        url: str,
        language: str,
        choices: Mapping[str, list[tuple[str, str]]],
        sample: Mapping[str, Any] | None = None,
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        self.layer = layer
        self.pairs = [(name, value) for name, value in query if value]
        self.given = dict(self.pairs)
        self.problem = problem
        self._url = url
        self._language = language
        self._choices = choices
        self._sample = sample or {}

    @property
    def is_filtered(self) -> bool:
        """Whether the request may leave features out."""
        return bool(self.given.keys() - (WORDS - {"bbox", "datetime", "filter", "q"}))

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Parameters that the form keeps without showing them."""
        return [(name, self.given[name]) for name in HIDDEN if name in self.given]

    @property
    def is_wrong(self) -> dict[str, bool]:
        """The parameter that the problem names."""
        field = self.problem.get("field") if self.problem else None
        return {field: True} if field else {}

    # Choices

    @property
    def page_sizes(self) -> list[str]:
        """Page sizes on offer, with the one that was asked for."""
        asked = self.given.get("limit", "")
        return [*PAGE_SIZES, *([asked] if asked and asked not in PAGE_SIZES else [])]

    @property
    def systems(self) -> list[tuple[str, str]]:
        """Reference systems of an answer and their names, the default with an empty value first."""
        default, *others = (OFFERED[uri] for uri in self.layer.offered_crs)
        known = [("", default.title), *((one.uri, f"EPSG:{one.srid} {one.title}") for one in others)]
        asked = self.given.get("crs", "")
        return known if asked in {uri for uri, _ in known} else [*known, (asked, asked)]

    @property
    def orders(self) -> list[tuple[str, str]]:
        """Orders on offer: each property upwards and downwards, with the one that was asked for."""
        definition = self.layer.definition
        names = ["id", *(field.name for field in (*definition.sortables, *definition.time_fields))]
        ways = (("", "↑"), ("-", "↓"))
        both = [(sign + name, f"{self.title(name)} {arrow}") for name in names for sign, arrow in ways]
        asked = self.order
        known = [("", self._say("默认（id）", "Default (id)")), *both]
        return known if asked in {value for value, _ in known} else [*known, (asked, asked)]

    @property
    def order(self) -> str:
        """The order that was asked for, as the form writes it."""
        return ",".join(part.lstrip("+ ") for part in self.given.get("sortby", "").split(","))

    def sorted_by(self, name: str) -> str:
        """Return ``ascending`` or ``descending`` where the table is sorted by a column first, else nothing."""
        first = self.order.split(",")[0] or "id"
        return "" if first.lstrip("-") != name else ("descending" if first.startswith("-") else "ascending")

    def can_sort(self, name: str) -> bool:
        """Tell whether the table can be sorted by a column."""
        definition = self.layer.definition
        return name == "id" or any(field.name == name for field in (*definition.sortables, *definition.time_fields))

    @property
    def properties(self) -> list[tuple[str, str]]:
        """Names and titles of all properties."""
        return [(name, self.title(name)) for name in property_names(self.layer.definition)]

    def title(self, name: str) -> str:
        """Return the title of a property, the id and the valid time included."""
        definition = self.layer.definition
        field = definition.field(name) or asked_field(definition, name)
        return field.title.get(self._language) if field else name

    @property
    def own_given(self) -> list[LayerField]:
        """The id and the ends of the valid time, as far as they were given as plain parameters."""
        return [field for field in own_fields(self.layer.definition) if field.name in self.given]

    @property
    def moment(self) -> str:
        """The time that was asked for, in Beijing time where it was a day."""
        return in_beijing(self.given.get("datetime", ""))

    # The condition

    @cached_property
    def _own(self) -> Node | None:
        """The filter that was typed; None where there is none or it cannot be read."""
        source = self.given.get("filter")
        if not source:
            return None
        is_json = self.given.get("filter-lang") == Lang.JSON.value
        try:
            return parse_json(source) if is_json else parse_text(source)
        except InvalidInput:
            return None

    @cached_property
    def _tree(self) -> Node | None:
        """The plain parameters and the filter as one filter; None where there is none or it cannot be read."""
        if self._own is None and "filter" in self.given:
            return None
        try:
            plain = equality(self.given, self.layer.definition, reserved=WORDS)
        except InvalidInput:
            return None
        return all_of([*plain, *([] if self._own is None else [self._own])])

    @cached_property
    def text(self) -> str:
        """The whole condition as CQL2 text; empty where there is none or it cannot be read."""
        try:
            return "" if self._tree is None else to_text(self._tree)
        except InvalidInput:
            return ""

    @property
    def script(self) -> dict[str, Any]:
        """What the page's script needs to build its rows."""
        found = self._rows()
        fields = [
            {
                "name": field.name,
                "title": field.title.get(self._language),
                "type": field.type.value,
                "unit": measured_in(field, self._language),
                "choices": self._choices.get(field.name, []),
            }
            for field in asked_fields(self.layer.definition)
            if field.type is not FieldType.ARRAY and field.name not in WORDS
        ]
        rows = None if found is None else [[one.name, one.operator, list(one.values)] for one in found[1]]
        joined = found[0] if found else "and"
        return {"fields": fields, "rows": rows, "joined": joined, "text": self._typed or self.text}

    @property
    def _typed(self) -> str:
        """The filter as typed, where that is the whole condition, or where it cannot be read."""
        is_alone = self.given.get("filter-lang") != Lang.JSON.value and self._tree == self._own
        return self.given.get("filter", "") if is_alone or not self.text else ""

    @property
    def example(self) -> str:
        """A filter that this layer understands and, as far as can be known, some feature meets."""
        return " AND ".join(map(to_text, example(self.layer.definition, self._choices, self._sample)))

    @property
    def summary(self) -> str:
        """What is asked, in a line."""
        shown = self.given | ({"datetime": self.moment} if self.moment else {})
        said = [f"{name}={shown[name]}" for name in ("q", "datetime", "bbox") if name in shown]
        return "; ".join([*([self._typed or self.text] if self._typed or self.text else []), *said])

    def _rows(self) -> tuple[str, tuple[Row, ...]] | None:
        """Return what was asked as rows; None where only CQL2 says it. Plain values stay as typed, right or wrong."""
        fields = asked_fields(self.layer.definition)
        named = [field for field in fields if field.name in self.given and field.name not in WORDS]
        plain = tuple(row for field in named if (row := plain_row(field, self.given[field.name])))
        if len(plain) < len(named):
            return None
        if "filter" not in self.given:
            return "and", plain
        found = None if self._own is None else rows_of(self._own, self.layer.definition)
        if found is None or (plain and found[0] == "or"):
            return None
        return found[0], (*plain, *found[1])

    # The map

    @property
    def extent(self) -> tuple[float, ...]:
        """Where the layer lies: west, south, east, north in degrees; nothing for an empty layer."""
        return _corners(self.layer.extent)

    @property
    def box(self) -> tuple[float, ...]:
        """The box that was asked for, where it is one in degrees."""
        asked = bbox(self.given)
        return _corners(asked) if asked and same_numbers(asked.srid, CGCS2000) else ()

    @property
    def hints(self) -> list[Hint]:
        """Why nothing may have matched."""
        asked = bbox(self.given)
        return hints(
            Failed(
                given=self.given,
                filter=self._own,
                fields=asked_fields(self.layer.definition),
                choices=self._choices,
                extent=self.layer.extent,
                box=asked if asked and self.box else None,
                language=self._language,
                say=self._say,
            )
        )

    # The same for other programs

    @property
    def curl(self) -> str:
        """A line that prints this page as GeoJSON."""
        return curl_line(self._url, self.pairs)

    @property
    def ogr2ogr(self) -> str:
        """A line that fetches everything that matches into a GeoPackage."""
        return ogr2ogr_line(self._url, self.layer.definition.id, self.pairs, crs=crs(self.given))

    @property
    def qgis_crs(self) -> Crs:
        """The reference system in which QGIS asks: the chosen one, else that of storage."""
        return crs(self.given, default=EPSG4490)

    @cached_property
    def _compiled(self) -> Compiled | None:
        if self._tree is None:
            return None
        return compiled(self._tree, self.qgis_crs, coordinates=crs(self.given, "filter-crs"))

    @property
    def qgis(self) -> str:
        """The request that QGIS would send."""
        return request_url(self._url, filter_=self._compiled, bbox=bbox(self.given), crs=self.qgis_crs)

    @property
    def qgis_checks_itself(self) -> bool:
        """Whether QGIS cannot say a part of the filter, and so checks it after it has fetched the features."""
        return self._compiled is not None and not self._compiled.is_whole

    @property
    def not_in_qgis(self) -> list[str]:
        """Given parameters that QGIS never sends."""
        return [name for name in NOT_IN_QGIS if name in self.given]

    def in_file(self, form: str, **more: str) -> dict[str, str | None]:
        """Return what changes in this page's address for a file of everything that matches."""
        return {name: None for name in NOT_IN_FILES if name != "f"} | {"f": form} | more

    def _say(self, zh: str, en: str) -> str:
        return en if self._language == "en" else zh


def _corners(box: BBox | None) -> tuple[float, ...]:
    return (box.west, box.south, box.east, box.north) if box and not box.crosses_antimeridian else ()

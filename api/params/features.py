"""Everything that may be asked of the features of a layer, from a query string or from a JSON body."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from typing import Any, Final

from api.params.common import COMMON_PARAMETERS, flag, whole_number
from api.params.cursor import read_cursor
from api.params.moment import interval
from api.params.place import bbox, crs
from api.params.values import read_datetime, value_of
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import VALID_FROM, VALID_TO, KeyType, Layer, LayerField
from spatial.errors import InvalidInput
from spatial.export.types import Encoding, ExportOptions
from spatial.query.cql2.filter import Filter, Lang, read_filter
from spatial.query.feature import property_names
from spatial.query.types import ItemsQuery, Look, SortKey, Value

FILTER_PARAMETERS: Final = ("bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs", "q")
"""What chooses features."""
LOOK_PARAMETERS: Final = ("crs", "properties", "skipGeometry", "zoom-level")
"""How they are written."""
PAGE_PARAMETERS: Final = ("limit", "offset", "cursor", "sortby", "resulttype")
"""Which of them."""
FILE_PARAMETERS: Final = ("bom", "encoding")
"""What only files know: the byte-order mark of a CSV, the character encoding of a shapefile."""
ITEMS_PARAMETERS: Final = (
    *COMMON_PARAMETERS,
    *PAGE_PARAMETERS,
    *FILTER_PARAMETERS,
    *LOOK_PARAMETERS,
    *FILE_PARAMETERS,
)
"""What a page of features understands besides its properties; a property of the same name cannot be asked by it."""

CONDITIONS: Final = frozenset(("filter", "filter-lang", "filter-crs", "id", VALID_FROM, VALID_TO))
"""Names of which any may bring a CQL2 condition, or is to be checked beside one."""
LOOKS: Final = frozenset(LOOK_PARAMETERS)

FILE_OWNERS: Final = {"bom": "csv", "encoding": "shp"}
BOM_HINT: Final = " A CSV is UTF-8; bom=true makes Excel read it so."

LIMIT_DEFAULT: Final = 10
LIMIT_MAX: Final = 100_000
FILE_LIMIT_MAX: Final = 2**53
"""More than any layer holds, and so far below the end of PostgreSQL's bigint that an offset can be added."""
OFFSET_MAX: Final = 100_000
ZOOM_MAX: Final = 24
COMMA: Final = re.compile("[,，、]")
TERMS_MAX: Final = 10
TERM_LENGTH_MAX: Final = 100
SORT_KEYS_MAX: Final = 8
RESULT_TYPES: Final = ("results", "hits")


def features_query(
    query: Mapping[str, Any], catalogue: Catalogue, layer: PublishedLayer, *, is_file: bool = False
) -> ItemsQuery:
    """Read what is asked of a layer's features.

    Parameters
    ----------
    query
        Parameters by name: texts of a query string, or members of a body, where ``filter`` may be an object and
        ``sortby``, ``properties`` and ``q`` lists.
    is_file
        True where everything that matches is wanted unless ``limit`` is given.
    """
    # Most requests name few parameters; what is not named is not read.
    definition = layer.definition
    sort = _sort(query, definition) if "sortby" in query else ()
    return ItemsQuery(
        limit=_limit(query, is_file=is_file),
        bbox=bbox(query) if "bbox" in query or "bbox-crs" in query else None,
        interval=interval(query) if "datetime" in query else None,
        equals=_equals(query, layer),
        condition=_condition(query, catalogue, layer) if not CONDITIONS.isdisjoint(query) else None,
        text=_terms(query) if "q" in query else (),
        sort=sort,
        cursor=read_cursor(query, definition, sort) if "cursor" in query else None,
        offset=_offset(query) if "offset" in query else 0,
        look=_look(query, layer) if not LOOKS.isdisjoint(query) else _default_look(layer),
    )


@lru_cache(maxsize=256)
def known_parameters(layer: PublishedLayer) -> frozenset[str]:
    """Return the names that a layer's items understand."""
    definition = layer.definition
    fields = (field.name for field in definition.queryables)
    return frozenset((*ITEMS_PARAMETERS, *own_queryables(definition), *fields))


def is_hits(query: Mapping[str, Any]) -> bool:
    """Tell whether only the number of matches is wanted."""
    asked = query.get("resulttype", RESULT_TYPES[0])
    if asked not in RESULT_TYPES:
        raise InvalidInput(f"resulttype is {' or '.join(RESULT_TYPES)}.", field="resulttype")
    return bool(asked == "hits")


def file_options(query: Mapping[str, Any], form: str) -> ExportOptions:
    """Read what only files know: each is refused where it would be without effect."""
    for name, owner in FILE_OWNERS.items():
        if name in query and form != owner:
            raise InvalidInput(f"{name} is of f={owner} only.{BOM_HINT if form == 'csv' else ''}", field=name)
    encoding = query.get("encoding", Encoding.UTF8.value)
    if encoding not in set(Encoding):
        raise InvalidInput(f"encoding is {' or '.join(Encoding)}.", field="encoding")
    return ExportOptions(bom=flag(query, "bom"), encoding=Encoding(encoding))


def _limit(query: Mapping[str, Any], *, is_file: bool) -> int | None:
    """Read ``limit``; a larger number than the maximum means the maximum (OGC 17-069r4, /req/core/fc-limit)."""
    text = query.get("limit")
    if text is None:
        return None if is_file else LIMIT_DEFAULT
    asked = whole_number("limit", text, low=1)
    return min(asked, FILE_LIMIT_MAX if is_file else LIMIT_MAX)


def _offset(query: Mapping[str, Any]) -> int:
    """Read ``offset``, for clients that page by number; deep paging goes by the ``next`` link."""
    number = whole_number("offset", query.get("offset", "0"), low=0)
    if number > OFFSET_MAX:
        raise InvalidInput(f"offset may be at most {OFFSET_MAX}; follow the 'next' links instead.", field="offset")
    if number and "cursor" in query:
        raise InvalidInput("offset and cursor exclude each other; a cursor says where the page begins.", field="offset")
    return number


def _equals(query: Mapping[str, Any], layer: PublishedLayer) -> tuple[tuple[LayerField, Value], ...]:
    """Read every queryable property that is named."""
    fields = _plain_fields(layer)
    return tuple([(fields[name], value_of(fields[name], text)) for name, text in query.items() if name in fields])


@lru_cache(maxsize=256)
def _plain_fields(layer: PublishedLayer) -> dict[str, LayerField]:
    """Return the properties that are parameters of their own names."""
    return {field.name: field for field in layer.definition.queryables if field.name not in ITEMS_PARAMETERS}


@lru_cache(maxsize=256)
def _default_look(layer: PublishedLayer) -> Look:
    return Look(crs=layer.default_crs)


def _filter(query: Mapping[str, Any], catalogue: Catalogue, layer: PublishedLayer) -> Filter | None:
    """Read ``filter`` in the language of ``filter-lang``, with coordinates in ``filter-crs``."""
    source = query.get("filter")
    default = Lang.JSON if isinstance(source, Mapping) else Lang.TEXT
    asked = query.get("filter-lang", default.value)
    if asked not in set(Lang):
        raise InvalidInput(f"filter-lang is {' or '.join(Lang)}.", field="filter-lang")
    lang = Lang(asked)
    filter_crs = crs(query, "filter-crs")
    if source is None:
        return None
    if lang is Lang.TEXT and not isinstance(source, str):
        raise InvalidInput("filter is an object, so filter-lang must be cql2-json.", field="filter-lang")
    return read_filter(catalogue, layer, source, lang=lang, crs=filter_crs)


def _condition(query: Mapping[str, Any], catalogue: Catalogue, layer: PublishedLayer) -> Filter | None:
    """Read ``filter`` and the queryables that are no columns of their own: id, ``valid_from``, ``valid_to``."""
    given = _filter(query, catalogue, layer)
    own = [_own(name, query[name], layer.definition) for name in own_queryables(layer.definition) if name in query]
    if not own:
        return given
    parts = [given.ast, *own] if given else own
    whole = {"op": "and", "args": parts} if len(parts) > 1 else parts[0]
    return read_filter(catalogue, layer, whole, lang=Lang.JSON, crs=crs(query, "filter-crs"))


def own_queryables(layer: Layer) -> tuple[str, ...]:
    """Return the queryables that every layer of its kind has besides its fields."""
    return ("id", VALID_FROM, VALID_TO) if layer.time_column else ("id",)


def _own(name: str, text: str, layer: Layer) -> dict[str, Any]:
    """Return one of them as a CQL2 equality."""
    value: Any = text
    if name == "id" and layer.key.type is KeyType.INTEGER:
        value = whole_number(name, text, low=0)
    elif name != "id":
        # Not strftime, which writes the year 779 with three digits.
        moment = read_datetime(name, text).astimezone(UTC).replace(tzinfo=None)
        value = {"timestamp": f"{moment.isoformat(timespec='microseconds')}Z"}
    return {"op": "=", "args": [{"property": name}, value]}


def _terms(query: Mapping[str, Any]) -> tuple[str, ...]:
    """Read ``q``: texts of which one must occur."""
    given = query.get("q")
    # People write Chinese commas, too.
    parts = COMMA.split(given) if isinstance(given, str) and given else given or ()
    terms = tuple(term.strip() for term in parts)
    if len(terms) > TERMS_MAX or any(len(term) > TERM_LENGTH_MAX for term in terms):
        raise InvalidInput(f"q takes {TERMS_MAX} terms of {TERM_LENGTH_MAX} characters at most.", field="q")
    if any(not term or "\x00" in term for term in terms):
        raise InvalidInput("q has an empty term; write the terms with commas between them.", field="q")
    return terms


def _sort(query: Mapping[str, Any], layer: Layer) -> tuple[SortKey, ...]:
    """Read ``sortby``: names with ``+`` (or nothing) for ascending and ``-`` for descending."""
    keys = tuple(_sort_key(text, layer) for text in _listed(query, "sortby"))
    names = [one.field.name if one.field else "id" for one in keys]
    if len(set(names)) < len(names):
        raise InvalidInput("sortby names a property twice.", field="sortby")
    if len(keys) > SORT_KEYS_MAX:
        raise InvalidInput(f"sortby takes {SORT_KEYS_MAX} properties at most.", field="sortby")
    # No two features share an id, so nothing after it matters.
    end = names.index("id") + 1 if "id" in names else len(keys)
    return keys[:end]


def _sort_key(text: str, layer: Layer) -> SortKey:
    # A + of a query string arrives as a space.
    name = text[1:] if text[:1] in ("+", "-", " ") else text
    is_descending = text.startswith("-")
    sortables = {field.name: field for field in (*layer.sortables, *layer.time_fields)}
    if name == "id":
        return SortKey(None, is_descending)
    if name not in sortables:
        word, _, direction = name.strip().partition(" ")
        hint = f" For the opposite order write -{word}." if direction.lower() in {"asc", "desc"} else ""
        raise InvalidInput(
            f"sortby: {name!r} is not a sortable property.{hint} Sortable: {', '.join(['id', *sortables])}.",
            field="sortby",
        )
    return SortKey(sortables[name], is_descending)


def _look(query: Mapping[str, Any], layer: PublishedLayer) -> Look:
    return Look(
        crs=crs(query, default=layer.default_crs, offered=layer.offered_crs),
        properties=_properties(query, layer.definition),
        has_geometry=not flag(query, "skipGeometry"),
        zoom=_zoom(query),
    )


def _properties(query: Mapping[str, Any], layer: Layer) -> tuple[str, ...] | None:
    """Read ``properties``: the names that are wanted, in the layer's own order."""
    if "properties" not in query:
        return None
    wanted = set(_listed(query, "properties"))
    names = property_names(layer)
    unknown = sorted(wanted - set(names))
    if unknown:
        raise InvalidInput(
            f"properties: there is no property {unknown[0]!r}. There are: {', '.join(names)}.", field="properties"
        )
    return tuple(name for name in names if name in wanted)


def _zoom(query: Mapping[str, Any]) -> int | None:
    text = query.get("zoom-level")
    if text is None:
        return None
    zoom = whole_number("zoom-level", text, low=0)
    if zoom > ZOOM_MAX:
        raise InvalidInput(f"zoom-level runs from 0 to {ZOOM_MAX}.", field="zoom-level")
    return zoom


def _listed(query: Mapping[str, Any], name: str) -> Sequence[str]:
    """Return the parts of a list: a text with commas, or a list as it is."""
    value = query.get(name)
    if value is None or value == "":
        return ()
    return value.split(",") if isinstance(value, str) else value

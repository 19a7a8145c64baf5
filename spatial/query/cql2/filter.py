"""A CQL2 filter on one layer: read, checked and compiled once, then bound for each statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.crs import CRS84, Crs
from spatial.errors import InvalidInput
from spatial.query.binds import Binds
from spatial.query.cql2.city import city_functions
from spatial.query.cql2.compile import Compiler
from spatial.query.cql2.expression import Expression
from spatial.query.cql2.functions import GENERAL, FunctionDescription
from spatial.query.cql2.logic import truth
from spatial.query.cql2.lookups import Lookup, check
from spatial.query.cql2.parse import parse_json, parse_text
from spatial.query.cql2.properties import property_names
from spatial.query.cql2.slips import slip_in
from spatial.query.cql2.words import Lang
from spatial.query.cql2.write import to_text
from spatial.query.types import Fetcher

FILTERS_KEPT: Final = 256
"""Compiled text filters; people and maps ask the same one again and again."""
SLIPS_BYTES_MAX: Final = 8192
"""What people type is shorter."""

__all__ = ["Filter", "FunctionDescription", "Lang", "Lookup", "describe_functions", "read_filter"]


@dataclass(frozen=True, eq=False)
class Filter:
    """A condition of CQL2, compiled for one layer.

    Attributes
    ----------
    ast
        The checked filter as CQL2 JSON.
    text
        The filter as CQL2 text, written in one way; with the reference system of its geometries where that is not
        CRS84. Results are remembered by it.
    row_cost_us
        About how long PostgreSQL works on it for one row, where no index helps.
    reads_other_layers
        Whether an answer also depends on other layers.
    lookups
        Regions and addresses that it names; :meth:`check` asks whether they exist.
    """

    ast: Any
    text: str
    row_cost_us: float
    reads_other_layers: bool
    compiled: Expression
    lookups: tuple[Lookup, ...] = ()

    def sql(self, binds: Binds) -> str:
        """Return the condition over the alias ``t``, its values bound."""
        return self.compiled.sql(binds)

    async def check(self, conn: Fetcher) -> None:
        """Refuse a filter that names regions or addresses which do not exist.

        Once for each state of the catalogue is enough.

        Raises
        ------
        InvalidInput
            One does not; the sentence says where those that exist are listed.
        """
        await check(conn, self.lookups)


class _Key:
    """A catalogue and a layer of it, equal to the same two objects only."""

    def __init__(self, catalogue: Catalogue, layer: PublishedLayer) -> None:
        self.catalogue = catalogue
        self.layer = layer

    def __hash__(self) -> int:
        return hash((id(self.catalogue), id(self.layer)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.catalogue is other.catalogue and self.layer is other.layer


def read_filter(
    catalogue: Catalogue, layer: PublishedLayer, source: str | Mapping[str, Any], *, lang: Lang, crs: Crs
) -> Filter:
    """Read a filter for a layer.

    Parameters
    ----------
    source
        CQL2 text or JSON, or JSON already decoded.
    crs
        Reference system of the geometries in the filter, whose axis order they follow.

    Raises
    ------
    InvalidInput
        It is not CQL2, or asks for something that the layer has not; the sentence says what and what would be right.
    """
    if isinstance(source, str):
        return _read_text(_Key(catalogue, layer), source, lang, crs)
    return _compiled(catalogue, layer, parse_json(source), crs)


@lru_cache(maxsize=FILTERS_KEPT)
def _read_text(key: _Key, source: str, lang: Lang, crs: Crs) -> Filter:
    if lang is Lang.JSON:
        return _compiled(key.catalogue, key.layer, parse_json(source), crs)
    try:
        return _compiled(key.catalogue, key.layer, parse_text(source), crs)
    except InvalidInput as error:
        slip = slip_in(source, property_names(key.layer)) if len(source) <= SLIPS_BYTES_MAX else None
        raise (slip or error) from error


def _compiled(catalogue: Catalogue, layer: PublishedLayer, tree: Any, crs: Crs) -> Filter:
    compiler = Compiler(catalogue, layer, crs)
    condition = truth(compiler.operand(tree))
    text = _text(tree)
    if crs.srid != CRS84.srid or crs.swaps_axes:
        text = f"{text} [{crs.uri}]"
    return Filter(tree, text, condition.cost_us, condition.other_layers, condition, tuple(compiler.lookups.values()))


def _text(tree: Any) -> str:
    try:
        return to_text(tree)
    except InvalidInput:
        # A text that ends with a backslash; CQL2 text has no words for it.
        return json.dumps(tree, ensure_ascii=False)


def describe_functions(catalogue: Catalogue) -> list[FunctionDescription]:
    """Return the functions that filters may call in this city, in the order of their names."""
    found = {name: one.description for name, one in GENERAL.items()} | city_functions(catalogue)
    return [found[name] for name in sorted(found)]

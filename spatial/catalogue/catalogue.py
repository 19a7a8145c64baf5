"""The catalogue in memory: one immutable picture of every layer at one version."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from spatial.catalogue.density import Density
from spatial.catalogue.errors import UnknownLayer
from spatial.catalogue.types import CodeList, Group, Layer
from spatial.crs import CGCS2000, CRS84, CRS84H, OFFERED, Crs
from spatial.geometry import BBox, surrounding

LOAD_SQL: Final = files("spatial.catalogue").joinpath("sql/load.sql").read_text(encoding="utf-8")
"""Returns the text that :func:`catalogue_from_json` reads; sync and async callers run the same."""


@dataclass(frozen=True, eq=False)
class PublishedLayer:
    """A layer and what is known of its content; equal only to itself, so that what follows from it can be kept by it.

    Attributes
    ----------
    extent
        Box of all features in EPSG:4490; None for an empty layer.
    data_version
        Grows with every change of the content.
    feature_count
        Exact at ``data_version``.
    """

    definition: Layer
    origin: str
    data_version: int
    changed_at: datetime
    feature_count: int
    extent: BBox | None
    valid_from: datetime | None
    valid_to: datetime | None
    density: Density | None

    @property
    def default_crs(self) -> Crs:
        """Reference system of an answer when none is asked for: CRS84, with heights CRS84h."""
        return CRS84H if self.definition.geometry.has_z else CRS84

    @cached_property
    def offered_crs(self) -> tuple[str, ...]:
        """URIs of the systems in which the layer may be asked, the default first; CRS84h for heights only."""
        heights = {CRS84H.uri} if not self.definition.geometry.has_z else set()
        others = (uri for uri in OFFERED if uri != self.default_crs.uri and uri not in heights)
        return (self.default_crs.uri, *others)

    @cached_property
    def state(self) -> str:
        """The state of the content: equal for equal content.

        A database that was made anew counts its versions from the beginning; the moment tells them apart.
        """
        return f"{self.data_version} {self.changed_at.isoformat()}"

    def estimate(self, box: BBox) -> float:
        """Estimate how many features a box in degrees holds."""
        if self.density is None:
            return float(self.feature_count)
        if box.crosses_antimeridian:
            east = self.density.estimate(box.west, box.south, 180.0, box.north)
            return east + self.density.estimate(-180.0, box.south, box.east, box.north)
        return self.density.estimate(box.west, box.south, box.east, box.north)


@dataclass(frozen=True)
class Catalogue:
    """Every layer, group and code list at one version."""

    version: int
    layers: MappingProxyType[str, PublishedLayer]
    groups: tuple[Group, ...]
    code_lists: MappingProxyType[str, CodeList]

    def layer(self, layer_id: str) -> PublishedLayer:
        """Return a layer by id.

        Raises
        ------
        UnknownLayer
            There is no such layer.
        """
        try:
            return self.layers[layer_id]
        except KeyError:
            raise UnknownLayer(layer_id) from None

    @cached_property
    def extent(self) -> BBox | None:
        """Box of all layers in EPSG:4490."""
        return surrounding([one.extent for one in self.layers.values() if one.extent])


def catalogue_from_json(text: str) -> Catalogue:
    """Build the catalogue from what ``LOAD_SQL`` returns."""
    document = json.loads(text)
    layers = [_published(one) for one in document["layers"]]
    code_lists = [CodeList(**one) for one in document["code_lists"]]
    return Catalogue(
        version=document["version"],
        layers=MappingProxyType({one.definition.id: one for one in layers}),
        groups=tuple(Group(**one) for one in document["groups"]),
        code_lists=MappingProxyType({one.id: one for one in code_lists}),
    )


def _published(row: dict[str, Any]) -> PublishedLayer:
    extent, density = row["extent"], row["density"]
    return PublishedLayer(
        definition=Layer(**row["definition"]),
        origin=row["origin"],
        data_version=row["data_version"],
        changed_at=datetime.fromisoformat(row["changed_at"]),
        feature_count=row["feature_count"],
        extent=_box(extent),
        valid_from=_moment(row["valid_from"]),
        valid_to=_moment(row["valid_to"]),
        density=Density(extent, density) if extent and density else None,
    )


def _box(numbers: list[float] | None) -> BBox | None:
    if not numbers:
        return None
    west, south, east, north = numbers
    return BBox(west, south, east, north, CGCS2000)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

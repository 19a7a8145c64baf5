"""Rows of the sample city, one class a table; field names are column names, save the geometry's.

Named tuples rather than dataclasses: a city has millions of them, and they are made three times as fast. Regions and
grids carry ``geom`` in EPSG:4490 because neighbours must share every vertex; all else lies in EPSG:4548 metres
until it is written. ``since`` is the day from which a row is valid.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shapely import Geometry

from address.types import AddressKind
from spatial.pipelines.types import BuryMethod, DepthPoint, PipeKind
from spatial.places.types import BuildingUse, EstateKind, LandUse, ManagedLevel, RegionLevel, RoadClass


class RegionLegalRow(NamedTuple):
    """A legal region."""

    code: str
    name: str
    full_name: str
    level: RegionLevel
    parent_code: str | None
    since: str
    geom: Geometry


class RegionManagedRow(NamedTuple):
    """A zone, or a street or community of one."""

    code: str
    name: str
    full_name: str
    level: ManagedLevel
    parent_code: str | None
    legal_county_code: str | None
    since: str
    geom: Geometry


class GridRow(NamedTuple):
    """A unit grid."""

    code: str
    name: str
    region_code: str
    area_m2: float
    since: str
    geom: Geometry


class RoadRow(NamedTuple):
    """A stretch of road."""

    code: str
    name: str
    road_class: RoadClass
    width_m: float
    lanes: int
    length_m: float
    since: str
    geom: Geometry


class EstateRow(NamedTuple):
    """An estate or a phase of one."""

    code: str
    name: str
    kind: EstateKind
    phase: int | None
    parent_code: str | None
    region_code: str
    managed_code: str | None
    area_m2: float
    since: str
    geom: Geometry


class BuildingRow(NamedTuple):
    """A building."""

    code: str
    name: str | None
    number: str | None
    estate_code: str | None
    use: BuildingUse
    floors: int
    floors_below: int
    height_m: float
    built_year: int | None
    area_m2: float
    region_code: str
    managed_code: str | None
    since: str
    geom: Geometry


class ParcelRow(NamedTuple):
    """A parcel."""

    code: str
    land_use: LandUse
    area_m2: float
    floor_area_ratio: float | None
    region_code: str
    since: str
    geom: Geometry


class AddressRow(NamedTuple):
    """An address at ``x``, ``y``."""

    code: str
    kind: AddressKind
    full_text: str
    label: str
    parent_code: str | None
    road_name: str | None
    number: int | None
    number_suffix: str | None
    estate_code: str | None
    building_code: str | None
    unit: str | None
    floor: int | None
    room: str | None
    region_code: str
    managed_code: str | None
    grid_code: str | None
    since: str
    x: float
    y: float


class NodeRow(NamedTuple):
    """A pipe node at ``x``, ``y`` on the ground."""

    code: str
    kind: PipeKind
    feature: str | None
    appendage: str | None
    ground_elevation_m: float
    bottom_depth_m: float | None
    road_name: str | None
    region_code: str
    since: str
    x: float
    y: float
    z: float


class SegmentRow(NamedTuple):
    """A pipe segment between two points of its centre line."""

    code: str
    kind: PipeKind
    start_code: str
    end_code: str
    diameter_mm: int | None
    width_mm: int | None
    height_mm: int | None
    material: str | None
    bury_method: BuryMethod
    depth_point: DepthPoint
    start_depth_m: float
    end_depth_m: float
    start_elevation_m: float
    end_elevation_m: float
    pressure: str | None
    owner: str | None
    built_on: str | None
    length_m: float
    road_name: str | None
    region_code: str
    since: str
    x: float
    y: float
    z: float
    x_end: float
    y_end: float
    z_end: float


@dataclass(frozen=True, slots=True)
class Area:
    """Everything that stands in one community.

    Attributes
    ----------
    code
        12-digit code of the community.
    truths
        What is wrong in the rows on purpose, one JSON object each.
    """

    code: str
    grids: list[GridRow] = field(default_factory=list)
    roads: list[RoadRow] = field(default_factory=list)
    estates: list[EstateRow] = field(default_factory=list)
    buildings: list[BuildingRow] = field(default_factory=list)
    parcels: list[ParcelRow] = field(default_factory=list)
    addresses: list[AddressRow] = field(default_factory=list)
    nodes: list[NodeRow] = field(default_factory=list)
    segments: list[SegmentRow] = field(default_factory=list)
    truths: list[dict[str, Any]] = field(default_factory=list)

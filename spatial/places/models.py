"""Places as the database keeps them: the current state of each."""

from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from spatial.db.base import (
    Code,
    Feature,
    filter_index,
    geom_column,
    grid_column,
    label_column,
    prefix_index,
    search_index,
    web_column,
)
from spatial.places.types import BuildingUse, EstateKind, LandUse, ManagedLevel, RegionLevel, RoadClass


class RegionLegal(Feature):
    """City, county, street or community by law; each level divides the one above without gap or overlap."""

    __tablename__ = "region_legal"

    name: Mapped[str]
    full_name: Mapped[str]
    level: Mapped[RegionLevel] = mapped_column(Code(RegionLevel))
    parent_code: Mapped[str | None]
    geom: Mapped[WKBElement] = geom_column("MULTIPOLYGON")
    geom_web: Mapped[WKBElement] = web_column("MULTIPOLYGON")
    label_web: Mapped[WKBElement] = label_column()

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index the hierarchy."""
        return (
            # Usage: the children of a region, all regions of a level.
            filter_index("parent_code"),
            filter_index("level"),
        )


class RegionManaged(Feature):
    """A development zone, or a street or community that it manages; a second path beside the legal one."""

    __tablename__ = "region_managed"

    name: Mapped[str]
    full_name: Mapped[str]
    level: Mapped[ManagedLevel] = mapped_column(Code(ManagedLevel))
    parent_code: Mapped[str | None]
    # The legal county whose ground it manages; empty where a zone covers several.
    legal_county_code: Mapped[str | None]
    geom: Mapped[WKBElement] = geom_column("MULTIPOLYGON")
    geom_web: Mapped[WKBElement] = web_column("MULTIPOLYGON")
    label_web: Mapped[WKBElement] = label_column()

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index the hierarchy."""
        # Usage: what a zone manages.
        return (filter_index("parent_code"),)


class Grid(Feature):
    """A unit grid (单元网格) of city management: 6 + 3 + 3 + 3 digits, inside one community."""

    __tablename__ = "grid"

    name: Mapped[str]
    region_code: Mapped[str]
    area_m2: Mapped[float]
    geom: Mapped[WKBElement] = geom_column("POLYGON")
    geom_web: Mapped[WKBElement] = web_column("POLYGON")
    label_web: Mapped[WKBElement] = label_column()

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index the hierarchy."""
        # Usage: the grids of a community.
        return (filter_index("region_code"),)


class Road(Feature):
    """A stretch of road between two crossings, or a whole road, by its centre line."""

    __tablename__ = "road"

    name: Mapped[str]
    road_class: Mapped[RoadClass] = mapped_column(Code(RoadClass))
    width_m: Mapped[float]
    lanes: Mapped[int]
    length_m: Mapped[float]
    geom: Mapped[WKBElement] = geom_column("LINESTRING")
    geom_web: Mapped[WKBElement] = web_column("LINESTRING")
    geom_grid: Mapped[WKBElement] = grid_column("LINESTRING")

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index names and metres."""
        return (
            CheckConstraint("width_m > 0", name="width_positive"),
            # Usage: a road by its name, all roads by name.
            filter_index("name"),
            # Usage: the road nearest to a door, the road over a pipe.
            Index(None, "geom_grid", postgresql_using="gist"),
        )


class Estate(Feature):
    """A residential quarter, campus or compound, or one phase (期) of it."""

    __tablename__ = "estate"

    name: Mapped[str]
    kind: Mapped[EstateKind] = mapped_column(Code(EstateKind))
    phase: Mapped[int | None]
    parent_code: Mapped[str | None]
    region_code: Mapped[str]
    managed_code: Mapped[str | None]
    area_m2: Mapped[float]
    geom: Mapped[WKBElement] = geom_column("MULTIPOLYGON")
    geom_web: Mapped[WKBElement] = web_column("MULTIPOLYGON")
    label_web: Mapped[WKBElement] = label_column()

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index names and the hierarchy."""
        return (
            # Usage: an estate by its name, all estates by name.
            filter_index("name"),
            # Usage: the estates of a community.
            filter_index("region_code"),
            # Usage: the phases of an estate.
            filter_index("parent_code"),
        )


class Building(Feature):
    """A building by its footprint."""

    __tablename__ = "building"

    name: Mapped[str | None]
    # The number inside the estate, such as 3 for 3幢.
    number: Mapped[str | None]
    estate_code: Mapped[str | None]
    use: Mapped[BuildingUse] = mapped_column(Code(BuildingUse))
    floors: Mapped[int]
    floors_below: Mapped[int]
    # Ground to roof edge.
    height_m: Mapped[float]
    built_year: Mapped[int | None]
    area_m2: Mapped[float]
    region_code: Mapped[str]
    managed_code: Mapped[str | None]
    geom: Mapped[WKBElement] = geom_column("POLYGON")
    geom_web: Mapped[WKBElement] = web_column("POLYGON")
    label_web: Mapped[WKBElement] = label_column()

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index the hierarchy."""
        return (
            CheckConstraint("floors >= 0 AND floors_below >= 0", name="floors_not_negative"),
            # Usage: the buildings of a community, of an estate, of a use.
            filter_index("region_code"),
            filter_index("estate_code"),
            filter_index("use"),
            # Usage: the highest, oldest and largest; those above a height or before a year.
            filter_index("height_m"),
            filter_index("floors"),
            filter_index("built_year"),
            filter_index("area_m2"),
            # Usage: the buildings of a county or street, by the first digits of the community.
            prefix_index("building", "region_code"),
            # Usage: search by a part of the name.
            search_index("name"),
        )


class Parcel(Feature):
    """A parcel of land by its planned use."""

    __tablename__ = "parcel"

    land_use: Mapped[LandUse] = mapped_column(Code(LandUse))
    area_m2: Mapped[float]
    floor_area_ratio: Mapped[float | None]
    region_code: Mapped[str]
    geom: Mapped[WKBElement] = geom_column("POLYGON")
    geom_web: Mapped[WKBElement] = web_column("POLYGON")

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index the hierarchy."""
        return (
            # Usage: the parcels of a community, of a use.
            filter_index("region_code"),
            filter_index("land_use"),
        )

"""The pipe network as the database keeps it: the current state of each node and segment.

Heights are metres above the 1985 national height datum. A depth runs from the ground surface down to the
segment's ``depth_point`` (crown or invert), positive downwards.
"""

from datetime import date
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from spatial.db.base import (
    Code,
    Feature,
    filter_index,
    geom_column,
    grid_column,
    prefix_index,
    search_index,
    web_column,
)
from spatial.pipelines.types import BuryMethod, DepthPoint, PipeKind


class PipeNode(Feature):
    """A surveyed point: a manhole, valve, bend, tee or end. Its z is the ground elevation."""

    __tablename__ = "pipe_node"

    kind: Mapped[PipeKind] = mapped_column(Code(PipeKind))
    # 特征: what the network does here (bend, tee, end ...).
    feature: Mapped[str | None]
    # 附属物: what stands here (manhole, valve, hydrant, gully ...).
    appendage: Mapped[str | None]
    ground_elevation_m: Mapped[float]
    # From the ground to the bottom of the chamber; empty where there is none.
    bottom_depth_m: Mapped[float | None]
    road_name: Mapped[str | None]
    region_code: Mapped[str]
    geom: Mapped[WKBElement] = geom_column("POINTZ")
    geom_web: Mapped[WKBElement] = web_column("POINTZ")
    geom_grid: Mapped[WKBElement] = grid_column("POINTZ")

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index metres, kinds and roads."""
        return (
            # Usage: the manholes near a place in metres.
            Index(None, "geom_grid", postgresql_using="gist"),
            # Usage: one network; all valves or hydrants; the nodes of a road, of a community.
            filter_index("kind"),
            filter_index("appendage"),
            filter_index("road_name"),
            filter_index("region_code"),
            # Usage: the nodes of a county or street, by the first digits of the community.
            prefix_index("pipe_node", "region_code"),
            # Usage: search by a part of the road's name.
            search_index("road_name"),
        )


class PipeSegment(Feature):
    """A pipe or duct between two nodes. Its z is the elevation of the pipe's centre line."""

    __tablename__ = "pipe_segment"

    kind: Mapped[PipeKind] = mapped_column(Code(PipeKind))
    start_code: Mapped[str]
    end_code: Mapped[str]
    # Round pipes have a diameter, duct banks and trenches a width and a height.
    diameter_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    material: Mapped[str | None]
    bury_method: Mapped[BuryMethod] = mapped_column(Code(BuryMethod))
    depth_point: Mapped[DepthPoint] = mapped_column(Code(DepthPoint))
    start_depth_m: Mapped[float]
    end_depth_m: Mapped[float]
    start_elevation_m: Mapped[float]
    end_elevation_m: Mapped[float]
    # Gas: low, medium_a ...; power: voltage such as 10kV; others empty.
    pressure: Mapped[str | None]
    owner: Mapped[str | None]
    built_on: Mapped[date | None] = mapped_column(Date)
    length_m: Mapped[float]
    road_name: Mapped[str | None]
    region_code: Mapped[str]
    geom: Mapped[WKBElement] = geom_column("LINESTRINGZ")
    geom_web: Mapped[WKBElement] = web_column("LINESTRINGZ")
    geom_grid: Mapped[WKBElement] = grid_column("LINESTRINGZ")

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index metres, what pipes are, and the graph."""
        return (
            CheckConstraint("diameter_mm > 0", name="diameter_positive"),
            CheckConstraint("(width_mm IS NULL) = (height_mm IS NULL)", name="width_with_height"),
            # Usage: pipes near a site, clearances.
            Index(None, "geom_grid", postgresql_using="gist"),
            # Usage: one network; the pipes of a road, of a community.
            filter_index("kind"),
            filter_index("road_name"),
            filter_index("region_code"),
            # Usage: what is due for renewal: by material, size, age; whose it is and what it carries.
            filter_index("material"),
            filter_index("diameter_mm"),
            filter_index("built_on"),
            filter_index("owner"),
            filter_index("pressure"),
            # Usage: following the network from a node.
            filter_index("start_code"),
            filter_index("end_code"),
            # Usage: the pipes of a county or street, by the first digits of the community.
            prefix_index("pipe_segment", "region_code"),
            # Usage: search by a part of the road's name.
            search_index("road_name"),
        )

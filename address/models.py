"""Addresses as the database keeps them: the current state of each, as points."""

from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from address.types import AddressKind
from spatial.db.base import Code, Feature, filter_index, geom_column, prefix_index, search_index, web_column


class Address(Feature):
    """A standard address: a doorplate on a road, or a building, unit or room behind one."""

    __tablename__ = "address"

    kind: Mapped[AddressKind] = mapped_column(Code(AddressKind))
    # The whole text, county first: 合肥市庐阳区逍遥津街道长江中路319号.
    full_text: Mapped[str]
    # What stands on the plate or beside the point on a map: 319号, 3幢, 2单元, 1501室.
    label: Mapped[str]
    # The address it lies behind: room -> unit -> building -> doorplate.
    parent_code: Mapped[str | None]
    road_name: Mapped[str | None]
    # The number on the plate, and what follows it: 319 and 之1.
    number: Mapped[int | None]
    number_suffix: Mapped[str | None]
    estate_code: Mapped[str | None]
    building_code: Mapped[str | None]
    unit: Mapped[str | None]
    floor: Mapped[int | None]
    room: Mapped[str | None]
    region_code: Mapped[str]
    managed_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    geom: Mapped[WKBElement] = geom_column("POINT")
    geom_web: Mapped[WKBElement] = web_column("POINT")

    @classmethod
    def indexes(cls) -> tuple[Any, ...]:
        """Index the hierarchy, the road and the text."""
        return (
            # Usage: the doors of a community, of a road, of an estate or a unit grid.
            filter_index("region_code"),
            filter_index("road_name"),
            filter_index("estate_code"),
            filter_index("grid_code"),
            # Usage: the doors of a building; what lies behind a door.
            filter_index("building_code"),
            filter_index("parent_code"),
            # Usage: all doorplates, all rooms.
            filter_index("kind"),
            # Usage: the doors of a county or street, by the first digits of the community.
            prefix_index("address", "region_code"),
            # Usage: search by a part of the address.
            search_index("full_text"),
        )

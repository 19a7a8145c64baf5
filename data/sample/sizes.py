"""How large a sample city may be."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SampleSize(StrEnum):
    """Named sizes of the sample city; all stand on the same regions and roads."""

    SMALL = "small"
    DEMO = "demo"
    CITY = "city"


@dataclass(frozen=True, slots=True)
class Extent:
    """What a size means.

    Attributes
    ----------
    superblocks
        Squares of about 640 m between main roads that are built up; about 300 buildings and 600 doorplates each.
    rooms_share
        Part of the residential buildings whose rooms have addresses.
    rooms_floors
        Floors, from the ground up, whose rooms have addresses in such a building.
    local_pipes_share
        Part of the superblocks whose local roads carry pipes too.
    """

    superblocks: int
    rooms_share: float
    rooms_floors: int
    local_pipes_share: float


EXTENTS: Final = MappingProxyType(
    {
        SampleSize.SMALL: Extent(superblocks=3, rooms_share=0.1, rooms_floors=6, local_pipes_share=0.5),
        SampleSize.DEMO: Extent(superblocks=85, rooms_share=0.2, rooms_floors=99, local_pipes_share=0.5),
        SampleSize.CITY: Extent(superblocks=1925, rooms_share=0.012, rooms_floors=99, local_pipes_share=0.03),
    }
)

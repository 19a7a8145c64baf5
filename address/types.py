"""The nouns of addresses."""

from enum import StrEnum


class AddressKind(StrEnum):
    """What an address names."""

    DOORPLATE = "doorplate"
    BUILDING = "building"
    UNIT = "unit"
    ROOM = "room"

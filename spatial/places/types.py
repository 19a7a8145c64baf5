"""The nouns of places."""

from enum import StrEnum


class RegionLevel(StrEnum):
    """Level of the legal hierarchy (GB/T 2260 and the 12-digit statistical code)."""

    CITY = "city"
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"


class ManagedLevel(StrEnum):
    """Level of the managed hierarchy: development zones that have a statistical code but no legal rank."""

    ZONE = "zone"
    STREET = "street"
    COMMUNITY = "community"


class RoadClass(StrEnum):
    """Class of an urban road (CJJ 37)."""

    EXPRESSWAY = "expressway"
    ARTERIAL = "arterial"
    SECONDARY = "secondary"
    LOCAL = "local"


class EstateKind(StrEnum):
    """What an estate is mainly for."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    INDUSTRIAL = "industrial"
    PUBLIC = "public"


class BuildingUse(StrEnum):
    """What a building is used for."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    OFFICE = "office"
    INDUSTRIAL = "industrial"
    PUBLIC = "public"
    AUXILIARY = "auxiliary"


class LandUse(StrEnum):
    """Class of urban land (GB 50137-2011, main classes)."""

    RESIDENTIAL = "R"
    PUBLIC = "A"
    COMMERCIAL = "B"
    INDUSTRIAL = "M"
    LOGISTICS = "W"
    STREET = "S"
    UTILITY = "U"
    GREEN = "G"

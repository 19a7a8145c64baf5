"""The nouns of the pipe network."""

from enum import StrEnum


class PipeKind(StrEnum):
    """The eight kinds of network under a road (CJJ 61-2017, main classes)."""

    WATER = "water"
    SEWAGE = "sewage"
    RAIN = "rain"
    GAS = "gas"
    HEAT = "heat"
    POWER = "power"
    TELECOM = "telecom"
    RECLAIMED = "reclaimed"


class BuryMethod(StrEnum):
    """How a pipe lies in the ground (CJJ 61-2017, 埋设方式)."""

    DIRECT = "direct"
    SLEEVE = "sleeve"
    DUCT_BANK = "duct_bank"
    TRENCH = "trench"


class DepthPoint(StrEnum):
    """The point of the pipe that a depth or elevation is measured to.

    Gravity pipes are levelled at the invert (管内底), duct banks and pressure pipes at the crown (管顶).
    """

    CROWN = "crown"
    INVERT = "invert"

"""The eight networks: where each lies in the road's section, and what it is made of.

Every kind has its own band of depth, with the vertical clearance of GB 50289 between neighbouring bands, so that pipes
meet only where a fault was put. Gravity pipes meet crown to crown (管顶平接).
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spatial.pipelines.types import BuryMethod, DepthPoint, PipeKind
from spatial.places.types import RoadClass


@dataclass(frozen=True, slots=True)
class Section:
    """Cross-section of a pipe or duct bank, and what comes with its size."""

    material: str
    diameter_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    pressure: str | None = None

    @property
    def tall_m(self) -> float:
        """Crown to invert in metres; walls are not counted."""
        return (self.diameter_mm or self.height_mm or 0) / 1000


@dataclass(frozen=True, slots=True)
class Network:
    """One kind of network.

    Attributes
    ----------
    prefix
        Start of its codes, after CJJ 61.
    offset_m
        From the centre line to the left, under main roads.
    local_offset_m
        The same under local roads; None where it does not go there.
    crown_m
        From the ground surface to the crown, positive downwards.
    section
        Size by class of road and by level below the ridges, 0 to 10.
    chamber
        What stands at an ordinary node, and at a crossing.
    """

    kind: PipeKind
    prefix: str
    offset_m: float
    local_offset_m: float | None
    crown_m: float
    section: Callable[[RoadClass, int], Section]
    chamber: tuple[str | None, str | None]
    owner: str
    bury_method: BuryMethod = BuryMethod.DIRECT

    @property
    def is_gravity(self) -> bool:
        """True where water runs by its weight."""
        return self.kind in (PipeKind.SEWAGE, PipeKind.RAIN)

    @property
    def is_local(self) -> bool:
        """True where it goes under local roads too."""
        return self.local_offset_m is not None

    @property
    def depth_point(self) -> DepthPoint:
        """Gravity pipes are levelled at the invert, all others at the crown."""
        return DepthPoint.INVERT if self.is_gravity else DepthPoint.CROWN


_SEWAGE_MM: Final = (400, 400, 400, 500, 500, 500, 600, 600, 600, 800, 800)
_RAIN_MM: Final = (500, 500, 500, 600, 600, 600, 700, 700, 800, 800, 800)


def _water(road: RoadClass, _level: int) -> Section:
    if road is RoadClass.LOCAL:
        return Section("pe", 150)
    return Section("ductile_iron", 300 if road is RoadClass.SECONDARY else 400)


def _sewage(road: RoadClass, level: int) -> Section:
    diameter_mm = 300 if road is RoadClass.LOCAL else _SEWAGE_MM[level]
    return Section("hdpe" if diameter_mm <= 500 else "concrete", diameter_mm)


def _rain(road: RoadClass, level: int) -> Section:
    diameter_mm = 400 if road is RoadClass.LOCAL else _RAIN_MM[level]
    return Section("hdpe" if diameter_mm <= 400 else "concrete", diameter_mm)


def _gas(road: RoadClass, _level: int) -> Section:
    if road is RoadClass.SECONDARY:
        return Section("pe", 160, pressure="medium_b")
    return Section("steel", 200, pressure="medium_a")


def _heat(_road: RoadClass, _level: int) -> Section:
    return Section("steel", 300)


def _power(_road: RoadClass, _level: int) -> Section:
    return Section("mpp", width_mm=600, height_mm=250, pressure="10kV")


def _telecom(_road: RoadClass, _level: int) -> Section:
    return Section("pvc", width_mm=400, height_mm=250)


def _reclaimed(_road: RoadClass, _level: int) -> Section:
    return Section("pe", 150)


_DUCT: Final = BuryMethod.DUCT_BANK
NETWORKS: Final = (
    Network(PipeKind.TELECOM, "TX", 17.0, None, 0.65, _telecom, ("handhole", "manhole"), "telecom_company", _DUCT),
    Network(PipeKind.POWER, "DL", -17.0, None, 1.30, _power, ("manhole", "manhole"), "power_company", _DUCT),
    Network(PipeKind.RECLAIMED, "ZS", -9.5, None, 1.90, _reclaimed, (None, "valve"), "water_company"),
    Network(PipeKind.GAS, "RQ", -13.0, None, 2.30, _gas, (None, "valve"), "gas_company"),
    Network(PipeKind.HEAT, "RL", 9.5, None, 2.75, _heat, (None, "valve"), "heating_company"),
    Network(PipeKind.WATER, "JS", 13.0, 5.0, 3.30, _water, ("hydrant", "valve"), "water_company"),
    Network(PipeKind.RAIN, "YS", 3.0, 1.5, 4.20, _rain, ("manhole", "manhole"), "drainage_office"),
    Network(PipeKind.SEWAGE, "WS", -3.0, -1.5, 5.30, _sewage, ("manhole", "manhole"), "drainage_office"),
)

_BASIC: Final = (PipeKind.WATER, PipeKind.SEWAGE, PipeKind.RAIN)
_CARRIED: Final = MappingProxyType(
    {
        RoadClass.EXPRESSWAY: (*_BASIC, PipeKind.POWER, PipeKind.TELECOM),
        RoadClass.ARTERIAL: tuple(PipeKind),
        RoadClass.SECONDARY: _BASIC,
        RoadClass.LOCAL: _BASIC,
    }
)


def carries(road_class: RoadClass, line: int, kind: PipeKind) -> bool:
    """Tell whether a kind lies under a road; every second secondary road has gas besides.

    Parameters
    ----------
    line
        Row or column of the lattice that a main road follows; -1 for a local road.
    """
    if kind is PipeKind.GAS and road_class is RoadClass.SECONDARY:
        return line % 4 == 2
    return kind in _CARRIED[road_class]

"""What stands on a block: its land use, its estate, and where its buildings go."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from data.sample.blocks import CORNER_M, Block
from data.sample.footprints import Plan, Shape
from data.sample.lattice import Floats
from data.sample.streets import SLOTS
from spatial.places.types import BuildingUse, EstateKind, LandUse

Rng = np.random.Generator

_TOWN: Final = MappingProxyType(
    {
        LandUse.RESIDENTIAL: 0.58, LandUse.PUBLIC: 0.11, LandUse.COMMERCIAL: 0.13, LandUse.INDUSTRIAL: 0.05,
        LandUse.LOGISTICS: 0.02, LandUse.UTILITY: 0.02, LandUse.GREEN: 0.09,
    }
)  # fmt: skip
_ZONE: Final = MappingProxyType(
    {
        LandUse.RESIDENTIAL: 0.42, LandUse.PUBLIC: 0.09, LandUse.COMMERCIAL: 0.12, LandUse.INDUSTRIAL: 0.22,
        LandUse.LOGISTICS: 0.04, LandUse.UTILITY: 0.02, LandUse.GREEN: 0.09,
    }
)  # fmt: skip
_SHOPS: Final = MappingProxyType({LandUse.RESIDENTIAL: 0.75, LandUse.COMMERCIAL: 0.5, LandUse.INDUSTRIAL: 0.15})


@dataclass(frozen=True, slots=True)
class Quarter:
    """How one kind of building is set out: in rows that face south.

    Attributes
    ----------
    width_m, depth_m
        Usual size of a building.
    gap_x_m, gap_y_m
        Between neighbours and between rows.
    floors
        Fewest and most.
    shapes
        Forms to draw from.
    units_m
        Width of one entrance's flats; 0 where nobody lives.
    """

    use: BuildingUse
    width_m: float
    depth_m: float
    gap_x_m: float
    gap_y_m: float
    floors: tuple[int, int]
    shapes: tuple[Shape, ...]
    units_m: float = 0.0


_R, _L, _U, _C = Shape
_TOWERS: Final = Quarter(BuildingUse.RESIDENTIAL, 36, 15, 14, 32, (17, 33), (_R, _R, _R, _L), 18)
_SLABS: Final = Quarter(BuildingUse.RESIDENTIAL, 46, 11.5, 9, 15, (5, 7), (_R,), 15)
_WALK_UPS: Final = Quarter(BuildingUse.RESIDENTIAL, 32, 11, 8, 13, (4, 6), (_R, _R, _R, _L), 11)
_VILLAGE: Final = Quarter(BuildingUse.RESIDENTIAL, 12, 10.5, 3.5, 6.5, (2, 4), (_R, _R, _R, _L), 0)
_HOMES: Final = ((_TOWERS, 0.26), (_SLABS, 0.34), (_WALK_UPS, 0.24), (_VILLAGE, 0.16))
_OTHERS: Final = MappingProxyType(
    {
        LandUse.PUBLIC: Quarter(BuildingUse.PUBLIC, 58, 36, 16, 22, (3, 6), (_R, _L, _U, _C)),
        LandUse.COMMERCIAL: Quarter(BuildingUse.COMMERCIAL, 56, 44, 18, 20, (4, 28), (_R, _L, _C, _U)),
        LandUse.INDUSTRIAL: Quarter(BuildingUse.INDUSTRIAL, 62, 30, 14, 14, (1, 3), (_R, _R, _R, _L)),
        LandUse.LOGISTICS: Quarter(BuildingUse.INDUSTRIAL, 80, 34, 20, 22, (1, 2), (_R,)),
        LandUse.UTILITY: Quarter(BuildingUse.AUXILIARY, 24, 16, 26, 30, (1, 2), (_R,)),
    }
)
_ESTATE: Final = MappingProxyType(
    {
        LandUse.RESIDENTIAL: EstateKind.RESIDENTIAL,
        LandUse.PUBLIC: EstateKind.PUBLIC,
        LandUse.COMMERCIAL: EstateKind.COMMERCIAL,
        LandUse.INDUSTRIAL: EstateKind.INDUSTRIAL,
        LandUse.LOGISTICS: EstateKind.INDUSTRIAL,
    }
)


@dataclass(frozen=True, slots=True)
class Fabric:
    """A block with its buildings, before codes and names.

    Attributes
    ----------
    estate
        Kind of the estate that fills the block; None on green and utility ground.
    phases
        1, or 2 where the estate was built from west to east in two phases.
    plans
        Shops along the fronts first, then rows from the south, then small houses of the estate's own.
    """

    block: Block
    land_use: LandUse
    estate: EstateKind | None
    phases: int
    plans: list[Plan]


def furnish(block: Block, rng: Rng, *, in_zone: bool) -> Fabric:
    """Choose a block's use and set out its buildings."""
    mix = _ZONE if in_zone else _TOWN
    land_use = list(mix)[rng.choice(len(mix), p=list(mix.values()))]
    shops = [shop for side in range(4) for shop in _shops(block, side, rng, _SHOPS.get(land_use, 0.0))]
    if land_use is LandUse.GREEN:
        return Fabric(block, land_use, None, 1, _lodges(block, rng))
    quarter = _quarter(land_use, rng)
    is_large = block.width_m > 130 and quarter is not _VILLAGE
    phases = 2 if land_use is LandUse.RESIDENTIAL and is_large and rng.random() < 0.4 else 1
    rows = _rows(block, quarter, rng, has_shops=bool(shops), phases=phases)
    estate = _ESTATE.get(land_use)
    return Fabric(block, land_use, estate, phases, shops + rows + (_lodges(block, rng) if estate else []))


def _quarter(land_use: LandUse, rng: Rng) -> Quarter:
    if land_use is LandUse.RESIDENTIAL:
        return _HOMES[int(rng.choice(len(_HOMES), p=[share for _, share in _HOMES]))][0]
    return _OTHERS[land_use]


def _shops(block: Block, side: int, rng: Rng, share: float) -> list[Plan]:
    """Set shops of one to three doors along a front, wall to wall save some gaps."""
    front = block.fronts[side]
    slots = front.slots().tolist()
    if rng.random() > share:
        return []
    slot_m = front.street.length_m / SLOTS
    run = front.street.line_m[1] - front.street.line_m[0]
    angle = float(np.arctan2(run[1], run[0])) + (0.0 if front.is_left else np.pi)
    depth = float(rng.uniform(9, 13))
    plans = []
    while slots:
        doors = tuple(slots[: int(rng.integers(1, 4))])
        slots = slots[len(doors) :]
        if rng.random() < 0.1:
            continue
        x, y = front.points(np.array([np.mean(doors)]), 3.0 + depth / 2)[0]
        size = (len(doors) * slot_m - 0.8, depth)
        floors = int(rng.integers(1, 5))
        plan = Plan(x, y, angle, *size, _R, BuildingUse.COMMERCIAL, floors, front=side, front_slots=doors)
        plans.append(plan)
    return plans


def _rows(block: Block, quarter: Quarter, rng: Rng, *, has_shops: bool, phases: int) -> list[Plan]:
    """Set rows of buildings inside a block, clear of the shops along its edge."""
    edge = CORNER_M if has_shops else 8.0
    xs, width = _spread(block.width_m, edge, quarter.width_m, quarter.gap_x_m)
    ys, depth = _spread(block.depth_m, edge, quarter.depth_m, quarter.gap_y_m)
    grid_x, grid_y = (axis.ravel() for axis in np.meshgrid(xs, ys))
    keep = rng.random(len(grid_x)) > 0.07
    # A gap of its own width runs between two phases.
    keep &= (phases == 1) | (np.abs(grid_x - block.width_m / 2) > width / 2 + 2)
    grid_x, grid_y = grid_x[keep], grid_y[keep]
    count = len(grid_x)
    shrink_x, shrink_y = rng.uniform(0.86, 1.0, count) * width, rng.uniform(0.9, 1.0, count) * depth
    points = block.inside(grid_x, grid_y)
    floors = rng.integers(quarter.floors[0], quarter.floors[1] + 1, count)
    shapes = rng.integers(len(quarter.shapes), size=count)
    plans = []
    for k in range(count):
        units = max(1, round(shrink_x[k] / quarter.units_m)) if quarter.units_m else 0
        plans.append(
            Plan(
                float(points[k, 0]),
                float(points[k, 1]),
                block.angle_rad,
                float(shrink_x[k]),
                float(shrink_y[k]),
                quarter.shapes[shapes[k]],
                quarter.use,
                int(floors[k]),
                units,
                phase=int(phases == 2 and grid_x[k] > block.width_m / 2),
            )
        )
    return plans


def _spread(length_m: float, edge_m: float, size_m: float, gap_m: float) -> tuple[Floats, float]:
    """Return the middles of as many buildings as fit on a length, and the size that each may have."""
    room = length_m - 2 * edge_m
    count = max(1, int((room + gap_m) // (size_m + gap_m)))
    pitch = (room + gap_m) / count
    middles: Floats = edge_m + np.arange(0.5, count) * pitch - gap_m / 2
    return middles, min(size_m * 1.15, pitch - gap_m)


def _lodges(block: Block, rng: Rng) -> list[Plan]:
    """Set a gate house and a substation at two corners of a block, where no shop can stand."""
    places = [(4.5, 4.5, 5.0, 4.0, "门卫室"), (block.width_m - 5.5, block.depth_m - 5.0, 7.0, 5.0, "配电房")]
    plans = []
    for x, y, width, depth, name in places[: int(rng.integers(1, 3))]:
        point = block.inside(np.array([x]), np.array([y]))[0]
        size = (float(point[0]), float(point[1]), block.angle_rad, width, depth)
        plans.append(Plan(*size, Shape.RECTANGLE, BuildingUse.AUXILIARY, 1, name=name))
    return plans

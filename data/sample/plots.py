"""Rows of what stands on the ground: grids, parcels, estates and buildings of one community."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely

from data.sample.blocks import Block
from data.sample.fabric import Fabric, Rng
from data.sample.footprints import Geometries, Plan, footprints
from data.sample.lattice import to_degrees, to_metres
from data.sample.rows import Area, BuildingRow, EstateRow, GridRow, ParcelRow
from spatial.places.types import BuildingUse, LandUse

STOREY_M: Final = 3.0
_SMALLEST_PARK_M2: Final = 300.0
_PHASE_NAMES: Final = ("一期", "二期")


@dataclass(slots=True)
class Community:
    """The community whose rows are being written: its names, and how many rows there are so far.

    Attributes
    ----------
    street_text
        What an address starts with: 合肥市庐阳区逍遥津街道.
    managed_code
        The community's code again where a zone manages it.
    """

    code: str
    name: str
    street_text: str
    managed_code: str | None
    area: Area
    counts: dict[str, int] = field(default_factory=dict)

    def next_code(self, letter: str) -> str:
        """Return the next code of a kind of row, such as B340103006001000017."""
        self.counts[letter] = self.counts.get(letter, 0) + 1
        return f"{letter}{self.code}{self.counts[letter]:06}"


@dataclass(frozen=True, slots=True)
class Plot:
    """A block whose rows are written.

    Attributes
    ----------
    grid_code
        The unit grid that it lies in.
    phases
        The estate's rows, one for each phase; the estate itself where it has no phases; empty without an estate.
    buildings
        The plans and rows of its buildings, in step.
    year
        When it was built, the first phase of it.
    """

    fabric: Fabric
    grid_code: str
    phases: list[EstateRow]
    buildings: list[tuple[Plan, BuildingRow]]
    year: int


def add_grid(community: Community, outline: shapely.Geometry) -> str:
    """Write a unit grid with its outline in EPSG:4490, and return its 15-digit code."""
    count = community.counts["grid"] = community.counts.get("grid", 0) + 1
    code = f"{community.code}{count:03}"
    area_m2 = float(shapely.area(shapely.transform(outline, to_metres)))
    name = f"{community.name}第{count}网格"
    community.area.grids.append(GridRow(code, name, community.code, round(area_m2, 2), "2020-07-01", outline))
    return code


def grid_outline(block: Block) -> shapely.Geometry:
    """Return a block's outline to the middle of its roads in EPSG:4490, with its neighbours' vertices."""
    return shapely.Polygon(to_degrees(block.ring_m))


def add_plot(community: Community, fabric: Fabric, grid_code: str, rng: Rng, *, name: str) -> Plot:
    """Write a block's parcel, estate and buildings."""
    year = int(np.clip(rng.normal(2006, 8), 1978, 2022))
    phases = _add_estate(community, fabric, name, year) if fabric.estate else []
    outlines = [row.geom for row in phases[-fabric.phases :]]
    kept, drawn = _clear(fabric, footprints(fabric.plans), outlines)
    buildings = list(_buildings(community, fabric, kept, drawn, phases[-fabric.phases :], year))
    community.area.buildings.extend(row for _, row in buildings)
    floor_m2 = sum(row.area_m2 * row.floors for _, row in buildings)
    plot = shapely.Polygon(np.round(fabric.block.plot_m, 3))
    area_m2 = float(shapely.area(plot))
    parcel = community.next_code("P")
    ratio = round(floor_m2 / area_m2, 2)
    community.area.parcels.append(
        ParcelRow(parcel, fabric.land_use, round(area_m2, 2), ratio, community.code, f"{year - 2}-03-01", plot)
    )
    return Plot(fabric, grid_code, phases[-fabric.phases :], buildings, year)


def add_park(community: Community, block: Block, piece: shapely.Geometry) -> None:
    """Write the part of a block on this side of a county's border as green ground.

    Parameters
    ----------
    piece
        The community's ground in EPSG:4490.
    """
    ground = shapely.intersection(shapely.Polygon(block.plot_m), shapely.transform(piece, to_metres), grid_size=0.001)
    largest = max(shapely.get_parts(ground).tolist(), key=shapely.area, default=None)
    if isinstance(largest, shapely.Polygon) and largest.area > _SMALLEST_PARK_M2:
        code, area_m2 = community.next_code("P"), round(largest.area, 2)
        row = ParcelRow(code, LandUse.GREEN, area_m2, None, community.code, "2008-03-01", largest)
        community.area.parcels.append(row)


def _add_estate(community: Community, fabric: Fabric, name: str, year: int) -> list[EstateRow]:
    """Write an estate and its phases, from west to east."""
    assert fabric.estate is not None  # noqa: S101 - the caller asked
    code = community.next_code("E")
    shares = np.linspace(0, 1, fabric.phases + 1)
    rows = [_estate(community, fabric, (code, name, None, None), (0.0, 1.0), year)]
    if fabric.phases > 1:
        for k in range(fabric.phases):
            called = (f"{code}-{k + 1}", name + _PHASE_NAMES[k], k + 1, code)
            rows.append(_estate(community, fabric, called, (shares[k], shares[k + 1]), year + 3 * k))
    community.area.estates.extend(rows)
    return rows


def _estate(
    community: Community,
    fabric: Fabric,
    called: tuple[str, str, int | None, str | None],
    span: tuple[float, float],
    year: int,
) -> EstateRow:
    code, name, phase, parent = called
    block = fabric.block
    x = np.array([span[0], span[1], span[1], span[0]]) * block.width_m
    y = np.array([0.0, 0.0, 1.0, 1.0]) * block.depth_m
    outline = shapely.Polygon(np.round(block.inside(x, y), 3))
    assert fabric.estate is not None  # noqa: S101 - the caller asked
    return EstateRow(
        code,
        name,
        fabric.estate,
        phase,
        parent,
        community.code,
        community.managed_code,
        round(float(shapely.area(outline)), 2),
        f"{year}-09-01",
        outline,
    )


def _clear(fabric: Fabric, drawn: Geometries, phases: list[shapely.Geometry]) -> tuple[list[Plan], Geometries]:
    """Drop the few buildings that skewed blocks push into another, or out of the estate or its phase."""
    keep = np.ones(len(drawn), dtype=bool)
    tree = shapely.STRtree(drawn)
    first, second = tree.query(drawn, predicate="intersects")
    keep[second[first < second]] = False
    for index, plan in enumerate(fabric.plans):
        # A shop belongs to the whole block and may stand across the line between phases.
        if phases and plan.front < 0 and plan.use is not BuildingUse.AUXILIARY:
            keep[index] &= bool(shapely.contains(phases[plan.phase], drawn[index]))
    chosen = np.flatnonzero(keep)
    return [fabric.plans[k] for k in chosen], drawn[chosen]


def _buildings(
    community: Community, fabric: Fabric, plans: list[Plan], drawn: Geometries, phases: list[EstateRow], year: int
) -> Iterator[tuple[Plan, BuildingRow]]:
    """Yield rows; buildings of an estate are numbered from 1 in each phase, shops and small houses are not."""
    numbers = [0] * len(phases)
    areas = shapely.area(drawn)
    for plan, outline, area_m2 in zip(plans, drawn, areas, strict=True):
        is_numbered = bool(phases) and plan.front < 0 and plan.use is not BuildingUse.AUXILIARY
        number = None
        if is_numbered:
            numbers[plan.phase] += 1
            number = str(numbers[plan.phase])
        built = year + (3 * plan.phase if fabric.phases > 1 else 0)
        row = BuildingRow(
            community.next_code("B"),
            plan.name,
            number,
            phases[plan.phase].code if is_numbered else None,
            plan.use,
            plan.floors,
            2 if plan.floors > 16 else 1 if plan.floors > 8 else 0,
            round(plan.floors * STOREY_M + 0.6, 1),
            built,
            round(float(area_m2), 2),
            community.code,
            community.managed_code,
            f"{built}-09-01",
            outline,
        )
        yield plan, row

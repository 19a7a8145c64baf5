"""Addresses of a block: plates along its roads, and the buildings, units and rooms behind them."""

from typing import Final

import numpy as np

from address.types import AddressKind
from data.sample.blocks import PLATE_M
from data.sample.fabric import Rng
from data.sample.footprints import Plan, entrances
from data.sample.plots import Community, Plot
from data.sample.rows import AddressRow, BuildingRow, EstateRow
from data.sample.sizes import Extent
from spatial.places.types import BuildingUse, LandUse

_PLATED: Final = 0.94
_PLATED_ON_OPEN_GROUND: Final = 0.25
_SECOND_PLATE: Final = 0.03
_OPEN: Final = (LandUse.GREEN, LandUse.UTILITY)


def add_addresses(community: Community, plot: Plot, rng: Rng, extent: Extent) -> None:
    """Write a block's addresses: each row stands after the one that it lies behind."""
    shops = {
        (plan.front, slot): row.code for plan, row in plot.buildings if plan.front >= 0 for slot in plan.front_slots
    }
    gates = _gates(plot, shops)
    plates = _add_plates(community, plot, rng, shops, gates)
    estates = {estate.code: plates.get(gate) for estate, gate in zip(plot.phases, gates, strict=True)}
    for plan, building in plot.buildings:
        if building.number is not None and building.estate_code is not None:
            gate = estates[building.estate_code]
            phase = plot.phases[plan.phase]
            _add_building(community, plot, (plan, building, phase, gate), rng, extent)


def _gates(plot: Plot, shops: dict[tuple[int, int], str]) -> list[tuple[int, int]]:
    """Choose a door for each phase's gate: in the middle of the longest free front, never a shop's if that can be."""
    fronts = plot.fabric.block.fronts
    doors = [(side, slot) for side, front in enumerate(fronts) for slot in front.slots().tolist()]
    free = [door for door in doors if door not in shops] or doors
    # A single gate stands in the middle; two stand apart.
    return [free[(2 * k + 1) * len(free) // (2 * len(plot.phases))] for k in range(len(plot.phases))]


def _add_plates(
    community: Community,
    plot: Plot,
    rng: Rng,
    shops: dict[tuple[int, int], str],
    gates: list[tuple[int, int]],
) -> dict[tuple[int, int], str]:
    """Write the doorplates, front by front along the road, and return the code of each door's plate."""
    share = _PLATED_ON_OPEN_GROUND if plot.fabric.land_use in _OPEN else _PLATED
    gate_of = dict(zip(gates, (estate.code for estate in plot.phases), strict=True))
    codes: dict[tuple[int, int], str] = {}
    for side, front in enumerate(plot.fabric.block.fronts):
        slots = front.slots()
        numbers = front.numbers(slots).tolist()
        doors = slots.astype(np.float64)
        points = np.round(front.points(doors, PLATE_M), 3).tolist()
        seconds = np.round(front.points(doors + 0.35, PLATE_M), 3).tolist()
        draws = rng.random((len(slots), 2)).tolist()
        road, since = front.street.name, f"{plot.year}-10-01"
        for k, slot in enumerate(slots.tolist()):
            door = (side, slot)
            building, estate = shops.get(door), gate_of.get(door)
            if building is None and estate is None and draws[k][0] > share:
                continue
            place = (road, numbers[k], building, estate, plot.grid_code, since)
            codes[door] = _add_plate(community, place, points[k], None)
            if building is not None and draws[k][1] < _SECOND_PLATE:
                _add_plate(community, place, seconds[k], "之1")
    return codes


def _add_plate(
    community: Community,
    place: tuple[str, int, str | None, str | None, str, str],
    point: list[float],
    suffix: str | None,
) -> str:
    road, number, building, estate, grid_code, since = place
    label = f"{number}号{suffix or ''}"
    row = AddressRow(
        community.next_code("A"),
        AddressKind.DOORPLATE,
        f"{community.street_text}{road}{label}",
        label,
        None,
        road,
        number,
        suffix,
        estate,
        building,
        None,
        None,
        None,
        community.code,
        community.managed_code,
        grid_code,
        since,
        point[0],
        point[1],
    )
    community.area.addresses.append(row)
    return row.code


def _add_building(
    community: Community,
    plot: Plot,
    behind: tuple[Plan, BuildingRow, EstateRow, str | None],
    rng: Rng,
    extent: Extent,
) -> None:
    """Write a building's address, and the units and rooms inside it."""
    plan, building, phase, gate = behind
    doors = np.round(entrances(plan, max(1, plan.units)), 3)
    middle = doors[len(doors) // 2]
    label = f"{building.number}幢"
    address = AddressRow(
        community.next_code("A"),
        AddressKind.BUILDING,
        f"{community.street_text}{phase.name}{label}",
        label,
        gate,
        None,
        None,
        None,
        phase.code,
        building.code,
        None,
        None,
        None,
        community.code,
        community.managed_code,
        plot.grid_code,
        f"{building.built_year}-10-01",
        float(middle[0]),
        float(middle[1]),
    )
    community.area.addresses.append(address)
    if plan.use is not BuildingUse.RESIDENTIAL or not plan.units:
        return
    floors = min(plan.floors, extent.rooms_floors) if rng.random() < extent.rooms_share else 0
    for index, (x, y) in enumerate(doors.tolist(), start=1):
        _add_unit(community, address, index, (x, y), floors)


def _add_unit(community: Community, building: AddressRow, index: int, point: tuple[float, float], floors: int) -> None:
    """Write a unit and two rooms on each of its lowest ``floors``."""
    label = f"{index}单元"
    unit = building._replace(
        code=community.next_code("A"),
        kind=AddressKind.UNIT,
        full_text=building.full_text + label,
        label=label,
        parent_code=building.code,
        unit=str(index),
        x=point[0],
        y=point[1],
    )
    community.area.addresses.append(unit)
    for floor in range(1, floors + 1):
        for side in (1, 2):
            room = f"{floor}{side:02}"
            community.area.addresses.append(
                unit._replace(
                    code=community.next_code("A"),
                    kind=AddressKind.ROOM,
                    full_text=f"{unit.full_text}{room}室",
                    label=f"{room}室",
                    parent_code=unit.code,
                    floor=floor,
                    room=room,
                )
            )

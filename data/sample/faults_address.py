"""Faults of doorplates: numbers, texts and places that contradict each other."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import numpy as np

from address.types import AddressKind
from data.sample.fabric import Rng
from data.sample.fault import Truth, draw, tell
from data.sample.rows import AddressRow, Area

_LAYER: Final = "address"
_APART: Final = 8
_AWAY_M: Final = 6000.0
MISSPELT: Final = MappingProxyType(
    {"瑶海": "遥海", "庐阳": "庐洋", "蜀山": "署山", "包河": "包合", "肥东": "淝东", "肥西": "淝西", "长丰": "常丰",
     "庐江": "芦江", "巢湖": "巢糊"}
)  # fmt: skip


def number_text_mismatch(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """号址不一: the text says another number than the number column."""
    return _renumber(area, rng, touched, step=20, columns=("full_text", "label"))


def one_number_many_places(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """一号多址: two plates some way apart on the same road bear the same number."""
    pair = _pair_on_side(area, rng, touched)
    if pair is None:
        return None
    first, second = (area.addresses[index] for index in pair)
    area.addresses[pair[1]] = _numbered(second, first.number)
    return tell(_LAYER, [first.code, second.code], "number", first.number, [first.number, second.number])


def many_numbers_one_place(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """多号一址: two plates with different numbers stand on the same point."""
    pair = _pair_on_side(area, rng, touched, apart=2)
    if pair is None:
        return None
    first, second = (area.addresses[index] for index in pair)
    area.addresses[pair[1]] = second._replace(x=first.x, y=first.y)
    codes = [first.code, second.code]
    return tell(_LAYER, codes, "geom", {"x": first.x, "y": first.y}, {"x": second.x, "y": second.y})


def place_without_number(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """有址无号: a plate has a road but no number."""
    index = draw(area.addresses, rng, touched, _is_plain)
    if index is None:
        return None
    row = area.addresses[index]
    text = row.full_text.removesuffix(row.label)
    area.addresses[index] = row._replace(number=None, label="无号", full_text=text)
    return tell(_LAYER, [row.code], "number", None, row.number)


def number_without_place(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """有号无址: a plate has a number but no road that it counts along."""
    index = draw(area.addresses, rng, touched, _is_plain)
    if index is None:
        return None
    row = area.addresses[index]
    text = row.full_text.replace(f"{row.road_name}{row.label}", row.label)
    area.addresses[index] = row._replace(road_name=None, full_text=text)
    return tell(_LAYER, [row.code], "road_name", None, row.road_name)


def wrong_side(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Wrong side: an odd number on the right, or an even one on the left."""
    return _renumber(area, rng, touched, step=1, columns=("full_text", "label", "number"))


def out_of_order(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Out of order: two plates on one side have exchanged their numbers."""
    pair = _pair_on_side(area, rng, touched)
    if pair is None:
        return None
    first, second = (area.addresses[index] for index in pair)
    area.addresses[pair[0]] = _numbered(first, second.number)
    area.addresses[pair[1]] = _numbered(second, first.number)
    right = [first.number, second.number]
    return tell(_LAYER, [first.code, second.code], "number", right[::-1], right)


def outside_region(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Outside its region: the point lies kilometres away from the community that the row names."""
    return _move(area, rng, touched, lambda row: (row.x + _AWAY_M, row.y + _AWAY_M / 2))


def far_from_road(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Far from its road: the point lies in the middle of the block."""

    def middle(row: AddressRow) -> tuple[float, float]:
        near = [(other.x, other.y) for other in area.addresses if other.grid_code == row.grid_code]
        x, y = np.mean(np.array(near), axis=0).tolist()
        return x, y

    return _move(area, rng, touched, middle)


def duplicate_nearby(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Duplicate: the same address once more, two and a half metres away, under another code."""
    index = draw(area.addresses, rng, touched, _is_plain)
    if index is None:
        return None
    row = area.addresses[index]
    copy = row._replace(code=f"{row.code}X", x=round(row.x + 2.0, 3), y=round(row.y + 1.5, 3))
    area.addresses.insert(index + 1, copy)
    return tell(_LAYER, [row.code, copy.code], None, "two rows", "one row")


def misspelt_region(area: Area, rng: Rng, touched: set[str]) -> Truth | None:
    """Misspelt: the text names the county by a wrong character."""
    index = draw(area.addresses, rng, touched, _is_plain)
    if index is None:
        return None
    row = area.addresses[index]
    county = row.full_text[3:5]
    if county not in MISSPELT:
        return None
    text = row.full_text.replace(county, MISSPELT[county], 1)
    area.addresses[index] = row._replace(full_text=text)
    return tell(_LAYER, [row.code], "full_text", text, row.full_text)


def _is_plain(row: AddressRow) -> bool:
    """Tell whether a row is a doorplate that nothing else hangs on."""
    is_plate = row.kind is AddressKind.DOORPLATE and row.number is not None and row.number_suffix is None
    return is_plate and row.estate_code is None and row.building_code is None


def _numbered(row: AddressRow, number: int | None) -> AddressRow:
    text = row.full_text.removesuffix(row.label)
    return row._replace(number=number, label=f"{number}号", full_text=f"{text}{number}号")


def _renumber(area: Area, rng: Rng, touched: set[str], *, step: int, columns: tuple[str, ...]) -> Truth | None:
    """Give a plate a number that its road does not have yet in the area, in some columns only."""
    taken = {(row.road_name, row.number) for row in area.addresses}
    index = draw(
        area.addresses,
        rng,
        touched,
        lambda row: _is_plain(row) and (row.road_name, (row.number or 0) + step) not in taken,
    )
    if index is None:
        return None
    row = area.addresses[index]
    changed = _numbered(row, (row.number or 0) + step)
    area.addresses[index] = row._replace(**{column: getattr(changed, column) for column in columns})
    return tell(_LAYER, [row.code], columns[-1], getattr(changed, columns[-1]), getattr(row, columns[-1]))


def _pair_on_side(area: Area, rng: Rng, touched: set[str], apart: int = _APART) -> tuple[int, int] | None:
    """Return two plates of one front, some doors apart."""

    def partner(index: int) -> int | None:
        row, later = area.addresses[index], index + apart
        if later >= len(area.addresses):
            return None
        other = area.addresses[later]
        same = (other.road_name, other.grid_code) == (row.road_name, row.grid_code)
        is_side = _is_plain(other) and ((other.number or 0) - (row.number or 0)) % 2 == 0
        return later if same and is_side and other.code not in touched else None

    places = {row.code: index for index, row in enumerate(area.addresses)}
    index = draw(area.addresses, rng, touched, lambda row: _is_plain(row) and partner(places[row.code]) is not None)
    later = None if index is None else partner(index)
    return None if index is None or later is None else (index, later)


def _move(area: Area, rng: Rng, touched: set[str], to: Callable[[AddressRow], tuple[float, float]]) -> Truth | None:
    index = draw(area.addresses, rng, touched, _is_plain)
    if index is None:
        return None
    row = area.addresses[index]
    x, y = to(row)
    area.addresses[index] = row._replace(x=round(x, 3), y=round(y, 3))
    return tell(_LAYER, [row.code], "geom", {"x": round(x, 3), "y": round(y, 3)}, {"x": row.x, "y": row.y})

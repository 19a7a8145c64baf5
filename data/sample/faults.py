"""Faults put into the sample on purpose, and the truth about each, so that quality checks can be graded.

Every kind of fault strikes about one row in five thousand of its layer, and a few times in the smallest city. No row
bears two faults. Points and outlines in the truth are EPSG:4548, like the generated rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from data.sample import faults_address, faults_built, faults_pipe
from data.sample.fault import Strike
from data.sample.rows import Area

_FEWEST: Final = 3.0
_MOST_PER_AREA: Final = 2
_BUILT: Final = 0.0006
_RATE: Final = 0.0002

KINDS: Final[tuple[tuple[str, Strike, str, float], ...]] = (
    ("road_homophone", faults_built.road_homophone, "roads", 0.002),
    ("building_overlap", faults_built.building_overlap, "buildings", _BUILT),
    ("building_outside_estate", faults_built.building_outside_estate, "buildings", _BUILT),
    ("building_without_address", faults_built.building_without_address, "buildings", _BUILT),
    ("number_text_mismatch", faults_address.number_text_mismatch, "addresses", _RATE),
    ("one_number_many_places", faults_address.one_number_many_places, "addresses", _RATE),
    ("many_numbers_one_place", faults_address.many_numbers_one_place, "addresses", _RATE),
    ("place_without_number", faults_address.place_without_number, "addresses", _RATE),
    ("number_without_place", faults_address.number_without_place, "addresses", _RATE),
    ("wrong_side", faults_address.wrong_side, "addresses", _RATE),
    ("out_of_order", faults_address.out_of_order, "addresses", _RATE),
    ("outside_region", faults_address.outside_region, "addresses", _RATE),
    ("far_from_road", faults_address.far_from_road, "addresses", _RATE),
    ("duplicate_nearby", faults_address.duplicate_nearby, "addresses", _RATE),
    ("misspelt_region", faults_address.misspelt_region, "addresses", _RATE),
    ("overlong_segment", faults_pipe.overlong_segment, "segments", _RATE),
    ("reverse_slope", faults_pipe.reverse_slope, "segments", _RATE),
    ("elevation_mismatch", faults_pipe.elevation_mismatch, "segments", _RATE),
    ("missing_node", faults_pipe.missing_node, "segments", _RATE),
    ("isolated_node", faults_pipe.isolated_node, "segments", _RATE),
    ("duplicated_segment", faults_pipe.duplicated_segment, "segments", _RATE),
    ("clash", faults_pipe.clash, "segments", _RATE),
    ("rain_into_sewage", faults_pipe.rain_into_sewage, "segments", _RATE),
    ("missing_diameter", faults_pipe.missing_diameter, "segments", _RATE),
    ("missing_material", faults_pipe.missing_material, "segments", _RATE),
    ("shrinking_diameter", faults_pipe.shrinking_diameter, "segments", _RATE),
)
"""Name, what it does to an area, the rows that it strikes, and how many of them."""


@dataclass(slots=True)
class Saboteur:
    """Puts faults into areas, one after another, and keeps count of how many are still due.

    Attributes
    ----------
    seed
        Of the city.
    due
        Faults of each kind that the rows so far call for and that are not yet put in.
    """

    seed: int
    due: dict[str, float] = field(default_factory=lambda: {name: _FEWEST for name, *_ in KINDS})

    def spoil(self, area: Area) -> None:
        """Put the due faults into an area's rows and write the truth about them into the area."""
        rng = np.random.default_rng([self.seed, 13, int(area.code)])
        touched: set[str] = set()
        for name, strike, layer, rate in KINDS:
            self.due[name] += rate * len(getattr(area, layer))
            for _ in range(min(int(self.due[name]), _MOST_PER_AREA)):
                truth = strike(area, rng, touched)
                if truth is None:
                    break
                touched.update(truth["codes"])
                area.truths.append({"kind": name, **truth})
                self.due[name] -= 1


def spoiled(areas: Iterator[Area], seed: int) -> Iterator[Area]:
    """Yield areas with faults in them."""
    saboteur = Saboteur(seed)
    for area in areas:
        saboteur.spoil(area)
        yield area

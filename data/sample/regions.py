"""Regions by law and by management, each the union of the pieces of ground it was given."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.sample.divisions import (
    CITY_CODE,
    CITY_NAME,
    LEGAL_COUNTY,
    URBAN_COUNTIES,
    Division,
    county_of,
    read_divisions,
    zone_of,
)
from data.sample.ground import CENTRES, Ground, make_ground
from data.sample.lattice import to_metres
from data.sample.rows import RegionLegalRow, RegionManagedRow
from data.sample.shares import Claim, bisect, from_place, part
from spatial.places.types import ManagedLevel, RegionLevel

SINCE: Final = "2020-07-01"

# Ground that one community wants, beside the others of its county, by the seventh digit of the street's code.
_URBAN_WEIGHT: Final = {"0": 0.7, "1": 4.0, "2": 6.0, "4": 2.0}
_RURAL_WEIGHT: Final = {"0": 3.0, "1": 8.0, "2": 8.0, "4": 4.0}
_ZONE_WEIGHT: Final = 1.6
_SEATS: Final = ("340121100", "340122100", "340123100", "340124100", "340181002", "340181003", "340181004")


@dataclass(frozen=True, slots=True)
class Regions:
    """Who holds which piece.

    Attributes
    ----------
    community_of
        12-digit community of each piece of ground.
    names
        Names of all divisions by their 12 digits.
    """

    community_of: NDArray[np.str_]
    names: Mapping[str, str]

    def full_name(self, code: str) -> str:
        """Return a region's name by law from the city down, such as 合肥市庐阳区逍遥津街道."""
        levels = [county_of(code) + "000000"]
        if code[6:9] != "000":
            levels.append(code[:9] + "000")
        if code[9:] != "000":
            levels.append(code)
        return CITY_NAME + "".join(self.names[level] for level in levels)


@cache
def make_regions(seed: int) -> Regions:
    """Share out the ground of every county among its streets and communities."""
    ground, divisions = make_ground(seed), read_divisions()
    community_of = np.empty(len(ground.pieces), dtype="<U12")
    for county in divisions.counties:
        pieces = np.flatnonzero(ground.counties == county).tolist()
        for street, held in _share_county(ground, pieces, county, seed).items():
            claims = [Claim(community.code, 1.0, 1) for community in divisions.communities[street]]
            for community, own in bisect(ground, held, claims).items():
                community_of[own] = community
    places = [*divisions.counties.values(), *divisions.zones.values()]
    for below in (*divisions.streets.values(), *divisions.communities.values()):
        places += below
    return Regions(community_of, {CITY_CODE: CITY_NAME, **{place.code: place.name for place in places}})


def legal_rows(seed: int) -> list[RegionLegalRow]:
    """Return the city, its counties, streets and communities, each the union of those below it."""
    regions, divisions = make_regions(seed), read_divisions()
    shapes = _shapes(seed)
    rows = [RegionLegalRow(CITY_CODE, CITY_NAME, CITY_NAME, RegionLevel.CITY, None, SINCE, shapes[CITY_CODE])]

    def add(place: Division, level: RegionLevel, parent_code: str) -> None:
        full_name = regions.full_name(place.code)
        rows.append(RegionLegalRow(place.code, place.name, full_name, level, parent_code, SINCE, shapes[place.code]))

    for county in divisions.counties.values():
        add(county, RegionLevel.COUNTY, CITY_CODE)
    for streets in divisions.streets.values():
        for street in streets:
            add(street, RegionLevel.STREET, county_of(street.code) + "000000")
            for community in divisions.communities[street.code]:
                add(community, RegionLevel.COMMUNITY, street.code)
    return rows


def managed_rows(seed: int) -> list[RegionManagedRow]:
    """Return the zones, and the streets and communities that they manage, on the same ground as by law."""
    divisions, shapes = read_divisions(), _shapes(seed)
    rows = []

    def add(place: Division, above: str, level: ManagedLevel, parent_code: str | None) -> None:
        county = county_of(place.code) + "000000"
        full_name = f"{above}{place.name}"
        shape = shapes[place.code]
        rows.append(RegionManagedRow(place.code, place.name, full_name, level, parent_code, county, SINCE, shape))

    for key, zone in divisions.zones.items():
        add(zone, "", ManagedLevel.ZONE, None)
        for street in divisions.streets[key]:
            add(street, zone.name, ManagedLevel.STREET, zone.code)
            for community in divisions.communities[street.code]:
                add(community, zone.name + street.name, ManagedLevel.COMMUNITY, street.code)
    return rows


@cache
def _shapes(seed: int) -> dict[str, shapely.Geometry]:
    """Return the outline of every region, from pieces to communities to streets, counties, zones and the city."""
    ground, held = make_ground(seed), make_regions(seed).community_of
    order = np.argsort(held, kind="stable")
    codes, starts = np.unique(held[order], return_index=True)
    shapes: dict[str, shapely.Geometry] = {
        str(code): shapely.coverage_union_all(ground.pieces[own])
        for code, own in zip(codes, np.split(order, starts[1:]), strict=True)
    }
    for above in (_street_above, _county_above, _zone_above, _city_above):
        below: dict[str, list[shapely.Geometry]] = defaultdict(list)
        for code, shape in shapes.items():
            if parent := above(code):
                below[parent].append(shape)
        shapes |= {parent: shapely.coverage_union_all(parts) for parent, parts in below.items()}
    return shapes


def _share_county(ground: Ground, pieces: list[int], county: str, seed: int) -> dict[str, list[int]]:
    """Share a county among its streets: the core and the zones around their centres, the rest by cuts."""
    groups = _groups(county, seed)
    shares: dict[str, list[int]] = {}
    for index, (centre, group) in enumerate(groups[:-1]):
        rest = [claim for _, later in groups[index + 1 :] for claim in later]
        place = to_metres(np.array([CENTRES[centre][0]]))[0]
        own, pieces = part(ground, pieces, from_place(ground, pieces, place), group, rest)
        shares |= bisect(ground, own, group)
    return shares | bisect(ground, pieces, groups[-1][1])


def _groups(county: str, seed: int) -> list[tuple[str, list[Claim]]]:
    """Return the county's streets in groups, each around a centre; the last is what lies outside."""
    divisions = read_divisions()
    is_urban = county in URBAN_COUNTIES
    weights = _URBAN_WEIGHT if is_urban else _RURAL_WEIGHT
    core: list[Claim] = []
    outer: list[Claim] = []
    for street in divisions.streets[county]:
        needs = len(divisions.communities[street.code])
        claim = Claim(street.code, weights[street.code[6]] * needs, needs)
        is_core = street.code[6] == "0" if is_urban else street.code[:9] in _SEATS
        (core if is_core else outer).append(claim)
    np.random.default_rng([seed, 3, int(county)]).shuffle(outer)
    groups = [("old_city" if is_urban else county, core)]
    for zone in (zone for zone, legal in LEGAL_COUNTY.items() if legal == county):
        claims = []
        for street in divisions.streets[zone]:
            needs = len(divisions.communities[street.code])
            claims.append(Claim(street.code, _ZONE_WEIGHT * needs, needs))
        groups.append((zone, claims))
    return [*groups, ("", outer)]


def _street_above(code: str) -> str | None:
    return code[:9] + "000" if code[9:] != "000" else None


def _county_above(code: str) -> str | None:
    return county_of(code) + "000000" if code[9:] == "000" and code[6:9] != "000" else None


def _zone_above(code: str) -> str | None:
    return zone_of(code) if code[9:] == "000" and code[6:9] != "000" else None


def _city_above(code: str) -> str | None:
    return CITY_CODE if code[6:] == "000000" and code[:6] not in LEGAL_COUNTY else None

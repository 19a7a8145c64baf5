"""Hefei's real division codes and names, and the county that each zone's ground belongs to by law."""

import re
from collections import defaultdict
from csv import DictReader
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

CITY_CODE: Final = "340100000000"
CITY_NAME: Final = "合肥市"
LEGAL_COUNTY: Final = MappingProxyType({"340177": "340104", "340176": "340104", "340178": "340102"})
"""Zone -> the legal county of its streets. Synthetic: see SOURCES.md."""
URBAN_COUNTIES: Final = ("340102", "340103", "340104", "340111")

_FILE: Final = Path(__file__).with_name("divisions.csv")
_COMMITTEE: Final = re.compile(r"(居民委员会|居民委员|居委会|村民委员会|村委会|委员会)$")


@dataclass(frozen=True, slots=True)
class Division:
    """A county, zone, street or community.

    Attributes
    ----------
    code
        12 digits, padded with zeros.
    name
        The place's name, without the committee that runs it.
    """

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Divisions:
    """The whole hierarchy by code.

    Attributes
    ----------
    counties, zones
        By their 6 digits.
    streets
        Streets under the 6 digits of the county or zone that the bureau lists them under.
    communities
        Communities under the 12 digits of their street.
    """

    counties: dict[str, Division]
    zones: dict[str, Division]
    streets: dict[str, list[Division]]
    communities: dict[str, list[Division]]


def community_name(official: str) -> str:
    """Return a community's own name.

    >>> community_name("填海巷社区居委会"), community_name("谢户村民委员会"), community_name("翡翠湖居民委员会")
    ('填海巷社区', '谢户村', '翡翠湖社区')
    """
    short = _COMMITTEE.sub("", official)
    if short == official or short.endswith(("社区", "村")):
        return short
    return short + ("村" if "村" in official[len(short) :] else "社区")


@cache
def read_divisions() -> Divisions:
    """Read Hefei's divisions, ordered by code."""
    counties: dict[str, Division] = {}
    zones: dict[str, Division] = {}
    streets: dict[str, list[Division]] = defaultdict(list)
    communities: dict[str, list[Division]] = defaultdict(list)
    with _FILE.open(encoding="utf-8", newline="") as lines:
        for row in sorted(DictReader(lines), key=lambda row: row["code"]):
            code, name = row["code"], row["name"]
            full = code.ljust(12, "0")
            if len(code) == 6:
                (zones if code in LEGAL_COUNTY else counties)[code] = Division(full, name)
            elif len(code) == 9:
                streets[code[:6]].append(Division(full, name))
            else:
                communities[code[:9] + "000"].append(Division(full, community_name(name)))
    return Divisions(counties, zones, dict(streets), dict(communities))


def zone_of(code: str) -> str | None:
    """Return the zone that manages a street or community, by its 12 digits; None on ordinary ground."""
    return code[:6] + "000000" if code[:6] in LEGAL_COUNTY else None


def county_of(code: str) -> str:
    """Return the 6 digits of the county that a code belongs to by law."""
    return LEGAL_COUNTY.get(code[:6], code[:6])

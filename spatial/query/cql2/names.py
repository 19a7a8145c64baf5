"""Names of functions that other languages have, and how CQL2 says the same."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from spatial.errors import InvalidInput
from spatial.query.cql2.words import SPATIAL, TEMPORAL, wrong

NEAR: Final = "distance_m(geometry, POINT(117.2 31.8)) < 500"
TWINS: Final = {
    **{one.removeprefix("s_"): f"{one.upper()}(geometry, ...)" for one in SPATIAL},
    **{one.removeprefix("t_"): f"{one.upper()}(valid_from, ...)" for one in TEMPORAL if one[2:] not in {
        "contains", "disjoint", "equals", "intersects", "overlaps"}},
    "contains": "S_CONTAINS(geometry, ...), and of texts name LIKE '%长江%'",
    **dict.fromkeys(["dwithin", "near"], NEAR),
    "beyond": NEAR.replace("<", ">"),
    "coveredby": "S_WITHIN(geometry, ...)",
    "covers": "S_CONTAINS(geometry, ...)",
    "buffer": "buffer_m(geometry, 200)",
    "area": "area_m2(geometry)",
    "distance": "distance_m(geometry, ...)",
    "perimeter": "length_m(geometry)",
    "makeenvelope": "BBOX(117.2, 31.8, 117.3, 31.9)",
    "envelope": "BBOX(117.2, 31.8, 117.3, 31.9)",
    **dict.fromkeys(["geomfromtext", "geometryfromtext", "makepoint"], "POINT(117.2 31.8), without quotes"),
    **dict.fromkeys(["strtolowercase", "tolower", "lcase"], "lower(name)"),
    **dict.fromkeys(["strtouppercase", "toupper", "ucase"], "upper(name)"),
    **dict.fromkeys(["substr", "strsubstring", "left"], "substring(name, 1, 2)"),
    **dict.fromkeys(["strlength", "len", "char_length"], "length(name)"),
    **dict.fromkeys(["startswith", "strstartswith"], "name LIKE '长江%'"),
    **dict.fromkeys(["endswith", "strendswith"], "name LIKE '%大厦'"),
    **dict.fromkeys(["ilike", "strequalsignorecase"], "CASEI(name) LIKE CASEI('%tower%')"),
    "isnull": "name IS NULL",
    "to_date": "DATE('2026-01-31')",
    "to_timestamp": "TIMESTAMP('2026-01-31T12:00:00Z')",
}  # fmt: skip
"""How CQL2 has it, by the name elsewhere: in lower case, without ``ST_``."""
OF_GEOMETRIES: Final = {"st_length": "length_m(geometry)", "st_isempty": "geometry IS NULL"}
"""Names that mean another thing without ``ST_``."""


def unknown_function(name: str, known: Iterable[str]) -> InvalidInput:
    """Return the refusal of a function that does not exist, with what was probably meant."""
    word, words = name.lower(), [*known, *SPATIAL, *TEMPORAL]
    bare = word.removeprefix("st_").removeprefix("s_")
    hint = OF_GEOMETRIES.get(word) or TWINS.get(bare) or ", ".join(_close(bare, words) or _close(word, words))
    here, here_zh = (f" CQL2 has it as {hint}.", f"CQL2 的写法是 {hint}。") if hint else ("", "")
    return wrong(
        f"there is no function {name!r:.80}.{here} The functions that exist are listed at /functions.",
        f"没有函数 {name!r:.80}。{here_zh}可用的函数见 /functions。",
    )


def _close(word: str, words: list[str]) -> list[str]:
    return get_close_matches(word[:40], words, n=2, cutoff=0.75)

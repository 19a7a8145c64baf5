"""Whether degrees look shifted: a test of three hypotheses against the counties that the rows themselves name.

Reported only. A conversion is made when the user asks for it, and the report names the option.

References
----------
McNemar's test for paired shares: of the rows on which two readings disagree, chance would give each half.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql

from spatial.gcj02 import Floats, Shift, unshift
from spatial.ingest.staging import TABLE as STAGED

ROWS_MIN: Final = 200
"""Fewer rows that name a county decide nothing."""
ROWS_MAX: Final = 8000
GAIN_MIN: Final = 0.02
"""A shift must explain two rows in a hundred more to be mentioned."""
CHI_SQUARED_999: Final = 10.83
"""One degree of freedom, one false alarm in a thousand."""

HINTS: Final = {
    Shift.BD09: re.compile(r"(^|[_ ])(bd|bd09|baidu|百度)([_ ]|$|lon|lng|lat|x|y)|百度", re.IGNORECASE),
    Shift.GCJ02: re.compile(
        r"(^|[_ ])(gcj|gcj02|amap|gaode|tencent|qq)([_ ]|$|lon|lng|lat|x|y)|高德|火星|腾讯", re.IGNORECASE
    ),
}
SUFFIXES: Final = ("区", "县", "市")
# Behind a county's short name these make another thing of it: 蜀山路, 庐阳大道, 包河公园.
NOT_A_STREET: Final = r"(?![一-龥]{0,2}[路街道巷桥公河湖山])"

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What the rows say about their coordinates.

    Attributes
    ----------
    rows
        Sampled rows that name exactly one county.
    shares
        Share of them that lie in the county they name, by reading; None is "as they are".
    """

    rows: int
    shares: Mapping[Shift | None, float]
    shift: Shift | None
    is_sure: bool

    def sentence(self, converted: Shift | None) -> str | None:
        """Return the sentence for the report; None where there is nothing to say.

        Parameters
        ----------
        converted
            What the coordinates were converted from already.
        """
        if self.rows < ROWS_MIN:
            return None
        if converted:
            doubt = " That conversion may be the wrong one." if self.shift else ""
            return (
                f"After the conversion from {converted.label}, {self.shares[None]:.1%} of {self.rows} sampled rows "
                f"that name a county lie in it.{doubt}"
            )
        shares = ", ".join(
            f"{share:.1%} " + (f"taken for {shift.label}" if shift else "as they are")
            for shift, share in self.shares.items()
        )
        found = f"Of {self.rows} sampled rows that name a county, these lie in it: {shares}."
        if self.shift is None:
            return f"{found} Nothing points to shifted coordinates."
        if self.is_sure:
            return (
                f"{found} The coordinates look like {self.shift.label} and were stored unconverted. To convert them, "
                f"import again with --from {self.shift.value} --replace."
            )
        return (
            f"{found} The coordinates look shifted, GCJ-02 or BD-09, and were stored unconverted. Ask where they come "
            "from, and import again with --from gcj02 or --from bd09, and --replace."
        )


def hints(names: Sequence[str]) -> str | None:
    """Return what the names of fields say about a shift; None where they say nothing."""
    for shift, pattern in HINTS.items():
        named = [name for name in names if pattern.search(name)]
        if named:
            return (
                f"Fields named {', '.join(named)} point to {shift.label} coordinates. "
                f"If the geometry was made of them, import again with --from {shift.value} --replace."
            )
    return None


def examine(conn: Connection, slots: Sequence[str]) -> Suspicion | None:
    """Test the staged rows against the counties they name; None where the city or the rows name none.

    Parameters
    ----------
    slots
        Text columns of the staging table.
    """
    counties = conn.execute(
        "SELECT DISTINCT ON (name) name, ST_AsBinary(geom) FROM city.region_legal WHERE level = 'county' ORDER BY name"
    ).fetchall()
    if len(counties) < 2 or not slots:
        return None
    rows = _sampled(conn, slots)
    named = _named([name for name, _ in counties], [row[2:] for row in rows])
    known = np.flatnonzero(named >= 0)
    if len(known) == 0:
        return None
    places = np.array([row[:2] for row in rows], dtype=np.float64)[known]
    outlines = shapely.from_wkb([bytes(outline) for _, outline in counties])
    return weigh(places[:, 0], places[:, 1], outlines[named[known]])


def weigh(lon: Floats, lat: Floats, outlines: Any) -> Suspicion:
    """Compare the readings of degrees by how many lie in the outline that belongs to each.

    Parameters
    ----------
    outlines
        The outline that each place should lie in.
    """
    inside: dict[Shift | None, NDArray[np.bool_]] = {}
    for reading in (None, *Shift):
        x, y = (lon, lat) if reading is None else unshift(reading, lon, lat)
        inside[reading] = shapely.contains_xy(outlines, x, y)
    shares = {reading: float(np.mean(one)) for reading, one in inside.items()}
    best = max(Shift, key=lambda one: shares[one])
    other = next(one for one in Shift if one is not best)
    raw = inside[None]
    is_shifted = len(lon) >= ROWS_MIN and shares[best] - shares[None] >= GAIN_MIN and _differ(inside[best], raw)
    sure = is_shifted and _differ(inside[best], inside[other])
    return Suspicion(len(lon), shares, best if is_shifted else None, sure)


def _differ(better: NDArray[np.bool_], worse: NDArray[np.bool_]) -> bool:
    won, lost = int((better & ~worse).sum()), int((worse & ~better).sum())
    return won > lost and (won - lost) ** 2 > CHI_SQUARED_999 * (won + lost)


def _sampled(conn: Connection, slots: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return lon, lat and texts of rows spread evenly over the file."""
    total = conn.execute(sql.SQL("SELECT count(*) FROM {}").format(STAGED)).fetchone()
    step = max((total[0] if total else 0) // ROWS_MAX, 1)
    columns = sql.SQL(", ").join(map(sql.Identifier, slots))
    return conn.execute(
        sql.SQL(
            "SELECT ST_X(p), ST_Y(p), {} FROM (SELECT *, ST_PointOnSurface(geom) AS p, row_number() OVER () AS n "
            "FROM {}) AS s WHERE n %% %s = 0"
        ).format(columns, STAGED),
        [step],
    ).fetchall()


def _named(counties: Sequence[str], rows: Sequence[Sequence[str | None]]) -> NDArray[np.int64]:
    """Return the county that each row names, as its position, or -1; from the column that names one most often."""
    patterns = [_pattern(name) for name in counties]
    best = np.full(len(rows), -1)
    for column in zip(*rows, strict=True):
        found = np.array([_only(patterns, text) for text in column], dtype=np.int64)
        if (found >= 0).sum() > (best >= 0).sum():
            best = found
    return best


def _pattern(name: str) -> re.Pattern[str]:
    short = name.rstrip("".join(SUFFIXES))
    if len(short) < 2:
        return re.compile(re.escape(name))
    return re.compile(f"{re.escape(name)}|{re.escape(short)}{NOT_A_STREET}(?![{''.join(SUFFIXES)}])")


def _only(patterns: Sequence[re.Pattern[str]], text: str | None) -> int:
    """Return the one county that a text names; -1 where it names none or several."""
    if not text:
        return -1
    found = [index for index, pattern in enumerate(patterns) if pattern.search(text)]
    return found[0] if len(found) == 1 else -1

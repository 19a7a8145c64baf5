"""Where the coordinates of a table stand: columns of x and y, or of WKT."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyproj
import shapely
from numpy.typing import NDArray

from spatial.crs import CGCS2000
from spatial.errors import InvalidInput
from spatial.ingest.errors import NoCoordinates
from spatial.ingest.sources.columns import kept, rows_at
from spatial.ingest.sources.wkb import from_wkt
from spatial.ingest.types import DeclaredCrs, Geometries, ImportOptions, Reason, Rejection, RowBatch

_MAKER: Final = "bd|bd09|baidu|gcj|gcj02|amap|gaode|wgs|wgs84|cgcs2000|gps"


def _named(words: str) -> re.Pattern[str]:
    """Return a pattern of whole names, with or without the map maker before or behind."""
    return re.compile(rf"^(?:(?:{_MAKER})[_ ]?)?(?:{words})(?:[_ ]?(?:{_MAKER}))?$")


LON: Final = _named("lon|lng|long|longitude|经度")
LAT: Final = _named("lat|latitude|纬度")
X: Final = re.compile(r"^(?:x|x_?coord|coord_?x|point_?x|x坐标|坐标x|横坐标|easting|east|东坐标)$")
Y: Final = re.compile(r"^(?:y|y_?coord|coord_?y|point_?y|y坐标|坐标y|纵坐标|northing|north|北坐标)$")
WKT: Final = re.compile(r"^(?:wkt|geom|geometry|the_geom|wkt_geom|geom_wkt|geometry_wkt|shape|几何)$")
EWKT: Final = re.compile(r"^\s*SRID\s*=\s*\d+\s*;", re.IGNORECASE)
DEGREES: Final = pyproj.CRS.from_epsg(CGCS2000)


@dataclass(slots=True)
class Located:
    """Geometries of some rows, and what is wrong with the others by index."""

    geometries: Geometries
    problems: dict[int, tuple[Reason, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GeometryColumns:
    """The columns that a table's geometry is made of.

    Attributes
    ----------
    names
        One for WKT, two for x and y.
    declared
        Degrees where the names say longitude and latitude; None where they say nothing.
    """

    names: tuple[str, ...]
    declared: DeclaredCrs | None = None

    @property
    def consumed(self) -> list[str]:
        """Columns that would only repeat the geometry."""
        return list(self.names) if len(self.names) == 1 else []

    def locate(self, columns: Mapping[str, Sequence[Any]]) -> Located:
        """Make geometries of the columns' values."""
        if len(self.names) == 1:
            return _from_wkt(columns[self.names[0]])
        return _from_xy(columns[self.names[0]], columns[self.names[1]])


def choose_columns(names: Iterable[str], options: ImportOptions) -> GeometryColumns:
    """Find the columns with coordinates by what the user says, then by their names.

    Raises
    ------
    NoCoordinates
        No names look like coordinates, or several do.
    InvalidInput
        A column that the user names does not exist.
    """
    known = list(names)
    if options.wkt:
        return GeometryColumns((_existing(options.wkt, known, "wkt"),))
    if options.x or options.y:
        if not (options.x and options.y):
            raise InvalidInput("Give both columns: --x and --y.", field="x" if options.y else "y")
        pair = _existing(options.x, known, "x"), _existing(options.y, known, "y")
        return GeometryColumns(pair, _declared(*pair))
    for first, second in ((LON, LAT), (X, Y)):
        xs, ys = _matching(first, known), _matching(second, known)
        if len(xs) == 1 and len(ys) == 1:
            return GeometryColumns((xs[0], ys[0]), _declared(xs[0], ys[0]))
        if xs and ys:
            raise NoCoordinates(f"Several columns could be coordinates: {', '.join(xs + ys)}. Add --x NAME --y NAME.")
    texts = _matching(WKT, known)
    if len(texts) == 1:
        return GeometryColumns((texts[0],))
    raise NoCoordinates(
        "No columns look like coordinates. Add --x NAME --y NAME, or --wkt NAME; the columns are: "
        f"{', '.join(known[:40]) or '(none)'}."
    )


def _existing(name: str, known: list[str], option: str) -> str:
    if name not in known:
        raise InvalidInput(f"There is no column {name!r}; the columns are: {', '.join(known[:40])}.", field=option)
    return name


def _matching(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    return [name for name in names if pattern.match(name.strip().lower())]


def _declared(x: str, y: str) -> DeclaredCrs | None:
    if LON.match(x.strip().lower()) and LAT.match(y.strip().lower()):
        return DeclaredCrs(DEGREES, f"the names of its columns ({x}, {y})", is_firm=False)
    return None


def _from_xy(xs: Sequence[Any], ys: Sequence[Any]) -> Located:
    try:
        # All rows at once, as most files are clean; a blank or a word sends the batch the slow way.
        fast = np.array([xs, ys], dtype=object).astype(np.float64).T
    except (TypeError, ValueError):
        fast = np.full((len(xs), 2), np.nan)
    if np.isfinite(fast).all():
        return Located(np.asarray(shapely.points(fast), dtype=object))
    return _from_dirty_xy(xs, ys)


def _from_dirty_xy(xs: Sequence[Any], ys: Sequence[Any]) -> Located:
    pairs = np.full((len(xs), 2), np.nan)
    problems: dict[int, tuple[Reason, str]] = {}
    for index, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if _is_blank(x) or _is_blank(y):
            continue
        try:
            pairs[index] = _number(x), _number(y)
        except (TypeError, ValueError):
            problems[index] = (Reason.BAD_NUMBER, f"The coordinates {x!r}, {y!r} are not both numbers.")
            continue
        if not np.isfinite(pairs[index]).all():
            problems[index] = (Reason.NON_FINITE, f"The coordinates {x!r}, {y!r} are not finite numbers.")
    geometries = np.empty(len(pairs), dtype=object)
    known = np.isfinite(pairs).all(axis=1)
    geometries[known] = shapely.points(pairs[known])
    return Located(geometries, problems)


def _number(value: Any) -> float:
    if isinstance(value, str) and "_" in value:
        # Python alone reads 1_000 as a number.
        raise ValueError(value)
    return float(value)


def _is_blank(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and math.isnan(value))
    )


def _from_wkt(values: Sequence[Any]) -> Located:
    texts = [None if _is_blank(one) else EWKT.sub("", str(one)) for one in values]
    geometries, unreadable = from_wkt(texts)
    return Located(geometries, {index: (Reason.BAD_GEOMETRY, message) for index, message in unreadable.items()})


def located_batch(
    rows: NDArray[np.int64], located: Located, attributes: pa.Table, *, position: int, others: Sequence[Rejection] = ()
) -> RowBatch:
    """Make a batch, with the rows whose coordinates could not be read among the rejections.

    Parameters
    ----------
    others
        Rejections that the caller has already.
    """
    good = np.ones(len(rows), dtype=bool)
    good[list(located.problems)] = False
    indexes = sorted(located.problems)
    lost = rows_at(attributes, indexes)
    rejections = [
        Rejection(int(rows[index]), *located.problems[index], attributes=values)
        for index, values in zip(indexes, lost, strict=True)
    ]
    return RowBatch(
        rows[good],
        located.geometries[good],
        kept(attributes, good),
        rejections=tuple(sorted([*others, *rejections], key=lambda one: one.row)),
        position=position,
    )

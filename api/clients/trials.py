"""The filters that QGIS writes, made of a layer's real queryables and a real feature's values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import shapely

from api.clients import classes
from api.clients.axes import CRS84, axes_of
from api.clients.boxes import SLACK_DEG, SLACK_M
from api.clients.session import Feature, Session
from api.clients.types import MIDDLE, NEW, NEXT, SINCE_CRS

Holds = Callable[[Feature], bool | None]
"""Whether a feature satisfies a filter; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One filter to try.

    Attributes
    ----------
    text
        CQL2 as QGIS writes it.
    classes
        A class must be declared, by any of these names, before QGIS sends it; none for what is basic.
    more
        Parameters that go with it.
    """

    check: str
    text: str
    holds: Holds
    classes: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    versions: tuple[str, ...] = SINCE_CRS


def trials(session: Session) -> Iterator[Trial]:
    """Write the filters for the queryables of this layer."""
    text, number, moment = (_example(session, kind) for kind in (_is_text, _is_number, _is_moment))
    if number:
        yield from _on_numbers(*number)
    if text:
        yield from _on_text(*text)
    yield from _on_nothing(text or number)
    if moment:
        yield from _on_time(session.formats.get(moment[0], ""), *moment)
    yield from _on_place(session)


def _example(session: Session, fits: Callable[[Session, str, Any], bool]) -> tuple[str, Any] | None:
    """Return a queryable and a real value of it."""
    for one in session.sample:
        for name, value in one.properties.items():
            known = not session.queryables or name in session.queryables
            if known and name.lower() != "id" and fits(session, name, value):
                return name, value
    return None


def _is_text(session: Session, name: str, value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 60 and "\\" not in value and name not in session.formats


def _is_number(_session: Session, _name: str, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _is_moment(session: Session, name: str, value: Any) -> bool:
    return session.formats.get(name) in {"date-time", "date"} and _moment(value) is not None


def quoted(name: str) -> str:
    """Write a property's name as QGIS does: in quotes where it is more than letters and digits."""
    return name if name.isalnum() else '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Write a value as QGIS does."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def _value(name: str, test: Callable[[Any], bool]) -> Holds:
    """Return a check of one property; it cannot be told where the answer leaves the property out."""

    def holds(one: Feature) -> bool | None:
        if name not in one.properties:
            return None
        value = one.properties[name]
        try:
            return value is not None and test(value)
        except (TypeError, AttributeError):
            # A value of another type than the one before.
            return False

    return holds


def _on_numbers(name: str, value: float) -> Iterator[Trial]:
    column, it = quoted(name), literal(value)
    yield Trial("filter.comparison", f"({column} >= {it})", _value(name, lambda one: one >= value))
    yield Trial("filter.comparison", f"({column} = {it})", _value(name, lambda one: one == value))
    # QGIS writes a negative number as the opposite of a positive one.
    below = f"( - ({abs(value) + 1}))"
    yield Trial("filter.negative", f"({column} > {below})", _value(name, lambda one: one > -abs(value) - 1))
    # It puts no brackets around BETWEEN, so the AND within meets the AND without.
    text = f"({column} BETWEEN {it} AND {it} AND ({column} = {it}))"
    yield Trial("filter.between", text, _value(name, lambda one: one == value), classes.LIKE_IN_BETWEEN)


def _on_text(name: str, value: str) -> Iterator[Trial]:
    column, it = quoted(name), literal(value)
    same = f"({column} = {it})"
    part = next((value[:size] for size in (3, 2, 1) if not {"%", "_"} & {*value[:size]}), "")
    yield Trial("filter.comparison", same, _value(name, lambda one: one == value))
    yield Trial("filter.logic", f"({same} AND (NOT (({column} <> {it}))))", _value(name, lambda one: one == value))
    yield Trial("filter.logic", f"({same} OR ({column} = 'x'))", _value(name, lambda one: one in {value, "x"}))
    among = _value(name, lambda one: one in {value, "x"})
    yield Trial("filter.in", f"{column} IN ({it},'x')", among, classes.LIKE_IN_BETWEEN)
    if part:
        pattern = literal(f"{part}%")
        starts = _value(name, lambda one: one.startswith(part))
        yield Trial("filter.like", f"({column} LIKE {pattern})", starts, classes.LIKE_IN_BETWEEN)
        other = literal(f"{part.swapcase()}%")
        folded = _value(name, lambda one: one.casefold().startswith(part.casefold()))
        yield Trial("filter.casei", f"(CASEI({column}) LIKE CASEI({other}))", folded, classes.CASEI)


def _on_nothing(example: tuple[str, Any] | None) -> Iterator[Trial]:
    if example:
        name = example[0]
        yield Trial("filter.null", f"({quoted(name)} IS NOT NULL)", _value(name, lambda _one: True))


def _on_time(form: str, name: str, value: str) -> Iterator[Trial]:
    moment = _moment(value)
    assert moment is not None  # noqa: S101 - chosen for it
    if form == "date":
        written = f"DATE('{moment.date().isoformat()}')"
        day = moment.date()
        yield Trial("filter.time", f"({quoted(name)} <= {written})", _time(name, lambda one: one.date() <= day))
        return
    written = f"TIMESTAMP('{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:19]}.000Z')"
    whole = moment.replace(microsecond=0)
    yield Trial("filter.time", f"({quoted(name)} >= {written})", _time(name, lambda one: one >= whole))


def _time(name: str, test: Callable[[datetime], bool]) -> Holds:
    def holds(one: Feature) -> bool | None:
        moment = _moment(one.properties.get(name))
        return None if moment is None else test(moment)

    return holds


def _moment(value: Any) -> datetime | None:
    """Read a date or a time stamp of an answer; one without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _on_place(session: Session) -> Iterator[Trial]:
    """Write the two spatial filters that QGIS knows, in the layer's own reference system."""
    one = next((one for one in session.sample if one.geometry is not None), None)
    if session.geometry_name is None or one is None or one.geometry is None:
        return
    system = session.source_crs or axes_of(CRS84)
    assert system is not None  # noqa: S101 - pyproj knows it
    more = (("filter-crs", system.uri), ("crs", system.uri)) if system.uri != CRS84 else ()
    point = one.geometry.representative_point()
    slack = SLACK_DEG if system.is_geographic else SLACK_M
    column = quoted(session.geometry_name)
    here, frame = system.from_lon_lat(point), system.from_lon_lat(shapely.box(*one.geometry.bounds))
    numbers = ",".join(repr(float(edge)) for edge in frame.buffer(slack / 10).bounds)
    names = ((classes.SPATIAL_OLD, (MIDDLE,)), (classes.SPATIAL_OLD + classes.SPATIAL, (NEW, NEXT)))
    for known, versions in names:
        yield Trial(
            "filter.bbox",
            f"S_INTERSECTS({column},BBOX({numbers}))",
            lambda one: None if one.geometry is None else shapely.box(*one.geometry.bounds).distance(frame) <= slack,
            known,
            more,
            versions,
        )
    # Numbers are rounded on their way, so only what has an inside surely meets the point that they name.
    if one.geometry.geom_type in {"Polygon", "MultiPolygon"}:
        text = f"S_INTERSECTS({column},POINT({float(here.bounds[0])!r} {float(here.bounds[1])!r}))"
        yield Trial(
            "filter.point",
            text,
            lambda one: None if one.geometry is None else shapely.box(*one.geometry.bounds).distance(here) <= slack,
            classes.SPATIAL_OLD + classes.SPATIAL,
            more,
        )

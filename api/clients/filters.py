"""Filters as QGIS writes them, each tried on the real queryables with a real feature's values.

A filter works when every feature of the answer satisfies it, when there are any, and when the same filter joined with
its own opposite gives none: a server that ignores filters passes the first test often and the last one never.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from api.clients import classes, say
from api.clients.classes import declares
from api.clients.fetch import Failed
from api.clients.service import simple_queryables
from api.clients.session import Session
from api.clients.trials import Holds, Trial, trials
from api.clients.types import SINCE_CRS, Line

LIMIT: Final = "50"


def filters(session: Session) -> Iterator[Line]:
    """Try every kind of filter, declared or not."""
    if not session.sample:
        yield say.untested("filter", "no features", SINCE_CRS)
        return
    missing = classes.missing_filter_classes(session)
    if missing:
        yield from _without_cql2(session, missing)
        return
    yield say.ok("filter", "CQL2 text", SINCE_CRS)
    tried = [*trials(session)]
    # One line for each kind of filter, and for the versions that send it.
    for check, versions in dict.fromkeys((one.check, one.versions) for one in tried):
        lines = [_try(session, one) for one in tried if (one.check, one.versions) == (check, versions)]
        yield next((line for line in lines if line.advice), lines[0])


def _without_cql2(session: Session, missing: list[str]) -> Iterator[Line]:
    """Say what lacks, and try what QGIS does instead."""
    trial = next(iter(trials(session)), None)
    works = trial is not None and _outcome(session, trial) is None
    advice = (
        (
            "过滤其实可用，但声明不全，QGIS 不会使用。请声明缺少的类。",
            "Filters work, but QGIS does not know. Declare it.",
        )
        if works
        else (
            "QGIS 下载全部要素后才过滤，大图层很慢。请实现并声明 CQL2 文本过滤。",
            "QGIS downloads everything and filters then. Implement and declare CQL2 text.",
        )
    )
    yield say.loss("filter", f"not declared: {', '.join(missing)}"[:200], *advice, SINCE_CRS)
    yield from _properties(session)
    yield from _moments(session)


def _properties(session: Session) -> Iterator[Line]:
    """Try ``name=value``, which QGIS sends where there is no CQL2."""
    known = simple_queryables(session, session.collection or "")
    kept = {
        name: value
        for name, value in session.sample[0].properties.items()
        if name in known and isinstance(value, str | int) and not isinstance(value, bool)
    }
    if not kept:
        yield say.loss(
            "filter.property",
            f"{len(known)} parameters in the API description",
            "QGIS 也不能用字段参数过滤。请在 OpenAPI 的 items 路径列出字段参数，写明 style: form 与 explode: false。",
            "QGIS cannot filter by property parameters either. List them in OpenAPI with style form, explode false.",
            SINCE_CRS,
        )
        return
    name, value = next(iter(kept.items()))
    problem = _checked(session, {name: str(value)}, lambda one: one.properties.get(name) == value)
    yield (_broken("filter.property", problem, SINCE_CRS) if problem else say.ok("filter.property", name, SINCE_CRS))


def _moments(session: Session) -> Iterator[Line]:
    """Try the far ends that QGIS writes for an open interval, where a layer has time."""
    extent = session.layer.get("extent")
    if not (isinstance(extent, dict) and extent.get("temporal")):
        return
    for interval in ("2000-01-01T00:00:00Z/9999-12-31T00:00:00Z", "0000-01-01T00:00:00Z/2000-01-01T00:00:00Z"):
        try:
            session.page({"limit": "1", "datetime": interval})
        except Failed as error:
            yield _broken("filter.datetime", f"{interval}: {error}", SINCE_CRS)
            return
    yield say.ok("filter.datetime", "0000-01-01 ... 9999-12-31", SINCE_CRS)


def _try(session: Session, trial: Trial) -> Line:
    """Try one filter and weigh the outcome against what is declared."""
    declared = not trial.classes or declares(session, trial.classes)
    problem = _outcome(session, trial)
    name = " / ".join(one.removeprefix(classes.SPEC) for one in trial.classes if "/0.0/" not in one)
    if declared and problem:
        return _broken(trial.check, f"{trial.text[:80]}: {problem}", trial.versions)
    if declared:
        return say.ok(trial.check, trial.text[:100], trial.versions)
    if problem:
        return say.loss(
            trial.check,
            f"not declared: {name}",
            "QGIS 下载全部要素后在本机过滤。请实现并声明此类。",
            "QGIS downloads everything and filters on the client. Implement and declare the class.",
            trial.versions,
        )
    return say.loss(
        trial.check,
        f"works, but not declared: {name}",
        "服务器会做，但 QGIS 不知道，仍下载全部要素。请声明此类。",
        "The server can, but QGIS does not know and downloads everything. Declare the class.",
        trial.versions,
    )


def _broken(check: str, found: str, versions: tuple[str, ...]) -> Line:
    return say.fault(
        check,
        found[:240],
        "QGIS 会发送这样的过滤并报错或显示错误的要素。请修复，或不要声明。",
        "QGIS sends such filters and then fails or shows wrong features. Mend it, or do not declare it.",
        versions,
    )


def _outcome(session: Session, trial: Trial) -> str | None:
    """Return what is wrong with the answers to a filter; None where it truly filters."""
    more = {"filter-lang": "cql2-text", **dict(trial.more)}
    problem = _checked(session, {"filter": trial.text, **more}, trial.holds)
    if problem:
        return problem
    try:
        page = session.page({"limit": "1", "filter": f"({trial.text} AND (NOT ({trial.text})))", **more})
    except Failed as error:
        return f"with AND NOT: {error}"
    return "a filter that nothing satisfies gave features; it is ignored" if page.features else None


def _checked(session: Session, query: Mapping[str, str], holds: Holds) -> str | None:
    try:
        page = session.page({"limit": LIMIT, **query})
    except Failed as error:
        return str(error)
    if not page.features:
        return "gave nothing, though a feature satisfies it"
    wrong = next((one for one in page.features if holds(one) is False), None)
    return f"gave feature {wrong.id}, which does not satisfy it"[:120] if wrong else None

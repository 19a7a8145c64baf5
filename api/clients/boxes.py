"""Boxes and axes: does the server cut where QGIS asks, and do numbers come in the order that their system has."""

from collections.abc import Iterator
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from api.clients import classes, say
from api.clients.axes import CRS84, Axes, axes_of
from api.clients.classes import declares
from api.clients.fetch import Failed
from api.clients.session import Feature, Page, Session
from api.clients.types import ALL, SINCE_CRS, Line

MARGIN_DEG: Final = 1e-6
SLACK_DEG: Final = 1e-4
"""Ten metres: what rounding and a change of datum may move; a swapped axis moves much more."""
SLACK_M: Final = 20.0
LIMIT: Final = "200"
EPSG4326: Final = "http://www.opengis.net/def/crs/EPSG/0/4326"


def box(session: Session) -> Iterator[Line]:
    """Ask for the surroundings of one feature, as QGIS does for what the map shows."""
    one = _placed(session)
    if one is None:
        yield say.untested("bbox", "no feature with a geometry")
        yield say.untested("axes", "no feature with a geometry", SINCE_CRS)
        return
    yield _try_box(session, one, None, ALL)
    systems = _systems_to_try(session)
    if not systems:
        return
    for system in systems:
        line = _try_box(session, one, system, SINCE_CRS)
        if line.advice:
            yield line
            return
    yield say.ok("axes", "; ".join(_name(system) for system in systems), SINCE_CRS)


def _placed(session: Session) -> Feature | None:
    return next((one for one in session.sample if one.geometry is not None), None)


def _systems_to_try(session: Session) -> list[Axes]:
    """Return the system that QGIS chooses, and WGS 84 with latitude first where it is offered."""
    if not declares(session, classes.CRS):
        return []
    listed = session.layer.get("crs")
    wanted = [session.source_crs]
    if isinstance(listed, list) and EPSG4326 in listed:
        wanted.append(axes_of(EPSG4326))
    return [*{one.uri: one for one in wanted if one and one.uri != CRS84}.values()]


def surroundings(geometry: BaseGeometry, system: Axes | None) -> tuple[BaseGeometry, str]:
    """Return the box around a geometry, in CRS84, and its four numbers as they go over the wire in a system."""
    frame = shapely.box(*shapely.box(*geometry.bounds).buffer(MARGIN_DEG).bounds)
    there = system.from_lon_lat(frame) if system else frame
    return frame, ",".join(repr(float(one)) for one in there.bounds)


def _try_box(session: Session, one: Feature, system: Axes | None, versions: tuple[str, ...]) -> Line:
    check = "axes" if system else "bbox"
    assert one.geometry is not None  # noqa: S101 - chosen for it
    frame, numbers = surroundings(one.geometry, system)
    query = {"limit": LIMIT, "bbox": numbers}
    if system:
        query |= {"bbox-crs": system.uri, "crs": system.uri}
    try:
        page = session.page(query)
    except Failed as error:
        return say.fault(
            check,
            f"{_name(system)}: {error}",
            "QGIS 按地图范围取数时报错。请支持此坐标系的 bbox 与 crs。",
            "QGIS fails whenever it asks for what the map shows. Support bbox and crs in this CRS.",
            versions,
        )
    return _judge(check, one, system, page, frame, versions)


def _judge(
    check: str, one: Feature, system: Axes | None, page: Page, frame: BaseGeometry, versions: tuple[str, ...]
) -> Line:
    wanted = system.from_lon_lat(frame) if system else frame
    slack = SLACK_DEG if system is None or system.is_geographic else SLACK_M
    there = [feature.geometry for feature in page.features if feature.geometry is not None]
    near = wanted.buffer(slack)
    if system and page.answer.headers.get("content-crs", "").strip("<> ") != system.uri:
        return say.fault(
            check,
            f"{_name(system)}: Content-Crs is {page.answer.headers.get('content-crs', 'absent')}"[:160],
            "QGIS 会把坐标当作所请求的坐标系。请按 crs 参数给出坐标，并在 Content-Crs 中写明。",
            "QGIS takes the numbers for the CRS it asked for. Answer in it and say so in Content-Crs.",
            versions,
        )
    if any(not shapely.box(*shape.bounds).intersects(near) for shape in there):
        swapped = system is not None and all(
            shapely.box(shape.bounds[1], shape.bounds[0], shape.bounds[3], shape.bounds[2]).intersects(near)
            for shape in there
        )
        found = "the axes are swapped" if swapped else "features outside of the box"
        return say.fault(
            check,
            f"{_name(system)}: {found}",
            "要素落在错误的位置，或者服务器不理会 bbox。请按坐标系登记的轴序（纬度/北在前）读写坐标。",
            "Features fall in the wrong place, or bbox is ignored. Read and write axes in the order of the CRS.",
            versions,
        )
    # The one that the box was drawn around; where it is packed with features, it may stand on a later page.
    if str(one.id) not in {str(feature.id) for feature in page.features} and page.next_url is None:
        return say.fault(
            check,
            f"{_name(system)}: the feature in the box is missing, {len(page.features)} came",
            "地图范围内的要素不显示。请检查 bbox 与 bbox-crs 的轴序。",
            "Features that the map shows are missing. Check the axis order of bbox and bbox-crs.",
            versions,
        )
    return say.ok(check, f"{_name(system)}, {len(page.features)}", versions)


def _name(system: Axes | None) -> str:
    return system.uri.rpartition("/crs/")[2] if system else "CRS84"

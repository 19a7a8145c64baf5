"""What QGIS asks of one layer before it draws: its description, queryables, schema, and whether it can be edited."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

from api.clients import classes, say
from api.clients.axes import CRS84, axes_of
from api.clients.classes import declares
from api.clients.fetch import Failed
from api.clients.session import Session, links_of
from api.clients.types import MIDDLE, NEW, NEXT, SINCE_CRS, Line, Stop

GEOJSON_SCHEMA: Final = "https://geojson.org/schema/"
"""QGIS knows a geometry in the queryables by a ``$ref`` that begins so."""
SCHEMA_RELS: Final = ("http://www.opengis.net/def/rel/ogc/1.0/schema", "[ogc-rel:schema]")
SCHEMA_TYPES: Final = ("application/schema+json", "application/json")


def collection(session: Session) -> Iterator[Line]:
    """Read the description of the layer: the asked one, or the first."""
    try:
        name = session.collection or _first(session)
        session.layer_url = f"{session.collections_url}/{quote(name, safe=':@')}"
        session.layer = _described(session)
    except Failed as error:
        yield say.fault(
            "collection",
            error,
            "QGIS 无法加载该图层。请修复 /collections 与 /collections/{id}。",
            "QGIS cannot load the layer. Mend /collections and /collections/{id}.",
        )
        raise Stop from error
    session.collection = name
    title = session.layer.get("title")
    yield say.ok("collection", f"{name} · {title}"[:120] if isinstance(title, str) else name)
    yield _extent(session.layer)
    yield from _systems(session)


def _first(session: Session) -> str:
    """Return the first layer of features, as a user would choose from QGIS's list."""
    listed = session.get(session.collections_url, "application/json").document().get("collections")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), str) and one.get("itemType", "feature") == "feature":
            return str(one["id"])
    raise Failed("没有要素图层", "lists no collection of features")


def _described(session: Session) -> Mapping[str, Any]:
    """Fetch the description; QGIS tries once more with a slash at the end."""
    try:
        return session.get(session.layer_url, "application/json").document()
    except Failed:
        session.layer_url += "/"
        return session.get(session.layer_url, "application/json").document()


def _extent(layer: Mapping[str, Any]) -> Line:
    extent = layer.get("extent")
    spatial = extent.get("spatial") if isinstance(extent, dict) else None
    boxes = spatial.get("bbox") if isinstance(spatial, dict) else None
    box = boxes[0] if isinstance(boxes, list) and boxes else None
    if isinstance(box, list) and len(box) in {4, 6} and all(isinstance(one, int | float) for one in box):
        return say.ok("extent", ", ".join(f"{one:g}" for one in box))
    return say.loss(
        "extent",
        "no extent.spatial.bbox",
        "QGIS 用前 10 个要素猜范围，“缩放到图层”会落在错误的位置。请给出 extent.spatial.bbox。",
        "QGIS guesses the extent from 10 features, so 'zoom to layer' misleads. Give extent.spatial.bbox.",
    )


def _systems(session: Session) -> Iterator[Line]:
    """Choose the reference system as QGIS does: the stored one, else the first of the list, else CRS84."""
    storage, listed = session.layer.get("storageCrs"), session.layer.get("crs")
    offered = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    session.source_crs = axes_of(CRS84)
    if not declares(session, classes.CRS):
        yield say.loss(
            "crs",
            "class ogcapi-features-2/1.0/conf/crs is not declared",
            "QGIS 只能取 WGS 84 坐标，无法按 EPSG:4490/4548 原样读取。请实现并声明 Features 第 2 部分。",
            "QGIS reads WGS 84 only, not the stored coordinates. Implement and declare Features Part 2.",
            SINCE_CRS,
        )
        return
    name = storage if isinstance(storage, str) else next(iter(offered), CRS84)
    chosen = axes_of(name)
    if chosen is None:
        yield say.fault(
            "crs",
            name[:100],
            "QGIS 不认识该坐标系，图层没有位置。请使用 OGC 登记的 CRS 地址。",
            "QGIS knows no such CRS, so the layer has no place. Use a URI of the OGC's register.",
            SINCE_CRS,
        )
        return
    session.source_crs = chosen
    if not isinstance(storage, str):
        yield say.loss(
            "crs",
            f"no storageCrs; QGIS takes {name}",
            "QGIS 取列表中第一个坐标系，数据会被转换而不是原样给出。请给出 storageCrs。",
            "QGIS takes the first CRS of the list, so data come transformed. Give storageCrs.",
            SINCE_CRS,
        )
    elif offered and storage not in offered:
        yield say.fault(
            "crs",
            f"storageCrs {storage} is not in crs"[:160],
            "QGIS 会请求 storageCrs，而服务器未声明可给出它。请把它加入 crs 列表。",
            "QGIS asks for storageCrs, which the server does not offer. Add it to the list 'crs'.",
            SINCE_CRS,
        )
    else:
        yield say.ok("crs", f"{name} ({'lat, lon / north, east' if chosen.is_inverted else 'lon, lat / east, north'})")


def queryables(session: Session) -> Iterator[Line]:
    """Read what may stand in a filter; QGIS does so only where it may send filters."""
    if classes.missing_filter_classes(session):
        return
    try:
        document = session.get(f"{session.layer_url}/queryables", "application/schema+json").document()
        properties = document.get("properties")
        if not isinstance(properties, dict):
            raise Failed("没有 properties 对象", "has no object 'properties'")  # noqa: TRY301 - one way to say it
    except Failed as error:
        yield say.fault(
            "queryables",
            error,
            "QGIS 不会把任何过滤条件交给服务器。请修复 /collections/{id}/queryables。",
            "QGIS sends no filter at all. Mend /collections/{id}/queryables.",
            SINCE_CRS,
        )
        return
    unread = _take(session, properties)
    if unread:
        yield say.loss(
            "queryables",
            ", ".join(unread)[:160],
            "这些字段没有单一的 type，QGIS 不会对它们下推过滤。请写成 type: string 等单一类型。",
            "QGIS filters these on the client. Give each one JSON type, not a list.",
            SINCE_CRS,
        )
    if session.geometry_name is None:
        yield say.loss(
            "queryables",
            f"no geometry by $ref {GEOJSON_SCHEMA}...",
            "QGIS 不会下推空间过滤。请给几何字段写 $ref: https://geojson.org/schema/Geometry.json，且不写 type。",
            f"QGIS pushes no spatial filter. Give the geometry a $ref to {GEOJSON_SCHEMA}Geometry.json and no type.",
            SINCE_CRS,
        )
    if not unread and session.geometry_name:
        yield say.ok("queryables", f"{len(session.queryables)} + {session.geometry_name}", SINCE_CRS)


def _take(session: Session, properties: Mapping[str, Any]) -> list[str]:
    """Keep what QGIS understands; return the names of the rest."""
    unread: list[str] = []
    for name, schema in properties.items():
        if not isinstance(schema, dict):
            continue
        kind, reference = schema.get("type"), schema.get("$ref")
        if isinstance(kind, str):
            session.queryables[name] = kind
            if isinstance(schema.get("format"), str):
                session.formats[name] = schema["format"]
        elif kind is None and isinstance(reference, str) and reference.startswith(GEOJSON_SCHEMA):
            # QGIS takes the first in the order of the names.
            session.geometry_name = min(filter(None, (name, session.geometry_name)))
        elif not str(schema.get("format", "")).startswith("geometry"):
            unread.append(name)
    return unread


def schema(session: Session) -> Iterator[Line]:
    """Read the types of the fields; without, QGIS guesses them from ten features."""
    if not declares(session, classes.SCHEMAS):
        yield say.loss(
            "schema",
            "class ogcapi-features-5/1.0/conf/schemas is not declared",
            "QGIS 用前 10 个要素猜字段类型，前面为空的字段会变成错误的类型。请实现并声明 Features 第 5 部分。",
            "QGIS guesses field types from 10 features and gets empty ones wrong. Implement and declare Part 5.",
            (NEW, NEXT),
        )
        return
    links = [one for one in links_of(session.layer) if one.rel in SCHEMA_RELS and one.type in SCHEMA_TYPES]
    advice = (
        "QGIS 读不到字段结构，只能猜。请加入 rel=…/ogc/1.0/schema、type=application/schema+json 的链接并使其可读。",
        "QGIS cannot read the schema and guesses. Add a link rel=.../ogc/1.0/schema, type=application/schema+json.",
        (NEW, NEXT),
    )
    if not links:
        yield say.fault("schema", "declared, but no link with the relation and type", *advice)
        return
    try:
        best = min(links, key=lambda one: SCHEMA_TYPES.index(one.type))
        properties = session.get(urljoin(session.layer_url, best.href), SCHEMA_TYPES[0]).document().get("properties")
        if not isinstance(properties, dict):
            raise Failed("没有 properties 对象", "has no object 'properties'")  # noqa: TRY301 - one way to say it
    except Failed as error:
        yield say.fault("schema", error, *advice)
        return
    absent = sorted({name for one in session.sample for name in one.properties} - {*properties})
    if absent:
        yield say.fault(
            "schema",
            f"not in the schema: {', '.join(absent)}"[:160],
            "QGIS 只显示字段结构里有的字段，这些会消失。请补全字段结构。",
            "QGIS shows only fields of the schema; these vanish. Complete it.",
            (NEW, NEXT),
        )
    else:
        yield say.ok("schema", f"{len(properties)} properties", (NEW, NEXT))


def editing(session: Session) -> Iterator[Line]:
    """Ask what may be done with the layer and one feature."""
    key = quote(str(session.sample[0].id), safe="") if session.sample else "unknown_id"
    try:
        layer, feature = (_allowed(session, url) for url in (session.items_url, f"{session.items_url}/{key}"))
    except Failed as error:
        yield say.loss(
            "editing",
            error,
            "QGIS 以只读方式打开。若要编辑，请让 OPTIONS 答复 Allow 头。",
            "QGIS opens the layer read-only. To edit, answer OPTIONS with an Allow header.",
            SINCE_CRS,
        )
        return
    changes = feature & {"PUT", "PATCH", "DELETE"}
    if "POST" in layer:
        yield say.ok("editing", ", ".join(["POST", *sorted(changes)]), (MIDDLE, NEW, NEXT))
    elif changes:
        yield say.loss(
            "editing",
            f"items: no POST; item: {', '.join(sorted(changes))}",
            "没有 POST 时 QGIS 完全不能编辑。请在 OPTIONS /items 的 Allow 中加入 POST。",
            "Without POST QGIS edits nothing at all. Allow POST in OPTIONS of the items.",
            SINCE_CRS,
        )
    else:
        yield say.ok("editing", "read-only", SINCE_CRS)


def _allowed(session: Session, url: str) -> set[str]:
    answer = session.visitor.options(url)
    allow = answer.headers.get("allow", "")
    if answer.status >= 400 or not allow:
        raise Failed("OPTIONS 没有 Allow 头", f"OPTIONS answers {answer.status} without an Allow header")
    return {one.strip().upper() for one in allow.split(",")}

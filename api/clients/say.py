"""Lines in words: every check by its name in both languages."""

from types import MappingProxyType
from typing import Final

from api.clients.fetch import Failed
from api.clients.types import ALL, Line, Verdict
from spatial.catalogue.types import Titled

TITLES: Final = MappingProxyType(
    {
        "landing": ("首页", "landing page"),
        "address": ("链接地址", "addresses in links"),
        "api": ("接口说明", "API description"),
        "page-size": ("每页要素数", "page size"),
        "conformance": ("符合性声明", "conformance"),
        "collection": ("图层", "collection"),
        "extent": ("图层范围", "extent"),
        "crs": ("坐标系", "reference systems"),
        "queryables": ("可查询字段", "queryables"),
        "schema": ("字段结构", "schema"),
        "items": ("要素", "features"),
        "count": ("要素总数", "count"),
        "ids": ("要素编号", "feature ids"),
        "text": ("中文文本", "Chinese text"),
        "gzip": ("压缩", "compression"),
        "formats": ("更快的格式", "faster formats"),
        "editing": ("编辑", "editing"),
        "bbox": ("范围查询", "bounding box"),
        "axes": ("坐标轴顺序", "axis order"),
        "paging": ("翻页", "paging"),
        "filter": ("服务端过滤", "filters on the server"),
        "filter.comparison": ("过滤：比较", "filter: comparison"),
        "filter.logic": ("过滤：与或非", "filter: AND OR NOT"),
        "filter.negative": ("过滤：负数", "filter: negative numbers"),
        "filter.null": ("过滤：空值", "filter: IS NULL"),
        "filter.like": ("过滤：LIKE", "filter: LIKE"),
        "filter.in": ("过滤：IN", "filter: IN"),
        "filter.between": ("过滤：BETWEEN", "filter: BETWEEN"),
        "filter.casei": ("过滤：不分大小写", "filter: ILIKE"),
        "filter.bbox": ("过滤：相交矩形", "filter: intersects a box"),
        "filter.point": ("过滤：相交点", "filter: intersects a point"),
        "filter.time": ("过滤：时间", "filter: time"),
        "filter.property": ("过滤：字段参数", "filter: property parameters"),
        "filter.datetime": ("过滤：datetime 参数", "filter: datetime parameter"),
    }
)


def ok(check: str, found: str = "", versions: tuple[str, ...] = ALL) -> Line:
    """Say that a check went well."""
    return Line(check, _title(check), Verdict.OK, found, None, versions)


def untested(check: str, found: str, versions: tuple[str, ...] = ALL) -> Line:
    """Say that there was nothing to try a check with."""
    return Line(check, _title(check), Verdict.UNTESTED, found, None, versions)


def loss(check: str, found: str | Failed, zh: str, en: str, versions: tuple[str, ...] = ALL) -> Line:
    """Say what the user lacks and what the operator should do."""
    return Line(check, _title(check), Verdict.LOSS, _found(found), Titled(zh=zh, en=en), versions)


def fault(check: str, found: str | Failed, zh: str, en: str, versions: tuple[str, ...] = ALL) -> Line:
    """Say what is broken and what the operator should do."""
    return Line(check, _title(check), Verdict.FAULT, _found(found), Titled(zh=zh, en=en), versions)


def _found(found: str | Failed) -> str:
    return f"{found.reason.zh} / {found}" if isinstance(found, Failed) else found


def _title(check: str) -> Titled:
    zh, en = TITLES[check]
    return Titled(zh=zh, en=en)

"""Problems said in Chinese: a lead sentence by kind and parameter; the exact English sentence follows as it is.

Where the problem has a Chinese sentence of its own (``detail_zh``), that one stands in the lead.
"""

from collections.abc import Mapping
from typing import Any, Final

STATUS: Final[Mapping[int, str]] = {
    400: "请求有误",
    404: "没有找到",
    405: "此处不支持该方法",
    406: "没有所要的格式",
    413: "请求内容过长",
    422: "请求无法处理",
    429: "请求过于频繁",
    500: "服务器出错",
    503: "服务暂时不可用",
    504: "服务器响应超时",
}

FIELDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "filter": ("筛选条件", "Filter", "检查 CQL2 的写法、字段名与值的类型；文字用单引号。"),
    "filter-lang": ("筛选语言", "Filter language", "取 cql2-text 或 cql2-json。"),
    "filter-crs": ("筛选坐标系", "CRS of the filter", "取接口说明中列出的坐标系。"),
    "bbox": ("范围", "Box", "写四个数：西,南,东,北。"),
    "bbox-crs": ("范围坐标系", "CRS of the box", "取接口说明中列出的坐标系。"),
    "datetime": ("时间", "Time", "写 2026-01-31、2026-01-31T12:00:00Z，或 起/止。"),
    "crs": ("坐标系", "CRS", "取本页所列坐标系之一，或缩小范围。"),
    "sortby": ("排序", "Sort", "取可排序的字段，降序加 -。"),
    "properties": ("返回字段", "Properties", "写字段名，以逗号分隔。"),
    "q": ("搜索文字", "Text", "最多 10 个词，以逗号分隔。"),
    "limit": ("每页条数", "Page size", "写正整数。"),
    "offset": ("起始位置", "Offset", "翻页请用下一页。"),
    "cursor": ("翻页位置", "Cursor", "请回到首页重新查询。"),
    "resulttype": ("结果类型", "Result type", "取 results 或 hits。"),
    "zoom-level": ("缩放级别", "Zoom level", "写 0 到 24 的整数。"),
    "skipGeometry": ("不含几何", "Skip geometry", "取 true 或 false。"),
    "f": ("格式", "Format", "取本页列出的格式。"),
    "lang": ("语言", "Language", "取 zh 或 en。"),
}
"""Parameters: names in both languages, and what to write."""


def lead(document: Mapping[str, Any], *, language: str, title: str = "") -> str:
    """Return the sentence before a problem's own: what is wrong with which parameter.

    Parameters
    ----------
    title
        Title of the property that the parameter is, where it is one.

    Examples
    --------
    >>> lead({"status": 400, "field": "limit"}, language="zh")
    '参数 limit（每页条数）有误：写正整数。'
    """
    status, name = int(document.get("status", 500)), document.get("field")
    if language == "en":
        return _english(document, name, title)
    # The sentence may name the filter itself; once is enough.
    own = str(document.get("detail_zh") or "").removeprefix("过滤条件：")
    if not name:
        return own or f"{STATUS.get(status, '出错')}。"
    if name in FIELDS:
        return f"参数 {name}（{FIELDS[name][0]}）有误：{own or FIELDS[name][2]}"
    if title:
        return f"参数 {name}（{title}）有误：{own or '值与字段的类型不符。'}"
    return f"参数 {name} 有误{'：' + own if own else '。'}"


def _english(document: Mapping[str, Any], name: str | None, title: str) -> str:
    if not name:
        return f"{document.get('title', '')}."
    spoken = FIELDS[name][1] if name in FIELDS else title
    return f"Parameter {name} ({spoken}) is wrong:" if spoken else f"Parameter {name} is wrong:"


def status_title(document: Mapping[str, Any], language: str) -> str:
    """Return the heading of a problem."""
    title = str(document.get("title", ""))
    return title if language == "en" else STATUS.get(int(document.get("status", 500)), title)

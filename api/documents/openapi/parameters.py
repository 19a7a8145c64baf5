"""Parameters that several paths share, with the limits and lists by which the server itself reads them."""

from typing import Any, Final

from api import formats
from api.documents.openapi.parts import Say, list_parameter, path_parameter, query_parameter
from api.negotiation import LANGUAGES, PLAIN
from api.params.features import (
    LIMIT_DEFAULT,
    LIMIT_MAX,
    OFFSET_MAX,
    RESULT_TYPES,
    SORT_KEYS_MAX,
    TERM_LENGTH_MAX,
    TERMS_MAX,
    ZOOM_MAX,
)
from spatial.crs import CRS84, CRS84H, OFFERED
from spatial.export.types import Encoding
from spatial.query.cql2.filter import Lang
from tiles.matrix import MAX_ZOOM

WHOLE: Final = {"type": "integer", "minimum": 0}
SORT_KEY: Final = {"type": "string", "pattern": r"^[+-]?[^+\-\s].*$"}
FLAG: Final = {"type": "boolean", "default": False}


def limit_schema() -> dict[str, Any]:
    """Return how many features a page may have."""
    return {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}


def bbox_schema() -> dict[str, Any]:
    """Return a box of four or six numbers."""
    return {
        "type": "array",
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        "items": {"type": "number"},
    }


def crs_schema(uris: list[str], default: str) -> dict[str, Any]:
    """Return the choice of a reference system."""
    return {"type": "string", "format": "uri", "enum": uris, "default": default}


def choice(values: list[str], default: str) -> dict[str, Any]:
    """Return the choice of a word."""
    return {"type": "string", "enum": values, "default": default}


def shared_parameters(say: Say) -> dict[str, Any]:
    """Return every shared parameter by the name that paths refer to."""
    return {
        **_formats(say),
        "lang": query_parameter(
            "lang",
            say("标题与说明的语言；缺省依 Accept-Language", "Language of titles; by Accept-Language when left out"),
            {"type": "string", "enum": list(LANGUAGES)},
        ),
        **_choosing(say),
        **_paging(say),
        **_looks(say),
        **_tiles(say),
    }


def _formats(say: Say) -> dict[str, Any]:
    offered = {
        "f": list(PLAIN),
        "f-items": list(formats.OFFERED),
        "f-feature": list(formats.SINGLE),
        "f-schema": ["json"],
        "f-style": ["mapbox"],
        "f-tileset": ["json", "html", "tilejson"],
        "f-tile": ["mvt"],
    }
    text = say("格式；缺省依 Accept", "Format; by Accept when left out")
    files = say(
        "格式；缺省依 Accept。文件格式（json、jsonfg、html 以外）缺省给出全部符合条件的要素。",
        "Format; by Accept when left out. Files (all but json, jsonfg and html) hold everything that matches.",
    )
    return {
        name: query_parameter("f", files if name == "f-items" else text, {"type": "string", "enum": values})
        for name, values in offered.items()
    }


def _choosing(say: Say) -> dict[str, Any]:
    """Return what chooses features."""
    return {
        "bbox": query_parameter(
            "bbox",
            say(
                "范围，坐标次序依 bbox-crs；六个数时第三、第六个为高程（米）。西大于东表示跨越 180° 经线。",
                "Box in the axis order of bbox-crs; of six numbers the third and the sixth are heights in metres. "
                "West greater than east crosses the 180th meridian.",
            ),
            bbox_schema(),
            style="form",
            explode=False,
        ),
        "bbox-crs": query_parameter(
            "bbox-crs", say("bbox 的坐标系", "CRS of bbox"), crs_schema(list(OFFERED), CRS84.uri)
        ),
        "datetime": query_parameter(
            "datetime",
            say(
                "在某时刻或时段内有效的要素（RFC 3339；“..”表示不限），如 2020-01-01T00:00:00Z/..",
                "Valid at an instant or in an interval (RFC 3339; '..' is open), such as 2020-01-01T00:00:00Z/..",
            ),
            {"type": "string"},
            style="form",
            explode=False,
        ),
        "filter": query_parameter(
            "filter",
            say(
                "CQL2 过滤条件，如 floors > 6 AND S_INTERSECTS(geometry, BBOX(117.2,31.8,117.3,31.9))；"
                "字段见 queryables，函数见 /functions。",
                "CQL2 filter, such as floors > 6 AND S_INTERSECTS(geometry, BBOX(117.2,31.8,117.3,31.9)); "
                "its properties are the queryables, its functions those of /functions.",
            ),
            {"type": "string"},
        ),
        "filter-lang": query_parameter(
            "filter-lang",
            say("过滤条件的语言", "Language of the filter"),
            choice([one.value for one in Lang], Lang.TEXT.value),
        ),
        "filter-crs": query_parameter(
            "filter-crs",
            say("过滤条件中坐标的坐标系", "CRS of the coordinates in the filter"),
            crs_schema(list(OFFERED), CRS84.uri),
        ),
        "q": list_parameter(
            "q",
            say("文字检索：含其中任一词，以逗号分隔", "Text search: any of these terms, with commas between them"),
            {"type": "string", "minLength": 1, "maxLength": TERM_LENGTH_MAX},
            maxItems=TERMS_MAX,
        ),
    }


def _paging(say: Say) -> dict[str, Any]:
    """Return which of the features are given, and in which order."""
    return {
        "limit": query_parameter(
            "limit",
            say("最多几个要素；超过上限即按上限", "Features at most; a larger number means the maximum"),
            limit_schema(),
            style="form",
            explode=False,
        ),
        "offset": query_parameter(
            "offset",
            say("跳过几个要素；用 next 链接翻页更快", "Features to pass over; 'next' links are faster"),
            WHOLE | {"maximum": OFFSET_MAX, "default": 0},
        ),
        "cursor": query_parameter(
            "cursor",
            say("next、prev 链接中的位置，勿自拟", "Place of a 'next' or 'prev' link; opaque"),
            {"type": "string"},
        ),
        "sortby": list_parameter(
            "sortby",
            say(
                "排序字段：+ 升序（可省），- 降序，如 -height_m,+code；无值者在后",
                "Properties to sort by: + ascending (or nothing), - descending, such as -height_m,+code; "
                "features without a value come last",
            ),
            SORT_KEY,
            minItems=1,
            maxItems=SORT_KEYS_MAX,
        ),
        "resulttype": query_parameter(
            "resulttype",
            say("hits 只要准确的总数，不要要素", "hits counts exactly and returns no feature"),
            choice(list(RESULT_TYPES), RESULT_TYPES[0]),
        ),
    }


def _looks(say: Say) -> dict[str, Any]:
    """Return how features are written."""
    answer = say("结果的坐标系；坐标次序依其定义", "CRS of the answer, in the axis order of its authority")
    flat = [uri for uri in OFFERED if uri != CRS84H.uri]
    raised = [CRS84H.uri, *flat]
    return {
        "crs": query_parameter("crs", answer, crs_schema(flat, CRS84.uri)),
        "crs-heights": query_parameter("crs", answer, crs_schema(raised, CRS84H.uri)),
        "skipGeometry": query_parameter("skipGeometry", say("true 不要几何", "true leaves the geometries out"), FLAG),
        "zoom-level": query_parameter(
            "zoom-level",
            say("按此 WebMercatorQuad 级别化简几何", "Simplifies geometries for this zoom of WebMercatorQuad"),
            WHOLE | {"maximum": ZOOM_MAX},
        ),
        "bom": query_parameter(
            "bom",
            say("CSV 以 BOM 开头，供 Excel 识别", "true begins a CSV with a byte-order mark, for Excel"),
            FLAG,
        ),
        "encoding": query_parameter(
            "encoding",
            say("Shapefile 属性表的字符编码", "Character encoding of a shapefile's attributes"),
            choice([one.value for one in Encoding], Encoding.UTF8.value),
        ),
    }


def _tiles(say: Say) -> dict[str, Any]:
    return {
        "collections": list_parameter(
            "collections",
            say("瓦片中的图层，缺省为全部", "Layers of the tile; all when left out"),
            {"type": "string"},
        ),
        "tileMatrix": path_parameter("tileMatrix", say("级别", "Zoom"), WHOLE | {"maximum": MAX_ZOOM}),
        "tileRow": path_parameter("tileRow", say("行", "Row"), WHOLE),
        "tileCol": path_parameter("tileCol", say("列", "Column"), WHOLE),
    }

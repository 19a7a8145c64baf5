"""Slips of the pen: what other languages write, found in a CQL2 text that could not be read, and how CQL2 has it."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from spatial.errors import InvalidInput
from spatial.query.cql2.words import wrong

# Full-width forms lie at one distance from their ASCII twins; texts stand in single quotes.
TWINS: Final = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    **dict.fromkeys("＂＇‘’“”「」", "'"),
    "、": ",",
    "。": ".",
    "≥": ">=",
    "≤": "<=",
    "≠": "<>",
    "×": "*",
    "÷": "/",
    "！": "<>",
    "－": "-",
    "—": "-",
}
"""Characters of Chinese keyboards, and what stands for them in CQL2."""
_WIDE: Final = re.compile(f"[{''.join(map(re.escape, TWINS))}]")
_QUOTED: Final = re.compile(r"""'(?:[^'\\]|''|\\'|\\)*+(?:'|\Z)|"(?:[^"]|"")*+(?:"|\Z)""")
"""A quote that is not closed goes to the end, so that reading takes linear time."""


class Slip(NamedTuple):
    """A slip and its two sentences, in which ``{1}``, ``{2}`` ... are groups of the pattern."""

    pattern: re.Pattern[str]
    en: str
    zh: str


def _slip(pattern: str, en: str, zh: str) -> Slip:
    return Slip(re.compile(pattern, re.IGNORECASE), en, zh)


SLIPS: Final = (
    _slip(r"^\s*[{]", "this looks like CQL2 JSON; send filter-lang=cql2-json.",
          "这像是 CQL2 JSON；请加上 filter-lang=cql2-json。"),
    _slip(r"^\s*(?:select\b|where\b)", "leave WHERE out; the filter is the condition alone, such as floors > 3.",
          "请去掉 WHERE；过滤条件只写条件本身，例如 floors > 3。"),
    _slip(r"\border\s+by\b", "ORDER BY is the parameter sortby, such as sortby=-floors.",
          "排序（ORDER BY）用参数 sortby，例如 sortby=-floors。"),
    _slip(r"\b(limit|offset)\s+([0-9]+)", "{1} is a parameter of its own: {1}={2}.", "{1} 是单独的参数：{1}={2}。"),
    _slip(r"(?:!=|<>)\s*null\b", "a comparison with NULL is never true; write name IS NOT NULL.",
          "与 NULL 比较不会成立；请写 name IS NOT NULL。"),
    _slip(r"=\s*null\b", "a comparison with NULL is never true; write name IS NULL.",
          "与 NULL 比较不会成立；请写 name IS NULL。"),
    _slip(r"==", "equality is written with one =, such as floors = 30.", "相等写一个 =，例如 floors = 30。"),
    _slip(r"!=", "inequality is written <>, such as floors <> 3.", "不等于写作 <>，例如 floors <> 3。"),
    _slip(r"=([<>])", "{1}= is written in this order: floors {1}= 3.", "应写作 {1}=，例如 floors {1}= 3。"),
    _slip(r"&&?", "conditions are joined with AND.", "条件之间用 AND 连接。"),
    _slip(r"\|\|?", "conditions are joined with OR; texts are joined by concat(a, b).",
          "条件之间用 OR 连接；拼接文本用 concat(a, b)。"),
    _slip(r";", "leave the semicolon out; a filter has no end mark, and conditions are joined with AND.",
          "请去掉分号；过滤条件不需要结束符，条件之间用 AND 连接。"),
    _slip(r"\bilike\b", "ILIKE is written with CASEI: CASEI(name) LIKE CASEI('%tower%').",
          "不区分大小写的匹配写作 CASEI(name) LIKE CASEI('%tower%')。"),
    _slip(r"\bcontains\s*'", "a part of a text is found by LIKE: name LIKE '%长江%'.",
          "查找文本的一部分用 LIKE：name LIKE '%长江%'。"),
    _slip(r"\b(?:starts?|begins?)\s*with\s*'", "the beginning of a text is found by LIKE: name LIKE '长江%'.",
          "查找文本的开头用 LIKE：name LIKE '长江%'。"),
    _slip(r"\blike\s+(?!casei\b|accenti\b|')\S", "the pattern of LIKE is a text in single quotes: name LIKE '长江%'.",
          "LIKE 的模式要写在单引号中：name LIKE '长江%'。"),
    _slip(r"\bin\s+'", "IN takes a list in parentheses: use IN ('office', 'school').",
          "IN 后面是括号中的列表：use IN ('office', 'school')。"),
    _slip(r"\bbetween\s+[^\s,]+\s*,", "BETWEEN takes AND: floors BETWEEN 3 AND 5.",
          "BETWEEN 用 AND 连接两端：floors BETWEEN 3 AND 5。"),
    _slip(r"\b(date|timestamp|interval)\s+'", "{1} takes parentheses: {1}('...').", "{1} 后面要有括号：{1}('...')。"),
    _slip(r"\b(?:intersects|within|contains|disjoint|touches|crosses|overlaps)\s+(?:bbox|multi|point|line|polygon)",
          "a spatial predicate is a function: S_INTERSECTS(geometry, POINT(117.2 31.8)).",
          "空间谓词写成函数：S_INTERSECTS(geometry, POINT(117.2 31.8))。"),
    _slip(r"\b(?:after|before|during)\s+['0-9]",
          "a temporal predicate is a function: T_AFTER(valid_from, DATE('2015-01-01')).",
          "时间谓词写成函数：T_AFTER(valid_from, DATE('2015-01-01'))。"),
    _slip(r"(?<![0-9.])([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+)Z?", "a time stands in quotes: TIMESTAMP('{1}Z').",
          "时间要写在引号中：TIMESTAMP('{1}Z')。"),
    _slip(r"(?<![0-9.])([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])",
          "a date without quotes is a subtraction; write DATE('{1}-{2:0>2}-{3:0>2}') or '{1}-{2:0>2}-{3:0>2}'.",
          "不加引号的日期会被当作减法；请写 DATE('{1}-{2:0>2}-{3:0>2}') 或 '{1}-{2:0>2}-{3:0>2}'。"),
    _slip(r'\bbbox\s*\(\s*[a-z_"]', "a box is a geometry: S_INTERSECTS(geometry, BBOX(117.2, 31.8, 117.3, 31.9)).",
          "BBOX 是一个几何，写作 S_INTERSECTS(geometry, BBOX(117.2, 31.8, 117.3, 31.9))。"),
)  # fmt: skip
"""In this order, because some contain others."""


def slip_in(source: str, names: Iterable[str] = ()) -> InvalidInput | None:
    """Return the refusal of a text that was found to be wrong, where it shows a known slip.

    Parameters
    ----------
    names
        Names of properties, which may hold any character.
    """
    bare = _QUOTED.sub(_blanked, source)
    for name in names:
        if _WIDE.search(name):
            bare = bare.replace(name, "_" * len(name))
    return _wide_character(bare) or _known(bare) or _parentheses(bare)


def _blanked(quoted: re.Match[str]) -> str:
    """Return quotes without what stands in them, at the same places."""
    mark = quoted[0][0]
    return mark + "_" * (len(quoted[0]) - 2) + mark


def _wide_character(bare: str) -> InvalidInput | None:
    found = _WIDE.search(bare)
    if found is None:
        return None
    at, twin = found.start() + 1, TWINS[found[0]]
    return wrong(
        f"the character {found[0]} at position {at} is a full-width or Chinese one; write {twin} there.",
        f"第 {at} 个字符 {found[0]} 是全角或中文符号；请改为半角的 {twin}。",
    )


def _known(bare: str) -> InvalidInput | None:
    for one in SLIPS:
        found = one.pattern.search(bare)
        if found is not None:
            groups = (found[0], *found.groups())
            return wrong(one.en.format(*groups), one.zh.format(*groups))
    return None


def _parentheses(bare: str) -> InvalidInput | None:
    opened, closed = bare.count("("), bare.count(")")
    if opened == closed:
        return None
    return wrong(
        f"parentheses do not match: {opened} opened, {closed} closed.",
        f"括号不配对：有 {opened} 个左括号、{closed} 个右括号。",
    )

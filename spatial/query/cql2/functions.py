"""The functions that a filter may call, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spatial.catalogue.types import Titled
from spatial.crs import CGCS2000
from spatial.errors import InvalidInput
from spatial.query.cql2.comparison import as_instant
from spatial.query.cql2.expression import NUMERIC, SPOKEN, Expression, Kind, Operand, Span, build
from spatial.query.cql2.words import wrong
from spatial.time import CITY_TIME

METRES_MAX: Final = 100_000.0
"""Longest distance of a function; a circle of 100 km holds the city and its neighbours."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function; ``kinds`` are the types that it may have."""

    title: Titled
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class FunctionDescription:
    """What a client must know of a function.

    Attributes
    ----------
    is_variadic
        Whether the last argument may be repeated.
    """

    name: str
    title: Titled
    arguments: tuple[Argument, ...]
    returns: Kind
    is_variadic: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function and its SQL, with places ``{0}``, ``{1}`` ...; a variadic one is written by ``between``."""

    description: FunctionDescription
    template: str
    cost_us: float = 0.2
    between: str = ""


def arguments(function: FunctionDescription, operands: Sequence[Operand]) -> list[Expression]:
    """Return the operands of a call, checked against its description.

    Raises
    ------
    InvalidInput
        They are too few, too many or of other types.
    """
    wanted = function.arguments
    enough = len(operands) >= len(wanted) if function.is_variadic else len(operands) == len(wanted)
    if not enough:
        raise wrong(f"{function.name} takes {len(wanted)} arguments, not {len(operands)}.")
    found = []
    for index, operand in enumerate(operands):
        argument = wanted[min(index, len(wanted) - 1)]
        if argument.kinds == INSTANT.kinds and isinstance(operand, Expression):
            operand = as_instant(operand)  # noqa: PLW2901 - a text such as '2026-01-31' is one, as beside =
        if isinstance(operand, Span) or operand.kind not in argument.kinds:
            raise _unfit(function, argument, operand)
        found.append(operand)
    return found


def _unfit(function: FunctionDescription, argument: Argument, operand: Operand) -> InvalidInput:
    kinds = " or ".join(SPOKEN[kind] for kind in argument.kinds)
    sentence = f"{function.name}: {operand.label} is {SPOKEN[operand.kind]}; {kinds} belongs there"
    if operand.is_literal and operand.kind in NUMERIC and Kind.TEXT in argument.kinds:
        # Codes look like numbers.
        return wrong(
            f"{sentence}, in quotes: '{operand.label}'.", f"{function.name}：请给值加单引号：'{operand.label}'。"
        )
    return wrong(f"{sentence}.", f"{function.name}：{operand.label} 的类型不符，此处应为{argument.title.zh}。")


def call(function: Function, operands: Sequence[Operand]) -> Expression:
    """Compile a call."""
    found = arguments(function.description, operands)
    template = function.template
    if function.between:
        template = template.replace("*", function.between.join(f"{{{index}}}" for index in range(len(found))))
    return build(function.description.returns, template, *found, cost_us=function.cost_us)


TEXT: Final = Argument(Titled(zh="文本", en="Text"), (Kind.TEXT,))
NUMBER: Final = Argument(Titled(zh="数", en="Number"), (Kind.NUMBER, Kind.INTEGER))
WHOLE: Final = Argument(Titled(zh="整数", en="Whole number"), (Kind.INTEGER,))
INSTANT: Final = Argument(Titled(zh="日期或时间", en="Date or time"), (Kind.DATE, Kind.TIMESTAMP))
MOMENT: Final = Argument(
    Titled(zh="时间；日期指该日零时（UTC）", en="Time; a date is its first moment in UTC"), INSTANT.kinds
)
PLACE: Final = Argument(Titled(zh="几何", en="Geometry"), (Kind.GEOMETRY,))


def _function(
    name: str,
    titles: tuple[str, str],
    takes: Sequence[Argument],
    returns: Kind,
    template: str,
    *,
    cost_us: float = 0.2,
    between: str = "",
) -> Function:
    title = Titled(zh=titles[0], en=titles[1])
    description = FunctionDescription(name, title, tuple(takes), returns, is_variadic=bool(between))
    return Function(description, template, cost_us, between)


_IN_CITY_TIME: Final = f", in the city's time ({CITY_TIME})"
# Collations of the database may know ASCII letters only. The outer COLLATE gives the result back its usual order.
_UPPER_LOWER: Final = '({}({{0}} COLLATE "und-x-icu") COLLATE "default")'
_METRES: Final = f"greatest(least({{1}}::float8, {METRES_MAX}), -{METRES_MAX})"
# Geography measures on the ellipsoid, everywhere on earth.
ALL: Final = (
    _function("lower", ("转小写", "Lower case"), [TEXT], Kind.TEXT, _UPPER_LOWER.format("lower")),
    _function("upper", ("转大写", "Upper case"), [TEXT], Kind.TEXT, _UPPER_LOWER.format("upper")),
    _function("trim", ("去掉首尾空格", "Without spaces at both ends"), [TEXT], Kind.TEXT, "btrim({0})"),
    _function("length", ("字符数", "Number of characters"), [TEXT], Kind.INTEGER, "char_length({0})"),
    _function("concat", ("连接文本", "Texts joined"), [TEXT, TEXT], Kind.TEXT, "(*)", between=" || "),
    _function(
        "substring",
        ("从第几个字符起取几个字符", "Part of a text: from a character, counted from 1, so many"),
        [TEXT, WHOLE, WHOLE],
        Kind.TEXT,
        # Limits of PostgreSQL's int4, within which no sum of the two overflows.
        "substring({0} FROM least(greatest({1}, 1), 1000000000)::int FOR least(greatest({2}, 0), 1000000000)::int)",
    ),
    _function("abs", ("绝对值", "Absolute value"), [NUMBER], Kind.NUMBER, "abs({0}::float8)"),
    _function("round", ("四舍五入到整数", "Nearest whole number"), [NUMBER], Kind.NUMBER, "round({0}::float8)"),
    _function("floor", ("向下取整", "Largest whole number below"), [NUMBER], Kind.NUMBER, "floor({0}::float8)"),
    _function("ceil", ("向上取整", "Smallest whole number above"), [NUMBER], Kind.NUMBER, "ceil({0}::float8)"),
    _function("least", ("最小值", "Smallest of numbers"), [NUMBER, NUMBER], Kind.NUMBER, "least(*)", between=", "),
    _function("greatest", ("最大值", "Largest of numbers"), [NUMBER, NUMBER], Kind.NUMBER, "greatest(*)", between=", "),
    _function("year", ("年份（北京时间）", f"Year{_IN_CITY_TIME}"), [INSTANT], Kind.INTEGER, "year"),
    _function("month", ("月份（北京时间）", f"Month, 1 to 12{_IN_CITY_TIME}"), [INSTANT], Kind.INTEGER, "month"),
    _function("day", ("日（北京时间）", f"Day of the month{_IN_CITY_TIME}"), [INSTANT], Kind.INTEGER, "day"),
    _function(
        "area_m2", ("椭球面积（平方米）", "Area on the ellipsoid in square metres"), [PLACE], Kind.NUMBER,
        "ST_Area({0}::geography)", cost_us=15,
    ),
    _function(
        "length_m", ("椭球长度（米）", "Length on the ellipsoid in metres"), [PLACE], Kind.NUMBER,
        "ST_Length({0}::geography)", cost_us=15,
    ),
    _function(
        "distance_m", ("椭球距离（米）", "Distance on the ellipsoid in metres"), [PLACE, PLACE], Kind.NUMBER,
        "ST_Distance({0}::geography, {1}::geography)", cost_us=25,
    ),
    _function(
        "buffer_m", ("缓冲区（米，至多 100 公里）", "Buffer in metres, at most 100 km"), [PLACE, NUMBER], Kind.GEOMETRY,
        f"ST_SetSRID(ST_Buffer({{0}}::geography, {_METRES})::geometry, {CGCS2000})",
        cost_us=150,
    ),
    _function("centroid", ("形心", "Centroid"), [PLACE], Kind.GEOMETRY, "ST_Centroid({0})", cost_us=3),
    _function(
        "x", ("形心经度", "Longitude of the centroid"), [PLACE], Kind.NUMBER, "ST_X(ST_Centroid({0}))", cost_us=3
    ),
    _function("y", ("形心纬度", "Latitude of the centroid"), [PLACE], Kind.NUMBER, "ST_Y(ST_Centroid({0}))", cost_us=3),
    _function("z_min", ("最低高程（米）", "Lowest height in metres"), [PLACE], Kind.NUMBER, "ST_ZMin({0})"),
    _function("z_max", ("最高高程（米）", "Highest height in metres"), [PLACE], Kind.NUMBER, "ST_ZMax({0})"),
)  # fmt: skip
GENERAL: Final = {one.description.name: one for one in ALL}
"""Functions of values alone, by name in lower case; offered for every layer."""
DATE_PARTS: Final = frozenset({"year", "month", "day"})


def date_part(name: str, operands: Sequence[Operand]) -> Expression:
    """Compile ``year``, ``month`` or ``day``; the parts of a moment are those of the city's clock."""
    (instant,) = arguments(GENERAL[name].description, operands)
    zone = f" AT TIME ZONE '{CITY_TIME}'" if instant.kind is Kind.TIMESTAMP else ""
    # An infinite time has no parts.
    template = f"CASE WHEN isfinite({{0}}) THEN extract({name} FROM {{0}}{zone})::bigint END"
    return build(Kind.INTEGER, f"({template})", instant, cost_us=0.2)

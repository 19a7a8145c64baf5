"""Names of roads and estates: well-known ones near the centre, made-up ones elsewhere, none given twice."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from data.sample.ground import make_ground
from spatial.places.types import EstateKind

Heading = Literal["H", "V"]
"""H runs from west to east, V from south to north."""

BAND: Final = 24
"""Squares along which a main road keeps its name; a third of them makes its western, middle or eastern part."""

# Offsets in squares from the crossing in the middle of the old city.
_KNOWN: Final = MappingProxyType(
    {
        "H": {
            5: "天河路", 4: "北二环路", 3: "濉溪", 2: "北一环路", 1: "寿春路", 0: "长江", -1: "芜湖路",
            -2: "太湖路", -3: "望江", -4: "水阳江路", -5: "南二环路", -6: "东流", -7: "祁门路", -8: "习友路",
            -9: "繁华大道", -10: "锦绣大道",
        },
        "V": {
            -9: "玉兰大道", -8: "天智路", -7: "科学大道", -6: "石台路", -5: "怀宁路", -4: "潜山", -3: "合作化",
            -2: "肥西路", -1: "金寨路", 0: "徽州大道", 1: "马鞍山", 2: "铜陵", 3: "和平路", 4: "东二环路",
            5: "郎溪路", 6: "文忠路",
        },
    }
)  # fmt: skip
_PARTS: Final = MappingProxyType({"H": ("西路", "中路", "东路"), "V": ("南路", "中路", "北路")})
_FIRST: Final = (
    "翠紫金银青碧云锦桃杏兰桂松竹梅荷柳枫桐榆星月春秋晴岚瑞祥福康宁安和顺永新明景丹凤"
    "龙鹤玉珠琴书墨文武华阳清芳茗雪霞虹曙曦朝晨夏冬柏槐樟橡菊蓉芙蔷薇枣梨茶莲鹭雁燕鹊麒麟"
)
_SECOND: Final = (
    "湖溪山岗泉桥塘河湾亭园林苑峰岭谷洲源台坊庭堂川原野滨渠池井坡屏崖潭波涛浦港津渡沙"
    "石田圩畈坝堰埠集店庄铺冲坳岩洼墩垅营寨屯塔阁轩榭斋"
)
_MAIN_WORDS: Final = 600
_LOCAL: Final = ("路", "街", "巷")
_ESTATES: Final = MappingProxyType(
    {
        EstateKind.RESIDENTIAL: ("花园", "苑", "家园", "小区", "名邸", "公馆", "华庭", "雅居"),
        EstateKind.COMMERCIAL: ("广场", "大厦", "商城", "国际中心", "天地", "商贸城", "中心", "购物公园"),
        EstateKind.INDUSTRIAL: ("工业园", "科技园", "产业园", "机械厂", "创业园", "电子厂", "食品厂", "制造基地"),
        EstateKind.PUBLIC: ("小学", "中学", "医院", "职业学院", "文化中心", "实验学校", "体育中心", "养老院"),
    }
)


@dataclass(frozen=True, slots=True)
class Names:
    """What every road and estate of the largest city is called; smaller cities use the same.

    Attributes
    ----------
    words
        Two-character words, shuffled.
    main
        Word of each main road by heading, line and band.
    first_local
        Number of the first local road of each square that can be built up.
    centre
        The square in the middle of the old city.
    """

    words: tuple[str, ...]
    main: dict[tuple[Heading, int, int], str]
    first_local: dict[tuple[int, int], int]
    centre: tuple[int, int]

    def main_road(self, heading: Heading, line: int, along: int) -> tuple[str, int]:
        """Return a main road's name on one square, and how many squares its numbers have run before.

        Parameters
        ----------
        heading
            Which way it runs.
        line
            Row (H) or column (V) of the lattice that it follows.
        along
            Column (H) or row (V) of the square.
        """
        band, within = self.band(heading, along)
        base = self.main[heading, line, band]
        if base.endswith(("路", "大道")):
            return base, within
        third = BAND // 3
        return base + _PARTS[heading][within // third], within % third

    def band(self, heading: Heading, along: int) -> tuple[int, int]:
        """Return the band of a square along a main road, and its place in the band."""
        start = self.centre[0 if heading == "H" else 1] - BAND // 2
        return divmod(along - start, BAND)

    def local_road(self, square: tuple[int, int], index: int) -> str:
        """Return the name of one of the at most six local roads of a square."""
        suffix, word = divmod(self.first_local[square] + index, len(self.words))
        return self.words[word] + _LOCAL[suffix]

    def estate(self, number: int, kind: EstateKind) -> str:
        """Return the name of an estate by its number in the city."""
        suffix, word = divmod(number, len(self.words))
        return self.words[word] + _ESTATES[kind][suffix % 8]


@cache
def make_names(seed: int) -> Names:
    """Name every road that the largest city can have."""
    squares = list(make_ground(seed).urban)
    rng = np.random.default_rng([seed, 4])
    pairs = [a + b for a, b in product(dict.fromkeys(_FIRST), dict.fromkeys(_SECOND))]
    pool = [pairs[k] for k in rng.permutation(len(pairs))]
    # Main roads take words that local roads and estates never get.
    spare = iter(pool[:_MAIN_WORDS])
    first_local = {square: 6 * rank for rank, square in enumerate(squares)}
    names = Names(tuple(pool[_MAIN_WORDS:]), {}, first_local, squares[0])
    for i, j in squares:
        sides: list[tuple[Heading, int, int]] = [("H", j, i), ("H", j + 1, i), ("V", i, j), ("V", i + 1, j)]
        for heading, line, along in sides:
            band = names.band(heading, along)[0]
            if (heading, line, band) not in names.main:
                known = _KNOWN[heading].get(line - squares[0][1 if heading == "H" else 0]) if band == 0 else None
                names.main[heading, line, band] = known or _grown(next(spare), int(rng.integers(5)))
    return names


def _grown(word: str, draw: int) -> str:
    """Turn a word into a road's name, or leave it to be parted into west, middle and east."""
    return word + ("路", "路", "大道", "", "")[draw]

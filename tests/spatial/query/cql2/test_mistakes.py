"""Typical mistakes are told with what to write instead, in both languages."""

import pytest

from api.errors import problem_bytes
from spatial.errors import InvalidInput
from spatial.query.cql2.filter import Lang
from spatial.query.cql2.slips import SLIPS, TWINS

MISTAKES = {
    'use = "office"': "use = 'office'",
    'use="office"': "use = 'office'",
    "use = office": "use = 'office'",
    "use <> office AND floors > 3": "use <> 'office'",
    "CASEI(use) = office": "use = 'office'",
    "use IN (office, residential)": "use IN ('office', ...)",
    "floors == 30": "floors = 30",
    "floors != 3": "floors <> 3",
    "floors => 3": "floors >= 3",
    "floors =< 3": "floors <= 3",
    "name = null": "IS NULL",
    "name <> NULL": "IS NOT NULL",
    "name != null": "IS NOT NULL",
    "name ilike '%tower%'": "CASEI(name) LIKE CASEI('%tower%')",
    "name contains '长江'": "name LIKE '%长江%'",
    "name starts with '长江'": "name LIKE '长江%'",
    "name like 长江%": "name LIKE '长江%'",
    'name LIKE "长江%"': "name LIKE '长江%'",
    "name LIKE use": "name LIKE '长江%'",
    "INTERSECTS(geometry, POINT(117.2 31.8))": "S_INTERSECTS(geometry",
    "st_intersects(geometry, POINT(117.2 31.8))": "S_INTERSECTS(geometry",
    "within(geometry, BBOX(1,2,3,4))": "S_WITHIN(geometry",
    "ST_Contains(geometry, POINT(117.2 31.8))": "S_CONTAINS(geometry",
    "S_DWITHIN(geometry, POINT(117.2 31.8), 500)": "distance_m(geometry, POINT(117.2 31.8)) < 500",
    "dwithin(geometry, POINT(117.2 31.8), 500, meters)": "distance_m(geometry, POINT(117.2 31.8)) < 500",
    "ST_Area(geometry) > 5": "area_m2(geometry)",
    "ST_X(ST_Centroid(geometry)) > 5": ("as x.", "写法是 x。"),
    "S_INTERSECT(geometry, POINT(117.2 31.8))": "s_intersects",
    "bbox(geometry, 117, 31, 118, 32)": "S_INTERSECTS(geometry, BBOX(",
    "S_INTERSECTS(BBOX(117, 31, 118, 32))": "S_INTERSECTS(geometry, BBOX(",
    "S_INTERSECTS(geometry, POINT(117.2, 31.8))": "POINT(117.2 31.8)",
    "S_INTERSECTS(geometry, LINESTRING(117.2, 31.8, 117.3, 31.9))": "LINESTRING(117.2 31.8, 117.3 31.9)",
    "S_INTERSECTS(geometry, POLYGON((117.2, 31.8, 117.3, 31.9)))": "LINESTRING(117.2 31.8, 117.3 31.9)",
    "S_INTERSECTS(geometry, POINT(518900 3519800))": "filter-crs=http://www.opengis.net/def/crs/EPSG/0/4548",
    "S_INTERSECTS(geometry, POINT(31.8 117.2))": "lon,lat",
    "valid_from > 2015-01-01": "DATE('2015-01-01')",
    "valid_from > 2015-1-2": "'2015-01-02'",
    "FLOORS > 3": ("did you mean floors?", "是否指 floors（地上层数）？"),
    "层数 > 3": ("did you mean floors, floors_below?", "是否指 floors（地上层数）、floors_below（地下层数）？"),
    "地上层数 > 3": ("did you mean floors?", "是否指 floors（地上层数）？"),
    '"Floors above ground" > 3': ("did you mean floors?", "是否指 floors（地上层数）？"),
    "生效时间 > DATE('2015-01-01')": ("did you mean valid_from?", "是否指 valid_from（生效时间）？"),
    "use = 用途": ("did you mean use?", "是否指 use（用途）？"),
    "floors > 3 order by height_m": "sortby",
    "floors > 3 LIMIT 10": "=10",
    "where floors > 3": "WHERE",
    "floors > 3 && use = 'office'": "AND",
    "floors > 3 || use = 'office'": "OR",
    "floors > 3;": ("semicolon", "分号"),
    "floors > 3 use = 'office'": ("position 12 is unexpected; an operator such as AND", "此处应为：AND"),
    "(floors > 3 AND (use = 'office')": ("2 opened, 1 closed", "2 个左括号、1 个右括号"),
    "floors > 3)": ("0 opened, 1 closed", "0 个左括号、1 个右括号"),
    '{"op": ">"}': "filter-lang=cql2-json",
    "name = 3": "'3'",
    "use IN 'office'": "use IN ('office'",
    "floors BETWEEN 3, 5": "BETWEEN 3 AND 5",
    "valid_from > DATE '2015-01-01'": "DATE('...')",
    "geometry WITHIN BBOX(117, 31, 118, 32)": "S_INTERSECTS(geometry",
    "valid_from AFTER 2015-01-01": "T_AFTER(valid_from",
    "valid_from > 2015-01-01T00:00:00Z": "TIMESTAMP('2015-01-01T00:00:00Z')",
    "valid_from > '2015'": "'2026-01-31T12:00:00Z'",
    "valid_from > DATE('2015')": "'2026-01-31'",
    "within_region(340103)": "'340103'",
    "S_INTERSECTS(geometry, 'POINT(1 2)')": ("without quotes", "不加引号"),
    "use = 'office": ("position 7 is not closed", "第 7 个字符处的引号"),
}  # fmt: skip
"""What to write instead, in the English sentence and the Chinese one; a pair where they differ."""

WIDE = [
    ("（floors > 3）", "（", "(", 1),
    ("floors ＞ 3", "＞", ">", 8),
    ("floors＜3", "＜", "<", 7),
    ("floors ＝ 3", "＝", "=", 8),
    ("use IN ('a'，'b')", "，", ",", 12),
    ("floors > 3；", "；", ";", 11),
    ("use = ＇office＇", "＇", "'", 7),
    ("use = ＂office＂", "＂", "'", 7),
    ("use = ‘office’", "‘", "'", 7),
    ("use = “office”", "“", "'", 7),
    ("use = 'a（b' AND floors ＞ 3", "＞", ">", 24),
    ("floors ≥ 3", "≥", ">=", 8),
    ("floors > ３", "３", "3", 10),
]


@pytest.mark.parametrize(("text", "hint"), MISTAKES.items(), ids=[str(n) for n in range(len(MISTAKES))])
def test_a_mistake_is_told_with_its_remedy_in_both_languages(city, text, hint):
    en, zh = hint if isinstance(hint, tuple) else (hint, hint)
    error = refusal(city, text)
    assert en in str(error)
    assert zh in error.zh


@pytest.mark.parametrize(("text", "found", "twin", "at"), WIDE, ids=[str(n) for n in range(len(WIDE))])
def test_a_full_width_character_is_told_with_its_place_and_its_twin(city, text, found, twin, at):
    error = refusal(city, text)
    assert f"the character {found} at position {at} is a full-width or Chinese one; write {twin} there." in str(error)
    assert f"第 {at} 个字符 {found} 是全角或中文符号；请改为半角的 {twin}。" in error.zh


def refusal(city, text):
    with pytest.raises(InvalidInput) as caught:
        city.filter("buildings", text)
    assert caught.value.field == "filter"
    return caught.value


def test_each_slip_is_of_a_text_that_is_no_filter(city):
    """No slip hides a filter that would work, even one whose texts are full of slips."""
    for text in ("name = 'where a == b; || && （ORDER BY） != null 2015-01-01'", "name LIKE '%；%' OR floors > 3"):
        city.rows("buildings", text)
    for one in SLIPS:
        assert one.en.count("{") == one.zh.count("{")
    assert {"（": "(", "＞": ">", "“": "'", "；": ";"}.items() <= TWINS.items()


def test_the_document_of_a_problem_has_both_languages(city):
    with pytest.raises(InvalidInput) as caught:
        city.filter("buildings", "floors == 3")
    status, body, _headers = problem_bytes(caught.value)
    assert status == 400
    assert '"detail_zh":"过滤条件：相等写一个 =' in body.decode()
    assert b"detail_zh" not in problem_bytes(InvalidInput("x"))[1]


def test_json_tells_of_properties_too(city):
    for tree in ({"op": "=", "args": [{"property": "use"}, {"property": "office"}]},
                 {"op": "in", "args": [{"property": "use"}, [{"property": "office"}]]}):  # fmt: skip
        with pytest.raises(InvalidInput, match="single quotes") as caught:
            city.filter("buildings", tree, lang=Lang.JSON)
        assert "单引号" in caught.value.zh


def test_the_column_of_the_geometry_is_not_told(city):
    with pytest.raises(InvalidInput) as caught:
        city.filter("buildings", "quatsch = 3")
    known = str(caught.value).rpartition("Known: ")[2].rstrip(".").split(", ")
    assert "geometry" in known
    assert "geom" not in known


def test_two_names_of_properties_may_be_compared(city):
    assert city.rows("buildings", "name = code") == []

"""Text and JSON become one tree, whatever is sent; the tree becomes the same text again."""

import json
import re
import time

import cql2
import pytest
from hypothesis import HealthCheck, given, settings

from spatial.errors import InvalidInput
from spatial.query.cql2.parse import parse_json, parse_text
from spatial.query.cql2.write import to_text
from tests.spatial.query.cql2 import trees
from tests.spatial.query.cql2.vectors import CLASSES, CQL2, predicates, uri

EXAMPLES = sorted(path.stem for path in (CQL2 / "examples" / "text").glob("*.txt"))


@pytest.mark.conformance(uri("cql2-text"), uri("cql2-json"), uri("functions"), uri("array-functions"))
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_standard_is_the_same_in_text_and_json(examples, name):
    text = (examples / "text" / f"{name}.txt").read_text(encoding="utf-8")
    twin = json.loads((examples / "json" / f"{re.sub('-alt.*', '', name)}.json").read_text(encoding="utf-8"))
    assert parse_text(text) == parse_json(twin) == parse_json(json.dumps(twin)) == twin
    assert parse_text(to_text(twin)) == twin
    assert cql2.parse_text(text).to_json() == twin


@pytest.mark.parametrize("conformance", CLASSES)
def test_the_package_reads_the_standards_predicates_as_we_do(examples, conformance):
    for one in predicates(conformance):
        assert parse_text(one["filter"]) == cql2.parse_text(one["filter"]).to_json()


@given(trees.FILTERS)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_reads_the_same(tree):
    checked = parse_json(tree)
    assert parse_text(to_text(checked)) == checked


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 9007199254740993", {"op": "=", "args": [{"property": "a"}, 9007199254740993]}),
        (r"a = 'it\'s'", {"op": "=", "args": [{"property": "a"}, "it's"]}),
        ("a = 'it''s'", {"op": "=", "args": [{"property": "a"}, "it's"]}),
        ("A_EQUALS(a, ())", {"op": "a_equals", "args": [{"property": "a"}, []]}),
        ("A_EQUALS(a, ('x'))", {"op": "a_equals", "args": [{"property": "a"}, ["x"]]}),
        ("a = .5", {"op": "=", "args": [{"property": "a"}, 0.5]}),
        ("a = 5.E-1", {"op": "=", "args": [{"property": "a"}, 0.5]}),
        ("-a = - -3", {"op": "=", "args": [{"op": "*", "args": [-1, {"property": "a"}]}, 3]}),
        ('"a""b" = 1', {"op": "=", "args": [{"property": 'a"b'}, 1]}),
        ('("楼层" = 1) AND ("b" IN (\'x\',\'y\'))',
         {"op": "and", "args": [{"op": "=", "args": [{"property": "楼层"}, 1]},
                                {"op": "in", "args": [{"property": "b"}, ["x", "y"]]}]}),
        ("NOT a OR b AND c",
         {"op": "or", "args": [{"op": "not", "args": [{"property": "a"}]},
                               {"op": "and", "args": [{"property": "b"}, {"property": "c"}]}]}),
        ("a = 2 - 3 - 4 * 5 ^ 2",
         {"op": "=", "args": [{"property": "a"},
                              {"op": "-", "args": [{"op": "-", "args": [2, 3]},
                                                   {"op": "*", "args": [4, {"op": "^", "args": [5, 2]}]}]}]}),
        ("S_EQUALS(g, point z(1e2 -2.E+1 +3))",
         {"op": "s_equals", "args": [{"property": "g"}, {"type": "Point", "coordinates": [100, -20, 3]}]}),
        ("S_EQUALS(g, MULTIPOINT(1 2, (3 4)))",
         {"op": "s_equals", "args": [{"property": "g"}, {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}]}),
        ("t = TIMESTAMP('2020-01-01T08:00:00.5+08:00')",
         {"op": "=", "args": [{"property": "t"}, {"timestamp": "2020-01-01T00:00:00.5Z"}]}),
        ("point = date", {"op": "=", "args": [{"property": "point"}, {"property": "date"}]}),
        ("android = 1 or ordered = notes",
         {"op": "or", "args": [{"op": "=", "args": [{"property": "android"}, 1]},
                               {"op": "=", "args": [{"property": "ordered"}, {"property": "notes"}]}]}),
    ],
)  # fmt: skip
def test_text_is_read_by_the_grammar(text, tree):
    assert parse_text(text) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a", None),
        ("a =", "ends too early"),
        ("a = b = c", "AND, OR"),
        ("a = 'x", "not closed"),
        ("a = 1 b", "unexpected"),
        ("a ILIKE 'x'", "unexpected"),
        ("and = 1", 'written "and"'),
        ("a; DROP TABLE x", "character ';'"),
        ('"pg_sleep"(1)', "unexpected"),
        ("a = DATE('2020-02-30')", "not a date"),
        ("a = TIMESTAMP('2020-01-01T00:00:00')", "time zone"),
        ("S_EQUALS(g, POINT(NaN 2))", "a number"),
        ("S_EQUALS(g, POINT EMPTY)", "EMPTY"),
        ("S_EQUALS(g, POINT(1))", "two coordinates"),
        ("S_EQUALS(g, BBOX(1,2,3))", "four numbers"),
        ("S_INTERSECTS(g)", "2 operands"),
        ("T_AFTER(a, INTERVAL('..'))", "two ends"),
        ("a IN 1", "( belongs"),
        ("a = 1e999", "infinite"),
        ("a = 9999999999999999999", "64 bits"),
        ("a = '\x00'", "NUL"),
        ("a = '\ud800'", "surrogate"),
        ("a = " + "9" * 5000, "too long"),
        ("a = 1 OR " * 9000 + "b", "64 KiB"),
        ("(" * 30, "ends too early"),
        ("(" * 10_000 + "a=1" + ")" * 10_000, "flatter"),
        ("NOT " * 10_000 + "a", "flatter"),
        ("a = " + "-" * 10_000 + "1", "flatter"),
        ("f(" * 10_000, "flatter"),
        ("a = 1" + "+1" * 10_000, "flatter"),
        ("A_EQUALS(" + "(" * 10_000, "flatter"),
        ("S_EQUALS(g, POLYGON" + "(" * 10_000, "a number"),
        ("S_EQUALS(g, " + "GEOMETRYCOLLECTION(" * 3_000, "a geometry"),
        ("'" * 60_001, "not closed"),
        ("'\\" * 30_000, None),
        ("a " * 30_000, "unexpected"),
    ],
    ids=lambda value: None if value is None else re.sub(r"\W+", "_", value[:24]).strip("_") or "quotes",
)
def test_hostile_text_is_told_what_is_wrong_and_soon(text, said):
    began = time.perf_counter()
    if said is None:
        parse_or_refuse(text)
    else:
        with pytest.raises(InvalidInput, match=re.escape(said)) as caught:
            parse_text(text)
        assert caught.value.field == "filter"
        assert len(str(caught.value)) < 400
    assert time.perf_counter() - began < 1


def parse_or_refuse(text):
    try:
        parse_text(text)
    except InvalidInput:
        return


def nested(depth, inner="true"):
    return '{"op":"not","args":[' * depth + inner + "]}" * depth


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{", "not JSON"),
        ("null", "null"),
        ("[1]", "array"),
        ("{}", "an object needs"),
        ('{"op":"=","args":[1,NaN]}', "NaN"),
        ('{"op":"=","args":[1,1e999]}', "infinite"),
        ('{"op":"=","args":[1,null]}', "null"),
        ('{"op":"=","args":[1]}', "2 operands"),
        ('{"op":"=","args":[1,2],"x":1}', "'x'"),
        ('{"op":1,"args":[1,2]}', "op is the name"),
        ('{"op":"in","args":[1,2]}', "list"),
        ('{"op":"=","args":["\\u0000",2]}', "NUL"),
        ('{"op":"=","args":["\\ud800",2]}', "surrogate"),
        ('{"op":"=","args":[1,' + "9" * 30 + "]}", "64 bits"),
        ('{"op":"=","args":[1,' + "9" * 5000 + "]}", "not JSON"),
        ('{"type":"Point","coordinates":[1]}', "two coordinates"),
        ('{"type":"Point","coordinates":[[1],[2]]}', "not a number"),
        ('{"type":"Point","coordinates":["1",2]}', "not a number"),
        ('{"type":"Point","coordinates":[true,2]}', "not a number"),
        ('{"type":"Polygon","coordinates":[1,2]}', "nested"),
        ('{"type":"Circle","coordinates":[1,2]}', "one of Point"),
        ('{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection"}]}', "inside another"),
        ('{"bbox":[1,2,3]}', "four numbers"),
        ('{"interval":["2020-01-01"]}', "two ends"),
        ('{"date":20200101}', "not a date"),
        (nested(40), "flatter"),
        (nested(100_000), "KiB"),
        (nested(20_000), "flatter"),
        ("[" * 100_000, "flatter"),
        ('{"type":"Polygon","coordinates":' + "[" * 100 + "]" * 100 + "}", "two coordinates"),
        ('{"type":"MultiPoint","coordinates":[' + "[1,2]," * 20_000 + "[1,2]]}", "vertices"),
        ('{"op":"in","args":[{"property":"a"},[' + "1," * 60_000 + "1]]}", "operators and values"),
        ('"' + "\\" * 100_001 + '"', "not JSON"),
    ],
    ids=lambda value: re.sub(r"\W+", "_", value[:40]).strip("_") or "brackets",
)  # fmt: skip
def test_hostile_json_is_told_what_is_wrong_and_soon(source, said):
    began = time.perf_counter()
    with pytest.raises(InvalidInput, match=re.escape(said)):
        parse_json(source)
    assert time.perf_counter() - began < 1


def test_a_deep_decoded_filter_is_refused():
    tree = {"property": "a"}
    for _level in range(100_000):
        tree = {"op": "not", "args": [tree]}
    with pytest.raises(InvalidInput, match="flatter"):
        parse_json(tree)
    while "op" in tree:  # Python's own taking apart of it would go as deep.
        tree = tree["args"].pop()


def test_a_text_that_ends_with_a_backslash_has_no_form_in_text():
    with pytest.raises(InvalidInput, match="backslash"):
        to_text({"op": "=", "args": [{"property": "path"}, "C:\\"]})


@pytest.mark.parametrize("op", ["S_Intersects", "CASEI", "IsNull", "T_metBy", "DIV"])
def test_operators_are_written_one_way(op):
    args = [{"property": "a"}] if op in {"CASEI", "IsNull"} else [{"property": "a"}, {"property": "b"}]
    spelled = {"IsNull": "isNull", "T_metBy": "t_metBy"}.get(op, op.lower())
    assert parse_json({"op": op, "args": args})["op"] == spelled

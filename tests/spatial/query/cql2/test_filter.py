"""What filters find in a small city whose every feature is known."""

import pytest

from spatial.crs import CRS84_URI, OFFERED
from spatial.errors import InvalidInput
from spatial.query.cql2.filter import Lang, describe_functions
from tests.spatial.query.cql2.vectors import uri

GRID = OFFERED["http://www.opengis.net/def/crs/EPSG/0/4548"]
LATLON = OFFERED["http://www.opengis.net/def/crs/EPSG/0/4490"]


def codes(city, source, **options):
    return "".join(city.rows("buildings", source, "t.code", **options))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("floors = 3", "A"),
        ("3.0 = floors", "A"),
        ("floors = 3.5", ""),
        ("NOT floors = 3.5", "ABCDEF"),
        ("floors <> 3.5", "ABCDEF"),
        ("floors > 3.5", "BCEF"),
        ("floors >= 3.5", "BCEF"),
        ("floors < 3.5", "AD"),
        ("floors <= 3.5", "AD"),
        ("floors < 1e300", "ABCDEF"),
        ("floors > -1e300", "ABCDEF"),
        ("floors > 1e300", ""),
        ("floors IN (3, 4.0, 5.5, 1e300)", "AB"),
        ("floors NOT IN (5.5)", "ABCDEF"),
        ("floors BETWEEN 3.5 AND 6.5", "BE"),
        ("floors BETWEEN 3 AND 6", "ABE"),
        ("floors NOT BETWEEN 3 AND 6", "CDF"),
        ("built_year = 2001.5 OR built_year IS NULL", "B"),
        ("NOT built_year = 2001.5", "ACDEF"),
        ("built_year <> 2001", "ACF"),
        ("height_m >= 12", "BCEF"),
        ("height_m = 99.5", "C"),
        ("floors * 3 = 9", "A"),
        ("floors + 0.5 > 6", "CEF"),
        ("floors / 2 = 1.5", "A"),
        ("floors div 2 = 1", "A"),
        ("floors % 2 = 1", "ACF"),
        ("height_m % 4 = 2.5", "A"),
        ("floors ^ 2 = 16", "B"),
        ("-floors < -6", "CF"),
        ("10 / floors > 3", "A"),
        ("height_m / floors > 3", "AC"),
        ("floors div 0 = 1 OR floors % 0 = 1 OR 0 ^ (0 - floors) = 1 OR (0 - floors) ^ 0.5 = 1", "D"),
        ("floors ^ 100000 > 1", ""),
        ("1 / 0 = 1 OR 9 ^ 9 ^ 9 ^ 9 > 1", ""),
        ("floors * 9223372036854775807 > 0", "ABCEF"),
        ("floors = floors_below + 2", "A"),
        ("use = 'office'", "E"),
        ("'office' = use", "E"),
        ("name = '长江大厦'", "A"),
        ("name LIKE '长江%'", "A"),
        ("name LIKE '%江__'", "A"),
        (r"name LIKE '100\%\_\\'", None),
        (r"name LIKE '100\%%'", "E"),
        (r"name LIKE '%\_%'", "E"),
        ("name NOT LIKE '%a%'", "AEF"),
        ("name IS NULL", "D"),
        ("name IS NOT NULL AND NOT name LIKE '%a%'", "AEF"),
        ("CASEI(name) = CASEI('straße 5')", "BF"),
        ("CASEI(name) LIKE CASEI('strasSE%')", "BF"),
        ("CASEI(name) IN (CASEI('STRASSE 5'), CASEI('CAFÉ'))", "BCF"),
        ("ACCENTI(name) = ACCENTI('Cafe')", "C"),
        ("ACCENTI(CASEI(name)) = ACCENTI(CASEI('CAFE\u0301'))", "C"),
        ("CASEI(ACCENTI(name)) LIKE CASEI(ACCENTI('CAFÉ'))", "C"),
        ("ACCENTI(name) LIKE ACCENTI('％Caf％')", ""),
        ("lower(name) = 'café'", "C"),
        ("upper(name) = 'CAFÉ'", "C"),
        ("length(name) = 4", "AC"),
        ("trim(concat('  ', name, ' ')) = 'Café'", "C"),
        ("substring(name, 2, 2) = 'af'", "C"),
        ("substring(name, -5, -1) = ''", "ABCEF"),
        ("substring(name, 9223372036854775807, 9223372036854775807) = ''", "ABCEF"),
        ("round(height_m) = 10 AND floor(height_m) = 10 AND ceil(height_m) = 11", "A"),
        ("greatest(floors, 5, floors_below) = 5 AND least(floors, 1) = 0", "D"),
        ("abs(0 - floors) = 33", "C"),
        ("floors IN (floors_below + 2, 33)", "AC"),
        ("floors BETWEEN floors_below + 2 AND floors_below + 3", "AB"),
        ("(floors = 3) = TRUE", "A"),
        ("(floors = 3) <> (use = 'office')", "AE"),
        ("(built_year = 1999) IS NULL", "B"),
        ("TRUE", "ABCDEF"),
        ("FALSE OR NOT TRUE", ""),
        ("NOT (floors > 3 AND height_m > 12)", "ABD"),
        ("geometry IS NOT NULL AND geom IS NOT NULL", "ABCDEF"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.conformance(
    *map(uri, ("basic-cql2", "advanced-comparison-operators", "arithmetic", "functions", "property-property"))
)
def test_scalars(city, text, found):
    if found is None:
        with pytest.raises(InvalidInput):
            codes(city, text)
        return
    assert codes(city, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("valid_at(DATE('2015-06-01'))", "F"),
        ("valid_at(TIMESTAMP('2019-12-31T23:59:59Z'))", "F"),
        ("valid_at(DATE('2020-01-01'))", ""),
        ("valid_to < TIMESTAMP('2021-01-01T00:00:00Z')", "F"),
        ("valid_from = DATE('2010-01-01')", "F"),
        ("valid_from > DATE('2009-12-31') AND valid_from <= DATE('2010-01-01')", "F"),
        ("valid_from < DATE('2010-01-01')", ""),
        ("valid_from <> DATE('2010-01-01')", "ABCDE"),
        ("valid_from = '2010-01-01T00:00:00Z'", "F"),
        ("valid_from IN (TIMESTAMP('2010-01-01T00:00:00Z'), DATE('2011-01-01'))", "F"),
        ("valid_from BETWEEN DATE('2009-01-01') AND DATE('2010-01-01')", "F"),
        ("year(valid_from) = 2010 AND month(valid_to) = 1 AND day(valid_to) = 1", "F"),
        ("T_INTERSECTS(valid_from, DATE('2010-01-01'))", "F"),
        ("T_EQUALS(valid_from, DATE('2010-01-01'))", "F"),
        ("T_EQUALS(DATE('2010-01-01'), valid_from)", "F"),
        ("T_DISJOINT(valid_from, DATE('2010-01-01'))", "ABCDE"),
        ("T_EQUALS(valid_from, '2010-01-01')", "F"),
        ("T_BEFORE(valid_from, '2015-01-01')", "F"),
        ("T_AFTER(valid_from, '2010-01-01T00:00:00Z')", "ABCDE"),
        ("T_DURING(valid_from, INTERVAL('2009-01-01', '2011-01-01'))", "F"),
        ("valid_at('2015-06-01')", "F"),
        ("year('2015-06-01') = 2015 AND floors = 3", "A"),
        ("T_AFTER(valid_to, INTERVAL('2010-01-01', '2019-12-31'))", "F"),
        ("T_DURING(INTERVAL(valid_from, valid_to), INTERVAL('2009-01-01', '2020-01-02'))", "F"),
        ("T_DURING(INTERVAL(valid_from, valid_to), INTERVAL('2009-01-01', '..'))", "F"),
        ("T_INTERSECTS(INTERVAL(valid_from, valid_to), INTERVAL('2100-01-01', '..'))", "ABCDE"),
        ("T_STARTS(INTERVAL(valid_from, valid_to), INTERVAL('2010-01-01', '2020-06-01'))", "F"),
        ("T_MEETS(INTERVAL(valid_from, valid_to), INTERVAL('2020-01-01', '..'))", "F"),
        ("T_CONTAINS(INTERVAL(valid_from, valid_to), TIMESTAMP('2015-01-01T00:00:00Z'))", "F"),
        ("T_EQUALS(DATE('2020-01-01'), INTERVAL('2020-01-01', '2020-01-01'))", "ABCDEF"),
        ("T_BEFORE(TIMESTAMP('2020-01-01T12:00:00Z'), DATE('2020-01-01'))", ""),
    ],
    ids=str,
)
@pytest.mark.conformance(uri("temporal-functions"))
def test_times(city, text, found):
    assert codes(city, text) == found


def test_a_state_is_as_of_the_time_at_which_it_was_known(city):
    assert codes(city, "as_of(DATE('2000-01-01'))") == ""
    assert codes(city, "as_of(TIMESTAMP('9000-01-01T00:00:00Z'))") == "ABCDEF"


WEST_HALF = "POLYGON((117.1 31.7, 117.2005 31.7, 117.2005 31.9, 117.1 31.9, 117.1 31.7))"
EAST_HALF = "POLYGON((117.2005 31.7, 117.205 31.7, 117.205 31.9, 117.2005 31.9, 117.2005 31.7))"
PLACES = [
    ("S_INTERSECTS(geometry, POINT(117.2005 31.8005))", "A"),
    ("S_INTERSECTS(BBOX(117.2, 31.8, 117.21, 31.801), geom)", "AB"),
    ("S_DISJOINT(geometry, BBOX(117.19, 31.79, 117.235, 31.81))", "EF"),
    ("S_WITHIN(geometry, BBOX(117.19, 31.79, 117.2105, 31.81))", "A"),
    ("S_CONTAINS(geometry, POINT(117.2105 31.8005))", "B"),
    (f"S_EQUALS(geometry, BBOX(117.2, 31.8, {117.2 + 0.001}, {31.8 + 0.001}))", "A"),
    ("S_TOUCHES(geometry, POINT(117.2 31.8))", "A"),
    ("S_CROSSES(LINESTRING(117.19 31.8005, 117.2005 31.8005), geometry)", "A"),
    ("S_OVERLAPS(geometry, BBOX(117.2005, 31.7, 117.2105, 31.9))", "AB"),
    ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(117.2005 31.8005), LINESTRING(117.22 31.8,117.23 31.8)))", "ACD"),
    (f"S_WITHIN(geometry, GEOMETRYCOLLECTION({WEST_HALF}, {EAST_HALF}))", "A"),
    ("S_INTERSECTS(geometry, BBOX(117.2005, 31.8005, 117.2005, 31.8005))", "A"),
    ("S_INTERSECTS(geometry, BBOX(117.2005, 31.79, 117.2005, 31.81))", "A"),
    ("S_INTERSECTS(geometry, BBOX(117.2405, 31, -117, 32))", "EF"),
    ("S_INTERSECTS(geometry, BBOX(117.2405, 31, -10, 180, 32, 10))", "EF"),
    ("S_INTERSECTS(geometry, geometry)", "ABCDEF"),
    ("S_CONTAINS(BBOX(0,0,1,1), POINT(0.5 0.5))", "ABCDEF"),
    (f"S_INTERSECTS(geometry, centroid({EAST_HALF}))", ""),
    ("S_INTERSECTS(geometry, centroid(LINESTRING(117.2 31.8, 117.201 31.801)))", "A"),
    ("S_INTERSECTS(geometry, buffer_m(POINT(117.2005 31.8005), 1000))", "AB"),
    ("S_WITHIN(centroid(geometry), BBOX(117.2, 31, 117.2106, 32))", "AB"),
    ("distance_m(geometry, POINT(117.2005 31.8005)) < 1000", "AB"),
    ("area_m2(geometry) BETWEEN 10000 AND 11000", "ABCDEF"),
    ("length_m(LINESTRING(117 31, 117 32)) > 110000", "ABCDEF"),
    ("x(geometry) > 117.2402 AND y(geometry) < 32", "EF"),
    ("within_region('340103')", "AB"),
    ("within_region('340176') AND floors > 5", "C"),
    ("within_region('999')", ""),
    ("S_INTERSECTS(geometry, region('340176'))", "CD"),
    ("NOT S_INTERSECTS(geometry, region('340176'))", "ABEF"),
    ("within_address('AD1', 100)", "A"),
    ("within_address('AD1', 950)", "AB"),
    ("within_address('合肥市庐阳区淮河路2号', 5)", "B"),
    ("within_address('没有', 5)", ""),
]


@pytest.mark.parametrize(("text", "found"), PLACES, ids=[str(index) for index in range(len(PLACES))])
@pytest.mark.conformance(
    *map(uri, ("basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "property-property"))
)
def test_places(city, text, found):
    assert codes(city, text) == found


def test_six_numbers_of_a_box_also_bound_heights(city):
    box = "BBOX(117.1, 31.8, {}, 117.3, 31.9, {})"
    assert city.rows("pipe_segments", f"S_INTERSECTS(geometry, {box.format(0, 10)})", "t.code") == ["P2"]
    assert city.rows("pipe_segments", f"S_DISJOINT(geometry, {box.format(0, 10)})", "t.code") == ["P1"]
    assert city.rows("pipe_segments", "z_min(geometry) > 10 AND z_max(geometry) = 18.5", "t.code") == ["P1"]


def test_geometries_follow_the_axis_order_of_their_reference_system(city):
    assert codes(city, "S_INTERSECTS(geometry, POINT(31.8005 117.2005))", crs=LATLON) == "A"
    assert codes(city, "S_INTERSECTS(geometry, BBOX(31.8, 117.2, 31.801, 117.201))", crs=LATLON) == "A"
    with pytest.raises(InvalidInput, match="lat,lon"):
        codes(city, "S_INTERSECTS(geometry, POINT(117.2005 31.8005))", crs=LATLON)
    x, y = city.runner.run(
        city.conn.fetchrow(
            "SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_SetSRID(ST_MakePoint(117.2005, 31.8005), 4490), 4548) g"
        )
    )
    assert codes(city, f"S_INTERSECTS(geometry, POINT({y} {x}))", crs=GRID) == "A"
    box = f"BBOX({y - 1000}, {x - 1000}, {y + 1000}, {x + 1000})"
    assert codes(city, f"S_INTERSECTS(geometry, {box})", crs=GRID) == "AB"
    with pytest.raises(InvalidInput, match="north,east"):
        codes(city, f"S_INTERSECTS(geometry, POINT({x} {y}))", crs=GRID)


def test_edges_of_a_projected_system_are_drawn_where_they_run(city):
    # A straight line of 600 km in the grid lies some 700 m off the straight line between its ends in degrees.
    line = "LINESTRING(3520000 200000, 3520000 800000)"
    text = f"distance_m({line}, {line}) = 0 AND S_INTERSECTS({line}, buffer_m(POINT(3520000 500000), 20))"
    assert codes(city, text, crs=GRID) == "ABCDEF"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flors = 3", "Known: floors"),
        ("valid = 3", "no property 'valid'"),
        ("geom_web IS NULL", "no property"),
        ("name = 3", "write '3' in quotes"),
        ("floors = '3'", "without quotes"),
        ("floors", "a condition belongs"),
        ("1", "a condition belongs"),
        ("POINT(1 2)", "a condition belongs"),
        ("INTERVAL('..', '..')", "a condition belongs"),
        ("floors AND TRUE", "a condition belongs"),
        ("NOT name", "a condition belongs"),
        ("floors LIKE '3%'", "a text belongs"),
        ("name LIKE use", "pattern of LIKE"),
        ("name LIKE upper('x')", "pattern of LIKE"),
        ("CASEI(floors) = 'x'", "a text belongs"),
        ("name + 1 = 2", "only numbers"),
        ("geometry = 1", "spatial function"),
        ("floors = INTERVAL('..', '..')", "temporal function"),
        ("INTERVAL('..', '..') IS NULL", "never NULL"),
        ("(floors = 1) < TRUE", "= or <>"),
        ("name = ('a', 'b')", "array"),
        ("A_CONTAINS(name, ('a'))", "an array belongs"),
        ("A_CONTAINS((1, 2), (1))", "arrays of texts"),
        ("S_INTERSECTS(name, geometry)", "a geometry belongs"),
        ("S_INTERSECTS(geometry, 'POINT(1 2)')", "a geometry belongs"),
        ("T_AFTER(name, DATE('2020-01-01'))", "a date, a time or an interval"),
        ("T_AFTER(valid_from, INTERVAL('2020-01-02', '2020-01-01'))", "ends before it starts"),
        ("T_AFTER(valid_from, INTERVAL(name, '..'))", "from a date or time"),
        ("valid_from = 'yesterday'", "not a time"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "Self-intersection"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1)))", "not closed"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 0)))", "fewer than four"),
        ("S_INTERSECTS(geometry, LINESTRING(0 0))", "only one position"),
        ("S_INTERSECTS(geometry, POINT(181 0))", "lon,lat"),
        ("S_INTERSECTS(geometry, BBOX(0, 10, 1, 0))", "lower edge"),
        ("S_INTERSECTS(geometry, BBOX(0, 0, 9, 1, 1, 0))", "lower height"),
        ("S_TOUCHES(geometry, GEOMETRYCOLLECTION(POINT(0 0), LINESTRING(0 0, 1 1)))", "points, lines or areas alone"),
        ("within_address('AD1', -1)", "0 to 100000"),
        ("within_address('AD1', floors)", "0 to 100000"),
        ("within_address(name, 5)", "stands in the filter"),
        ("within_region(name)", "stands in the filter"),
        ("within_region(1)", "a text belongs"),
        ("valid_at(floors)", "a date or a time belongs"),
        ("lower(name, name) = 'x'", "takes 1 arguments"),
        ("concat(name) = 'x'", "takes 2 arguments"),
        (" OR ".join(["floors = 1"] * 2500), "more than 2000 values"),
    ],
    ids=lambda value: value[:40],
)
def test_what_cannot_be_meant_is_told(city, text, said):
    with pytest.raises(InvalidInput) as caught:
        codes(city, text)
    assert said in str(caught.value)
    assert caught.value.field == "filter"


FORBIDDEN = ["query_to_xml", "pg_sleep", "pg_read_file", "version", "current_setting", "now", "random", "ST_AsText"]
DOORS = [
    "{}('x') = 1",
    "lower({}('x')) = 'y'",
    "CASEI({}('x')) = 'y'",
    "name IN ({}('x'))",
    "name LIKE {}('x')",
    "A_CONTAINS(({}('x')), ('y'))",
    "S_INTERSECTS(geometry, {}('x'))",
    "S_INTERSECTS(geometry, buffer_m({}('x'), 5))",
    "T_AFTER(valid_from, INTERVAL({}('x'), '..'))",
    "floors + {}() > 1",
    "floors BETWEEN 1 AND {}(1)",
    "NOT {}()",
    "{}('x') IS NULL",
]


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.conformance(uri("functions"))
def test_no_function_but_ours_by_any_door(city, name, door):
    for spelled in (name, name.upper(), name.title()):
        with pytest.raises(InvalidInput, match=r"/functions|pattern of LIKE"):
            codes(city, door.format(spelled))


@pytest.mark.parametrize(
    "name", [*FORBIDDEN, "pg_catalog.version", 'x"; DROP TABLE y; --', "", "lower(t.name)--", "t.*"]
)
def test_no_function_but_ours_in_json(city, name):
    for tree in (
        {"op": name, "args": []},
        {"op": "=", "args": [{"op": name, "args": ["x"]}, 1]},
        {"op": "isNull", "args": [{"op": "casei", "args": [{"op": name, "args": ["x"]}]}]},
    ):
        with pytest.raises(InvalidInput, match="/functions"):
            codes(city, tree, lang=Lang.JSON)


@pytest.mark.parametrize("evil", ["'; DROP TABLE city.building; --", "$1", "{0}", "%s", "\\", "''", '"', "\u2028"])
def test_texts_are_only_ever_bound(city, evil):
    tree = {"op": "=", "args": [{"property": "name"}, evil]}
    assert codes(city, tree, lang=Lang.JSON) == ""
    several = {"op": "in", "args": [{"property": "floors"}, [1]]}, {"op": "in", "args": [{"property": "name"}, [evil]]}
    compiled = city.filter("buildings", {"op": "or", "args": list(several)}, lang=Lang.JSON).compiled
    words = [part for part in compiled.parts if isinstance(part, str)]
    assert words == ['((t."floors" = ANY(', ')) OR (t."name" = ANY(', ")))"]
    with pytest.raises(InvalidInput, match="no property"):
        codes(city, {"op": "isNull", "args": [{"property": evil}]}, lang=Lang.JSON)


def test_a_filter_knows_what_it_is(city):
    plain = city.filter("buildings", "floors>3  and name like 'x%'")
    assert plain.text == "(floors > 3) AND (name LIKE 'x%')"
    assert plain.text == city.filter("buildings", plain.ast, lang=Lang.JSON).text
    assert plain is city.filter("buildings", "floors>3  and name like 'x%'")
    assert not plain.reads_other_layers
    assert city.filter("buildings", "NOT within_region('1') OR TRUE").reads_other_layers
    point = "S_INTERSECTS(geometry, POINT(31 32))"
    assert city.filter("buildings", point, crs=LATLON).text != city.filter("buildings", point).text
    backslash = {"op": "=", "args": [{"property": "name"}, "C:\\"]}
    assert city.filter("buildings", backslash, lang=Lang.JSON).text.startswith("{")


def test_costs_grow_with_the_work(city):
    texts = [
        "floors = 1",
        "name LIKE '%x%'",
        "CASEI(name) = 'x'",
        "S_INTERSECTS(geometry, POINT(117 31))",
        "S_TOUCHES(geometry, POINT(117 31))",
        "area_m2(geometry) > 5",
        "S_WITHIN(buffer_m(geometry, 5), BBOX(117,31,118,32))",
    ]
    costs = [city.filter("buildings", text).row_cost_us for text in texts]
    assert costs == sorted(costs)
    assert costs[0] < 0.1
    assert costs[-1] > 100
    # What no feature has a part in is computed once.
    assert city.filter("buildings", "S_INTERSECTS(geometry, buffer_m(POINT(117 31), 5))").row_cost_us < 10
    assert city.filter("buildings", "valid_at(DATE('2020-01-01'))").row_cost_us > 0


def test_every_function_is_described_and_runs(city):
    described = {one.name: one for one in describe_functions(city.catalogue)}
    assert {"lower", "area_m2", "valid_at", "within_region", "within_address"} <= set(described)
    values = {
        "string": "'x'", "number": "1.5", "integer": "2", "date": "DATE('2020-01-01')",
        "datetime": "TIMESTAMP('2020-01-01T00:00:00Z')", "geometry": "geometry",
    }  # fmt: skip
    for name, one in described.items():
        assert one.title.zh
        assert one.title.en
        for kinds in zip(*[argument.kinds * 2 for argument in one.arguments], strict=False):
            call = f"{name.upper()}({', '.join(values[kind] for kind in kinds)})"
            city.rows("buildings", call if one.returns == "boolean" else f"{call} IS NULL")


def test_the_crs_of_the_default_is_lon_lat(city):
    assert codes(city, "S_INTERSECTS(geometry, POINT(117.2005 31.8005))", crs=OFFERED[CRS84_URI]) == "A"

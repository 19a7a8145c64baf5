"""Filters by chance, for the properties that all filters have."""

from hypothesis import strategies as st

NAMES = st.sampled_from(["floors", "name", "geometry", "eo:cloud_cover", "名称", "and", "a b", 'quo"te', "日期", "x.y"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12).filter(
    lambda text: not text.endswith("\\")
)
COORDINATES = st.floats(-180, 180).map(lambda number: round(number, 6) + 0.0)
POSITIONS = st.lists(COORDINATES, min_size=2, max_size=3)
DAYS = st.dates().map(lambda day: day.isoformat())
MOMENTS = st.sampled_from(["2020-01-01T00:00:00Z", "1969-07-20T20:17:40Z", "2005-01-10T01:01:01.393216Z"])
PROPERTIES = st.builds(lambda name: {"property": name}, NAMES)
NUMBERS = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
INSTANTS = st.one_of(
    st.builds(lambda day: {"date": day}, DAYS), st.builds(lambda moment: {"timestamp": moment}, MOMENTS)
)


def operation(op, *args):
    return st.builds(lambda found: {"op": op, "args": list(found)}, st.tuples(*args))


def shape(kind, coordinates):
    return st.builds(lambda found: {"type": kind, "coordinates": found}, coordinates)


def some(one, least=1):
    return st.lists(one, min_size=least, max_size=3)


SINGLE = st.one_of(
    shape("Point", POSITIONS),
    shape("LineString", some(POSITIONS)),
    shape("Polygon", some(some(POSITIONS))),
    shape("MultiPoint", some(POSITIONS)),
    shape("MultiLineString", some(some(POSITIONS))),
    shape("MultiPolygon", some(some(some(POSITIONS)))),
)
GEOMETRIES = st.one_of(
    SINGLE,
    st.builds(lambda found: {"type": "GeometryCollection", "geometries": found}, some(SINGLE)),
    st.builds(
        lambda found: {"bbox": found}, st.one_of(*[st.lists(COORDINATES, min_size=n, max_size=n) for n in (4, 6)])
    ),
)
SCALARS = st.recursive(
    st.one_of(PROPERTIES, TEXTS, NUMBERS, st.booleans(), INSTANTS),
    lambda inner: st.one_of(
        *[operation(op, inner, inner) for op in ("+", "-", "*", "/", "%", "div", "^")],
        operation("casei", inner),
        operation("accenti", inner),
        operation("Foo", inner),
        st.just({"op": "bar", "args": []}),
    ),
    max_leaves=6,
)
END = st.one_of(DAYS, MOMENTS, st.just(".."), PROPERTIES)
TEMPORAL = st.one_of(PROPERTIES, INSTANTS, st.builds(lambda *ends: {"interval": list(ends)}, END, END))
ARRAYS = st.one_of(PROPERTIES, st.lists(TEXTS, max_size=3))
PREDICATES = st.one_of(
    *[operation(op, SCALARS, SCALARS) for op in ("=", "<>", "<", ">", "<=", ">=")],
    operation("like", SCALARS, TEXTS),
    operation("between", SCALARS, SCALARS, SCALARS),
    operation("in", SCALARS, some(SCALARS)),
    operation("isNull", SCALARS),
    operation("s_intersects", st.one_of(PROPERTIES, GEOMETRIES), GEOMETRIES),
    operation("t_metBy", TEMPORAL, TEMPORAL),
    operation("a_containedBy", ARRAYS, ARRAYS),
    st.booleans(),
    PROPERTIES,
)
FILTERS = st.recursive(
    PREDICATES,
    lambda inner: st.one_of(
        operation("not", inner),
        st.builds(lambda found: {"op": "and", "args": found}, some(inner, 2)),
        st.builds(lambda found: {"op": "or", "args": found}, some(inner, 2)),
        operation("=", inner, inner),
        operation("isNull", inner),
    ),
    max_leaves=8,
)

"""Whatever a client sends, the answer is never a 500, and every refusal names what is wrong."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.params.features import ITEMS_PARAMETERS

PARAMETERS = [*ITEMS_PARAMETERS, "floors", "name", "use", "height_m", "valid_from", "id"]
FIELDS = st.sampled_from(PARAMETERS)
# Texts near to right ones break more than noise does.
NEARLY = st.sampled_from(
    [
        "1",
        "-1",
        "0",
        "1e400",
        "NaN",
        "inf",
        "117,31,118,32",
        "117,31,118",
        ",,,",
        "1,2,3,4,5,6",
        "-180,-90,180,90",
        "180,-90,-180,90",
        "http://www.opengis.net/def/crs/EPSG/0/4548",
        "[EPSG:3857]",
        "2020-01-01",
        "2020-01-01/..",
        "../..",
        "///",
        "9999-12-31T23:59:59Z",
        "0001-01-01",
        "2020-02-30",
        "html",
        "json",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "0x10",
        "1_000",
        "１",
        "floors > 3",
        "cql2-json",
        '{"op":"=","args":[{"property":"floors"},6]}',
        "-floors,name",
        "code,floors",
        "hits",
        "true",
        "12",
        "csv",
        "gbk",
    ]
)
TEXT = st.one_of(NEARLY, st.text(max_size=40), st.floats().map(str), st.integers().map(str))
relaxed = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def check(answer: Any) -> None:
    assert answer.status_code in {200, 204, 400, 404, 406}, (str(answer.url), answer.text)
    if answer.status_code == 400:
        assert "field" in answer.json()


@relaxed
@given(params=st.dictionaries(FIELDS, TEXT, max_size=4))
def test_items_answer_or_explain(web: TestClient, params: dict[str, str]) -> None:
    for layer in ("buildings", "pipe_segments"):
        check(web.get(f"/collections/{layer}/items", params=params, headers={"Accept": "application/json"}))


@relaxed
@given(key=st.text(min_size=1, max_size=30))
def test_any_text_as_an_id(web: TestClient, key: str) -> None:
    check(web.get(f"/collections/buildings/items/{quote(key, safe='')}"))


@relaxed
@given(parts=st.tuples(TEXT, TEXT, TEXT), grid=st.sampled_from(["WebMercatorQuad", "WorldCRS84Quad", "x"]))
def test_any_text_as_a_tile(web: TestClient, parts: tuple[str, str, str], grid: str) -> None:
    path = "/".join(quote(part, safe="") for part in parts)
    check(web.get(f"/collections/buildings/tiles/{grid}/{path}"))


@relaxed
@given(zoom=st.integers(0, 22), data=st.data(), grid=st.sampled_from(["WebMercatorQuad", "WorldCRS84Quad"]))
def test_every_tile_of_the_grid_is_cut(web: TestClient, zoom: int, data: st.DataObject, grid: str) -> None:
    row, column = data.draw(st.integers(0, 2**zoom - 1)), data.draw(st.integers(0, 2**zoom - 1))
    check(web.get(f"/tiles/{grid}/{zoom}/{row}/{column}"))


@relaxed
@given(corners=st.tuples(*[st.floats(-1e10, 1e10)] * 4), crs=st.sampled_from(["3857", "4548", "4527"]))
def test_any_box_of_metres_is_answered(web: TestClient, corners: tuple[float, ...], crs: str) -> None:
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{crs}"
    box = ",".join(map(repr, [min(corners[::2]), min(corners[1::2]), max(corners[::2]), max(corners[1::2])]))
    for layer in ("buildings", "pipe_segments"):
        check(web.get(f"/collections/{layer}/items", params={"bbox": box, "bbox-crs": uri}))


# Words of CQL2 in any order: most sentences are wrong, and wrong in ways that no hand would find.
VOCABULARY = """
    floors name height_m use geometry valid_from id nothing "floors" "nothing" AND OR NOT = <> < >= + - * / % ^ div
    ( ) , IS NULL LIKE IN BETWEEN TRUE FALSE 1 0 -1 1.5 1e9 117 31 9223372036854775807 'x' '%' '' '2020-01-01' '..'
    CASEI( ACCENTI( lower( abs( length( round( area_m2( S_INTERSECTS( S_WITHIN( T_AFTER( T_DURING( INTERVAL(
    A_CONTAINS( DATE( TIMESTAMP( POINT( POLYGON(( BBOX( BBOX(117,31,118,32) POINT(117.2 31.8) DATE('2020-01-01')
    region('340103')
"""
WORDS = st.lists(st.sampled_from(VOCABULARY.split()), max_size=14).map(" ".join)
SPELLINGS = """
    = <> < > <= >= + - * / % ^ div and or not isNull like between in casei accenti lower abs length area_m2 centroid
    s_intersects s_within s_equals t_after t_during a_contains buffer_m distance_m valid_at as_of pg_sleep x
"""
OPERATORS = st.sampled_from(SPELLINGS.split())
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["floors", "2020-01-01", "..", "x"]),
)
NAMES = st.sampled_from(["floors", "name", "height_m", "geometry", "valid_from", "id", "nothing"])
LEAVES = st.one_of(
    VALUES,
    NAMES.map(lambda name: {"property": name}),
    VALUES.map(lambda value: {"date": value}),
    VALUES.map(lambda value: {"timestamp": value}),
    st.lists(VALUES, max_size=3).map(lambda ends: {"interval": ends}),
    st.lists(VALUES, max_size=6).map(lambda numbers: {"bbox": numbers}),
    st.tuples(st.sampled_from(["Point", "Polygon", "MultiPoint", "x"]), st.lists(VALUES, max_size=3)).map(
        lambda told: {"type": told[0], "coordinates": told[1]}
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(OPERATORS, st.lists(inner, max_size=4)).map(lambda told: {"op": told[0], "args": told[1]}),
    ),
    max_leaves=12,
)


@settings(relaxed, max_examples=400)
@given(source=st.one_of(WORDS, st.text(max_size=60)))
def test_any_sentence_as_a_filter(web: TestClient, source: str) -> None:
    for layer in ("buildings", "pipe_segments"):
        check(web.get(f"/collections/{layer}/items", params={"filter": source}))


@settings(relaxed, max_examples=400)
@given(tree=TREES)
def test_any_tree_as_a_filter(web: TestClient, tree: Any) -> None:
    """A tree as it is in a body, and as text in a query string, where NaN and huge numbers can stand."""
    text = json.dumps(tree)
    check(web.get("/collections/buildings/items", params={"filter": text, "filter-lang": "cql2-json"}))
    check(web.post("/collections/buildings/search", content=f'{{"filter":{text}}}'))


@relaxed
@given(body=st.dictionaries(st.one_of(FIELDS, st.text(max_size=8)), st.one_of(VALUES, TREES, TEXT), max_size=4))
def test_any_object_as_a_search(web: TestClient, body: dict[str, Any]) -> None:
    check(web.post("/collections/buildings/search", content=json.dumps(body)))


@relaxed
@given(content=st.binary(max_size=200))
def test_any_bytes_as_a_search(web: TestClient, content: bytes) -> None:
    check(web.post("/collections/buildings/search", content=content))

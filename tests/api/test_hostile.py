"""Texts of clients who mean harm, through every door that takes one: no SQL of theirs runs, nothing fails.

That nothing ran is proven by a canary (``tests/api/hostile.py``), by the clock for what sleeps, and by the log.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from spatial.db.cluster import Cluster
from tests.api.hostile import ITEMS, SEARCH, Attacked, attacked

SLOW_S = 4.0
"""No refusal takes so long; what sleeps would."""

CALLS = {
    "sing": "sing()",
    "public.sing": "public.sing()",
    "nextval": "nextval('city.building_id_seq')",
    "setval": "setval('city.building_id_seq', 9)",
    "pg_sleep": "pg_sleep(9)",
    "pg_sleep_for": "pg_sleep_for('9 seconds')",
    "query_to_xml": "query_to_xml('SELECT public.sing()', true, true, '')",
    "table_to_xml": "table_to_xml('city.building', true, true, '')",
    "database_to_xml": "database_to_xml(true, true, '')",
    "pg_read_file": "pg_read_file('/etc/passwd')",
    "pg_ls_dir": "pg_ls_dir('/')",
    "version": "version()",
    "current_setting": "current_setting('data_directory')",
    "set_config": "set_config('statement_timeout', '0', false)",
    "dblink": "dblink('dbname=postgres', 'SELECT 1')",
    "lo_import": "lo_import('/etc/passwd')",
    "pg_terminate_backend": "pg_terminate_backend(1)",
    "pg_advisory_lock": "pg_advisory_lock(1)",
    "generate_series": "generate_series(1, 1000000000)",
    "repeat": "repeat('x', 1000000000)",
    "ts_stat": "ts_stat('SELECT public.sing()')",
    "st_asmvt": "ST_AsMVT(1)",
    "st_transform": "ST_Transform(geometry, 'x', 'y')",
    "postgis_version": "postgis_full_version()",
}
INJECTIONS = (
    "'; SELECT public.sing(); --",
    '"; SELECT public.sing(); --',
    "') OR public.sing() > 0 --",
    "1 OR public.sing() > 0",
    "1; SELECT public.sing()",
    "(SELECT public.sing())",
    "$1; SELECT public.sing()",
    "$$; SELECT public.sing(); $$",
    "\\'; SELECT public.sing(); --",
    "/**/UNION/**/SELECT/**/public.sing()",
    "{0} {1} %s %(x)s :name",
    '"floors" = public.sing()',
    'floors" = public.sing() --',
    "${jndi:ldap://127.0.0.1/x}",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
)
NO_TEXT_DOORS = (
    "f", "lang", "limit", "offset", "cursor", "sortby", "bbox", "bbox-crs", "datetime", "filter", "filter-lang",
    "filter-crs", "crs", "properties", "skipGeometry", "zoom-level", "resulttype", "floors", "height_m", "valid_from",
    "id", "sing()", "floors\" = sing() --",
)  # fmt: skip
"""Parameters of which none can be such a text; the last two are names that do not exist."""


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[Attacked]:
    with attacked(cluster) as one:
        yield one
        one.check_unhurt()


@pytest.fixture
def client(city: Attacked) -> Iterator[httpx.Client]:
    """Give a client; after each test the server is unhurt."""
    yield city.client
    city.check_unhurt()


def refusal(answer: httpx.Response, field: str | None = None) -> None:
    """Expect a refusal that names the parameter, at once."""
    assert answer.status_code == 400, (str(answer.url)[:200], answer.status_code, answer.text[:200])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field or field is None
    assert answer.json()["detail"]
    assert answer.elapsed.total_seconds() < SLOW_S


def names(name: str) -> list[str]:
    """Return a function's name in the spellings under which SQL or Unicode would find it."""
    wide = "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isalpha() else one for one in name)
    return [
        name,
        name.upper(),
        f'"{name}"',
        f"pg_catalog.{name}",
        f'"pg_catalog"."{name}"',
        wide,
        f"{name} ",
        f"\t{name}",
    ]


@pytest.mark.parametrize("name", [*CALLS])
def test_no_function_outside_the_list_is_reached_by_text(client: httpx.Client, name: str) -> None:
    call = CALLS[name]
    arguments = call[call.index("(") :]
    sources = [
        *(f"{spelled}{arguments} = 1" for spelled in names(name)),
        f"{call} IS NULL",
        f"floors > {call}",
        f"floors IN (1, {call})",
        f"floors BETWEEN 1 AND {call}",
        f"NOT {call}",
        f"{call}",
        f"lower({call}) = 'x'",
        f"CASEI({call}) = 'x'",
        f"name LIKE {call}",
        f"abs({call}) = 1",
        f"S_INTERSECTS(geometry, {call})",
        f"T_AFTER(valid_from, {call})",
        f"floors = 1 + {call}",
        f"floors = 1 AND {call} = 1",
        f"TRUE OR {call} = 1",
        f'U&"\\0070g" = {call}',
        f'"{call}" = 1',
    ]
    for source in sources:
        refusal(client.get(ITEMS, params={"filter": source}), "filter")
        refusal(client.post(SEARCH, json={"filter": source}), "filter")


@pytest.mark.parametrize("name", [*CALLS])
def test_no_function_outside_the_list_is_reached_by_json(client: httpx.Client, name: str) -> None:
    call = CALLS[name]
    trees: list[dict[str, Any]] = [
        *({"op": "=", "args": [{"op": spelled, "args": [9]}, 1]} for spelled in names(name)),
        {"op": name, "args": []},
        {"op": "=", "args": [{"property": call}, 1]},
        {"op": "=", "args": [{"function": {"name": name, "args": [9]}}, 1]},
        {"op": "=", "args": [{"op": "casei", "args": [{"op": name, "args": [9]}]}, "x"]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"op": name, "args": []}]},
        {"op": "t_after", "args": [{"property": "valid_from"}, {"interval": [{"op": name, "args": []}, ".."]}]},
        {"op": "t_after", "args": [{"property": "valid_from"}, {"timestamp": call}]},
        {"op": "t_after", "args": [{"property": "valid_from"}, {"date": call}]},
        {"op": "in", "args": [{"property": "floors"}, [{"op": name, "args": [9]}]]},
        {"op": f"= {call} OR floors =", "args": [{"property": "floors"}, 1]},
    ]
    for tree in trees:
        refusal(client.get(ITEMS, params={"filter": json.dumps(tree), "filter-lang": "cql2-json"}), "filter")
        refusal(client.post(SEARCH, json={"filter": tree}), "filter")


@pytest.mark.parametrize("door", NO_TEXT_DOORS)
def test_sql_in_every_parameter_is_refused(client: httpx.Client, door: str) -> None:
    for text in (*INJECTIONS, *CALLS.values()):
        refusal(client.get(ITEMS, params={door: text}), door)
        if door not in {"f", "lang"}:
            refusal(client.post(SEARCH, json={door: text}), door)


@pytest.mark.parametrize("door", ["q", "name", "code", "use", "region_code"])
def test_sql_as_a_value_is_a_value(client: httpx.Client, door: str) -> None:
    for text in (*INJECTIONS, *CALLS.values()):
        value = text.replace(",", "，")  # the comma parts the terms of q
        for answer in (client.get(ITEMS, params={door: value}), client.post(SEARCH, json={door: value})):
            assert (answer.status_code, answer.json()["numberMatched"]) == (200, 0), answer.text
            assert answer.elapsed.total_seconds() < SLOW_S


def test_sql_in_every_list(client: httpx.Client) -> None:
    for text in (*INJECTIONS, *CALLS.values()):
        for door in ("sortby", "properties"):
            refusal(client.get(ITEMS, params={door: f"code,{text}"}), door)
            refusal(client.post(SEARCH, json={door: ["code", text]}), door)


def test_sql_in_every_path(client: httpx.Client) -> None:
    for text in (*INJECTIONS, *CALLS.values()):
        written = httpx.QueryParams({"x": text}).__str__()[2:].replace("+", "%20").replace("%2F", "%252F")
        for path in (
            f"/collections/{written}",
            f"/collections/{written}/items",
            f"/collections/{written}/queryables",
            f"/collections/buildings/items/{written}",
            f"/collections/buildings/{written}",
            f"/collections/buildings/tiles/{written}/1/0/0",
            f"/collections/buildings/tiles/WebMercatorQuad/{written}/0/0",
            f"/styles/{written}",
            f"/tiles/{written}",
        ):
            answer = client.get(path)
            assert answer.status_code == 404, (path, answer.status_code)
            assert answer.elapsed.total_seconds() < SLOW_S


def forged(*document: Any) -> str:
    """Write a cursor as the server does."""
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def test_cursors_that_nobody_gave(client: httpx.Client) -> None:
    """A cursor may be made by anyone; one that fits no order and no type is refused, one that fits is a place."""
    good = client.get(ITEMS, params={"cursor": forged(0, "+floors", 3, 1), "sortby": "floors"})
    assert good.status_code == 200
    bad: list[tuple[str, str]] = [
        ("+floors", forged(0, "-floors", 3, 1)),
        ("+floors", forged(0, "+id", 1)),
        ("+floors", forged(0, "+floors", 1)),
        ("+floors", forged(0, "+floors", 3, 3, 1)),
        ("+floors", forged(0, "+floors", "3", 1)),
        ("+floors", forged(0, "+floors", 3.5, 1)),
        ("+floors", forged(0, "+floors", True, 1)),
        ("+floors", forged(0, "+floors", [3], 1)),
        ("+floors", forged(0, "+floors", {"a": 3}, 1)),
        ("+floors", forged(0, "+floors", 2**63, 1)),
        ("+floors", forged(0, "+floors", -(2**70), 1)),
        ("+floors", forged(0, "+floors", "1; SELECT public.sing()", 1)),
        ("+floors", forged(0, "+floors; SELECT public.sing()", 3, 1)),
        ("+floors", forged(0, ["+floors"], 3, 1)),
        ("+floors", forged(0, "+floors", 3, "1; SELECT public.sing()")),
        ("+floors", forged(0, "+floors", 3, -1)),
        ("+floors", forged(0, "+floors", 3, 10**30)),
        ("+floors", forged(0, "+floors", 3, None)),
        ("+floors", forged(0, "+floors", 3, [1])),
        ("+name", forged(0, "+name", 3, 1)),
        ("+name", forged(0, "+name", "a\x00b", 1)),
        ("+name", forged(0, "+name", "\ud800", 1)),
        ("+height_m", forged(0, "+height_m", "NaN", 1)),
        ("+height_m", forged(0, "+height_m", True, 1)),
        ("+height_m", urlsafe_b64encode(b'[0,"+height_m",1e999,1]').decode()),
        ("+height_m", urlsafe_b64encode(b'[0,"+height_m",NaN,1]').decode()),
        ("", forged()),
        ("", forged(0)),
        ("", forged(0, "+id")),
        ("", forged("x")),
        ("", forged(*range(5_000))),
        ("", urlsafe_b64encode(b"[" * 5_000).decode()),
        ("", urlsafe_b64encode(b'{"a":1}').decode()),
        ("", urlsafe_b64encode(b"\xff\xfe").decode()),
        ("", "é"),
        ("", "AAAA"),
        ("", "A" * 9_000),
        ("", "="),
        ("", "\x00"),
    ]
    for sort, cursor in bad:
        asked = {"cursor": cursor} | ({"sortby": sort} if sort else {})
        refusal(client.get(ITEMS, params=asked), "cursor")
        refusal(client.post(SEARCH, json=asked), "cursor")
    pipes = "/collections/pipe_segments/items"
    for day in ("2020-13-01", "infinity", "-infinity", "now", "2020-01-01'; SELECT public.sing()", "0000-01-01", 3):
        refusal(client.get(pipes, params={"sortby": "built_on", "cursor": forged(0, "+built_on", day, 1)}), "cursor")


DEEP = 10_000
NESTED_TEXTS = {
    "brackets": "(" * DEEP + "floors = 1" + ")" * DEEP,
    "open brackets": "(" * DEEP,
    "not": "NOT " * DEEP + "floors = 1",
    "minus": "floors = " + "-" * DEEP + "1",
    "calls": "lower(" * DEEP + "name" + ")" * DEEP + " = 'x'",
    "sums": "floors = " + "(1 + " * DEEP + "1" + ")" * DEEP,
    "powers": "floors = 1" + " ^ 2" * DEEP,
    "quotes": "name = '" + "''" * DEEP,
    "casei": "CASEI(" * DEEP + "name" + ")" * DEEP + " = 'x'",
    "geometries": "S_INTERSECTS(geometry, " + "GEOMETRYCOLLECTION(" * DEEP,
    "polygon": "S_INTERSECTS(geometry, POLYGON" + "(" * DEEP,
    "in": "floors IN (" * DEEP,
    "arrays": "A_CONTAINS(name, " + "(" * DEEP,
}


@pytest.mark.parametrize("name", [*NESTED_TEXTS])
def test_ten_thousand_levels_of_text(client: httpx.Client, name: str) -> None:
    source = NESTED_TEXTS[name]
    refusal(client.post(SEARCH, json={"filter": source}), "filter")
    if len(source) < 60_000:
        answer = client.get(ITEMS, params={"filter": source})
        assert answer.status_code in {400, 414, 431}
        assert answer.elapsed.total_seconds() < SLOW_S


NESTED_TREES = {
    "not": ('{"op":"not","args":[', "true", "]}"),
    "and": ('{"op":"and","args":[true,', "true", "]}"),
    "lists": ('{"op":"in","args":[1,', "1", "]}"),
    "arrays": ("[", "1", "]"),
    "coordinates": (
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":',
        "[1]",
        "}]}",
    ),
    "collections": ('{"type":"GeometryCollection","geometries":[', '{"type":"Point","coordinates":[1,2]}', "]}"),
    "property": ('{"property":', '"floors"', "}"),
    "op": ('{"op":', '"="', "}"),
    "interval": ('{"interval":[', '"..",".."', "]}"),
}


@pytest.mark.parametrize("name", [*NESTED_TREES])
def test_ten_thousand_levels_of_json(client: httpx.Client, name: str) -> None:
    head, middle, tail = NESTED_TREES[name]
    source = head * DEEP + middle + tail * DEEP
    answer = client.post(SEARCH, content=f'{{"filter":{source}}}')
    refusal(answer)
    assert answer.json()["field"] in {"body", "filter"}
    refusal(client.post(SEARCH, json={"filter": source, "filter-lang": "cql2-json"}), "filter")
    flat = head * 900 + middle + tail * 900
    refusal(client.post(SEARCH, content=f'{{"filter":{flat}}}'))
    if name == "arrays":
        refusal(client.get(ITEMS, params={"filter": source, "filter-lang": "cql2-json"}), "filter")


@pytest.mark.parametrize(
    "source",
    [
        " OR ".join(["floors = 1"] * 4_000),
        " AND ".join(f"name <> '{number}'" for number in range(3_000)),
        f"floors IN ({','.join(map(str, range(9_000)))})",
        f"name LIKE '{'%_' * 10_000}x'",
        f"name = '{'x' * 60_000}'",
        "floors = " + "1 + " * 9_000 + "1",
        f"{'x' * 60_000} = 1",
        f"S_INTERSECTS(geometry, LINESTRING({','.join(f'{n % 360 - 180} {n % 180 - 90}' for n in range(5_000))}))",
        "x" * 1_000_000,
    ],
    ids=["or", "and", "in", "like", "text", "sum", "name", "line", "megabyte"],
)
def test_wide_filters_end_soon(client: httpx.Client, source: str) -> None:
    started = time.monotonic()
    answer = client.post(SEARCH, json={"filter": source})
    assert answer.status_code in {200, 400, 413}, answer.text[:200]
    if answer.status_code != 200:
        assert answer.json()["field"] in {"filter", "body"}
    assert time.monotonic() - started < 2 * SLOW_S


@pytest.mark.parametrize("path", ["items", "items/%ED%A0%80", "%ED%A0%80", "items/%FF", "items/%00", "items/%C0%AF"])
@pytest.mark.parametrize(
    "query", ["", "?name=%FF", "?name=%ED%A0%80", "?%FF=1", "?filter=%FF%FE", "?q=%C0%80", "?f=%ZZ"]
)
def test_bytes_that_are_no_unicode(client: httpx.Client, path: str, query: str) -> None:
    answer = client.get(f"/collections/buildings/{path}{query}")
    assert answer.status_code in {200, 400, 404}
    if answer.status_code == 400:
        assert answer.json()["field"]


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff\\ud800", "a\\u0000b", "\\u0000"])
@pytest.mark.parametrize("name", ["name", "q", "filter", "cursor", "sortby", "datetime", "crs"])
def test_half_characters_in_a_body(client: httpx.Client, name: str, text: str) -> None:
    answer = client.post(SEARCH, content=f'{{"{name}":"{text}"}}')
    refusal(answer)
    assert answer.json()["field"] in {name, "body"}


@pytest.mark.parametrize(
    "text",
    ["NaN,NaN,NaN,NaN", "inf,0,inf,1", "1e308,1e308,-1e308,-1e308", "-1e400,0,1,1", "0,0,1e-400,1e-400", "0" * 5_000],
)
@pytest.mark.parametrize("crs", ["OGC/1.3/CRS84", "EPSG/0/3857", "EPSG/0/4548", "EPSG/0/4490"])
def test_boxes_that_are_none(client: httpx.Client, text: str, crs: str) -> None:
    uri = f"http://www.opengis.net/def/crs/{crs}"
    answer = client.get(ITEMS, params={"bbox": text, "bbox-crs": uri})
    if text.startswith("0,0,1e-400"):
        assert (answer.status_code, answer.json()["numberMatched"]) == (200, 0)
    else:
        refusal(answer, "bbox")
    # The same numbers in a filter: they are no place, or hit nothing.
    within = client.get(ITEMS, params={"filter": f"S_INTERSECTS(geometry, BBOX({text}))", "filter-crs": uri})
    assert within.status_code in {200, 400}
    if within.status_code == 200:
        assert within.json()["numberMatched"] == 0

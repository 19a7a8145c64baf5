"""Whatever a client sends, the answer is never a 500, and every refusal names what is wrong."""

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

PARAMETERS = ["limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime", "f", "lang", "floors", "name", "use"]
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
    ]
)
TEXT = st.one_of(NEARLY, st.text(max_size=40), st.floats().map(str), st.integers().map(str))
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(answer: Any) -> None:
    assert answer.status_code in {200, 204, 400, 404, 406}, (str(answer.url), answer.text)
    if answer.status_code == 400:
        assert answer.json()["field"]


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

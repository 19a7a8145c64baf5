"""Faults that a review found in the answers of items, each once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import files
from api.files import Streams
from api.state import BYTES_KEPT, DocumentCache
from spatial.catalogue.catalogue import Catalogue
from spatial.errors import Unavailable
from tests.api.conftest import Tiny

ITEMS = "/collections/buildings/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.mark.parametrize(
    ("bbox", "crs", "found"),
    [
        ("117.2005,31.8005,117.2005,31.8005", None, ["W"]),
        ("117.2,31.8,117.2,31.8", None, ["W"]),
        ("117.2005,31.8005,117.2105,31.8005", None, ["W", "M"]),
        ("117.2005,31.7,117.2005,31.9", None, ["W"]),
        ("117.205,31.8005,117.205,31.8005", None, []),
        # GEOS knows rectangles well; a courtyard is none.
        ("117.2505,31.8005,117.2505,31.8005", None, ["C"]),
        ("117.2515,31.8015,117.2515,31.8015", None, []),
        ("117.245,31.8005,117.2505,31.8005", None, ["C"]),
        ("31.8005,117.2005,31.8005,117.2005", f"{EPSG}4490", ["W"]),
        ("13046700,3737152,13046700,3737152", f"{EPSG}3857", ["W"]),
        ("3519748,518987,3519748,518987", f"{EPSG}4548", ["W"]),
        ("3519748,39518987,3519748,39518987", f"{EPSG}4527", ["W"]),
    ],
)
def test_a_box_without_an_area_finds_what_it_touches(
    web: TestClient, bbox: str, crs: str | None, found: list[str]
) -> None:
    params = {"bbox": bbox} | ({"bbox-crs": crs} if crs else {})
    answer = web.get(ITEMS, params=params)
    assert [one["properties"]["code"] for one in answer.json()["features"]] == found
    assert answer.json()["numberMatched"] == len(found)


def test_any_tag_does_not_stand_for_what_is_missing(web: TestClient, tiny: Tiny) -> None:
    anything = {"If-None-Match": "*"}
    assert web.get(f"{ITEMS}/999999999", headers=anything).status_code == 404
    assert web.get(f"{ITEMS}/{tiny.west}", headers=anything).status_code == 200
    assert web.get(ITEMS, params={"cursor": "WzAsIiIsMSwxXQ"}, headers=anything).status_code == 400


@pytest.mark.parametrize(("form", "most"), [("gpkg", 0), ("csv", 1)])
def test_head_of_a_file_does_not_write_the_file(
    web: TestClient, monkeypatch: pytest.MonkeyPatch, form: str, most: int
) -> None:
    read: list[bytes] = []

    def counted(*given: Any, **more: Any) -> Iterator[bytes]:
        for chunk in (b"a", b"b", b"c"):
            read.append(chunk)
            yield chunk

    monkeypatch.setattr(files, "export_chunks", counted)
    plain = {"Accept-Encoding": "identity"}
    whole = web.get(ITEMS, params={"f": form}, headers=plain)
    assert whole.content == b"abc"
    read.clear()
    head = web.head(ITEMS, params={"f": form}, headers=plain)
    assert head.status_code == 200
    assert head.headers == whole.headers
    assert len(read) <= most


def test_links_of_a_posted_search_keep_the_format(web: TestClient) -> None:
    found = web.post("/collections/buildings/search", params={"f": "jsonfg"}, json={"limit": 2}).json()
    (following,) = [one for one in found["links"] if one["rel"] == "next"]
    assert following["type"] == "application/fg+json"
    second = web.post(following["href"], json=following["body"])
    assert second.headers["content-type"].startswith(following["type"])


def test_kept_documents_count_with_their_addresses() -> None:
    cache = DocumentCache()
    address = "&" * (BYTES_KEPT // 4)
    for number in range(8):
        cache.get(1, (f"{address}{number}",), lambda: b"{}")
    assert sum(len(address) for (address,) in cache._kept) <= BYTES_KEPT


class _Session:
    """A connection that only knows whether it is closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_stream_whose_database_went_away_is_closed() -> None:
    def chunks() -> Iterator[bytes]:
        try:
            yield b"begun"
        finally:
            raise Unavailable("The database does not answer at the moment. Ask again.")

    session: Any = _Session()
    begun = chunks()
    next(begun)
    asyncio.run(Streams("", size=1, wait_s=1, statement_timeout_s=1).close(session, begun))
    assert session.closed


def test_a_tag_changes_with_what_the_answer_shows(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def tags() -> dict[str, str]:
        return {form: web.get(ITEMS, params={"f": form}).headers["etag"] for form in ("json", "gpkg")}

    state: Any = web.app.state  # type: ignore[attr-defined]
    catalogue: Catalogue = state.catalogue
    before = tags()
    assert tags() == before
    layer = catalogue.layer("buildings")
    fewer = layer.definition.model_copy(update={"fields": layer.definition.fields[:-1]})
    layers = MappingProxyType({**catalogue.layers, "buildings": replace(layer, definition=fewer)})
    with monkeypatch.context() as patch:
        patch.setitem(state._state, "catalogue", replace(catalogue, layers=layers))
        assert tags()["json"] != before["json"]
    # A GeoPackage holds the code lists.
    with monkeypatch.context() as patch:
        patch.setitem(state._state, "catalogue", replace(catalogue, version=catalogue.version + 1))
        assert tags()["gpkg"] != before["gpkg"]
        assert tags()["json"] == before["json"]


@pytest.mark.parametrize(("name", "value"), [("bom", "1"), ("encoding", "gb")])
@pytest.mark.parametrize("form", ["json", "html", "csv"])
def test_words_for_files_are_read_in_every_format(web: TestClient, form: str, name: str, value: str) -> None:
    answer = web.get(ITEMS, params={"f": form, name: value}, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert name in answer.text


@pytest.mark.parametrize("sortby", ["", "floors"])
def test_a_file_may_be_limited_to_more_than_there_is(web: TestClient, sortby: str) -> None:
    most = {"f": "csv", "limit": str(2**63 - 1), "offset": "1", "sortby": sortby}
    assert web.get(ITEMS, params=most).headers["ogc-numberreturned"] == "5"


@pytest.mark.parametrize("form", ["json", "csv", "gpkg", "html"])
def test_a_filter_that_cannot_be_computed_is_refused_in_every_format(web: TestClient, form: str) -> None:
    asked = {"filter": "height_m * 1e300 * 1e300 > 1", "f": form}
    answer = web.get("/collections/buildings/items", params=asked)
    assert answer.status_code == 400, answer.text
    assert form == "html" or answer.json()["field"] == "filter"


def test_one_feature_as_jsonfg_says_what_it_conforms_to(web: TestClient, tiny: Tiny) -> None:
    one = web.get(f"/collections/buildings/items/{tiny.west}", params={"f": "jsonfg"}).json()
    whole = web.get("/collections/buildings/items", params={"f": "jsonfg", "limit": "1"}).json()
    for name in ("conformsTo", "featureType", "coordRefSys"):
        assert one[name] == whole[name]
    assert any(link["rel"] == "collection" for link in one["links"])

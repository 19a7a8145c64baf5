"""OWSLib reads the server."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from owslib.ogcapi.features import Features
from owslib.ogcapi.records import Records

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def service(live_server: str) -> Features:
    return Features(live_server)


@pytest.fixture(scope="module")
def buildings(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/collections/buildings/items", params={"limit": 10_000}).json()[
        "features"
    ]
    return found


def test_enters_by_the_landing_page(service: Features) -> None:
    assert service.response["title"] == "时空：城市时空中台"
    assert all({"href", "rel", "type"} <= {*link} for link in service.links)


def test_finds_the_api_description_by_its_exact_type(service: Features, live_server: str) -> None:
    document = service.api()
    assert document["openapi"].startswith("3.0")
    assert document["servers"] == [{"url": live_server}]


def test_reads_the_conformance(service: Features) -> None:
    classes = service.conformance()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes


def test_lists_collections_as_features(service: Features) -> None:
    names = [one["id"] for one in service.collections()["collections"]]
    assert service.feature_collections() == names
    assert {"buildings", "roads", "pipe_segments", "addresses"} <= {*names}


def test_takes_no_layer_for_a_catalogue_of_records(live_server: str) -> None:
    assert Records(live_server).records() == []


def test_describes_a_collection(service: Features, buildings: list[dict[str, Any]]) -> None:
    document = service.collection("buildings")
    assert document["id"] == "buildings"
    assert document["featureCount"] == len(buildings)
    assert service.response_headers["Content-Type"] == "application/json"


def test_reads_queryables(service: Features) -> None:
    properties = service.collection_queryables("buildings")["properties"]
    assert properties["floors"]["type"] == "integer"
    assert properties["floors"]["title"] == "地上层数"


def test_takes_json_without_asking_for_it(service: Features, buildings: list[dict[str, Any]]) -> None:
    """OWSLib sends ``Accept: */*``."""
    document = service.collection_items("buildings", limit=7)
    assert service.response_headers["Content-Type"] == "application/geo+json"
    assert document["numberReturned"] == 7
    assert document["numberMatched"] == len(buildings)
    assert [one["id"] for one in document["features"]] == [one["id"] for one in buildings[:7]]


def test_pages_by_offset_and_by_link(service: Features, buildings: list[dict[str, Any]]) -> None:
    by_number = service.collection_items("buildings", limit=5, offset=5)
    following = next(
        link["href"] for link in service.collection_items("buildings", limit=5)["links"] if link["rel"] == "next"
    )
    query = {name: values[0] for name, values in parse_qs(urlsplit(following).query).items()}
    by_link = service.collection_items("buildings", **query)
    assert by_number["features"] == by_link["features"] == buildings[5:10]


def test_asks_in_a_box(service: Features, buildings: list[dict[str, Any]]) -> None:
    lon, lat = buildings[0]["geometry"]["coordinates"][0][0]
    document = service.collection_items("buildings", bbox=[lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5])
    found = [one["id"] for one in document["features"]]
    assert buildings[0]["id"] in found
    assert len(found) < len(buildings)


def test_asks_for_a_moment(service: Features, buildings: list[dict[str, Any]]) -> None:
    now = service.collection_items("buildings", datetime_="2999-01-01T00:00:00Z")
    before = service.collection_items("buildings", datetime_="../1901-01-01T00:00:00Z")
    assert now["numberMatched"] == len(buildings)
    assert before["features"] == []


def test_asks_by_properties(service: Features, buildings: list[dict[str, Any]]) -> None:
    use = buildings[0]["properties"]["use"]
    document = service.collection_items("buildings", use=use, limit=10_000)
    assert [one["id"] for one in document["features"]] == [
        one["id"] for one in buildings if one["properties"]["use"] == use
    ]


def test_asks_by_chinese_text(service: Features) -> None:
    name = service.collection_items("roads", limit=1)["features"][0]["properties"]["name"]
    found = service.collection_items("roads", name=name)["features"]
    assert found
    assert {one["properties"]["name"] for one in found} == {name}


def test_reads_one_feature(service: Features, buildings: list[dict[str, Any]]) -> None:
    feature = service.collection_item("buildings", str(buildings[0]["id"]))
    assert {**feature, "links": None} == {**buildings[0], "links": None}


def test_learns_what_is_wrong(service: Features) -> None:
    with pytest.raises(RuntimeError, match=r"no parameter 'colour' here.*floors"):
        service.collection_items("buildings", colour="red")

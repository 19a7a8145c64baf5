"""The API description: valid, whole, true to the server, in both languages, small for many layers."""

import re
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.routing import Route
from starlette.testclient import TestClient

from api import formats
from api.documents.openapi.document import openapi_document
from api.params.features import ITEMS_PARAMETERS, known_parameters
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.crs import OFFERED
from spatial.export.types import FORMATS, Encoding
from spatial.query.cql2.filter import Lang

SPEC = "http://www.opengis.net/spec/"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
ITEMS = "/collections/buildings/items"
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def document(web: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = web.get("/api").json()
    return answer


@pytest.fixture(scope="module")
def catalogue(web: TestClient) -> Catalogue:
    found: Catalogue = web.app.state.catalogue  # type: ignore[attr-defined]
    return found


def resolved(document: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
    """Follow a local reference, as clients do."""
    while "$ref" in piece:
        found: Any = document
        for name in piece["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        piece = found
    return piece


def parameters(document: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    listed = [resolved(document, one) for one in document["paths"][path]["get"]["parameters"]]
    names = [one["name"] for one in listed]
    assert len(set(names)) == len(names), "a parameter is described twice"
    return {one["name"]: one for one in listed}


def texts(piece: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text for people with the place where it stands."""
    if isinstance(piece, dict):
        for name, value in piece.items():
            if name in {"summary", "description"} and isinstance(value, str):
                yield f"{path}/{name}", value
            else:
                yield from texts(value, f"{path}/{name}")
    elif isinstance(piece, list):
        for number, value in enumerate(piece):
            yield from texts(value, f"{path}/{number}")


@pytest.mark.conformance(SPEC + "ogcapi-common-1/1.0/conf/oas30", SPEC + "ogcapi-features-1/1.0/conf/oas30")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_valid_and_whole(web: TestClient, language: str) -> None:
    answer = web.get("/api", params={"lang": language})
    assert answer.headers["content-type"] == OPENAPI
    document = answer.json()
    OpenAPIV30SpecValidator(document).validate()
    assert document["servers"] == [{"url": "http://testserver"}]
    assert set(re.findall(r'"\$ref":"([^"]{2})', answer.text)) == {"#/"}, "everything is in the document itself"


def test_every_shared_piece_is_used(web: TestClient) -> None:
    text = web.get("/api").text
    used = set(re.findall(r'"#/components/([^"]+)"', text))
    kept = {f"{kind}/{name}" for kind, pieces in web.get("/api").json()["components"].items() for name in pieces}
    assert kept == used


def test_operations_are_named_once(document: dict[str, Any]) -> None:
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(set(names)) == len(names)
    assert {tag for item in document["paths"].values() for one in item.values() for tag in one["tags"]} == {
        tag["name"] for tag in document["tags"]
    }


def test_every_route_is_described_and_every_path_is_served(web: TestClient, document: dict[str, Any]) -> None:
    """Both ways round: nothing is promised that is not there, and nothing is there that is not described."""
    unspoken = {"/map", "/health", "/assets"}
    routes = [one for one in web.app.routes if isinstance(one, Route)]  # type: ignore[attr-defined]
    served = {
        re.sub(r"\{[^}]*\}", "{}", one.path): {*(one.methods or ())} - {"HEAD"}
        for one in routes
        if not any(one.path.startswith(name) for name in unspoken)
    }
    described: dict[str, set[str]] = {}
    for path, item in document["paths"].items():
        general = re.sub(r"^/collections/(?!\{)[^/]+", "/collections/{}", path)
        described.setdefault(re.sub(r"\{[^}]*\}", "{}", general), set()).update(one.upper() for one in item)
    assert described == served


def test_qgis_and_gdal_find_what_they_look_for(document: dict[str, Any]) -> None:
    """QGIS 3.22 reads components.parameters.limit alone; GDAL reads a parameter for each property on the own path."""
    limit = document["components"]["parameters"]["limit"]
    assert limit["name"] == "limit"
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 10}
    asked = document["paths"][ITEMS]["get"]["parameters"]
    assert {"$ref": "#/components/parameters/limit"} in asked
    inline = {one["name"]: one for one in asked if "name" in one}
    assert {"floors", "use", "height_m"} <= set(inline)
    assert inline["floors"]["schema"]["type"] == "integer"


def test_items_take_what_the_server_reads(document: dict[str, Any], catalogue: Catalogue) -> None:
    for layer in catalogue.layers.values():
        described = parameters(document, f"/collections/{layer.definition.id}/items")
        assert set(described) == set(known_parameters(layer)), layer.definition.id
        assert set(ITEMS_PARAMETERS) <= set(described)
        assert described["crs"]["schema"]["enum"] == list(layer.offered_crs)
        assert described["crs"]["schema"]["default"] == layer.offered_crs[0]


def test_choices_are_those_that_the_server_offers(document: dict[str, Any]) -> None:
    described = {name: one["schema"] for name, one in parameters(document, ITEMS).items()}
    assert described["f"]["enum"] == list(formats.OFFERED)
    assert set(described["f"]["enum"]) == {"json", "html", *FORMATS}
    assert described["filter-lang"] == {"type": "string", "enum": [*Lang], "default": "cql2-text"}
    assert described["filter-crs"]["enum"] == described["bbox-crs"]["enum"] == list(OFFERED)
    assert described["encoding"]["enum"] == [*Encoding]
    assert described["resulttype"]["enum"] == ["results", "hits"]
    single = parameters(document, ITEMS + "/{featureId}")
    assert single["f"]["schema"]["enum"] == list(formats.SINGLE)


@pytest.mark.parametrize(
    ("name", "too_much"),
    [("offset", 100_001), ("zoom-level", 25), ("offset", -1), ("zoom-level", -1), ("limit", 0)],
)
def test_limits_are_true(web: TestClient, document: dict[str, Any], name: str, too_much: int) -> None:
    schema = parameters(document, ITEMS)[name]["schema"]
    nearest = schema["minimum"] if too_much < schema["minimum"] else schema["maximum"]
    assert abs(nearest - too_much) == 1
    assert web.get(ITEMS, params={name: nearest}).status_code == 200
    refused = web.get(ITEMS, params={name: too_much})
    assert (refused.status_code, refused.json()["field"]) == (400, name)


def test_lists_of_terms_and_of_sort_keys_end_where_it_is_said(web: TestClient, document: dict[str, Any]) -> None:
    described = {name: one["schema"] for name, one in parameters(document, ITEMS).items()}
    terms, length = described["q"]["maxItems"], described["q"]["items"]["maxLength"]
    assert web.get(ITEMS, params={"q": ",".join(["楼"] * terms)}).status_code == 200
    assert web.get(ITEMS, params={"q": ",".join(["楼"] * (terms + 1))}).status_code == 400
    assert web.get(ITEMS, params={"q": "楼" * length}).status_code == 200
    assert web.get(ITEMS, params={"q": "楼" * (length + 1)}).status_code == 400
    keys = described["properties"]["items"]["enum"][1 : described["sortby"]["maxItems"] + 2]
    assert web.get(ITEMS, params={"sortby": ",".join(keys[:-1])}).status_code == 200
    assert web.get(ITEMS, params={"sortby": ",".join(keys)}).status_code == 400


def test_properties_say_title_unit_and_codes(document: dict[str, Any], web: TestClient) -> None:
    described = parameters(document, ITEMS)
    assert described["height_m"]["description"] == "高度（m）"
    assert described["height_m"]["schema"] == {
        "title": "高度",
        "type": "number",
        "x-ogc-unit": "m",
        "x-ogc-unitLang": "UCUM",
    }
    assert "office" in described["use"]["schema"]["enum"]
    assert "office 办公" in described["use"]["description"]
    assert {"code", "height_m", "valid_from"} <= set(described["properties"]["schema"]["items"]["enum"])
    english = parameters(web.get("/api?lang=en").json(), ITEMS)
    assert english["height_m"]["description"] == "Height (m)"
    assert "office" in english["use"]["description"]


def test_a_feature_id_has_the_layers_own_type(document: dict[str, Any]) -> None:
    key = parameters(document, ITEMS + "/{featureId}")["featureId"]
    assert (key["in"], key["required"], key["schema"]["type"]) == ("path", True, "integer")


def test_answers_come_in_every_format_with_their_headers(document: dict[str, Any]) -> None:
    for path, method in ((ITEMS, "get"), ("/collections/buildings/search", "post")):
        responses = document["paths"][path][method]["responses"]
        found = resolved(document, responses["200"])
        assert set(found["content"]) == set(formats.OFFERED.values())
        assert set(found["headers"]) == {"OGC-NumberMatched", "OGC-NumberReturned", "Content-Crs", "Link", "ETag"}
        for header in found["headers"].values():
            assert resolved(document, header)["schema"]["type"] in {"string", "integer"}
        for status in ("400", "404", "406", "503"):
            assert "application/problem+json" in resolved(document, responses[status])["content"]
    assert "304" in document["paths"][ITEMS]["get"]["responses"]
    assert "413" in document["paths"]["/collections/buildings/search"]["post"]["responses"]
    tile = "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    assert "204" in document["paths"][tile]["get"]["responses"]


def test_a_search_takes_the_same_words_as_items(document: dict[str, Any], catalogue: Catalogue) -> None:
    post = document["paths"]["/collections/buildings/search"]["post"]
    body = resolved(document, post["requestBody"])["content"]["application/json"]
    schema = resolved(document, body["schema"])
    assert set(schema["properties"]) == set(ITEMS_PARAMETERS) - {"f", "lang"}
    assert schema["properties"]["filter-lang"]["default"] == "cql2-json"
    assert set(body["example"]) <= set(schema["properties"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_speaks_the_language_that_was_asked_for(web: TestClient, language: str) -> None:
    document = web.get("/api", headers={"Accept-Language": language}).json()
    names = {"GeoJSON", "JSON Schema"}
    for place, text in texts({"paths": document["paths"], "components": document["components"]}):
        if text not in names:
            assert bool(HAN.search(text)) is (language == "zh"), (place, text)


def test_many_layers_share_what_they_have_in_common(catalogue: Catalogue) -> None:
    """A hundred layers are a hundred times ten paths: still well under a megabyte, in a moment."""

    def named(layer: PublishedLayer, name: str) -> PublishedLayer:
        own = layer.definition.model_copy(update={"id": name})
        return PublishedLayer(own, *(getattr(layer, one) for one in list(layer.__dataclass_fields__)[1:]))

    copies = {f"{name}_{i}": named(one, f"{name}_{i}") for i in range(10) for name, one in catalogue.layers.items()}
    many = Catalogue(catalogue.version, type(catalogue.layers)(copies), catalogue.groups, catalogue.code_lists)
    openapi_document(catalogue, "http://x", "zh")  # not the first time
    started = time.process_time()
    ten = openapi_document(catalogue, "http://x", "zh")
    took_s = time.process_time() - started
    assert took_s < 0.05
    hundred = orjson.dumps(openapi_document(many, "http://x", "zh"))
    assert len(orjson.dumps(ten)) < 150_000
    assert len(hundred) < 1_000_000


def test_the_page_lists_every_operation_in_its_language(web: TestClient) -> None:
    for language, word, body in (("zh", "建筑：查询要素", "请求体"), ("en", "Buildings: features", "Body")):
        page = web.get("/api", params={"lang": language, "f": "html"}).text
        assert word in page
        assert body in page
        assert page.count('class="method post"') == len(web.get("/collections").json()["collections"])
        assert "/collections/buildings/sortables" in page
        assert "$ref" not in page

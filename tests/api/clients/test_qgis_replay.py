"""The replay of QGIS's requests finds what is wrong with a server, one thing at a time, and nothing in a good one."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.clients import classes
from api.clients.axes import axes_of
from api.clients.qgis import replay
from api.clients.report import as_document, has_fault
from api.clients.types import ALL, MIDDLE, NEW, NEXT, Line, Verdict
from tests.api.clients.fake import BASE, EPSG, ITEMS, LAYER, Edit, Fake, reply


def found(fake: Fake, url: str = f"{BASE}/", **options: Any) -> dict[str, Line]:
    """Return the gravest line of each check."""
    worst: dict[str, Line] = {}
    order = [Verdict.OK, Verdict.UNTESTED, Verdict.LOSS, Verdict.FAULT]
    for line in replay(url, transport=fake.transport, **options):
        before = worst.get(line.check)
        if before is None or order.index(line.verdict) > order.index(before.verdict):
            worst[line.check] = line
    return worst


def without(*names: str) -> Edit:
    """Return an edit that takes conformance classes away."""

    def edit(document: dict[str, Any]) -> None:
        document["conformsTo"] = [one for one in document["conformsTo"] if one not in names]

    return edit


def pop(*path: str) -> Edit:
    """Return an edit that takes a member away."""

    def edit(document: dict[str, Any]) -> None:
        here: Any = document
        for name in path[:-1]:
            here = here[name]
        del here[path[-1]]

    return edit


def drop_link(rel: str) -> Edit:
    """Return an edit that takes the links of a relation away."""

    def edit(document: dict[str, Any]) -> None:
        document["links"] = [one for one in document["links"] if one["rel"] != rel]

    return edit


def put(name: str, value: Any) -> Edit:
    """Return an edit that sets a member."""
    return lambda document: document.__setitem__(name, value)


# -- a good server ---------------------------------------------------------------------------------------------------


def test_a_good_server_loses_nothing() -> None:
    lines = found(Fake())
    assert {line.check: line.found for line in lines.values() if line.verdict is not Verdict.OK} == {}
    assert {"filter.like", "filter.casei", "filter.bbox", "filter.point", "filter.time", "paging", "axes"} <= {*lines}


def test_it_asks_in_the_order_of_qgis() -> None:
    fake = Fake()
    found(fake)
    asked = [(one.method, str(one.url).removeprefix(BASE)) for one in fake.asked]
    steps = [
        ("GET", "/"), ("GET", "/api"), ("GET", "/conformance"), ("GET", "/collections/houses"),
        ("GET", "/collections/houses/queryables"), ("GET", "/collections/houses/items?limit=10"),
        ("GET", "/collections/houses/items?limit=1"), ("GET", "/collections/houses/schema"),
        ("OPTIONS", "/collections/houses/items"), ("OPTIONS", "/collections/houses/items/0"),
    ]  # fmt: skip
    assert [asked.index(step) for step in steps] == sorted(asked.index(step) for step in steps)
    accepts = {str(one.url).removeprefix(BASE): one.headers["accept"] for one in fake.asked}
    assert accepts["/collections/houses/items?limit=10"] == "application/geo+json, application/json"
    assert accepts["/collections/houses/queryables"] == "application/schema+json"


def test_boxes_and_filters_go_out_in_the_layers_own_system_with_latitude_first() -> None:
    fake = Fake()
    found(fake)
    asked = [dict(one.url.params) for one in fake.asked]
    boxes = [one for one in asked if one.get("bbox-crs") == EPSG + "4490"]
    assert [float(edge) for edge in boxes[0]["bbox"].split(",")] == pytest.approx(
        [31.8, 117.2, 31.8005, 117.2005], abs=1e-5
    )
    spatial = [one for one in asked if "S_INTERSECTS" in one.get("filter", "")]
    assert {one["filter-crs"] for one in spatial} == {EPSG + "4490"}
    assert {one["filter-lang"] for one in spatial} == {"cql2-text"}
    assert spatial[0]["filter"].startswith("S_INTERSECTS(geometry,BBOX(31.7")


def test_parameters_of_the_address_go_with_every_request() -> None:
    fake = Fake()
    assert not has_fault(found(fake, f"{BASE}/?key=secret").values())
    asked = [one for one in fake.asked if one.method == "GET"]
    assert {one.url.params["key"] for one in asked} == {"secret"}
    assert all(one.url.params.get_list("key") == ["secret"] for one in asked)


def test_the_asked_collection_is_opened() -> None:
    fake = Fake()
    assert found(fake, collection="houses")["collection"].verdict is Verdict.OK
    assert f"{BASE}/collections" not in {str(one.url) for one in fake.asked}
    missing = found(Fake(), collection="../secret?x")
    assert missing["collection"].verdict is Verdict.FAULT
    assert "items" not in missing


# -- one thing wrong -------------------------------------------------------------------------------------------------

F, L = Verdict.FAULT, Verdict.LOSS
LIMIT = ("components", "parameters", "limit")


@pytest.mark.parametrize(
    ("wrong", "check", "verdict", "told"),
    [
        ("limit ignored", "items", F, "12"),
        ("html", "items", F, "HTML"),
        ("gbk", "items", F, "UTF-8"),
        ("plain json", "items", L, "application/json"),
        ("no ids", "ids", L, "without id"),
        ("same ids", "ids", F, "7"),
        ("hidden ids", "ids", L, "properties"),
        ("broken text", "text", L, "????"),
        ("not packed", "gzip", L, "bytes"),
        ("no count", "count", L, "numberMatched"),
        ("count of page", "count", F, "10 with limit=10, 1 with limit=1"),
        ("no next", "paging", F, "5 of 12"),
        ("next loops", "paging", F, "leads back"),
        ("pages overlap", "paging", F, "twice: 4"),
        ("bbox ignored", "bbox", F, "outside of the box"),
        ("bbox-crs ignored", "axes", F, "missing"),
        ("axes swapped", "axes", F, "missing"),
        ("answer swapped", "axes", F, "swapped"),
        ("no content-crs", "axes", F, "Content-Crs"),
        ("filter ignored", "filter.like", F, "does not satisfy"),
        ("filter ignored", "filter.null", F, "ignored"),
        ("no LIKE", "filter.like", F, "LIKE is not understood"),
        ("no BBOX", "filter.bbox", F, "BBOX is not understood"),
        ("no TIMESTAMP", "filter.time", F, "TIMESTAMP is not understood"),
        ("no CASEI", "filter.casei", F, "CASEI is not understood"),
        ("case minded", "filter.casei", F, "gave nothing"),
        ("no allow", "editing", L, "Allow"),
        ("put without post", "editing", L, "no POST"),
        ("no flatgeobuf", "formats", F, "FlatGeobuf"),
        ("no link header", "formats", F, "Link"),
    ],
)
def test_a_fault_of_the_features_is_found(wrong: str, check: str, verdict: Verdict, told: str) -> None:
    line = found(Fake(wrong))[check]
    assert (line.verdict, told in line.found) == (verdict, True), line
    assert line.advice is not None
    assert line.advice.zh
    assert line.advice.en


@pytest.mark.parametrize(
    ("url", "edit", "check", "verdict", "told"),
    [
        (f"{BASE}/", drop_link("service-desc"), "landing", F, "service-desc"),
        (f"{BASE}/", drop_link("data"), "landing", F, "data"),
        (f"{BASE}/", drop_link("conformance"), "conformance", L, "conformance"),
        (f"{BASE}/api", pop(*LIMIT), "page-size", L, "100 "),
        (f"{BASE}/api", pop(*LIMIT, "schema", "default"), "page-size", Verdict.OK, "10000 "),
        (f"{BASE}/api", pop(*LIMIT, "schema", "maximum"), "page-size", Verdict.OK, "1000 "),
        (f"{BASE}/api", lambda one: one["components"]["parameters"]["limit"]["schema"].update(maximum=100),
         "page-size", L, "100 "),
        (f"{BASE}/api", lambda one: one["components"]["parameters"]["limit"]["schema"].update(maximum=2**31),
         "page-size", F, "2147483648"),
        (LAYER, pop("storageCrs"), "crs", L, "CRS84"),
        (LAYER, put("storageCrs", EPSG + "2056"), "crs", F, "not in crs"),
        (LAYER, put("storageCrs", "EPSG:4490"), "crs", F, "EPSG:4490"),
        (LAYER, pop("extent"), "extent", L, "bbox"),
        (LAYER, drop_link("http://www.opengis.net/def/rel/ogc/1.0/schema"), "schema", F, "no link"),
        (LAYER, drop_link("items"), "formats", L, "flatgeobuf"),
        (f"{LAYER}/schema", pop("properties", "name"), "schema", F, "name"),
        (f"{LAYER}/queryables", pop("properties", "geometry"), "queryables", L, "geometry"),
        (f"{LAYER}/queryables", lambda one: one["properties"].update(name={"type": ["string", "null"]}),
         "queryables", L, "name"),
        (f"{LAYER}/queryables", pop("properties"), "queryables", F, "properties"),
        (f"{BASE}/conformance", without(classes.CRS[0]), "crs", L, "ogcapi-features-2"),
        (f"{BASE}/conformance", without(classes.SCHEMAS[0]), "schema", L, "ogcapi-features-5"),
        (f"{BASE}/conformance", without(classes.FILTER[1][0]), "filter", L, "cql2-text"),
        (f"{BASE}/conformance", without(classes.CASEI[0]), "filter.casei", L, "works, but not declared"),
        (f"{BASE}/conformance", without(classes.LIKE_IN_BETWEEN[0]), "filter.in", L, "works, but not declared"),
        (f"{BASE}/conformance", pop("conformsTo"), "conformance", F, "conformsTo"),
    ],
)  # fmt: skip
def test_a_fault_of_a_document_is_found(url: str, edit: Edit, check: str, verdict: Verdict, told: str) -> None:
    line = found(Fake(edits={url: edit}))[check]
    assert (line.verdict, told in line.found) == (verdict, True), line


def test_without_cql2_property_parameters_are_tried() -> None:
    edits: dict[str, Edit] = {f"{BASE}/conformance": without(classes.FILTER[0][0])}
    lines = found(Fake(edits=edits))
    assert lines["filter"].advice is not None
    assert "Filters work" in lines["filter"].advice.en
    assert (lines["filter.property"].verdict, lines["filter.property"].found) == (Verdict.OK, "code")
    assert lines["filter.datetime"].verdict is Verdict.OK
    # QGIS reads neither what lacks style and explode nor what explodes.
    edits[f"{BASE}/api"] = lambda one: one["paths"]["/collections/houses/items"]["get"]["parameters"][0].pop("explode")
    assert found(Fake(edits=edits))["filter.property"].verdict is Verdict.LOSS


@pytest.mark.parametrize(
    ("kept", "losing"),
    [(classes.SPATIAL_OLD[0], ()), (classes.SPATIAL[0], (MIDDLE,)), (None, (MIDDLE, NEW, NEXT))],
    ids=["draft name", "final name", "neither"],
)
def test_both_names_of_the_spatial_class_count_for_the_versions_that_know_them(
    kept: str | None, losing: tuple[str, ...]
) -> None:
    gone = {classes.SPATIAL_OLD[0], classes.SPATIAL[0]} - {kept}
    fake = Fake(edits={f"{BASE}/conformance": without(*(one for one in gone if one))})
    lines = [line for line in replay(f"{BASE}/", transport=fake.transport) if line.check == "filter.bbox"]
    assert {version for line in lines if line.verdict is L for version in line.versions} == {*losing}


def test_links_to_another_host_are_told() -> None:
    def proxied(request: httpx.Request) -> httpx.Response:
        inner = httpx.Request(request.method, str(request.url).replace("public.example", "city.example"),
                              headers=request.headers)  # fmt: skip
        return fake.transport.handle_request(inner)

    fake = Fake()
    lines = {line.check: line for line in replay("http://public.example/", transport=httpx.MockTransport(proxied))}
    assert lines["address"].verdict is L
    assert "city.example" in lines["address"].found


# -- strange servers -------------------------------------------------------------------------------------------------

MEMBERS = (
    "links href rel type id crs storageCrs features properties geometry coordinates extent spatial bbox numberMatched"
    " conformsTo name $ref paths components parameters limit schema maximum collections"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = (f"{BASE}/", f"{BASE}/api", f"{BASE}/conformance", f"{BASE}/collections", LAYER,
             f"{LAYER}/queryables", f"{LAYER}/schema")  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_document_brings_it_down(data: st.DataObject) -> None:
    fake = Fake()
    where = data.draw(st.sampled_from(DOCUMENTS))
    name = data.draw(st.sampled_from([None, *fake.documents[where]]))
    value = data.draw(JSON)
    changed: Any = fake.documents[where] | {name: value} if name else value
    fake.documents[where] = changed
    assert [*replay(f"{BASE}/", transport=fake.transport)]


@settings(max_examples=40, deadline=None)
@given(value=JSON)
def test_no_features_bring_it_down(value: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(ITEMS):
            polygon = {"type": "Polygon", "coordinates": value}
            features = [
                {"type": "Feature", "id": value, "properties": value, "geometry": polygon},
                {"id": 1, "properties": {"name": value}, "geometry": value},
            ]
            return reply(200, {"features": features, "numberMatched": value})
        return fake.transport.handle_request(request)

    fake = Fake()
    lines = [*replay(f"{BASE}/", transport=httpx.MockTransport(answer))]
    assert as_document(BASE, lines)


def test_every_line_speaks_both_languages() -> None:
    lines = [*replay(f"{BASE}/", transport=Fake("filter ignored", "axes swapped", "no count", "no ids").transport)]
    assert all(line.title.zh and line.title.en and {*line.versions} <= {*ALL} for line in lines)
    assert all(line.advice for line in lines if line.verdict in {F, L})


@pytest.mark.parametrize(
    ("uri", "is_inverted"),
    [
        (EPSG + "4326", True),
        (EPSG + "4490", True),
        (EPSG + "4548", True),
        (EPSG + "3857", False),
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", False),
        ("http://www.opengis.net/def/crs/OGC/0/CRS84h", False),
    ],
)
def test_axes_are_those_of_the_authority(uri: str, is_inverted: bool) -> None:
    system = axes_of(uri)
    assert system is not None
    assert system.is_inverted is is_inverted


@pytest.mark.parametrize(
    "uri", ["", "EPSG:4326", EPSG + "999999", EPSG + "../../etc/passwd", "+proj=longlat", "/etc/passwd"]
)
def test_what_is_no_system_is_none(uri: str) -> None:
    assert axes_of(uri) is None

"""What QGIS sends, by the pairs of expression and request that its own tests publish."""

import pytest

from api.forms.qgis import compiled, request_url
from spatial.crs import CRS84, Crs
from spatial.geometry import BBox
from spatial.query.cql2.parse import parse_text

EPSG_4258 = Crs("http://www.opengis.net/def/crs/EPSG/0/4258", 4326, swaps_axes=True, is_metric=False, title="ETRS89")


# What QGIS sends: pairs of its own tests (test_provider_oapif.py, testCQL2TextFiltering and the two after it).


@pytest.mark.parametrize(
    ("filter_", "sent"),
    [
        (
            "strfield = 'foo=bar' AND intfield = 1",
            "filter=((strfield%20%3D%20'foo%3Dbar')%20AND%20(intfield%20%3D%201))&filter-lang=cql2-text",
        ),
        (
            "doublefield = 1.5 OR boolfield = TRUE",
            "filter=((doublefield%20%3D%201.5)%20OR%20(boolfield%20%3D%20TRUE))&filter-lang=cql2-text",
        ),
        ("boolfield2 = FALSE", "filter=(boolfield2%20%3D%20FALSE)&filter-lang=cql2-text"),
        ("NOT (intfield = 0)", "filter=(NOT%20((intfield%20%3D%200)))&filter-lang=cql2-text"),
        ("intfield <> 0", "filter=(intfield%20%3C%3E%200)&filter-lang=cql2-text"),
        ("intfield >= 1", "filter=(intfield%20%3E%3D%201)&filter-lang=cql2-text"),
        ("intfield IN (1, 2)", "filter=intfield%20IN%20(1,2)&filter-lang=cql2-text"),
        ("intfield NOT IN (3, 4)", "filter=intfield%20NOT%20IN%20(3,4)&filter-lang=cql2-text"),
        ("intfield BETWEEN 0 AND 2", "filter=intfield%20BETWEEN%200%20AND%202&filter-lang=cql2-text"),
        ("intfield NOT BETWEEN 3 AND 4", "filter=intfield%20NOT%20BETWEEN%203%20AND%204&filter-lang=cql2-text"),
        ("strfield2 IS NULL", "filter=(strfield2%20IS%20NULL)&filter-lang=cql2-text"),
        ("intfield IS NOT NULL", "filter=(intfield%20IS%20NOT%20NULL)&filter-lang=cql2-text"),
        (
            "datetimefield = TIMESTAMP('2023-04-19T12:34:56Z')",
            "filter=(datetimefield%20%3D%20TIMESTAMP('2023-04-19T12:34:56.000Z'))&filter-lang=cql2-text",
        ),
        ("datefield = DATE('2023-04-19')", "filter=(datefield%20%3D%20DATE('2023-04-19'))&filter-lang=cql2-text"),
        ("strfield LIKE 'foo%'", "filter=(strfield%20LIKE%20'foo%25')&filter-lang=cql2-text"),
        ("strfield NOT LIKE 'bar'", "filter=(strfield%20NOT%20LIKE%20'bar')&filter-lang=cql2-text"),
        (
            "CASEI(strfield) LIKE CASEI('fo%')",
            "filter=(CASEI(strfield)%20LIKE%20CASEI('fo%25'))&filter-lang=cql2-text",
        ),
        (
            "S_INTERSECTS(geometry, BBOX(-180, -90, 180, 90))",
            "filter=S_INTERSECTS(geometry,BBOX(-180,-90,180,90))&filter-lang=cql2-text",
        ),
        (
            "S_INTERSECTS(geometry, POINT(-70.5 66.5))",
            "filter=S_INTERSECTS(geometry,POINT(-70.5%2066.5))&filter-lang=cql2-text",
        ),
        # What it cannot say it leaves out of an AND, and checks itself.
        ("intfield >= 1 AND S_TOUCHES(geometry, POINT(1 2))", "filter=(intfield%20%3E%3D%201)&filter-lang=cql2-text"),
        ("S_TOUCHES(geometry, POINT(1 2)) AND intfield >= 1", "filter=(intfield%20%3E%3D%201)&filter-lang=cql2-text"),
        ("intfield >= 1 OR S_TOUCHES(geometry, POINT(1 2))", ""),
        ("S_TOUCHES(geometry, POINT(1 2)) AND S_TOUCHES(geometry, POINT(3 4))", ""),
    ],
)
def test_qgis_sends_a_filter_in_its_own_spelling(filter_: str, sent: str) -> None:
    found = compiled(parse_text(filter_), CRS84)
    url = request_url("http://host/items", filter_=found, bbox=None, crs=CRS84)
    assert url == "http://host/items?limit=1000" + ("&" + sent if sent else "")
    assert found.is_whole == ("S_TOUCHES" not in filter_)


def test_qgis_turns_coordinates_to_the_order_of_its_system() -> None:
    found = compiled(parse_text("S_INTERSECTS(geometry, POINT(2 49))"), EPSG_4258)
    sent = request_url("http://host/items", filter_=found, bbox=BBox(117, 31, 118, 32, 4490), crs=EPSG_4258)
    assert sent == (
        "http://host/items?limit=1000&filter=S_INTERSECTS(geometry,POINT(49%202))&filter-lang=cql2-text"
        f"&filter-crs={EPSG_4258.uri}&bbox=31,117,32,118&bbox-crs={EPSG_4258.uri}&crs={EPSG_4258.uri}"
    )


def test_qgis_quotes_names_and_texts_as_it_does() -> None:
    text = compiled(parse_text("height_m > 5 AND name = 'it''s'"), CRS84).text
    assert text == "((\"height_m\" > 5) AND (name = 'it''s'))"

"""The standard's own test predicates, on its own data, as CQL2 text and as CQL2 JSON."""

import unicodedata

import pytest

from spatial.query.cql2.filter import Lang
from spatial.query.cql2.parse import parse_text
from tests.spatial.query.cql2.vectors import CLASSES, predicates, uri

ERRATA = {
    # The standard expects 2 of each. Its data holds Chișinău, Chicago and Chengdu.
    "ACCENTI(name) LIKE accenti('Ch%')": 3,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))": 1,
    "ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))": 1,
}


@pytest.mark.parametrize(
    "predicate",
    [
        pytest.param(
            one,
            marks=pytest.mark.conformance(uri(conformance), uri("cql2-text"), uri("cql2-json")),
            id=f"{conformance}-{index}",
        )
        for conformance in CLASSES
        for index, one in enumerate(predicates(conformance))
    ],
)
def test_a_predicate_of_the_standard_finds_what_it_should(world, predicate):
    layer, text, expected = predicate["collection"], predicate["filter"], predicate["expected"]
    expected = ERRATA.get(text, expected)
    assert world.count(layer, text) == expected
    assert world.count(layer, parse_text(text), lang=Lang.JSON) == expected


def test_the_errata_are_what_the_data_holds(world):
    names = world.rows("ne_110m_populated_places_simple", "name IS NOT NULL", "t.name")
    bare = [unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode() for name in names]
    assert sum(name.startswith("Ch") for name in bare) == 3
    assert [name for name in bare if name.casefold().startswith("chis")] == ["Chisinau"]

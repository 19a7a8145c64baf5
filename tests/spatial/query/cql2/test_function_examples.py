"""Each example of a function finds something in the small sample city."""

from collections.abc import Iterator

import pytest

from api.documents.functions import EXAMPLES
from spatial.db.cluster import Cluster
from spatial.query.cql2.filter import describe_functions
from tests import cities
from tests.spatial.query.cql2.conftest import Asked, asked


@pytest.fixture(scope="module")
def sample(cluster: Cluster) -> Iterator[Asked]:
    with cities.copy_of(cluster, cities.sample_template(cluster)) as access:
        yield from asked(access)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_finds_something(sample, name):
    example = EXAMPLES[name]
    assert f"{name}(" in example.filter
    sample.runner.run(sample.filter(example.layer, example.filter).check(sample.conn))
    assert sample.count(example.layer, example.filter) > 0


def test_every_function_has_an_example(sample):
    assert set(EXAMPLES) == {one.name for one in describe_functions(sample.catalogue)}


def test_months_and_days_are_those_of_the_citys_clock(sample):
    """The sample's buildings begin at midnight of the city, which is another day in UTC."""
    every = sample.count("buildings", "TRUE")
    assert sample.count("buildings", "month(valid_from) = 9 AND day(valid_from) = 1") == every
    assert sample.count("buildings", "valid_from = DATE('2017-08-31')") > 0


@pytest.mark.parametrize(
    "code", ["3401", "340103", "340103000000", "３４０１０３", " 340103", "340103003", "340103003010"]
)
def test_a_region_is_known_by_its_short_code(sample, code):
    condition = sample.filter("buildings", f"within_region('{code}')")
    sample.runner.run(condition.check(sample.conn))
    full = code.strip().translate({0xFF10 + n: str(n) for n in range(10)}).ljust(12, "0")
    inside = sample.count("buildings", f"within_region('{code}')")
    assert inside == sample.count("buildings", f"within_region('{full}')") > 0
    assert sample.count("buildings", f"S_INTERSECTS(geometry, region('{code}'))") >= inside

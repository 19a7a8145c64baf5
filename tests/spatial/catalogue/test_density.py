"""Estimates by density."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.catalogue.density import CELLS, Density

EXTENT = (117.0, 31.0, 118.0, 32.0)


def even(count: int = 1) -> Density:
    return Density(EXTENT, [count] * (CELLS * CELLS))


def test_the_whole_extent_holds_everything() -> None:
    assert even().estimate(*EXTENT) == pytest.approx(CELLS * CELLS)
    assert even().estimate(-180, -90, 180, 90) == pytest.approx(CELLS * CELLS)


def test_outside_is_nothing() -> None:
    assert even().estimate(0, 0, 1, 1) == pytest.approx(0)


def test_a_quarter_of_an_even_layer_is_a_quarter() -> None:
    assert even().estimate(117.0, 31.0, 117.5, 31.5) == pytest.approx(CELLS * CELLS / 4)


def test_a_lump_is_where_it_is() -> None:
    counts = [0] * (CELLS * CELLS)
    counts[0] = 1000  # south-west cell
    density = Density(EXTENT, counts)
    assert density.estimate(117.0, 31.0, 117.0 + 1 / CELLS, 31.0 + 1 / CELLS) == pytest.approx(1000)
    assert density.estimate(117.5, 31.5, 118.0, 32.0) == pytest.approx(0)


def test_a_layer_of_one_point() -> None:
    assert Density((117.0, 31.0, 117.0, 31.0), [5] + [0] * (CELLS * CELLS - 1)).estimate(116, 30, 118, 32) == 5


@given(st.integers(0, 2**32), st.lists(st.floats(117, 118)))
def test_strips_add_up_to_the_whole(seed: int, cuts: list[float]) -> None:
    random = Random(seed)
    counts = [random.randrange(50) for _ in range(CELLS * CELLS)]
    density = Density(EXTENT, counts)
    edges = sorted([117.0, *cuts, 118.0])
    strips = sum(density.estimate(west, 31.0, east, 32.0) for west, east in pairwise(edges))
    assert strips == pytest.approx(sum(counts), abs=1e-6)

"""Legends of the built-in layers."""

from typing import Any

import pytest

from data.catalogue.read import read_code_lists, read_layers
from tiles.legend import legend

CODE_LISTS = {one.id: one for one in read_code_lists()}


@pytest.mark.parametrize("layer", read_layers(), ids=lambda layer: layer.id)
def test_every_built_in_layer_has_a_legend(layer: Any) -> None:
    swatches = legend(layer, CODE_LISTS)
    assert swatches
    assert all(one["color"] or one["stroke"] for one in swatches)
    labels = [one["label"]["zh"] for one in swatches if one["label"]]
    assert len(labels) == len(set(labels))


def test_a_legend_names_every_road_class_once() -> None:
    roads = next(layer for layer in read_layers() if layer.id == "roads")
    named = "、".join(one["label"]["zh"] for one in legend(roads, CODE_LISTS))
    assert sorted(named.split("、")) == sorted(["快速路", "主干路", "次干路", "支路"])

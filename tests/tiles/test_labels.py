"""Names of areas stand in one tile only."""

from collections import Counter

import httpx
import mapbox_vector_tile
import morecantile
import pytest

from data.catalogue.read import read_layers
from tiles.labels import has_labels, label_fields, label_zooms

LAYERS = {layer.id: layer for layer in read_layers()}


def test_labels_carry_what_their_rules_read() -> None:
    assert [field.name for field in label_fields(LAYERS["regions_legal"])] == ["name", "level"]
    assert [field.name for field in label_fields(LAYERS["buildings"])] == ["number"]
    assert label_fields(LAYERS["roads"]) == []


@pytest.mark.parametrize(
    ("layer", "zoom", "is_held"),
    [("buildings", 15, False), ("buildings", 16, True), ("buildings", 18, True), ("roads", 14, False)],
)
def test_tiles_hold_labels_where_a_rule_draws_them(layer: str, zoom: int, is_held: bool) -> None:
    assert has_labels(LAYERS[layer], zoom) is is_held


def test_a_layer_without_names_has_no_zooms_of_them() -> None:
    assert label_zooms(LAYERS["buildings"]) == (16, 16)
    assert label_zooms(LAYERS["parcels"]) is None


@pytest.mark.parametrize("grid", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_a_county_is_named_once_though_many_tiles_hold_it(client: httpx.Client, grid: str) -> None:
    west, south, east, north = client.get("/collections/regions_legal").json()["extent"]["spatial"]["bbox"][0]
    names: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for tile in morecantile.tms.get(grid).tiles(west, south, east, north, [9]):
        answer = client.get(f"/collections/regions_legal/tiles/{grid}/9/{tile.y}/{tile.x}")
        if answer.status_code == 204:
            continue
        content = mapbox_vector_tile.decode(answer.content)
        for layer, counter in (("regions_legal:label", names), ("regions_legal", pieces)):
            features = content.get(layer, {"features": []})["features"]
            counter.update(one["properties"]["name"] for one in features if one["properties"]["level"] == "county")
    assert len(names) == 9
    assert set(names.values()) == {1}
    assert max(pieces.values()) > 1

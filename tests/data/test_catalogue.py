"""The catalogue's declarations, and everything that is made of them, say the same."""

import json
import re
from typing import Any

import httpx
import psycopg
import pytest

from data.catalogue.read import read_code_lists, read_groups, read_layers
from spatial.catalogue.types import Layer
from spatial.db.access import Access

LAYERS = {layer.id: layer for layer in read_layers()}
CODES = {codes.id: codes for codes in read_code_lists()}


def test_every_declared_name_exists() -> None:
    groups = {group.id for group in read_groups()}
    for layer in LAYERS.values():
        assert layer.group in groups
        assert layer.style, layer.id
        for field in layer.fields:
            assert field.codes is None or field.codes in CODES, (layer.id, field.name)


def test_ranks_tell_layers_apart() -> None:
    ranks = [layer.rank for layer in LAYERS.values()]
    assert len(ranks) == len(set(ranks))


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.id)
def test_the_sample_uses_only_known_codes(layer: Layer, sample_access: Access) -> None:
    with psycopg.connect(sample_access.reader_url) as conn:
        for field in layer.fields:
            if field.codes:
                used = conn.execute(
                    f"SELECT DISTINCT {field.name} FROM city.{layer.table} WHERE {field.name} IS NOT NULL"
                ).fetchall()
                assert {value for (value,) in used} <= set(CODES[field.codes].values), field.name


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.id)
def test_everything_made_of_a_layer_agrees(layer: Layer, client: httpx.Client) -> None:
    names = {field.name for field in layer.fields}
    queryables = client.get(f"/collections/{layer.id}/queryables").json()["properties"]
    assert set(queryables) == {field.name for field in layer.queryables} | {
        "geometry",
        "id",
        "valid_from",
        "valid_to",
    }
    feature = client.get(f"/collections/{layer.id}/items", params={"limit": 1}).json()["features"][0]
    assert set(feature["properties"]) == names | {"id", "valid_from", "valid_to"}
    tilejson = client.get(f"/collections/{layer.id}/tiles/WebMercatorQuad", params={"f": "tilejson"}).json()
    assert set(tilejson["vector_layers"][0]["fields"]) == names
    assert (tilejson["minzoom"], tilejson["maxzoom"]) == (layer.zoom.min, layer.zoom.max)
    openapi = client.get("/api").json()["paths"][f"/collections/{layer.id}/items"]["get"]["parameters"]
    assert {field.name for field in layer.queryables} <= {parameter.get("name") for parameter in openapi}
    style = client.get(f"/styles/{layer.id}").json()
    drawn = {rule["source-layer"] for rule in style["layers"] if rule["type"] != "background"}
    assert layer.id in drawn
    assert drawn <= {layer.id, f"{layer.id}:label"}
    assert layer.id in _tree(client.get("/map").text)


def _tree(page: str) -> dict[str, Any]:
    """Return the layers of the portal's tree by id."""
    block = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert block
    return {one["id"]: one for group in json.loads(block[1])["groups"] for one in group["layers"]}

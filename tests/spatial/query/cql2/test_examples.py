"""The standard's examples compile, where a layer has the properties that they name."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import FieldType, GeometryType, Layer, LayerField, LayerGeometry, Titled, ZoomRange
from spatial.crs import CRS84
from spatial.errors import InvalidInput
from spatial.query.binds import Binds
from spatial.query.cql2.filter import Lang, read_filter
from tests.spatial.query.cql2.vectors import CQL2, uri

TITLE = Titled(zh="例", en="Example")
TEXT, INTEGER, NUMBER = FieldType.STRING, FieldType.INTEGER, FieldType.NUMBER
TYPES = {
    TEXT: "city name cityName road_class etat_vol landsat:scene_id eo:instrument beamMode swathDirection polarization "
    "owner material geophys:SURVEY_NAME id",
    INTEGER: "depth category landsat:wrs_row landsat:wrs_path floors taxes foo value",
    NUMBER: "balance eo:cloud_cover vehicle_height windSpeed bridge_clearance bar x",
    FieldType.BOOLEAN: "swimming_pool",
    FieldType.DATETIME: "updated event_time touchdown liftOff starts_at ends_at updated_at",
    FieldType.DATE: "built",
    FieldType.ARRAY: "layer:ids values",
}
# The same names stand for other types in some examples.
OTHERWISE: Mapping[str, Mapping[str, FieldType]] = {
    "example03": {"landsat:wrs_path": TEXT},
    "example40": {"value": TEXT},
    "example40-alt01": {"value": TEXT},
}
GEOMETRY_NAMES = {
    "clause7_10": "road",
    "clause7_18": "road",
    "example07": "footprint",
    "example08": "footprint",
    "example23": "location",
}
REFUSED = {
    "clause6_01": "no function 'avg'",
    "clause6_02b": "no function 'avg'",
    "clause7_18": "no function 'Buffer'",
    "example68": "no function 'Foo'",
    "example69": "no function 'Bar'",
    # Its edges cross each other.
    "example46": "not valid",
    "example46-alt01": "not valid",
    "example49": "not valid",
    "example49-alt01": "not valid",
    # PostGIS relates no collections of points and lines.
    "example84": "points, lines or areas alone",
    "example81": "arrays of texts",
    "example82": "arrays of texts",
}


def layer_for(example: str) -> PublishedLayer:
    types = {name: kind for kind, names in TYPES.items() for name in names.split()} | OTHERWISE.get(example, {})
    definition = Layer(
        id="example",
        title=TITLE,
        description=TITLE,
        group="imported",
        db_schema="imported",
        table="example",
        geometry=LayerGeometry(type=GeometryType.POLYGON, column=GEOMETRY_NAMES.get(example, "geom")),
        fields=tuple(LayerField(name=name, type=kind, title=TITLE) for name, kind in types.items()),
        zoom=ZoomRange(min=0, max=1),
        rank=1,
        style=(),
    )
    return PublishedLayer(definition, "imported", 1, datetime(2026, 1, 1, tzinfo=UTC), 0, None, None, None, None)


@pytest.mark.conformance(*map(uri, ("cql2-text", "basic-cql2", "functions", "array-functions")))
@pytest.mark.parametrize("name", sorted(path.stem for path in (CQL2 / "examples" / "text").glob("*.txt")))
def test_an_example_of_the_standard_compiles_to_bound_sql(examples, name):
    text = (examples / "text" / f"{name}.txt").read_text(encoding="utf-8")
    layer = layer_for(name)
    catalogue = Catalogue(1, MappingProxyType({"example": layer}), (), MappingProxyType({}))
    if name in REFUSED:
        with pytest.raises(InvalidInput) as caught:
            read_filter(catalogue, layer, text, lang=Lang.TEXT, crs=CRS84)
        assert REFUSED[name] in str(caught.value)
        return
    found = read_filter(catalogue, layer, text, lang=Lang.TEXT, crs=CRS84)
    twin = read_filter(catalogue, layer, json.dumps(found.ast), lang=Lang.JSON, crs=CRS84)
    binds, other_binds = Binds(), Binds()
    assert found.sql(binds) == twin.sql(other_binds)
    assert binds.values == other_binds.values
    assert found.text == twin.text
    assert "'" not in found.sql(binds).replace("'-infinity'", "").replace("'infinity'", "")

"""The indexes serve: what PostgreSQL would do with a filter, were no other way cheap."""

import pytest


@pytest.mark.parametrize(
    ("text", "index", "condition"),
    [
        ("code = 'A'", "ix_building_code", "code = "),
        ("region_code = '340103006001'", "ix_building_region_code", "region_code = "),
        ("region_code IN ('1', '2')", "ix_building_region_code", "region_code = ANY"),
        ("floors > 3.5", "ix_building_floors", "floors > '3'::bigint"),
        ("floors = 3 AND use LIKE '%office'", "ix_building_floors", "floors = '3'::bigint"),
        ("3 < floors", "ix_building_floors", "floors > '3'::bigint"),
        ("built_year BETWEEN 2000 AND 2010.5", "ix_building_built_year", "built_year <= '2010'::bigint"),
        ("height_m >= 9007199254740993", "ix_building_height", "height_m > "),
        ("id = 5", "building_pkey|pk_building", "id = "),
        ("id IN (5, 6)", "building_pkey|pk_building", "id = ANY"),
        ("S_INTERSECTS(geometry, POINT(117.2 31.8))", "ix_building_geom", "geom && "),
        ("S_INTERSECTS(POLYGON((117 31, 118 31, 118 32, 117 31)), geometry)", "ix_building_geom", "geom && "),
        ("S_WITHIN(geometry, BBOX(117, 31, 118, 32))", "ix_building_geom", "geom @ "),
        ("S_EQUALS(geometry, BBOX(117, 31, 118, 32)) AND floors >= 0", "ix_building_geom|floors", ""),
        ("S_INTERSECTS(geometry, buffer_m(POINT(117.2 31.8), 100))", "ix_building_geom", "geom && "),
        ("S_INTERSECTS(geometry, region('340103'))", "ix_building_geom", "geom && "),
        ("within_region('340103')", "ix_building_geom", "geom @ "),
        ("within_address('AD1', 100)", "ix_building_geom", "geom && "),
    ],
    ids=str,
)
def test_an_index_serves(city, text, index, condition):
    plan = city.plan("buildings", text)
    assert any(one in plan for one in index.split("|")), plan
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert any(condition in line for line in conditions), plan


def test_other_layers_are_read_once_and_not_for_each_feature(city):
    for text in ("within_region('340103')", "within_address('AD1', 100)"):
        plan = city.plan("buildings", text)
        assert "InitPlan" in plan
        assert "SubPlan" not in plan


def test_constants_are_computed_before_the_layer_is_read(city):
    assert "floors = '8'::bigint" in city.plan("buildings", "floors = 2 ^ 3")
    assert "casei" not in city.plan("buildings", "name = 'x' OR 'STRASSE' = CASEI('ß')")

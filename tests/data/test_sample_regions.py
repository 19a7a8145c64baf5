"""The hierarchy of regions: real codes and names over synthetic ground that tiles."""

from collections import defaultdict

import numpy as np
import pytest
import shapely

from data.sample.copying import TARGETS, to_text
from data.sample.divisions import LEGAL_COUNTY, community_name, read_divisions
from data.sample.ground import make_ground
from data.sample.regions import legal_rows, managed_rows
from spatial.places.types import ManagedLevel, RegionLevel
from tests.data.sample_rows import SEED, areas

LEGAL = {row.code: row for row in legal_rows(SEED)}
MANAGED = {row.code: row for row in managed_rows(SEED)}


@pytest.mark.parametrize(
    ("official", "name"),
    [
        ("填海巷社区居委会", "填海巷社区"),
        ("谢户村民委员会", "谢户村"),
        ("翡翠湖居民委员会", "翡翠湖社区"),
        ("洪桥村委会", "洪桥村"),
        ("张圩社区村民委员会", "张圩社区"),
        ("银杏社区委员会", "银杏社区"),
        ("阿奎利亚社区居民委员", "阿奎利亚社区"),
        ("科学岛社区", "科学岛社区"),
    ],
)
def test_a_community_bears_its_own_name_and_not_its_committees(official, name):
    assert community_name(official) == name


def test_every_division_of_hefei_is_there():
    levels = [row.level for row in LEGAL.values()]
    counts = {level: levels.count(level) for level in RegionLevel}
    assert counts == {"city": 1, "county": 9, "street": 160, "community": 1773}
    zones = [row.name for row in MANAGED.values() if row.level is ManagedLevel.ZONE]
    assert sorted(row.code[:6] for row in MANAGED.values() if row.level is ManagedLevel.ZONE) == sorted(LEGAL_COUNTY)
    assert "合肥高新技术产业开发区" in zones
    assert LEGAL["340103000000"].name == "庐阳区"
    assert LEGAL["340103006000"].full_name == "合肥市庐阳区逍遥津街道"


@pytest.mark.parametrize("level", list(RegionLevel))
def test_regions_of_a_level_neither_overlap_nor_leave_gaps(level):
    shapes = np.array([row.geom for row in LEGAL.values() if row.level is level])
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    # Summing 1,773 areas leaves rounding, not ground.
    assert shapely.area(shapes).sum() == pytest.approx(LEGAL["340100000000"].geom.area, rel=1e-12)


def test_children_are_exactly_their_parent():
    children = defaultdict(list)
    for row in LEGAL.values():
        children[row.parent_code].append(row.geom)
    for code, shapes in children.items():
        if code is not None:
            assert shapely.equals(shapely.coverage_union_all(shapes), LEGAL[code].geom), code


def test_a_zone_manages_one_stretch_of_ground_that_belongs_to_a_county():
    for row in MANAGED.values():
        if row.level is ManagedLevel.ZONE:
            assert row.geom.geom_type == "Polygon"
            county = LEGAL[row.legal_county_code]
            assert county.geom.covers(row.geom)
        else:
            assert row.geom.equals(LEGAL[row.code].geom)
            assert row.parent_code in MANAGED


def test_a_street_of_a_zone_has_a_legal_county():
    street = LEGAL["340176401000"]
    assert street.parent_code == "340104000000"
    assert street.full_name == "合肥市蜀山区天乐社区服务中心"
    assert MANAGED["340176401000"].parent_code == "340176000000"


def test_counties_have_their_real_outline():
    outlines = {row.code[:6]: row.geom for row in LEGAL.values() if row.level is RegionLevel.COUNTY}
    assert outlines.keys() == read_divisions().counties.keys()
    # 蜀山区 covers about 650 km2 in the source.
    degree_m2 = 110_880.0 * 111_320.0 * np.cos(np.radians(31.85))
    assert outlines["340104"].area * degree_m2 / 1e6 == pytest.approx(654, rel=0.02)


def test_grids_tile_their_community():
    for area in areas():
        shapes = [row.geom for row in area.grids]
        assert shapely.coverage_is_valid(shapes)
        assert shapely.equals(shapely.coverage_union_all(shapes), LEGAL[area.code].geom)
        assert all(row.code[:12] == area.code and len(row.code) == 15 for row in area.grids)


def test_ground_tiles_for_another_seed():
    assert shapely.coverage_is_valid(make_ground(5).pieces)


def test_regions_are_written_as_multipolygons():
    line = to_text(TARGETS["region_legal"], [LEGAL["340103000000"]]).decode().rstrip("\n").split("\t")
    shape = shapely.from_wkb(line[-1])
    assert (shape.geom_type, shapely.get_srid(shape)) == ("MultiPolygon", 4490)

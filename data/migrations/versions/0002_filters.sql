-- Frozen: the shape of 2026-11; later shapes are later migrations.
SET LOCAL maintenance_work_mem = '256MB';

CREATE INDEX ix_address_building_code_id ON city.address (building_code, id);
CREATE INDEX ix_address_estate_code_id ON city.address (estate_code, id);
CREATE INDEX ix_address_full_text ON city.address USING gin (full_text gin_trgm_ops);
CREATE INDEX ix_address_grid_code_id ON city.address (grid_code, id);
CREATE INDEX ix_address_kind_id ON city.address (kind, id);
CREATE INDEX ix_address_parent_code_id ON city.address (parent_code, id);
CREATE INDEX ix_address_region_code_id ON city.address (region_code, id);
CREATE INDEX ix_address_region_code_prefix ON city.address (region_code text_pattern_ops);
CREATE INDEX ix_address_road_name_id ON city.address (road_name, id);

CREATE INDEX ix_building_area_m2_id ON city.building (area_m2, id);
CREATE INDEX ix_building_built_year_id ON city.building (built_year, id);
CREATE INDEX ix_building_estate_code_id ON city.building (estate_code, id);
CREATE INDEX ix_building_floors_id ON city.building (floors, id);
CREATE INDEX ix_building_height_m_id ON city.building (height_m, id);
CREATE INDEX ix_building_name ON city.building USING gin (name gin_trgm_ops);
CREATE INDEX ix_building_region_code_id ON city.building (region_code, id);
CREATE INDEX ix_building_region_code_prefix ON city.building (region_code text_pattern_ops);
CREATE INDEX ix_building_use_id ON city.building (use, id);

CREATE INDEX ix_estate_name_id ON city.estate (name, id);
CREATE INDEX ix_estate_parent_code_id ON city.estate (parent_code, id);
CREATE INDEX ix_estate_region_code_id ON city.estate (region_code, id);

CREATE INDEX ix_grid_region_code_id ON city.grid (region_code, id);

CREATE INDEX ix_parcel_land_use_id ON city.parcel (land_use, id);
CREATE INDEX ix_parcel_region_code_id ON city.parcel (region_code, id);

CREATE INDEX ix_pipe_node_appendage_id ON city.pipe_node (appendage, id);
CREATE INDEX ix_pipe_node_kind_id ON city.pipe_node (kind, id);
CREATE INDEX ix_pipe_node_region_code_id ON city.pipe_node (region_code, id);
CREATE INDEX ix_pipe_node_region_code_prefix ON city.pipe_node (region_code text_pattern_ops);
CREATE INDEX ix_pipe_node_road_name ON city.pipe_node USING gin (road_name gin_trgm_ops);
CREATE INDEX ix_pipe_node_road_name_id ON city.pipe_node (road_name, id);

CREATE INDEX ix_pipe_segment_built_on_id ON city.pipe_segment (built_on, id);
CREATE INDEX ix_pipe_segment_diameter_mm_id ON city.pipe_segment (diameter_mm, id);
CREATE INDEX ix_pipe_segment_end_code_id ON city.pipe_segment (end_code, id);
CREATE INDEX ix_pipe_segment_kind_id ON city.pipe_segment (kind, id);
CREATE INDEX ix_pipe_segment_material_id ON city.pipe_segment (material, id);
CREATE INDEX ix_pipe_segment_owner_id ON city.pipe_segment (owner, id);
CREATE INDEX ix_pipe_segment_pressure_id ON city.pipe_segment (pressure, id);
CREATE INDEX ix_pipe_segment_region_code_id ON city.pipe_segment (region_code, id);
CREATE INDEX ix_pipe_segment_region_code_prefix ON city.pipe_segment (region_code text_pattern_ops);
CREATE INDEX ix_pipe_segment_road_name ON city.pipe_segment USING gin (road_name gin_trgm_ops);
CREATE INDEX ix_pipe_segment_road_name_id ON city.pipe_segment (road_name, id);
CREATE INDEX ix_pipe_segment_start_code_id ON city.pipe_segment (start_code, id);

CREATE INDEX ix_region_legal_level_id ON city.region_legal (level, id);
CREATE INDEX ix_region_legal_parent_code_id ON city.region_legal (parent_code, id);

CREATE INDEX ix_region_managed_parent_code_id ON city.region_managed (parent_code, id);

CREATE INDEX ix_road_name_id ON city.road (name, id);

-- Last, for they keep readers waiting until the commit.
DROP INDEX city.ix_address_building_code;
DROP INDEX city.ix_address_kind;
DROP INDEX city.ix_address_parent_code;
DROP INDEX city.ix_address_region_code;
DROP INDEX city.ix_address_road_name_number;
DROP INDEX city.ix_building_estate_code;
DROP INDEX city.ix_building_region_code;
DROP INDEX city.ix_building_use;
DROP INDEX city.ix_estate_name;
DROP INDEX city.ix_estate_parent_code;
DROP INDEX city.ix_estate_region_code;
DROP INDEX city.ix_grid_region_code;
DROP INDEX city.ix_parcel_land_use;
DROP INDEX city.ix_parcel_region_code;
DROP INDEX city.ix_pipe_node_kind;
DROP INDEX city.ix_pipe_node_region_code;
DROP INDEX city.ix_pipe_segment_end_code;
DROP INDEX city.ix_pipe_segment_kind;
DROP INDEX city.ix_pipe_segment_region_code;
DROP INDEX city.ix_pipe_segment_start_code;
DROP INDEX city.ix_region_legal_level;
DROP INDEX city.ix_region_legal_parent_code;
DROP INDEX city.ix_region_managed_parent_code;
DROP INDEX city.ix_road_name;

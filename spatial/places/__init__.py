"""Regions, grids, roads, estates, buildings and parcels."""

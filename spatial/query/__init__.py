"""The one builder of SQL behind items, tiles and counts."""

"""What OpenStreetMap's tags mean for an import: which become columns, and which make a closed way an area."""

from typing import Final

# fmt: off
COLUMNS: Final = (
    "name", "name:zh", "name:en", "ref", "operator", "building", "building:levels", "building:part", "height",
    "addr:housenumber", "addr:street", "addr:city", "addr:postcode", "highway", "oneway", "lanes", "maxspeed",
    "surface", "bridge", "tunnel", "layer", "railway", "public_transport", "route", "waterway", "water", "natural",
    "landuse", "leisure", "amenity", "shop", "office", "tourism", "man_made", "power", "barrier", "boundary",
    "admin_level", "place", "historic",
)
# fmt: on
"""Keys that become columns where the file has them; all others go into ``tags`` as JSON."""
COLUMN_SET: Final = frozenset(COLUMNS)

# fmt: off
AREA_KEYS: Final = frozenset({
    "aeroway", "amenity", "area:highway", "boundary", "building", "building:part", "craft", "geological",
    "historic", "landuse", "leisure", "military", "natural", "office", "place", "public_transport", "shop", "sport",
    "tourism", "water", "man_made",
})
# fmt: on
"""A closed way with one of these is an area, unless the value or ``area=no`` says otherwise.

References: GDAL's osmconf.ini (closed_ways_are_polygons) and the OSM wiki's page "Area".
"""
LINEAR: Final = frozenset(
    {("natural", "coastline"), ("natural", "cliff"), ("natural", "ridge"), ("natural", "tree_row")}
    | {("leisure", "track"), ("leisure", "slipway"), ("man_made", "pipeline"), ("man_made", "embankment")}
)
AREAL: Final = frozenset({("highway", "platform"), ("highway", "rest_area"), ("railway", "station")})


def is_area(tags: dict[str, str]) -> bool:
    """Tell whether a closed way of these tags is an area or a line that ends where it began.

    >>> is_area({"building": "yes"}), is_area({"highway": "residential"})
    (True, False)
    """
    if "area" in tags:
        return tags["area"] != "no"
    pairs = set(tags.items())
    if pairs & AREAL:
        return True
    return any(key in AREA_KEYS and (key, value) not in LINEAR for key, value in pairs)

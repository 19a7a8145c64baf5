"""The conformance classes that we declare.

Each has tests marked with its URI; tests/api/test_documents.py fails when one has none, so nothing is declared
that no test proves.
"""

from typing import Final

SPEC: Final = "http://www.opengis.net/spec/"

COMMON: Final = (
    "ogcapi-common-1/1.0/conf/core",
    "ogcapi-common-1/1.0/conf/landing-page",
    "ogcapi-common-1/1.0/conf/json",
    "ogcapi-common-1/1.0/conf/html",
    "ogcapi-common-1/1.0/conf/oas30",
    "ogcapi-common-2/1.0/conf/collections",
    "ogcapi-common-3/1.0/conf/schemas",
    "ogcapi-common-3/1.0/conf/returnables-and-receivables",
    "ogcapi-common-3/1.0/conf/advanced-property-roles",
)
FEATURES: Final = (
    "ogcapi-features-1/1.0/conf/core",
    "ogcapi-features-1/1.0/conf/geojson",
    "ogcapi-features-1/1.0/conf/html",
    "ogcapi-features-1/1.0/conf/oas30",
    "ogcapi-features-2/1.0/conf/crs",
    "ogcapi-features-3/1.0/conf/queryables",
    "ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "ogcapi-features-3/1.0/conf/filter",
    "ogcapi-features-3/1.0/conf/features-filter",
    # The draft's name of Common Part 3; QGIS reads /schema only where it is declared.
    "ogcapi-features-5/1.0/conf/schemas",
    "ogcapi-features-6/0.0/conf/properties",
    "ogcapi-features-6/0.0/conf/properties-features",
    "ogcapi-features-7/0.0/conf/zoom-level",
    "ogcapi-features-7/0.0/conf/zoom-level-features",
    "ogcapi-features-8/1.0/conf/sorting",
    "ogcapi-features-8/1.0/conf/sortables",
    "ogcapi-features-8/1.0/conf/features-sorting",
    "ogcapi-features-9/0.0/conf/text-search",
    "ogcapi-features-9/0.0/conf/features-text-search",
)
CQL2: Final = (
    "cql2/1.0/conf/cql2-text",
    "cql2/1.0/conf/cql2-json",
    "cql2/1.0/conf/basic-cql2",
    "cql2/1.0/conf/advanced-comparison-operators",
    "cql2/1.0/conf/case-insensitive-comparison",
    "cql2/1.0/conf/accent-insensitive-comparison",
    "cql2/1.0/conf/basic-spatial-functions",
    "cql2/1.0/conf/basic-spatial-functions-plus",
    # The draft's name of basic-spatial-functions; QGIS before 3.44 sends no spatial filter without it.
    "cql2/1.0/conf/basic-spatial-operators",
    "cql2/1.0/conf/spatial-functions",
    "cql2/1.0/conf/temporal-functions",
    "cql2/1.0/conf/array-functions",
    "cql2/1.0/conf/property-property",
    "cql2/1.0/conf/arithmetic",
    "cql2/1.0/conf/functions",
)
TILES: Final = (
    "ogcapi-tiles-1/1.0/conf/core",
    "ogcapi-tiles-1/1.0/conf/tileset",
    "ogcapi-tiles-1/1.0/conf/tilesets-list",
    "ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "ogcapi-tiles-1/1.0/conf/collections-selection",
    "ogcapi-tiles-1/1.0/conf/mvt",
    "tms/2.0/conf/tilematrixset",
    "tms/2.0/conf/json-tilematrixset",
    "tms/2.0/conf/tilematrixsetlimits",
    "tms/2.0/conf/json-tilematrixsetlimits",
    "tms/2.0/conf/tilesetmetadata",
    "tms/2.0/conf/json-tilesetmetadata",
)

CLASSES: Final = tuple(SPEC + name for name in (*COMMON, *FEATURES, *CQL2, *TILES))
"""What ``/conformance`` declares."""

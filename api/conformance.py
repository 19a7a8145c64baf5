"""The conformance classes that we declare.

Each has tests marked with its URI; tests/api/test_documents.py fails when one has none, so nothing is declared
that no test proves.
"""

from typing import Final

SPEC: Final = "http://www.opengis.net/spec/"

CLASSES: Final = (
    SPEC + "ogcapi-common-1/1.0/conf/core",
    SPEC + "ogcapi-common-1/1.0/conf/landing-page",
    SPEC + "ogcapi-common-1/1.0/conf/json",
    SPEC + "ogcapi-common-1/1.0/conf/html",
    SPEC + "ogcapi-common-1/1.0/conf/oas30",
    SPEC + "ogcapi-common-2/1.0/conf/collections",
    SPEC + "ogcapi-features-1/1.0/conf/core",
    SPEC + "ogcapi-features-1/1.0/conf/geojson",
    SPEC + "ogcapi-features-1/1.0/conf/html",
    SPEC + "ogcapi-features-1/1.0/conf/oas30",
    SPEC + "ogcapi-features-2/1.0/conf/crs",
    SPEC + "ogcapi-features-3/1.0/conf/queryables",
    SPEC + "ogcapi-features-3/1.0/conf/queryables-query-parameters",
    SPEC + "ogcapi-tiles-1/1.0/conf/core",
    SPEC + "ogcapi-tiles-1/1.0/conf/tileset",
    SPEC + "ogcapi-tiles-1/1.0/conf/tilesets-list",
    SPEC + "ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    SPEC + "ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    SPEC + "ogcapi-tiles-1/1.0/conf/collections-selection",
    SPEC + "ogcapi-tiles-1/1.0/conf/mvt",
    SPEC + "tms/2.0/conf/tilematrixset",
    SPEC + "tms/2.0/conf/json-tilematrixset",
    SPEC + "tms/2.0/conf/tilematrixsetlimits",
    SPEC + "tms/2.0/conf/json-tilematrixsetlimits",
    SPEC + "tms/2.0/conf/tilesetmetadata",
    SPEC + "tms/2.0/conf/json-tilesetmetadata",
)

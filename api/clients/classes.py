"""The conformance classes that QGIS looks for, by every name that it knows for each."""

from typing import Final

from api.clients.session import Session

SPEC: Final = "http://www.opengis.net/spec/"

CRS: Final = (f"{SPEC}ogcapi-features-2/1.0/conf/crs",)
SCHEMAS: Final = (f"{SPEC}ogcapi-features-5/1.0/conf/schemas",)


def _cql2(name: str) -> tuple[str, ...]:
    return f"{SPEC}cql2/1.0/conf/{name}", f"{SPEC}cql2/0.0/conf/{name}"


def _part3(name: str) -> tuple[str, ...]:
    return f"{SPEC}ogcapi-features-3/1.0/conf/{name}", f"{SPEC}ogcapi-features-3/0.0/conf/{name}"


FILTER: Final = (_cql2("basic-cql2"), _cql2("cql2-text"), _part3("filter"), _part3("features-filter"))
"""All four, or QGIS sends no filter at all."""
LIKE_IN_BETWEEN: Final = _cql2("advanced-comparison-operators")
CASEI: Final = _cql2("case-insensitive-comparison")
SPATIAL_OLD: Final = _cql2("basic-spatial-operators")
"""The name in the draft; QGIS up to 3.43 knows no other."""
SPATIAL: Final = _cql2("basic-spatial-functions")


def declares(session: Session, names: tuple[str, ...]) -> bool:
    """Tell whether a server declares a class by any of its names."""
    return not session.classes.isdisjoint(names)


def missing_filter_classes(session: Session) -> list[str]:
    """Return the classes that lack before QGIS sends filters."""
    return [names[0].removeprefix(SPEC) for names in FILTER if not declares(session, names)]

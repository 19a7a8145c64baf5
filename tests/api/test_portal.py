"""The portal's tree."""

from types import MappingProxyType

from api.documents.portal import portal, start_view
from spatial.catalogue.catalogue import Catalogue


def test_an_empty_city_has_a_portal_without_a_start() -> None:
    nothing = Catalogue(0, MappingProxyType({}), (), MappingProxyType({}))
    assert start_view(nothing) is None
    assert portal(nothing, base="")["groups"] == []

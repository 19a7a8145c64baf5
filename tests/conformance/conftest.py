"""The application over the city of ``city.py``, in this process."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from spatial.db.access import Access
from spatial.db.cluster import Cluster
from spatial.settings import get_settings
from tests import cities
from tests.conformance.city import build


@pytest.fixture(scope="package")
def city(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    """Give the city; tests only read it."""
    with cities.copy_of(cluster, cities.empty_template(cluster)) as access:
        build(access, tmp_path_factory.mktemp("conformance"))
        yield access


@pytest.fixture(scope="package")
def web(city: Access) -> Iterator[TestClient]:
    """Talk to the application."""
    with TestClient(create_app(get_settings(), city), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="package")
def openapi(web: TestClient) -> dict[str, Any]:
    """Give the API description."""
    document: dict[str, Any] = web.get("/api").json()
    return document

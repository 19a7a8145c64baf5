"""Functions that filters may call."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.documents.functions import functions_document
from api.params.common import COMMON_PARAMETERS, only
from api.responses import document_response
from api.routes.resource import Resource
from api.state import catalogue_of
from spatial.query.cql2.filter import describe_functions


async def functions(request: Request) -> Response:
    """GET /functions: what a CQL2 filter may call, and nothing else."""
    only(request.query_params, COMMON_PARAMETERS)
    catalogue = catalogue_of(request)
    return document_response(
        request,
        lambda language: functions_document(describe_functions(catalogue), language),
        template="functions.html",
    )


routes: list[BaseRoute] = [Resource("/functions", functions)]

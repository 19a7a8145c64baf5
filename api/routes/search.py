"""Features searched for by a posted body: filters too long for an address."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api import formats
from api.bodies import read_body
from api.negotiation import negotiate
from api.params.body import body_query
from api.params.common import COMMON_PARAMETERS, only
from api.params.features import known_parameters
from api.routes.items import Question, answer
from api.routes.resource import Resource
from api.state import catalogue_of

BODY_MAX_BYTES = 1024 * 1024


async def search(request: Request) -> Response:
    """POST /collections/{layer}/search: the same as items, asked by a JSON object."""
    catalogue = catalogue_of(request)
    layer = catalogue.layer(request.path_params["layer"])
    only(request.query_params, COMMON_PARAMETERS)
    form = negotiate(request, formats.OFFERED)
    body = await read_body(request, BODY_MAX_BYTES)
    given, said = body_query(body, known_parameters(layer) - set(COMMON_PARAMETERS))
    return await answer(Question(request, catalogue, layer, form, given, said))


routes: list[BaseRoute] = [Resource("/collections/{layer}/search", search, methods=("POST",))]

"""The application: puts the parts together, and turns every failure into a problem document."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.errors import PROBLEM_JSON, problem, problem_bytes
from api.files import Streams
from api.html import page
from api.middleware import OpenApplication
from api.routes import assets, collections, functions, items, landing, search, styles, tiles
from api.routes import map as map_page
from api.state import DocumentCache
from spatial.catalogue.catalogue import Catalogue
from spatial.catalogue.watch import watch_catalogue
from spatial.db.access import Access, current_access
from spatial.db.pool import ReadPool
from spatial.errors import CityError
from spatial.query.appraise import Appraisals
from spatial.settings import Settings, get_settings

log = logging.getLogger(__name__)

FIRST_LOAD_WAIT_S = 3.0
GC_THRESHOLD = 10_000
"""Objects made and not yet freed before Python looks for cycles; its own 700 is a few requests."""


def create_app(settings: Settings, access: Access) -> Starlette:
    """Build the web application.

    Parameters
    ----------
    settings
        How to serve.
    access
        Where the database is; it need not answer yet.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        loaded = asyncio.Event()

        def take(catalogue: Catalogue) -> None:
            app.state.catalogue = catalogue
            loaded.set()

        pool = ReadPool(
            access.reader_url,
            size=settings.pool_size,
            timeout_s=settings.pool_timeout_s,
            statement_timeout_s=settings.statement_timeout_s,
        )
        async with pool as app.state.pool:
            watching = asyncio.create_task(watch_catalogue(access.reader_url, take))
            # Usually there at once; a server that starts before its database answers 503 till then.
            with suppress(TimeoutError):
                await asyncio.wait_for(loaded.wait(), FIRST_LOAD_WAIT_S)
            yield
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    # The busiest first: routes are tried in their order.
    routes = [
        *items.routes,
        *search.routes,
        *tiles.routes,
        *collections.routes,
        *landing.routes,
        *functions.routes,
        *styles.routes,
        *map_page.routes,
        *assets.routes(settings),
    ]
    handlers = {CityError: _city_error, HTTPException: _http_error, Exception: _unforeseen}
    app = OpenApplication(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.state.settings = settings
    app.state.catalogue = None
    app.state.documents = DocumentCache()
    app.state.appraisals = Appraisals()
    app.state.streams = Streams(
        access.reader_url,
        size=max(1, settings.pool_size // 2),
        wait_s=settings.pool_timeout_s,
        statement_timeout_s=settings.statement_timeout_s,
    )
    return app


def app_from_environment() -> Starlette:
    """Build the application of this installation; what web server processes start from."""
    settings = get_settings()
    app = create_app(settings, current_access(settings))
    # What is there now stays, so the collector need not walk it; requests leave few cycles (5 % of a page of ten).
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    return app


async def _city_error(request: Request, error: Exception) -> Response:
    """Answer a failure that the house foresaw."""
    assert isinstance(error, CityError)  # noqa: S101 - registered for nothing else
    status, body, headers = problem_bytes(error)
    return _answer(request, status, body, headers)


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer a path or method that does not exist."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    status = HTTPStatus(error.status_code)
    detail = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path}. Begin at /.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here.",
    }.get(status, error.detail)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] += ", OPTIONS"
    return _answer(request, status, orjson.dumps(problem(status, detail)), headers)


async def _unforeseen(request: Request, error: Exception) -> Response:
    """Answer a fault of ours without telling its insides."""
    log.error("unforeseen failure at %s", request.url.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    document = problem(status, "The server failed on this request; its log says why.")
    return Response(orjson.dumps(document), status, media_type=PROBLEM_JSON)


def _answer(request: Request, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> Response:
    """Answer with the problem as a page to people and as JSON to programs."""
    wants_html = "text/html" in request.headers.get("accept", "") and request.query_params.get("f") in {None, "html"}
    if wants_html:
        kept = {name: value for name, value in headers.items() if name != "content-type"}
        return page(request, "error.html", document=orjson.loads(body), status=int(status), headers=kept)
    return Response(
        body, status, headers={"Vary": "Accept", **headers}, media_type=headers.get("content-type", PROBLEM_JSON)
    )

"""Features of a layer: pages, files and single ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from api import formats
from api.etags import catalogue_tag, layer_tag, not_modified
from api.files import streamed
from api.html import page
from api.negotiation import JSON, language_of, negotiate
from api.paging import Asked, Collection, content_headers
from api.params.common import COMMON_PARAMETERS, only
from api.params.features import features_query, file_options, is_hits, known_parameters
from api.params.place import crs
from api.params.values import feature_key
from api.responses import base_url, is_known, link, self_links
from api.routes.resource import Resource
from api.state import appraisals_of, catalogue_of, pool_of
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.export.jsonfg import jsonfg_feature_sql, jsonfg_members
from spatial.export.types import FORMATS
from spatial.query.feature import feature_sql
from spatial.query.items import choose, count_matches, fetch_feature, fetch_page
from spatial.query.types import ItemsQuery, Look, Page

PAGE_ROWS_MAX: Final = 500
"""Rows of a page for people."""
STREAMED_FROM: Final = 5_000
"""Features from which a collection is streamed instead of made whole in memory (3 MB)."""


@dataclass(frozen=True)
class Question:
    """A question about a layer's features, read from a query string or a body.

    Attributes
    ----------
    given
        Parameters by name.
    body
        Members of a posted search, as links repeat them; None for a query string.
    """

    request: Request
    catalogue: Catalogue
    layer: PublishedLayer
    form: str
    given: Mapping[str, Any]
    body: Mapping[str, Any] | None = None

    @property
    def is_file(self) -> bool:
        """True where the answer holds everything unless a limit is given."""
        return self.form in formats.FILES

    def asked(self, query: ItemsQuery) -> Asked:
        """Return the question as links repeat it."""
        form = "json" if self.form == "geojson" else self.form
        return Asked(self.request, self.layer, query, form, self.body)

    def collection(self, query: ItemsQuery, found: Page) -> Collection:
        """Return the question with the bounds of its answer."""
        more = jsonfg_members(self.layer.definition, query.look) if self.form == "jsonfg" else {}
        return Collection(self.asked(query), found, more)


async def items(request: Request) -> Response:
    """GET /collections/{layer}/items: a page of features, or a file of all that match."""
    catalogue = catalogue_of(request)
    layer = catalogue.layer(request.path_params["layer"])
    only(request.query_params, known_parameters(layer))
    form = negotiate(request, formats.OFFERED)
    # A form of a page also sends the fields that were left empty.
    given = {name: value for name, value in request.query_params.items() if value or form != "html"}
    return await answer(Question(request, catalogue, layer, form, given))


async def answer(question: Question) -> Response:
    """Answer a question about a layer's features in the format that was asked for."""
    query = features_query(question.given, question.catalogue, question.layer, is_file=question.is_file)
    if "bom" in question.given or "encoding" in question.given:
        # Read for every format, so that nothing is passed over.
        file_options(question.given, question.form)
    tag = _tag(question, query)
    if tag is not None and is_known(question.request, tag, exists=False):
        return not_modified(tag, _vary(question.form))
    kept = {"ETag": tag, "Cache-Control": "no-cache"} if tag is not None else {}
    if is_hits(question.given):
        return await _hits(question, query, kept)
    if question.form == "html":
        return await _html(question, query, kept)
    if question.is_file or (query.limit or 0) > STREAMED_FROM:
        return await _stream(question, query, kept)
    return await _page(question, query, kept)


async def _page(question: Question, query: ItemsQuery, kept: dict[str, str]) -> Response:
    return _collected(question.collection(query, await _fetch(question, query)), kept)


def _collected(collection: Collection, kept: dict[str, str]) -> Response:
    return Response(_whole(collection), media_type=collection.asked.media_type, headers=collection.headers | kept)


async def _html(question: Question, query: ItemsQuery, kept: dict[str, str]) -> Response:
    # A table of thousands of rows would hold the whole process up, and nobody reads it.
    query = replace(query, limit=min(query.limit or PAGE_ROWS_MAX, PAGE_ROWS_MAX))
    # The page shows no coordinates, and its map wants longitudes; the chosen crs is for its links and files.
    query = replace(query, look=replace(query.look, crs=question.layer.default_crs))
    return _table(question, query, await _fetch(question, query), kept)


async def _hits(question: Question, query: ItemsQuery, kept: dict[str, str]) -> Response:
    """Answer with the exact number of matches and no feature."""
    async with pool_of(question.request).connection() as conn:
        matched = await count_matches(conn, question.layer, query, appraisals=appraisals_of(question.request))
    counted = Page(features=b"", returned=0, matched=matched, previous=None, following=None)
    if question.form == "html":
        return _table(question, query, counted, kept)
    # A file of no feature would tell nothing.
    form = question.form if question.form in formats.PAGES else "json"
    return _collected(replace(question, form=form).collection(query, counted), kept)


def _table(question: Question, query: ItemsQuery, found: Page, kept: dict[str, str]) -> Response:
    """Answer with a page for people."""
    return page(
        question.request,
        "items.html",
        document=orjson.loads(_whole(question.collection(query, found))),
        layer=question.layer,
        catalogue=question.catalogue,
        asked=query,
        headers=kept,
    )


def _whole(collection: Collection) -> bytes:
    # Joined rather than added: each + would copy the features once more.
    return b"".join((collection.head, collection.page.features, b"]}"))


async def _stream(question: Question, query: ItemsQuery, kept: dict[str, str]) -> Response:
    asked = question.asked(query)
    async with pool_of(question.request).connection() as conn:
        # Also refuses a filter that would take too long.
        way = await choose(conn, question.layer, query, appraisals=appraisals_of(question.request))
    options = file_options(question.given, question.form)
    headers = kept | (_disposition(question) if question.is_file else {})
    return await streamed(
        asked, way, options=options, headers=headers, collect=lambda found: question.collection(query, found)
    )


async def _fetch(question: Question, query: ItemsQuery) -> Page:
    writer = jsonfg_feature_sql if question.form == "jsonfg" else feature_sql
    async with pool_of(question.request).connection() as conn:
        return await fetch_page(conn, question.layer, query, appraisals=appraisals_of(question.request), writer=writer)


def _disposition(question: Question) -> dict[str, str]:
    """Return the header that names a file."""
    extension = FORMATS[question.form].extension
    return {"Content-Disposition": f'attachment; filename="{question.layer.definition.id}.{extension}"'}


def _tag(question: Question, query: ItemsQuery) -> str | None:
    if question.body is not None:
        return None
    if question.form == "html":
        form = f"html {language_of(question.request)}"
        return catalogue_tag(question.request, question.catalogue, form=form)
    # A GeoPackage holds the code lists, which are the catalogue's.
    if question.form == "gpkg" or (query.condition is not None and query.condition.reads_other_layers):
        return catalogue_tag(question.request, question.catalogue, form=question.form)
    return layer_tag(question.request, question.layer, form=question.form)


def _vary(form: str) -> str:
    return "Accept, Accept-Language" if form == "html" else "Accept"


async def item(request: Request) -> Response:
    """GET /collections/{layer}/items/{id}: one feature."""
    catalogue = catalogue_of(request)
    layer = catalogue.layer(request.path_params["layer"])
    query = request.query_params
    only(query, (*COMMON_PARAMETERS, "crs"))
    form = negotiate(request, formats.SINGLE)
    look = Look(crs=crs(query, default=layer.default_crs, offered=layer.offered_crs))
    key = feature_key(layer.definition, request.path_params["key"])
    tag = (
        catalogue_tag(request, catalogue, form=f"html {language_of(request)}")
        if form == "html"
        else layer_tag(request, layer, form=form)
    )
    if is_known(request, tag, exists=False):
        return not_modified(tag, _vary(form))
    writer = jsonfg_feature_sql if form == "jsonfg" else feature_sql
    async with pool_of(request).connection() as conn:
        feature = await fetch_feature(conn, layer, key, look=look, writer=writer)
    linked = "json" if form == "geojson" else form
    links = self_links(request, formats.SINGLE_LINKED, linked)
    links.append(link(f"{base_url(request)}/collections/{layer.definition.id}", "collection", JSON))
    more = jsonfg_members(layer.definition, look) if form == "jsonfg" else {}
    body = feature[:-1] + b"," + orjson.dumps({**more, "links": links})[1:]
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if form == "html":
        document = orjson.loads(body)
        return page(request, "item.html", document=document, layer=layer, catalogue=catalogue, headers=headers)
    return Response(body, media_type=formats.SINGLE[form], headers=content_headers(look.crs) | headers)


routes: list[BaseRoute] = [
    Resource("/collections/{layer}/items", items),
    Resource("/collections/{layer}/items/{key:path}", item),
]

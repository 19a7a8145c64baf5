"""A page of features as a feature collection: its head, its links, its headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import orjson
from starlette.requests import Request

from api.formats import FILES, LINKED
from api.negotiation import JSON, SCHEMA_JSON
from api.params.cursor import write_cursor
from api.responses import OGC_REL, base_url, kept_query, link, self_links_json
from spatial.catalogue.catalogue import PublishedLayer
from spatial.crs import Crs
from spatial.query.types import Cursor, ItemsQuery, Page

LINK_HEADER_MAX: Final = 2_000
"""Characters of the neighbours' links in a header."""
PAGE_MARKS: Final = ("offset", "cursor", "f")
"""What a link to another page says itself."""


@dataclass(frozen=True)
class Asked:
    """A question about a layer's features, as links repeat it.

    Attributes
    ----------
    form
        Name of the format of the answer.
    body
        Members of the search that was posted; None for a query string.
    """

    request: Request
    layer: PublishedLayer
    query: ItemsQuery
    form: str
    body: Mapping[str, Any] | None = None

    @cached_property
    def layer_url(self) -> str:
        """Address of the layer."""
        return f"{base_url(self.request)}/collections/{self.layer.definition.id}"

    @property
    def media_type(self) -> str:
        """Media type of the answer."""
        return LINKED[self.form]

    def neighbour(self, rel: str, place: Cursor) -> dict[str, Any]:
        """Return the link to the page that begins at a place."""
        cursor = write_cursor(place, self.query.sort)
        if self.body is not None:
            kept = {name: value for name, value in self.body.items() if name not in PAGE_MARKS}
            return self.posted(rel, {**kept, "cursor": cursor})
        return link(f"{self.layer_url}/items?{self._kept}cursor={cursor}&f={self.form}", rel, self.media_type)

    @cached_property
    def _kept(self) -> str:
        return kept_query(self.request, without=PAGE_MARKS, drops_empty=self.form == "html")

    def posted(self, rel: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the link to a search with another body."""
        # The format stands in no body.
        return link(f"{self.layer_url}/search?f={self.form}", rel, self.media_type, method="POST", body=body)


@dataclass(frozen=True)
class Collection:
    """A question with the bounds of its answer: what a feature collection says before its features.

    Attributes
    ----------
    more
        Members that the format adds.
    """

    asked: Asked
    page: Page
    more: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def neighbours(self) -> list[dict[str, Any]]:
        """Links to the pages after and before this one, where there are such."""
        places = (("next", self.page.following), ("prev", self.page.previous))
        return [self.asked.neighbour(rel, place) for rel, place in places if place is not None]

    @property
    def headers(self) -> dict[str, str]:
        """Headers that say what a format without links cannot."""
        headers = content_headers(self.asked.query.look.crs)
        headers["OGC-NumberReturned"] = str(self.page.returned)
        if self.page.matched is not None:
            headers["OGC-NumberMatched"] = str(self.page.matched)
        links = [
            f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"'
            for one in self.neighbours
            if "method" not in one
        ]
        # Proxies refuse headers of some kilobytes; where the body has the links, a long one is left out.
        is_short = sum(map(len, links)) <= LINK_HEADER_MAX or self.asked.form in FILES
        headers["Link"] = ", ".join([*(links if is_short else []), *self._described])
        return headers

    @property
    def _described(self) -> list[str]:
        """Links to what may be asked (Features Part 3, /req/queryables/queryables-link, and Part 8 likewise)."""
        return [
            f'<{self.asked.layer_url}/{name}>; rel="{OGC_REL}{name}"; type="{SCHEMA_JSON}"'
            for name in ("queryables", "sortables")
        ]

    @property
    def head(self) -> bytes:
        """Everything of the document before its features, up to the opening bracket."""
        document: dict[str, Any] = {
            "type": "FeatureCollection",
            **self.more,
            "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "numberReturned": self.page.returned,
        }
        if self.page.matched is not None:
            document["numberMatched"] = self.page.matched
        return f'{orjson.dumps(document).decode()[:-1]},"links":[{self._links_json}],"features":['.encode()

    @property
    def _links_json(self) -> str:
        """Links to itself, its other formats, its neighbours and its layer, as JSON without brackets."""
        asked = self.asked
        if asked.body is None:
            own = self_links_json(asked.request, LINKED, asked.form)
        else:
            own = orjson.dumps(asked.posted("self", asked.body)).decode()
        others = [*self.neighbours, link(asked.layer_url, "collection", JSON)]
        return f"{own},{orjson.dumps(others).decode()[1:-1]}"


def content_headers(crs: Crs) -> dict[str, str]:
    """Return the headers of every answer with geometries."""
    # A cache that ignored Accept would hand a page of HTML to a map library.
    return {"Content-Crs": f"<{crs.uri}>", "Vary": "Accept"}

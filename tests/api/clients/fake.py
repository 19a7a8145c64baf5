"""A server of one layer that does everything right, in memory, and can be told to do one thing wrong."""

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import cql2
import httpx
import shapely

from api.clients import classes

BASE: Final = "http://city.example"
LAYER: Final = f"{BASE}/collections/houses"
ITEMS: Final = f"{LAYER}/items"
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
NORTH_FIRST: Final = (EPSG + "4490", EPSG + "4326")
OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
GEOJSON: Final = "application/geo+json"
FLATGEOBUF: Final = "application/flatgeobuf"
SCHEMA: Final = "application/schema+json"

Document = dict[str, Any]
Edit = Callable[[Document], Any]


def feature(number: int) -> Document:
    """Return a house of a street that runs east from 117.20, 31.80."""
    lon = round(117.2 + number / 1000, 6)
    ring = [[lon, 31.8], [lon + 0.0005, 31.8], [lon + 0.0005, 31.8005], [lon, 31.8005], [lon, 31.8]]
    properties = {
        "id": number,
        "code": f"{'AB'[number % 2]}x{number}",
        "name": f"长江中路{number}号，一座有很长名字的房子，好让答复大到值得压缩" + "。" * 60,
        "floors": number + 1,
        "built_on": f"2015-06-{number + 1:02}T00:00:00Z",
    }
    return {
        "type": "Feature",
        "id": number,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": properties,
    }


FEATURES: Final = [feature(number) for number in range(12)]


def reply(status: int, body: bytes | Document | str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Return an answer whose bytes are still to be read, as from a network."""
    kind = {"Content-Type": "text/html" if isinstance(body, str) else "application/json"}
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return httpx.Response(status, headers={**kind, **(headers or {})}, stream=httpx.ByteStream(content))


def documents() -> dict[str, Document]:
    """Return every document but the features, by address."""
    string, whole = {"type": "string"}, {"type": "integer"}
    properties = {"id": whole, "code": string, "name": string, "floors": whole}
    moment = {"type": "string", "format": "date-time"}
    declared = [names[0] for names in classes.FILTER]
    declared += [classes.CRS[0], classes.SCHEMAS[0], classes.LIKE_IN_BETWEEN[0], classes.CASEI[0]]
    declared += [classes.SPATIAL_OLD[0], classes.SPATIAL[0]]
    parameter = {"name": "code", "in": "query", "style": "form", "explode": False, "schema": string}
    return {
        f"{BASE}/": {
            "links": [
                {"href": f"{BASE}/api", "rel": "service-desc", "type": OPENAPI},
                {"href": f"{BASE}/collections?f=json", "rel": "data", "type": "application/json"},
                {"href": f"{BASE}/conformance", "rel": "conformance", "type": "application/json"},
            ]
        },
        f"{BASE}/api": {
            "openapi": "3.0.3",
            "paths": {"/collections/houses/items": {"get": {"parameters": [parameter]}}},
            "components": {"parameters": {"limit": {"schema": {"default": 10, "maximum": 10000}}}},
        },
        f"{BASE}/collections": {"collections": [{"id": "houses", "itemType": "feature"}]},
        f"{BASE}/conformance": {"conformsTo": declared},
        LAYER: {
            "id": "houses",
            "title": "房屋",
            "extent": {"spatial": {"bbox": [[117.2, 31.8, 117.3, 31.9]]}, "temporal": {"interval": [[None, None]]}},
            "crs": [CRS84, *NORTH_FIRST],
            "storageCrs": NORTH_FIRST[0],
            "links": [
                {"href": ITEMS, "rel": "items", "type": GEOJSON},
                {"href": f"{ITEMS}?f=fgb", "rel": "items", "type": FLATGEOBUF},
                {"href": f"{LAYER}/schema", "rel": "http://www.opengis.net/def/rel/ogc/1.0/schema", "type": SCHEMA},
            ],
        },
        f"{LAYER}/queryables": {
            "properties": {
                **properties,
                "built_on": moment,
                "geometry": {"$ref": "https://geojson.org/schema/Polygon.json"},
            }
        },
        f"{LAYER}/schema": {"properties": {**properties, "built_on": moment}},
    }


class Fake:
    """The server.

    Parameters
    ----------
    wrong
        What it does wrong, by the names that ``_items`` asks for.
    edits
        Changes of documents, by address.
    """

    def __init__(self, *wrong: str, edits: Mapping[str, Edit] | None = None) -> None:
        self.wrong = frozenset(wrong)
        self.asked: list[httpx.Request] = []
        self.documents = documents()
        for url, edit in (edits or {}).items():
            edit(self.documents[url])

    @property
    def transport(self) -> httpx.MockTransport:
        """Return the way to it."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        url = str(request.url.copy_with(query=None))
        if request.method == "OPTIONS":
            return reply(204, b"", self._allowed(url))
        if url in self.documents:
            return reply(200, self.documents[url])
        if url == ITEMS:
            return self._items(dict(request.url.params), request.headers["accept"])
        return reply(404, {"detail": "nothing here"})

    def _allowed(self, url: str) -> dict[str, str]:
        if "no allow" in self.wrong:
            return {}
        if "put without post" in self.wrong and url != ITEMS:
            return {"Allow": "GET, PUT, OPTIONS"}
        return {"Allow": "GET, HEAD, OPTIONS"}

    def _items(self, query: dict[str, str], accept: str) -> httpx.Response:
        problem = self._refused(query)
        if problem:
            return reply(400, {"status": 400, "detail": problem})
        crs = query.get("crs", CRS84)
        matching = [one for one in FEATURES if self._fits(one, query)]
        start, limit = int(query.get("offset", 0)), int(query.get("limit", 10))
        page = matching if "limit ignored" in self.wrong else matching[start : start + limit]
        headers = {"Content-Type": GEOJSON, "OGC-NumberMatched": str(len(matching)), "Content-Crs": f"<{crs}>"}
        following = str(httpx.URL(ITEMS, params=query | {"offset": str(self._following(start, limit))}))
        has_next = start + limit < len(matching) or "next loops" in self.wrong
        if accept == FLATGEOBUF:
            return self._flatgeobuf(headers, following if has_next else None)
        document: Document = {
            "type": "FeatureCollection",
            "features": [self._written(one, CRS84 if "answer swapped" in self.wrong else crs) for one in page],
            "numberMatched": len(page) if "count of page" in self.wrong else len(matching),
        }
        if "no count" in self.wrong:
            del document["numberMatched"]
        if has_next and "no next" not in self.wrong:
            document["links"] = [{"href": following, "rel": "next", "type": GEOJSON}]
        if "no content-crs" in self.wrong:
            del headers["Content-Crs"]
        body = json.dumps(document, ensure_ascii=False).encode("gbk" if "gbk" in self.wrong else "utf-8")
        if "not packed" not in self.wrong:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        if "html" in self.wrong:
            return reply(200, "<!DOCTYPE html><title>Login</title>")
        if "plain json" in self.wrong:
            headers["Content-Type"] = "application/json"
        return reply(200, body, headers)

    def _following(self, start: int, limit: int) -> int:
        if "next loops" in self.wrong:
            return 0
        return start + limit - 1 if "pages overlap" in self.wrong else start + limit

    def _refused(self, query: Mapping[str, str]) -> str | None:
        """Return what is refused; every filter is compared with what the server does wrong."""
        text = query.get("filter", "")
        words = [name.removeprefix("no ") for name in self.wrong if name.startswith("no ") and name[3:].isupper()]
        return next((f"{word} is not understood" for word in words if word in text), None)

    def _fits(self, one: Document, query: Mapping[str, str]) -> bool:
        if "code" in query and one["properties"]["code"] != query["code"]:
            return False
        if "bbox" in query and "bbox ignored" not in self.wrong and not self._in_box(one, query):
            return False
        if "filter" not in query or "filter ignored" in self.wrong:
            return True
        there = self._written(one, query.get("filter-crs", CRS84))
        text = query["filter"].replace("CASEI", "") if "case minded" in self.wrong else query["filter"]
        return bool(cql2.parse_text(text).matches(there))

    def _in_box(self, one: Document, query: Mapping[str, str]) -> bool:
        west, south, east, north = (float(edge) for edge in query["bbox"].split(","))
        box = shapely.box(west, south, east, north)
        crs = CRS84 if "bbox-crs ignored" in self.wrong else query.get("bbox-crs", CRS84)
        return bool(shapely.geometry.shape(self._written(one, crs)["geometry"]).intersects(box))

    def _written(self, one: Document, crs: str) -> Document:
        """Return a feature in a reference system, as it goes over the wire."""
        written = json.loads(json.dumps(one))
        if "no ids" in self.wrong:
            del written["id"]
        if "same ids" in self.wrong:
            written["id"] = 7
        if "hidden ids" in self.wrong:
            del written["properties"]["id"]
        if "broken text" in self.wrong:
            written["properties"]["name"] = "????"
        if crs in NORTH_FIRST and "axes swapped" not in self.wrong:
            written["geometry"]["coordinates"] = [[[lat, lon] for lon, lat in written["geometry"]["coordinates"][0]]]
        return dict(written)

    def _flatgeobuf(self, headers: dict[str, str], following: str | None) -> httpx.Response:
        headers["Content-Type"] = FLATGEOBUF
        if following and "no link header" not in self.wrong:
            headers["Link"] = f'<{following}>; rel="next"; type="{FLATGEOBUF}"'
        magic = b"{}" if "no flatgeobuf" in self.wrong else b"fgb\x03fgb\x01"
        return reply(200, magic, headers)

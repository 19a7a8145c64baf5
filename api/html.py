"""Documents as pages: templates compiled once, everything escaped, nothing fetched from outside."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import LayerField

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    # No inline script or style and no other host, so a stored text that slipped through could still do nothing.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept, Accept-Language",
    "Cache-Control": "no-cache",
}

UNITS: Final[Mapping[str, str]] = {"m2": "m²", "m3": "m³", "Cel": "°C", "deg": "°"}
"""UCUM codes whose printed sign differs."""

CRUMBS: Final[Mapping[str, tuple[str, str]]] = {
    "collections": ("数据集", "Collections"),
    "items": ("要素", "Features"),
    "queryables": ("可查询字段", "Queryables"),
    "schema": ("字段结构", "Schema"),
    "tiles": ("瓦片", "Tiles"),
    "tileMatrixSets": ("瓦片矩阵集", "Tile matrix sets"),
    "styles": ("样式", "Styles"),
    "conformance": ("符合性声明", "Conformance"),
    "api": ("接口", "API"),
    "map": ("地图", "Map"),
}


GEOMETRIES: Final[Mapping[str, tuple[str, str]]] = {
    "point": ("点", "Points"),
    "linestring": ("线", "Lines"),
    "polygon": ("面", "Areas"),
    "geometry": ("混合", "Mixed"),
}

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")


def language_of(request: Request) -> str:
    """Return ``zh`` or ``en``: the query's ``lang``, else the browser's wish, else Chinese."""
    asked = request.query_params.get("lang", "").lower()
    if asked[:2] in ("zh", "en"):
        return asked[:2]
    return _preferred(request.headers.get("accept-language", ""))


def page(
    request: Request,
    template: str,
    *,
    title: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """Answer with a document as HTML.

    Parameters
    ----------
    template
        File in ``api/templates``.
    title
        What the browser tab says; the document's own title when left out.
    status, headers
        Of the response; ``headers`` come on top of the security headers.
    **context
        ``document`` (the JSON document), and ``language``, ``catalogue`` and ``layer`` where there are such.
    """
    language = context.setdefault("language", language_of(request))
    catalogue: Catalogue | None = context.setdefault("catalogue", getattr(request.app.state, "catalogue", None))
    layer: PublishedLayer | None = context.setdefault("layer", None)
    document = context.get("document")
    named = (document.get("title") or document.get("info", {}).get("title")) if isinstance(document, dict) else None
    view = _View(request, language, catalogue, layer)
    content = _TEMPLATES.get_template(template).render(
        context | {"title": title or named or view.place, "view": view, "t": view.text, "layer": layer}
    )
    return HTMLResponse(
        content, status, {**SECURITY_HEADERS, "Content-Language": _TAGS[language], **dict(headers or {})}
    )


def base_path(request: Request) -> str:
    """Return what stands before our paths on this host, without a slash at the end."""
    settings = getattr(request.app.state, "settings", None)
    public = urlsplit(settings.public_url).path if settings is not None else ""
    return (public or str(request.scope.get("root_path", ""))).rstrip("/")


def unit_sign(unit: str | None) -> str:
    """Return how a UCUM unit is printed.

    >>> unit_sign("m2")
    'm²'
    """
    return UNITS.get(unit, unit) if unit else ""


def local_time(value: Any) -> str:
    """Return a moment in the city's time; whatever is no moment stays as it is.

    >>> local_time("2026-11-22T09:31:30+00:00")
    '2026-11-22 17:31:30'
    """
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    if moment.tzinfo is None:
        return str(value)
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def crs_name(uri: str) -> str:
    """Return the short name of a reference system.

    >>> crs_name("http://www.opengis.net/def/crs/EPSG/0/4490")
    'EPSG:4490'
    """
    authority, _, rest = uri.partition("/def/crs/")[2].partition("/")
    code = rest.rpartition("/")[2]
    return f"{authority}:{code}" if code else uri


class _View:
    """What templates ask about the request and the catalogue."""

    def __init__(
        self, request: Request, language: str, catalogue: Catalogue | None, layer: PublishedLayer | None
    ) -> None:
        self._query: QueryParams = request.query_params
        self._path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
        self._catalogue = catalogue
        self.service_url = _service_url(request)
        self.layer = layer
        self.language = language
        self.tag = _TAGS[language]
        self.base = base_path(request)
        self.query = dict(self._query)
        segments = self._path.split("/")
        self.leaf = segments[-1]
        self.collection = segments[2] if segments[1:2] == ["collections"] and len(segments) > 2 else ""

    def text(self, zh: str, en: str) -> str:
        """Choose between the two languages."""
        return en if self.language == "en" else zh

    def url(self, *segments: str, **query: str) -> str:
        """Link to a page of ours, in the language that was asked for."""
        path = "".join("/" + quote(str(one), safe="") for one in segments) or "/"
        if "lang" in self._query:
            query = {"lang": self.language, **query}
        return self.base + path + (f"?{urlencode(query)}" if query else "")

    def here(self, **changes: str | None) -> str:
        """Link to this page with some parameters changed, or dropped where None."""
        kept = [(name, value) for name, value in self._query.multi_items() if name not in changes]
        return "?" + urlencode(kept + [(name, value) for name, value in changes.items() if value is not None])

    def follow(self, href: str) -> str:
        """Link to another page of the same list: its cursor, our language, and HTML again."""
        found = QueryParams(urlsplit(href).query)
        kept = [(name, value) for name, value in found.multi_items() if name not in ("f", "lang")]
        return "?" + urlencode(kept + [(name, self.query[name]) for name in ("f", "lang") if name in self.query])

    @property
    def action(self) -> str:
        """Where a form of this page goes."""
        return self.base + quote(self._path)

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        """Title and link of every page above this one, and this one."""
        segments = [one for one in self._path.split("/") if one]
        above = ["", *segments]
        return [(self._crumb(above[i], one), self.url(*segments[: i + 1])) for i, one in enumerate(segments)]

    @property
    def place(self) -> str:
        """Where this page stands, the nearest first: a title for what has none of its own."""
        return " · ".join(text for text, _ in reversed(self.crumbs[-3:]))

    def _crumb(self, above: str, segment: str) -> str:
        if above == "collections":
            return self.layer_title(segment)
        return self.text(*CRUMBS[segment]) if segment in CRUMBS else segment

    @property
    def is_lonlat(self) -> bool:
        """Whether the geometries of this page are in longitude, latitude and so can be drawn."""
        return "crs" not in self.query or self.query["crs"].rstrip("]").endswith(("CRS84", "CRS84h"))

    @property
    def is_synthetic(self) -> bool:
        """Whether something on this page was generated."""
        if self.layer:
            return self.layer.definition.synthetic
        return any(one.definition.synthetic for one in self._layers)

    @property
    def _layers(self) -> list[PublishedLayer]:
        return list(self._catalogue.layers.values()) if self._catalogue else []

    @property
    def groups(self) -> list[tuple[str, list[PublishedLayer]]]:
        """Titles of the groups with their layers, top layer first; empty groups are left out."""
        tree = [
            (
                group.title.get(self.language),
                sorted(
                    (one for one in self._layers if one.definition.group == group.id),
                    key=lambda one: -one.definition.rank,
                ),
            )
            for group in (self._catalogue.groups if self._catalogue else ())
        ]
        return [(title, layers) for title, layers in tree if layers]

    def find(self, layer_id: str) -> PublishedLayer | None:
        """Return a layer of the catalogue, or None."""
        return self._catalogue.layers.get(layer_id) if self._catalogue else None

    def layer_title(self, layer_id: str, otherwise: str | None = None) -> str:
        """Return the title of a layer in the page's language."""
        found = self.find(layer_id)
        return found.definition.title.get(self.language) if found else otherwise or layer_id

    def layer_description(self, layer_id: str, otherwise: str | None = None) -> str:
        """Return the description of a layer in the page's language."""
        found = self.find(layer_id)
        return found.definition.description.get(self.language) if found else otherwise or ""

    def geometry_title(self, kind: str) -> str:
        """Return a kind of geometry in words."""
        return self.text(*GEOMETRIES.get(kind.lower().removeprefix("multi"), (kind, kind)))

    def field(self, name: str) -> LayerField | None:
        """Return a field of the page's layer, or None."""
        return self.layer.definition.field(name) if self.layer else None

    def field_title(self, name: str) -> str:
        """Return the title of a field of the page's layer."""
        found = self.field(name)
        return found.title.get(self.language) if found else name

    def field_unit(self, name: str) -> str:
        """Return the printed unit of a field of the page's layer; empty where it has none."""
        found = self.field(name)
        return unit_sign(found.unit) if found else ""

    def choices(self, name: str) -> list[tuple[str, str]]:
        """Return the codes of a field with their meanings; empty where the field is not coded."""
        found = self.field(name)
        codes = self._catalogue.code_lists.get(found.codes or "") if found and self._catalogue else None
        return [(value, title.get(self.language)) for value, title in codes.values.items()] if codes else []

    def meaning(self, name: str, value: Any) -> str:
        """Return what a coded value means; empty where the field is not coded or the code unknown."""
        return dict(self.choices(name)).get(str(value), "")


def shapes(features: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the features without their properties: all that a small map needs."""
    kept: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {}, "geometry": one.get("geometry")} for one in features
    ]
    return {"type": "FeatureCollection", "features": kept}


def _service_url(request: Request) -> str:
    settings = getattr(request.app.state, "settings", None)
    return (settings.public_url if settings is not None else "") or str(request.base_url).rstrip("/")


_TAGS: Final = {"zh": "zh-CN", "en": "en"}


def _preferred(accepted: str) -> str:
    """Return the language that an ``Accept-Language`` header ranks highest; Chinese on a tie or for any."""
    quality = {"zh": 0.0, "en": 0.0}
    for part in accepted.split(","):
        tag, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        name = tag[:2].lower()
        if name in quality:
            quality[name] = max(quality[name], weight)
    return "en" if quality["en"] > quality["zh"] else "zh"


def _weight(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=") or 1.0)
    except ValueError:
        return 0.0


def _grouped(number: float) -> str:
    return f"{number:,}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
    )
    environment.filters["grouped"] = _grouped
    environment.filters["unit_sign"] = unit_sign
    environment.filters["shapes"] = shapes
    environment.filters["local_time"] = local_time
    environment.filters["crs_name"] = crs_name
    return environment


_TEMPLATES: Final = _environment()

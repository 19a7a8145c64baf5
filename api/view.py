"""What templates may ask about the request and the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from starlette.datastructures import QueryParams
from starlette.requests import Request

from api.forms.fields import asked_field, measured_in
from api.forms.items import ItemsForm
from api.forms.trouble import lead, status_title
from spatial.catalogue.catalogue import Catalogue, PublishedLayer
from spatial.catalogue.types import FieldType, LayerField

CRUMBS: Final[Mapping[str, tuple[str, str]]] = {
    "collections": ("数据集", "Collections"),
    "items": ("要素", "Features"),
    "queryables": ("可查询字段", "Queryables"),
    "schema": ("字段结构", "Schema"),
    "sortables": ("可排序字段", "Sortables"),
    "functions": ("函数", "Functions"),
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

TAGS: Final = {"zh": "zh-CN", "en": "en"}


def base_path(request: Request) -> str:
    """Return what stands before our paths on this host, without a slash at the end."""
    settings = getattr(request.app.state, "settings", None)
    public = urlsplit(settings.public_url).path if settings is not None else ""
    return (public or str(request.scope.get("root_path", ""))).rstrip("/")


def service_url(request: Request) -> str:
    """Return the address of this server as a client may copy it."""
    settings = getattr(request.app.state, "settings", None)
    return (settings.public_url if settings is not None else "") or str(request.base_url).rstrip("/")


class View:
    """What templates ask about the request and the catalogue."""

    def __init__(
        self, request: Request, language: str, catalogue: Catalogue | None, layer: PublishedLayer | None
    ) -> None:
        self._query: QueryParams = request.query_params
        self._path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
        self._catalogue = catalogue
        self.service_url = service_url(request)
        self.language = language
        self.tag = TAGS[language]
        self.base = base_path(request)
        self.query = {name: value for name, value in self._query.items() if value}
        segments = self._path.split("/")
        self.leaf = segments[-1]
        self.collection = segments[2] if segments[1:2] == ["collections"] and len(segments) > 2 else ""
        # A page that says what went wrong knows its layer by the address alone.
        self.layer = layer or self.find(self.collection)

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
        # A form sends the fields that were left empty, too; other formats would read them as conditions.
        kept = [(name, value) for name, value in self._query.multi_items() if value and name not in changes]
        return "?" + urlencode(kept + [(name, value) for name, value in changes.items() if value is not None])

    def follow(self, href: str) -> str:
        """Link to another page of the same list: its cursor, our language, and HTML again."""
        found = QueryParams(urlsplit(href).query)
        kept = [(name, value) for name, value in found.multi_items() if value and name not in ("f", "lang")]
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
    def _lists_features(self) -> bool:
        return self._path.count("/") == 3 and self.leaf == "items"

    def form(
        self, problem: Mapping[str, Any] | None = None, features: Sequence[Mapping[str, Any]] = ()
    ) -> ItemsForm | None:
        """Return the form of a page of features, with the problem that stopped it; None on any other page."""
        layer = self.layer
        if layer is None or not self._lists_features:
            return None
        fields = layer.definition.queryables
        return ItemsForm(
            layer,
            self._query.multi_items(),
            url=f"{self.service_url}/collections/{quote(layer.definition.id)}/items",
            language=self.language,
            choices={field.name: self._meanings(field) for field in fields if field.codes},
            sample=features[0].get("properties") if features else None,
            problem=problem,
        )

    def lead(self, problem: Mapping[str, Any]) -> str:
        """Return the sentence before a problem's own, in the page's language."""
        name = str(problem.get("field", ""))
        title = self.field_title(name) if self.field(name) else ""
        return lead(problem, language=self.language, title=title)

    def status_title(self, problem: Mapping[str, Any]) -> str:
        """Return the heading of a problem, in the page's language."""
        return status_title(problem, self.language)

    @property
    def is_lonlat(self) -> bool:
        """Whether the geometries of this page are in longitude, latitude and so can be drawn.

        A page of features shows no coordinates, so it has those of CRS84 whatever files of it are asked in.
        """
        return self._lists_features or self.query.get("crs", "CRS84").rstrip("]").endswith(("CRS84", "CRS84h"))

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
        """Return the title of a property of the page's layer."""
        found = self._known(name)
        return found.title.get(self.language) if found else name

    def is_time(self, name: str) -> bool:
        """Tell whether a property is a moment, printed in the city's time."""
        found = self._known(name)
        return found is not None and found.type is FieldType.DATETIME

    def field_unit(self, name: str) -> str:
        """Return the printed unit of a field of the page's layer; empty where it has none."""
        found = self._known(name)
        return measured_in(found, self.language) if found else ""

    def _known(self, name: str) -> LayerField | None:
        """Return a property of the page's layer, those included that every feature has."""
        return self.field(name) or (asked_field(self.layer.definition, name) if self.layer else None)

    def choices(self, name: str) -> list[tuple[str, str]]:
        """Return the codes of a field with their meanings; empty where the field is not coded."""
        found = self.field(name)
        return self._meanings(found) if found else []

    def _meanings(self, field: LayerField) -> list[tuple[str, str]]:
        codes = self._catalogue.code_lists.get(field.codes or "") if self._catalogue else None
        return [(value, title.get(self.language)) for value, title in codes.values.items()] if codes else []

    def meaning(self, name: str, value: Any) -> str:
        """Return what a coded value means; empty where the field is not coded or the code unknown."""
        return dict(self.choices(name)).get(str(value), "")

"""Layers described as OGC collections: where they lie, in which systems and formats they are given."""

from typing import Any, Final
from urllib.parse import quote

from api.negotiation import GEOJSON, HTML, JSON, MAPBOX_STYLE, SCHEMA_JSON
from api.responses import OGC_REL, link
from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.types import Titled
from spatial.crs import CRS84, EPSG4490
from spatial.export.types import FORMATS

GREGORIAN: Final = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
WEB_PAGE: Final = Titled(zh="网页", en="Web page")


def collection_document(layer: PublishedLayer, base: str, language: str) -> dict[str, Any]:
    """Describe a layer as an OGC collection."""
    definition = layer.definition
    document: dict[str, Any] = {
        "id": definition.id,
        "title": definition.title.get(language),
        "description": definition.description.get(language),
        "itemType": "feature",
        "crs": layer.offered_crs,
        "storageCrs": EPSG4490.uri,
        "extent": _extent(layer),
        "featureCount": layer.feature_count,
        "synthetic": definition.synthetic,
        # The id orders the features unless something else is asked for (Features Part 8).
        "defaultSortOrder": ["+id"],
        "links": [*_item_links(layer, base, language), *_other_links(layer, base, language)],
    }
    if definition.attribution:
        document["attribution"] = definition.attribution
    return document


def _item_links(layer: PublishedLayer, base: str, language: str) -> list[dict[str, Any]]:
    """Return the links to the features: GeoJSON first, which older clients take unseen, then every other format."""
    url = f"{base}/collections/{quote(layer.definition.id)}/items"
    title = layer.definition.title.get(language)
    return [
        link(url, "items", GEOJSON, f"{title} · GeoJSON"),
        link(f"{url}?f=html", "items", HTML, f"{title} · {WEB_PAGE.get(language)}"),
        *(
            link(f"{url}?f={one.name}", "items", one.media_type, f"{title} · {one.title.get(language)}")
            for one in FORMATS.values()
            if one.media_type != GEOJSON
        ),
    ]


def _other_links(layer: PublishedLayer, base: str, language: str) -> list[dict[str, Any]]:
    name = quote(layer.definition.id)
    url = f"{base}/collections/{name}"

    def titled(href: str, rel: str, media_type: str, zh: str, en: str) -> dict[str, Any]:
        return link(href, rel, media_type, en if language == "en" else zh)

    return [
        titled(f"{url}/schema", OGC_REL + "schema", SCHEMA_JSON, "字段结构", "Schema"),
        # Some clients know the relation by its short form only.
        titled(f"{url}/schema", "[ogc-rel:schema]", SCHEMA_JSON, "字段结构", "Schema"),
        titled(f"{url}/queryables", OGC_REL + "queryables", SCHEMA_JSON, "可查询字段", "Queryables"),
        titled(f"{url}/sortables", OGC_REL + "sortables", SCHEMA_JSON, "可排序字段", "Sortables"),
        titled(f"{url}/schemas/feature", "describedby", SCHEMA_JSON, "GeoJSON 要素结构", "Schema of the GeoJSON"),
        titled(f"{url}/tiles", OGC_REL + "tilesets-vector", JSON, "矢量瓦片", "Vector tiles"),
        titled(f"{base}/styles/{name}", OGC_REL + "style", MAPBOX_STYLE, "样式", "Style"),
        titled(f"{base}/collections", "up", JSON, "全部图层", "All layers"),
    ]


def _extent(layer: PublishedLayer) -> dict[str, Any]:
    extent: dict[str, Any] = {}
    if layer.extent:
        box = layer.extent
        extent["spatial"] = {"bbox": [[box.west, box.south, box.east, box.north]], "crs": CRS84.uri}
    if layer.definition.time_column and layer.feature_count:
        moments = (layer.valid_from, layer.valid_to)
        extent["temporal"] = {"interval": [[one.isoformat() if one else None for one in moments]], "trs": GREGORIAN}
    return extent

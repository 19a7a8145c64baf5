"""The same selection as command lines."""

from typing import Final
from urllib.parse import urlencode

from spatial.crs import CRS84, Crs, same_numbers

NOT_IN_FILES: Final = ("f", "lang", "limit", "offset", "cursor", "resulttype")
"""Parameters of a page that a file has no use for: it holds everything that matches."""


def curl_line(items_url: str, query: list[tuple[str, str]]) -> str:
    """Return a line that prints the page's features as GeoJSON.

    Examples
    --------
    >>> curl_line("http://host/items", [("q", "it's")])
    "curl --compressed 'http://host/items?q=it%27s&f=json'"
    """
    kept = [(name, value) for name, value in query if name not in {"f", "lang"}]
    return f"curl --compressed {_quoted(items_url, [*kept, ('f', 'json')])}"


def ogr2ogr_line(items_url: str, layer_id: str, query: list[tuple[str, str]], *, crs: Crs = CRS84) -> str:
    """Return a line that fetches everything that matches into a GeoPackage.

    GDAL takes a GeoJSON text sequence for longitude and latitude, so it transforms to another system itself.
    """
    kept = [(name, value) for name, value in query if name not in {*NOT_IN_FILES, "crs"}]
    url = _quoted(items_url, [*kept, ("f", "geojsonseq")])
    target = "" if same_numbers(crs.srid, CRS84.srid) else f" -t_srs EPSG:{crs.srid}"
    return f"ogr2ogr -f GPKG {layer_id}.gpkg 'GeoJSONSeq:{url[1:-1]}' -nln {layer_id}{target}"


def _quoted(items_url: str, query: list[tuple[str, str]]) -> str:
    # urlencode leaves no quote, so nothing can leave the shell's quotes.
    return f"'{items_url}?{urlencode(query)}'"

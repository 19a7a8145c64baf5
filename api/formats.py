"""The formats in which features are answered."""

from typing import Final

from api.negotiation import GEOJSON, HTML
from spatial.export.types import FORMATS

PAGES: Final = ("json", "geojson", "jsonfg", "html")
"""Formats that are read page by page; ``geojson`` is another name for the first."""
FILES: Final = tuple(name for name in FORMATS if name not in PAGES)
"""Formats that hold everything that matches unless a limit is given."""

OFFERED: Final = {
    "json": GEOJSON,
    "geojson": GEOJSON,
    "jsonfg": FORMATS["jsonfg"].media_type,
    "html": HTML,
    **{name: FORMATS[name].media_type for name in FILES},
}
"""Media types by name, the preferred one first."""
LINKED: Final = {name: media_type for name, media_type in OFFERED.items() if name != "geojson"}
"""Formats that an answer links to."""
SINGLE: Final = {name: OFFERED[name] for name in PAGES}
"""Formats of one feature."""
SINGLE_LINKED: Final = {name: media_type for name, media_type in SINGLE.items() if name != "geojson"}
"""Formats that one feature links to."""

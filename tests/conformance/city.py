"""A small city of every kind of layer, known feature by feature; what the standard asks is compared with it.

Four kinds: points with house numbers, polygons with valid times, lines in three dimensions, and a layer that came from
a file, with Chinese names of fields and texts as ids of its owner.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from spatial.db.access import Access
from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions
from tests import builders

CONF: Final = "http://www.opengis.net/spec/"
PART_1: Final = CONF + "ogcapi-features-1/1.0/conf/"
PART_2: Final = CONF + "ogcapi-features-2/1.0/conf/"
PART_3: Final = CONF + "ogcapi-features-3/1.0/conf/"
CQL2: Final = CONF + "cql2/1.0/conf/"

DEF: Final = "http://www.opengis.net/def/crs/"
CRS84: Final = DEF + "OGC/1.3/CRS84"
CRS84H: Final = DEF + "OGC/0/CRS84h"
EPSG: Final = DEF + "EPSG/0/"

POINTS, POLYGONS, LINES, IMPORTED = "addresses", "buildings", "pipe_segments", "signs"
LAYERS: Final = (POINTS, POLYGONS, LINES, IMPORTED)
"""One layer of each kind."""
POINTS_COUNT: Final = 25


@dataclass(frozen=True)
class Building:
    """One building: a square of 0.001 degree by its south-west corner."""

    code: str
    lon: float
    lat: float = 31.8
    floors: int = 6
    use: str = "residential"
    name: str | None = None
    height_m: float = 18.0
    built_year: int | None = 2001
    start: str = "2001-01-01T00:00:00Z"
    end: str | None = None

    @property
    def began(self) -> datetime:
        """First instant at which it is there."""
        return datetime.fromisoformat(self.start)

    @property
    def ended(self) -> datetime:
        """First instant at which it is there no more."""
        return datetime.fromisoformat(self.end) if self.end else datetime.max.replace(tzinfo=UTC)


BUILDINGS: Final = (
    Building("W", 117.200, floors=3, name="西楼", height_m=9.5),
    Building("M", 117.210, floors=6, use="office", built_year=None, name="Café Müller"),
    Building("E", 117.220, floors=33, height_m=99.5, start="2020-01-01T00:00:00Z", name="长江大厦"),
    Building("X", 117.230, floors=6, use="public", name="</script><script>alert(1)</script>"),
    Building("O", 117.240, floors=1, start="2010-01-01T00:00:00Z", end="2020-01-01T00:00:00Z"),
    Building("A", 117.230, 31.805, floors=12, use="commercial", name="100%_\\'", built_year=1999),
)
SIGNS: Final = tuple(
    {"名称": f"标牌{number}", "高度": number + 0.5, "层数": number, "启用": number % 2 == 0} for number in range(5)
)


def build(access: Access, folder: Path) -> None:
    """Fill an empty city."""
    with psycopg.connect(access.owner_url) as conn:
        for one in BUILDINGS:
            _add(conn, one)
        for number in range(POINTS_COUNT):
            builders.add_address(conn, f"A{number:02}", 117.2 + number / 1000, 31.81, number=number)
        builders.add_pipe(conn, "P1", wkt="LINESTRING Z(117.2 31.82 18.5,117.201 31.82 18.4)")
        builders.add_pipe(conn, "P2", wkt="LINESTRING Z(117.2 31.82 8.5,117.201 31.82 8.4)", kind="gas")
        builders.refresh(conn)
    path = folder / "signs.geojson"
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "Point", "coordinates": [117.2 + number / 100, 31.83]},
        }
        for number, properties in enumerate(SIGNS)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    with psycopg.connect(access.owner_url) as conn:
        options = ImportOptions(layer=IMPORTED, reports=folder / "reports", title="标牌")
        import_file(conn, path, options, progress=lambda *_: None)


def _add(conn: psycopg.Connection[Any], one: Building) -> None:
    builders.add_square(
        conn,
        one.lon,
        one.lat,
        code=one.code,
        floors=one.floors,
        use=one.use,
        name=one.name,
        height_m=one.height_m,
        built_year=one.built_year,
        valid=f"[{one.start},{one.end or ''})",
    )

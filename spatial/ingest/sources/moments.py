"""Times that GDAL gives as text, so that their zones are not lost (FlatGeobuf says them value by value)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from spatial.ingest.values import ZONED
from spatial.time import CITY_TIME


def moment_names(about: dict[str, Any]) -> frozenset[str]:
    """Return the names of a layer's columns of times, from what pyogrio tells of it."""
    named = zip(about["fields"], about["ogr_types"], strict=True)
    return frozenset(str(name) for name, kind in named if kind == "OFTDateTime")


def with_moments(table: pa.Table, names: Collection[str]) -> pa.Table:
    """Turn texts of times into times: of UTC where every one has a zone, else of the city's wall clock."""
    for position, name in enumerate(table.column_names):
        column = table.column(position)
        if name in names and pa.types.is_string(column.type):
            table = table.set_column(position, name, _moments(column.combine_chunks()))
    return table


def _moments(texts: pa.Array) -> pa.Array:
    zoned = pc.match_substring_regex(texts, ZONED)
    if pc.all(zoned).as_py() is not False:
        return texts.cast(pa.timestamp("us", "UTC"))
    if pc.any(zoned).as_py():
        return pa.array([_wall_clock(one) for one in texts.to_pylist()], pa.timestamp("us"))
    return texts.cast(pa.timestamp("us"))


def _wall_clock(text: str | None) -> datetime | None:
    """Read one time as the city's clock shows it; one without a zone is taken for that already."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(ZoneInfo(CITY_TIME)).replace(tzinfo=None) if moment.tzinfo else moment

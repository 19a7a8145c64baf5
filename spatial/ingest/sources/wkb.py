"""Well-known binary to geometries, with a reason for each that cannot be read."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import shapely

from spatial.ingest.types import Geometries

CURVED: Final = "The geometry is curved, which is not supported: turn arcs into straight pieces first."


def from_wkb(values: Sequence[bytes | None]) -> tuple[Geometries, dict[int, str]]:
    """Read geometries; those that fail are None, and a sentence stands at their index."""
    raw = np.empty(len(values), dtype=object)
    raw[:] = values
    return _read(raw, shapely.from_wkb)


def from_wkt(values: Sequence[str | None]) -> tuple[Geometries, dict[int, str]]:
    """Read geometries from text; those that fail are None, and a sentence stands at their index."""
    raw = np.empty(len(values), dtype=object)
    raw[:] = values
    return _read(raw, shapely.from_wkt)


def _read(raw: Geometries, read: Callable[..., Any]) -> tuple[Geometries, dict[int, str]]:
    try:
        geometries: Geometries = read(raw, on_invalid="ignore")
    except NotImplementedError:
        # One curve stops all that were read with it, so all are read alone.
        geometries = np.full(len(raw), None, dtype=object)
    return geometries, _reasons(raw, geometries, read)


def _reasons(raw: Geometries, geometries: Geometries, read: Callable[..., Any]) -> dict[int, str]:
    """Ask again for each that failed, and keep the few that only failed in company."""
    reasons = {}
    for index in (at for at, one in enumerate(geometries) if one is None and raw[at] is not None):
        try:
            geometries[index] = read(raw[index])
        except NotImplementedError:
            reasons[index] = CURVED
        except (shapely.errors.GEOSException, TypeError, ValueError) as error:
            told = str(error).removeprefix("ParseException: ").rstrip(".")
            reasons[index] = f"The geometry cannot be read: {told}."
    return reasons

"""What a replay finds: lines with a verdict, and the versions of QGIS that they concern."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from spatial.catalogue.types import Titled

OLD: Final = "3.22-3.28"
"""WGS 84 only; boxes and moments are all it asks the server for."""
MIDDLE: Final = "3.30-3.43"
"""Other reference systems, CQL2 and editing; spatial filters by the class ``basic-spatial-operators``."""
NEW: Final = "3.44-"
"""Spatial filters also by the class ``basic-spatial-functions``."""
NEXT: Final = "4.x"
"""FlatGeobuf and JSON-FG, paged by headers."""
ALL: Final = (OLD, MIDDLE, NEW, NEXT)
SINCE_CRS: Final = (MIDDLE, NEW, NEXT)


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    LOSS = "loss"
    """The user lacks something that QGIS could do."""
    FAULT = "fault"
    """The server breaks its word, or the layer cannot be loaded."""
    UNTESTED = "untested"
    """There was nothing to try it with."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one check found.

    Attributes
    ----------
    check
        A name for programs, such as ``filter.like``.
    title
        The same for people.
    found
        What was seen, in a few words.
    advice
        What the user loses and what the operator should do; None where all is well.
    versions
        The versions of QGIS that it concerns.
    """

    check: str
    title: Titled
    verdict: Verdict
    found: str = ""
    advice: Titled | None = None
    versions: tuple[str, ...] = ALL


class Stop(Exception):
    """QGIS cannot load the layer, so nothing more can be asked; the last line says why."""

"""Whether a layer of this id may be made, replaced or appended to; and nobody else's turn until we are done."""

from dataclasses import dataclass
from typing import Any

import psycopg

from spatial.catalogue.errors import BuiltInLayer, LayerExists, UnknownLayer
from spatial.catalogue.types import Layer
from spatial.ingest.errors import ImportRunning
from spatial.ingest.types import ImportOptions, Mode


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write a layer, for the length of the transaction.

    Attributes
    ----------
    existing
        The layer that is replaced or appended to; None for a new one.
    appends
        Whether its rows stay.
    """

    existing: Layer | None
    appends: bool

    @property
    def dimension(self) -> int | None:
        """Dimension that appended geometries must have; None where any will do."""
        return self.existing.geometry.type.dimension if self.existing and self.appends else None


def claim(conn: psycopg.Connection[Any], options: ImportOptions) -> Claim:
    """Take the layer's id for this transaction.

    Raises
    ------
    ImportRunning
        Another transaction has it.
    LayerExists, BuiltInLayer, UnknownLayer
        What stands there, or does not, forbids the asked mode.
    """
    locked = conn.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('import:' || %s, 0))", [options.layer]
    ).fetchone()
    if not (locked and locked[0]):
        raise ImportRunning(options.layer)
    row = conn.execute("SELECT origin, definition FROM catalogue.layer WHERE id = %s", [options.layer]).fetchone()
    if row is None:
        if options.mode is Mode.APPEND:
            raise UnknownLayer(options.layer)
        return Claim(None, appends=False)
    origin, definition = row
    if origin != "imported":
        raise BuiltInLayer(options.layer)
    if options.mode is Mode.CREATE:
        raise LayerExists(options.layer)
    return Claim(Layer(**definition), appends=options.mode is Mode.APPEND)

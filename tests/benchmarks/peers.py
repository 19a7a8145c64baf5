"""The peers: tipg and stock pygeoapi over the same tables of the same PostGIS, each in one environment of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from spatial.catalogue.catalogue import Catalogue
from tests.benchmarks.measure import Bench, Cost

MUST: Final = 5.0


@dataclass(frozen=True, slots=True)
class PeerResult:
    """A peer beside us, on the same boxes."""

    name: str
    theirs: Cost
    ours: Cost
    must: float = MUST

    @property
    def ratio(self) -> float:
        """Our rate as a multiple of theirs."""
        return self.ours.rate / self.theirs.rate

    @property
    def holds(self) -> bool:
        """True where we are as much faster as we must be."""
        return self.ratio >= self.must


def measure_peers(bench: Bench, catalogue: Catalogue, conn: psycopg.Connection[Any]) -> Sequence[PeerResult]:
    return []

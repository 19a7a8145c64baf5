"""Deep pages: a page in the middle and one at the end must cost what the first one costs."""

import asyncio
import statistics
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from spatial.catalogue.catalogue import Catalogue
from tests.benchmarks.clients import ask
from tests.benchmarks.filters import PAGED
from tests.benchmarks.measure import Bench, Cost, middle, take_turns
from tests.benchmarks.walk import STRIDE, cursors
from tests.benchmarks.workload import page_path

MUST: Final = 1.3
LIMIT: Final = 10
NEIGHBOURS: Final = 8
"""Different pages around the middle."""


@dataclass(frozen=True, slots=True)
class DeepPages:
    """Pages of one selection in its beginning, its middle and its end.

    Attributes
    ----------
    depth
        About how many features lie before the last page.
    """

    name: str
    depth: int
    turns: Mapping[str, Sequence[Cost]]
    must: float = MUST

    def cost(self, place: str) -> Cost:
        """Return what a page costs in the middle turn."""
        return middle(self.turns[place])

    def ratio(self, place: str) -> float:
        """Return a page's cost as a multiple of the first one's in the turn beside it, in the middle of all."""
        pairs = zip(self.turns[place], self.turns["first"], strict=True)
        return statistics.median(deep.total_ms / first.total_ms for deep, first in pairs)

    @property
    def worst(self) -> float:
        """The larger ratio."""
        return max(self.ratio("middle"), self.ratio("end"))

    @property
    def holds(self) -> bool:
        """True where depth costs nothing."""
        return self.worst <= self.must


def measure_deep(bench: Bench, catalogue: Catalogue) -> list[DeepPages]:
    """Measure every selection that fills many pages."""
    return [_measure(bench, catalogue, name) for name in PAGED]


def _measure(bench: Bench, catalogue: Catalogue, name: str) -> DeepPages:
    layer_id, asked = PAGED[name]
    layer = catalogue.layer(layer_id)
    found = cursors(bench.base_url, layer, **asked)
    half = max(len(found) // 2 - NEIGHBOURS // 2, 0)
    paths = {
        "first": [page_path(layer, limit=LIMIT, **asked)],
        "middle": [page_path(layer, limit=LIMIT, **asked, cursor=one) for one in found[half : half + NEIGHBOURS]],
        "end": [page_path(layer, limit=LIMIT, **asked, cursor=found[-1])],
    }
    runs = {place: _run(bench, some) for place, some in paths.items()}
    turns = asyncio.run(take_turns(bench, runs, dict.fromkeys(runs, bench.server_pid)))
    return DeepPages(name, len(found) * STRIDE, turns)


def _run(bench: Bench, paths: Sequence[str]) -> Callable[[int], Coroutine[Any, Any, None]]:
    return partial(_ask, bench.base_url, paths)


async def _ask(base_url: str, paths: Sequence[str], count: int) -> None:
    await ask(base_url, islice(cycle(paths), count))

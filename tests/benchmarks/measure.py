"""Measuring: contestants take turns, and the middle of their rounds counts."""

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Final

from spatial.db.access import Access
from spatial.db.pool import ReadPool
from tests.benchmarks.clients import CONNECTIONS, HttpClient, ask, run_bare, wrk_rate
from tests.benchmarks.cpu import tree_cpu_s
from tests.benchmarks.floor import bare_pool
from tests.benchmarks.workload import Workload, matches

ROUNDS: Final = 7
"""Many short turns rather than few long ones: what else runs on the machine then disturbs all alike."""
LIGHT_ROUNDS: Final = 3
WARM_UP: Final = 25
"""Requests of each connection before a measurement; PostgreSQL settles on a plan after five."""
COUNTS: Final = (40, 6_000)
"""Requests of a turn, at least and at most."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request costs.

    Attributes
    ----------
    server_ms, postgres_ms
        CPU milliseconds of the web server and of PostgreSQL.
    rate
        Requests per second by the clock, while the load generator takes its part of the same cores.
    """

    server_ms: float
    postgres_ms: float
    rate: float

    @property
    def total_ms(self) -> float:
        """CPU milliseconds of both."""
        return self.server_ms + self.postgres_ms


@dataclass(frozen=True, slots=True)
class Bench:
    """What measurements need: the server under test, its database, and the two processes whose CPU counts."""

    base_url: str
    server_pid: int
    postgres_pid: int
    access: Access
    seconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A kind of request beside its bare statement, turn by turn."""

    workload: Workload
    our_turns: Sequence[Cost]
    floor_turns: Sequence[Cost]

    @property
    def ours(self) -> Cost:
        """A request's cost in the middle turn."""
        return middle(self.our_turns)

    @property
    def floor(self) -> Cost:
        """The bare statement's cost in the middle turn."""
        return middle(self.floor_turns)

    @property
    def ratio(self) -> float:
        """Cost of a request as a multiple of the bare statement's in the turn beside it, in the middle of all."""
        turns = zip(self.our_turns, self.floor_turns, strict=True)
        return statistics.median(ours.total_ms / floor.postgres_ms for ours, floor in turns)

    @property
    def holds(self) -> bool:
        """True where the ratio is within what it must be, or nothing is asked of it."""
        return self.workload.must is None or self.ratio <= self.workload.must


@dataclass(frozen=True, slots=True)
class Light:
    """A route that asks no database.

    Attributes
    ----------
    clock_rate
        Requests per second by the clock.
    cpu_rate
        Requests per CPU second of the worker: the rate of one worker with a core to itself.
    must
        The least that the rate by the clock must be.
    """

    path: str
    clock_rate: float
    cpu_rate: float
    must: float

    @property
    def holds(self) -> bool:
        """True where the route is as fast as it must be."""
        return self.clock_rate >= self.must


Run = Callable[[int], Coroutine[Any, Any, None]]
"""Sends a number of requests and waits for their answers."""


def compare(bench: Bench, workload: Workload) -> Comparison:
    """Measure requests beside their statements on PostgreSQL itself."""
    return asyncio.run(_compare(bench, workload))


async def _compare(bench: Bench, workload: Workload) -> Comparison:
    async with bare_pool(bench.access) as pool:
        await _check_answers(bench, pool, workload)
        costs = await take_turns(
            bench,
            {
                "ours": lambda count: ask(bench.base_url, workload.some_paths(count)),
                "floor": lambda count: run_bare(pool, workload.some_statements(count)),
            },
            {"ours": bench.server_pid},
        )
    return Comparison(workload, costs["ours"], costs["floor"])


async def _check_answers(bench: Bench, pool: ReadPool, workload: Workload) -> None:
    """See that the statements are those that the server runs."""
    client = await HttpClient.connect(bench.base_url)
    async with pool.connection() as conn:
        for path, statement in islice(zip(workload.paths, workload.statements, strict=True), 5):
            answer, row = await client.get(path), await conn.fetchrow(statement.sql, *statement.args)
            if not matches(row, answer.body):
                raise RuntimeError(f"{path} is not answered by the statement that is measured beside it.")
    client.close()


async def take_turns(bench: Bench, runs: Mapping[str, Run], servers: Mapping[str, int]) -> dict[str, list[Cost]]:
    """Run contestants in alternation.

    Parameters
    ----------
    runs
        Contestants by name; all get the same number of requests.
    servers
        Process of the web server by contestant; those without one are PostgreSQL alone.
    """
    turns: dict[str, list[Cost]] = {name: [] for name in runs}
    count = 0
    for name, run in runs.items():
        await run(WARM_UP * CONNECTIONS)
        probe = await _one_turn(bench, run, 2 * WARM_UP, servers.get(name))
        wanted = round(bench.seconds / ROUNDS * 1000 / max(probe.total_ms, 0.01))
        count = max(count, min(max(wanted, COUNTS[0]), COUNTS[1]))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            turns[name].append(await _one_turn(bench, run, count, servers.get(name)))
    return turns


async def _one_turn(bench: Bench, run: Run, count: int, server_pid: int | None) -> Cost:
    server = tree_cpu_s(server_pid) if server_pid else 0.0
    postgres, clock = tree_cpu_s(bench.postgres_pid), time.perf_counter()
    await run(count)
    clock = time.perf_counter() - clock
    postgres = tree_cpu_s(bench.postgres_pid) - postgres
    server = tree_cpu_s(server_pid) - server if server_pid else 0.0
    return Cost(server / count * 1000, postgres / count * 1000, count / clock)


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the turn of the median total: its parts belong together."""
    median = statistics.median_low(cost.total_ms for cost in costs)
    return next(cost for cost in costs if cost.total_ms == median)


def measure_light(bench: Bench, path: str, *, must: float) -> Light:
    """Measure a route that asks no database: wrk where there is one, else our own client."""
    measured = [_light_round(bench, path) for _ in range(LIGHT_ROUNDS)]
    clock, cpu = (statistics.median(values) for values in zip(*measured, strict=True))
    return Light(path, clock, cpu, must)


def _light_round(bench: Bench, path: str) -> tuple[float, float]:
    cpu, clock = tree_cpu_s(bench.server_pid), time.perf_counter()
    rate = wrk_rate(bench.base_url + path, seconds=bench.seconds / LIGHT_ROUNDS)
    if rate is None:
        count = round(1_000 * bench.seconds)
        asyncio.run(ask(bench.base_url, islice(cycle([path]), count)))
        rate = count / (time.perf_counter() - clock)
    clock = time.perf_counter() - clock
    return rate, rate * clock / (tree_cpu_s(bench.server_pid) - cpu)

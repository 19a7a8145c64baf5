"""The result: tables for the terminal and for Markdown, and everything as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.deep import DeepPages
from tests.benchmarks.measure import Comparison, Light
from tests.benchmarks.peers import LIMIT, PeerResult
from tests.benchmarks.plans import PlanCost
from tests.benchmarks.streams import Stream


@dataclass(slots=True)
class Report:
    """Everything that one run measured; filled as it goes."""

    command: str
    city: str
    light: list[Light] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    plans: list[PlanCost] = field(default_factory=list)
    deep: list[DeepPages] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    peers: list[PeerResult] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """What does not hold."""
        return [
            *(
                f"GET {one.path}: {one.clock_rate:,.0f}/s, must be {one.must:,.0f}/s"
                for one in self.light
                if not one.holds
            ),
            *(
                f"{one.workload.name}: {one.ratio:.2f} times the bare statement, must be {one.workload.must}"
                for one in self.comparisons
                if not one.holds
            ),
            *(
                f"deep pages of {one.name}: {one.worst:.2f} times the first page, must be {one.must:g}"
                for one in self.deep
                if not one.holds
            ),
            *(
                f"{one.format} file: memory rises by {one.growth_mb:,.0f} MB, must be {one.must:,.0f} MB"
                for one in self.streams
                if not one.holds
            ),
            *(
                f"{one.name}: only {one.ratio:.1f} times faster, must be {one.must:g}"
                for one in self.peers
                if not one.holds
            ),
        ]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def sheets(report: Report) -> list[Sheet]:
    """Return the tables of a report."""
    every = [
        Sheet(
            "Against the same SQL on PostgreSQL (CPU ms of a request)",
            ["request", "matched", "server", "PostgreSQL", "bare SQL", "ratio", "must be", ""],
            [_comparison_row(one) for one in report.comparisons],
        ),
        Sheet(
            "Routes without a database (requests/s)",
            ["route", "by the clock, shared cores", "of one worker's CPU second", "must be", ""],
            [_light_row(one) for one in report.light],
        ),
        Sheet(
            "Deep pages of ten (CPU ms of server and PostgreSQL)",
            [
                "selection",
                "features before the end",
                "first",
                "middle",
                "end",
                "middle / first",
                "end / first",
                "must be",
                "",
            ],
            [_deep_row(one) for one in report.deep],
        ),
        Sheet(
            "Files (MB of the server's resident memory)",
            ["format", "features", "MB", "features/s", "before", "peak", "after", "rise", "must be", ""],
            [_stream_row(one) for one in report.streams],
        ),
        Sheet(
            "Plans of a page of ten (CPU ms of the bare SQL)",
            ["page", "shape", "chosen", "the other shape", ""],
            [_plan_row(one) for one in report.plans],
        ),
        Sheet(
            f"Peers on the same boxes, limit {LIMIT}",
            ["server", "requests/s", "ours", "ours / theirs", "CPU ms", "our CPU ms", "must be", ""],
            [_peer_row(one) for one in report.peers],
        ),
    ]
    return [one for one in every if one.rows]


def _comparison_row(one: Comparison) -> list[str]:
    workload = one.workload
    return [
        workload.name,
        f"{workload.matched:,}" if workload.matched else "",
        f"{one.ours.server_ms:.3f}",
        f"{one.ours.postgres_ms:.3f}",
        f"{one.floor.postgres_ms:.3f}",
        f"{one.ratio:.2f}",
        f"≤ {workload.must:g}" if workload.must else "",
        _mark(one),
    ]


def _light_row(one: Light) -> list[str]:
    return [one.path, f"{one.clock_rate:,.0f}", f"{one.cpu_rate:,.0f}", f"≥ {one.must:,.0f}", _mark(one)]


def _deep_row(one: DeepPages) -> list[str]:
    costs = [f"{one.cost(place).total_ms:.3f}" for place in ("first", "middle", "end")]
    ratios = [f"{one.ratio(place):.2f}" for place in ("middle", "end")]
    return [one.name, f"{one.depth:,}", *costs, *ratios, f"≤ {one.must:g}", _mark(one)]


def _stream_row(one: Stream) -> list[str]:
    memory = [f"{one.before_mb:,.0f}", f"{one.peak_mb:,.0f}", f"{one.after_mb:,.0f}", f"{one.growth_mb:,.0f}"]
    pace = f"{one.features / one.seconds:,.0f}"
    return [one.format, f"{one.features:,}", f"{one.size_mb:,.1f}", pace, *memory, f"≤ {one.must:,.0f}", _mark(one)]


def _plan_row(one: PlanCost) -> list[str]:
    other = "" if one.other_ms is None else f"{one.other_ms:.2f}"
    return [one.name, one.shape, f"{one.chosen_ms:.2f}", other, "?" if one.is_suspect else ""]


def _peer_row(one: PeerResult) -> list[str]:
    return [
        one.name,
        f"{one.theirs.rate:,.1f}",
        f"{one.ours.rate:,.1f}",
        f"{one.ratio:.1f}",
        f"{one.theirs.total_ms:.1f}",
        f"{one.ours.total_ms:.1f}",
        f"≥ {one.must:g}",
        _mark(one),
    ]


def _mark(one: Comparison | Light | PeerResult | DeepPages | Stream) -> str:
    must = one.workload.must if isinstance(one, Comparison) else one.must
    return "" if must is None else "✓" if one.holds else "✗"


def show(report: Report, console: Console) -> None:
    """Print the tables."""
    for sheet in sheets(report):
        table = Table(title=sheet.title, title_justify="left")
        for index, column in enumerate(sheet.columns):
            table.add_column(column, justify="right" if index else "left", no_wrap=not index)
        for row in sheet.rows:
            table.add_row(*row, style="red" if row[-1] in {"✗", "?"} else None)
        console.print(table)


def save(report: Report, stem: Path) -> None:
    """Write ``<stem>.json`` and ``<stem>.md``."""
    document = {
        "command": report.command,
        "city": report.city,
        "machine": machine(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "failures": report.failures,
        "light": [asdict(one) for one in report.light],
        "comparisons": [_plain(one) for one in report.comparisons],
        "plans": [asdict(one) for one in report.plans],
        "deep": [asdict(one) | {"middle": one.ratio("middle"), "end": one.ratio("end")} for one in report.deep],
        "streams": [asdict(one) for one in report.streams],
        "peers": [asdict(one) | {"ratio": one.ratio} for one in report.peers],
    }
    stem.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(markdown(report), encoding="utf-8")


def _plain(one: Comparison) -> dict[str, Any]:
    workload = one.workload
    return {
        "name": workload.name,
        "matched": workload.matched,
        "ours": asdict(one.ours),
        "floor": asdict(one.floor),
        "ratio": one.ratio,
        "must": workload.must,
    }


def markdown(report: Report) -> str:
    """Return the tables as Markdown."""
    lines = [f"`{report.command}` on {machine()}; {report.city}.", ""]
    for sheet in sheets(report):
        lines += [f"### {sheet.title}", "", _line(sheet.columns), _line(["---", *["--:"] * (len(sheet.columns) - 1)])]
        lines += [*(_line(row) for row in sheet.rows), ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> str:
    """Tell what the numbers were measured on, and how busy it was in the last quarter of an hour."""
    load = os.getloadavg()[2]
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, load average {load:.1f}"

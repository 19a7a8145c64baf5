"""What the commands print: Chinese first, English after it, on one terminal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

console: Final = Console(highlight=False, soft_wrap=True)
"""Answers; progress and steps go to the same terminal, failures go to standard error."""


def step(chinese: str, english: str) -> None:
    """Say what happens now."""
    console.print(f"[bold cyan]»[/] {chinese} [dim]/ {english}[/]")


def good(chinese: str, english: str) -> None:
    """Say that something is done."""
    console.print(f"[bold green]✓[/] {chinese} [dim]/ {english}[/]")


Tell = Callable[[str, int, int | None], None]
"""Called with a stage, how much of it is done, and of how much, where that is known."""


@contextmanager
def progress_bar(
    chinese: str, english: str, *, stages: Mapping[str, str] = MappingProxyType({}), first: str = ""
) -> Iterator[Tell]:
    """Show one bar for each stage while the block runs; on a terminal only, a log gets one line.

    Parameters
    ----------
    stages
        What a stage is called, where that is not its own name.
    first
        What is shown until the first stage begins.
    """
    if not console.is_terminal:
        step(chinese, english)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        waiting = bar.add_task(first or chinese, total=None)
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int | None) -> None:
            bar.update(waiting, visible=False)
            if stage not in tasks:
                tasks[stage] = bar.add_task(stages.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield tell

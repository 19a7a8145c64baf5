"""What the commands print: Chinese first, English after it, on one terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console: Final = Console(highlight=False, soft_wrap=True)
"""Answers; progress and steps go to the same terminal, failures go to standard error."""


def step(chinese: str, english: str) -> None:
    """Say what happens now."""
    console.print(f"[bold cyan]»[/] {chinese} [dim]/ {english}[/]")


def good(chinese: str, english: str) -> None:
    """Say that something is done."""
    console.print(f"[bold green]✓[/] {chinese} [dim]/ {english}[/]")


@contextmanager
def progress_bar(chinese: str, english: str) -> Iterator[Progress]:
    """Show bars while the block runs; on a terminal only, a log gets one line."""
    if not console.is_terminal:
        step(chinese, english)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        yield bar

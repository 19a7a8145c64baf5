"""What a replay found, for people and for programs."""

from collections.abc import Iterable
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

import orjson
from rich.console import Console
from rich.markup import escape

from api.clients.types import ALL, Line, Verdict

SIGNS: Final = MappingProxyType(
    {
        Verdict.OK: "[green]✓[/]",
        Verdict.LOSS: "[yellow]![/]",
        Verdict.FAULT: "[bold red]✗[/]",
        Verdict.UNTESTED: "[dim]·[/]",
    }
)


def has_fault(lines: Iterable[Line]) -> bool:
    """Tell whether anything is broken."""
    return any(line.verdict is Verdict.FAULT for line in lines)


def print_report(console: Console, url: str, lines: Iterable[Line]) -> list[Line]:
    """Print each line when it is found, and what it means for each version of QGIS; return the lines."""
    console.print(f"[bold]QGIS → {clean(without_password(url))}[/]")
    kept: list[Line] = []
    for line in lines:
        kept.append(line)
        _print(console, line)
    console.print()
    for version in ALL:
        faults, losses = _counted(kept, version)
        sign = SIGNS[Verdict.FAULT if faults else Verdict.LOSS if losses else Verdict.OK]
        console.print(f"{sign} QGIS {version}  故障 {faults}，损失 {losses} [dim]/ {faults} faults, {losses} losses[/]")
    if has_fault(kept):
        console.print("[bold red]有故障，请按 → 处理[/] [dim]/ faults are to be mended[/]")
    elif any(line.verdict is Verdict.LOSS for line in kept):
        console.print("[bold yellow]可用，但 QGIS 用户有所损失[/] [dim]/ usable, with losses[/]")
    else:
        console.print("[bold green]QGIS 能用上全部功能[/] [dim]/ QGIS can use all of it[/]")
    return kept


def as_document(url: str, lines: list[Line]) -> str:
    """Return the lines as JSON."""
    document: dict[str, Any] = {
        "client": "qgis",
        "url": without_password(url),
        "ok": not has_fault(lines),
        "versions": {
            version: dict(zip(("faults", "losses"), _counted(lines, version), strict=True)) for version in ALL
        },
        "checks": [
            asdict(line)
            | {"title": line.title.model_dump(), "advice": line.advice.model_dump() if line.advice else None}
            for line in lines
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _print(console: Console, line: Line) -> None:
    where = "" if line.versions == ALL else f"  [dim]QGIS {', '.join(line.versions)}[/]"
    console.print(f"{SIGNS[line.verdict]} {line.title.zh} {line.title.en}  [dim]{clean(line.found)}[/]{where}")
    if line.advice:
        console.print(f"    → {clean(line.advice.zh)}")
        console.print(f"      [dim]{clean(line.advice.en)}[/]")


def _counted(lines: Iterable[Line], version: str) -> tuple[int, int]:
    concerned = [line.verdict for line in lines if version in line.versions]
    return concerned.count(Verdict.FAULT), concerned.count(Verdict.LOSS)


def clean(text: str) -> str:
    """Return a server's text so that it cannot colour or steer the terminal."""
    return escape("".join(one if one.isprintable() else "·" for one in text))


def without_password(url: str) -> str:
    """Return an address without the user and the password in it, and without its parameters."""
    head, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{head}{mark}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"

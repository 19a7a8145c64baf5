"""``shikong doctor``: is everything here, does it work, and what to do where it does not.

With ``--as qgis`` it asks a server, ours or a stranger's, what QGIS would ask.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import psycopg
import typer
from alembic.script import ScriptDirectory

from api.cli import note, server
from api.cli.console import console
from api.clients.qgis import replay
from api.clients.report import as_document, has_fault, print_report
from data.catalogue.read import read_layers
from data.migrate import alembic_config
from spatial.catalogue.queries import load_catalogue
from spatial.db.access import Access, cluster_of, current_access
from spatial.db.binaries import find_binaries
from spatial.db.roles import Login
from spatial.errors import CityError, InvalidInput, Unavailable
from spatial.settings import Settings, get_settings

GIGABYTE: Final = 1_000_000_000
MIN_POSTGIS: Final = (3, 3)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    what
        The part that was looked at, in Chinese and English.
    found
        What is there, in a few words.
    advice
        What to do; empty where all is well.
    is_fatal
        False where the platform works without it.
    """

    what: str
    found: str
    advice: str = ""
    is_fatal: bool = True


Check = Callable[[], Iterable[Finding]]


class Client(StrEnum):
    """Programs whose requests can be replayed."""

    QGIS = "qgis"


def doctor(
    url: Annotated[
        str | None, typer.Argument(help="服务器首页地址 / landing page; 缺省为本机 / ours by default.")
    ] = None,
    client: Annotated[
        Client | None, typer.Option("--as", help="像此软件一样访问 / ask a server as this program would.")
    ] = None,
    collection: Annotated[str | None, typer.Option(help="图层，缺省为第一个 / layer, the first by default.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="给程序看 / for programs.")] = False,
) -> None:
    """体检 / check the installation, or a server as a client program sees it, and say what to do."""
    settings = get_settings()
    if client is None:
        if url or collection or is_json:
            raise InvalidInput("Say as which program the server is to be asked: --as qgis URL", field="--as")
        is_well = examine(settings)
    else:
        is_well = ask_as_qgis(url or _own_url(settings), collection, is_json=is_json)
    if not is_well:
        raise typer.Exit(1)


def ask_as_qgis(url: str, collection: str | None, *, is_json: bool) -> bool:
    """Replay QGIS's requests against a server, print what a user would lose, and tell whether nothing is broken."""
    if is_json:
        lines = [*replay(url, collection=collection)]
        typer.echo(as_document(url, lines))
    else:
        lines = print_report(console, url, replay(url, collection=collection))
    return not has_fault(lines)


def _own_url(settings: Settings) -> str:
    one = note.running(settings)
    if one is None:
        raise Unavailable("No server of ours is running. Start it with ./run up, or name an address.")
    return one.url


def examine(settings: Settings) -> bool:
    """Run every check, print what it found, and tell whether nothing is wrong."""
    checks: list[tuple[str, Check]] = [
        ("Python", _python),
        ("状态目录 state", lambda: _state(settings)),
        ("PostgreSQL", lambda: _programs(settings)),
        ("数据库 database", lambda: _database(settings)),
        ("地图组件 map assets", lambda: _assets(settings)),
        ("网站 server", lambda: _server(settings)),
        ("中文字体 fonts", _fonts),
    ]
    wrong = 0
    for what, check in checks:
        for finding in _guarded(what, check):
            wrong += bool(finding.advice and finding.is_fatal)
            _show(finding)
    console.print()
    if wrong:
        console.print(f"[bold red]{wrong} 处需要处理[/] [dim]/ to be mended: {wrong}[/]")
    else:
        console.print("[bold green]一切正常[/] [dim]/ all is well[/]")
    return wrong == 0


def _guarded(what: str, check: Check) -> Iterator[Finding]:
    """Turn the failure of a check into what it found."""
    try:
        yield from check()
    except CityError as error:
        yield Finding(what, "✗", str(error))
    except (psycopg.Error, OSError) as error:
        yield Finding(what, type(error).__name__, str(error).strip())


def _show(finding: Finding) -> None:
    sign = "[green]✓[/]" if not finding.advice else "[bold red]✗[/]" if finding.is_fatal else "[yellow]![/]"
    console.print(f"{sign} {finding.what}  [dim]{finding.found}[/]")
    if finding.advice:
        console.print(f"    → {finding.advice}")


def _python() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("Python", version, "" if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed.")


def _state(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir
    if not folder.is_dir():
        yield Finding("状态目录 state", str(folder), "It is not there yet. Make it with: ./run up")
        return
    probe = folder / ".probe"
    probe.touch()
    probe.unlink()
    free = shutil.disk_usage(folder).free
    advice = "" if free > GIGABYTE else "Less than 1 GB is free; PostgreSQL stops when the disk is full. Make room."
    yield Finding("状态目录 state", f"{folder}, {free / GIGABYTE:.0f} GB free", advice)


def _programs(settings: Settings) -> Iterator[Finding]:
    if settings.database_url:
        yield Finding("PostgreSQL", "DATABASE_URL, no embedded cluster")
        return
    cluster = cluster_of(settings)
    binaries = cluster.binaries if (cluster.data / "PG_VERSION").exists() else find_binaries()
    yield Finding("PostgreSQL", f"{binaries.major} in {binaries.folder}")
    pid = cluster.pid()
    yield Finding("内置数据库 embedded cluster", f"pid {pid}" if pid else "not running", "" if pid else "./run up")


def _database(settings: Settings) -> Iterator[Finding]:
    access = current_access(settings)
    try:
        conn = psycopg.connect(access.owner_url, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise Unavailable(f"It does not answer: {str(error).strip()}. Start it: ./run up") from error
    with conn:
        yield from _versions(conn)
        at_head = list(_migrations(conn))
        yield from at_head
        if not any(finding.advice for finding in at_head):
            yield from _layers(conn)
    yield from _reader(settings, access)


def _versions(conn: psycopg.Connection[Any]) -> Iterator[Finding]:
    row = conn.execute("SELECT current_setting('server_version'), current_database()").fetchone() or ("", "")
    yield Finding("数据库 database", f"{row[1]}, PostgreSQL {row[0]}")
    present = dict(conn.execute("SELECT extname, extversion FROM pg_extension").fetchall())
    for name in ("postgis", "pgrouting", "pg_trgm", "btree_gist"):
        version = present.get(name)
        if version is None:
            advice = f"Ask a superuser of this database: CREATE EXTENSION {name};"
        elif name == "postgis" and tuple(int(part) for part in version.split(".")[:2]) < MIN_POSTGIS:
            advice = "PostGIS 3.3 or newer is needed."
        else:
            advice = ""
        yield Finding(name, version or "absent", advice)


def _migrations(conn: psycopg.Connection[Any]) -> Iterator[Finding]:
    head = ScriptDirectory.from_config(alembic_config("")).get_current_head()
    row = conn.execute("SELECT to_regclass('public.alembic_version')::text").fetchone()
    found = None
    if row and row[0]:
        version = conn.execute("SELECT version_num FROM public.alembic_version").fetchone()
        found = version[0] if version else None
    advice = "" if found == head else f"The newest is {head}. Bring it there: ./run migrate"
    yield Finding("数据库结构 migrations", found or "none", advice)


def _layers(conn: psycopg.Connection[Any]) -> Iterator[Finding]:
    catalogue = load_catalogue(conn)
    missing = {layer.id for layer in read_layers()} - set(catalogue.layers)
    yield Finding(
        "图层 layers",
        str(len(catalogue.layers)),
        f"Built-in layers are absent: {', '.join(sorted(missing))}. Run: ./run migrate" if missing else "",
    )
    rows = conn.execute("SELECT id, feature_count FROM catalogue.layer ORDER BY id").fetchall()
    for name, count in rows:
        console.print(f"    [dim]{name}: {count if count is not None else 0:,}[/]")
    if not any(count for _, count in rows):
        yield Finding(
            "数据 content", "no features", "./run sample load, or your own files: ./run import FILE", is_fatal=False
        )


def _reader(settings: Settings, access: Access) -> Iterator[Finding]:
    what = "只读账号 reader"
    if not access.has_reader_role:
        yield Finding(
            what,
            "none; the server reads as the owner, in read-only transactions",
            "Let the login of DATABASE_URL make roles (ALTER ROLE ... CREATEROLE), then run ./run up again.",
            is_fatal=False,
        )
        return
    with psycopg.connect(access.reader_url, connect_timeout=5) as conn:
        row = conn.execute("SELECT current_user, current_setting('statement_timeout')").fetchone() or ("", "")
    advice = "" if row[0] == Login.READER.value and row[1] != "0" else "It has no statement_timeout. Run: ./run up"
    yield Finding(what, f"{row[0]}, at most {row[1]}; pool of {settings.pool_size} a worker", advice)


def _assets(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir / "web/node_modules/maplibre-gl/dist"
    there = (folder / "maplibre-gl.mjs").is_file() and (folder / "maplibre-gl.css").is_file()
    yield Finding("地图组件 map assets", str(folder) if there else "absent", "" if there else "Install: ./run up")


def _server(settings: Settings) -> Iterator[Finding]:
    what = "网站 server"
    one = note.running(settings)
    if one is None:
        server.check_port(settings)
        yield Finding(what, f"not running; port {settings.port} is free", "Start it: ./run up")
        return
    answers = one.answers()
    advice = "" if answers else f"It lives (pid {one.pid}) but does not answer. Run: ./run down, then ./run up"
    yield Finding(what, f"{one.url}, pid {one.pid}", advice)


def _fonts() -> Iterator[Finding]:
    what = "中文字体 fonts"
    program = shutil.which("fc-list")
    listed = ""
    if program:
        listed = subprocess.run([program, ":lang=zh", "family"], capture_output=True, text=True, check=False).stdout
    advice = "" if listed.strip() else "Only for pictures made on this machine: apt-get install fonts-noto-cjk"
    yield Finding(what, "there" if listed.strip() else "none found", advice, is_fatal=False)

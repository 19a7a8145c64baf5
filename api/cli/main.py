"""``shikong``: the commands of an installation."""

import os
import signal
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import psutil
import psycopg
import sqlalchemy.exc
import typer

from api.cli import city, doctor, exports, imports, note, server
from api.cli.console import console, good, step
from api.cli.database import owner
from api.cli.note import locked
from data.migrate import migrate as migrate_database
from spatial.db.access import Access, cluster_of, current_access, open_access
from spatial.errors import CityError
from spatial.settings import PROJECT, Settings, get_settings

app = typer.Typer(
    help="时空 Shikong: 城市时空平台 / a city's spatio-temporal platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sample_app = typer.Typer(help="示例城市 / the synthetic sample city.", no_args_is_help=True)
app.add_typer(sample_app, name="sample")
imports.register(app)
exports.register(app)

GIVE_UP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SampleOption = Annotated[
    city.Sample, typer.Option(help="空库里放入的示例城市 / what an empty city is filled with.", show_default=True)
]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="版本 / print the version.")] = False) -> None:
    if version:
        typer.echo(f"shikong {_version()}")
        raise typer.Exit


@app.command()
def up(
    sample: SampleOption = city.Sample.DEMO,
    detach: Annotated[bool, typer.Option("--detach", help="后台运行 / run in the background.")] = False,
) -> None:
    """启动：数据库、示例城市、网站 / start the database, fill it when empty, and serve."""
    settings = get_settings()
    signal.signal(signal.SIGTERM, _end)
    with locked(settings, "up.lock"):
        one = note.running(settings)
        starts_cluster = not settings.database_url and not cluster_of(settings).is_running()
        if one:
            open_access(settings)
        else:
            one = _begin(settings, sample, detach=detach, starts_cluster=starts_cluster)
    if one.pid != os.getpid():
        server.wait_for_answer(one)
        server.print_addresses(one, settings)
        console.print("  停止 [dim]/ stop:[/] ./run down")
        return
    try:
        _serve(settings, one)
    finally:
        # One step for who else begins meanwhile: server and database are both there, or neither is.
        with locked(settings, "up.lock"):
            try:
                if starts_cluster:
                    _stop_cluster(settings)
            finally:
                note.forget(settings, one)
        good("已停止", "stopped")


def _begin(settings: Settings, sample: city.Sample, *, detach: bool, starts_cluster: bool) -> note.Running:
    """Make the database ready; return the server that was started, or this process, noted as the server to be."""
    server.check_port(settings)
    step("启动数据库", "starting the database")
    try:
        access = open_access(settings)
        with _given_up_at_once(settings, starts_cluster=starts_cluster):
            city.prepare(settings, access, sample)
        return server.start_detached(settings) if detach else note.claim(settings)
    except BaseException:
        if starts_cluster:
            _stop_cluster(settings)
        raise


@app.command()
def down() -> None:
    """停止网站和内置数据库 / stop the server and the embedded database."""
    settings = get_settings()
    if server.stop(settings):
        good("网站已停止", "the server has stopped")
    else:
        console.print("网站没有在运行 [dim]/ no server was running[/]")
    if _stop_cluster(settings):
        good("数据库已停止", "the database has stopped")


@app.command()
def serve(
    log: Annotated[bool, typer.Option("--log", help="输出日志而不是网址 / print a log, for service managers.")] = False,
) -> None:
    """只启动网站 / the web server alone, over a database that is ready."""
    settings = get_settings()
    with owner(current_access(settings)):
        pass  # Better one clear line now than a 503 for every request later.
    me = note.claim(settings)
    try:
        _serve(settings, me, log=log)
    finally:
        note.forget(settings, me)


@app.command()
def status() -> None:
    """看是否在运行 / tell what runs; exit code 1 when the server does not."""
    settings = get_settings()
    if settings.database_url:
        console.print("数据库 [dim]/ database:[/] DATABASE_URL")
    else:
        pid = cluster_of(settings).pid()
        console.print(f"数据库 [dim]/ database:[/] {f'pid {pid}' if pid else '未运行 / not running'}")
    one = note.running(settings)
    if one is None:
        console.print("网站 [dim]/ server:[/] 未运行 / not running")
        raise typer.Exit(1)
    console.print(f"网站 [dim]/ server:[/] pid {one.pid}")
    server.print_addresses(one, settings)


app.command(name="doctor")(doctor.doctor)


@app.command()
def migrate() -> None:
    """升级数据库结构 / bring the database to the present shape."""
    migrate_database(_database().owner_url)
    good("数据库结构已是最新", "the database has the present shape")


@sample_app.command()
def load(size: Annotated[city.Sample, typer.Option(help="大小 / how large.")] = city.Sample.DEMO) -> None:
    """把示例城市放入空库 / write the sample city into an empty database."""
    settings = get_settings()
    access = _database()
    migrate_database(access.owner_url)
    if size is not city.Sample.NONE:
        city.fill(settings, access, size)


def main() -> None:
    """Run the command; a failure of the house is one line on standard error."""
    try:
        app()
    except CityError as error:
        sys.exit(f"shikong: {_one_line(error)}")
    except (psycopg.OperationalError, sqlalchemy.exc.OperationalError) as error:
        sys.exit(f"shikong: The database does not answer: {_one_line(getattr(error, 'orig', error))}")
    except PermissionError as error:
        sys.exit(f"shikong: {_not_permitted(error.filename or 'it')}")
    except psutil.AccessDenied as error:
        sys.exit(f"shikong: {_not_permitted(f'process {error.pid}')}")


def _not_permitted(what: object) -> str:
    return f"No permission for {what}. Where it belongs to another user, run the command as that user."


def _one_line(error: object) -> str:
    """Return the words of an error; the tail of a log keeps its lines."""
    text = str(error).strip()
    return text if "The end of" in text else " ".join(text.split())


def _database() -> Access:
    """Return the way to the database; the embedded one is started."""
    return open_access(get_settings())


def _serve(settings: Settings, me: note.Running, *, log: bool = False) -> None:
    def tell(one: note.Running) -> None:
        if not log:
            server.print_addresses(one, settings)
            console.print("  停止 [dim]/ stop:[/] Ctrl-C")

    server.serve(settings, me, verbose=log, on_ready=tell)


def _stop_cluster(settings: Settings) -> bool:
    """Stop the embedded cluster; False where it does not run, or is not ours."""
    if settings.database_url:
        return False
    cluster = cluster_of(settings)
    was_running = cluster.is_running()
    cluster.stop()
    return was_running


def _end(_signal: int, _frame: Any) -> None:
    """End as if by Ctrl-C, so that everything that was begun is undone."""
    raise KeyboardInterrupt


@contextmanager
def _given_up_at_once(settings: Settings, *, starts_cluster: bool) -> Iterator[None]:
    """End the whole process on Ctrl-C and the like; PostgreSQL undoes what was not committed.

    An exception would not do: raised while Python happens to run a callback of a library, it is printed and
    forgotten, and the work goes on.
    """

    def end(_signal: int, _frame: Any) -> None:
        for one in GIVE_UP:
            signal.signal(one, signal.SIG_IGN)
        console.print()
        step("已中断，未完成的内容已撤销", "interrupted; nothing half done is left")
        if starts_cluster:
            _stop_cluster(settings)
        os._exit(130)

    before = {one: signal.signal(one, end) for one in GIVE_UP}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _version() -> str:
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


if __name__ == "__main__":
    main()

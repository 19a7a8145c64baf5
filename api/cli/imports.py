"""``shikong import`` and ``shikong layers``: files become layers, and layers are listed and dropped."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.console import console, good, progress_bar
from api.cli.database import owner
from spatial.catalogue.errors import BuiltInLayer
from spatial.catalogue.queries import drop_layer, load_catalogue
from spatial.db.access import current_access
from spatial.gcj02 import Shift
from spatial.ingest.load import import_file
from spatial.ingest.types import ImportOptions, ImportReport, Mode, Part
from spatial.settings import get_settings

PART_STORED: Final = 3
"""Exit code when some rows were rejected."""
INTERRUPTED: Final = 130
SHOWN: Final = 3
"""Rejected rows that the summary shows; the file has all."""

STAGES: Final = {
    "reading": "读取 / reading",
    "storing": "写入 / storing",
    "indexing": "建索引 / indexing",
    "publishing": "发布 / publishing",
}
BASIS: Final = {
    "told": "按参数 / as told",
    "declared": "文件声明 / declared by the file",
    "assumed": "按格式约定 / the format's default",
    "detected": "按坐标推断 / detected, not declared",
}


class From(StrEnum):
    """Shifted systems on the command line."""

    GCJ02 = "gcj02"
    BD09 = "bd09"


layers_app = typer.Typer(help="图层列表与删除 / list and drop layers.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command(name="import", no_args_is_help=True)(import_command)
    app.add_typer(layers_app, name="layers")


def import_command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    file: Annotated[Path, typer.Argument(help="要导入的文件 / the file to import.")],
    layer: Annotated[str, typer.Option("--layer", help="图层标识 / id of the layer: a-z, 0-9, _.")],
    title: Annotated[str | None, typer.Option(help="图层名称 / title of the layer.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="替换已有图层 / replace an existing layer.")] = False,
    append: Annotated[bool, typer.Option("--append", help="追加到已有图层 / add to an existing layer.")] = False,
    crs: Annotated[str | None, typer.Option(help="坐标系 / coordinate system: EPSG:4548.")] = None,
    swap_axes: Annotated[bool, typer.Option("--swap-axes", help="北坐标在前 / north (lat) comes first.")] = False,
    shifted: Annotated[
        From | None, typer.Option("--from", help="偏移坐标，转换为真实坐标 / shifted degrees, to be converted.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码 / encoding: utf-8, gb18030.")] = None,
    source_layer: Annotated[str | None, typer.Option(help="文件内的图层或工作表 / layer or sheet inside.")] = None,
    x: Annotated[str | None, typer.Option(help="经度或东坐标列 / column with lon or east.")] = None,
    y: Annotated[str | None, typer.Option(help="纬度或北坐标列 / column with lat or north.")] = None,
    wkt: Annotated[str | None, typer.Option(help="WKT 列 / column with WKT.")] = None,
    part: Annotated[Part | None, typer.Option(help="只取点、线或面 / only geometries of one kind.")] = None,
    where: Annotated[str | None, typer.Option(help="OSM 标签条件 / OSM tags: building, highway=primary.")] = None,
) -> None:
    """导入文件为图层，立即发布 / import a file as a layer, published at once.

    退出码 / exit codes: 0 全部入库 all stored; 3 部分拒绝 some rows rejected; 1 失败 nothing stored; 2 用法错误 usage.
    """
    if replace and append:
        raise typer.BadParameter("--replace and --append exclude each other.")
    settings = get_settings()
    options = ImportOptions(
        layer=layer,
        reports=settings.state_dir / "imports",
        title=title,
        mode=Mode.REPLACE if replace else Mode.APPEND if append else Mode.CREATE,
        crs=crs,
        swap_axes=swap_axes,
        shifted_from=Shift(shifted.value) if shifted else None,
        encoding=encoding,
        source_layer=source_layer,
        x=x,
        y=y,
        wkt=wkt,
        part=part,
        where=where,
    )
    try:
        # Opening reads a whole text file once, to prove its encoding.
        bar = progress_bar("正在导入", "importing", stages=STAGES, first="打开 / opening")
        with owner(current_access(settings)) as conn, bar as tell:
            report = import_file(conn, file, options, progress=tell)
    except KeyboardInterrupt:
        typer.echo("shikong: Interrupted; nothing was stored.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    _print(report)
    if report.rejected:
        raise typer.Exit(PART_STORED)


@layers_app.callback()
def list_layers(context: typer.Context) -> None:
    """列出图层 / list all layers."""
    if context.invoked_subcommand is not None:
        return
    with owner(current_access(get_settings())) as conn:
        catalogue = load_catalogue(conn)
    table = Table("id", "名称 title", "几何 geometry", "来源 origin", box=None, pad_edge=False)
    table.add_column("数量 features", justify="right")
    for one in catalogue.layers.values():
        layer = one.definition
        origin = "内置" if one.origin == "built_in" else "导入"
        table.add_row(layer.id, escape(layer.title.zh), layer.geometry.type.value, origin, f"{one.feature_count:,}")
    console.print(table)


@layers_app.command(name="drop")
def drop(layer: Annotated[str, typer.Argument(help="图层标识 / id of the layer.")]) -> None:
    """删除导入的图层 / drop an imported layer and its rows."""
    with owner(current_access(get_settings())) as conn:
        found = load_catalogue(conn).layer(layer)
        if found.origin == "built_in":
            raise BuiltInLayer(layer)
        drop_layer(conn, found.definition)
    good(f"已删除图层 {layer}（{found.feature_count:,} 个要素）", f"dropped {layer}, {found.feature_count:,} features")


def _print(report: ImportReport) -> None:
    """Print the summary: numbers first, then what somebody should know."""
    rate = report.read / report.seconds if report.seconds else 0
    mark = "[bold green]✓[/]" if not report.rejected else "[bold yellow]![/]"
    console.print(
        f"{mark} 图层 {report.layer}：读取 {report.read:,}，入库 {report.stored:,}，拒绝 {report.rejected:,}"
        f" [dim]/ read {report.read:,}, stored {report.stored:,}, rejected {report.rejected:,}[/]"
    )
    if report.skipped:
        console.print(f"  按 --part 略过 [dim]/ left out by --part:[/] {report.skipped:,}")
    if report.repaired:
        console.print(f"  修复几何 [dim]/ geometries made valid:[/] {report.repaired:,}")
    source = f"{report.format} [dim]·[/] {escape(report.crs)} [dim]({BASIS[report.crs_basis]})[/]"
    console.print(f"  {source} [dim]·[/] {report.geometry} [dim]·[/] {report.seconds:.1f} s, {rate:,.0f} rows/s")
    for reason, count in sorted(report.reasons.items(), key=lambda one: -one[1]):
        console.print(f"  [yellow]{reason}[/]: {count:,}")
    for one in report.samples[:SHOWN]:
        console.print(f"    [dim]{one['row']}: {escape(one['message'])}[/]")
    for warning in report.warnings:
        console.print(f"  [bold yellow]注意 / note:[/] {escape(warning)}")
    for note in report.notes:
        console.print(f"  [dim]{escape(note)}[/]")
    where = "report.json, rejected.csv" if report.rejected else "report.json"
    console.print(f"  报告 [dim]/ report:[/] {escape(str(report.folder))} [dim]({where})[/]")

"""``shikong export``: a layer, or what is asked of it, becomes a file."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Any, Final

import typer
from rich.markup import escape

from api.cli.console import console, good, progress_bar
from api.cli.database import owner
from api.params.features import features_query
from spatial.catalogue.catalogue import PublishedLayer
from spatial.catalogue.queries import load_catalogue
from spatial.catalogue.types import Layer
from spatial.crs import CRS84_URI, CRS84H_URI, Crs
from spatial.db.access import current_access
from spatial.db.session import Asking
from spatial.errors import Conflict, InvalidInput
from spatial.export.errors import CannotWrite
from spatial.export.jsonfg import jsonfg_members
from spatial.export.stream import export_chunks
from spatial.export.types import FORMATS, GEOJSON, JSONFG, Encoding, ExportFormat, ExportOptions, ExportReport
from spatial.query.types import ItemsQuery, Look
from spatial.settings import get_settings

INTERRUPTED: Final = 130
OTHER_EXTENSIONS: Final = {"json": "geojson", "geojsonl": "geojsonseq", "zip": "shp", "geoparquet": "parquet"}
STAGE: Final = "writing"

Format = StrEnum("Format", {name.upper(): name for name in FORMATS})  # type: ignore[misc]
"""Formats on the command line."""


def register(app: typer.Typer) -> None:
    """Add the command of this file to the program."""
    app.command(name="export", no_args_is_help=True)(export_command)


def export_command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    layer: Annotated[str, typer.Argument(help="图层标识 / id of the layer.")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件 / the file to write.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="格式，默认按扩展名 / format; else by the file's extension.")
    ] = None,
    condition: Annotated[str | None, typer.Option("--filter", help="CQL2 条件 / condition: floors > 10.")] = None,
    bbox: Annotated[str | None, typer.Option(help="范围 / box: west,south,east,north.")] = None,
    datetime: Annotated[str | None, typer.Option(help="时间 / instant or interval: 2024-01-01/..")] = None,
    crs: Annotated[str | None, typer.Option(help="坐标系 / coordinate system: EPSG:4548.")] = None,
    properties: Annotated[str | None, typer.Option(help="只要这些属性 / only these properties: code,use.")] = None,
    skip_geometry: Annotated[bool, typer.Option("--skip-geometry", help="不要几何 / no geometries.")] = False,
    sortby: Annotated[str | None, typer.Option(help="排序 / order: -height_m,code.")] = None,
    limit: Annotated[int | None, typer.Option(help="最多几个要素 / features at most.")] = None,
    encoding: Annotated[Encoding, typer.Option(help="shapefile 的文字编码 / of a shapefile's texts.")] = Encoding.UTF8,
    bom: Annotated[bool, typer.Option("--bom", help="CSV 带 BOM，供 Excel 打开 / CSV for Excel.")] = False,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件 / overwrite an existing file.")] = False,
) -> None:
    """导出图层为文件 / write a layer to a file."""
    written = _format_of(out, form)
    if out.exists() and not force:
        raise Conflict(f"{out} exists. Choose another name, or overwrite it with --force.")
    asked = {
        "filter": condition,
        "bbox": bbox,
        "datetime": datetime,
        "crs": crs if crs is None or "/" in crs else f"[{crs}]",
        "properties": properties,
        "skipGeometry": "true" if skip_geometry else None,
        "sortby": sortby,
        "limit": None if limit is None else str(limit),
    }
    query = {name: value for name, value in asked.items() if value is not None}
    report = ExportReport()
    options = ExportOptions(bom=bom, encoding=encoding, folder=out.absolute().parent)
    try:
        with owner(current_access(get_settings())) as conn:
            _write(conn, layer, query, written, out, options, report)
    except KeyboardInterrupt:
        typer.echo("shikong: Interrupted; nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    _print(layer, out, report)


def _write(
    conn: Any,
    layer_id: str,
    query: dict[str, str],
    form: ExportFormat,
    out: Path,
    options: ExportOptions,
    report: ExportReport,
) -> None:
    catalogue = load_catalogue(conn)
    layer = catalogue.layer(layer_id)
    asked = features_query(query, catalogue, layer, is_file=True)
    if asked.condition is not None:
        asyncio.run(asked.condition.check(Asking(conn)))
    # The catalogue's picture ends here; the export begins its own.
    conn.commit()
    if form is GEOJSON:
        # A GeoJSON file is x, y, as every program writes it.
        asked = replace(asked, look=replace(asked.look, crs=replace(asked.look.crs, swaps_axes=False)))
    if form in {GEOJSON, JSONFG}:
        options = replace(options, head=_head(layer.definition, asked.look, form))
    total = _total(layer, asked)
    bar = progress_bar("正在导出", "exporting", stages={STAGE: "写入 / writing"}, first="查询 / asking")
    with _new_file(out) as file, bar as tell:
        options = replace(options, progress=lambda features: tell(STAGE, features, total))
        chunks = export_chunks(
            conn, layer, asked, form, options=options, code_lists=catalogue.code_lists, report=report
        )
        for chunk in chunks:
            file.write(chunk)


def _format_of(out: Path, form: Format | None) -> ExportFormat:
    """Return the format that is named, or that the file's extension means."""
    if form is not None:
        return FORMATS[form.value]
    for one in FORMATS.values():
        if out.name.lower().endswith(f".{one.extension}"):
            return one
    name = OTHER_EXTENSIONS.get(out.suffix.lower().removeprefix("."))
    if name is None:
        raise InvalidInput(
            f"{out.name} does not tell its format. Say it: --format {', '.join(FORMATS)}.", field="format"
        )
    return FORMATS[name]


def _head(layer: Layer, look: Look, form: ExportFormat) -> bytes:
    """Return what a collection says before its features."""
    members: dict[str, Any] = {"type": "FeatureCollection"}
    if form is JSONFG:
        members |= jsonfg_members(layer, look)
    elif look.crs.uri not in {CRS84_URI, CRS84H_URI}:
        members |= {"name": layer.id, "crs": {"type": "name", "properties": {"name": _urn(look.crs)}}}
    return json.dumps(members, ensure_ascii=False).encode()[:-1] + b',"features":['


def _urn(crs: Crs) -> str:
    """Return a CRS as the older GeoJSON of 2008 named it; GDAL and QGIS read and write it still."""
    return f"urn:ogc:def:crs:EPSG::{crs.srid}"


def _total(layer: PublishedLayer, query: ItemsQuery) -> int | None:
    """Return how many features will come, where that is known."""
    if query.is_filtered:
        return None
    return layer.feature_count if query.limit is None else min(query.limit, layer.feature_count)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that bears its name only when it is whole.

    Raises
    ------
    CannotWrite
        The folder is missing or full, or may not be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _print(layer: str, out: Path, report: ExportReport) -> None:
    size = out.stat().st_size / 1e6
    good(
        f"图层 {layer}：写出 {report.features:,} 个要素，{size:,.1f} MB → {escape(str(out))}",
        f"wrote {report.features:,} features",
    )
    for note in report.notes:
        console.print(f"  [bold yellow]注意 / note:[/] {escape(note)}")

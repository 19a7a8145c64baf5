"""The last part of an import: names and types are settled, the table is made and the layer published."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from spatial.catalogue.queries import describe_layer, measure_layer, save_layer
from spatial.catalogue.types import FieldType, Layer, LayerField, Titled
from spatial.gcj02 import Shift
from spatial.ingest.append import append
from spatial.ingest.claim import Claim
from spatial.ingest.naming import clean_title, column_names
from spatial.ingest.publish import declare
from spatial.ingest.shape import Shape
from spatial.ingest.staging import OVERFLOW, Staging
from spatial.ingest.suspicion import examine, hints
from spatial.ingest.table import Column, building_name, create_table, fill, index, put_in_place
from spatial.ingest.types import ImportOptions, ImportReport, Progress, SourceInfo
from spatial.ingest.values import Proof
from spatial.time import CITY_TIME

STEPS: Final = 3
SOURCE_ID: Final = LayerField(
    name="source_id", type=FieldType.STRING, title=Titled(zh="源文件编号", en="Id in the source file")
)

Connection = psycopg.Connection[Any]


def finish(
    conn: Connection,
    staging: Staging,
    shape: Shape,
    *,
    claimed: Claim,
    options: ImportOptions,
    info: SourceInfo,
    report: ImportReport,
    progress: Progress,
) -> None:
    """Make the table of the staged rows and publish it, or append them to the layer's own."""
    settled = _settle(staging, info, report)
    _note_heights(shape, report)
    _note_suspicion(conn, settled, options.shifted_from, report)
    progress("storing", 0, STEPS)
    if claimed.existing and claimed.appends:
        layer, name = append(conn, claimed.existing, settled, shape=shape, with_ids=staging.has_ids, report=report)
    else:
        layer = _declaration(settled, shape, claimed=claimed, options=options, info=info, report=report)
        if staging.has_ids:
            layer = layer.model_copy(update={"fields": (SOURCE_ID, *layer.fields)})
        name = _build(conn, layer, settled, with_ids=staging.has_ids, progress=progress)
    progress("publishing", 2, STEPS)
    # Counted before it takes the old table's place: from then on readers wait for the commit.
    content = measure_layer(conn, layer.model_copy(update={"table": name}))
    if name != layer.table:
        put_in_place(conn, name, layer.table)
    save_layer(conn, layer, origin="imported")
    describe_layer(conn, layer, content)
    progress("publishing", STEPS, STEPS)
    report.geometry = layer.geometry.type.value + (" with heights" if layer.geometry.has_z else "")
    report.fields = [{"name": one.name, "type": one.type.value, "source": one.title.zh} for one in layer.fields]


def _settle(staging: Staging, info: SourceInfo, report: ImportReport) -> list[Column]:
    """Give every field of the file its name and type, and tell what had to be changed."""
    proofs = staging.columns.proofs
    titles = [title for title in staging.slots if not (info.drop_empty and not proofs[title].has_values)]
    names = column_names(titles)
    settled = [
        Column(staging.slots[title], name, clean_title(title), proofs[title].type)
        for title, name in zip(titles, names, strict=True)
    ]
    renamed = [f"{one.title} -> {one.name}" for one in settled if one.title != one.name]
    if renamed:
        report.notes.append(f"Fields renamed, as the name is taken, too long or unsafe: {', '.join(renamed)}.")
    if staging.folded:
        report.warnings.append(f"{len(staging.folded)} rarer fields were put together as JSON in {OVERFLOW!r}.")
    for title, one in zip(titles, settled, strict=True):
        _note_values(one, proofs[title], report)
    return settled


def _note_values(column: Column, proof: Proof, report: ImportReport) -> None:
    if proof.naive and column.type is FieldType.DATETIME:
        report.notes.append(f"{column.name}: moments without a time zone were taken for {CITY_TIME}.")
    if proof.nonfinite:
        report.notes.append(f"{column.name}: {proof.nonfinite} values NaN or infinite were left empty.")
    if proof.beyond_int64:
        report.warnings.append(f"{column.name}: numbers of more than 64 bits were rounded; codes belong in quotes.")
    if proof.nul_cleaned:
        report.notes.append(f"{column.name}: NUL characters were taken out of {proof.nul_cleaned} texts.")


def _note_heights(shape: Shape, report: ImportReport) -> None:
    if 0 < shape.with_z < shape.count:
        report.warnings.append(
            f"Only {shape.with_z} of {shape.count} geometries have heights; the layer was stored without any."
        )


def _note_suspicion(conn: Connection, settled: Sequence[Column], converted: Shift | None, report: ImportReport) -> None:
    """Tell whether the coordinates look shifted; what was converted as told is only confirmed."""
    hint = hints([one.title for one in settled])
    if hint and not converted:
        report.warnings.append(hint)
    texts = [one.slot for one in settled if one.type is FieldType.STRING]
    found = examine(conn, texts)
    sentence = found.sentence(converted) if found else None
    if found and sentence:
        (report.warnings if found.shift else report.notes).append(sentence)


def _declaration(
    settled: Sequence[Column],
    shape: Shape,
    *,
    claimed: Claim,
    options: ImportOptions,
    info: SourceInfo,
    report: ImportReport,
) -> Layer:
    return declare(
        options.layer,
        # A layer that is replaced keeps the title it had.
        title=Titled(zh=options.title, en=options.title) if options.title else _title(claimed.existing),
        file=report.file,
        shape=shape,
        fields=[(one.name, one.title, one.type) for one in settled],
        attribution=info.attribution,
    )


def _title(existing: Layer | None) -> Titled | None:
    return existing.title if existing else None


def _build(conn: Connection, layer: Layer, settled: Sequence[Column], *, with_ids: bool, progress: Progress) -> str:
    """Build the table under a name of this connection's own, and return that."""
    name = building_name(conn)
    geometry, has_z = layer.geometry.type, layer.geometry.has_z
    create_table(conn, name, settled, geometry=geometry, has_z=has_z, with_ids=with_ids)
    fill(conn, name, settled, geometry=geometry, has_z=has_z, with_ids=with_ids)
    progress("indexing", 1, STEPS)
    index(conn, name)
    return name

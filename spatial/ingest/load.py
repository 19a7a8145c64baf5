"""The whole way of a file into a published layer, in one transaction that the caller commits."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from spatial.catalogue.types import CITY_STYLE, IDENTIFIER
from spatial.crs import CGCS2000
from spatial.errors import InvalidInput, Unavailable
from spatial.geometry import BBox
from spatial.ingest.claim import Claim, claim
from spatial.ingest.crs import Points, decide
from spatial.ingest.errors import NothingStored, UnreadableFile
from spatial.ingest.finish import finish
from spatial.ingest.geometry import DIMENSION_OF_TYPE, Cleaned, Cleaner
from spatial.ingest.report import Reporter
from spatial.ingest.shape import Shape
from spatial.ingest.sources.choose import open_source
from spatial.ingest.sources.columns import rows_at
from spatial.ingest.staging import Staging
from spatial.ingest.types import (
    ImportOptions,
    ImportReport,
    Progress,
    Reason,
    Rejection,
    RowBatch,
    Source,
    no_progress,
)
from spatial.ingest.values import Columns

SAMPLE_ROWS: Final = 20_000
"""Rows read before the reference system is decided."""

Connection = psycopg.Connection[Any]


def import_file(
    conn: Connection, path: Path, options: ImportOptions, *, progress: Progress = no_progress
) -> ImportReport:
    """Read a file and publish it as a layer; commit after success, roll back after an error.

    Parameters
    ----------
    conn
        The owner's login, in a transaction or about to begin one.
    progress
        Told how far the import is.

    Returns
    -------
    ImportReport
        Also written to its folder, with the rejected rows beside it.

    Raises
    ------
    InvalidInput
        The file, its reference system or an option cannot be used; each says what to do.
    LayerExists, BuiltInLayer, ImportRunning, SchemaDiffers
        The layer forbids it.
    NothingStored
        No row was good.
    """
    if not IDENTIFIER.fullmatch(options.layer) or options.layer == CITY_STYLE:
        raise InvalidInput(
            f"{options.layer!r} cannot be a layer's id. Use a-z, 0-9 and _, beginning with a letter"
            f" ({CITY_STYLE!r} is taken).",
            field="layer",
        )
    if not path.is_file():
        raise UnreadableFile(f"There is no file {path}.")
    claimed = claim(conn, options)
    with open_source(path, options) as source:
        report = ImportReport(layer=options.layer, file=path.name, mode=options.mode)
        with Reporter(options.reports, report) as reporter:
            try:
                _Import(conn, source, options, claimed, reporter, progress).run(path)
            except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
                raise InvalidInput(f"The database refuses the rows of {path.name}: {error}".strip()) from error
            except OSError as error:
                raise UnreadableFile(f"{path.name} cannot be read: {error.strerror or error}.") from error
            except psycopg.OperationalError as error:
                raise Unavailable(f"The database gave up during the import: {error}".strip()) from error
    return report


class _Import:
    """One run; its steps share the source, the staging table and the report."""

    def __init__(
        self,
        conn: Connection,
        source: Source,
        options: ImportOptions,
        claimed: Claim,
        reporter: Reporter,
        progress: Progress,
    ) -> None:
        self._conn = conn
        self._source = source
        self._options = options
        self._claim = claimed
        self._reporter = reporter
        self._report = reporter.report
        self._progress = progress
        self._staging = Staging(conn, Columns(source.info.text))
        self._shape = Shape()

    def run(self, path: Path) -> None:
        self._describe()
        batches = self._source.batches()
        sample = _sample(batches)
        cleaner = self._cleaner(sample)
        for batch in chain(_drained(sample), batches):
            self._take(batch, cleaner.clean(batch.geometries))
            self._progress("reading", batch.position, self._source.info.size)
        self._describe()
        self._report.stored = self._shape.count
        if not self._shape.count:
            raise NothingStored(path, self._report)
        finish(
            self._conn,
            self._staging,
            self._shape,
            claimed=self._claim,
            options=self._options,
            info=self._source.info,
            report=self._report,
            progress=self._progress,
        )
        self._report.status = "stored" if not self._report.rejected else "stored in part"

    def _describe(self) -> None:
        """Copy what is known of the file; its notes may have grown while it was read."""
        info, report = self._source.info, self._report
        report.format, report.row_meaning = info.format, info.row_meaning
        report.source_layer, report.encoding = info.source_layer, info.encoding
        report.notes += [one for one in info.notes if one not in report.notes]
        report.warnings += [one for one in info.warnings if one not in report.warnings]

    def _cleaner(self, sample: list[RowBatch]) -> Cleaner:
        options, report = self._options, self._report
        plan = decide(
            _corners(sample),
            declared=self._source.info.declared,
            told=options.crs,
            swap_axes=options.swap_axes,
            city=_city(self._conn),
        )
        report.crs, report.crs_basis = plan.label, plan.basis
        report.notes += plan.notes
        report.warnings += plan.warnings
        shift = options.shifted_from
        if shift:
            report.crs += f", {shift.label}"
            report.notes.append(
                f"Converted from {shift.label} as told; places may be off by about {shift.error_m:g} m."
            )
        return Cleaner(plan, shift)

    def _take(self, batch: RowBatch, cleaned: Cleaned) -> None:
        """Stage the good rows of a batch and write the others down."""
        report = self._report
        report.read += len(batch.rows) + len(batch.rejections)
        good = cleaned.mask()
        self._leave_out_other_dimensions(cleaned, good)
        rejections = [*batch.rejections, *_rejected(batch, cleaned)]
        self._reporter.reject(sorted(rejections, key=lambda one: one.row))
        report.repaired += cleaned.repaired
        if cleaned.had_measures and MEASURES not in report.notes:
            report.notes.append(MEASURES)
        self._shape.add(cleaned.geometries[good])
        self._staging.add(batch, cleaned.geometries, good)

    def _leave_out_other_dimensions(self, cleaned: Cleaned, good: NDArray[np.bool_]) -> None:
        """Honour ``--part``, and the dimension of a layer that is appended to."""
        wanted = self._options.part.dimension if self._options.part else None
        required = self._claim.dimension
        if wanted is None and required is None:
            return
        for index in np.flatnonzero(good):
            dimension = DIMENSION_OF_TYPE[int(shapely.get_type_id(cleaned.geometries[index]))]
            if wanted is not None and dimension != wanted:
                good[index] = False
                self._report.skipped += 1
            elif required is not None and dimension != required:
                good[index] = False
                problem = f"The layer holds {KINDS[required]}, but this is {KINDS[dimension]}."
                cleaned.problems[int(index)] = (Reason.WRONG_DIMENSION, problem)


KINDS: Final = ("points", "lines", "areas")
MEASURES: Final = "M values were dropped; a layer holds x, y and heights."


def _sample(batches: Iterator[RowBatch]) -> list[RowBatch]:
    taken: list[RowBatch] = []
    while sum(len(one.rows) for one in taken) < SAMPLE_ROWS and (batch := next(batches, None)) is not None:
        taken.append(batch)
    return taken


def _drained(batches: list[RowBatch]) -> Iterator[RowBatch]:
    """Yield batches and let go of each."""
    while batches:
        yield batches.pop(0)


def _corners(batches: list[RowBatch]) -> Points:
    """Return one coordinate of each geometry, finite ones only."""
    if not batches:
        return np.empty((0, 2))
    corners: Points = np.concatenate([shapely.bounds(one.geometries)[:, :2] for one in batches])
    finite: Points = corners[np.isfinite(corners).all(axis=1)]
    return finite


def _rejected(batch: RowBatch, cleaned: Cleaned) -> Iterator[Rejection]:
    if not cleaned.problems:
        return
    indexes = sorted(cleaned.problems)
    for index, values in zip(indexes, rows_at(batch.attributes, indexes), strict=True):
        reason, message = cleaned.problems[index]
        raw = batch.geometries[index]
        known = {name: value for name, value in values.items() if value is not None}
        yield Rejection(int(batch.rows[index]), reason, message, known, None if raw is None else raw.wkt)


def _city(conn: Connection) -> BBox | None:
    """Return the box of the city's own regions; None while there are none."""
    row = conn.execute(
        "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) "
        "FROM (SELECT ST_Extent(geom) FROM city.region_legal) AS r (e)"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = row
    return BBox(west, south, east, north, CGCS2000)

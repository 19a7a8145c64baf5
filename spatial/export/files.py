"""Files that a library writes as a whole: made in a folder of their own, handed out, and removed whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
import pyogrio

from spatial.catalogue.types import GeometryType, LayerGeometry
from spatial.export.errors import CannotWrite
from spatial.export.types import CHUNK_BYTES

PREFIX: Final = "shikong-export-"


@contextmanager
def temporary_folder(parent: Path | None) -> Iterator[Path]:
    """Give a folder that is gone after the block.

    Raises
    ------
    CannotWrite
        The disk refused.
    """
    try:
        with TemporaryDirectory(prefix=PREFIX, dir=parent) as name:
            yield Path(name)
    except OSError as error:
        raise CannotWrite(f"The file cannot be written: {error.strerror or error}.") from error


def file_chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's content."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def ogr_type(geometry: LayerGeometry) -> str:
    """Return the geometry type in OGR's words; any type where the layer mixes them."""
    if geometry.type is GeometryType.GEOMETRY:
        return "Unknown"
    return geometry.type.simple_feature + (" Z" if geometry.has_z else "")


def write_ogr(path: Path, batches: Iterator[pa.RecordBatch], schema: pa.Schema, **how: Any) -> None:
    """Write record batches by GDAL, without keeping them.

    Parameters
    ----------
    how
        As :func:`pyogrio.write_arrow` takes it.

    Raises
    ------
    CannotWrite
        GDAL refused; a failure of the batches themselves is raised as it is.
    """
    failures: list[BaseException] = []

    def watched() -> Iterator[pa.RecordBatch]:
        # GDAL would only say that its stream ended early.
        try:
            yield from batches
        except BaseException as error:
            failures.append(error)
            raise

    reader = pa.RecordBatchReader.from_batches(schema, watched())
    try:
        pyogrio.write_arrow(reader, path, **how)
    except Exception as error:
        if failures:
            raise failures[0] from None
        raise CannotWrite(f"GDAL cannot write {path.name}: {error}") from error

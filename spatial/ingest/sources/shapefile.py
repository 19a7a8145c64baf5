"""Shapefiles: GDAL reads the geometry, we read the bytes of the texts."""

from pathlib import Path

from spatial.ingest.errors import UnreadableFile
from spatial.ingest.sources.dbf import encoding_of
from spatial.ingest.sources.ogr import SHAPEFILE, OgrSource


def open_shapefile(path: Path, *, encoding: str | None) -> OgrSource:
    """Open a shapefile with the encoding that its bytes prove.

    Raises
    ------
    UnreadableFile
        A companion file is missing.
    """
    if not any(path.with_suffix(suffix).is_file() for suffix in (".shx", ".SHX")):
        raise UnreadableFile(f"{path.name} has no .shx beside it. Send the .shp, .shx, .dbf and .prj together.")
    found = encoding_of(path, told=encoding)
    source = OgrSource(path, SHAPEFILE, text_encoding=found.name)
    source.info.source_layer = None
    told = f"Texts are read as {found.name}: {found.why}."
    (source.info.warnings if found.is_contradicted else source.info.notes).append(told)
    if not any(path.with_suffix(suffix).is_file() for suffix in (".dbf", ".DBF")):
        source.info.warnings.append("There is no .dbf beside the .shp, so the features have no attributes.")
    return source

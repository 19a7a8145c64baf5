"""What can be wrong with a file, told in one line each."""

from pathlib import Path

from spatial.errors import Conflict, InvalidInput
from spatial.ingest.types import ImportReport


class UnreadableFile(InvalidInput):
    """The file is missing, damaged, empty, or not of a format that we read."""


class UnknownCrs(InvalidInput):
    """The coordinates' reference system is not known, contradicted, or ambiguous."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="crs")


class ChooseSublayer(InvalidInput):
    """The file holds several layers, and the user must name one."""

    def __init__(self, available: list[str], *, asked: str | None = None, option: str = "--source-layer") -> None:
        listed = ", ".join(available)
        first = f"The file has no layer {asked!r}." if asked else f"The file holds {len(available)} layers."
        super().__init__(f"{first} Choose one with {option}: {listed}.", field="source_layer")
        self.available = available


class NoCoordinates(InvalidInput):
    """A table names no columns that could be coordinates."""


class SchemaDiffers(Conflict):
    """Rows to append do not have the fields or geometry of the layer."""


class ImportRunning(Conflict):
    """Another import of the same layer has not ended."""

    def __init__(self, layer: str) -> None:
        super().__init__(f"Another import into {layer!r} is running. Wait until it has ended.")


class NothingStored(InvalidInput):
    """No row of the file could be stored, so nothing was published."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        why = "it holds no rows" if report.read == 0 else f"none of its {report.read} rows could be stored"
        reasons = ", ".join(f"{reason} {count}" for reason, count in report.reasons.items())
        told = f" ({reasons}); see {report.folder}" if reasons else ""
        super().__init__(f"Nothing was imported from {path.name}: {why}{told}.")
        self.report = report

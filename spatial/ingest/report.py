"""The report of an import: a summary, and a file with every row that was not stored."""

import csv
import dataclasses
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

from spatial.ingest.types import ImportReport, Rejection

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
SAMPLES: Final = 5
WKT_MAX: Final = 2000
ATTRIBUTES_MAX: Final = 20_000
"""Characters kept of a rejected row, so that one monstrous row does not make a monstrous report."""


class Reporter:
    """Counts what happens to rows and writes rejected ones down at once, so that memory stays flat.

    Parameters
    ----------
    root
        Folder under which ``<layer>-<UTC timestamp>`` is made.
    """

    def __init__(self, root: Path, report: ImportReport) -> None:
        self.report = report
        report.started_at = datetime.now(UTC)
        self._clock = time.monotonic()
        self.folder = _fresh_folder(root, f"{report.layer}-{report.started_at:%Y%m%dT%H%M%SZ}")
        report.folder = self.folder
        # Excel opens UTF-8 only with a byte order mark.
        self._file = open(  # noqa: SIM115 - closed at the end of the import
            self.folder / "rejected.csv", "w", encoding="utf-8-sig", newline="", errors="replace", opener=_private
        )
        self._rows = csv.writer(self._file)
        self._rows.writerow(["row", "reason", "message", "attributes", "wkt"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the summary, also of an import that failed."""
        if error is not None:
            self.report.status = "failed"
            self.report.error = str(error) or type(error).__name__
            self.report.stored = 0
        self.report.seconds = round(time.monotonic() - self._clock, 3)
        self._file.close()
        if not self.report.rejected:
            (self.folder / "rejected.csv").unlink()
        with open(self.folder / "report.json", "w", encoding="utf-8", opener=_private) as file:
            file.write(as_json(self.report))

    def reject(self, rejections: Iterable[Rejection]) -> None:
        """Write rows down and count them."""
        for one in rejections:
            self.report.rejected += 1
            self.report.reasons[one.reason.value] = self.report.reasons.get(one.reason.value, 0) + 1
            if len(self.report.samples) < SAMPLES:
                self.report.samples.append({"row": one.row, "reason": one.reason.value, "message": one.message})
            self._rows.writerow(
                [one.row, one.reason.value, one.message, _text(one.attributes), _cut(one.wkt or "", WKT_MAX)]
            )


def as_json(report: ImportReport) -> str:
    """Return a report as JSON text, indented for people."""
    return json.dumps(dataclasses.asdict(report), ensure_ascii=False, indent=2, default=_plain) + "\n"


def _fresh_folder(root: Path, name: str) -> Path:
    """Two imports of one second get two folders; rejected rows may tell of people, so nobody else may look."""
    root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(PermissionError):
        # Reports of earlier versions lie there open.
        root.chmod(PRIVATE_FOLDER)
    for suffix in ("", *(f"-{number}" for number in range(2, 1000))):
        folder = root / f"{name}{suffix}"
        try:
            folder.mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(attributes: Any) -> str:
    if attributes is None:
        return ""
    if isinstance(attributes, str):
        return _cut(attributes, ATTRIBUTES_MAX)
    try:
        text = orjson.dumps(attributes, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Undecodable bytes in a text, which is why the row was rejected.
        text = json.dumps(attributes, ensure_ascii=True, default=str)
    return _cut(text, ATTRIBUTES_MAX)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"

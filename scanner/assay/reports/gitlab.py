"""`-o gitlab`: GitLab's code quality report, whose entries a merge request shows beside the lines that it changes.

Waived and undecided findings are left out (undecided ones count under `--strict`): GitLab knows no such state.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Severity
from assay.paths import repository
from assay.reports.json import dumps
from assay.reports.places import in_file, stand_in
from assay.reports.shape import cleaner, failing, one_line, utf8

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding

_LEVELS = {
    Severity.INFO: "info", Severity.LOW: "minor", Severity.MEDIUM: "major", Severity.HIGH: "critical",
    Severity.CRITICAL: "blocker",
}  # fmt: skip


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the list: an entry a failure, paths relative to the repository."""
    root = os.path.realpath(repository(report.base))
    shown = [f for f in report.findings if failing(report, f)]
    stream.write("[")
    stream.writelines(f"{',' if n else ''}\n{dumps(_entry(f, report.base, root))}" for n, f in enumerate(shown))
    stream.write("\n]\n")


def _entry(f: Finding, base: str, root: str) -> dict[str, Any]:
    clean = cleaner(f)
    address, message = clean(f.resource.address), one_line(clean(f.message))
    place = f.location if in_file(f) else None
    line = max(1, place.start_line) if place else 1
    return {
        "description": message if address in message else f"{address}: {message}",
        "check_name": f.rule, "fingerprint": f.fingerprint, "severity": _LEVELS[f.severity],
        "location": {"path": _path(place.file, base, root) if place else stand_in(f), "lines": {"begin": line}},
    }  # fmt: skip


def _path(file: str, base: str, root: str) -> str:
    full = os.path.realpath(os.path.join(base, file))
    path = os.path.relpath(full, root).replace(os.sep, "/")
    return utf8(f"outside-the-repository/{os.path.basename(full)}" if path.startswith("../") else path)

"""`-o jsonl`: one finding a line, in the shape of `-o json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.reports.json import dumps
from assay.reports.shape import finding_dict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from assay.engine import Report


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the findings."""
    stream.writelines(dumps(finding_dict(f)) + "\n" for f in report.findings)

"""A report of one line a resource type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TextIO

from assay.engine import Report


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    stream.writelines(
        f"{kind}: {count} findings\n"
        for kind, count in sorted(Counter(f.resource.type for f in report.findings).items())
    )

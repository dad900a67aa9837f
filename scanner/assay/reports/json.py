"""`-o json`: the whole report as one object, a finding a line (schema `assay-report/1`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.reports.shape import SCHEMA, coverage_dict, difference_dict, finding_dict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from assay.engine import Report


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumps(value: Any) -> str:
    """Compact JSON with letters as they are."""
    return _ENCODER.encode(value)


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the report."""
    tool = {"name": "assay", "version": report.tool_version}
    stream.write(f'{{"schema":{dumps(SCHEMA)},"tool":{dumps(tool)},\n"summary":{dumps(report.summary)},\n')
    stream.write(f'"coverage":{dumps(coverage_dict(report.coverage))},\n')
    if report.difference is not None:
        stream.write(f'"diff":{dumps(difference_dict(report.difference))},\n')
    if report.trend is not None:
        stream.write(f'"trend":{dumps(report.trend.shape())},\n')
    if report.timings is not None:
        stream.write(f'"timings":{dumps(report.timings)},\n')
    stream.write('"findings":[')
    stream.writelines(f"{',' if n else ''}\n{dumps(finding_dict(f))}" for n, f in enumerate(report.findings))
    stream.write("\n]}\n")

"""`-o csv`: a finding a row, for spreadsheets. A cell that a spreadsheet would execute is made text."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from assay.reports.places import in_file
from assay.reports.shape import finding_dict
from assay.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding

COLUMNS = (
    "severity", "verdict", "rule", "theme", "message", "resource_type", "address", "source", "account", "region",
    "file", "start_line", "start_column", "end_line", "end_column", "controls", "waiver_reason", "waiver_owner",
    "waiver_expires", "fixable", "fingerprint",
)  # fmt: skip


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the findings below a row of column names."""
    rows = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows({name: _cell(value) for name, value in _row(f).items()} for f in report.findings)


def _row(finding: Finding) -> dict[str, Any]:
    shape = finding_dict(finding)
    resource, waiver = shape["resource"], shape["waiver"] or {}
    place = shape["location"] if in_file(finding) else None
    return {
        **{name: shape[name] for name in ("severity", "verdict", "rule", "theme", "message", "fingerprint")},
        **{name: resource[name] for name in ("address", "source", "account", "region")},
        **(place or {}),
        **{f"waiver_{name}": waiver.get(name) for name in ("reason", "owner", "expires")},
        "resource_type": resource["type"],
        "controls": "; ".join(shape["controls"]),
        "fixable": "yes" if shape["fixable"] else "no",
    }


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = printable(value.replace("\n", " "))
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

"""`-o github`: the SARIF that GitHub code scanning takes without an error and shows without noise.

GitHub ignores suppressions and kinds, so waived and undecided results would become open alerts: they are left out
(undecided ones count under `--strict`). It shows 5,000 results: the most severe are the ones it gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.paths import repository
from assay.reports.sarif import Uris, write_log
from assay.reports.shape import failing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from assay.engine import Report

RESULTS_SHOWN = 5000


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the upload. Option `category`: the run's category among several uploads for one commit."""
    results = sorted((f for f in report.findings if failing(report, f)), key=lambda f: -f.severity)
    shown, left_out = results[:RESULTS_SHOWN], max(0, len(results) - RESULTS_SHOWN)
    uris = Uris(report.base, repository(report.base))
    write_log(report, stream, shown, uris, category=options.get("category"), github=True, left_out=left_out)

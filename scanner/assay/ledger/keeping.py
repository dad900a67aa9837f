"""A report goes into the ledger, learns how it stands among the runs before, and what is new is told."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from assay.ledger.sight import Sight
from assay.ledger.store import LATEST, Ledger, LedgerError, chosen, default_path
from assay.ledger.trend import Trend
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from assay.engine import Report


def keeper(args: Namespace, asked: set[str], known: set[str]) -> Callable[[Report, str], None] | None:
    """What keeps a report in the ledger that `args` or ASSAY_LEDGER name; None where the run is not to be kept.

    Raises:
        UsageError: `--notify` without a ledger, `--diff` with one, an address that cannot be notified.
        LedgerError: the ledger cannot be opened.
    """
    if not (args.ledger or os.environ.get("ASSAY_LEDGER")):
        raise UsageError("--notify tells what the ledger did not know: name one, --ledger URL, or set ASSAY_LEDGER")
    if getattr(args, "diff", None):
        if args.ledger or args.notify:
            raise UsageError("--diff reports only what is new, the ledger keeps all there is: choose one")
        return None
    url = chosen(args.ledger)
    from assay.ledger.notify import address

    addresses = [address(one) for one in args.notify or ()]
    with Ledger(url) as ledger:  # what is wrong with it is said before anything is read
        letters = f"{ledger.file or os.path.join(os.path.dirname(default_path()), 'ledger')}.dead-letters.jsonl"
    plugins = getattr(args, "plugin", None) or []

    def keep(report: Report, what: str) -> None:
        from assay.reports.shape import text

        scope = text(" ".join([what, *(f"+{name}" for name in sorted(plugins))]))
        try:
            with Ledger(url) as ledger:
                run, changes = ledger.record(scope, Sight(report, asked, known))
                report.trend = Trend.of(ledger.runs(scope, LATEST), changes)
        except LedgerError as error:
            report.coverage.input("ledger", "failed", f"this run is not in the history: {error}")
            return
        if addresses and (changes.new or changes.regressed):
            from assay.ledger.notify import News, send

            for said in send(addresses, News(run, changes.new, changes.regressed), letters):
                report.coverage.notes.append(said)
                sys.stderr.write(f"assay: {said}\n")

    return keep

"""`assay report RUN.json ...`: reports of `-o json` merged, compared with earlier ones, and written in any format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assay import config
from assay.cli import scan
from assay.model import Severity
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from assay.catalogue import Catalogue


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import EXIT_CODES, formatter

    p = ArgumentParser(
        "assay report", description="Merge reports, compare them with earlier ones, write them in any format.",
        epilog=f"--compare leaves what is new, and says what is fixed and what is unchanged.\n\n{EXIT_CODES}",
        formatter_class=formatter,
    )  # fmt: skip
    p.add_argument("runs", nargs="+", metavar="RUN.json", help="reports, as `-o json=RUN.json` writes them")
    p.add_argument("--compare", action="append", metavar="OLD.json", help="an earlier report; repeatable")
    p.add_argument("--rules", action="append", metavar="DIR", help="a directory of your own rules; repeatable")
    p.add_argument("-o", "--output", action="append", metavar="FORMAT[=FILE]", help="any format of scan; repeatable")
    p.add_argument("--fail-on", choices=config.LEVELS, help="the gate: lowest severity that fails (default low)")
    p.add_argument("--strict", action="store_true", help="unknown counts as fail")
    p.add_argument("--allow-incomplete", action="store_true", help="do not exit 3 when something was not read")
    p.add_argument("-q", "--quiet", action="store_true", help="less talk")
    p.add_argument("-v", "--verbose", action="store_true", help="more talk")
    return p


def run(argv: list[str]) -> int:
    from assay.reports.reading import merge, read

    args = parser().parse_args(argv)
    outputs = scan.parse_outputs(args.output)
    catalogue = _catalogue(args.rules or [])
    report = merge([read(path) for path in args.runs], catalogue)
    if args.compare:
        from assay.ledger.difference import keep_new

        earlier = merge([read(path) for path in args.compare], catalogue)
        if report.difference is not None or earlier.difference is not None:
            raise UsageError("a report of --diff holds only what was new: compare reports of whole scans")
        keep_new(report, earlier.findings, ", ".join(args.compare), "")
        report.trend = None  # it speaks of all findings, and of another run
        if earlier.incomplete and not report.incomplete:
            report.coverage.notes.append("something could not be read then, so more may look new than is")
        if report.incomplete:
            report.coverage.notes.append("something could not be read now, so what looks fixed may only be unseen")
    report.base = os.getcwd()
    report.gate = None if args.fail_on == "never" else Severity[(args.fail_on or "low").upper()]
    report.strict, report.allow_incomplete = args.strict, args.allow_incomplete
    args.show_passes = True  # whoever asked the scan for passes has them in the report
    scan.write(report, outputs, args)
    return report.exit_code


def _catalogue(directories: list[str]) -> Catalogue:
    from assay.bundled import RULES
    from assay.catalogue import Catalogue

    for directory in directories:
        if not os.path.isdir(directory):
            raise UsageError(f"--rules {directory}: there is no such directory")
    return Catalogue([RULES, *map(os.path.abspath, directories)])

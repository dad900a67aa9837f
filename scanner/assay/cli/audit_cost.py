"""`assay audit cost FILE ...`: anomalies, forecasts and shares of spend, each finding with its numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assay import clock
from assay.cli import scan
from assay.graph import Graph
from assay.model import Coverage, Request
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.model import Resource


def options(p: ArgumentParser) -> None:
    p.add_argument("paths", nargs="+", metavar="FILE|aws",
                   help="cost files or folders of them (FOCUS, AWS or OCI; CSV or Parquet); or aws")  # fmt: skip
    p.add_argument("--budget", action="append", metavar="[ACCOUNT=]AMOUNT", default=[],
                   help="what a month may cost, in all or of an account; repeatable")  # fmt: skip
    p.add_argument("--days", type=int, default=120, metavar="N", help="of aws: so many days back (default 120)")
    p.add_argument("--profile", metavar="NAME", help="of aws: the profile to use")
    p.add_argument("--endpoint", metavar="URL", help="of aws: every service at one address")


def run(args: Namespace) -> int:
    from assay.engine import evaluate
    from assay.spend import files_of, read, resources

    outputs = scan.parse_outputs(args.output)
    budgets = _budgets(args.budget)
    catalogue, entries = scan.choose(args)
    keep = scan.keeper(args, catalogue, entries)
    coverage = Coverage()
    if args.paths == ["aws"]:
        from assay.inventory.aws.spend import collect

        rows, told = collect(args.profile, args.days, args.endpoint, coverage)
        budgets = {**told, **budgets}
        shown = "aws"
    elif "aws" in args.paths or "oci" in args.paths:
        raise UsageError(
            "aws stands alone: audit files and an account one after the other; oci's usage is read from files"
        )
    else:
        files = files_of(args.paths)
        rows, shown = read(files, os.getcwd(), coverage), args.paths[0]
    found = resources(rows, coverage, shown, clock.today(), budgets)
    graph = Graph(found, coverage)
    rules = [r for r in catalogue.load(entries, graph.types) if "cost" in r.sources]
    listed, _ = scan.listed_waivers(args, Request(["."], os.getcwd()))
    report = evaluate(
        graph, rules, passes=bool(args.show_passes), timings=args.timings, waivers=not args.no_waivers,
        known={e.id for e in catalogue.entries}, asked={r.id for r in rules}, listed=listed,
    )  # fmt: skip
    _summary(report.summary, found)
    scan.gated(report, args, os.getcwd())
    if keep is not None:
        keep(report, " ".join(["cost", *(p if p == "aws" else os.path.realpath(p) for p in sorted(args.paths))]))
    scan.write(report, outputs, args)
    return report.exit_code


def _budgets(texts: list[str]) -> dict[str, float]:
    found = {}
    for text in texts:
        name, _, amount = text.rpartition("=")
        try:
            found[name] = float(amount)
        except ValueError:
            raise UsageError(f"--budget {text}: write AMOUNT or ACCOUNT=AMOUNT, a number") from None
    return found


def _summary(summary: dict[str, object], found: list[Resource]) -> None:
    """What was spent, and how much of it carries no tag, by currency."""
    spent: dict[str, dict[str, float]] = {}
    for r in found:
        if r.type == "service":
            one = spent.setdefault(r.values["currency"] or "?", {"total": 0.0, "untagged": 0.0})
            one["total"] += r.values["total"]
            one["untagged"] += r.values["untagged"]
    summary["spend"] = {c: {k: round(v, 2) for k, v in one.items()} for c, one in sorted(spent.items())}

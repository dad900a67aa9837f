"""`assay audit cost FILE ...|aws|oci`: anomalies, forecasts, idle resources, each finding with its numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from assay import clock
from assay.cli import scan
from assay.graph import Graph
from assay.model import Coverage, Request
from assay.patterns import pattern
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.idle import Used
    from assay.model import Resource
    from assay.spend import Budgets, Row

LIVE = ("aws", "oci")


def options(p: ArgumentParser) -> None:
    p.add_argument("paths", nargs="+", metavar="FILE|aws|oci",
                   help="cost files or folders of them (FOCUS, AWS, OCI; CSV or Parquet), or aws, or oci")  # fmt: skip
    p.add_argument("--budget", action="append", metavar="[ACCOUNT=]AMOUNT[CURRENCY]", default=[],
                   help="what a month may cost, in all or of an account: 3000, 3000USD, 111122223333=500; "
                   "repeatable")  # fmt: skip
    p.add_argument("--utilisation", "--utilization", metavar="FILE",
                   help="of files: resource, day and percentage of use (resource_id, day, utilization; CSV or "
                   "Parquet), where no column of theirs has it")  # fmt: skip
    p.add_argument("--print-permissions", action="store_true", help="of aws and oci: print what it needs, and stop")
    p.add_argument("--tag", metavar="KEY", help="spend without this tag counts as untagged (of files, by default what "
                   "has none at all); of oci, NAMESPACE.KEY or the key of a free-form tag")  # fmt: skip
    p.add_argument("--days", type=int, default=120, metavar="N", help="of aws and oci: days back (default 120)")
    p.add_argument("--profile", metavar="NAME", help="of aws and oci: the profile to use")
    p.add_argument("--config-file", metavar="FILE", help="of oci: the SDK's configuration file (default ~/.oci/config)")
    p.add_argument("--auth", choices=("api-key", "security-token", "instance-principal", "resource-principal"),
                   default="api-key", help="of oci: how to sign in (default api-key)")  # fmt: skip
    p.add_argument("--endpoint", metavar="URL", help="of aws and oci: every service at one address")


AWS_ACTIONS = ("budgets:ViewBudget", "ce:GetCostAndUsage", "ce:GetCostAndUsageWithResources",
               "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "ec2:DescribeInstanceTypes",
               "ec2:DescribeInstances", "rds:DescribeDBInstances")  # fmt: skip
OCI_GRANTS = ("inspect tenancies", "inspect usage-budgets", "read instances", "read metrics", "read usage-report")


def permissions(args: Namespace) -> str:
    """The least rights that the audit of an account needs.

    Raises:
        UsageError: no account is audited.
    """
    from assay.cli.permissions import aws, oci

    if args.paths == ["aws"]:
        return aws(AWS_ACTIONS)
    if args.paths == ["oci"]:
        return oci(OCI_GRANTS)
    raise UsageError("--print-permissions is of aws or oci: files need none")


class Collected(NamedTuple):
    """What an audit judges: daily rows, budgets, resources with their use, and where all this is from."""

    rows: list[Row]
    budgets: Budgets
    used: list[Used]
    untagged: dict[str, float | None]  # by currency; nothing and None where nobody tells
    shown: str
    source: str


def run(args: Namespace) -> int:
    from assay.engine import evaluate
    from assay.idle import resource
    from assay.spend import SpendOrigin, resources

    if args.print_permissions:
        print(permissions(args), end="")
        return 0
    outputs = scan.parse_outputs(args.output)
    budgets = _budgets(args.budget)
    catalogue, entries = scan.choose(args)
    keep = scan.keeper(args, catalogue, entries)
    coverage = Coverage()
    got = _collected(args, coverage)
    found = resources(got.rows, coverage, got.shown, clock.today(), {**got.budgets, **budgets})
    found += [resource(one, got.source, SpendOrigin(got.shown)) for one in got.used]
    graph = Graph(found, coverage)
    types = {*graph.types, *(type_ for type_, _, _, _ in coverage.unlisted)}
    rules = [
        r for r in catalogue.load(entries, types)
        if "cost" in r.sources or (got.source in r.sources and "resource" in r.on)
    ]  # fmt: skip
    listed, _ = scan.listed_waivers(args, Request(["."], os.getcwd()))
    report = evaluate(
        graph, rules, passes=bool(args.show_passes), timings=args.timings, waivers=not args.no_waivers,
        known={e.id for e in catalogue.entries}, asked={r.id for r in rules}, listed=listed,
    )  # fmt: skip
    _summary(report.summary, found, got.untagged)
    scan.gated(report, args, os.getcwd())
    if keep is not None:
        keep(report, " ".join(["cost", *(p if p in LIVE else os.path.realpath(p) for p in sorted(args.paths))]))
    scan.write(report, outputs, args)
    return report.exit_code


def _collected(args: Namespace, coverage: Coverage) -> Collected:
    live = [p for p in args.paths if p in LIVE]
    if live and len(args.paths) > 1:
        raise UsageError(f"{live[0]} stands alone: audit files and an account one after the other")
    if args.utilisation and live:
        raise UsageError(f"--utilisation is of files: that of {live[0]} is asked of its own metrics")
    if args.days < 1:
        raise UsageError(f"--days {args.days}: at least 1")
    if live == ["aws"]:
        from assay.inventory.aws.spend import collect

        found = collect(args.profile, args.days, args.endpoint, coverage, args.tag)
        return Collected(*found, "aws", "aws")
    if live == ["oci"]:
        from assay.inventory.oci.clients import identify
        from assay.inventory.oci.spend import collect as of_oci

        identity = identify(args.auth, args.config_file, args.profile)
        return Collected(*of_oci(identity, args.days, args.endpoint, coverage, args.tag), "oci", "oci")
    from assay.spend import files_of, read

    files = files_of(args.paths)
    if args.utilisation and not os.path.isfile(args.utilisation):
        raise UsageError(f"--utilisation {args.utilisation}: there is no such file")
    rows = read(files, os.getcwd(), coverage, args.tag)
    from assay.idle import from_files

    untagged: dict[str, float | None] = {}
    for row in rows:
        before = untagged.get(row.currency, 0.0)
        untagged[row.currency] = None if row.untagged is None or before is None else before + row.untagged
    used = from_files(files, args.utilisation, os.getcwd(), coverage)
    return Collected(rows, {}, used, untagged, args.paths[0], "cost")


def _budgets(texts: list[str]) -> Budgets:
    found = {}
    for text in texts:
        name, _, amount = text.rpartition("=")
        said = _AMOUNT.fullmatch(amount)
        if said is None:
            raise UsageError(f"--budget {text}: write AMOUNT or ACCOUNT=AMOUNT, a number such as 3000 or 3000USD")
        if float(said[1]) <= 0:
            raise UsageError(f"--budget {text}: a budget is more than 0")
        found[name, (said[2] or "").upper()] = float(said[1])
    return found


_AMOUNT = pattern(r"(-?[0-9]{1,15}(?:\.[0-9]+)?)[ ]?([A-Za-z]{3})?")


def _summary(summary: dict[str, object], found: list[Resource], untagged: dict[str, float | None]) -> None:
    """What was spent, and how much of it carries no tag (null where nobody tells), by currency."""
    spent: dict[str, float] = {}
    for r in found:
        if r.type == "service":
            spent[r.values["currency"]] = spent.get(r.values["currency"], 0.0) + r.values["total"]
    bare = {c: untagged.get(c) for c in spent}
    summary["spend"] = {
        c or "?": {"total": round(total, 2), "untagged": None if (one := bare[c]) is None else round(one, 2)}
        for c, total in sorted(spent.items())
    }

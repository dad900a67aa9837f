"""`assay audit slo FILE ...`: the objectives of OpenSLO documents, judged on the metrics that they name."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from assay import clock
from assay.cli import scan
from assay.graph import Graph
from assay.model import Coverage, Finding, Request, Resource, Verdict
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from assay.engine import Report
    from assay.objectives.openslo import Objective, Unread
    from assay.rule import Rule

JOBS = 8
RULES = ("sla-objective-breached", "sla-error-budget-burn", "sla-alert-condition-met")


def options(p: ArgumentParser) -> None:
    p.add_argument("paths", nargs="+", metavar="FILE", help="OpenSLO v1 documents (YAML or JSON), or folders of them")
    p.add_argument("--prometheus", metavar="URL", help="the Prometheus to ask, whatever the data sources say")
    p.add_argument("--token-file", metavar="FILE", help="its first line is the bearer token for --prometheus")
    p.add_argument("--profile", metavar="NAME", help="of CloudWatch: the profile to use (AWS_PROFILE is honoured)")
    p.add_argument("--config-file", metavar="FILE", help="of OCI: the SDK's configuration file (default ~/.oci/config)")
    p.add_argument("--oci-profile", metavar="NAME", help="of OCI: its profile (default DEFAULT)")
    p.add_argument("--auth", choices=("api-key", "security-token", "instance-principal", "resource-principal"),
                   default="api-key", help="of OCI: how to sign in (default api-key)")  # fmt: skip
    p.add_argument("--endpoint", metavar="URL", help="of CloudWatch and OCI: every service at one address")
    p.add_argument(
        "--print-permissions", action="store_true", help="print what the metrics need of AWS and OCI, and stop"
    )
    p.add_argument("--jobs", type=int, default=JOBS, metavar="N", help=f"objectives at once (default {JOBS})")


def run(args: Namespace) -> int:
    from assay.objectives.measure import everything
    from assay.objectives.openslo import files_of, read
    from assay.objectives.sources import Sources, Wish

    if args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs}: at least 1")
    if args.token_file and not args.prometheus:
        raise UsageError("--token-file needs --prometheus URL: a token is sent where the command line says, only there")
    if args.prometheus and not args.prometheus.lower().startswith(("http://", "https://")):
        raise UsageError("--prometheus takes an address: http://HOST:PORT or https://HOST/PATH")
    outputs = scan.parse_outputs(args.output)
    catalogue, entries = scan.choose(args)
    keep = scan.keeper(args, catalogue, entries)
    coverage = Coverage()
    documents = read(files_of(args.paths), os.getcwd(), coverage)
    if args.print_permissions:
        print(permissions(documents.objectives), end="")
        return 0
    sources = Sources(
        Wish(args.prometheus, args.token_file, args.endpoint, args.profile, args.auth, args.config_file,
             args.oci_profile)
    )  # fmt: skip
    with ThreadPoolExecutor(min(args.jobs, max(1, len(documents.objectives))), thread_name_prefix="slo") as pool:
        measured, lost = everything(documents, sources, clock.seconds(), pool)
    sources.tell(coverage)
    if not documents.objectives and not documents.unread and not coverage.incomplete:
        coverage.notes.append("there is no SLO among the documents: nothing was judged")
    graph = Graph(measured, coverage, documents.remarks)
    rules = [r for r in catalogue.load(entries, {"service"}) if r.id in RULES or _speaks(r)]
    listed, _ = scan.listed_waivers(args, Request(["."], os.getcwd()))
    from assay.engine import evaluate

    report = evaluate(
        graph, rules, passes=bool(args.show_passes), timings=args.timings, waivers=not args.no_waivers,
        known={e.id for e in catalogue.entries}, asked={r.id for r in rules}, listed=listed,
    )  # fmt: skip
    _add_unmeasured(report, lost, rules)
    report.summary["slo"] = [_told(r) for r in measured]
    scan.gated(report, args, os.getcwd())
    if keep is not None:
        keep(report, " ".join(["slo", *(os.path.realpath(p) for p in sorted(args.paths))]))
    scan.write(report, outputs, args)
    if args.timings and report.timings is not None:
        scan.print_timings(report)
    return report.exit_code


def permissions(objectives: list[Objective]) -> str:
    """The least rights that the metrics of these objectives need; nothing for Prometheus, which has no such thing."""
    from assay.cli.permissions import aws, oci

    kinds = {query.kind for one in objectives for query in one.indicator.queries.values()}
    parts = [aws(["cloudwatch:GetMetricData"])] if "cloudwatch" in kinds else []
    return "\n".join([*parts, *([oci(["read metrics"])] if "oci" in kinds else [])])


def _speaks(rule: Rule) -> bool:
    """Whether a rule of the user's is about objectives, and not about spend, which has the same type."""
    return "service" in rule.on and rule.sources != ("cost",)


def _add_unmeasured(report: Report, lost: list[Unread], rules: list[Rule]) -> None:
    """One row for each objective that no rule could look at, and for each alert."""
    chosen = {r.id: r for r in rules}
    for n, gone in enumerate(lost):
        rule = next((chosen[id_] for id_ in (RULES[2:] if gone.alert else RULES) if id_ in chosen), None)
        if rule is None:
            continue
        r = Resource("service", gone.name, "document", {"name": gone.name}, gone.origin, name=gone.name)
        one = Finding(r, Verdict.NOT_EVALUATED, gone.reason)
        one.rule, one.theme, one.severity, one.controls = rule.id, rule.theme, rule.severity, rule.controls
        one.location, one.fingerprint = (
            gone.origin.locate(()),
            f"unmeasured-{gone.name}" + (f"-{n}" if gone.alert else ""),
        )
        report.findings.append(one)
    report.recount()
    report.sort()


def _told(r: Resource) -> dict[str, Any]:
    """One objective for the summary; shares are rounded, what nobody knows is null."""
    from assay.analysis.service_levels import standing

    at = standing(r)
    return {
        "name": r.address, "service": r.values["service"], "target": at.target,
        "level": None if at.level is None else round(at.level, 8), "window": r.values["window"],
        "budget_left": None if at.level is None else round(at.left, 6), "from": r.values["from"], "to": r.values["to"],
        "budget_between": [round(1 - at.spent.worst, 6), round(1 - at.spent.best, 6)],
        "points": at.spent.present, "expected": at.spent.expected,
    }  # fmt: skip

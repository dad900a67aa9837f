"""`assay audit`: collect a live inventory, into a snapshot where one is to be kept, then judge it as `assay scan` does.

What can be audited is a module `assay.cli.audit_<what>` with

- `options(parser)`: its own options;
- `units(args)`: the `assay.inventory.collect.Unit`s to collect, or a `UsageError` that says what is wrong;
- `header(args)`: what the snapshot's first line says: `feeds`, accounts, regions; no times; asked after `units`;
- `permissions(args)`: what `--print-permissions` prints;
- `known()`, where an audit can be narrowed: every type it can collect; `args.types` are then those that the selected
  rules look at, or None for all;
- `watch(args, look)`, where it has `--watch`: calls `look` again and again.

One with `run(args)` does everything itself: it has no inventory.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from assay.cli import scan
from assay.inventory.collect import JOBS, collect, gather
from assay.model import Request
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from assay.engine import Report
    from assay.inventory.collect import Unit
    from assay.model import Intake

AUDITS = {
    "aws": "AWS accounts",
    "oci": "OCI tenancies",
    "cluster": "Kubernetes clusters",
    "database": "a database, by SQL and SLA assertions",
    "cost": "cost and usage: anomalies, forecasts, idle spend",
    "slo": "service-level objectives on their metrics",
}


def parser(what: str) -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import EXIT_CODES, formatter

    p = ArgumentParser(
        f"assay audit {what}", description=f"Audit {AUDITS[what]}.", epilog=EXIT_CODES, formatter_class=formatter,
        allow_abbrev=False,
    )  # fmt: skip
    scan.add_selection(p)
    scan.add_reporting(p)
    return p


def add_collection(p: ArgumentParser) -> None:
    p.add_argument("--save", metavar="SNAPSHOT", help="keep what was collected (.jsonl.gz): evidence, offline input")
    p.add_argument("--resume", action="store_true", help="go on with what an interrupted audit left at --save")
    p.add_argument(
        "--print-permissions",
        action="store_true",
        help="print the least read policy that the selected rules need, and stop",
    )
    p.add_argument("--jobs", type=int, metavar="N", help="how many services are asked at once (default 8)")
    p.add_argument("--endpoint", metavar="URL", help="every service at one address: dedicated regions, gateways, tests")


def run(argv: list[str]) -> int:
    there = [name for name in AUDITS if find_spec(f"assay.cli.audit_{name}")]
    if not argv or argv[0] in ("-h", "--help"):
        lines = [f"  {name:<{max(map(len, there))}}  {AUDITS[name]}" for name in there]
        print("\n".join(["usage: assay audit WHAT ...", "", *lines, "", "assay audit WHAT --help says more"]))
        return 0 if argv else 2
    what = argv[0]
    if what not in there:
        raise UsageError(f"there is no audit of {what!r}; there are: {', '.join(there)}")
    module = import_module(f"assay.cli.audit_{what}")
    p = parser(what)
    if not hasattr(module, "run"):
        add_collection(p)
    module.options(p)
    args = p.parse_args(argv[1:])
    scan.settle(args, ["."])
    if hasattr(module, "run"):
        code: int = module.run(args)
        return code
    args.types = _narrowed(module, args)
    if args.print_permissions:
        print(module.permissions(args), end="")
        return 0
    return _audit(what, module, args)


def _narrowed(module: Any, args: Namespace) -> frozenset[str] | None:
    """The types that the selected rules look at; None when every rule is asked, or the audit cannot be narrowed."""
    if not hasattr(module, "known") or not (args.select or args.framework):
        return None
    if getattr(args, "code", None):  # what is linked is found by what it belongs to, whatever the rules look at
        return None
    from assay.needs import types_of

    catalogue, entries = scan.choose(args)
    known = module.known()
    types = types_of(catalogue.load(entries), known)
    return types if types < known else None


def _audit(what: str, module: Any, args: Namespace) -> int:
    if args.resume and not args.save:
        raise UsageError("--resume needs --save SNAPSHOT: that is where the interrupted audit left its parts")
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs}: at least 1")
    if args.save and not args.save.endswith(".jsonl.gz"):
        raise UsageError(f"--save {args.save}: a snapshot's name ends in .jsonl.gz")
    if args.save and os.path.isdir(args.save):
        raise UsageError(f"--save {args.save}: this is a directory; a snapshot is a file")
    if args.endpoint and not args.endpoint.lower().startswith(("http://", "https://")):
        raise UsageError(f"--endpoint {args.endpoint}: write an address, https://HOST[:PORT]")
    outputs = scan.parse_outputs(args.output)
    chosen = scan.choose(args)  # a wrong filter is said before anything is asked of the cloud
    keep = scan.keeper(args, *chosen)
    declared = scan.code_of(args) if hasattr(args, "code") else {}

    def look(prepare: Callable[[str | Intake], None] | None = None) -> int:
        """Collect, judge, write; `prepare` is called with what was collected when the report is ready."""
        collected = _collect(what, module, args)
        if args.save:
            request = Request([args.save], os.getcwd(), options=dict(declared))
        else:
            request = Request([], os.getcwd(), options={"collected": collected, **declared})
        report = scan.judge(request, *chosen, args)
        if keep is not None:
            keep(report, _scope(what, report, args))
        if prepare:
            prepare(collected or args.save)
        scan.write(report, outputs, args)
        if args.timings and report.timings is not None:
            scan.print_timings(report)
        return report.exit_code

    if getattr(args, "watch", None) is not None:
        watched: int = module.watch(args, look)
        return watched
    code = look()
    gc.freeze()  # the interpreter's last look for garbage would go through all that was collected
    return code


def _scope(what: str, report: Report, args: Namespace) -> str:
    """What was audited, in words: two audits of the same are compared in the ledger."""
    accounts = sorted({u["account"] for u in report.coverage.units if u["account"]})
    narrowed = [
        f"{name}={','.join(sorted(value))}"
        for name in ("regions", "services", "compartments")
        if (value := getattr(args, name, None))
    ]
    return " ".join([what, *accounts, *narrowed])


def _collect(what: str, module: Any, args: Namespace) -> Intake | None:
    """Into the snapshot at `--save`; without one, what it would hold."""
    shown = _Progress(quiet=args.quiet)
    try:
        units, header, jobs = module.units(args), module.header(args), args.jobs or JOBS
        if not args.save:
            return gather(units, what, header=header, jobs=jobs, progress=shown)
        collect(units, args.save, header=header, jobs=jobs, resume=args.resume, progress=shown)
        return None
    finally:
        shown.clear()


class _Progress:
    """One line on stderr, only on a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._on = sys.stderr.isatty() and not quiet

    def __call__(self, done: int, resources: int, unit: Unit) -> None:
        if self._on:
            where = "/".join(p for p in (unit.account, unit.region, unit.service) if p)
            print(f"\r\x1b[K{done} units, {resources:,} resources ({where})", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._on:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

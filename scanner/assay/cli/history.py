"""`assay history list|show|diff|prune`: the runs that the ledger keeps, and how they differ."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from assay import clock
from assay.ledger.store import Changes, Ledger, LedgerError, chosen, compare, counted, file_of
from assay.reports.text import printable
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.ledger.store import Row, Run


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser(
        "assay history", description="The runs that the ledger keeps (`--ledger` of scan and audit, or ASSAY_LEDGER).",
        epilog="diff exits 1 when something is new or has come back.", formatter_class=formatter, allow_abbrev=False,
    )  # fmt: skip
    actions = p.add_subparsers(dest="action", required=True, metavar="list|show|diff|prune")
    listing = actions.add_parser("list", help="the runs, the latest first")
    listing.add_argument("--scope", metavar="TEXT", help="only runs of this scope")
    show = actions.add_parser("show", help="the findings of a run, with when they were first seen")
    show.add_argument("run", type=int, metavar="RUN")
    diff = actions.add_parser("diff", help="what is new, fixed, back and unchanged between two runs or snapshots")
    diff.add_argument("old", metavar="OLD", help="a run's number, or a snapshot file")
    diff.add_argument("new", metavar="NEW")
    prune = actions.add_parser("prune", help="forget old runs; the last of every scope stays")
    which = prune.add_mutually_exclusive_group(required=True)
    which.add_argument("--keep", type=int, metavar="N", help="keep the last N runs of every scope")
    which.add_argument("--before", metavar="DATE", help="forget runs before this day (UTC), 2026-11-30")
    for action in (listing, show, diff, prune):
        action.add_argument("--ledger", metavar="URL", help="a file, postgresql://user@host/name, or default")
        action.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default text")
    return p


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if args.action == "diff" and os.path.isfile(args.old) and os.path.isfile(args.new):
        return _snapshots(args)
    url = chosen(args.ledger)
    file = file_of(url)
    if file is not None and not os.path.exists(file):
        if args.action == "list":
            return _put(args, {"runs": []}, [f"No runs yet: there is no ledger at {file}; `--ledger` makes one."])
        raise LedgerError(f"there is no ledger at {file}; `assay scan --ledger FILE` makes one")
    with Ledger(url) as ledger:
        code: int = {"list": _list, "show": _show, "diff": _diff, "prune": _prune}[args.action](args, ledger)
        return code


def _put(args: Namespace, data: dict[str, Any], lines: list[str]) -> int:
    if args.output == "json":
        print(json.dumps(data, ensure_ascii=False))
    else:
        for line in lines:
            print(printable(line))
    return 0


def _list(args: Namespace, ledger: Ledger) -> int:
    runs = ledger.runs(args.scope)
    return _put(args, {"runs": [_run(r) for r in runs]}, [_line(r) for r in runs] or ["No runs yet."])


def _run(r: Run) -> dict[str, Any]:
    return {
        "run": r.id, "scope": r.scope, "time": clock.stamp(r.at), "tool": r.tool, "incomplete": r.incomplete,
        "summary": r.summary, "changes": r.changes,
    }  # fmt: skip


def _line(r: Run) -> str:
    c = r.changes
    short = ", ".join(f"{r.summary.get(name, 0):,} {name}" for name in ("fail", "unknown"))
    since = "the first" if c["since"] is None else f"+{c['new']:,} -{c['fixed']:,} regressed {c['regressed']:,}"
    return f"{r.id:>5}  {clock.stamp(r.at)}  {short}  ({since}{', incomplete' if r.incomplete else ''})  {r.scope}"


def _show(args: Namespace, ledger: Ledger) -> int:
    found = ledger.run(args.run)
    times = ledger.times(found.scope)
    rows = [(r, times.get(r.fingerprint)) for r in ledger.findings(found)]
    data = _run(found) | {
        "findings": [
            _finding(r)
            | {
                "first_seen": clock.stamp(t[0]) if t else None,
                "last_seen": clock.stamp(t[1]) if t else None,
                "resolved": clock.stamp(t[2]) if t and t[2] is not None else None,
            }
            for r, t in rows
        ]
    }
    lines = [_line(found), *(f"  {_said(r)}" + (f", first seen {clock.stamp(t[0])}" if t else "") for r, t in rows)]
    return _put(args, data, lines)


def _finding(r: Row) -> dict[str, Any]:
    return {name: value for name, value in r._asdict().items() if name != "place"}


def _said(r: Row) -> str:
    return f"{r.severity:<8} {r.verdict} ({r.status}) {r.address}: {' '.join(r.message.split())} [{r.rule}]"


def _diff(args: Namespace, ledger: Ledger) -> int:
    old, new = (ledger.run(_number(text)) for text in (args.old, args.new))
    if old.scope != new.scope:
        raise UsageError(f"run {old.id} is of {old.scope}, run {new.id} of {new.scope}: only runs of one scope compare")
    changes = compare(ledger.findings(old), ledger.findings(new), ledger.seen_until(old))
    data: dict[str, Any] = {"runs": [_run(old), _run(new)], "counts": counted(changes)}
    data |= {name: [_finding(r) for r in rows] for name, rows in zip(Changes._fields, changes, strict=True)}
    lines = [
        f"{sign} {_said(r)}"
        for sign, rows in (("+", changes.new), ("!", changes.regressed), ("-", changes.fixed))
        for r in rows
    ]
    lines.append(", ".join(f"{n:,} {name}" for name, n in counted(changes).items()))
    _put(args, data, lines)
    return 1 if changes.new or changes.regressed else 0


def _number(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{text}: neither the number of a run nor a snapshot that is there")
    return int(text)


def _snapshots(args: Namespace) -> int:
    from assay.inventory import snapshot

    try:
        changes = snapshot.compare(args.old, args.new)
    except (OSError, EOFError, ValueError) as error:
        raise UsageError(f"{args.old}, {args.new}: one of them cannot be read as a snapshot: {error}") from error
    signs = {"added": "+", "removed": "-", "changed": "~"}
    counts = {kind: sum(1 for c in changes if c.kind == kind) for kind in signs}
    lines = [f"{signs[c.kind]} {c.type} {c.address}{': ' if c.paths else ''}{', '.join(c.paths)}" for c in changes]
    lines.append(", ".join(f"{n:,} {kind}" for kind, n in counts.items()))
    return _put(args, {"counts": counts, "changes": [c._asdict() for c in changes]}, lines)


def _prune(args: Namespace, ledger: Ledger) -> int:
    if args.keep is not None and args.keep < 1:
        raise UsageError(f"--keep {args.keep}: at least 1")
    before = None
    if args.before is not None:
        try:
            before = clock.instant(f"{args.before}T00:00:00Z")
        except ValueError:
            raise UsageError(f"--before {args.before}: write a day, 2026-11-30") from None
    gone = ledger.prune(keep=args.keep, before=before)
    return _put(args, {"pruned": gone}, [f"{gone:,} run{'' if gone == 1 else 's'} forgotten."])

"""`assay waivers list|check|add`: what is waived, which waivers have stopped doing their work, and a new one."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from assay import clock, config
from assay.cli import scan
from assay.ledger import waiver_file
from assay.model import Verdict
from assay.paths import display, repository
from assay.reports.text import printable
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.engine import Report
    from assay.ledger.waiver_file import FileWaiver

SOON = 30
"""So many days before its end a waiver is called ending."""


def parser() -> ArgumentParser:
    from argparse import ArgumentParser

    from assay.cli import formatter

    p = ArgumentParser("assay waivers", description="List and check waivers, add one.", formatter_class=formatter)
    actions = p.add_subparsers(dest="action", required=True, metavar="list|check|add")
    listing = actions.add_parser("list", help="every waiver, with what it waives now", formatter_class=formatter)
    check = actions.add_parser(
        "check", help="exit 1 when one is expired, unused, blanket ...", formatter_class=formatter
    )
    add = actions.add_parser("add", help="waive a finding, by its fingerprint", formatter_class=formatter)
    add.add_argument("fingerprint", help="of the finding, as -o json, the HTML report and the baseline print it")
    for one in (listing, check, add):
        one.add_argument("paths", nargs="*", metavar="PATH", help="what to scan (default .)")
        one.add_argument("--waivers", metavar="FILE", help="the waiver file (default: the nearest assay-waivers.toml)")
        scan.add_selection(one)
        scan.add_terraform(one)
    for one in (listing, check):
        one.add_argument("--as-of", metavar="DATE", help="judge by this day instead of today, as 2027-03-31 (UTC)")
        one.add_argument("-o", "--output", choices=("text", "json"), default="text")
    add.add_argument("--reason", required=True, help="why it may be so")
    add.add_argument("--expires", required=True, metavar="DATE", help="the last day on which it holds, as 2027-03-31")
    add.add_argument("--owner", help="who answers for it")
    add.add_argument("--report", metavar="RUN.json", help="a JSON report that holds the finding, instead of a scan")
    return p


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    if args.action == "add":
        return _add(args)
    if args.as_of is not None:
        args.as_of = waiver_file.day(args.as_of, "--as-of")
    report = _scan(args)
    return _list(report, args) if args.action == "list" else _check(report, args)


def _scan(args: Namespace) -> Report:
    """A scan that honours waivers; what the gate and the reports need is left as it is by default."""
    paths = args.paths or ["."]
    scan.settle(args, paths)
    catalogue, entries = scan.choose(args)
    for name in ("diff", "baseline", "fail_on", "strict", "allow_incomplete", "show_passes", "timings", "no_waivers"):
        setattr(args, name, None)
    return scan.judge(scan.make_request(args, paths), catalogue, entries, args)


def _listed(report: Report, args: Namespace) -> list[dict[str, Any]]:
    """Every waiver that waives something or stands in the waiver file."""
    today = args.as_of or clock.today()
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in report.findings:
        w = finding.waiver
        if w is not None:
            entry = found.setdefault(
                (w.place, finding.rule),
                {"place": w.place, "kind": w.kind, "rules": [finding.rule], "address": None, "reason": w.reason,
                 "owner": w.owner, "expires": w.expires, "status": "active", "waives": []},
            )  # fmt: skip
            entry["waives"].append(finding.resource.address)
    for waiver in _file(args):
        mine = [key for key in found if key[0] == waiver.place]
        waives = [address for key in mine for address in found.pop(key)["waives"]]
        found[waiver.place, ""] = {
            "place": waiver.place, "kind": "file", "rules": list(waiver.rules), "address": waiver.address,
            "reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires,
            "status": _status(waiver, today), "waives": waives,
        }  # fmt: skip
    return [_clean(found[key]) for key in sorted(found, key=_in_order)]


def _clean(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry whose texts, which are the input's, are masked and can be written."""
    from assay.reports.shape import text

    return {
        name: text(value) if isinstance(value, str) else [text(v) for v in value] if isinstance(value, list) else value
        for name, value in entry.items()
    }


def _in_order(key: tuple[str, str]) -> tuple[str, int, str]:
    file, _, line = key[0].rpartition(":")
    return file, int(line) if line.isdecimal() else 0, key[1]


def _file(args: Namespace) -> list[FileWaiver]:
    path = args.waivers or config.waivers((args.paths or ["."])[0])
    return waiver_file.read(path, display(os.path.abspath(path), os.getcwd())) if path else []


def _status(waiver: FileWaiver, today: str) -> str:
    from datetime import date

    left = (date.fromisoformat(waiver.expires) - date.fromisoformat(today)).days
    return "expired" if left < 0 else "ending" if left < SOON else "active"


def _list(report: Report, args: Namespace) -> int:
    entries = _listed(report, args)
    if args.output == "json":
        print(json.dumps({"waivers": entries}, ensure_ascii=False, indent=1))
        return 0
    for e in entries:
        until = f", until {e['expires']}" if e["expires"] else ""
        owner = f", {e['owner']}" if e["owner"] else ""
        print(printable(f"{e['place']}: {', '.join(e['rules'])} ({e['status']}{until}{owner}): {e['reason']}"))
        for address in e["waives"] or [f"nothing now ({e['address']})" if e["address"] else "nothing now"]:
            print(printable(f"    {address}"))
    print(f"{len(entries)} waivers, {report.summary['waived']} findings waived")
    return 0


def _check(report: Report, args: Namespace) -> int:
    today = args.as_of or clock.today()
    problems = [_clean({"kind": p.kind, "place": p.place, "message": p.sentence}) for p in report.waiver_problems]
    told = {p["place"] for p in problems if p["kind"] == "expired"}
    ending = []
    for waiver in _file(args):
        status = _status(waiver, today)
        if status == "ending":
            ending.append({"kind": "ending", "place": waiver.place, "message": f"it ends on {waiver.expires}"})
        elif status == "expired" and waiver.place not in told:
            said = f"the waiver of {', '.join(waiver.rules)} expired on {waiver.expires}, and waives nothing anyway"
            problems = [p for p in problems if p["place"] != waiver.place or p["kind"] != "unused"]
            problems.append({"kind": "expired", "place": waiver.place, "message": said})
    if args.output == "json":
        print(json.dumps({"as_of": today, "problems": problems, "ending": ending}, ensure_ascii=False, indent=1))
    else:
        for p in [*problems, *ending]:
            print(printable(f"{p['place']}: {p['kind']}: {p['message']}"))
        from assay.reports.shape import plural

        print(f"{plural(len(problems), 'problem')}, {len(ending)} ending within {SOON} days (as of {today}, UTC)")
    if report.coverage.incomplete:
        print("assay waivers: something could not be read, so a waiver may look unused that is not", file=sys.stderr)
    return 1 if problems else 3 if report.coverage.incomplete else 0


def _add(args: Namespace) -> int:
    found, others = _finding(args)
    expires = waiver_file.day(args.expires, "--expires")
    if expires < clock.today():
        raise UsageError(f"--expires {expires}: that day is over")
    if not args.reason.strip():
        raise UsageError("--reason: say why it may be so")
    first = (args.paths or ["."])[0]
    path = args.waivers or config.waivers(first) or os.path.join(repository(first), config.WAIVERS)
    file = "*"
    if others and found.file:  # two root modules may have the same address
        folder = os.path.dirname(os.path.abspath(path))
        file = display(found.file, folder)
    waiver = waiver_file.FileWaiver((found.rule,), found.address, args.reason.strip(), args.owner, expires, file, "")
    if os.path.exists(path):
        waiver_file.read(path, path)  # a file that is broken already is said before anything is added
    waiver_file.append(path, waiver)
    where = f" in {file}" if file != "*" else ""
    shown = display(os.path.abspath(path), os.getcwd())
    print(printable(f"{shown}: {found.rule} is waived on {found.address}{where} until {expires}"))
    alike = sum(one.file == found.file for one in others)
    if alike:
        from assay.reports.shape import plural

        said = f"it covers {plural(alike, 'more finding')} of the same rule, address and file"
        print(f"assay waivers: {said}: a waiver cannot tell them apart", file=sys.stderr)
    return 0


class _Row(NamedTuple):
    """A finding that may be waived; `file` is where it is located, empty where no file is."""

    fingerprint: str
    rule: str
    address: str
    file: str


def _finding(args: Namespace) -> tuple[_Row, list[_Row]]:
    """The finding with the fingerprint, and the others that its rule has at the same address."""
    if args.report:
        try:
            with open(args.report, encoding="utf-8") as handle:
                found = json.load(handle)["findings"]
            rows = [
                _Row(f["fingerprint"], f["rule"], f["resource"]["address"], (f["location"] or {"file": ""})["file"])
                for f in found
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"--report {args.report}: not a JSON report of assay: {error}") from error
    else:
        from assay.reports.places import in_file

        counted = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)
        rows = [
            _Row(f.fingerprint, f.rule, f.resource.address, f.location.file if f.location and in_file(f) else "")
            for f in _scan(args).findings
            if f.verdict in counted
        ]
    chosen = next((row for row in rows if row.fingerprint == args.fingerprint), None)
    if chosen is None:
        where = args.report or " ".join(args.paths or ["."])
        raise UsageError(f"no finding in {where} has the fingerprint {args.fingerprint}")
    mine = (row for row in rows if row[1:3] == chosen[1:3])
    return chosen, [row for row in mine if row.fingerprint != chosen.fingerprint]

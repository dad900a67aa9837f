"""`assay audit database URL --assertions FILE ...`: SQL and SLA assertions, asked by reading alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assay.cli import scan
from assay.engine import evaluate
from assay.graph import Graph
from assay.ledger.waiver_file import FileWaiver
from assay.model import Coverage, Finding, Request, Verdict
from assay.paths import display
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.assertions.judge import Source
    from assay.catalogue import Catalogue, Entry
    from assay.engine import Report
    from assay.model import Resource
    from assay.rule import Rule


def options(p: ArgumentParser) -> None:
    p.add_argument(
        "url", metavar="URL", help="sqlite:///file.db, postgresql://user@host/name, oracle://..., mysql://..."
    )
    p.add_argument("--assertions", action="append", nargs="+", required=True, metavar="FILE",
                   help="files of CREATE ASSERTION and named queries")  # fmt: skip
    p.add_argument("--rows", type=int, default=20, metavar="N", help="how many violating rows to show (default 20)")
    p.add_argument("--timeout", type=int, default=60, metavar="SECONDS", help="for each query (default 60)")
    p.add_argument("--password-file", metavar="FILE", help="its first line is the password "
                   "(else ASSAY_DATABASE_PASSWORD, or what the driver knows: PGPASSFILE ...)")  # fmt: skip


def run(args: Namespace) -> int:
    from assay.assertions.database import Failed, InventorySession, opened, shown

    if args.rows < 1 or args.timeout < 1:
        raise UsageError("--rows and --timeout take a number of at least 1")
    outputs = scan.parse_outputs(args.output)
    catalogue, entries = scan.choose(args)
    keep = scan.keeper(args, catalogue, entries)
    sources = _sources([f for several in args.assertions for f in several], catalogue)
    from assay.assertions.judge import ask, refuse_writes, resource, weak_constraints

    name, notes = shown(args.url), []
    try:
        with opened(args.url, password_file=args.password_file, seconds=args.timeout) as session:
            refuse_writes(sources, session.name)
            asked, unasked = ask(sources, session, args.rows)
            coverage = session.graph.coverage if isinstance(session, InventorySession) else Coverage()
            try:
                asked += weak_constraints(session, name)
            except Failed as error:
                notes.append(f"{name}: which constraints are not enforced could not be read: {error}")
    except Failed as error:
        asked, unasked = [], [(resource(s, {}), f"{name} could not be opened: {error}") for s in sources]
        coverage = Coverage()
    graph = Graph(asked, coverage)
    graph.coverage.notes += notes
    for path in dict.fromkeys(s.file for s in sources):
        graph.coverage.input(path, "read")
    report = _judged(graph, unasked, catalogue, entries, args)
    if keep is not None:
        keep(report, " ".join(["database", name, *sorted({s.file for s in sources})]))
    scan.write(report, outputs, args)
    return report.exit_code


def _sources(files: list[str], catalogue: Catalogue) -> list[Source]:
    """The assertions of all files; names are unique across them."""
    try:
        import sqlglot  # noqa: F401
    except ImportError:
        raise UsageError("auditing a database needs more packages: pip install 'assay[database]'") from None
    from assay.assertions.judge import Source
    from assay.assertions.language import read

    found: list[Source] = []
    for file in files:
        try:
            with open(file, encoding="utf-8") as handle:
                text = handle.read()
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise UsageError(f"--assertions {file}: cannot be read: {said}") from error
        name = display(os.path.abspath(file), os.getcwd())
        for one in read(text, name):
            if any(one.name.lower() == s.assertion.name.lower() for s in found):
                raise UsageError(f"{name}:{one.line}: another file has an assertion {one.name} already")
            rule = catalogue.find(one.rule) if one.rule else None
            if one.rule and rule is None:
                raise UsageError(f"{name}:{one.line}: there is no rule {one.rule} that {one.name} could stand for")
            found.append(Source(one, name, rule.on[0] if rule is not None else "assertion"))
    return found


def _judged(
    graph: Graph, unasked: list[tuple[Resource, str]], catalogue: Catalogue, entries: list[Entry], args: Namespace
) -> Report:
    rules = [r for r in catalogue.load(entries, {*graph.types, *(r.type for r, _ in unasked)}) if _speaks(r)]
    listed, _ = scan.listed_waivers(args, Request(["."], os.getcwd()))
    if not args.no_waivers:
        listed += [_waiver(r, rules) for r in graph.resources if r.values.get("waiver")]
    report = evaluate(
        graph, rules, passes=bool(args.show_passes), timings=args.timings, waivers=not args.no_waivers,
        known={e.id for e in catalogue.entries}, asked={r.id for r in rules}, listed=listed,
    )  # fmt: skip
    for r, reason in unasked:
        rule = next((x for x in rules if r.type in x.on), None)
        if rule is not None:  # else nobody asked for it
            one = Finding(r, Verdict.NOT_EVALUATED, reason)
            one.rule, one.theme, one.severity, one.controls = rule.id, rule.theme, rule.severity, rule.controls
            one.location, one.fingerprint = r.origin.locate(()), f"unasked-{r.address}"
            report.findings.append(one)
    for finding in report.findings:  # an assertion may be about something else than its rule's other ones
        finding.theme = finding.resource.values.get("theme") or finding.theme
    report.recount()
    report.sort()
    return scan.gated(report, args, os.getcwd())


def _speaks(rule: Rule) -> bool:
    """Whether a rule is about what a database says: most that take the type `sql` are about its files."""
    return "database" in rule.sources


def _waiver(r: Resource, rules: list[Rule]) -> FileWaiver:
    reason, until = r.values["waiver"]
    names = tuple(x.id for x in rules if r.type in x.on)
    place = f"{r.values['file']}:{r.origin.locate(()).start_line}"
    return FileWaiver(names, r.address, reason, r.values["owner"], until, "*", place)

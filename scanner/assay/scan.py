"""A scan: find what the sources read, build the graph, judge it, give the report."""

from __future__ import annotations

import gc
import os
from errno import ENOENT
from functools import partial
from typing import TYPE_CHECKING, Any

from assay import plugins
from assay.graph import Graph
from assay.kubernetes import STDIN
from assay.model import Intake, Undetermined, is_apart, written_in
from assay.paths import display, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from assay.catalogue import Catalogue, Entry
    from assay.engine import Report
    from assay.model import Request, Source

HEAD = 65536


class UsageError(Exception):
    """A wrong call: one sentence saying what is wrong and what to write instead. Exit code 2."""


def collect(request: Request) -> Graph:
    """The graph of what every source reads below the request's paths, linked to the code that it names.

    Raises:
        UsageError: a path does not exist.
    """
    intake = gather(request)
    if request.options.get("code") is not None:
        from assay.provenance import attach

        attach(intake, request.options["code"], request.options.get("directories", ()))
    graph = Graph(intake.resources, intake.coverage, intake.remarks, intake.links)
    graph.apart = intake.apart
    return graph


def gather(request: Request, only: Collection[str] = ()) -> Intake:
    """Ask every source, or those named, for what it reads below the request's paths.

    Raises:
        UsageError: a path does not exist.
    """
    for path in request.paths:
        if path != STDIN and not os.path.lexists(path):
            raise UsageError(f"{path}: there is no such file or directory")
    intake: Intake = request.options.get("collected") or Intake()  # an audit has collected already
    sources: list[Source] = [
        s for answer in plugins.call("assay_sources") for s in answer if not only or s.name in only
    ]
    claimed = _assign(request, sources, intake)
    for source in sources:
        paths = claimed.get(source.name)
        if paths:
            _guarded(source, paths[0], request, intake, partial(source.load, request, paths, intake))
    for source in sources:
        join = getattr(source, "join", None)
        if join is not None:
            _guarded(source, next(iter(request.paths), "."), request, intake, partial(join, request, intake))
    return intake


def _guarded(source: Source, path: str, request: Request, intake: Intake, work: Callable[[], None]) -> None:
    """Let a source work; when it stops, the others still count."""
    try:
        work()
    except (Exception, Undetermined) as error:
        if os.environ.get("ASSAY_DEBUG"):
            raise
        said = f"the source {source.name} stopped: {type(error).__name__}: {error}; ASSAY_DEBUG=1 shows the whole trace"
        intake.coverage.input(display(path, request.base), "failed", said)


def _assign(request: Request, sources: Sequence[Source], intake: Intake) -> dict[str, list[str]]:
    """Which source loads which paths, each once; what was named and nobody claims, or nobody can read, is said."""
    claimed: dict[str, dict[str, str]] = {}
    several = len(request.paths) > 1  # then the same file may be reached by two names

    def say(path: str, status: str, reason: str) -> None:
        intake.coverage.input(display(path, request.base), status, reason)

    def claim(source: Source, unit: str) -> None:
        claimed.setdefault(source.name, {}).setdefault(os.path.abspath(unit) if several else unit, unit)

    for path in request.paths:
        if not os.path.isdir(path):
            owner, fault = _owner(path, sources)
            if owner is not None:
                claim(owner, path)
            elif fault is not None:
                say(path, "failed", _unreadable(fault))
            else:
                say(path, "skipped", "Assay does not read this kind of file")
            continue
        found = False
        shut: list[OSError] = []
        for file in walk(path, shut.append):
            owner, fault = _owner(file, sources)
            if owner is not None:
                found = True
                claim(owner, path if owner.trees else file)
            elif fault is not None and fault.errno != ENOENT:  # a link that leads nowhere holds nothing
                fault.filename = file
                shut.append(fault)
        for fault in shut:
            say(fault.filename, "failed", _unreadable(fault))
        if not found and not shut:
            say(path, "skipped", "nothing here that Assay reads")
    return {name: list(units.values()) for name, units in claimed.items()}


def _unreadable(fault: OSError) -> str:
    return f"it cannot be read: {fault.strerror}"


def _owner(path: str, sources: Sequence[Source]) -> tuple[Source | None, OSError | None]:
    """The source that reads a file; where it is none, the fault that kept them from looking into it."""
    cache: list[bytes] = []
    faults: list[OSError] = []

    def head() -> bytes:
        if not cache:
            try:
                with open(path, "rb") as handle:
                    cache.append(handle.read(HEAD).removeprefix(b"\xef\xbb\xbf"))
            except OSError as error:
                cache.append(b"")
                faults.append(error)
        return cache[0]

    owner = next((s for s in sources if s.claims(path, head)), None)
    return owner, faults[0] if owner is None and faults else None


def run(
    request: Request, catalogue: Catalogue, entries: Sequence[Entry], options: dict[str, Any] | None = None
) -> Report:
    """Scan: collect, load the rules that can speak, evaluate.

    Args:
        options: `passes`, `timings`, `waivers` as `engine.evaluate` takes them.

    Raises:
        UsageError, assay.rule.RuleError, assay.plugins.PluginError
    """
    from assay.engine import evaluate

    request.options.setdefault("directories", catalogue.directories)
    collecting = gc.isenabled()
    gc.disable()  # a scan makes long-lived objects only: a third of the time would go into looking for garbage
    try:
        graph = collect(request)
        unlisted = {type_ for type_, *_ in graph.coverage.unlisted}
        sources = None if unlisted else {r.source for r in graph.resources}  # what a live source was denied is judged
        known = {e.id for e in catalogue.entries}
        chosen = entries
        if request.files_only and graph.apart:
            chosen = _touching(graph, catalogue, entries, _named(request), unlisted)
        rules = catalogue.load(chosen, {*graph.types, *unlisted}, sources)
        report = evaluate(graph, rules, known=known, asked={e.id for e in chosen}, **(options or {}))
    finally:
        if collecting:
            gc.enable()
    report.base = request.base
    report.summary["rules"] = len(entries)
    if request.files_only:
        _keep_touching(report, request)
    if plugins.installed():
        plugins.call("assay_findings", report=report, paths=request.paths)
        report.sort()
    return report


def _named(request: Request) -> set[str]:
    """The files that were named, as reports spell them."""
    return {display(p, request.base) for p in request.paths}


def _touching(
    graph: Graph, catalogue: Catalogue, entries: Sequence[Entry], files: set[str], unlisted: Collection[str]
) -> list[Entry]:
    """Of the entries those that may find something that touches the files, so that the other rules are not loaded.

    A rule on a type of which one stands in the files, or takes a value from them, and a rule that looks at a type of
    which one stands there while it judges another. What a snapshot could not list touches always.
    """
    judged: set[str] = {"any", "taggable", *unlisted}
    seen: set[str] = set()
    for r in graph.resources:
        if not is_apart(r, graph.apart):
            judged.add(r.type)
            own = written_in(r)
            if own is None or not files.isdisjoint(own):
                seen.add(r.type)
    looking = catalogue.looking_at(seen)
    return [e for e in entries if looking is None or e.id in looking or not judged.isdisjoint(e.on)]


def _keep_touching(report: Report, request: Request) -> None:
    """With file arguments: only findings whose place, trace or evidence lies in one of the files, and what a snapshot
    among them could not list."""
    files = _named(request)

    def touches(finding: Any) -> bool:
        places = [finding.location.file] if finding.location else []
        places += [s.file for s in finding.trace] + [b.file for b in finding.because]
        inside = (p.partition("!/")[0] for p in places)  # an entry of an archive is in the archive
        return finding.resource.source == "uncollected" or any(p in files for p in inside)

    report.findings = [f for f in report.findings if touches(f)]
    report.recount()
    report.passed = {}  # they are of the whole estate

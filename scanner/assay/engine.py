"""The engine: rules on a graph give findings, each a verdict with its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay import model
from assay.decode import decode
from assay.model import (
    Coverage,
    Encoded,
    Finding,
    PartialList,
    Resource,
    Severity,
    Text,
    Undetermined,
    Unknown,
    Verdict,
    join_path,
    lookup_quietly,
    show,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from assay.graph import Graph
    from assay.ledger.difference import Difference
    from assay.ledger.trend import Trend
    from assay.ledger.waiver_file import FileWaiver
    from assay.ledger.waivers import Problem
    from assay.model import ValuePath, View
    from assay.rule import Parts, Rule

_SCOPES = {"account", "tenancy", "compartment", "region", "cluster", "module", "terraform", "declaration"}

_FILES = {"terraform", "plan", "manifest", "document"}


class Report:
    """What an evaluation found, and what it could not see. Every report format reads this and nothing else."""

    def __init__(self, findings: list[Finding], summary: dict[str, Any], coverage: Coverage, rules: list[Rule]) -> None:
        self.findings = findings
        self.summary = summary
        self.coverage = coverage
        self.rules = {r.id: r for r in rules}
        self.passed: dict[str, int] = {}  # by rule, how often it passed; passes are findings only on demand
        self.base = "."
        self.gate: Severity | None = Severity.LOW
        self.strict = False
        self.allow_incomplete = False
        self.timings: dict[str, float] | None = None
        self.graph: Graph | None = None  # what was judged, for who draws it
        self.waiver_problems: list[Problem] = []
        self.difference: Difference | None = None  # from an earlier state, where one was asked for
        self.trend: Trend | None = None  # from the runs before, where a ledger keeps them

    def sort(self) -> None:
        """Failures first, the gravest first, then by place."""
        self.findings.sort(key=_order)

    def recount(self) -> None:
        """Make the summary agree with the findings after some were left out or changed (passes are not findings)."""
        for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.NOT_EVALUATED):
            self.summary[verdict.value] = sum(1 for f in self.findings if f.verdict is verdict)

    @property
    def tool_version(self) -> str:
        from assay._version import __version__

        return __version__

    @property
    def incomplete(self) -> bool:
        """True when something asked for could not be read or evaluated."""
        return self.coverage.incomplete or any(f.verdict is Verdict.NOT_EVALUATED for f in self.findings)

    def gates(self, finding: Finding) -> bool:
        """Whether this finding counts against the gate."""
        counts = finding.verdict is Verdict.FAIL or (self.strict and finding.verdict is Verdict.UNKNOWN)
        return counts and self.gate is not None and finding.severity >= self.gate

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings at or above the gate, 3 incomplete (unless allowed); findings win."""
        if any(self.gates(f) for f in self.findings):
            return 1
        return 3 if self.incomplete and not self.allow_incomplete else 0


def evaluate(
    graph: Graph, rules: Sequence[Rule], *, passes: bool = False, timings: bool = False, waivers: bool = True,
    known: Collection[str] | None = None, asked: Collection[str] | None = None,
    listed: Sequence[FileWaiver] = (), today: str | None = None,
) -> Report:  # fmt: skip
    """Judge every resource by every rule on its type.

    Args:
        graph: the resources, with what could not be listed.
        rules: what to ask; the order does not matter.
        passes: also return a finding for every pass.
        timings: measure CPU seconds per rule.
        waivers: honour the waivers, those written in the sources and those of `listed`.
        known: every rule id there is, those asked for among them (default: these rules); a waiver of another is said.
        asked: the ids this run was to judge, for telling a waiver that waives nothing from one of another run.
        listed: the waivers of the waiver file.
        today: the ISO day by which waivers expire (default: today, UTC).
    """
    run = _Run(graph, passes, timings)
    for rule in rules:
        run.rule(rule)
    of_one = {id(r): n for n, r in enumerate(graph.resources)}
    for finding in sorted(run.findings, key=lambda f: of_one.get(id(f.resource), -1)):
        _complete(finding)  # one resource after the other: its file is parsed again once for all its findings
    if graph.live("cluster"):
        from assay.analysis.cluster_findings import name_pods

        name_pods(graph, run.findings)
    distinguish(run.findings)
    problems: list[Problem] = []
    if waivers and (graph.remarks or listed or any(type_[:1].isupper() for type_ in graph.types)):
        from assay.ledger.waivers import apply

        mine = {r.id for r in rules}
        problems = apply(
            graph, rules, run.findings, known=known or mine, asked=asked or mine, listed=listed, today=today
        )
    run.findings.sort(key=_order)
    report = Report(run.findings, run.summary(rules), graph.coverage, list(rules))
    report.passed = run.passed
    report.graph = graph
    report.waiver_problems = problems
    report.recount()
    report.timings = run.seconds if timings else None
    if graph.live("cluster"):
        from assay.analysis.health import summarise

        summarise(graph, report)
    return report


class _Run:
    """The state of one evaluation: what was found and how often a rule passed."""

    def __init__(self, graph: Graph, passes: bool, timings: bool) -> None:
        self.graph = graph
        self.findings: list[Finding] = []
        self.keep_passes = passes
        self.sources = {r.source for r in graph.resources}
        self.passed: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.timed = timings
        self._with_parts: dict[tuple[Any, str], list[Resource]] = {}

    def rule(self, rule: Rule) -> None:
        from time import process_time

        start = process_time() if self.timed else 0.0
        self._denied(rule)
        sources, stand_ins = rule.sources, self.graph.stand_ins
        for type_ in rule.on if not sources or not self.sources.isdisjoint(sources) else ():
            for r in self._subjects(type_) if rule.each is None else self._divided(type_, rule.each):
                if (sources and r.source not in sources) or (stand_ins and id(r) in stand_ins):
                    continue
                if rule.each is None:
                    self._judge(rule, r, r)
                else:
                    self._parts(rule, r, rule.each)
        if self.timed:
            self.seconds[rule.id] = process_time() - start

    def _subjects(self, type_: str) -> Iterable[Resource]:
        if type_ in ("any", "taggable"):
            tags = type_ == "taggable"  # a document says nothing of the tags of what will be made of it
            wanted = {t for t in self.graph.types if _managed(t) and (not tags or _has_tags(t))}
            return [r for r in self.graph.resources if r.type in wanted and not (tags and r.source == "document")]
        return self.graph.collected(type_)

    def _divided(self, type_: str, each: Parts) -> Iterable[Resource]:
        """The resources of a type that have parts of this kind: fifty rules ask the same of every pod."""
        if isinstance(each, str):
            return self._subjects(type_)
        kept = self._with_parts.get((each, type_))
        if kept is None:
            whole = getattr(each, "part_of", None)  # who has no containers has no init containers either
            among = self._subjects(type_) if whole is None else self._divided(type_, whole)
            kept = self._with_parts[each, type_] = [r for r in among if self._has_parts(r, each)]
        return kept

    def _has_parts(self, r: Resource, each: Callable[[Resource, Graph], list[Any]]) -> bool:
        try:
            parts = each(r, self.graph)
        except (Undetermined, Exception):  # noqa: BLE001 - said when a rule asks again
            return True
        return isinstance(parts, PartialList) or bool(parts)

    def _denied(self, rule: Rule) -> None:
        """A type whose list was denied is judged by nobody: neither pass nor fail. Files are never denied a list."""
        if rule.sources and _FILES.issuperset(rule.sources):
            return
        spare = getattr(rule.each, "spare", ())  # types that tell what others, which have to be listed, tell as well
        for type_, account, region, reason in self.graph.coverage.unlisted:
            if type_ in rule.on and type_ not in spare:
                place = "/".join(p for p in (account, region) if p) or type_
                stand_in = Resource(type_, f"{place}/{type_}", "uncollected", {}, account=account, region=region)
                self._add(rule, Finding(stand_in, Verdict.NOT_EVALUATED, f"{type_} could not be listed: {reason}"))

    def _parts(self, rule: Rule, r: Resource, each: Parts) -> None:
        try:
            parts = r.each(each) if isinstance(each, str) else each(r, self.graph)
        except Undetermined as doubt:
            self._unknown(rule, r, doubt, ())
            return
        except Exception as error:  # noqa: BLE001 - as a rule's own fault
            self._crashed(rule, r, _where_it_crashed(error))
            return
        for part in list.__iter__(parts):
            self._judge(rule, r, part)
        if isinstance(parts, PartialList):
            path = model.parse_path(each) if isinstance(each, str) else ()
            self._unknown(rule, r, Undetermined(parts.unknown), path)

    def _judge(self, rule: Rule, r: Resource, view: View) -> None:
        reads = model._reads
        reads.clear()
        found = False
        passed: Finding | None = None
        try:
            for finding in rule.run(view, self.graph):
                if finding.verdict is Verdict.PASS:
                    passed = finding
                    continue
                found = True
                self._add(rule, finding)
        except Undetermined as doubt:
            self._unknown(rule, view.resource, doubt, view.path)
            return
        except RecursionError:
            self._crashed(rule, r, "it recursed too deeply")
            return
        except Exception as error:  # noqa: BLE001 - one rule may not take the others along
            if reads:  # C code raises TypeError and the like where the unknown itself could not speak up
                self._unknown(rule, view.resource, Undetermined(reads[-1][2]), view.path)
            else:
                self._crashed(rule, r, _where_it_crashed(error))
            return
        if not found:
            self.passed[rule.id] = self.passed.get(rule.id, 0) + 1
            if self.keep_passes:
                self._add(rule, passed or Finding(r, Verdict.PASS, rule.title, view.path))

    def _unknown(self, rule: Rule, r: Resource, doubt: Undetermined, path: ValuePath) -> None:
        read = next((p for owner, p, u in reversed(model._reads) if u is doubt.unknown and owner is r), path)
        self._add(rule, Finding(r, Verdict.UNKNOWN, f"cannot be decided: {doubt.reason}", read))

    def _crashed(self, rule: Rule, r: Resource, what: str) -> None:
        self._add(rule, Finding(r, Verdict.NOT_EVALUATED, f"the rule {rule.id} crashed: {what}"))

    def _add(self, rule: Rule, finding: Finding) -> None:
        finding.rule = rule.id
        finding.theme = rule.theme
        own = finding.own_severity
        finding.severity = rule.severity if own is None else own
        finding.controls = rule.controls
        finding.equivalents = rule.equivalents
        self.findings.append(finding)

    def summary(self, rules: Sequence[Rule]) -> dict[str, Any]:
        resources = sum(len(self.graph.all(t)) for t in self.graph.types if _managed(t))
        return {
            "resources": resources, "rules": len(rules), "fail": 0, "unknown": 0, "waived": 0,
            "pass": sum(self.passed.values()), "not_evaluated": 0,
        }  # fmt: skip


def _managed(type_: str) -> bool:
    return type_ not in _SCOPES and not type_.startswith(("data.", "provider."))


def _has_tags(type_: str) -> bool:
    from assay.terraform.schema import has

    return has(type_, "tags") or has(type_, "freeform_tags")


def _where_it_crashed(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename.replace("\\", "/") if trace is not None else ""
    place = f" ({'/'.join(file.split('/')[-2:])}:{trace.tb_lineno})" if trace is not None else ""
    return f"{type(error).__name__}: {error}{place}"


# --- completing a finding ---------------------------------------------------------------------------------------------


def _complete(finding: Finding) -> None:
    """Location, trace and evidence, asked of the origin only now; a fault there must not lose the finding."""
    r = finding.resource
    if finding.verdict is Verdict.PASS:
        finding.location = r.origin.locate(())
        return
    finding.location = r.origin.locate(finding.path)
    if finding.chars is not None and isinstance(r.origin, model.TextOrigin):
        finding.location = r.origin.locate_chars(finding.path, finding.chars)
    if finding.path and r.source != "uncollected":
        finding.trace = r.origin.trace(finding.path)
        finding.evidence.append({"path": join_path(finding.path), "value": _shown(_value_at(r.values, finding.path))})
    way = [model.Step(h.place.file, h.place.start_line, h.note) for h in finding.hops if h.place is not None]
    finding.trace = [*finding.trace, *way]
    for place in finding.because:
        entry: dict[str, Any] = {"path": place.path, "value": _shown(place.value)}
        if place.address != r.address:
            entry["address"] = place.address
        finding.evidence.append(entry)


def _value_at(values: Any, path: ValuePath) -> Any:
    """The value at a path, also inside a JSON text (`policy.Statement[0]`)."""
    value = lookup_quietly(values, path)
    if value is None:
        for i in range(len(path) - 1, 0, -1):
            text = lookup_quietly(values, path[:i])
            if isinstance(text, (str, Text, Encoded)):
                return lookup_quietly(_decoded(text), path[i:])
    return value


def _decoded(text: Any) -> Any:
    """What a text encodes; that of the last one is kept, for many findings may be about pieces of one document."""
    global _last
    if _last[0] is not text:
        _last = (text, decode(text))
    return _last[1]


_last: tuple[Any, Any] = (None, None)


def distinguish(findings: list[Finding], moved: Mapping[str, str] | None = None) -> None:
    """Our fingerprint: rule, address and what tells siblings apart; no line numbers, so that moved code keeps it.

    Args:
        moved: what files and root modules are called now, by what they were called, where the findings are of before.
    """
    from assay.digest import digest as digest_of

    seen: dict[str, int] = {}
    blocks: dict[tuple[int, ValuePath], str] = {}
    for f in findings:
        where = f.resource.root or f.resource.account or ""  # two clusters hold objects of one name
        address = f.resource.address
        if moved and f.resource.source == "terraform":
            where = moved.get(where or ".", where)
        elif moved:
            address = moved.get(address, address)
        key: Any = f.key  # a rule may give what a manifest holds in a name's place
        own = key if isinstance(key, str) else "" if key is None else show(key)
        text = "\x1f".join((f.rule, where, address, own or _content_key(f, blocks)))
        digest = digest_of(text.encode("utf-8", "surrogatepass"))
        seen[digest] = seen.get(digest, 0) + 1
        f.fingerprint = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _content_key(finding: Finding, blocks: dict[tuple[int, ValuePath], str]) -> str:
    """Where in the resource, by content instead of position: the path without indexes, and the block it stands in.

    Args:
        blocks: the texts of blocks so far, for many findings stand in the same.
    """
    path = finding.path
    names = ".".join(str(s) for s in path if not isinstance(s, int))
    last = max((i for i, s in enumerate(path) if isinstance(s, int)), default=-1)
    if last < 0:
        return names
    at = (id(finding.resource), path[: last + 1])
    text = blocks.get(at)
    if text is None:
        block = lookup_quietly(finding.resource.values, at[1])
        text = blocks[at] = json.dumps(_shown(block), sort_keys=True, default=str)
    return f"{names}\x1f{text}"


def _shown(value: Any) -> Any:
    """A value as evidence has it; of one that is nested a thousand deep only that it is."""
    try:
        return plain(value)
    except RecursionError:
        return "nested too deeply to be shown"


_LEAVES = (str, bool, int, float, type(None))


def plain(value: Any) -> Any:
    """A value for JSON: unknown leaves are null."""
    if type(value) in _LEAVES:  # asked first, as most values are
        return value
    if isinstance(value, Unknown):
        return None
    if isinstance(value, dict):
        return {str(k): v if type(v) in _LEAVES else plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in list.__iter__(value)]
    return value


_RANK = {
    Verdict.FAIL: 0,
    Verdict.UNKNOWN: 1,
    Verdict.NOT_EVALUATED: 2,
    Verdict.WAIVED: 3,
    Verdict.PASS: 4,
}


def _order(f: Finding) -> tuple[Any, ...]:
    place = f.location
    return (
        _RANK[f.verdict], -f.severity, place.file if place else "", place.start_line if place else 0, f.rule,
        f.resource.address, f.fingerprint,
    )  # fmt: skip

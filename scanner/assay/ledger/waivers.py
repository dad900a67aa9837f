"""Waivers: a failure that somebody answers for, in the source beside what it speaks about or in a file of its own.

`# assay: allow[rule-id, other-rule] reason` waives those rules on the block it stands in, or above. Comments of other
scanners (`checkov:skip=ID:reason`, `trivy:ignore:ID`, `tfsec:ignore:ID`, `kics-scan ...`) count through the rules'
equivalents; so do annotations on objects of Kubernetes (`annotations`). The file is `assay-waivers.toml`
(`waiver_file`). What cannot count, or counts for too much, is a problem, and said in the coverage notes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from assay import clock
from assay.ledger.annotations import annotated
from assay.model import Remark, Verdict, Waiver
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from assay.graph import Graph
    from assay.ledger.waiver_file import FileWaiver
    from assay.model import Finding
    from assay.rule import Rule

_OWN = pattern(r"assay:\s*allow(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)
_CHECKOV = pattern(r"checkov:skip=([A-Za-z0-9_,]+)(?::(.*))?")
_TRIVY = pattern(r"(?:trivy|tfsec):ignore:([A-Za-z0-9_*-]+)((?::[a-z]+:[^\s:]+)*)")
_KUBE_LINTER = pattern(r"kube-linter:ignore=([a-z0-9-]+)(?::(.*))?", re.DOTALL)
_KICS = pattern(r"kics-scan\s+(ignore-line|ignore-block|ignore|disable=([0-9a-fA-F,-]+))")
_EXPIRY = pattern(r":exp:(\d{4}-\d{2}-\d{2})")


class Elsewhere(Remark):
    """A comment in code that is not what is judged, but made it: it need not waive anything here."""

    __slots__ = ()


class _Allowance(NamedTuple):
    """One comment understood: the rule ids it names (`*` all), in its own tool's vocabulary."""

    remark: Remark
    tool: str
    ids: tuple[str, ...]
    reason: str
    expires: str | None


class Problem(NamedTuple):
    """What is wrong with a waiver.

    `kind` is expired, unused, unknown-rule, blanket, unwaivable, nameless or unreasoned; `place` is file:line.
    """

    kind: str
    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


class Book:
    """All waivers of one evaluation, and what became of each."""

    def __init__(self, graph: Graph, listed: Sequence[FileWaiver], known: Collection[str], today: str) -> None:
        self.known = known
        self.today = today
        self.listed = listed
        self.problems: list[Problem] = []
        self.allowances = [a for remark in graph.remarks for a in _parse(remark, self.problems, known)]
        self.by_file: dict[str, list[_Allowance]] = {}
        for allowance in self.allowances:
            self.by_file.setdefault(allowance.remark.file, []).append(allowance)
        self.by_object: dict[int, list[_Allowance]] = {}
        for r, remark in annotated(graph):
            found = _parse(remark, self.problems, known)
            self.by_object.setdefault(id(r), []).extend(found)
            self.allowances += found
        for waiver in listed:
            self.problems += _faults(waiver.place, waiver.rules, known)
            if waiver.address == "*":
                said = "this waiver is for every address; name those it is meant for"
                self.problems.append(Problem("blanket", waiver.place, said))
        self.used: set[int] = set()

    def judge(self, finding: Finding, waivable: bool) -> None:
        """Waive a finding, if a waiver covers it that holds today."""
        for allowance in self.by_object.get(id(finding.resource), ()):
            if _names(allowance, finding):
                reason = allowance.reason or f"{allowance.tool} annotation without a reason"
                kind = "annotation" if allowance.tool == "assay" else "foreign"
                waiver = Waiver(kind, reason, _place(allowance), None, allowance.expires)
                if self._holds(id(allowance), waiver, finding, waivable):
                    return
        for allowance in self.by_file.get(finding.location.file, ()) if finding.location else ():
            if _covers(allowance, finding) and _names(allowance, finding):
                kind = "inline" if allowance.tool == "assay" else "foreign"
                reason = allowance.reason or f"{allowance.tool} comment without a reason"
                waiver = Waiver(kind, reason, _place(allowance), None, allowance.expires)
                if self._holds(id(allowance), waiver, finding, waivable):
                    return
        file = finding.location.file if finding.location else ""
        addresses = _addresses(finding) if self.listed else ()
        for listed in self.listed:
            if any(listed.covers(finding.rule, address, file) for address in addresses):
                waiver = Waiver("file", listed.reason, listed.place, listed.owner, listed.expires)
                if self._holds(id(listed), waiver, finding, waivable):
                    return

    def _holds(self, key: int, waiver: Waiver, finding: Finding, waivable: bool) -> bool:
        self.used.add(key)
        if not waivable:
            problem = Problem("unwaivable", waiver.place, f"{finding.rule} may not be waived; it has no effect")
        elif waiver.expires is not None and waiver.expires < self.today:
            problem = Problem("expired", waiver.place, f"the waiver of {finding.rule} expired on {waiver.expires}")
        else:
            finding.verdict = Verdict.WAIVED
            finding.waiver = waiver
            return True
        if problem not in self.problems:
            self.problems.append(problem)
        return False

    def close(self, asked: Collection[str]) -> None:
        """Say which waivers waived nothing, of those whose rules were all asked."""
        mine = (a for a in self.allowances if a.tool == "assay" and not isinstance(a.remark, Elsewhere))
        entries = [(id(a), _place(a), a.ids) for a in mine]
        entries += [(id(w), w.place, w.rules) for w in self.listed]
        for key, place, ids in entries:
            names = [i for i in ids if i in self.known]
            judged = names and all(i in asked for i in names)
            if key not in self.used and judged:
                self.problems.append(
                    Problem("unused", place, f"this waiver of {', '.join(ids)} waives nothing; remove it")
                )


def apply(
    graph: Graph, rules: Sequence[Rule], findings: Sequence[Finding], *, known: Collection[str],
    asked: Collection[str], listed: Sequence[FileWaiver] = (), today: str | None = None,
) -> list[Problem]:  # fmt: skip
    """Turn the failures that a waiver covers into waived ones.

    Args:
        known: every rule id there is.
        asked: the ids that were judged; a waiver of another is not called unused.
        listed: the waivers of the waiver file.
        today: the ISO day to judge by (default: today, UTC).

    Returns:
        What is wrong with the waivers, in the order of its discovery.
    """
    by_id = {r.id: r for r in rules}
    book = Book(graph, listed, known, today or clock.today())
    for finding in findings:
        if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN):
            book.judge(finding, by_id[finding.rule].waivable)
    book.close(asked)
    graph.coverage.notes += map(str, book.problems)
    return book.problems


def _faults(place: str, ids: Sequence[str], known: Collection[str]) -> list[Problem]:
    strange = [i for i in ids if i != "*" and i not in known]
    found = [Problem("unknown-rule", place, f"there is no rule {i} to waive") for i in strange]
    if "*" in ids:
        found.append(Problem("blanket", place, "this waiver allows every rule; name the rules it is meant for"))
    return found


def _parse(remark: Remark, problems: list[Problem], known: Collection[str]) -> list[_Allowance]:
    text = remark.text
    place = f"{remark.file}:{remark.line}"
    found: list[_Allowance] = []
    own = _OWN.search(text)
    if own:
        ids = tuple(i.strip() for i in (own[1] or "").split(",") if i.strip())
        reason = own[2].strip().removesuffix("*/").strip()
        if not ids:
            said = "this waiver names no rule; write `assay: allow[rule-id] reason`"
            problems.append(Problem("nameless", place, said))
        elif not reason:
            said = f"this waiver of {', '.join(ids)} gives no reason and has no effect"
            problems.append(Problem("unreasoned", place, said))
        else:
            problems += _faults(place, ids, known)
            found.append(_Allowance(remark, "assay", ids, reason, None))
    found += [
        _Allowance(remark, "checkov", tuple(m[1].upper().split(",")), (m[2] or "").strip(), None)
        for m in _CHECKOV.finditer(text)
    ]
    for m in _TRIVY.finditer(text):
        expiry = _EXPIRY.search(m[2])
        found.append(_Allowance(remark, "trivy", (m[1].upper(),), "", expiry[1] if expiry else None))
    linter = _KUBE_LINTER.fullmatch(text)
    if linter:
        id_ = f"KUBE-LINTER:{linter[1].upper()}"
        found.append(_Allowance(remark, "kube-linter", (id_,), (linter[2] or "").strip(), None))
    kics = _KICS.search(text)
    if kics:
        ids = tuple(f"KICS:{i[:8].upper()}" for i in kics[2].split(",")) if kics[2] else ("*",)
        found.append(_Allowance(remark, "kics", ids, "", None))
    return found


def _addresses(finding: Finding) -> list[str]:
    """What a waiver may call the resource: a live one has the address of the block that made it too."""
    declared = getattr(finding.resource.origin, "declared", None)
    return [finding.resource.address] + ([declared()["address"]] if declared is not None else [])


def _covers(allowance: _Allowance, finding: Finding) -> bool:
    first, last = allowance.remark.start_line, allowance.remark.end_line
    location = finding.location
    if location is None:
        return False
    if first <= location.start_line <= last:
        return True
    block = finding.resource.origin.locate(())
    return block.file == allowance.remark.file and first <= block.start_line <= last


def _names(allowance: _Allowance, finding: Finding) -> bool:
    if "*" in allowance.ids:
        return True
    if allowance.tool == "assay":
        return finding.rule in allowance.ids
    mine = {e.upper() for e in finding.equivalents}
    mine |= {e.removeprefix("AVD-") for e in mine}
    return any(i in mine for i in allowance.ids)


def _place(allowance: _Allowance) -> str:
    return f"{allowance.remark.file}:{allowance.remark.line}"

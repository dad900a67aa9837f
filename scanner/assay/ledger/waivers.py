"""Waivers: a failure that somebody answers for. Here the inline ones, in the source beside what they speak about.

`# assay: allow[rule-id, other-rule] reason` waives those rules on the block it stands in, or above. Comments of other
scanners (`checkov:skip=ID:reason`, `trivy:ignore:ID`, `tfsec:ignore:ID`, `kics-scan ...`) count through the rules'
equivalents. What cannot count is said in the coverage notes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from assay import clock
from assay.model import Verdict, Waiver
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from assay.graph import Graph
    from assay.model import Finding, Remark
    from assay.rule import Rule

_OWN = pattern(r"assay:\s*allow(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)
_CHECKOV = pattern(r"checkov:skip=([A-Za-z0-9_,]+)(?::(.*))?")
_TRIVY = pattern(r"(?:trivy|tfsec):ignore:([A-Za-z0-9_*-]+)((?::[a-z]+:[^\s:]+)*)")
_KICS = pattern(r"kics-scan\s+(ignore-line|ignore-block|ignore|disable=([0-9a-fA-F,-]+))")
_EXPIRY = pattern(r":exp:(\d{4}-\d{2}-\d{2})")


class _Allowance(NamedTuple):
    """One comment understood: the rule ids it names (`*` all), in its own tool's vocabulary."""

    remark: Remark
    tool: str
    ids: tuple[str, ...]
    reason: str
    expires: str | None


def apply(
    graph: Graph, rules: Sequence[Rule], findings: Sequence[Finding], *, known: Collection[str],
    asked: Collection[str], today: str | None = None,
) -> None:  # fmt: skip
    """Turn the failures that a remark waives into waived ones; say which remarks did nothing."""
    if not graph.remarks:
        return
    notes = graph.coverage.notes
    by_id = {r.id: r for r in rules}
    used: set[int] = set()
    allowances = [a for remark in graph.remarks for a in _parse(remark, notes, known)]
    by_file: dict[str, list[tuple[int, _Allowance]]] = {}
    for number, allowance in enumerate(allowances):
        by_file.setdefault(allowance.remark.file, []).append((number, allowance))
    for finding in findings:
        if finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN) or finding.location is None:
            continue
        for number, allowance in by_file.get(finding.location.file, ()):
            if _covers(allowance, finding) and _names(allowance, finding):
                used.add(number)
                if not by_id[finding.rule].waivable:
                    notes.append(f"{_place(allowance)}: {finding.rule} may not be waived; the comment has no effect")
                elif allowance.expires is not None and allowance.expires < (today or clock.today()):
                    notes.append(f"{_place(allowance)}: the waiver of {finding.rule} expired on {allowance.expires}")
                else:
                    _waive(finding, allowance)
                break
    for number, allowance in enumerate(allowances):
        mine = all(i in asked for i in allowance.ids if i in known)
        if number not in used and allowance.tool == "assay" and mine and any(i in known for i in allowance.ids):
            notes.append(f"{_place(allowance)}: this waiver of {', '.join(allowance.ids)} waives nothing; remove it")


def _parse(remark: Remark, notes: list[str], known: Collection[str]) -> list[_Allowance]:
    text = remark.text
    place = f"{remark.file}:{remark.line}"
    found: list[_Allowance] = []
    own = _OWN.search(text)
    if own:
        ids = tuple(i.strip() for i in (own[1] or "").split(",") if i.strip())
        reason = own[2].strip().removesuffix("*/").strip()
        if not ids:
            notes.append(f"{place}: this waiver names no rule; write `assay: allow[rule-id] reason`")
        elif not reason:
            notes.append(f"{place}: this waiver of {', '.join(ids)} gives no reason and has no effect")
        else:
            notes += [f"{place}: there is no rule {i} to waive" for i in ids if i != "*" and i not in known]
            if "*" in ids:
                notes.append(f"{place}: this waiver allows every rule; name the rules it is meant for")
            found.append(_Allowance(remark, "assay", ids, reason, None))
    found += [
        _Allowance(remark, "checkov", tuple(m[1].upper().split(",")), (m[2] or "").strip(), None)
        for m in _CHECKOV.finditer(text)
    ]
    for m in _TRIVY.finditer(text):
        expiry = _EXPIRY.search(m[2])
        found.append(_Allowance(remark, "trivy", (m[1].upper(),), "", expiry[1] if expiry else None))
    kics = _KICS.search(text)
    if kics:
        ids = tuple(f"KICS:{i[:8].upper()}" for i in kics[2].split(",")) if kics[2] else ("*",)
        found.append(_Allowance(remark, "kics", ids, "", None))
    return found


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


def _waive(finding: Finding, allowance: _Allowance) -> None:
    finding.verdict = Verdict.WAIVED
    reason = allowance.reason or f"{allowance.tool} comment without a reason"
    kind = "inline" if allowance.tool == "assay" else "foreign"
    finding.waiver = Waiver(kind, reason, _place(allowance), None, allowance.expires)


def _place(allowance: _Allowance) -> str:
    return f"{allowance.remark.file}:{allowance.remark.line}"

"""`-o oscal`: assessment results of the Open Security Controls Assessment Language 1.1.2, as JSON.

One result: an observation for each verdict on a resource, and a finding for each control that was assessed, satisfied
or not. A control is satisfied only if a rule of it passed somewhere and none failed or stayed open; a waived one is not
satisfied, and says so. What nothing assessed stands under the controls excluded, never among the satisfied.
Identifiers are made from the content (UUID 5), so the same scan gives the same ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid5

from assay import clock
from assay.model import Verdict
from assay.reports import shape
from assay.reports.json import dumps
from assay.reports.places import in_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from assay.engine import Report
    from assay.model import Finding

VERSION = "1.1.2"
SPACE = UUID("5d0f6c7e-2f4b-5b0e-9a57-0c6f3a1f8d21")
"""The namespace of Assay's identifiers."""
NAMES = "urn:assay"
"""The namespace of Assay's properties."""
_NO_TOKEN = re.compile(r"[^\w.-]+")
_GRAVEST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_EVALUATED, Verdict.WAIVED, Verdict.PASS)
_SAID = {
    Verdict.PASS: "every resource that was judged passes",
    Verdict.FAIL: "at least one resource fails",
    Verdict.WAIVED: "what fails is waived",
}

_NOTHING = {  # at least one selection is required, and one of nothing has no other form
    "description": "No rule of this run stands for a control.",
    "include-controls": [{"control-id": "none"}], "exclude-controls": [{"control-id": "none"}],
}  # fmt: skip


class _Control(NamedTuple):
    """What is known of one control: its worst verdict (None: nothing was judged) and the observations on it."""

    verdict: Verdict | None
    observations: list[str]


def write(report: Report, stream: TextIO, options: Mapping[str, Any]) -> None:
    """Write the assessment results."""
    now = clock.stamp(clock.seconds())
    plan = _id("plan")
    results = {
        "uuid": _id("results", now, *(f.fingerprint for f in report.findings)),
        "metadata": {
            "title": "Assay: assessment results", "last-modified": now, "version": now, "oscal-version": VERSION,
            "props": [_prop("tool-version", report.tool_version)],
        },
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(report, now)],
        "back-matter": {"resources": [{
            "uuid": plan, "title": "No assessment plan",
            "description": "The rules that were run are the plan: `assay rules list` describes each.",
        }]},
    }  # fmt: skip
    stream.write(dumps({"assessment-results": results}) + "\n")


def _result(report: Report, now: str) -> dict[str, Any]:
    controls = _controls(report)
    subjects = {_subject(f): f for f in report.findings}
    problems = "; ".join(str(p) for p in shape.coverage_problems(report))
    result = {
        "uuid": _id("result", now), "title": "Scan", "start": now, "end": now,
        "description": f"{shape.headline(report)}. {shape.verdict_sentence(report)}",
        "props": [_prop(name, str(report.summary[name])) for name in ("resources", "rules")],
        "local-definitions": {"inventory-items": [_item(id_, f) for id_, f in sorted(subjects.items())]},
        "reviewed-controls": _reviewed(controls),
        "observations": [_observation(report, f, now) for f in report.findings],
        "findings": list(_findings(controls)),
        "remarks": f"Not read: {problems}" if problems else "",
    }  # fmt: skip
    if not subjects:
        del result["local-definitions"]
    return {name: value for name, value in result.items() if value}  # an empty list is not valid


def _controls(report: Report) -> dict[str, _Control]:
    """Every control that a rule of this run stands for."""
    verdicts: dict[str, set[Verdict]] = {c: set() for rule in report.rules.values() for c in rule.controls}
    seen: dict[str, list[str]] = {}
    for rule_id in report.passed:
        for control in report.rules[rule_id].controls:
            verdicts[control].add(Verdict.PASS)
    for f in report.findings:
        for control in f.controls:
            verdicts.setdefault(control, set()).add(f.verdict)
            seen.setdefault(control, []).append(_observed(f))
    if report.difference is not None:  # failures that were there before are left out: nothing may look satisfied
        for found in verdicts.values():
            found.discard(Verdict.PASS)
    return {
        c: _Control(next((v for v in _GRAVEST if v in found), None), seen.get(c, []))
        for c, found in sorted(verdicts.items())
    }


def _reviewed(controls: dict[str, _Control]) -> dict[str, Any]:
    """A selection for each framework: the controls of the rules that were run, less those that stayed undecided."""
    selections = []
    for framework in sorted({c.partition(":")[0] for c in controls}):
        mine = [c for c in controls if c.partition(":")[0] == framework]
        chosen: dict[str, Any] = {
            "description": framework, "props": [_prop("framework", framework)],
            "include-controls": [{"control-id": token(c)} for c in mine],
        }  # fmt: skip
        undecided = [{"control-id": token(c)} for c in mine if controls[c].verdict not in _SAID]
        if undecided:
            chosen["exclude-controls"] = undecided
            chosen["remarks"] = "Excluded is what no resource was judged for, or nobody could decide."
        selections.append(chosen)
    return {"control-selections": selections or [_NOTHING]}


def _findings(controls: dict[str, _Control]) -> Iterator[dict[str, Any]]:
    for control, known in controls.items():
        if known.verdict not in _SAID:
            continue
        passed, failed = known.verdict is Verdict.PASS, known.verdict is Verdict.FAIL
        status = {"state": "satisfied" if passed else "not-satisfied",
                  "reason": "pass" if passed else "fail" if failed else "other"}  # fmt: skip
        finding = {
            "uuid": _id("finding", control), "title": control, "description": f"{control}: {_SAID[known.verdict]}.",
            "props": [_prop("status", known.verdict.value)],
            "target": {"type": "objective-id", "target-id": token(control), "status": status},
            "related-observations": [{"observation-uuid": o} for o in known.observations],
        }  # fmt: skip
        yield {name: value for name, value in finding.items() if value}


def _observation(report: Report, f: Finding, now: str) -> dict[str, Any]:
    shown, rule = shape.finding_dict(f), report.rules.get(f.rule)
    props = [("rule", f.rule), ("verdict", shown["verdict"]), ("severity", shown["severity"])]
    props += [("fingerprint", f.fingerprint)] if f.fingerprint else []
    found: dict[str, Any] = {
        "uuid": _observed(f), "title": shape.one_line(rule.title if rule is not None else f.rule),
        "description": shown["message"] or f"{f.rule}: {shown['verdict']}",
        "props": [_prop(name, value) for name, value in props], "methods": ["TEST"], "types": ["finding"],
        "subjects": [{"subject-uuid": _subject(f), "type": "inventory-item"}], "collected": now,
    }  # fmt: skip
    evidence = [{"description": f"{e['path']} = {dumps(e['value'])}"} for e in shown["evidence"]]
    if in_file(f) and f.location is not None:
        evidence.insert(0, {"description": f"{shape.utf8(f.location.file)}:{f.location.start_line}"})
    if evidence:
        found["relevant-evidence"] = evidence
    if shown["waiver"]:
        found["remarks"] = f"Waived: {shown['waiver']['reason'] or 'no reason was given'}"
    return found


def _item(id_: str, f: Finding) -> dict[str, Any]:
    r = f.resource
    props = [("type", r.type), ("source", r.source), ("account", r.account), ("region", r.region)]
    return {
        "uuid": id_, "description": shape.cleaner(f)(r.address),
        "props": [_prop(name, shape.utf8(value)) for name, value in props if value],
    }  # fmt: skip


def token(control: str) -> str:
    """A control's id as OSCAL writes one: `sc-7` as in NIST's own catalogue, elsewhere the framework in front."""
    framework, _, number = control.partition(":")
    if framework == "nist-800-53r5":
        return number.lower().replace("(", ".").replace(")", "")
    return _NO_TOKEN.sub("-", f"{framework}_{number}")


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMES, "value": shape.one_line(value)}


def _observed(f: Finding) -> str:
    file = f.location.file if f.location is not None else ""  # merged reports may hold one fingerprint in two files
    return _id("observation", f.fingerprint, f.verdict.value, f.rule, f.resource.address, file)


def _subject(f: Finding) -> str:
    r = f.resource
    return _id("resource", r.source, r.account or "", r.region or "", r.type, r.address)


def _id(*parts: str) -> str:
    return str(uuid5(SPACE, shape.utf8("\0".join(parts))))

"""What a finding and the coverage look like outside: plain, masked dictionaries that every format reads."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from assay.model import NOT_DOWNLOADED, Verdict, join_path, lookup_quietly, parse_path, show
from assay.patterns import pattern
from assay.reports.masking import (
    EVERYTHING,
    HIDDEN,
    SECRET_ATTRIBUTES,
    hides,
    hides_number,
    label_of,
    mask,
    mask_value,
    secret_name,
)  # fmt: skip
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.engine import Report
    from assay.ledger.difference import Difference
    from assay.model import Coverage, Finding, Location, Resource, ValuePath

SCHEMA = "assay-report/1"
_LONGEST, _MOST = 2000, 200
"""Characters of a text, members of a list or map that a report shows."""
_INFINITE = float("inf")
_SURROGATE = pattern("[\ud800-\udfff]")
LONG_SECRET = 8


def finding_dict(finding: Finding) -> dict[str, Any]:
    """One finding as `-o json` prints it."""
    r, known = finding.resource, set[str]()
    shown = evidence(finding, text, known)
    known.update(_beside_evidence(finding))
    clean: Callable[[str], str] = text
    if known:  # seldom: then once more, for a message or another piece may quote what is secret in this one
        clean = _cleaner(known)
        shown = evidence(finding, clean, known)
    shape: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "verdict": finding.verdict.value,
        "theme": finding.theme,
        "message": clean(finding.message),
        "resource": {
            "type": r.type, "address": clean(r.address), "source": r.source, "account": r.account, "region": r.region,
        },
        "location": place_dict(finding.location),
        "trace": [{"file": s.file, "start_line": s.start_line, "note": clean(s.note)} for s in finding.trace],
        "evidence": shown,
        "controls": list(finding.controls),
        "equivalents": list(finding.equivalents),
        "fingerprint": finding.fingerprint,
        "waiver": waiver_dict(finding),
        "fixable": finding.fix is not None,
    }  # fmt: skip
    if (code := code_dict(r)) is not None:  # beyond the contract's fields: the block that made a live resource
        shape["code"] = {**code, "address": clean(code["address"])}
    if finding.because:  # beyond the contract's fields: the further places that decided
        shape["related"] = [{**(place_dict(b) or {}), "note": clean(related_note(b))} for b in finding.because]
    if finding.hops:  # beyond them too: the path as data, for a drawing
        shape["path"] = [
            {"kind": h.kind, "address": clean(h.address), "note": clean(h.note), "location": place_dict(h.place)}
            for h in finding.hops
        ]
    return shape


def code_dict(r: Resource) -> dict[str, Any] | None:
    """The block that a live resource is linked to: its address, place, how sure the link is and by what it was told."""
    declared = getattr(r.origin, "declared", None)
    if declared is None:
        return None
    found: dict[str, Any] = declared()
    return {**found, "by": text(found["by"]), "file": utf8(found["file"])}


def place_dict(place: Location | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "file": utf8(place.file), "start_line": place.start_line, "start_column": place.start_column,
        "end_line": place.end_line, "end_column": place.end_column,
    }  # fmt: skip


def waiver_dict(finding: Finding) -> dict[str, Any] | None:
    w = finding.waiver
    if w is None:
        return None
    return {"kind": w.kind, "reason": text(w.reason), "place": utf8(w.place), "owner": w.owner, "expires": w.expires}


def difference_dict(difference: Difference) -> dict[str, Any]:
    """How the report differs from an earlier state, as `-o json` prints it; its findings are the new ones."""
    return {
        "ref": difference.ref, "commit": difference.commit, "new": difference.new,
        "fixed": [finding_dict(f) for f in difference.fixed], "unchanged": difference.unchanged,
    }  # fmt: skip


def coverage_dict(coverage: Coverage) -> dict[str, Any]:
    """The coverage as `-o json` prints it; remarks and lists that were denied only where there are any."""
    shape: dict[str, Any] = {
        "inputs": [{**i, "path": utf8(i["path"]), "reason": _maybe(i["reason"])} for i in coverage.inputs],
        "units": [{**u, "reason": _maybe(u["reason"])} for u in coverage.units],
    }
    if coverage.unlisted:
        shape["unlisted"] = [
            {"type": t, "account": a, "region": r, "reason": text(why)} for t, a, r, why in coverage.unlisted
        ]
    if coverage.notes:
        shape["notes"] = [text(n) for n in coverage.notes]
    if coverage.code is not None:
        shape["code"] = _texts(coverage.code)
    return shape


def _maybe(reason: str | None) -> str | None:
    return None if reason is None else text(reason)


def utf8(value: str) -> str:
    """The text without lone surrogates (a file name that is no UTF-8 has them), which no format can carry."""
    return value if value.isascii() else _SURROGATE.sub("�", value)


def text(value: str) -> str:
    """A sentence of ours or of the input, masked and safe to encode."""
    return _short_text(value) if len(value) < 500 else mask(utf8(value))


@functools.lru_cache(maxsize=4096)
def _short_text(value: str) -> str:
    return mask(utf8(value))


# --- what a finding knows to be secret --------------------------------------------------------------------------------


def cleaner(finding: Finding) -> Callable[[str], str]:
    """What masks a text of this finding: the known shapes, and every value that it knows to be a credential."""
    known = _known(finding)
    return _cleaner(known) if known else text


def _cleaner(secret: set[str]) -> Callable[[str], str]:
    known = _ordered(secret)
    # A short one is hidden where it stands as a word: the password "test" must not turn "latest" into stars.
    short = [rf"(?<![\w.-]){re.escape(s)}(?![\w-])" for s in known if len(s) < LONG_SECRET]
    words = re.compile("|".join(short)) if short else None

    def clean(value: str) -> str:
        shown = utf8(value)
        for secret in known:  # the longest first
            if len(secret) >= LONG_SECRET:
                shown = shown.replace(secret, HIDDEN)
        return mask(words.sub(HIDDEN, shown) if words else shown)

    return clean


def secrets(finding: Finding) -> list[str]:
    """The credentials a finding is about, the longest first: messages quote them without their name."""
    found = _known(finding)
    return _ordered(found) if found else []


def _known(finding: Finding) -> set[str]:
    found = {s for item in finding.evidence for s in _secret_texts(_named(finding, item), item.get("value"))}
    return found.union(_beside_evidence(finding))


def _ordered(found: set[str]) -> list[str]:
    found = found | {plain for s in found if (plain := _decoded(s))}
    return sorted((s for s in found if len(s) > 3), key=lambda s: (-len(s), s))


def _beside_evidence(finding: Finding) -> Iterator[str]:
    """The credentials of what a finding is about and its evidence does not show."""
    r = finding.resource
    shown = {item.get("path") for item in finding.evidence if item.get("address", r.address) == r.address}
    for place in finding.because:
        if place.path and place.address in (None, r.address) and place.path not in shown:
            yield from _secret_texts(_name(r, place.path), place.value)
    at = join_path(finding.path) if finding.path else ""
    if at and at not in shown:
        yield from _secret_texts(_name(r, at), lookup_quietly(r.values, finding.path))


def _decoded(value: str) -> str | None:
    """What a base64 text encodes, when that is text: the code beside it may say `base64encode("...")` in clear."""
    from binascii import a2b_base64

    try:
        plain = a2b_base64(value.encode("ascii"), strict_mode=True).decode()
    except ValueError:
        return None
    return plain if plain.isprintable() else None


def _secret_texts(name: str, value: Any) -> list[str]:
    """The strings that masking would hide whole."""
    if isinstance(value, str):
        return [value] if hides(name, value) else []
    if isinstance(value, dict):
        label = value.get("name", value.get("Name"))
        pairs = ((name if name == EVERYTHING else label_of(label, k), v) for k, v in value.items())
        return [s for k, v in pairs for s in _secret_texts(k, v)]
    if isinstance(value, list):
        return [s for v in list.__iter__(value) for s in _secret_texts(name, v)]
    return []


def _name(r: Resource, path: str) -> str:
    """The name a value answers to: the last name of its path, or the `name` beside a `value`."""
    steps: ValuePath = parse_path(path)
    names = [s for s in steps if isinstance(s, str)]
    if not names:
        return ""
    if names[0] in SECRET_ATTRIBUTES.get(r.type, ()) or names[-1] in SECRET_ATTRIBUTES.get(r.type, ()):
        return EVERYTHING
    if names[-1] == "value" and steps[-1] == "value":
        label = lookup_quietly(r.values, (*steps[:-1], "name"))
        if type(label) is str and secret_name(label):
            return label
    return names[-1]


def evidence(finding: Finding, clean: Callable[[str], str], known: set[str] | None = None) -> list[dict[str, Any]]:
    """The evidence, credentials hidden (those hidden whole go to `known`) and long values cut."""
    known = set() if known is None else known
    return [
        {**item, "value": _shown(_named(finding, item), item.get("value"), clean, known)} for item in finding.evidence
    ]


def _named(finding: Finding, item: dict[str, Any]) -> str:
    return _name(finding.resource, item.get("path") or "")


def raw_evidence(finding: Finding) -> list[str]:
    """For each piece of evidence its value in words; an unknown, which is null in data, says what it is made of."""
    r, found = finding.resource, []
    for item in finding.evidence:
        path, address = item.get("path") or "", item.get("address", r.address)
        place = next((b for b in finding.because if b.path == path and b.address == address), None)
        if place is not None:
            found.append(show(place.value))
        else:
            found.append(_words(r, parse_path(path)) if address == r.address else "not known")
    return found


def _words(r: Resource, steps: ValuePath) -> str:
    """The value at a path in words; nothing where the path goes on inside a document of text."""
    value = lookup_quietly(r.values, steps)
    inside = any(isinstance(lookup_quietly(r.values, steps[:n]), str) for n in range(1, len(steps)))
    return "" if value is None and inside else show(value)


def _texts(value: Any) -> Any:
    """Data of ours in which addresses and names are the input's: those are masked, whatever their number."""
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return text(value) if isinstance(value, str) else value


def _shown(name: str, value: Any, clean: Callable[[str], str], known: set[str]) -> Any:
    """The value under a name without credentials, and of bounded size: a report is no place for a megabyte.

    One walk does what `mask_value` and `_secret_texts` do: large reports spend most of their time here.
    """
    if isinstance(value, str):
        if hides(name, value):
            known.add(value)
            return HIDDEN
        shown = clean(value)
        return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}... ({len(shown)} characters)"
    if value is None or value is True or value is False:
        return value
    if isinstance(value, dict):
        label, every = value.get("name", value.get("Name")), name == EVERYTHING
        pairs = [
            (clean(str(k)), _shown(name if every else label_of(label, k), v, clean, known)) for k, v in value.items()
        ]
        return dict(pairs[:_MOST])
    if isinstance(value, list):
        return [_shown(name, v, clean, known) for v in list.__iter__(value)][:_MOST]
    if isinstance(value, int):
        return HIDDEN if hides_number(name, value) else value
    if isinstance(value, float):
        return value if abs(value) < _INFINITE else str(value)  # JSON has no infinity and no NaN
    return clean(str(value))


# --- sentences that several formats say -------------------------------------------------------------------------------


def related_note(place: Location) -> str:
    """What a further place says: its note, else the resource and the value found there."""
    if place.note:
        return place.note
    value = mask_value(place.path.rpartition(".")[2], place.value) if place.path else None
    about = f"{place.path} = {show(value)}" if place.path else "is declared here"
    return f"{place.address}: {about}" if place.address else about


def one_line(paragraph: str) -> str:
    """A paragraph on one line."""
    return " ".join(paragraph.split())


class Problem(NamedTuple):
    """One thing that was not read: its kind, how bad that is, what, and what became of it."""

    kind: str
    level: str  # error | note
    where: str
    what: str
    file: str | None = None
    line: int = 1

    def __str__(self) -> str:
        return f"{self.where} {self.what}" if self.where else self.what


def coverage_problems(report: Report) -> list[Problem]:
    """What was not read or listed, each as the halves of a sentence."""
    found: list[Problem] = []
    cover = report.coverage
    for i in cover.inputs:
        line, reason = i.get("line") or 1, i["reason"] or "nobody said why"
        where = f"{i['path']}:{line}" if i.get("line") else i["path"]
        if i["status"] == "failed":
            found.append(Problem("input-failed", "error", where, f"could not be read: {reason}", i["path"], line))
        elif i["status"] == "skipped":
            found.append(Problem("input-skipped", "note", where, f"was skipped: {reason}", i["path"], line))
    for u in cover.units:
        if u["status"] != "ok":
            where = "/".join(p for p in (u["account"], u["region"], u["service"]) if p)
            was = "not read" if u["status"] == "failed" else u["status"]
            found.append(Problem("unit-not-read", "error", where, f"was {was}: {u['reason'] or 'nobody said why'}"))
    for type_, account, region, reason in cover.unlisted:
        where = "/".join(p for p in (account, region) if p)
        found.append(
            Problem("not-listed", "error", type_, f"could not be listed{f' in {where}' if where else ''}: {reason}")
        )
    found += [Problem("remark", "note", "", note) for note in cover.notes]
    return [p._replace(where=text(p.where), what=one_line(text(p.what))) for p in found]


def root_of(finding: Finding) -> str:
    """The root module, where the place does not tell it: the file of a module that several roots call."""
    root, place = finding.resource.root, finding.location
    told = root in ("", ".") or place is None or place.file == root or place.file.startswith(f"{root}/")
    return "" if told else text(root)


def roots_told(report: Report) -> Callable[[Finding], str]:
    """What gives the root of a finding where a reader needs it: that of a plan only where there is another like it.

    One plan beside its code says nothing new with each address, unless the code itself is judged and holds it too.
    """
    held = [f.resource for f in report.findings] if report.graph is None else report.graph.resources
    several = len({r.root for r in held if r.source == "plan"}) > 1
    twice = set() if several else {r.address for r in held if r.source == "terraform"}

    def told(finding: Finding) -> str:
        r = finding.resource
        return root_of(finding) if r.source != "plan" or several or r.address in twice else ""

    return told


def coverage_lines(report: Report) -> list[str]:
    """The same for a person to read: modules from elsewhere that were not downloaded in one line, as one cause."""
    problems = coverage_problems(report)
    remote = [p for p in problems if p.kind == "input-skipped" and p.what.endswith(NOT_DOWNLOADED)]
    if len(remote) < 2:
        return [str(p) for p in problems]
    named = ", ".join(p.where for p in remote[:3]) + (f" and {len(remote) - 3} more" if len(remote) > 3 else "")
    line = (
        f"{len(remote)} remote modules were not read, and what they declare not judged, because terraform init has not "
        f"downloaded them: {named}"
    )
    return [line, *(str(p) for p in problems if p not in remote)]


def unread_modules(report: Report) -> int:
    """How many modules from elsewhere were not read."""
    inputs = report.coverage.inputs
    return sum(1 for i in inputs if i["status"] == "skipped" and (i["reason"] or "").endswith(NOT_DOWNLOADED))


def headline(report: Report) -> str:
    """The one line that says how it stands."""
    s = report.summary
    parts = [f"{s['fail']} failed", f"{s['unknown']} unknown"]
    parts += [f"{s['waived']} waived"] if s["waived"] else []
    parts += [f"{s['not_evaluated']} not evaluated"] if s["not_evaluated"] else []
    parts.append(f"{s['pass']} passed")
    return f"{', '.join(parts)} ({plural(s['resources'], 'resource')}, {plural(s['rules'], 'rule')})"


def health(report: Report) -> list[str]:
    """The health of the clusters audited, a line each thing; empty for a report on anything else."""
    found = report.summary.get("health")
    if not found:
        return []
    from assay.analysis.health import sentences

    return [text(line) for line in sentences(found)]


def levels(report: Report) -> list[str]:
    """The objectives measured, a line each; empty for a report on anything else."""
    found = report.summary.get("slo")
    if not found:
        return []
    from assay.analysis.service_levels import sentence

    return [text(sentence(one)) for one in found]


def code_sentences(report: Report) -> list[str]:
    """How live resources were linked to their code, in words; empty where none was named."""
    if report.coverage.code is None:
        return []
    from assay.provenance.summary import sentences

    return [text(line) for line in sentences(report.coverage.code)]


def spend(report: Report) -> list[str]:
    """What was spent, a line a currency; empty for a report on anything else."""
    found = report.summary.get("spend")
    lines = []
    for currency, one in (found or {}).items():
        tags = "" if one["untagged"] is None else f", {one['untagged']:,.2f} of it without tags"
        lines.append(text(f"{one['total']:,.2f} {currency} in all{tags}"))
    return lines


def verdict_sentence(report: Report) -> str:
    """What the gate says, with its reason."""
    gating = sum(1 for f in report.findings if report.gates(f))
    if gating and report.gate is not None:
        return f"Gate failed: {plural(gating, 'finding')} at {report.gate.label} or above."
    incomplete = " The scan is incomplete: what could not be read may hide findings." if report.incomplete else ""
    if not report.summary["resources"]:
        incomplete += " No resource was found, so nothing was judged."
    unread = unread_modules(report)
    if unread:
        incomplete += f" What {plural(unread, 'remote module')} declare{'s' if unread == 1 else ''} was not judged."
    if report.gate is None:
        return f"No gate was set.{incomplete}"
    return f"Gate passed: nothing at {report.gate.label} or above.{incomplete}"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def failing(report: Report, finding: Finding) -> bool:
    """True for a failure, and under `--strict` for what cannot be decided."""
    return finding.verdict is Verdict.FAIL or (report.strict and finding.verdict is Verdict.UNKNOWN)

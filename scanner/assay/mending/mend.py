"""From findings with a fix to files that no longer have them: edits are kept only where the result proves them.

Everything is judged again with the edits made, before anything is written: a finding that stays, or a new one on the
same resource, takes its edits back.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.files import whole_bytes
from assay.mending import Edit, NoEdit, applied
from assay.mending.edits import edit_of, is_manifest
from assay.model import Request, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from assay.engine import Report
    from assay.model import Finding

MAX_ROUNDS = 6
_COLLIDES = "collides with another fix at the same place: run again for it"


class Mended(NamedTuple):
    """What came of it: (old, new) contents by absolute path, the findings that are gone, what was left and why."""

    files: dict[str, tuple[bytes, bytes]]
    shown: dict[str, str]
    fixed: list[Finding]
    left: list[tuple[Finding, str]]
    report: Report


def mend(request: Request, judge: Callable[[Request], Report], *, unsafe: bool) -> Mended:
    """Find the edits for every failure that has a fix, and prove them.

    Args:
        judge: makes the report of a request; called once more after each round of edits.
        unsafe: also the fixes that may change how something works.
    """
    done = _pass(request, judge, unsafe, judge(request), {})
    while any(reason == _COLLIDES and _again(f) for f, reason in done.left):
        tried = {path: new for path, (_, new) in done.files.items()}
        more = _pass(_overlaid(request, tried), judge, unsafe, done.report, tried)
        if not more.fixed:
            break
        files = done.files | {path: (_on_disk(path), new) for path, (_, new) in more.files.items()}
        left = [one for one in done.left if not _again(one[0])] + more.left
        done = Mended(files, done.shown | more.shown, done.fixed + more.fixed, left, more.report)
    return done


def _again(finding: Finding) -> bool:
    """Whether a further pass may mend it: those of manifests, whose text with the edits made is at hand."""
    return finding.fix is not None and is_manifest(finding.fix)


def _pass(
    request: Request, judge: Callable[[Request], Report], unsafe: bool, before: Report, tried: dict[str, bytes]
) -> Mended:  # fmt: skip
    """The edits that do not collide, proved; `tried` holds the contents that earlier passes have made."""
    wanted, left = _edits(before, unsafe, again=bool(tried))
    files: dict[str, tuple[bytes, bytes]] = {}
    report = before
    for _ in range(MAX_ROUNDS):
        files = _contents((edit for _, edit in wanted), tried)
        if not wanted:
            return Mended({}, {}, [], left, before)
        report = judge(_overlaid(request, {path: new for path, (_, new) in files.items()}))
        refused = list(_refused(before, report, wanted, files))
        if not refused:
            break
        left += refused
        gone = {id(f) for f, _ in refused}
        wanted = [(f, e) for f, e in wanted if id(f) not in gone]
    shown = {edit.path: edit.shown for _, edit in wanted}
    return Mended(files, shown, [f for f, _ in wanted], left, report)


def _edits(
    report: Report, unsafe: bool, *, again: bool
) -> tuple[list[tuple[Finding, Edit]], list[tuple[Finding, str]]]:  # fmt: skip
    wanted: list[tuple[Finding, Edit]] = []
    left: list[tuple[Finding, str]] = []
    taken: dict[str, list[Edit]] = {}
    for finding in report.findings:
        if finding.verdict is not Verdict.FAIL or (again and not _again(finding)):
            continue
        if finding.fix is None:
            left.append((finding, "needs a person: the rule knows no edit"))
            continue
        if not finding.fix.safe and not unsafe:
            left.append((finding, "has a fix that may change how something works: --unsafe makes it"))
            continue
        try:
            edit = edit_of(finding.fix)
            if os.path.islink(edit.path):
                raise NoEdit("stands in a file that is a symbolic link: mend the one it names")
        except NoEdit as reason:
            left.append((finding, str(reason)))
            continue
        mine = taken.setdefault(edit.path, [])
        if edit not in mine:
            if any(_collide(edit, other) for other in mine):
                left.append((finding, _COLLIDES))
                continue
            mine.append(edit)
        wanted.append((finding, edit))
    return wanted, left


def _collide(one: Edit, other: Edit) -> bool:
    """Whether two edits are in each other's way: two new lines at one place are not, unless they have one name."""
    if one.start == one.end and other.start == other.end:
        lines = all(edit.text.startswith(("\n", "\r\n")) or edit.text.endswith("\n") for edit in (one, other))
        return one.start == other.start and (not lines or one.text.split()[:1] == other.text.split()[:1])
    return (one.start < other.end and other.start < one.end) or one.start == other.start


def _contents(edits: Iterable[Edit], tried: dict[str, bytes]) -> dict[str, tuple[bytes, bytes]]:
    """Old and new contents by path; old is what an earlier pass has made, where one has."""
    by_file: dict[str, list[Edit]] = {}
    for edit in dict.fromkeys(edits):
        by_file.setdefault(edit.path, []).append(edit)
    found = {}
    for path, mine in by_file.items():
        old = tried[path] if path in tried else _on_disk(path)
        mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
        found[path] = (old, mark + applied(old[len(mark) :], mine))
    return found


def _on_disk(path: str) -> bytes:
    with open(path, "rb") as handle:
        return handle.read()


def _overlaid(request: Request, overlay: dict[str, bytes]) -> Request:
    before = request.options.get("overlay") or {}
    options: dict[str, Any] = {**request.options, "overlay": {**before, **overlay}}
    return Request(
        request.paths, request.base, variables=request.variables, var_files=request.var_files,
        files_only=request.files_only, options=options,
    )  # fmt: skip


def _refused(
    before: Report, after: Report, wanted: list[tuple[Finding, Edit]], files: dict[str, tuple[bytes, bytes]]
) -> Iterable[tuple[Finding, str]]:
    """The findings whose edits did not do, and why."""
    was, now = _failing(before), _failing(after)
    still = {f.fingerprint for f in after.findings if f.verdict is Verdict.FAIL}
    broken = {i["path"] for i in after.coverage.inputs if i["status"] == "failed"}
    broken -= {i["path"] for i in before.coverage.inputs if i["status"] == "failed"}
    worse = {address for (rule, address), n in now.items() if n > was.get((rule, address), 0)}
    others = sorted(worse - {f.resource.address for f, _ in wanted})
    shared = [e for f, e in wanted if not _at_home(f, e, files[e.path][0])] or [e for _, e in wanted]
    for finding, edit in wanted:
        if edit.shown in broken:
            yield finding, "could not be parsed after the edit, which was taken back"
        elif finding.fingerprint in still:
            yield finding, "would still fail after the edit"
        elif finding.resource.address in worse:
            yield finding, "would then fail another rule"
        elif others and edit in shared:
            yield finding, f"gets its value from what others share: {others[0]} would fail in its place"


def _at_home(finding: Finding, edit: Edit, data: bytes) -> bool:
    """Whether an edit is made in the block of the resource itself, and not in a variable, a local or a call."""
    if finding.fix is not None and is_manifest(finding.fix):
        return True
    block = finding.fix.resource.origin.locate(()) if finding.fix is not None else None
    line = data.count(b"\n", 0, edit.start) + 1
    return block is not None and block.file == edit.shown and block.start_line <= line <= block.end_line


def _failing(report: Report) -> Counter[tuple[str, str]]:
    return Counter((f.rule, f.resource.address) for f in report.findings if f.verdict is Verdict.FAIL)


def write(mended: Mended) -> None:
    """Put the new contents in place, each file whole or not at all, with the mode it had."""
    for path, (_, new) in mended.files.items():
        with whole_bytes(path) as stream:
            os.fchmod(stream.fileno(), os.stat(path).st_mode & 0o7777)
            stream.write(new)

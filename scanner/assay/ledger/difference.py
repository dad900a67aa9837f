"""`--diff REF`: what a change brought, and what it mended.

The whole estate is evaluated twice, as it is and as it was where the change branched off, and the sets of fingerprints
are compared: a changed variable shows its effect in files that did not change. The earlier state is laid out from git's
own store in a temporary folder; nothing of the repository is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from assay.engine import distinguish
from assay.ledger.baseline import key
from assay.model import Request, Verdict
from assay.scan import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.engine import Report
    from assay.model import Finding

_DATA = (".tfvars", ".tfvars.json")
_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
"""What git sets in a hook, and what would make it answer for another folder than the one it is asked about."""
_CODE = (".tf", ".tf.json", ".tofu")


class Difference(NamedTuple):
    """How a report differs from that of an earlier state: `fixed` are that report's findings which are gone."""

    ref: str
    commit: str
    new: int
    fixed: list[Finding]
    unchanged: int

    def sentence(self) -> str:
        counts = f"{self.new:,} new, {len(self.fixed):,} fixed, {self.unchanged:,} unchanged"
        commit = f" ({self.commit[:10]})" if self.commit else ""
        return f"Compared with {self.ref}{commit}: {counts}."


def compare(request: Request, ref: str, judge: Callable[[Request], Report]) -> Report:
    """The report of `request`, with only what was not found at `ref`; `report.difference` says the rest.

    Args:
        judge: makes the report of a request; asked twice.

    Raises:
        UsageError: the paths are not in a git repository, or git does not know `ref`.
    """
    top = _top(request)
    if not _inside(os.path.realpath(request.base), top):
        request.base = top  # both states must spell their paths alike
    commit, note = _ancestor(top, ref)
    with TemporaryDirectory(prefix="assay-diff-") as folder:
        earlier = os.path.realpath(folder)
        _lay_out(top, commit, earlier)
        then = _moved(request, top, earlier)
        before = judge(then) if then.paths else None
        report = judge(request)
        old = before.findings if before is not None else []
        if moved := _renamed(top, commit, request.base):
            distinguish(old, moved)
        keep_new(report, old, ref, commit)
    if note:
        report.coverage.notes.append(note)
    if before is not None and before.incomplete and not report.incomplete:
        report.coverage.notes.append(f"something could not be read at {ref}, so more may look new than is")
    return report


def keep_new(report: Report, old: list[Finding], ref: str, commit: str) -> None:
    """Leave in a report only what is not among the findings `old`; `report.difference` says the rest.

    Args:
        ref: what the old findings are called; `commit` is empty where they are of no commit.
    """
    was = {key(f) for f in old}
    still = {f.fingerprint for f in report.findings if f.verdict is not Verdict.PASS}
    counted = (Verdict.FAIL, Verdict.UNKNOWN)
    fixed = [f for f in old if f.verdict in counted and f.fingerprint not in still]
    known = [f for f in report.findings if f.verdict is not Verdict.NOT_EVALUATED and key(f) in was]
    gone = set(map(id, known))
    report.findings = [f for f in report.findings if id(f) not in gone]
    report.recount()
    new = sum(1 for f in report.findings if f.verdict in counted)
    report.difference = Difference(ref, commit, new, fixed, sum(1 for f in known if f.verdict in counted))


def _git(top: str, *arguments: str, env: dict[str, str] | None = None) -> str | None:
    """What git answers of the repository that holds `top`, or None when it refuses."""
    around = {name: value for name, value in os.environ.items() if name not in _REPOSITORY}
    try:
        done = subprocess.run(
            ["git", "-C", top, *arguments], capture_output=True, check=False, env={**around, **(env or {})},
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise UsageError("--diff asks git for the earlier state, and there is no git on this machine") from None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def _top(request: Request) -> str:
    if not request.paths:
        raise UsageError("--diff compares files of a repository; two audits are compared by a baseline")
    first = os.path.realpath(request.paths[0])
    folder = first if os.path.isdir(first) else os.path.dirname(first)
    found = _git(folder, "rev-parse", "--show-toplevel")
    if found is None:
        raise UsageError(f"--diff: {request.paths[0]} is not in a git repository")
    top = os.path.realpath(found.rstrip("\n"))
    for path in request.paths:
        if not _inside(os.path.realpath(path), top):
            raise UsageError(f"--diff: {path} is not in the repository of {request.paths[0]}")
    return top


def _renamed(top: str, commit: str, base: str) -> dict[str, str]:
    """What files, and folders of Terraform of which no file is left, are called now, by what they were called then."""
    renames = ("--name-status", "--find-renames", "--diff-filter=R")
    told = (_git(top, "diff", *renames, "-z", commit, "--") or "").split("\0")
    pairs = list(zip(told[1::3], told[2::3], strict=False))
    for old, new in list(pairs):
        was, now = os.path.dirname(old), os.path.dirname(new)
        if was != now and old.endswith(_CODE) and not _holds_code(os.path.join(top, was)):
            pairs.append((was, now))
    here = os.path.realpath(base)

    def spelled(path: str) -> str:
        return os.path.relpath(os.path.join(top, path), here).replace(os.sep, "/")

    return {spelled(old): spelled(new) for old, new in pairs}


def _holds_code(folder: str) -> bool:
    try:
        return any(name.endswith(_CODE) for name in os.listdir(folder))
    except OSError:
        return False


def _inside(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def _ancestor(top: str, ref: str) -> tuple[str, str]:
    """The commit to compare with: where HEAD left `ref`, as a pull request is judged; and what is to be said of it."""
    commit = None if ref.startswith("-") else _git(top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    shallow = (_git(top, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    if commit is None:
        branch = ref.rpartition("/")[2]
        fetch = f"git fetch --depth=1 origin {branch}:refs/remotes/origin/{branch}"
        hint = "; `git branch --all` lists what there is"
        if shallow:
            hint = f"; this clone is shallow: fetch it first, `{fetch}`, or clone with the whole history"
        raise UsageError(f"--diff {ref}: git knows no such commit here{hint}")
    base = _git(top, "merge-base", commit.strip(), "HEAD")
    if base is not None:
        return base.strip(), ""
    why = "this clone is shallow" if shallow else "they have no common history"
    said = f"where HEAD left {ref} cannot be told ({why}); compared with {ref} itself, which may have moved on since"
    return commit.strip(), said


def _lay_out(top: str, commit: str, target: str) -> None:
    """The files of a commit with those of its submodules, and what git ignores but Terraform reads: downloaded modules
    and variable files."""
    os.makedirs(target, exist_ok=True)
    index = {"GIT_INDEX_FILE": os.path.join(target, ".assay-index")}
    # A filter could ask the network for a large file's content; no configuration is that large.
    plain = ("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false")
    for step in (("read-tree", commit), (*plain, "checkout-index", "--all", "--force", f"--prefix={target}/")):
        if _git(top, *step, env=index) is None:
            raise UsageError(
                f"--diff: git could not lay out the files of {commit[:10]} in {top}; `git fetch` there may bring them, "
                "`git fsck` may tell why"
            )
    os.remove(index["GIT_INDEX_FILE"])
    for entry in (_git(top, "ls-tree", "-r", "-z", commit) or "").split("\0"):
        about, _, name = entry.partition("\t")
        mode, _, pinned = about.partition(" commit ")
        inner = os.path.realpath(os.path.join(top, name))
        if mode == "160000" and _inside(inner, top) and os.path.lexists(os.path.join(inner, ".git")):  # it is here
            _lay_out(inner, pinned, os.path.join(target, name))
    ignored = _git(top, "ls-files", "-z", "--others", "--ignored", "--exclude-standard") or ""
    for name in ignored.split("\0"):
        parts = name.split("/")
        if (".terraform" in parts[:-1] and "modules" in parts) or name.endswith(_DATA):
            try:
                _copy(os.path.join(top, name), os.path.join(target, *parts))
            except OSError as error:
                raise UsageError(f"--diff: {name} cannot be copied beside the earlier state: {error}") from error


def _copy(source: str, target: str) -> None:
    """A file, or the folder that stands for a repository of its own, as a module that was cloned is one."""
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target, follow_symlinks=False)


def _moved(request: Request, top: str, earlier: str) -> Request:
    """The same request on the earlier files; paths that did not exist then are left out."""

    def there(path: str) -> str:
        real = os.path.realpath(path)
        moved = os.path.normpath(os.path.join(earlier, os.path.relpath(real, top)))
        return moved if _inside(real, top) and os.path.lexists(moved) else ""

    return Request(
        [p for p in map(there, request.paths) if p],
        os.path.normpath(os.path.join(earlier, os.path.relpath(os.path.realpath(request.base), top))),
        variables=request.variables, var_files=[there(v) or v for v in request.var_files],
        files_only=request.files_only, options=request.options,
    )  # fmt: skip

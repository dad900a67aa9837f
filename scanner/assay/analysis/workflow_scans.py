"""Policy scans in workflows of GitHub and GitLab: which run before infrastructure changes, and could stop that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import command_kinds
from assay.analysis.workflows import (
    ANYWAY,
    Scripts,
    applying,
    called_by,
    callers,
    elsewhere_of,
    jobs,
    needed,
    needs,
    step_at,
    triggers,
    what,
)  # fmt: skip
from assay.model import Undetermined, Unknown, as_list
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource, ValuePath

_SCAN_ACTIONS = pattern(
    r"(?:aquasecurity/trivy-action|aquasecurity/tfsec-\S*action|bridgecrewio/checkov-action|checkmarx/kics\S*action"
    r"|snyk/actions\S*|anchore/scan-action|github/codeql-action/analyze|zizmorcore/zizmor-action|semgrep/\S+"
    r"|returntocorp/semgrep-action|tenable/terrascan-action|step-security/\S*scan\S*|\S*assay\S*)@\S+"
)
_SOFT = ("soft_fail", "soft-fail", "continue-on-error")
_ASKS_RESULT = pattern(r"\bneeds\.[\w-]+\.result\s*==\s*'success'|\bsuccess\(\)")


def unblocked(workflow: Resource, graph: Graph) -> Iterator[tuple[str, ValuePath]]:
    """The jobs that change infrastructure with no policy scan before them that could stop them.

    Raises:
        Undetermined: at the end, when a job, or a scan, may be in what is not here.
    """
    github = workflow["kind"] == "github"
    hidden = ""
    for job in jobs(workflow):
        ran = applying(workflow, job)
        if ran is None:
            continue
        anyway = github and _runs_anyway(step_at(job, ran.where))
        scans = [s._replace(soft=s.soft or anyway) for s in _scans(workflow, job, github) if s.at < ran.at]
        scans += _scans_before(workflow, job, graph)
        calls = callers(workflow, graph)
        theirs = [s for caller, call in calls for s in _scans_before(caller, call, graph)]
        if any(not s.soft for s in (*scans, *theirs)):
            continue
        if not scans and not theirs and _scanned_elsewhere(workflow, graph):
            continue
        if ran.doubt:
            hidden = hidden or f"job {job['name']} may run {what(ran)}: nobody here knows {ran.doubt}"
        elif any(_may_hide_scan(w, j) for w, j in [(workflow, job), *calls]):
            hidden = hidden or f"whether a scan runs before job {job['name']}: not all of what runs before it is here"
        elif scans or theirs:
            name, where = (scans[0].name, scans[0].where) if scans else (theirs[0].name, ran.where)
            yield f"{name} scans, and whatever it finds stops nothing", where
        else:
            yield f"job {job['name']} runs {what(ran)} and no policy scan has run before", ran.where
    elsewhere = elsewhere_of(workflow)
    if elsewhere is not None:
        raise elsewhere
    if hidden:
        raise Undetermined(Unknown(hidden))


def _may_hide_scan(workflow: Resource, job: dict[str, Any]) -> bool:
    """Whether a job, or one that must have ended before it, is not here or not whole."""
    by_name = {j["name"]: j for j in jobs(workflow)}
    before = _before(workflow, job, by_name)
    if any(_may_judge(workflow, j) for j in (job, *before)):
        return True
    if workflow["kind"] == "gitlab":
        named = job.get("needs") is not None and all(n in by_name for j in (job, *before) for n in needs(j))
        loose = any(j.get("unseen") or j.get("unseen_bases") for j in (job, *before))
        return loose or ("partial" in workflow.values and not named)
    steps = [step.get("uses") for j in (job, *before) for step in j["steps"]]
    if any(isinstance(uses, str) and uses.startswith("./") for uses in steps):  # of code, or not here
        return True
    return any(isinstance(j.get("uses"), str) and not j["uses"].startswith("./") for j in before)


def _may_judge(workflow: Resource, job: dict[str, Any]) -> bool:
    """Whether a job runs what is not here, behind a variable or in a Makefile, and may be a scan."""
    read = Scripts(workflow, job)
    scripts = [s for s in job["steps"] if isinstance(s.get("run"), str) and read.hidden(s)]
    if not scripts:
        return False
    from assay.analysis import indirect

    return any(ran.doubt and indirect.may_judge(ran) for step in scripts for ran in read.ran_by(step))


class _Scan(NamedTuple):
    """A scan: what runs, where, its place among the steps of its job, and whether its failure is ignored."""

    name: str
    where: ValuePath
    at: tuple[int, int]
    soft: bool


def _before(workflow: Resource, job: dict[str, Any], by_name: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs that must have ended before this one begins."""
    if workflow["kind"] == "github" or job.get("needs") is not None:
        names = needed(job, by_name)
    else:
        names = [name for name, other in by_name.items() if _stage(workflow, other) < _stage(workflow, job)]
    return [by_name[name] for name in names]


def _scans_before(workflow: Resource, job: dict[str, Any], graph: Graph) -> list[_Scan]:
    """The scans of the jobs that must have ended before this one begins."""
    by_name = {j["name"]: j for j in jobs(workflow)}
    github = workflow["kind"] == "github"
    anyway = github and _runs_anyway(job)
    before = _before(workflow, job, by_name)
    found = [s for other in before for s in (*_scans(workflow, other, github), *_scans_called(other, graph))]
    return [s._replace(soft=s.soft or anyway) for s in found]


def _scans_called(job: dict[str, Any], graph: Graph, depth: int = 0) -> Iterator[_Scan]:
    """The scans of the workflow of the tree that a job calls, each at the place of the call."""
    for called in called_by(job, graph) if depth < _DEEPEST_CALL else ():
        for inner in jobs(called):
            for scan in (*_scans(called, inner, True), *_scans_called(inner, graph, depth + 1)):
                yield scan._replace(where=(*job["path"], "uses"))


_DEEPEST_CALL = 4
"""As deep as GitHub lets workflows call one another, the first of them left out."""


def _stage(workflow: Resource, job: dict[str, Any]) -> float:
    """The position of a GitLab job's stage."""
    named = workflow.values["document"].get("stages")
    stages = named if isinstance(named, list) else ["build", "test", "deploy"]
    stage = job.get("stage") or "test"
    if stage in (".pre", ".post"):
        return float("-inf") if stage == ".pre" else float("inf")
    return stages.index(stage) if stage in stages else 0


def _scans(workflow: Resource, job: dict[str, Any], github: bool) -> Iterator[_Scan]:
    """Every scan of a job."""
    scripts = Scripts(workflow, job)
    loose = job.get("continue-on-error") is True if github else _may_fail(job)
    for i, step in enumerate(job["steps"]):
        soft = loose or step.get("continue-on-error") is True
        uses = step.get("uses")
        if isinstance(uses, str) and _SCAN_ACTIONS.fullmatch(uses):
            given = step.get("with")
            options: dict[str, Any] = given if isinstance(given, dict) else {}
            ignored = any(str(options.get(name, "")).lower() == "true" for name in _SOFT)
            trivy = "trivy" in uses and str(options.get("exit-code", "0")) == "0"
            yield _Scan(uses.partition("@")[0], (*step["path"], "uses"), (i, 0), soft or ignored or trivy)
        if isinstance(step.get("run"), str):
            named = str(step.get("shell") or "")  # GitLab's shell has `pipefail`, GitHub's bash when it is named
            pipes = github and named != "bash" and "pipefail" not in named
            for j, ran in enumerate(scripts.ran_by(step, pipes)):
                c = ran.command
                if not ran.doubt and command_kinds.scans(c):
                    yield _Scan(f"{c.name}{ran.via}", ran.where, (i, j), soft or command_kinds.forgiven(c))


def _may_fail(job: dict[str, Any]) -> bool:
    """Whether the pipeline of GitLab goes on when a job of it has failed."""
    allowed = job.get("allow_failure")
    if isinstance(allowed, dict):  # with some exit codes only; scanners that find something leave with 1
        return 1 in as_list(allowed.get("exit_codes"))
    ways = [r for r in as_list(job.get("rules")) if isinstance(r, dict) and r.get("when") != "never"]
    if ways:  # a rule's own word counts before the job's
        return all(r.get("allow_failure", allowed) is True for r in ways)
    return allowed is True or (job.get("when") == "manual" and allowed is not False)


def _scanned_elsewhere(workflow: Resource, graph: Graph) -> bool:
    """True when another workflow scans what is proposed before it is merged."""
    others = [w for w in graph.all("workflow") if w is not workflow and w.values.get("kind") == "github"]
    return any(
        not scan.soft
        for other in others
        if triggers(other) & {"pull_request", "merge_group"}
        for job in jobs(other)
        for scan in _scans(other, job, True)
    )


def _runs_anyway(thing: dict[str, Any]) -> bool:
    """True when the condition of a job or step lets it run after a failure."""
    condition = str(thing.get("if", ""))
    return ANYWAY.search(condition) is not None and _ASKS_RESULT.search(condition) is None

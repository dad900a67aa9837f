"""Workflows of GitHub and GitLab: what changes infrastructure, behind which gate and scan, with which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import shell
from assay.analysis.pipelines import Ran, known
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
_SECRETS = pattern(r"\bsecrets(?:\.|\[')(\w+)")  # lower
_KEYS = (
    ("aws", ("access_key", "secret")), ("azure_", ("credentials", "client_secret")), ("arm_client_secret", ("",)),
    ("gcp", ("credentials", "key")), ("google", ("credentials", "key")), ("oci", ("key", "private", "auth_token")),
)  # fmt: skip
"""What the name of a stored cloud key holds: the cloud, and after it one of these."""
_GITLAB_KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "ARM_CLIENT_SECRET",
    "GOOGLE_CREDENTIALS",
    "OCI_CLI_KEY_CONTENT",
)
_NOT_A_REQUEST = pattern(
    r"github\.event_name\s*==\s*'(?:push|workflow_dispatch|schedule|release)'|github\.event_name\s*!=\s*'pull_request'"
    r"|github\.ref(?:_name)?\s*==\s*'|github\.ref_type\s*==|startsWith\(\s*github\.ref\s*,|\bmerged\s*==\s*true"
)
_NOT_A_TARGET = pattern(
    r"github\.event_name\s*==\s*'(?:push|workflow_dispatch|schedule|release)'"
    r"|github\.event_name\s*!=\s*'pull_request_target'|\bmerged\s*==\s*true"
)
"""As `_NOT_A_REQUEST`, of `pull_request_target`: its ref is that of the branch it would be merged into."""
_ANYWAY = pattern(r"\b(?:always|failure|cancelled)\(\)")
_ASKS_RESULT = pattern(r"\bneeds\.[\w-]+\.result\s*==\s*'success'|\bsuccess\(\)")


def scripts(workflow: Resource) -> Iterator[tuple[str, ValuePath]]:
    """Every script of a workflow and where it stands."""
    for job in jobs(workflow):
        for step in job["steps"]:
            if isinstance(step.get("run"), str):
                yield step["run"], tuple(step["script"])


def jobs(workflow: Resource) -> list[dict[str, Any]]:
    """The jobs of a workflow."""
    found: list[dict[str, Any]] = known(workflow, "jobs")
    return found


def triggers(workflow: Resource) -> set[str]:
    """The events that start a GitHub workflow."""
    on = workflow.values["document"].get("on", workflow.values["document"].get("true"))
    return {str(k) for k in (on if isinstance(on, (dict, list)) else [on])}


_APPLYING_ACTIONS = (
    (pattern(r"dflook/(?:terraform|tofu)-(?:apply|destroy)@.*"), ""),
    (pattern(r"aws-actions/aws-cloudformation-github-deploy@.*"), ""),
    (pattern(r"pulumi/actions@.*"), "command"),
)
"""Actions that change infrastructure, and the input that says whether they do."""


def applying(job: dict[str, Any]) -> Ran | None:
    """The first command of a job that changes infrastructure, an action that does so as `uses <action>`."""
    for step in job["steps"]:
        script = step.get("run")
        if isinstance(script, str) and shell.may_apply(script):
            for c in shell.commands(script):
                if shell.applies(c):
                    return Ran(c, (*step["script"], "line", c.line))
        uses = step.get("uses")
        given = step.get("with") if isinstance(step.get("with"), dict) else {}
        for form, name in _APPLYING_ACTIONS if isinstance(uses, str) else ():
            if form.fullmatch(uses) and (not name or given.get(name) in ("up", "update", "destroy")):
                return Ran(shell.Command((uses.partition("@")[0],), 0, False), (*step["path"], "uses"))
    return None


def _what(ran: Ran) -> str:
    return shell.applies(ran.command) or ran.command.name


def ungated(workflow: Resource, graph: Graph) -> Iterator[tuple[str, ValuePath]]:
    """The jobs that change infrastructure on a pull request, or with nobody's review.

    Raises:
        Undetermined: at the end, when a job extends one of another file.
    """
    by_name = {job["name"]: job for job in jobs(workflow)}
    doubt = ""
    for job in by_name.values():
        ran = applying(job)
        if ran is None:
            if job.get("unseen") and not job["steps"]:
                doubt = doubt or f"job {job['name']} extends {job['unseen'][0]}, which is in another file"
            continue
        if workflow["kind"] == "github":
            said = _github_gate(workflow, job, ran, graph)
        else:
            said = _gitlab_gate(job)
        if said:
            yield f"job {job['name']} runs {_what(ran)} {said}", ran.where
    if doubt:
        raise Undetermined(Unknown(doubt))


def _github_gate(workflow: Resource, job: dict[str, Any], ran: Ran, graph: Graph) -> str:
    events = triggers(workflow)
    conditions = f"{_conditions(workflow, job)} {_step_at(job, ran.where).get('if', '')}"
    if _on_request(events, conditions) or any(
        _on_request(triggers(caller), f"{conditions} {_conditions(caller, call)}")
        for caller, call in _callers(workflow, graph)
    ):
        return "on a pull request"
    if job.get("environment") is None and events != {"workflow_dispatch"}:
        return "without an environment, so nobody reviews it"
    return ""


def _on_request(events: set[str], conditions: str) -> bool:
    return ("pull_request" in events and _NOT_A_REQUEST.search(conditions) is None) or (
        "pull_request_target" in events and _NOT_A_TARGET.search(conditions) is None
    )


def _conditions(workflow: Resource, job: dict[str, Any]) -> str:
    """The conditions of a job and of those it needs: when one of these is skipped, so is the job."""
    own = str(job.get("if", ""))
    by_name = {j["name"]: j for j in jobs(workflow)}
    needed = [] if _ANYWAY.search(own) else _needed(job, by_name)
    return " ".join([own, *(str(by_name[n].get("if", "")) for n in needed)])


def _callers(workflow: Resource, graph: Graph) -> list[tuple[Resource, dict[str, Any]]]:
    """The jobs of other workflows that run this one (`uses: ./.github/workflows/this.yml`)."""
    if "workflow_call" not in triggers(workflow):
        return []
    others = [w for w in graph.all("workflow") if w is not workflow and w.values.get("kind") == "github"]
    return [(w, j) for w in others for j in jobs(w) if _calls(j.get("uses"), workflow.address)]


def _calls(uses: Any, file: str) -> bool:
    return isinstance(uses, str) and uses.startswith("./") and f"/{file}".endswith(f"/{uses[2:]}")


def _step_at(job: dict[str, Any], where: ValuePath) -> dict[str, Any]:
    empty: dict[str, Any] = {}
    return next((s for s in job["steps"] if tuple(s["path"]) == where[: len(s["path"])]), empty)


_MERGE_REQUEST = pattern(r"(?<!!)=[=~]\s*[\"'/^]*merge_request|\bCI_MERGE_REQUEST_\w+\b(?!\s*(?:==\s*null|!=))")


def _gitlab_gate(job: dict[str, Any]) -> str:
    rules = [r for r in as_list(job.get("rules")) if isinstance(r, dict)]
    ways = [r for r in rules if r.get("when") != "never"]
    requests = [r for r in ways if _MERGE_REQUEST.search(str(r.get("if", "")))]
    by_hand = bool(requests) and all(r.get("when") == "manual" for r in requests)
    only = job.get("only")
    named = as_list(only.get("refs") if isinstance(only, dict) else only)
    if (requests or "merge_requests" in named) and not by_hand:
        return "on a merge request"
    manual = job.get("when") == "manual" or (bool(ways) and all(r.get("when") == "manual" for r in ways))
    return "" if manual or job.get("environment") is not None else "without an environment or a person who starts it"


def stored_keys(workflow: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The stored cloud keys that a workflow uses, each once."""
    seen: set[str] = set()
    jobs(workflow)  # of one that could not be parsed nothing else is known
    for text, where in _texts(workflow.values["document"], ("document",)):
        low = text.lower()
        for match in _SECRETS.finditer(low) if "secrets" in low else ():
            name = text[match.start(1) : match.end(1)]
            if name not in seen and _stores_key(match[1]):
                seen.add(name)
                yield f"the stored key secrets.{name} is used", where
        if workflow["kind"] == "gitlab":
            for name in _GITLAB_KEYS:
                used = f"${name}" in text or f"${{{name}}}" in text or where[-1] == name
                if used and name not in seen:
                    seen.add(name)
                    yield f"the stored key {name} is used", where


def _stores_key(name: str) -> bool:
    """True for the name (lower) of a cloud's key: the cloud begins a word, `SOCIAL_KEY` is none of OCI."""
    after = ((f"_{name}".partition(f"_{cloud}")[1:], kinds) for cloud, kinds in _KEYS)
    return any(found and any(k in rest for k in kinds) for (found, rest), kinds in after)


def _texts(value: Any, where: ValuePath) -> Iterator[tuple[str, ValuePath]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*where, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _texts(inner, (*where, i))
    elif isinstance(value, str):
        yield value, where


def unblocked(workflow: Resource, graph: Graph) -> Iterator[tuple[str, ValuePath]]:
    """The jobs that change infrastructure with no policy scan before them that could stop them."""
    github = workflow["kind"] == "github"
    for job in jobs(workflow):
        ran = applying(job)
        if ran is None:
            continue
        anyway = github and _runs_anyway(_step_at(job, ran.where))
        scans = [s._replace(soft=s.soft or anyway) for s in _scans(job, github) if s.at < _position(job, ran.where)]
        scans += _scans_before(workflow, job)
        calls = _callers(workflow, graph) if github else []
        theirs = [s for caller, call in calls for s in _scans_before(caller, call)]
        if any(not s.soft for s in (*scans, *theirs)):
            continue
        if scans or theirs:
            name, where = (scans[0].name, scans[0].where) if scans else (theirs[0].name, ran.where)
            yield f"{name} scans, and whatever it finds stops nothing", where
        elif not _scanned_elsewhere(workflow, graph):
            yield f"job {job['name']} runs {_what(ran)} and no policy scan has run before", ran.where


class _Scan(NamedTuple):
    """A scan: what runs, where, its place among the steps of its job, and whether its failure is ignored."""

    name: str
    where: ValuePath
    at: tuple[int, int]
    soft: bool


def _runs_anyway(thing: dict[str, Any]) -> bool:
    """True when the condition of a job or step lets it run after a failure."""
    condition = str(thing.get("if", ""))
    return _ANYWAY.search(condition) is not None and _ASKS_RESULT.search(condition) is None


def _scans_before(workflow: Resource, job: dict[str, Any]) -> list[_Scan]:
    """The scans of the jobs that must have ended before this one begins."""
    by_name = {j["name"]: j for j in jobs(workflow)}
    github = workflow["kind"] == "github"
    if github or job.get("needs") is not None:
        names = _needed(job, by_name)
    else:
        names = [name for name, other in by_name.items() if _stage(workflow, other) < _stage(workflow, job)]
    anyway = github and _runs_anyway(job)
    return [s._replace(soft=s.soft or anyway) for name in names for s in _scans(by_name[name], github)]


def _stage(workflow: Resource, job: dict[str, Any]) -> float:
    """The position of a GitLab job's stage."""
    named = workflow.values["document"].get("stages")
    stages = named if isinstance(named, list) else ["build", "test", "deploy"]
    stage = job.get("stage") or "test"
    if stage in (".pre", ".post"):
        return float("-inf") if stage == ".pre" else float("inf")
    return stages.index(stage) if stage in stages else 0


def _position(job: dict[str, Any], where: ValuePath) -> tuple[int, int]:
    at = next((i for i, s in enumerate(job["steps"]) if tuple(s["path"]) == where[: len(s["path"])]), 0)
    return at, int(where[-1]) if where[-2:-1] == ("line",) else 0


def _needed(job: dict[str, Any], by_name: dict[str, Any]) -> list[str]:
    found: list[str] = []
    ahead = _needs(job)
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in found:
            found.append(name)
            ahead += _needs(by_name[name])
    return found


def _needs(job: dict[str, Any]) -> list[str]:
    named = [n.get("job") if isinstance(n, dict) else n for n in as_list(job.get("needs"))]
    return [n for n in named if isinstance(n, str)]


def _scans(job: dict[str, Any], github: bool) -> Iterator[_Scan]:
    """Every scan of a job."""
    loose = job.get("continue-on-error") is True or job.get("allow_failure") is True
    loose = loose or (not github and job.get("when") == "manual" and job.get("allow_failure") is not False)
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
            pipes = github and step.get("shell") is None  # GitLab's shell has `pipefail`, GitHub's when it is named
            for c in shell.commands(step["run"], pipes=pipes):
                if shell.scans(c):
                    where = (*step["script"], "line", c.line)
                    yield _Scan(c.name, where, (i, c.line), soft or shell.forgiven(c))


def _scanned_elsewhere(workflow: Resource, graph: Graph) -> bool:
    """True when another workflow scans what is proposed before it is merged."""
    others = [w for w in graph.all("workflow") if w is not workflow and w.values.get("kind") == "github"]
    return any(
        not scan.soft
        for other in others
        if triggers(other) & {"pull_request", "merge_group"}
        for job in jobs(other)
        for scan in _scans(job, True)
    )

"""Build specs, workflows and Dockerfiles as what they run: commands in order, jobs, gates, stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import shell
from assay.model import Undetermined, Unknown, as_list
from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.graph import Graph
    from assay.model import Resource, ValuePath


class Ran(NamedTuple):
    """A command and where it stands in its document."""

    command: shell.Command
    where: ValuePath


def commands_of(document: Resource, such: Callable[[str], bool] | None = None) -> list[Ran]:
    """Every command of a build spec, workflow or Dockerfile, in order.

    Args:
        such: only of scripts for which this holds.

    Raises:
        Undetermined: it could not be parsed, or nothing here reads shell.
    """
    from assay.analysis.dockerfiles import scripts

    readers = {"build_spec": _written_in_spec, "workflow": _of_workflow, "dockerfile": scripts}
    found: list[Ran] = []
    for script, where in readers[document.type](document):
        if such is None or such(script):
            found += [Ran(c, (*where, "line", c.line)) for c in shell.commands(script)]
    return found


def _known(document: Resource, key: str) -> Any:
    value = document[key]
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return value


# --- build specs ------------------------------------------------------------------------------------------------------


def _written_in_spec(spec: Resource) -> Iterator[tuple[str, ValuePath]]:
    """Every script of a build spec, those too that run only when a step has failed."""
    for i, step in enumerate(_known(spec, "steps")):
        if not isinstance(step, dict):
            continue
        if isinstance(step.get("command"), str):
            yield step["command"], ("steps", i, "command")
        for j, handler in enumerate(as_list(step.get("onFailure"))):
            if isinstance(handler, dict) and isinstance(handler.get("command"), str):
                yield handler["command"], ("steps", i, "onFailure", j, "command")


def _run_by_spec(spec: Resource) -> list[Ran]:
    """The commands of a build spec that run when none fails, in order."""
    steps = _known(spec, "steps")
    found: list[Ran] = []
    for script, where in _written_in_spec(spec):
        if len(where) == 3:
            goes_on = steps[where[1]].get("failImmediatelyOnError", spec["failImmediatelyOnError"]) is False
            found += [Ran(c, (*where, "line", c.line)) for c in shell.commands(script, goes_on, pipes=True)]
    return found


def image_moves(ran: list[Ran]) -> tuple[int, int]:
    """Positions of the first command that builds an image and of the first that pushes one; the end without one."""
    build = next((i for i, r in enumerate(ran) if shell.builds_image(r.command)), len(ran))
    push = next((i for i, r in enumerate(ran) if shell.pushes_image(r.command)), len(ran))
    return build, push


def untested(spec: Resource) -> tuple[str, ValuePath] | None:
    """What to say, and where, when an image is built or pushed that no test has judged; None when all is well."""
    ran = _run_by_spec(spec)
    first = min(image_moves(ran))
    if first == len(ran):
        return None
    before = [r for r in ran[:first] if shell.runs_tests(r.command)]
    if any(not r.command.ignored for r in before):
        return None
    if before:
        return "tests run before the image is built, and their failure is ignored", before[0].where
    return f"{' '.join(ran[first].command.bare[:2])} runs and no test has run before", ran[first].where


def unscanned(spec: Resource) -> tuple[str, ValuePath] | None:
    """As `untested`, of security scanners: of the sources before the build, or of the image before the push."""
    steps = _known(spec, "steps")
    ran = _run_by_spec(spec)
    build, push = image_moves(ran)
    if min(build, push) == len(ran):
        return None
    early = steps[: int(ran[push].where[1])] if push < len(ran) else steps  # an audit after the push comes too late
    if any(isinstance(s, dict) and s.get("type") == "VulnerabilityAudit" for s in early):
        return None
    scans = [r for i, r in enumerate(ran) if shell.scans(r.command) and (i < build or (i < push and
             shell.scans_image(r.command)))]  # fmt: skip
    if any(not shell.forgiven(r.command) for r in scans):
        return None
    if scans:
        return f"{scans[0].command.name} scans, and whatever it finds stops nothing", scans[0].where
    first = min(build, push)
    return f"{' '.join(ran[first].command.bare[:2])} runs and no security scanner has run before", ran[first].where


def spec_secrets(spec: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The credentials that a build spec holds: in its variables and in its commands."""
    from assay.analysis.credentials import is_credential, written_out

    env = spec["env"]
    variables = env.get("variables") if isinstance(env, dict) else None
    for name, value in (variables or {}).items() if isinstance(variables, dict) else ():
        if is_credential(name, str(value)):
            yield f"the variable {name} holds a credential", ("env", "variables", name)
    seen = set()
    for script, where in _written_in_spec(spec):
        for start in written_out(script):
            line = script.count("\n", 0, start)
            if (where, line) not in seen:
                seen.add((where, line))
                yield "the command holds a credential", (*where, "line", line)


# --- workflows --------------------------------------------------------------------------------------------------------

_SCAN_ACTIONS = pattern(
    r"(?:aquasecurity/trivy-action|aquasecurity/tfsec-\S*action|bridgecrewio/checkov-action|checkmarx/kics\S*action"
    r"|snyk/actions\S*|anchore/scan-action|github/codeql-action/analyze|zizmorcore/zizmor-action|semgrep/\S+"
    r"|returntocorp/semgrep-action|tenable/terrascan-action|step-security/\S*scan\S*|\S*assay\S*)@\S+"
)
_SOFT = ("soft_fail", "soft-fail", "continue-on-error")
_SECRETS = pattern(r"\bsecrets\.(\w+)")  # lower
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
    r"github\.event_name\s*==\s*'(?:push|workflow_dispatch|schedule|release)'|github\.event_name\s*!=\s*'pull_request"
    r"|github\.ref(?:_name)?\s*==\s*'|github\.ref_type\s*==|startsWith\(\s*github\.ref\s*,|\bmerged\s*==\s*true"
)


def _of_workflow(workflow: Resource) -> Iterator[tuple[str, ValuePath]]:
    for job in jobs(workflow):
        yield from _of_job(job)


def _of_job(job: dict[str, Any]) -> Iterator[tuple[str, ValuePath]]:
    for step in job["steps"]:
        if isinstance(step.get("run"), str):
            yield step["run"], tuple(step["script"])


def jobs(workflow: Resource) -> list[dict[str, Any]]:
    """The jobs of a workflow."""
    found: list[dict[str, Any]] = _known(workflow, "jobs")
    return found


def triggers(workflow: Resource) -> set[str]:
    """The events that start a GitHub workflow."""
    on = workflow.values["document"].get("on", workflow.values["document"].get("true"))
    return {str(k) for k in (on if isinstance(on, (dict, list)) else [on])}


def applying(job: dict[str, Any]) -> Ran | None:
    """The first command of a job that changes infrastructure."""
    for script, where in _of_job(job):
        for c in shell.commands(script) if shell.may_apply(script) else ():
            if shell.applies(c):
                return Ran(c, (*where, "line", c.line))
    return None


def ungated(workflow: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The jobs that change infrastructure on a pull request, or with nobody's review."""
    for job in jobs(workflow):
        ran = applying(job)
        if ran is None:
            continue
        what = shell.applies(ran.command)
        if workflow["kind"] == "github":
            said = _github_gate(workflow, job, ran)
        else:
            said = _gitlab_gate(job)
        if said:
            yield f"job {job['name']} runs {what} {said}", ran.where


def _github_gate(workflow: Resource, job: dict[str, Any], ran: Ran) -> str:
    events = triggers(workflow)
    step = _step_at(job, ran.where)
    conditions = f"{job.get('if', '')} {step.get('if', '')}"
    if events & {"pull_request", "pull_request_target"} and _NOT_A_REQUEST.search(conditions) is None:
        return "on a pull request"
    if job.get("environment") is None and events != {"workflow_dispatch"}:
        return "without an environment, so nobody reviews it"
    return ""


def _step_at(job: dict[str, Any], where: ValuePath) -> dict[str, Any]:
    empty: dict[str, Any] = {}
    return next((s for s in job["steps"] if tuple(s["path"]) == where[: len(s["path"])]), empty)


def _gitlab_gate(job: dict[str, Any]) -> str:
    rules = [r for r in as_list(job.get("rules")) if isinstance(r, dict)]
    ways = [r for r in rules if r.get("when") != "never"]
    requests = [r for r in ways if "merge_request" in str(r.get("if", ""))]
    by_hand = bool(requests) and all(r.get("when") == "manual" for r in requests)
    if (requests or "merge_requests" in as_list(job.get("only"))) and not by_hand:
        return "on a merge request"
    manual = job.get("when") == "manual" or (bool(ways) and all(r.get("when") == "manual" for r in ways))
    return "" if manual or job.get("environment") is not None else "without an environment or a person who starts it"


def stored_keys(workflow: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The stored cloud keys that a workflow uses, each once."""
    seen: set[str] = set()
    jobs(workflow)  # of one that could not be parsed nothing else is known
    for text, where in _texts(workflow.values["document"], ("document",)):
        low = text.lower()
        for match in _SECRETS.finditer(low) if "secrets." in low else ():
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
    return any(cloud in name and any(k in name.partition(cloud)[2] for k in kinds) for cloud, kinds in _KEYS)


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
    by_name = {job["name"]: job for job in jobs(workflow)}
    for job in by_name.values():
        ran = applying(job)
        if ran is None:
            continue
        before = [by_name[n] for n in _needed(job, by_name)] if workflow["kind"] == "github" else list(by_name.values())
        scans = [s for one in (*before, job) for s in _scans(one)]
        if any(not soft for _, _, soft in scans):
            continue
        if scans:
            name, where, _ = scans[0]
            yield f"{name} scans, and whatever it finds stops nothing", where
        elif not _scanned_elsewhere(workflow, graph):
            yield f"job {job['name']} runs {shell.applies(ran.command)} and no policy scan has run before", ran.where


def _needed(job: dict[str, Any], by_name: dict[str, Any]) -> list[str]:
    found: list[str] = []
    ahead = [n for n in as_list(job.get("needs")) if isinstance(n, str)]
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in found:
            found.append(name)
            ahead += [n for n in as_list(by_name[name].get("needs")) if isinstance(n, str)]
    return found


def _scans(job: dict[str, Any]) -> Iterator[tuple[str, ValuePath, bool]]:
    """Every scan of a job: what runs, where, and whether its failure is ignored."""
    loose = job.get("continue-on-error") is True or job.get("allow_failure") is True
    for step in job["steps"]:
        soft = loose or step.get("continue-on-error") is True
        uses = step.get("uses")
        if isinstance(uses, str) and _SCAN_ACTIONS.fullmatch(uses):
            given = step.get("with")
            options: dict[str, Any] = given if isinstance(given, dict) else {}
            ignored = any(str(options.get(name, "")).lower() == "true" for name in _SOFT)
            trivy = "trivy" in uses and str(options.get("exit-code", "0")) == "0"
            yield uses.partition("@")[0], (*step["path"], "uses"), soft or ignored or trivy
    for script, where in _of_job(job):
        step = _step_at(job, where)
        for c in shell.commands(script):
            if shell.scans(c):
                soft = loose or step.get("continue-on-error") is True or shell.forgiven(c)
                yield c.name, (*where, "line", c.line), soft


def _scanned_elsewhere(workflow: Resource, graph: Graph) -> bool:
    """True when another workflow scans what is proposed before it is merged."""
    others = [w for w in graph.all("workflow") if w is not workflow and w.values.get("kind") == "github"]
    return any(
        not soft
        for other in others
        if triggers(other) & {"pull_request", "merge_group"}
        for job in jobs(other)
        for _, _, soft in _scans(job)
    )

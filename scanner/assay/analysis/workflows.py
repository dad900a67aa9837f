"""Workflows of GitHub and GitLab: what changes infrastructure, behind which gate and scan, with which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import command_kinds, shell
from assay.analysis.pipelines import Ran, known
from assay.analysis.workflow_conditions import may_hold
from assay.model import Undetermined, Unknown, as_list
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis import indirect
    from assay.graph import Graph
    from assay.model import Resource, ValuePath

_SECRETS = pattern(r"\bsecrets(?:\.|\[')(\w+)")  # lower
_CHOSEN = pattern(r"\$\{\{[^}]{0,200}?(?:\bsecrets\s*\[\s*[^'\s]|\w+\(\s*secrets\s*\))[^}]{0,80}")
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
ANYWAY = pattern(r"\b(?:always|failure|cancelled)\(\)")


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
    (pattern(r"dflook/(?:terraform|tofu)-(?:apply|destroy)@.*"), "", ""),
    (pattern(r"aws-actions/aws-cloudformation-github-deploy@.*"), "", ""),
    (pattern(r"pulumi/actions@.*"), "command", r"up|update|destroy"),
    (pattern(r"docker://(?:\S*/)?(?:terraform|opentofu|terragrunt)(?:[:@].*)?"), "args", r".*\b(?:apply|destroy)\b.*"),
    (pattern(r"hashicorp/terraform-github-actions@.*"), "tf_actions_subcommand", r"apply|destroy"),
    (pattern(r"gruntwork-io/terragrunt-action@.*"), "tg_command", r".*\b(?:apply|destroy)\b.*"),
    (pattern(r"oracle-actions/run-oci-cli-command@.*"), "command", r".*\bcreate-(?:apply|destroy)-job\b.*"),
)
"""Actions that change infrastructure, and the input and its values that say that they do."""


class Scripts:
    """The scripts of a job, to be asked for in their order: `ran_by` has their commands.

    What stands behind variables and make is there as what it is.
    """

    def __init__(self, workflow: Resource, job: dict[str, Any]) -> None:
        self._about = workflow, job
        self._read: indirect.Scripts | None = None
        scripts = (s["run"] for s in job["steps"] if isinstance(s.get("run"), str))
        self.renamed = workflow["kind"] == "gitlab" and command_kinds.renames(scripts)
        """Whether the scripts, which in GitLab share a shell, give commands other names."""

    def hidden(self, step: dict[str, Any]) -> bool:
        """Whether a script may run commands that it does not name."""
        return self.renamed or command_kinds.INDIRECT.search(step["run"]) is not None

    def ran_by(self, step: dict[str, Any], pipes: bool = False) -> list[Ran]:
        """The commands of a step with a script."""
        if not self.hidden(step):
            return [Ran(c, (*step["script"], "line", c.line)) for c in shell.commands(step["run"], pipes=pipes)]
        if self._read is None:
            from assay.analysis import indirect

            self._read = indirect.Scripts(*self._about)
        return self._read.ran_by(step, pipes)


_TO_CLUSTERS = ("kubectl ", "helm ", "helmfile ")


def applying(workflow: Resource, job: dict[str, Any]) -> Ran | None:
    """The first command of a job that changes infrastructure, an action that does so as `uses <action>`.

    Without one, the first that may do so: its `doubt` says what is not known.
    """
    may: Ran | None = None
    turns: list[tuple[tuple[int, int], bool]] | None = None
    scripts = Scripts(workflow, job)
    for i, step in enumerate(job["steps"]):
        script = step.get("run")
        if isinstance(script, str) and (scripts.renamed or command_kinds.may_apply(script)):
            for j, ran in enumerate(scripts.ran_by(step)):
                if not ran.doubt and (changes := command_kinds.applies(ran.command)):
                    found = ran._replace(at=(i, j))
                    if not changes.startswith(_TO_CLUSTERS):
                        return found
                    from assay.analysis import own_clusters

                    turns = own_clusters.turns(workflow, job) if turns is None else turns
                    if not own_clusters.only_own(found, turns):
                        return found
                if ran.doubt and may is None and what(ran):
                    may = ran._replace(at=(i, j))
        uses = step.get("uses")
        given = step.get("with") if isinstance(step.get("with"), dict) else {}
        for form, name, values in _APPLYING_ACTIONS if isinstance(uses, str) else ():
            if form.fullmatch(uses) and (not name or pattern(values).fullmatch(str(given.get(name, "")).strip())):
                return Ran(shell.Command((uses.partition("@")[0],), 0, False), (*step["path"], "uses"), at=(i, 0))
    return may


def what(ran: Ran) -> str:
    """What a command changes, as a sentence says it; empty for one of which nobody knows that it changes anything."""
    found = command_kinds.applies(ran.command)
    if not found and ran.doubt:
        from assay.analysis import indirect

        return " ".join(ran.command.words) if indirect.may_change(ran) else ""
    return f"{found or ran.command.name}{ran.via}"


def ungated(workflow: Resource, graph: Graph) -> Iterator[tuple[str, ValuePath]]:
    """The jobs that change infrastructure on a pull request, or with nobody's review.

    Raises:
        Undetermined: at the end, when a job, or part of one, is not here.
    """
    doubt = ""
    elsewhere = elsewhere_of(workflow)
    for job in jobs(workflow):
        ran = applying(workflow, job)
        bases, unseen = job.get("unseen_bases") or [], job.get("unseen") or []
        if ran is None:
            if unseen or (bases and not job["steps"]):
                doubt = doubt or f"job {job['name']} has {[*unseen, *bases][0]}, which is not here"
            continue
        if workflow["kind"] == "github":
            said = _github_gate(workflow, job, ran, graph)
        else:
            said = _gitlab_said(workflow, job, graph)
            if unseen or (bases and said != _REQUESTED) or (said == _UNREVIEWED and "partial" in workflow.values):
                part = [*unseen, *bases, "more of it in what the pipeline includes"][0]
                doubt = doubt or f"job {job['name']} runs {what(ran)} and has {part}, which is not here"
                continue
        if said and ran.doubt:
            doubt = doubt or f"job {job['name']} may run {what(ran)} {said}: nobody here knows {ran.doubt}"
        elif said:
            yield f"job {job['name']} runs {what(ran)} {said}", ran.where
    if elsewhere is not None:
        raise elsewhere
    if doubt:
        raise Undetermined(Unknown(doubt))


def elsewhere_of(workflow: Resource) -> Undetermined | None:
    """The doubt that what a workflow includes or calls, and is not here, leaves; None when all of it is here."""
    if not workflow.values.get("unseen"):
        return None
    unseen: list[Unknown] = workflow["unseen"]  # read, so that the verdict stands where it is named
    return Undetermined(list.__getitem__(unseen, 0))


def _github_gate(workflow: Resource, job: dict[str, Any], ran: Ran, graph: Graph) -> str:
    calls = callers(workflow, graph)
    events = triggers(workflow)
    conditions = [*_conditions(workflow, job), str(step_at(job, ran.where).get("if", ""))]
    starts = [(events, conditions)]
    starts += [(triggers(caller), [*conditions, *_conditions(caller, call)]) for caller, call in calls]
    for started_by, needed_to_hold in starts:
        if any(event in started_by and may_hold(needed_to_hold, event) for event in _REQUESTS):
            return "on a pull request"
    by = set().union(*(started_by for started_by, _ in starts)) - ({"workflow_call"} if calls else set())
    if job.get("environment") is None and by != {"workflow_dispatch"}:
        return "without an environment, so nobody reviews it"
    return ""


_REQUESTS = ("pull_request", "pull_request_target")


def _conditions(workflow: Resource, job: dict[str, Any]) -> list[str]:
    """The conditions of a job and of those it needs: when one of these is skipped, so is the job."""
    own = str(job.get("if", ""))
    by_name = {j["name"]: j for j in jobs(workflow)}
    before = [] if ANYWAY.search(own) else needed(job, by_name)
    return [own, *(str(by_name[n].get("if", "")) for n in before)]


def callers(workflow: Resource, graph: Graph) -> list[tuple[Resource, dict[str, Any]]]:
    """The jobs of other workflows that run this one: `uses: ./.github/workflows/x.yml`, `trigger: {include: x.yml}`."""
    github = workflow["kind"] == "github"
    if github and "workflow_call" not in triggers(workflow):
        return []
    others = [w for w in graph.all("workflow") if w is not workflow and w.values.get("kind") == workflow["kind"]]
    return [(w, j) for w in others for j in jobs(w) if _runs(j, workflow.address, github)]


def _runs(job: dict[str, Any], file: str, github: bool) -> bool:
    return _calls(job.get("uses"), file) if github else file in (job.get("runs") or ())


def _calls(uses: Any, file: str) -> bool:
    return isinstance(uses, str) and uses.startswith("./") and f"/{file}".endswith(f"/{uses[2:]}")


def called_by(job: dict[str, Any], graph: Graph) -> list[Resource]:
    """The workflow of the tree that a job of GitHub runs."""
    uses = job.get("uses")
    if not isinstance(uses, str) or not uses.startswith("./"):
        return []
    return [w for w in graph.all("workflow") if w.values.get("kind") == "github" and _calls(uses, w.address)]


def step_at(job: dict[str, Any], where: ValuePath) -> dict[str, Any]:
    empty: dict[str, Any] = {}
    return next((s for s in job["steps"] if tuple(s["path"]) == where[: len(s["path"])]), empty)


_MERGE_REQUEST = pattern(
    r"(?<!!)==\s*[\"']merge_request|=~\s*/[^/]*merge_request|\bCI_MERGE_REQUEST_\w+\b(?!\s*(?:==\s*null|!=))"
)


_REQUESTED, _UNREVIEWED = "on a merge request", "without an environment or a person who starts it"


def _gitlab_gate(job: dict[str, Any]) -> str:
    rules = [r for r in as_list(job.get("rules")) if isinstance(r, dict)]
    ways = [r for r in rules if r.get("when") != "never"]
    requests = [r for r in ways if _MERGE_REQUEST.search(str(r.get("if", "")))]
    by_hand = bool(requests) and all(r.get("when") == "manual" for r in requests)
    only = job.get("only")
    named = as_list(only.get("refs") if isinstance(only, dict) else only)
    if (requests or "merge_requests" in named) and not by_hand:
        return _REQUESTED
    return "" if _manual(job) or job.get("environment") is not None else _UNREVIEWED


def _manual(job: dict[str, Any]) -> bool:
    """True for a job that always waits for somebody to start it."""
    ways = [r for r in as_list(job.get("rules")) if isinstance(r, dict) and r.get("when") != "never"]
    return job.get("when") == "manual" or (bool(ways) and all(r.get("when") == "manual" for r in ways))


def _gitlab_said(workflow: Resource, job: dict[str, Any], graph: Graph) -> str:
    """What the gate of a job lacks; a child pipeline starts behind the gate of the job that starts it."""
    said = _gitlab_gate(job)
    starts = [_gitlab_gate(call) for _, call in callers(workflow, graph)]
    if _REQUESTED in starts and not _manual(job):
        return _REQUESTED
    return "" if said == _UNREVIEWED and starts and not any(starts) else said


def stored_keys(workflow: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The stored cloud keys that a workflow uses, each once.

    Raises:
        Undetermined: at the end, when what else it runs, and may hand its secrets to, is not here.
    """
    seen: set[str] = set()
    chosen = ""
    jobs(workflow)  # of one that could not be parsed nothing else is known
    for text, where in _texts(workflow.values["document"], ("document",)):
        low = text.lower()
        found = _CHOSEN.search(low) if "secrets" in low and workflow["kind"] == "github" else None
        chosen = chosen or (found[0] if found is not None else "")
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
    elsewhere = elsewhere_of(workflow)
    if elsewhere is not None and (workflow["kind"] == "gitlab" or _inherits_secrets(workflow)):
        raise elsewhere
    if chosen:
        raise Undetermined(Unknown(f"which secrets are used only a run can tell: {chosen}"))


def _inherits_secrets(workflow: Resource) -> bool:
    """Whether a workflow of GitHub hands all its secrets on; those that it names stand in its text."""
    return any(job.get("secrets") == "inherit" for job in jobs(workflow))


def _stores_key(name: str) -> bool:
    """True for the name (lower) of a cloud's key: the cloud begins a word, `SOCIAL_KEY` is none of OCI."""
    if name.endswith(("_name", "_arn", "_path", "_region")):  # of something, which is no key
        return False
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


def needed(job: dict[str, Any], by_name: dict[str, Any]) -> list[str]:
    found: list[str] = []
    ahead = needs(job)
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in found:
            found.append(name)
            ahead += needs(by_name[name])
    return found


def needs(job: dict[str, Any]) -> list[str]:
    named = [n.get("job") if isinstance(n, dict) else n for n in as_list(job.get("needs"))]
    return [n for n in named if isinstance(n, str)]

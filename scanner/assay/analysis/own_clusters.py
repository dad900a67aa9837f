"""Kubernetes clusters that a job starts on its own runner (kind, k3d, minikube, k3s) and that end with it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from assay.analysis import command_kinds
from assay.analysis.workflows import Scripts
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.analysis.pipelines import Ran
    from assay.analysis.shell import Command
    from assay.model import Resource

_STARTING_ACTIONS = pattern(
    r"(?:helm/kind-action|engineerd/setup-kind|container-tools/kind-action|absaoss/k3d-action|nolar/setup-k3d-k3s"
    r"|medyagh/setup-minikube|manusa/actions-setup-minikube|jupyterhub/action-k3s-helm|debianmaster/actions-k3s)@.*"
)
_ENTERING_ACTIONS = pattern(
    r"(?:azure/(?:k8s-set-context|aks-set-context)|google-github-actions/get-gke-credentials"
    r"|oracle-actions/configure-kubectl-oke)@.*"
)
_SPOKEN_OF = pattern(r"kind|k3d|k3s|minikube|kubeconfig|get-credentials|use-context|doctl")
_STARTS = {
    "kind": ("create", "cluster"), "k3d": ("cluster", "create"), "minikube": ("start",), "k3s": ("server",),
    "microk8s": ("start",),
}  # fmt: skip
_ENTERS = ("update-kubeconfig", "get-credentials", "create-kubeconfig", "kubeconfig")
_OWN_CONTEXTS = ("kind-", "k3d-", "minikube")
_OTHER_CLUSTER = ("--context", "--kube-context", "--kubeconfig", "--server", "-s", "--kube-apiserver")


def turns(workflow: Resource, job: dict[str, Any]) -> list[tuple[tuple[int, int], bool]]:
    """The places in a job (step, command) from which on the cluster that it changes is its own, or another."""
    found: list[tuple[tuple[int, int], bool]] = []
    scripts = Scripts(workflow, job)
    for i, step in enumerate(job["steps"]):
        certain = "if" not in step
        uses = str(step.get("uses", "")).lower()
        if _ENTERING_ACTIONS.fullmatch(uses):
            found.append(((i, 0), False))
        elif _STARTING_ACTIONS.fullmatch(uses):
            found.append(((i, 0), certain))
        run = step.get("run")
        if isinstance(run, str) and (_SPOKEN_OF.search(run) or scripts.hidden(step)):
            for j, ran in enumerate(scripts.ran_by(step)):
                if _starts(ran.command):
                    found.append(((i, j), certain))
                elif _enters(ran.command):
                    found.append(((i, j), False))
    return found


def only_own(ran: Ran, found: list[tuple[tuple[int, int], bool]]) -> bool:
    """True when what a command changes (its place known) is a cluster that its job has started, as `turns` has it."""
    change = command_kinds.launched(ran.command)
    if change.name not in ("kubectl", "helm", "helmfile") or _elsewhere(change):
        return False
    before = bisect_left(found, (ran.at, False))
    return before > 0 and found[before - 1][1]


def _starts(c: Command) -> bool:
    """Whether a command starts a cluster on the machine that it runs on."""
    words = [w for w in c.bare[1:] if not w.startswith("-")]
    wanted = _STARTS.get(c.name)
    if wanted is not None:
        return tuple(words[: len(wanted)]) == wanted
    return c.name in ("curl", "wget") and any("//get.k3s.io" in w for w in words)


def _enters(c: Command) -> bool:
    """Whether a command chooses a cluster that is not the job's own."""
    if c.name == "kubectl":
        at = c.bare.index("use-context") + 1 if "use-context" in c.bare else 0
        return at > 0 and not "".join(c.bare[at : at + 1]).startswith(_OWN_CONTEXTS)
    return c.name in ("aws", "az", "gcloud", "oci", "doctl", "eksctl") and any(w in _ENTERS for w in c.bare)


def _elsewhere(c: Command) -> bool:
    """Whether the options of a command name a cluster that may be another."""
    for i, word in enumerate(c.bare):
        option, equals, value = word.partition("=")
        if option in _OTHER_CLUSTER:
            return not (value if equals else "".join(c.bare[i + 1 : i + 2])).startswith(_OWN_CONTEXTS)
    return False

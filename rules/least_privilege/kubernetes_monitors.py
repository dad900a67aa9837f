"""What the accounts may do that are there to watch."""

from collections.abc import Iterator

from assay import HIGH, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.cluster_identity import BUILT_IN, access, beyond_reading, reads_secrets, subjects_of, watchers
from assay.kubernetes.relations import bindings_to
from assay.kubernetes.roles import BINDINGS, ROLES


@rule(on=(*ROLES, *BINDINGS), severity=HIGH, controls=["nist-800-53r5:AC-6"])
def k8s_monitor_can_write(subject: Resource, graph: Graph) -> Iterator[Finding]:
    """Accounts that watch the cluster can neither change it nor read its Secrets.

    ## Why
    A monitor reads everything, from everywhere, and is seldom looked at: an intruder who finds that it may also write
    has found the cluster. Such accounts are known by their name, or by the name and labels of what runs as them; what
    they may do is followed through every binding, aggregated and built-in role.

    ## Fix
    Leave `get`, `list` and `watch`, drop every other verb, `nodes/proxy` and Secrets; bind a role of its own.
    """
    if subject.type in BINDINGS:
        yield from _given(subject, graph)
        return
    who = [f"{s}" for b in bindings_to(subject, graph) for s in subjects_of(b) if s in watchers(graph, subject)]
    if not who:
        return
    for entry in access(graph, subject).rules_in(subject):
        own = entry.resource == subject
        place, at = (entry, "verbs") if own else (subject, "aggregationRule")
        because = [] if own else [entry.where("verbs")]
        verbs = beyond_reading(entry)
        if verbs:
            yield place.fails(f"{who[0]} may {', '.join(verbs)}", at=at, because=because)
        elif reads_secrets(entry):
            yield place.fails(f"{who[0]} may read every Secret", at=at, because=because, severity=MEDIUM)


def _given(binding: Resource, graph: Graph) -> Iterator[Finding]:
    """A role that every cluster has (`edit`), where it is not among the inputs itself."""
    scope = access(graph, binding)
    who = [f"{s}" for s in subjects_of(binding) if s in watchers(graph, binding)]
    name = f"{binding['roleRef.name']}"
    if not who or scope.role_of(binding) or name not in BUILT_IN:
        return
    if name != "view":
        yield binding.fails(f"{who[0]} gets {name}, which changes things", at="roleRef.name")
        return
    for entry in scope.rules_of(binding):
        verbs = beyond_reading(entry) or (["read every Secret"] if reads_secrets(entry) else [])
        if entry.resource != binding and verbs:
            said = f"{who[0]} gets {name}, to which {entry.resource} adds: {', '.join(verbs)}"
            yield binding.fails(said, at="roleRef.name", because=[entry.where("verbs")], key=f"{entry}")

"""Who may do what in a cluster: RBAC expanded, as the API server's authorizer evaluates it.

Roles are unions of rules, aggregated ClusterRoles included; bindings give them to subjects, in one namespace or in all.
There is no deny. A request names a verb, a resource of an API group (with its subresource), a namespace and perhaps an
object. Everything is asked within one scope: the same source, root and cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes.relations import matches
from assay.kubernetes.roles import covers
from assay.kubernetes.workloads import PODS, pod_of
from assay.model import Block, PartialList, Undetermined, Unknown, any_of, as_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource, View

RBAC = "rbac.authorization.k8s.io"
CLUSTER = None
"""The namespace of a grant that holds in all of them, and of a request for what belongs to none."""
READS = ("get", "list", "watch")
_READ = list(READS)
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_EDITABLE = {
    "": ["configmaps", "endpoints", "events", "persistentvolumeclaims", "pods", "replicationcontrollers",
         "replicationcontrollers/scale", "serviceaccounts", "services"],
    "apps": ["daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets",
             "statefulsets/scale"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}  # fmt: skip


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


_VIEW = [_rule(group, resources, _READ) for group, resources in _EDITABLE.items()]
_EDIT = [
    *_VIEW, *(_rule(group, resources, _WRITE) for group, resources in _EDITABLE.items()),
    _rule("", ["secrets"], [*_READ, *_WRITE]), _rule("", ["serviceaccounts"], ["impersonate"]),
    _rule("", ["serviceaccounts/token"], ["create"]), _rule("", ["pods/eviction"], ["create"]),
    _rule("", ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"],
          ["get", "create", "delete", "deletecollection", "patch", "update"]),
]  # fmt: skip
BUILT_IN = {
    "cluster-admin": [{**_rule("*", ["*"], ["*"])}, {"nonResourceURLs": ["*"], "verbs": ["*"]}],
    "admin": [*_EDIT, _rule(RBAC, ["rolebindings", "roles"], [*_READ, *_WRITE])],
    "edit": _EDIT,
    "view": _VIEW,
}
"""The roles for users that every cluster has, for inputs that do not hold them (manifests)."""
_AGGREGATES = {"admin": ("admin", "edit", "view"), "edit": ("edit", "view"), "view": ("view",)}
"""Which labels (`rbac.authorization.k8s.io/aggregate-to-view`) add a ClusterRole to these."""


class Subject(NamedTuple):
    """Who asks: kind User, Group or ServiceAccount; `namespace` of a service account only."""

    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that the API server itself puts the subject into."""
        if self.kind == "ServiceAccount":
            return ("system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated")
        if self.kind == "User":
            return ("system:unauthenticated",) if self.name == "system:anonymous" else ("system:authenticated",)
        return ()

    @property
    def system(self) -> bool:
        """True for the control plane's own users and groups."""
        crowd = ("system:anonymous", "system:authenticated", "system:unauthenticated", "system:serviceaccount")
        return self.kind != "ServiceAccount" and self.name.startswith("system:") and not self.name.startswith(crowd)


class Grant(NamedTuple):
    """One rule that somebody has: by which role and binding, and where (`namespace`; None is everywhere)."""

    rule: View
    role: Resource | None
    binding: Resource
    namespace: str | None

    def __str__(self) -> str:
        return f"{self.role or self.binding['roleRef.name']} by {self.binding}"


class Request(NamedTuple):
    """What is asked for. `resource` holds the subresource (`pods/exec`); `name` is "" where no object is named."""

    verb: str
    resource: str
    group: str = ""
    namespace: str | None = CLUSTER
    name: str = ""


def allows(rule: View, asked: Request) -> bool:
    """Whether one rule allows a request, as Kubernetes' RBAC does; the namespace is the binding's affair.

    Raises:
        Undetermined: it depends on something unknown.
    """
    return (
        any_of(as_list(rule["verbs"]), lambda v: v in ("*", asked.verb))
        and any_of(as_list(rule["apiGroups"]), lambda g: g in ("*", asked.group))
        and any_of(as_list(rule["resources"]), lambda r: covers(asked.resource, r))
        and _one_of_named(rule["resourceNames"], asked.name)
    )


def _one_of_named(names: Any, asked: str) -> bool:
    """Without names a rule speaks of every object; with some, a request must name one of them."""
    if names is None or (isinstance(names, list) and not isinstance(names, PartialList) and not len(names)):
        return True
    return any_of(as_list(names), lambda name: name == asked)


class Access:
    """The grants of one scope, by subject."""

    def __init__(self, graph: Graph, view: View) -> None:
        self._graph, self._view = graph, view
        self.doubts: list[Unknown] = []
        """Why there may be more grants: bindings, roles or subjects that nobody knows."""
        self.by_subject: dict[Subject, list[Grant]] = {}
        self.by_binding: dict[int, list[Grant]] = {}
        self._roles = {
            (r.type, r["metadata.namespace"] if r.type == "Role" else None, r["metadata.name"]): r
            for r in self._listed("Role", "ClusterRole")
            if isinstance(r["metadata.name"], str)
        }
        for binding in self._listed("RoleBinding", "ClusterRoleBinding"):
            try:
                self._add(binding)
            except Undetermined as doubt:
                self.doubts.append(doubt.unknown)

    def _listed(self, *types: str) -> Iterator[Resource]:
        for type_ in types:
            found = self._graph.beside(self._view, type_)
            yield from list.__iter__(found)
            if isinstance(found, PartialList):
                self.doubts.append(found.unknown)

    def _add(self, binding: Resource) -> None:
        namespace = binding["metadata.namespace"] or "default" if binding.type == "RoleBinding" else CLUSTER
        role = self.role_of(binding)
        rules = self.rules_of(binding)
        grants = [Grant(rule, role, binding, namespace) for rule in rules]
        self.by_binding[id(binding)] = grants
        for subject in subjects_of(binding):
            self.by_subject.setdefault(subject, []).extend(grants)

    def role_of(self, binding: Resource) -> Resource | None:
        """The role a binding names, where it is among the inputs."""
        kind = binding["roleRef.kind"]
        namespace = binding["metadata.namespace"] if kind == "Role" else None
        return self._roles.get((kind, namespace, binding["roleRef.name"]))

    def rules_of(self, binding: Resource) -> list[View]:
        """The rules of the role that a binding names, aggregated ones included.

        Raises:
            Undetermined: the role is neither among the inputs nor one that every cluster has.
        """
        role = self.role_of(binding)
        if role is not None:
            return self.rules_in(role)
        name = binding["roleRef.name"]
        if name == None:  # noqa: E711 - a binding to nothing, which the API server refuses
            return []
        if binding["roleRef.kind"] == "ClusterRole" and name in BUILT_IN:
            return [Block(binding, ("roleRef",), rule) for rule in BUILT_IN[name]] + self._aggregated_to(name)
        raise Undetermined(Unknown(f"the role {name} is not among the inputs"))

    def _aggregated_to(self, name: str) -> list[View]:
        """The rules that labels of roles among the inputs add to one that every cluster has."""
        marks = [f"rbac.authorization.k8s.io/aggregate-to-{part}" for part in _AGGREGATES.get(name, ())]
        return [
            rule
            for (kind, _, _), role in self._roles.items()
            if kind == "ClusterRole" and any(_labels(role).get(mark) == "true" for mark in marks)
            for rule in self.rules_in(role)
        ]

    def rules_in(self, role: Resource) -> list[View]:
        """The rules of a role, those included of the roles that it aggregates."""
        return self._rules(role, set())

    def _rules(self, role: Resource, seen: set[int]) -> list[View]:
        seen.add(id(role))
        found: list[View] = list(role.each("rules"))
        for selector in role["aggregationRule.clusterRoleSelectors"] or ():
            for (kind, _, _), other in self._roles.items():
                if kind == "ClusterRole" and id(other) not in seen and matches(selector, _labels(other)):
                    found += self._rules(other, seen)
        return found

    def grants(self, subject: Subject) -> list[Grant]:
        """Everything a subject is granted: by itself, by its user name, and by the groups it is always in."""
        found = list(self.by_subject.get(subject, ()))
        if subject.kind == "ServiceAccount":
            name = f"system:serviceaccount:{subject.namespace}:{subject.name}"
            found += self.by_subject.get(Subject("User", name), ())
        for group in subject.groups:
            found += self.by_subject.get(Subject("Group", group), ())
        return found

    def allowed(self, subject: Subject, asked: Request) -> Grant | None:
        """The grant that allows a request; None when there is none.

        Raises:
            Undetermined: none certainly allows it, and one that is not known might.
        """
        doubts: list[Unknown] = []
        for grant in self.grants(subject):
            try:
                if grant.namespace in (CLUSTER, asked.namespace) and allows(grant.rule, asked):
                    return grant
            except Undetermined as error:
                doubts.append(error.unknown)
        for doubt in (*doubts, *self.doubts):
            raise Undetermined(doubt)
        return None

    def certainly(self, subject: Subject, asked: Request) -> Grant | None:
        """As `allowed`, without the doubts: what is known to be allowed."""
        try:
            return self.allowed(subject, asked)
        except Undetermined:
            return None


def access(graph: Graph, view: View) -> Access:
    """The grants of the scope that something stands in; worked out once."""
    r = view.resource
    key = ("rbac", r.source, r.root, r.account)
    found: Access | None = graph._memo.get(key)
    if found is None:
        found = graph._memo[key] = Access(graph, view)
    return found


def subjects_of(binding: Resource) -> list[Subject]:
    """The subjects of a binding.

    Raises:
        Undetermined: a name is unknown.
    """
    found = []
    for entry in as_list(binding["subjects"]):
        if not isinstance(entry, (dict, Unknown)):
            continue  # the API server refuses it
        kind, name = entry.get("kind"), entry.get("name")
        namespace = entry.get("namespace") or binding["metadata.namespace"] or "default"
        for value in (kind, name, namespace):
            if isinstance(value, Unknown):
                raise Undetermined(value)
        if not (isinstance(kind, str) and isinstance(name, str) and isinstance(namespace, str)):
            continue
        found.append(Subject(kind, name, namespace if kind == "ServiceAccount" else None))
    return found


def everything(rule: View) -> bool:
    """True for a rule that allows all there is: cluster-admin's.

    Raises:
        Undetermined: it depends on something unknown.
    """
    return allows(rule, Request("*", "*", "*"))


_QUESTIONS = frozenset({
    "subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews",
    "selfsubjectreviews", "tokenreviews", "leases",
})  # fmt: skip
"""What is created to ask about permissions, and the lease that elects a leader: neither changes the cluster."""


def beyond_reading(rule: View) -> list[str]:
    """The verbs by which a rule allows more than to read.

    Raises:
        Undetermined: a verb or a resource is unknown.
    """
    resources = as_list(rule["resources"])
    if resources and all(r in _QUESTIONS for r in resources):
        return []
    verbs = [str(v) for v in as_list(rule["verbs"]) if v not in READS]
    if not verbs and allows(rule, Request("get", "nodes/proxy")):
        return ["get on nodes/proxy, which runs commands in every pod"]
    return verbs


def reads_secrets(rule: View) -> bool:
    """True when a rule lets every Secret be read, not some by name.

    Raises:
        Undetermined: it depends on something unknown.
    """
    return any(allows(rule, Request(verb, "secrets")) for verb in READS)


# --- accounts that are there to watch ---------------------------------------------------------------------------------

_WATCHERS = (
    "monitor", "prometheus", "grafana", "sentinel", "scanner", "exporter", "metrics", "datadog", "audit", "kubescape",
    "trivy", "popeye", "telemetry", "otel", "opentelemetry", "fluent-bit", "fluentd", "promtail",
)  # fmt: skip


def watchers(graph: Graph, view: View) -> set[Subject]:
    """The service accounts that are there to watch: by their name, or by the name and labels of what runs as them."""
    r = view.resource
    key = ("watchers", r.source, r.root, r.account)
    found: set[Subject] | None = graph._memo.get(key)
    if found is None:
        known = access(graph, view).by_subject
        found = graph._memo[key] = {s for s in known if s.kind == "ServiceAccount" and _watching(s.name)}
        for type_ in PODS:
            for workload in list.__iter__(graph.beside(view, type_)):
                if (subject := _runs_as(workload)) is not None and _is_watcher(workload):
                    found.add(subject)
    return found


def _watching(text: object) -> bool:
    return isinstance(text, str) and any(word in text.lower() for word in _WATCHERS)


def _is_watcher(workload: Resource) -> bool:
    labels = workload["metadata.labels"]
    named = [workload["metadata.name"]]
    if isinstance(labels, dict):
        named += [labels.get(f"app.kubernetes.io/{part}") for part in ("name", "component")] + [labels.get("app")]
    return any(_watching(name) for name in named)


def _runs_as(workload: Resource) -> Subject | None:
    """The account of a workload that names one; the default account is everybody's."""
    pod = pod_of(workload)
    name = pod["serviceAccountName"] if pod is not None else None
    namespace = workload["metadata.namespace"] or "default"
    if isinstance(name, str) and isinstance(namespace, str) and name != "default":
        return Subject("ServiceAccount", name, namespace)
    return None


def _labels(r: Resource) -> dict[str, Any]:
    return r["metadata.labels"] or {}

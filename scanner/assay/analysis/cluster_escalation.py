"""How a subject becomes cluster-admin: the rights that hand out other people's rights, followed hop by hop.

A hop is a right that gives somebody else's: running a pod as a service account, entering one that runs, minting or
reading a token, impersonating, binding. The search is breadth-first over subjects, so a path is a shortest one. It
walks only what is certainly granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.cluster_identity import (
    BUILT_IN,
    CLUSTER,
    RBAC,
    Access,
    Grant,
    Request,
    Subject,
    access,
    allows,
    everything,
)
from assay.kubernetes.roles import NAMELESS
from assay.kubernetes.workloads import PODS, pod_of
from assay.model import Block, Undetermined, as_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.graph import Graph
    from assay.model import View

CERTIFICATES, ADMISSION = "certificates.k8s.io", "admissionregistration.k8s.io"
_WORKLOADS = {
    "": ("pods", "replicationcontrollers"), "apps": ("deployments", "statefulsets", "daemonsets", "replicasets"),
    "batch": ("jobs", "cronjobs"),
}  # fmt: skip
_CLIENT_SIGNERS = ("kubernetes.io/kube-apiserver-client", "kubernetes.io/*")
_CLUSTER_SCOPED = frozenset({
    "users", "groups", "clusterroles", "clusterrolebindings", "mutatingwebhookconfigurations", "signers",
    "certificatesigningrequests", "certificatesigningrequests/approval", "nodes/proxy",
})  # fmt: skip
"""A grant in one namespace says nothing about these; `bind` is asked in the namespace of the binding."""
_OWNER = "owner of namespace"
"""The kind of the subject that stands for having every right in one namespace."""
_TOKEN_OWNER = "kubernetes.io/service-account.name"


class Hop(NamedTuple):
    """`who` may do something (`how`) by a grant, and so has the rights of `to` (None: all there are)."""

    who: Subject
    how: str
    grant: Grant
    to: Subject | None

    def __str__(self) -> str:
        if self.to is None or self.to.kind == _OWNER:
            what = "and so has every right" + (f" in namespace {self.to.name}" if self.to else "")
        else:
            what = f"and so acts as {self.to}"
        return f"{self.who} may {self.how} ({self.grant}), {what}"


def path_to_admin(graph: Graph, view: View, start: Subject) -> list[Hop]:
    """A shortest path from a subject to every right there is; empty when none is known."""
    memo: dict[Any, list[Hop]] = graph._memo.setdefault("paths to admin", {})
    search = _search(graph, view)
    key = (id(search), start)
    if key not in memo:
        memo[key] = search.path(start)
    return memo[key]


def _search(graph: Graph, view: View) -> _Search:
    r = view.resource
    key = ("escalation", r.source, r.root, r.account)
    found: _Search | None = graph._memo.get(key)
    if found is None:
        found = graph._memo[key] = _Search(graph, view)
    return found


class _Search:
    """One scope's subjects and what each of them can become."""

    def __init__(self, graph: Graph, view: View) -> None:
        self.access: Access = access(graph, view)
        self.accounts = [s for s in self.access.by_subject if s.kind == "ServiceAccount"]
        self.people = [s for s in self.access.by_subject if s.kind in ("User", "Group")]
        self.running = _running(graph, view)
        self.tokens = _tokens(graph, view)
        self.aws_auth = any(
            c["metadata.name"] == "aws-auth" for c in list.__iter__(graph.beside(view, "ConfigMap"))
        )  # fmt: skip
        self._hops: dict[Subject, list[Hop]] = {}
        self._owners: dict[Subject, list[Grant]] = {}

    def path(self, start: Subject) -> list[Hop]:
        came: dict[Subject, Hop | None] = {start: None}
        queue = [start]
        for who in queue:
            for hop in self.hops(who):
                if hop.to is None:
                    found = [hop]
                    while (before := came[found[0].who]) is not None:
                        found.insert(0, before)
                    return found
                if hop.to not in came:
                    came[hop.to] = hop
                    queue.append(hop.to)
        return []

    def hops(self, who: Subject) -> list[Hop]:
        """What a subject can become in one step, all rights first."""
        if who not in self._hops:
            found = [*self._everything(who), *self._others(who)]
            self._hops[who] = sorted(found, key=lambda hop: hop.to is not None)
        return self._hops[who]

    # --- what gives all rights at once ---

    def _everything(self, who: Subject) -> Iterator[Hop]:
        for grant in self._grants(who):
            if grant.namespace is CLUSTER and _sure(everything, grant.rule):
                yield Hop(who, "do everything", grant, None)
        yield from self._roles(who)
        people = any(self._first(who, ("impersonate",), "", (kind,)) for kind in ("users", "serviceaccounts"))
        for grant, _, names in self._granted(who, ("impersonate",), "", ("groups",)):
            if people and (names is None or "system:masters" in names):
                yield Hop(who, "impersonate the group system:masters", grant, None)
        for grant, _, _ in self._granted(
            who, ("create", "update", "patch"), ADMISSION, ("mutatingwebhookconfigurations",)
        ):
            yield Hop(who, "register a webhook that rewrites what others create", grant, None)
        for grant, where, names in self._granted(who, ("update", "patch"), "", ("configmaps",)):
            if self.aws_auth and where in (CLUSTER, "kube-system") and (names is None or "aws-auth" in names):
                yield Hop(who, "map itself to system:masters in the ConfigMap aws-auth", grant, None)

    def _roles(self, who: Subject) -> Iterator[Hop]:
        """Rights over roles and bindings: `escalate` and `bind` are what the API server otherwise holds people to."""
        if self._first(who, ("update", "patch"), RBAC, ("clusterroles",)):
            for grant, _, _ in self._granted(who, ("escalate",), RBAC, ("clusterroles",)):
                yield Hop(who, "add any rule to a ClusterRole (escalate)", grant, None)
        makes = self._first(who, ("create", "update", "patch"), RBAC, ("clusterrolebindings",))
        for grant, where, names in self._granted(who, ("bind",), RBAC, ("clusterroles",)):
            if makes and where is CLUSTER and (names is None or "cluster-admin" in names):
                yield Hop(who, "bind itself to cluster-admin", grant, None)

    # --- what gives somebody else's rights ---

    def _others(self, who: Subject) -> Iterator[Hop]:
        for group, resources in _WORKLOADS.items():
            for resource in resources:
                verbs = ("create",) if resource == "pods" else ("create", "update", "patch")
                for grant, where, _ in self._granted(who, verbs, group, (resource,)):
                    yield from self._to(who, f"run {resource} in {_place(where)}", grant, self._accounts_in(where))
        for ways, resource in (
            (("create", "get"), "pods/exec"), (("create", "get"), "pods/attach"),
            (("update", "patch"), "pods/ephemeralcontainers"), (("create", "get"), "nodes/proxy"),
        ):  # fmt: skip
            for grant, where, _ in self._granted(who, ways, "", (resource,)):
                inside = [s for s in self._accounts_in(where) if s in self.running]
                yield from self._to(who, f"enter pods in {_place(where)} ({resource})", grant, inside)
        for grant, where, names in self._granted(who, ("create",), "", ("serviceaccounts/token",)):
            yield from self._to(who, f"make tokens in {_place(where)}", grant, self._accounts_in(where, names))
        yield from self._bindings(who)
        yield from self._secrets(who)
        yield from self._impersonation(who)
        yield from self._certificates(who)

    def _bindings(self, who: Subject) -> Iterator[Hop]:
        """Who may bind any role in a namespace, or add any rule to the role it has there, has every right there."""
        made = [where for _, where, _ in self._granted(who, ("create", "update", "patch"), RBAC, ("rolebindings",))]
        for grant, where, names in self._granted(who, ("bind",), RBAC, ("clusterroles",)):
            for place in dict.fromkeys(made):
                if where in (CLUSTER, place) and (names is None or "cluster-admin" in names):
                    spaces = [place] if place is not CLUSTER else sorted({str(s.namespace) for s in self.accounts})
                    for space in spaces:
                        yield self._owning(who, f"bind itself to cluster-admin in namespace {space}", grant, space)
        changed = [(where, names) for _, where, names in self._granted(who, ("update", "patch"), RBAC, ("roles",))]
        for grant, where, names in self._granted(who, ("escalate",), RBAC, ("roles",)):
            own = str(grant.role["metadata.name"]) if grant.role is not None and grant.role.type == "Role" else ""
            may = any(place in (CLUSTER, where) and (some is None or own in some) for place, some in changed)
            if own and where is not CLUSTER and may and (names is None or own in names):
                yield self._owning(who, f"add any rule to its role in namespace {where} (escalate)", grant, where)

    def _owning(self, who: Subject, how: str, grant: Grant, space: str) -> Hop:
        """The hop to every right in a namespace."""
        owner = Subject(_OWNER, space)
        rule = Block(grant.binding, ("roleRef",), BUILT_IN["cluster-admin"][0])
        self._owners[owner] = [Grant(rule, None, grant.binding, space)]
        return Hop(who, how, grant, owner)

    def _secrets(self, who: Subject) -> Iterator[Hop]:
        for grant, where, names in self._granted(who, ("get", "list", "watch"), "", ("secrets",)):
            makes = names is None and any(
                place in (CLUSTER, where) for _, place, _ in self._granted(who, ("create",), "", ("secrets",))
            )
            for account in self._accounts_in(where):
                held = self.tokens.get(account, ())
                if makes or any(names is None or name in names for name in held):
                    how = "make and read token Secrets" if makes else "read token Secrets"
                    yield from self._to(who, f"{how} in {_place(where)}", grant, [account])

    def _impersonation(self, who: Subject) -> Iterator[Hop]:
        for grant, where, names in self._granted(who, ("impersonate",), "", ("serviceaccounts",)):
            accounts = self._accounts_in(where, names)
            yield from self._to(who, f"impersonate service accounts in {_place(where)}", grant, accounts)
        for kind, resource in (("User", "users"), ("Group", "groups")):
            for grant, _, names in self._granted(who, ("impersonate",), "", (resource,)):
                mine = [s for s in self.people if s.kind == kind and (names is None or s.name in names)]
                yield from self._to(who, f"impersonate {resource}", grant, mine)

    def _certificates(self, who: Subject) -> Iterator[Hop]:
        """A client certificate names its user and groups, save system:masters, which admission refuses."""
        approves = self._first(who, ("update", "patch"), CERTIFICATES, ("certificatesigningrequests/approval",))
        makes = self._first(who, ("create",), CERTIFICATES, ("certificatesigningrequests",))
        for grant, _, names in self._granted(who, ("approve",), CERTIFICATES, ("signers",)):
            if approves and makes and (names is None or any(n in _CLIENT_SIGNERS for n in names)):
                yield from self._to(who, "approve a client certificate of its own making", grant, self.people)

    # --- helpers ---

    def _grants(self, who: Subject) -> list[Grant]:
        return self._owners[who] if who.kind == _OWNER else self.access.grants(who)

    def _granted(
        self, who: Subject, verbs: Sequence[str], group: str, resources: Sequence[str]
    ) -> Iterator[tuple[Grant, str | None, list[str] | None]]:
        """The grants of one of the verbs on one of the resources: where, and on which objects (None: on all)."""
        for grant in self._grants(who):
            names = _names(grant)
            named = names[0] if names else ""
            anywhere = grant.namespace is CLUSTER or "bind" in verbs or not _CLUSTER_SCOPED.issuperset(resources)
            if anywhere and any(
                _sure(allows, grant.rule, Request(verb, resource, group, name=named))
                for verb in verbs
                for resource in resources
                if named == "" or verb not in NAMELESS or "/" in resource
            ):
                yield grant, grant.namespace, names

    def _first(self, who: Subject, verbs: Sequence[str], group: str, resources: Sequence[str]) -> bool:
        return next(self._granted(who, verbs, group, resources), None) is not None

    def _accounts_in(self, where: str | None, names: list[str] | None = None) -> list[Subject]:
        return [
            s for s in self.accounts
            if where in (CLUSTER, s.namespace) and (names is None or s.name in names)
        ]  # fmt: skip

    @staticmethod
    def _to(who: Subject, how: str, grant: Grant, targets: Sequence[Subject]) -> Iterator[Hop]:
        return (Hop(who, how, grant, target) for target in targets if target != who)


def _sure(test: Any, *arguments: Any) -> bool:
    try:
        return bool(test(*arguments))
    except Undetermined:
        return False


def _names(grant: Grant) -> list[str] | None:
    try:
        return list(as_list(grant.rule["resourceNames"])) or None
    except Undetermined:
        return None


def _place(where: str | None) -> str:
    return "every namespace" if where is CLUSTER else f"namespace {where}"


def _running(graph: Graph, view: View) -> set[Subject]:
    """The service accounts that pods run as."""
    found = set()
    for type_ in PODS:
        for r in list.__iter__(graph.beside(view, type_)):
            pod = pod_of(r)
            name = (pod["serviceAccountName"] if pod is not None else None) or "default"
            namespace = r["metadata.namespace"] or "default"
            if pod is not None and isinstance(name, str) and isinstance(namespace, str):
                found.add(Subject("ServiceAccount", name, namespace))
    return found


def _tokens(graph: Graph, view: View) -> dict[Subject, list[str]]:
    """The Secrets that hold a service account's token, by their annotation."""
    found: dict[Subject, list[str]] = {}
    for secret in list.__iter__(graph.beside(view, "Secret")):
        annotations, namespace = secret["metadata.annotations"], secret["metadata.namespace"] or "default"
        owner = annotations.get(_TOKEN_OWNER) if isinstance(annotations, dict) else None
        if isinstance(owner, str) and isinstance(namespace, str):
            found.setdefault(Subject("ServiceAccount", owner, namespace), []).append(str(secret["metadata.name"]))
    return found

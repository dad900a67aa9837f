"""Paths to cluster-admin: each way there, what is one right short of it, and several hops in a row."""

from __future__ import annotations

from typing import Any

import pytest
from assay.analysis.cluster_escalation import path_to_admin
from assay.analysis.cluster_identity import Subject
from assay.graph import Graph
from assay.model import Resource

API = "rbac.authorization.k8s.io/v1"
RBAC, CERTS, ADMISSION = "rbac.authorization.k8s.io", "certificates.k8s.io", "admissionregistration.k8s.io"
Object = dict[str, Any]
Rule = tuple[str, ...]
"""Verbs, group, resources, and perhaps names."""
START = Subject("ServiceAccount", "start", "ci")


def obj(kind: str, name: str, namespace: str | None = None, version: str = "v1", **more: Any) -> Object:
    meta = {"name": name, **more.pop("meta", {})}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": meta, **more}


def grant(who: str, *rules: Rule, namespace: str | None = None) -> list[Object]:
    """A role of these rules for a service account `ns/name` or a user."""
    name = f"{who.replace('/', '-')}-{namespace or 'all'}"
    written = []
    for verbs, group, resources, *names in rules:
        rule = {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}
        written.append({**rule, "resourceNames": names[0].split()} if names else rule)
    space, _, account = who.rpartition("/")
    subject = (
        {"kind": "ServiceAccount", "name": account, "namespace": space} if space else {"kind": "User", "name": who}
    )
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    return [
        obj("ClusterRole", name, version=API, rules=written),
        obj(kind, name, namespace, API, subjects=[subject], roleRef={"kind": "ClusterRole", "name": name}),
    ]


def path(*objects: list[Object], start: Subject = START) -> list[str]:
    """The hops as (who, how, to), in words."""
    found = [Resource("cluster", "prod", "cluster", {}, account="prod")]
    for o in (o for group in objects for o in group):
        address = f"{o['metadata'].get('namespace', '')}/{o['kind']}/{o['metadata']['name']}"
        found.append(Resource(o["kind"], address, "cluster", o, account="prod"))
    graph = Graph(found)
    return [f"{h.how} -> {h.to}" for h in path_to_admin(graph, found[0], start)]


ADMIN = grant("kube-system/root", ("*", "*", "*"))
POD = [obj("Pod", "p", "kube-system", spec={"serviceAccountName": "root", "containers": []})]
TOKEN = [obj("Secret", "t", "kube-system", meta={"annotations": {"kubernetes.io/service-account.name": "root"}})]
AWS = [obj("ConfigMap", "aws-auth", "kube-system")]


@pytest.mark.parametrize(
    ("rules", "more", "how"),
    [
        ([("*", "*", "*")], [], "do everything"),
        ([("escalate update", RBAC, "clusterroles")], [], "add any rule to a ClusterRole (escalate)"),
        ([("bind", RBAC, "clusterroles"), ("create", RBAC, "clusterrolebindings")], [], "bind itself to cluster-admin"),
        ([("impersonate", "", "users groups")], [], "impersonate the group system:masters"),
        ([("create", ADMISSION, "mutatingwebhookconfigurations")], [],
         "register a webhook that rewrites what others create"),
        ([("patch", "", "configmaps")], AWS, "map itself to system:masters in the ConfigMap aws-auth"),
    ],
)  # fmt: skip
def test_rights_that_are_all_rights(rules: list[Rule], more: list[Object], how: str) -> None:
    assert path(grant("ci/start", *rules), more) == [f"{how} -> None"]


@pytest.mark.parametrize(
    ("rules", "more", "how"),
    [
        ([("create", "", "pods")], [], "run pods in every namespace"),
        ([("patch", "apps", "daemonsets")], [], "run daemonsets in every namespace"),
        ([("create", "", "pods/exec")], POD, "enter pods in every namespace (pods/exec)"),
        ([("get", "", "*/attach")], POD, "enter pods in every namespace (pods/attach)"),
        ([("patch", "", "pods/ephemeralcontainers")], POD, "enter pods in every namespace (pods/ephemeralcontainers)"),
        ([("get", "", "nodes/proxy")], POD, "enter pods in every namespace (nodes/proxy)"),
        ([("create", "", "serviceaccounts/token", "root")], [], "make tokens in every namespace"),
        ([("list", "", "secrets")], TOKEN, "read token Secrets in every namespace"),
        ([("get", "", "secrets", "t")], TOKEN, "read token Secrets in every namespace"),
        ([("get create", "", "secrets")], [], "make and read token Secrets in every namespace"),
        ([("impersonate", "", "serviceaccounts")], [], "impersonate service accounts in every namespace"),
    ],
)  # fmt: skip
def test_rights_that_are_somebody_else_s(rules: list[Rule], more: list[Object], how: str) -> None:
    assert path(grant("ci/start", *rules), ADMIN, more) == [
        f"{how} -> ServiceAccount kube-system/root", "do everything -> None",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        ([("escalate", RBAC, "clusterroles")], []),  # nothing to write the rule with
        ([("update", RBAC, "clusterroles")], []),
        ([("bind", RBAC, "clusterroles")], []),
        ([("create", RBAC, "clusterrolebindings")], []),
        ([("bind", RBAC, "clusterroles", "view"), ("create", RBAC, "clusterrolebindings")], []),
        ([("impersonate", "", "groups")], []),  # a group is impersonated beside a user only
        ([("impersonate", "", "users groups", "dev")], []),
        ([("create", "", "pods", "only-this")], []),  # nothing has a name yet when it is created
        ([("get list watch", "", "pods pods/log")], POD),
        ([("create", "", "pods/*")], POD),  # RBAC knows no such wildcard
        ([("create", "", "pods/exec")], []),  # no pod runs as the account
        ([("create", "", "serviceaccounts/token", "other")], []),
        ([("get", "", "secrets", "another")], TOKEN),
        ([("list", "", "secrets")], []),
        ([("create", "", "secrets")], []),
        ([("patch", "", "configmaps")], []),  # no aws-auth here
        ([("patch", "", "configmaps", "settings")], AWS),
        ([("create", CERTS, "certificatesigningrequests"), ("approve", CERTS, "signers")], []),
    ],
)
def test_what_is_one_right_short(rules: list[Rule], more: list[Object]) -> None:
    assert path(grant("ci/start", *rules), ADMIN, more) == []


def test_a_right_in_one_namespace_reaches_the_accounts_of_that_one() -> None:
    assert path(grant("ci/start", ("create", "", "pods"), namespace="kube-system"), ADMIN) != []
    assert path(grant("ci/start", ("create", "", "pods"), namespace="ci"), ADMIN) == []
    assert path(grant("ci/start", ("*", "*", "*"), namespace="ci"), ADMIN) == []


def test_who_may_bind_in_a_namespace_has_every_right_there() -> None:
    rules: list[Rule] = [("bind", RBAC, "clusterroles"), ("create", RBAC, "rolebindings")]
    assert path(grant("ci/start", *rules, namespace="kube-system"), ADMIN) == [
        "bind itself to cluster-admin in namespace kube-system -> owner of namespace kube-system",
        "run pods in namespace kube-system -> ServiceAccount kube-system/root",
        "do everything -> None",
    ]  # fmt: skip
    assert path(grant("ci/start", *rules, namespace="ci"), ADMIN) == []


@pytest.mark.parametrize(
    ("rules", "namespace", "reached"),
    [
        ([("escalate patch", RBAC, "roles")], "kube-system", True),
        ([("escalate patch", RBAC, "roles")], "ci", False),  # every right there reaches nobody of note
        ([("escalate", RBAC, "roles"), ("get", RBAC, "roles")], "kube-system", False),  # and may not write it
        ([("escalate patch", RBAC, "roles", "another")], "kube-system", False),
        ([("escalate patch", RBAC, "roles", "mine")], "kube-system", True),
    ],
)
def test_who_may_add_any_rule_to_its_own_role_has_every_right_there(
    rules: list[Rule], namespace: str, reached: bool
) -> None:
    role, binding = grant("ci/start", *rules, namespace=namespace)
    role |= {"kind": "Role", "metadata": {"name": "mine", "namespace": namespace}}
    binding["roleRef"] = {"kind": "Role", "name": "mine"}
    found = path([role, binding], ADMIN)
    assert bool(found) is reached
    if reached:
        assert found[0].startswith("add any rule to its role in namespace kube-system (escalate) -> owner of namespace")


def test_a_client_certificate_may_name_anybody_but_the_masters() -> None:
    rules: list[Rule] = [
        ("create", CERTS, "certificatesigningrequests"), ("update", CERTS, "certificatesigningrequests/approval"),
        ("approve", CERTS, "signers", "kubernetes.io/kube-apiserver-client"),
    ]  # fmt: skip
    assert path(grant("ci/start", *rules)) == []
    assert path(grant("ci/start", *rules), grant("jane", ("*", "*", "*"))) == [
        "approve a client certificate of its own making -> User jane", "do everything -> None",
    ]  # fmt: skip


def test_hops_follow_each_other_and_the_shortest_path_is_told() -> None:
    one = grant("ci/start", ("create", "", "pods"), namespace="build")
    two = grant("build/worker", ("create", "", "pods/exec"), namespace="ops")
    three = grant("ops/operator", ("impersonate", "", "serviceaccounts", "root"), namespace="kube-system")
    runs = [obj("Deployment", "o", "ops", "apps/v1",
                spec={"template": {"spec": {"serviceAccountName": "operator", "containers": []}}})]  # fmt: skip
    assert path(one, two, three, runs, ADMIN) == [
        "run pods in namespace build -> ServiceAccount build/worker",
        "enter pods in namespace ops (pods/exec) -> ServiceAccount ops/operator",
        "impersonate service accounts in namespace kube-system -> ServiceAccount kube-system/root",
        "do everything -> None",
    ]
    direct = grant("ci/start", ("escalate patch", RBAC, "clusterroles"))
    assert len(path(one, two, three, runs, ADMIN, direct)) == 1


def test_a_circle_ends() -> None:
    one, two = (
        grant("a/one", ("create", "", "pods"), namespace="b"),
        grant("b/two", ("create", "", "pods"), namespace="a"),
    )
    assert path(one, two, start=Subject("ServiceAccount", "one", "a")) == []

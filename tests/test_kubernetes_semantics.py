"""What manifests mean, corner by corner, where a reader who is in a hurry takes them for something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from assay.analysis.images import Image
from assay.cli import main


def found(folder: Path, text: str, select: str, verdict: str = "fail") -> set[tuple[str, str]]:
    """(rule, address) of the findings of a manifest."""
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    report = folder / "r.json"
    code = main(["scan", str(folder), "--select", select, "-o", f"json={report}", "--fail-on", "never"])
    told = json.loads(report.read_text(encoding="utf-8"))
    assert code == (3 if told["summary"]["not_evaluated"] else 0)
    assert [f["message"] for f in told["findings"] if f["verdict"] == "not_evaluated"] == []
    return {(f["rule"], f["resource"]["address"]) for f in told["findings"] if f["verdict"] == verdict}


# --- network policies -------------------------------------------------------------------------------------------------

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: "
CILIUM = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec: "
POD = """---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
"""


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", 0),
        ("{podSelector: {matchLabels: {}, matchExpressions: []}, policyTypes: [Ingress, Egress]}", 0),
        ("{podSelector: null, policyTypes: [Ingress, Egress]}", 0),
        ("{policyTypes: [Ingress, Egress]}", 0),
        ("{podSelector: {}, policyTypes: []}", 1),  # as without: ingress
        ("{podSelector: {}, egress: []}", 1),  # an empty list of rules is no list
        ("{podSelector: {}, egress: [{ports: [{port: 53}]}]}", 0),  # all but one port
        ("{podSelector: {}, egress: [{ports: [{protocol: TCP}]}]}", 1),
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}", 1),
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}", 2),
    ],
)
def test_what_denies_by_default(tmp_path: Path, spec: str, directions: int) -> None:
    (tmp_path / "m.yaml").write_text(NAMESPACE + POLICY + spec, encoding="utf-8")
    report = tmp_path / "r.json"
    rule = "k8s-namespace-no-default-deny"
    main(["scan", str(tmp_path), "--select", rule, "-o", f"json={report}", "--fail-on", "never"])
    assert json.loads(report.read_text(encoding="utf-8"))["summary"]["fail"] == directions


@pytest.mark.parametrize(
    ("selector", "policed"),
    [
        ("{}", True),
        ('{matchLabels: {"k8s:app": web}}', True),
        ("{matchLabels: {app: other}}", False),
        ('{matchLabels: {"k8s:io.kubernetes.pod.namespace": shop}}', True),
        ('{matchLabels: {"k8s:io.kubernetes.pod.namespace": another}}', False),
    ],
)
def test_a_policy_of_the_whole_cluster_counts_where_it_selects(tmp_path: Path, selector: str, policed: bool) -> None:
    text = f"{NAMESPACE}{CILIUM}{{endpointSelector: {selector}, ingress: [{{}}]}}\n{POD}"
    assert bool(found(tmp_path, text, "k8s-no-network-policy")) is not policed


@pytest.mark.parametrize(
    ("rule", "open_"),
    [
        ("{ports: [{port: 53, protocol: UDP}]}", False),
        ("{ports: [{port: 53, endPort: 65535}]}", True),
        ("{to: [{namespaceSelector: {matchLabels: {}}}]}", True),
        ("{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}", False),
        ("{to: [{namespaceSelector: {}, podSelector: {matchLabels: {}}}]}", True),
    ],
)
def test_what_opens_a_policy(tmp_path: Path, rule: str, open_: bool) -> None:
    text = f"{POLICY}{{podSelector: {{}}, policyTypes: [Egress], egress: [{rule}]}}"
    assert bool(found(tmp_path, text, "k8s-network-policy-open")) is open_


@pytest.mark.parametrize(("label", "guarded"), [('"any:app"', True), ("app", True), ("other", False)])
def test_an_exported_service_is_guarded_by_any_kind_of_policy(tmp_path: Path, label: str, guarded: bool) -> None:
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}}\n---\n"
    )
    export = "apiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceExport\nmetadata: {name: web, namespace: shop}\n"
    policy = f"{CILIUM}{{endpointSelector: {{matchLabels: {{{label}: web}}}}, ingress: [{{}}]}}\n{POD}"
    text = f"{service}---\n{export}---\n{policy}"
    assert bool(found(tmp_path, text, "k8s-service-export-unguarded")) is not guarded


# --- roles ------------------------------------------------------------------------------------------------------------

RBAC = "apiVersion: rbac.authorization.k8s.io/v1"
EVERYTHING = '[{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]'


def bound(role: str, *subjects: str, name: str = "b", namespace: str = "") -> str:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    space = f", namespace: {namespace}" if namespace else ""
    reference = f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}"
    listed = f"subjects: [{', '.join(subjects)}]"
    return f"---\n{RBAC}\nkind: {kind}\nmetadata: {{name: {name}{space}}}\n{reference}\n{listed}\n"


def role(name: str, rules: str, labels: str = "{}", more: str = "") -> str:
    return f"---\n{RBAC}\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {labels}}}\nrules: {rules}\n{more}"


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("{kind: User, name: eve}", True),
        ('{kind: Group, name: "system:serviceaccounts"}', True),
        ('{kind: Group, name: "system:serviceaccounts:shop"}', True),
        ('{kind: User, name: "system:serviceaccount:shop:web"}', True),
        ('{kind: User, name: "system:kube-controller-manager"}', False),
    ],
)
def test_who_is_cluster_admin(tmp_path: Path, subject: str, told: bool) -> None:
    assert bool(found(tmp_path, bound("cluster-admin", subject), "k8s-cluster-admin-bound")) is told


def test_a_role_that_gathers_every_right_is_cluster_admin(tmp_path: Path) -> None:
    more = 'aggregationRule: {clusterRoleSelectors: [{matchLabels: {part: "yes"}}]}\n'
    text = (
        role("sum", "[]", more=more)
        + role("part", EVERYTHING, '{part: "yes"}')
        + bound("sum", "{kind: User, name: eve}")
    )
    assert found(tmp_path, text, "k8s-cluster-admin-bound") == {("k8s-cluster-admin-bound", "ClusterRoleBinding/b")}


@pytest.mark.parametrize(
    ("name", "labels", "told"),
    [
        ("mine", "{kubernetes.io/bootstrapping: rbac-defaults}", True),
        ('"system:mine"', "{}", True),
        ('"system:node"', "{kubernetes.io/bootstrapping: rbac-defaults}", False),
    ],
)
def test_a_role_in_code_does_not_pass_for_kubernetes_own(tmp_path: Path, name: str, labels: str, told: bool) -> None:
    assert bool(found(tmp_path, role(name, EVERYTHING, labels), "k8s-wildcard-role")) is told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('{apiGroups: [""], resources: [pods], verbs: [create]}', True),
        ('{apiGroups: [""], resources: [pods], resourceNames: [a], verbs: [create]}', False),  # names no object
        ('{apiGroups: [""], resources: [pods], resourceNames: [], verbs: [create]}', True),
        ('{apiGroups: [""], resources: ["pods/*"], verbs: ["*"]}', False),  # RBAC has no such wildcard
    ],
)
def test_what_a_rule_grants(tmp_path: Path, rule: str, told: bool) -> None:
    assert bool(found(tmp_path, role("r", f"[{rule}]"), "k8s-pod-creation-granted")) is told


@pytest.mark.parametrize(
    ("label", "who", "told"), [("view", "view", True), ("view", "admin", True), ("edit", "view", False)]
)
def test_labels_add_to_the_roles_that_every_cluster_has(tmp_path: Path, label: str, who: str, told: bool) -> None:
    rules = '[{apiGroups: [""], resources: [users, groups], verbs: [impersonate]}]'
    text = role("more", rules, f'{{rbac.authorization.k8s.io/aggregate-to-{label}: "true"}}')
    text += bound(who, "{kind: User, name: eve}")
    assert bool(found(tmp_path, text, "k8s-escalation-path")) is told


def test_a_monitor_is_told_what_labels_add_to_its_role(tmp_path: Path) -> None:
    rules = '[{apiGroups: [""], resources: [secrets], verbs: [get, list]}]'
    text = role("more", rules, '{rbac.authorization.k8s.io/aggregate-to-view: "true"}')
    text += bound("view", "{kind: ServiceAccount, name: prometheus, namespace: m}")
    assert found(tmp_path, text, "k8s-monitor-can-write") == {("k8s-monitor-can-write", "ClusterRoleBinding/b")}


def test_a_subject_without_a_kind_does_not_hide_the_other_bindings(tmp_path: Path) -> None:
    rules = '[{apiGroups: [""], resources: [users, groups], verbs: [impersonate]}]'
    text = role("r", rules) + bound("r", "{kind: User, name: eve}") + bound("r", "{name: x}", "null", "7", name="odd")
    assert found(tmp_path, text, "k8s-escalation-path") == {("k8s-escalation-path", "ClusterRoleBinding/b")}


def test_a_binding_without_a_role_gives_nothing_and_leaves_nothing_open(tmp_path: Path) -> None:
    rules = '[{apiGroups: [""], resources: [pods], verbs: [get]}]'
    odd = f"---\n{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: odd}}\nsubjects: [{{kind: User, name: x}}]\n"
    text = role("r", rules) + bound("r", "{kind: User, name: eve}") + odd
    assert found(tmp_path, text, "k8s-escalation-path", "unknown") == set()
    assert found(tmp_path, text, "k8s-dead-binding") == {("k8s-dead-binding", "ClusterRoleBinding/odd")}


def test_an_account_without_a_namespace_is_that_of_its_binding(tmp_path: Path) -> None:
    accounts = "".join(
        f"---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web, namespace: {n}}}\n" for n in "ab"
    )
    text = accounts + bound("view", "{kind: ServiceAccount, name: web}", namespace="b")
    assert found(tmp_path, text, "k8s-token-automounted") == {("k8s-token-automounted", "a/ServiceAccount/web")}


# --- ways in ----------------------------------------------------------------------------------------------------------

RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-internal"


@pytest.mark.parametrize(
    ("annotations", "spec", "told"),
    [
        ("{}", "{type: LoadBalancer}", True),
        (f'{{{RANGES}: "10.0.0.0/8, 192.0.2.0/24"}}', "{type: LoadBalancer}", False),
        (f'{{{RANGES}: "10.0.0.0/8, 0.0.0.0/0"}}', "{type: LoadBalancer}", True),
        (f'{{{INTERNAL}: "True"}}', "{type: LoadBalancer}", False),
        (f'{{{INTERNAL}: "false"}}', "{type: LoadBalancer}", True),
        ("{}", "{type: LoadBalancer, loadBalancerSourceRanges: [192.0.2.0/24]}", False),
    ],
)
def test_which_load_balancers_are_public(tmp_path: Path, annotations: str, spec: str, told: bool) -> None:
    text = f"apiVersion: v1\nkind: Service\nmetadata: {{name: s, annotations: {annotations}}}\nspec: {spec}\n"
    assert bool(found(tmp_path, text, "k8s-service-external")) is told


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        ("[]", True),
        ("[{hosts: [a.example.com]}]", True),
        ("[{secretName: x}]", False),
        ('[{hosts: ["*.example.com"]}]', False),
    ],
)
def test_which_hosts_tls_covers(tmp_path: Path, tls: str, told: bool) -> None:
    spec = f"{{tls: {tls}, rules: [{{host: a.example.com}}, {{host: b.example.com}}]}}"
    text = f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i}}\nspec: {spec}\n"
    assert bool(found(tmp_path, text, "k8s-ingress-no-tls")) is told


@pytest.mark.parametrize(("name", "told"), [("gone", True), ("there", False), ("kube-root-ca.crt", False)])
def test_what_a_projected_volume_names_has_to_be_there(tmp_path: Path, name: str, told: bool) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: there, namespace: shop}\n"
    volume = f"{{name: v, projected: {{sources: [{{configMap: {{name: {name}}}}}]}}}}"
    pod = f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\nspec: {{volumes: [{volume}]}}\n"
    assert bool(found(tmp_path, config + pod, "k8s-missing-reference")) is told


@pytest.mark.parametrize(
    "odd",
    [
        "securityContext: {sysctls: [{name: {a: b}, value: x}]}", "serviceAccountName: [a]",
        "serviceAccountName: {a: b}", "volumes: [5, null, {name: v, emptyDir: {}}]",
        "containers: [{name: a, ports: [{containerPort: [1]}]}]",
    ],
)  # fmt: skip
def test_what_is_odd_in_one_manifest_costs_no_other_its_verdicts(tmp_path: Path, odd: str) -> None:
    """A finding's key that is no text ended the whole scan; a name that is a list, all rules that look names up."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: shop, labels: {app: web}}\nspec: {%s}\n---\n"
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {selector: {app: web}}\n"
    text = pod % ("odd", odd) + pod % ("web", "hostPID: true, containers: [{name: a, image: b}]") + service
    told = found(tmp_path, text, "k8s-*")
    assert {"k8s-host-pid", "k8s-token-automounted", "k8s-no-readiness-probe"} <= {
        rule for rule, address in told if address == "shop/Pod/web"
    }


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("nginx", ("docker.io", "library/nginx", "", "")),
        ("nginx:1.27", ("docker.io", "library/nginx", "1.27", "")),
        ("index.docker.io/bitnami/redis", ("docker.io", "bitnami/redis", "", "")),
        ("localhost:5000/web", ("localhost:5000", "web", "", "")),
        ("registry.example.com/a/b:1@sha256:c", ("registry.example.com", "a/b", "1", "sha256:c")),
    ],
)
def test_what_an_image_reference_stands_for(reference: str, parts: tuple[str, str, str, str]) -> None:
    image = Image(reference)
    assert (image.registry, image.repository, image.tag, image.digest) == parts


@pytest.mark.parametrize(
    ("block", "verdict"), [("192.0.2.0/33", "unknown"), ("${RANGE}", "unknown"), ("192.0.2.0/24", "fail")]
)
def test_a_block_that_is_none_leaves_the_answer_open(tmp_path: Path, block: str, verdict: str) -> None:
    annotations = "annotations: {assay/reachable-from: 198.51.100.7}"
    pod = f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop, {annotations}}}\n"
    rule = f"{{from: [{{ipBlock: {{cidr: '{block}'}}}}]}}"
    text = f"{POLICY}{{podSelector: {{}}, ingress: [{rule}]}}\n{pod}spec: {{containers: [{{name: a, image: b}}]}}\n"
    told = found(tmp_path, text, "k8s-unexpected-reachability", verdict)
    assert told == {("k8s-unexpected-reachability", "shop/Pod/p")}

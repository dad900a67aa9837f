"""Owners, pods and containers: who is judged, once, and for which of its containers."""

from __future__ import annotations

from typing import Any

import pytest
from assay.bundled import RULES
from assay.engine import Report, evaluate
from assay.graph import Graph
from assay.kubernetes.owners import top_owner
from assay.kubernetes.relations import matches, replicas, running_as, selected
from assay.kubernetes.workloads import PODS, containers, pod_of, pods
from assay.model import Coverage, Resource, Undetermined, Unknown, Verdict
from assay.rule import Rule, load_directory
from hypothesis import example, given
from hypothesis import strategies as st

ALL = {r.id: r for r in load_directory(RULES) if r.id.startswith("k8s-")}


def thing(kind: str, name: str, spec: Any = None, *, owner: Resource | None = None, **metadata: Any) -> Resource:
    meta: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"{kind}-{name}", **metadata}
    if owner is not None:
        reference = {"apiVersion": "v1", "kind": owner.type, "name": owner.name, "uid": owner["metadata.uid"]}
        meta["ownerReferences"] = [{**reference, "controller": True}]
    values = {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec or {}}
    return Resource(kind, f"shop/{kind}/{name}", "cluster", values, name=name, account="c")


def template(*names: str, **fields: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": n, "image": "example.com/web:1.0.0"} for n in names], **fields}
    return {"template": {"metadata": {"labels": {"app": "web"}}, "spec": spec}}


def pod_spec(*names: str, **fields: Any) -> Any:
    return template(*names, **fields)["template"]["spec"]


def failed(graph: Graph, rule: Rule) -> list[str]:
    report: Report = evaluate(graph, [rule])
    return [f.resource.address for f in report.findings if f.verdict is Verdict.FAIL]


def deployed(count: int, *names: str) -> list[Resource]:
    deployment = thing("Deployment", "web", template("web"))
    replica_set = thing("ReplicaSet", "web-5d", template("web"), owner=deployment)
    made = [thing("Pod", f"web-5d-{i}", pod_spec(*(names or ("web",))), owner=replica_set) for i in range(count)]
    return [deployment, replica_set, *made]


def test_a_deployment_is_judged_once_whatever_it_owns() -> None:
    graph = Graph(deployed(40))
    for rule_id in (
        "k8s-runs-as-root",
        "k8s-no-memory-limit",
        "k8s-no-security-context",
        "k8s-default-service-account",
    ):
        assert failed(graph, ALL[rule_id]) == ["shop/Deployment/web"]


def test_an_injected_container_is_judged_once_on_the_first_pod_that_has_it() -> None:
    graph = Graph(deployed(5, "web", "proxy"))
    assert failed(graph, ALL["k8s-runs-as-root"]) == ["shop/Deployment/web", "shop/Pod/web-5d-0"]


def test_a_pod_of_something_nobody_collected_stands_for_itself() -> None:
    operator = thing("Cluster", "database")
    graph = Graph([thing("Pod", "database-0", pod_spec("postgres"), owner=operator)])
    assert failed(graph, ALL["k8s-runs-as-root"]) == ["shop/Pod/database-0"]


@pytest.mark.parametrize("kind", PODS)
def test_every_kind_has_its_pod_spec(kind: str) -> None:
    bare = {"Pod": pod_spec("web"), "CronJob": {"jobTemplate": {"spec": template("web")}}}
    r = thing(kind, "web", bare.get(kind, template("web")))
    graph = Graph([r])
    assert [str(c) for c in containers(r, graph)] == ["container web"]
    assert len(pods(r, graph)) == 1
    assert pod_of(thing("Service", "web")) is None


def test_init_and_ephemeral_containers_count_and_are_named() -> None:
    spec = pod_spec(
        "web", initContainers=[{"name": "prepare"}, {"name": "mesh", "restartPolicy": "Always"}],
        ephemeralContainers=[{"name": "debug"}],
    )  # fmt: skip
    graph = Graph([thing("Pod", "web", spec)])
    found = [str(c) for c in containers(graph.resources[0], graph)]
    assert found == ["container web", "init container prepare", "init container mesh", "ephemeral container debug"]
    messages = {f.message.partition(" has")[0] for f in evaluate(graph, [ALL["k8s-no-liveness-probe"]]).findings}
    assert messages == {"container web", "init container mesh"}  # what runs on
    assert len(evaluate(graph, [ALL["k8s-no-memory-limit"]]).findings) == 3  # what may ask for memory


@pytest.mark.parametrize(
    ("pod", "container", "fails"),
    [
        ({}, {}, True),
        ({"runAsNonRoot": True}, {}, False),
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, True),
        ({"runAsUser": 0}, {}, True),
        ({"runAsUser": 0}, {"runAsUser": 1000}, False),
        ({"runAsUser": 1000}, {"runAsUser": 0}, True),
        ({"runAsNonRoot": True}, {"runAsUser": 0}, True),
    ],
)
def test_what_a_container_says_goes_before_what_its_pod_says(pod: Any, container: Any, fails: bool) -> None:
    spec = {"securityContext": pod, "containers": [{"name": "web", "securityContext": container}]}
    graph = Graph([thing("Pod", "web", spec)])
    assert bool(failed(graph, ALL["k8s-runs-as-root"])) is fails


LINUX_ONLY = [
    "k8s-privilege-escalation-allowed", "k8s-capabilities-not-dropped", "k8s-no-seccomp-profile",
    "k8s-no-apparmor-profile", "k8s-writable-root-filesystem", "k8s-net-raw-capability", "k8s-low-user-id",
]  # fmt: skip


@pytest.mark.parametrize("rule_id", LINUX_ONLY)
def test_windows_pods_are_spared_what_windows_does_not_have(rule_id: str) -> None:
    windows = Graph([thing("Pod", "web", pod_spec("web", os={"name": "windows"}))])
    linux = Graph([thing("Pod", "web", pod_spec("web", os={"name": "linux"}))])
    assert failed(windows, ALL[rule_id]) == []
    assert failed(linux, ALL[rule_id]) == ["shop/Pod/web"]


BASELINE = {r.id for r in ALL.values() if any(c.startswith("pss-baseline:") for c in r.controls)}
RESTRICTED = {r.id for r in ALL.values() if any(c.startswith("pss-restricted:") for c in r.controls)}
HARDENED: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "web",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
UNMASKED = {"procMount": "Unmasked"}
VIOLATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("host-namespaces", {"hostPID": True}, {}),
    ("host-namespaces", {"hostIPC": True}, {}),
    ("host-namespaces", {"hostNetwork": True}, {}),
    ("host-process", {"securityContext": {"windowsOptions": {"hostProcess": True}}}, {}),
    ("privileged-containers", {}, {"securityContext": {"privileged": True}}),
    ("capabilities", {}, {"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}),
    ("hostpath-volumes", {"volumes": [{"name": "x", "hostPath": {"path": "/srv"}}]}, {}),
    ("host-ports", {}, {"ports": [{"containerPort": 8080, "hostPort": 8080}]}),
    ("host-probes", {}, {"livenessProbe": {"httpGet": {"host": "x", "port": 1}}}),
    ("apparmor", {}, {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
    ("seccomp", {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "Unconfined"}}}, {}),
    ("running-as-non-root", {"securityContext": {"runAsUser": 1000}}, {}),
    ("running-as-non-root", {"securityContext": {"runAsNonRoot": True}}, {"securityContext": {"runAsUser": 0}}),
    ("proc-mount-type", {"hostUsers": False}, {"securityContext": {"procMount": "Unmasked"}}),
    ("host-probes", {}, {"lifecycle": {"preStop": {"tcpSocket": {"host": "x", "port": 1}}}}),
    ("selinux", {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}, {}),
    ("selinux", {}, {"securityContext": {"seLinuxOptions": {"user": "root"}}}),
    ("proc-mount-type", {}, {"securityContext": {"procMount": "Unmasked"}}),
    ("sysctls", {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {}),
    ("volume-types", {"volumes": [{"name": "x", "nfs": {"server": "x", "path": "/"}}]}, {}),
    ("privilege-escalation", {}, {"securityContext": {"capabilities": {"drop": ["ALL"]}}}),
    ("running-as-non-root", {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, {}),
    ("seccomp", {"securityContext": {"runAsNonRoot": True}}, {}),
    ("capabilities", {}, {"securityContext": {"allowPrivilegeEscalation": False}}),
]


def test_the_pod_security_standards_pass_what_they_allow() -> None:
    graph = Graph([thing("Pod", "web", HARDENED)])
    report = evaluate(graph, [ALL[i] for i in sorted(RESTRICTED | BASELINE)])
    assert [f for f in report.findings if f.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize(
    "fields", [{}, {"hostUsers": False, "containers": [{"name": "web", "securityContext": UNMASKED}]}]
)
def test_the_baseline_passes_what_it_allows(fields: dict[str, Any]) -> None:
    graph = Graph([thing("Pod", "web", {"containers": [{"name": "web"}], **fields})])
    report = evaluate(graph, [ALL[i] for i in sorted(BASELINE)])
    assert [f.rule for f in report.findings if f.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize(("control", "pod", "container"), VIOLATIONS)
def test_each_control_of_the_pod_security_standards_is_judged(
    control: str, pod: dict[str, Any], container: dict[str, Any]
) -> None:
    spec = {**HARDENED, **pod, "containers": [{**HARDENED["containers"][0], **container}]}
    mine = [r for r in ALL.values() if f"pss-restricted:{control}" in r.controls]  # which holds the baseline too
    report = evaluate(Graph([thing("Pod", "web", spec)]), mine)
    assert [f.rule for f in report.findings if f.verdict is Verdict.FAIL] != []


# --- relations --------------------------------------------------------------------------------------------------------

LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)


@given(LABELS, LABELS)
def test_a_plain_selector_is_a_subset_of_the_labels(selector: dict[str, str], labels: dict[str, str]) -> None:
    assert matches({"matchLabels": selector}, labels) is (selector.items() <= labels.items())
    assert matches(selector, labels) is (selector.items() <= labels.items())


@given(LABELS, st.sampled_from("abc"), st.lists(st.sampled_from("xyz")))
def test_opposite_expressions_never_agree(labels: dict[str, str], key: str, values: list[str]) -> None:
    def one(operator: str) -> bool:
        return matches({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}, labels)

    assert one("In") is not one("NotIn")
    assert one("Exists") is not one("DoesNotExist")


@given(st.lists(st.tuples(LABELS, st.sampled_from(["shop", "other", None])), max_size=6), LABELS)
def test_the_index_finds_what_a_walk_finds(made: list[tuple[dict[str, str], str | None]], selector: Any) -> None:
    workloads = []
    for i, (labels, space) in enumerate(made):
        spec = {"template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}
        workloads.append(thing("Deployment", f"d{i}", spec, namespace=space))
    service = thing("Service", "web", {"selector": selector})
    graph = Graph([*workloads, service])
    expected = {
        f"d{i}" for i, (labels, space) in enumerate(made)
        if selector.items() <= labels.items() and space in ("shop", None)
    }  # fmt: skip
    assert {p.resource.name for p in selected(selector, service, graph)} == expected


def test_a_label_nobody_knows_leaves_the_answer_open() -> None:
    unsure = thing("Deployment", "web", template("web"))
    unsure.values["spec"]["template"]["metadata"]["labels"] = {"app": Unknown("var.app has no value")}
    service = thing("Service", "web", {"selector": {"app": "web"}})
    graph = Graph([unsure, service])
    with pytest.raises(Undetermined, match=r"var\.app"):
        selected({"app": "web"}, service, graph)
    assert selected({"tier": "web"}, service, graph) == []
    certain = thing("Deployment", "two", template("web"))
    assert [p.resource.name for p in selected({"app": "web"}, service, Graph([unsure, certain, service]))] == ["two"]


def test_what_could_not_be_listed_is_not_absent() -> None:
    coverage = Coverage()
    coverage.not_listed("PodDisruptionBudget", "c", None, "403 Forbidden")
    deployment = thing("Deployment", "web", {"replicas": 3, **template("web")})
    report = evaluate(Graph([deployment], coverage), [ALL["k8s-no-disruption-budget"]])
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]


def test_replicas_are_the_autoscalers_where_there_is_one() -> None:
    deployment = thing("Deployment", "web", {"replicas": 7, **template("web")})
    scaler = thing(
        "HorizontalPodAutoscaler", "web", {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2}
    )
    assert replicas(deployment, Graph([deployment])) == 7
    assert replicas(deployment, Graph([deployment, scaler])) == 2


def test_accounts_are_those_of_the_namespace() -> None:
    account = thing("ServiceAccount", "web")
    mine = thing("Deployment", "a", template("web", serviceAccountName="web"))
    other = thing("Deployment", "b", template("web", serviceAccountName="web"), namespace="other")
    graph = Graph([account, mine, other])
    assert [p.resource.name for p in running_as(account, "web", graph)] == ["a"]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_every_object_has_one_top_owner_whatever_the_references(parents: list[int]) -> None:
    """Owners that name each other, themselves or nobody: the walk ends, and at one that is not owned or was seen."""
    made = [thing("ReplicaSet", str(i), template("web")) for i in range(len(parents))]
    for r, parent in zip(made, parents, strict=True):
        owner = made[parent % len(made)]
        reference = {"apiVersion": "apps/v1", "kind": owner.type, "name": owner.name, "uid": owner["metadata.uid"]}
        r.values["metadata"]["ownerReferences"] = [{**reference, "controller": True}]
    graph = Graph(made)
    for r in made:
        assert top_owner(graph, r) in made
        assert pods(r, graph) is pods(r, graph)


def test_relations_cost_in_proportion_to_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.kubernetes import relations

    asked: list[int] = []
    real = relations.near

    def counted(a: Any, b: Any) -> bool:
        asked.append(1)
        return real(a, b)

    monkeypatch.setattr(relations, "near", counted)
    related = [
        r for r in ALL.values() if r.theme in ("correctness", "resilience", "least-privilege", "private-subnets")
    ]

    def cost(count: int) -> int:
        made = []
        for i in range(count):
            space: dict[str, Any] = {"namespace": f"ns{i}"}
            spec = template("web", serviceAccountName=f"a{i}")
            spec["template"]["metadata"]["labels"] = {"app": f"a{i}"}
            made += [
                thing("Deployment", f"a{i}", {"replicas": 2, **spec}, **space),
                thing("Service", f"a{i}", {"selector": {"app": f"a{i}"}, "ports": [{"port": 80}]}, **space),
                thing("ServiceAccount", f"a{i}", **space),
                thing("NetworkPolicy", f"a{i}", {"podSelector": {"matchLabels": {"app": f"a{i}"}}}, **space),
            ]
        asked.clear()
        evaluate(Graph(made), related)
        return len(asked)

    assert cost(80) <= 2.2 * cost(40)


FIELDS = [
    "template", "spec", "containers", "initContainers", "securityContext", "capabilities", "add", "drop", "env", "name",
    "value", "image", "ports", "containerPort", "hostPort", "selector", "matchLabels", "volumes", "hostPath", "path",
    "rules", "ingress", "from", "podSelector", "replicas", "resources", "limits", "command", "args", "labels",
    "metadata", "livenessProbe", "httpGet", "port", "tls", "hosts", "strategy", "minAvailable", "volumeMounts",
    "runAsUser",
]  # fmt: skip
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "8080", "100%", "0", "ALL", "/etc"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(sorted({t for r in ALL.values() for t in r.on})), JUNK)
@example("Deployment", [None, None])
def test_no_shape_of_an_object_takes_the_rules_along(kind: str, junk: Any) -> None:
    """Whatever stands where the API has a map or a number: every rule answers, if only that it could not evaluate."""
    values = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "shop"}}
    sound = thing("Pod", "sound", pod_spec("web", hostPID=True))
    for spec in (junk, {"template": junk}, {"template": {"spec": junk}}, {"containers": junk}):
        odd = Resource(kind, f"shop/{kind}/x", "cluster", {**values, "spec": spec, "data": junk}, name="x", account="c")
        report = evaluate(Graph([odd, sound]), [r for r in ALL.values() if kind in r.on or "Pod" in r.on])
        assert any(f.rule == "k8s-host-pid" and f.resource is sound for f in report.findings)

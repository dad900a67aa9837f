"""Effective permissions against a naive evaluator of the RBAC rules, on small universes enumerated or drawn."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from assay.analysis.cluster_identity import Access, Request, Subject, access
from assay.graph import Graph
from assay.model import Coverage, Resource, Undetermined, Unknown
from hypothesis import given, settings
from hypothesis import strategies as st

API = "rbac.authorization.k8s.io/v1"
Object = dict[str, Any]

GROUPS, RESOURCES, SUBRESOURCES = ["", "apps"], ["pods", "secrets"], ["", "/exec", "/scale"]
VERBS, NAMESPACES, NAMES = ["get", "create"], ["a", "b", None], ["", "x", "y"]
REQUESTS = [
    Request(verb, resource + sub, group, namespace, name)
    for verb, resource, sub, group, namespace, name in product(
        VERBS, RESOURCES, SUBRESOURCES, GROUPS, NAMESPACES, NAMES
    )
]
SUBJECTS = [
    Subject("ServiceAccount", "app", "a"), Subject("ServiceAccount", "app", "b"), Subject("User", "jane"),
    Subject("User", "system:anonymous"), Subject("Group", "dev"),
]  # fmt: skip


def obj(kind: str, name: str, namespace: str | None = None, labels: Object | None = None, **more: Any) -> Object:
    meta: Object = {"name": name, "labels": labels or {}}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": API, "kind": kind, "metadata": meta, **more}


def graph(objects: list[Object], coverage: Coverage | None = None) -> Graph:
    found = [
        Resource(o["kind"], f"{i}/{o['kind']}/{o['metadata']['name']}", "cluster", o, account="prod")
        for i, o in enumerate(objects)
    ]
    return Graph([Resource("cluster", "prod", "cluster", {}, account="prod"), *found], coverage)


def build(objects: list[Object], coverage: Coverage | None = None) -> Access:
    made = graph(objects, coverage)
    return access(made, made.resources[0])


# --- the naive evaluator: the documentation of RBAC, written down again, on plain objects -----------------------------


def naive(objects: list[Object], who: Subject, asked: Request) -> bool:
    return any(
        speaks_of(subject, binding, who) and any(rule_allows(rule, asked) for rule in rules_of(objects, binding))
        for binding in objects
        if binding["kind"].endswith("Binding")
        if binding["kind"] == "ClusterRoleBinding" or binding["metadata"]["namespace"] == asked.namespace
        for subject in binding.get("subjects", [])
    )


def speaks_of(subject: Object, binding: Object, who: Subject) -> bool:
    user = f"system:serviceaccount:{who.namespace}:{who.name}" if who.kind == "ServiceAccount" else who.name
    groups = []
    if who.kind == "ServiceAccount":
        groups = ["system:serviceaccounts", "system:serviceaccounts:" + str(who.namespace), "system:authenticated"]
    elif who.kind == "User":
        groups = ["system:unauthenticated" if who.name == "system:anonymous" else "system:authenticated"]
    elif who.kind == "Group":
        return bool(subject["kind"] == "Group" and subject["name"] == who.name)
    if subject["kind"] == "ServiceAccount":
        namespace = subject.get("namespace", binding["metadata"].get("namespace"))
        return user == f"system:serviceaccount:{namespace}:{subject['name']}"
    return bool(subject["name"] == user if subject["kind"] == "User" else subject["name"] in groups)


def rules_of(objects: list[Object], binding: Object) -> list[Object]:
    reference = binding["roleRef"]
    for role in objects:
        if role["kind"] == reference["kind"] and role["metadata"]["name"] == reference["name"]:
            if role["kind"] == "Role" and role["metadata"]["namespace"] != binding["metadata"]["namespace"]:
                continue
            rules = list(role.get("rules", []))
            for selector in role.get("aggregationRule", {}).get("clusterRoleSelectors", []):
                for other in objects:
                    labels = other["metadata"]["labels"]
                    if other["kind"] == "ClusterRole" and selector["matchLabels"].items() <= labels.items():
                        rules += other.get("rules", [])
            return rules
    return []


def rule_allows(rule: Object, asked: Request) -> bool:
    if not {"*", asked.verb} & set(rule["verbs"]) or not {"*", asked.group} & set(rule["apiGroups"]):
        return False
    if rule.get("resourceNames") and asked.name not in rule["resourceNames"]:
        return False
    for resource in rule["resources"]:
        if resource in ("*", asked.resource):
            return True
        if resource.startswith("*/") and "/" in asked.resource and asked.resource.split("/")[1] == resource[2:]:
            return True
    return False


RULES = st.fixed_dictionaries(
    {
        "verbs": st.lists(st.sampled_from([*VERBS, "*"]), min_size=1, max_size=2),
        "apiGroups": st.lists(st.sampled_from([*GROUPS, "*"]), min_size=1, max_size=2),
        "resources": st.lists(
            st.sampled_from(["pods", "secrets", "pods/exec", "*", "*/scale", "pods/*", "secrets/exec"]),
            min_size=1, max_size=2,
        ),
    },
    optional={"resourceNames": st.lists(st.sampled_from(["x", "y"]), max_size=2)},
)  # fmt: skip
ROLES = [("Role", "r", "a"), ("Role", "r", "b"), ("ClusterRole", "r", None), ("ClusterRole", "sum", None)]
WHO = [
    {"kind": "ServiceAccount", "name": "app", "namespace": "a"}, {"kind": "ServiceAccount", "name": "app"},
    {"kind": "User", "name": "jane"}, {"kind": "User", "name": "system:serviceaccount:b:app"},
    {"kind": "Group", "name": "dev"}, {"kind": "Group", "name": "system:serviceaccounts"},
    {"kind": "Group", "name": "system:serviceaccounts:a"}, {"kind": "Group", "name": "system:authenticated"},
    {"kind": "Group", "name": "system:unauthenticated"},
]  # fmt: skip


@st.composite
def estates(draw: st.DrawFn) -> list[Object]:
    found = []
    for kind, name, namespace in ROLES:
        rules = draw(st.lists(RULES, max_size=2))
        if name == "sum":
            selectors = {"clusterRoleSelectors": [{"matchLabels": {"part": "yes"}}]}
            found.append(obj(kind, name, namespace, rules=rules, aggregationRule=selectors))
        else:
            labels = {"part": "yes"} if draw(st.booleans()) else {}
            found.append(obj(kind, name, namespace, labels, rules=rules))
    for i in range(draw(st.integers(1, 3))):
        namespace = draw(st.sampled_from(["a", "b", None]))
        kinds = ["Role", "ClusterRole"] if namespace else ["ClusterRole"]
        kind = draw(st.sampled_from(kinds))
        name = draw(st.sampled_from(["r", "sum"] if kind == "ClusterRole" else ["r"]))
        who = [w for w in draw(st.lists(st.sampled_from(WHO), max_size=3)) if namespace or w != WHO[1]]
        found.append(obj("RoleBinding" if namespace else "ClusterRoleBinding", f"b{i}", namespace, subjects=who,
                         roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}))  # fmt: skip
    return found


@settings(max_examples=120)
@given(estates())
def test_every_answer_is_the_naive_evaluator_s(objects: list[Object]) -> None:
    mine = build(objects)
    for who in SUBJECTS:
        for asked in REQUESTS:
            assert (mine.allowed(who, asked) is not None) == naive(objects, who, asked), (who, asked)


def test_every_single_rule_answers_as_the_naive_evaluator() -> None:
    names: list[list[str] | None] = [None, [], ["x"]]
    written = ["pods", "pods/exec", "*", "*/exec", "pods/*", "secrets"]
    for verb, group, resource, only in product([*VERBS, "*"], [*GROUPS, "*"], written, names):
        rule: Object = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
        if only is not None:
            rule["resourceNames"] = only
        binding = obj("ClusterRoleBinding", "b", subjects=[WHO[2]], roleRef={"kind": "ClusterRole", "name": "r"})
        objects = [obj("ClusterRole", "r", rules=[rule]), binding]
        mine = build(objects)
        for asked in REQUESTS:
            assert (mine.allowed(SUBJECTS[2], asked) is not None) == naive(objects, SUBJECTS[2], asked), (rule, asked)


class TestWhatIsNotKnown:
    binding = obj("ClusterRoleBinding", "b", subjects=[WHO[2]], roleRef={"kind": "ClusterRole", "name": "elsewhere"})
    asked = Request("get", "pods", namespace="a")

    def test_a_role_that_is_not_here_may_allow_anything(self) -> None:
        with pytest.raises(Undetermined, match="the role elsewhere is not among the inputs"):
            build([self.binding]).allowed(SUBJECTS[2], self.asked)

    def test_a_certain_grant_decides_all_the_same(self) -> None:
        rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods", Unknown("var.resource has no value")]}
        known = obj("ClusterRoleBinding", "c", subjects=[WHO[2]], roleRef={"kind": "ClusterRole", "name": "r"})
        mine = build([self.binding, known, obj("ClusterRole", "r", rules=[rule])])
        assert mine.allowed(SUBJECTS[2], self.asked) is not None
        with pytest.raises(Undetermined):
            mine.allowed(SUBJECTS[2], Request("get", "secrets"))

    def test_a_certain_grant_decides_after_several_that_are_not(self) -> None:
        unknown = {"verbs": [Unknown("var.verb has no value")], "apiGroups": [""], "resources": ["pods"]}
        certain = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
        bound = obj("ClusterRoleBinding", "c", subjects=[WHO[2]], roleRef={"kind": "ClusterRole", "name": "r"})
        mine = build([bound, obj("ClusterRole", "r", rules=[unknown, unknown, certain])])
        assert mine.allowed(SUBJECTS[2], self.asked) is not None

    def test_bindings_that_could_not_be_listed_may_allow_anything(self) -> None:
        coverage = Coverage()
        coverage.not_listed("RoleBinding", "prod", None, "forbidden")
        with pytest.raises(Undetermined, match="forbidden"):
            build([], coverage).allowed(SUBJECTS[0], self.asked)

    @pytest.mark.parametrize(
        ("role", "asked", "wanted"),
        [
            ("cluster-admin", Request("escalate", "clusterroles", "rbac.authorization.k8s.io"), True),
            ("view", Request("get", "secrets", namespace="a"), False),
            ("view", Request("list", "pods", namespace="a"), True),
            ("edit", Request("create", "pods/exec", namespace="a"), True),
            ("edit", Request("create", "rolebindings", "rbac.authorization.k8s.io", "a"), False),
            ("admin", Request("create", "rolebindings", "rbac.authorization.k8s.io", "a"), True),
            ("admin", Request("bind", "clusterroles", "rbac.authorization.k8s.io"), False),
        ],
    )
    def test_the_roles_that_every_cluster_has_are_known(self, role: str, asked: Request, wanted: bool) -> None:
        binding = obj("ClusterRoleBinding", "b", subjects=[WHO[2]], roleRef={"kind": "ClusterRole", "name": role})
        assert (build([binding]).allowed(SUBJECTS[2], asked) is not None) is wanted

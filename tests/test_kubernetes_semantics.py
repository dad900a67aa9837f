"""What manifests mean, corner by corner, where a reader who is in a hurry takes them for something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
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
    assert found(tmp_path, text, "k8s-no-network-policy") is not policed


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
    assert found(tmp_path, text, "k8s-service-export-unguarded") is not guarded

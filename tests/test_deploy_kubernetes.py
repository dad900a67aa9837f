"""What is shipped to run Assay in a cluster holds to our own rules, and asks for no right beyond what an audit uses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from assay.analysis.cluster_identity import Request, Subject, access
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import Report
from assay.inventory.cluster.kinds import cluster_role
from assay.model import Request as Scan
from assay.model import Verdict
from assay.scan import collect, run

WHO = Subject("ServiceAccount", "assay-auditor", "assay")


@pytest.fixture
def manifests(repository: Path) -> Path:
    return repository / "deploy" / "kubernetes"


def judged(folder: Path) -> Report:
    catalogue = Catalogue([RULES])
    return run(Scan([str(folder)], str(folder)), catalogue, catalogue.entries)


def documents(folder: Path) -> list[dict[str, Any]]:
    return [d for f in sorted(folder.glob("*.yaml")) for d in yaml.safe_load_all(f.read_text(encoding="utf-8"))]


def test_our_own_rules_find_nothing(manifests: Path) -> None:
    report = judged(manifests)
    found = [f for f in report.findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)]
    assert [f"{f.verdict.value} {f.rule}" for f in found] == ["waived k8s-cronjob-review"]
    assert report.summary["pass"] > 50
    assert not report.incomplete


def test_the_role_is_the_printed_one(manifests: Path) -> None:
    [role] = [d for d in documents(manifests) if d["kind"] == "ClusterRole"]
    assert role == cluster_role()


def test_the_account_may_list_and_nothing_else(manifests: Path) -> None:
    graph = collect(Scan([str(manifests)], str(manifests)))
    mine = access(graph, graph.all("ClusterRole")[0])
    assert mine.allowed(WHO, Request("list", "pods"))
    assert not mine.allowed(WHO, Request("get", "pods", name="web"))
    for verb, resource in (("list", "secrets"), ("get", "secrets"), ("create", "pods"), ("get", "nodes/proxy")):
        assert mine.allowed(WHO, Request(verb, resource, namespace="shop")) is None


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("rbac.yaml", "  - list\n", "  - list\n  - create\n", "k8s-monitor-can-write"),
        ("rbac.yaml", "  - configmaps\n", "  - configmaps\n  - secrets\n", "k8s-secrets-readable"),
        ("cronjob.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false",
         "k8s-writable-root-filesystem"),
        ("cronjob.yaml", "@sha256:" + "0" * 64, "", "k8s-image-no-digest"),
        ("network-policy.yaml", "192.0.2.10/32", "0.0.0.0/0", "k8s-network-policy-open"),
    ],
)  # fmt: skip
def test_the_rules_would_tell(manifests: Path, tmp_path: Path, file: str, old: str, new: str, rule: str) -> None:
    copy = tmp_path / "deploy"
    shutil.copytree(manifests, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    assert rule in {f.rule for f in judged(copy).findings if f.verdict is Verdict.FAIL}


@pytest.mark.oracle
def test_kubectl_builds_it(manifests: Path, require_oracle: Callable[[str], Path]) -> None:
    command = [str(require_oracle("kubectl")), "kustomize", str(manifests)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert len(list(yaml.safe_load_all(done.stdout))) == len(documents(manifests)) - 1  # all but the kustomization

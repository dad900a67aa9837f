"""Overlays through the real kubectl, charts through the real helm: findings in the files that people wrote."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from assay.bundled import RULES
from assay.engine import Report, evaluate
from assay.graph import Graph
from assay.model import Request, Verdict
from assay.rule import load_directory
from assay.scan import collect
from oracles import require_oracle

BASE = """\
# the application
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: helper
          image: example.com/helper:1.0.0
        - name: web
          image: example.com/web
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          securityContext:
            privileged: true
"""
ESTATE = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": BASE,
    "overlays/test/kustomization.yaml": "resources: [../../base]\nnamespace: test\nnamePrefix: t-\n",
    "overlays/live/kustomization.yaml": (
        "resources: [../../base]\nnamespace: live\npatches:\n- path: debug.yaml\n- target: {kind: Deployment}\n"
        "  path: ports.yaml\n"
    ),
    "overlays/live/debug.yaml": PATCH,
    "overlays/live/ports.yaml": (
        "- op: add\n  path: /spec/template/spec/hostNetwork\n  value: true\n"
        "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: example.com/web:latest\n"
    ),
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def scan(folder: Path, *paths: str, files_only: bool = False) -> Graph:
    named = [str(folder / p) for p in paths] or [str(folder)]
    return collect(Request(named, str(folder), files_only=files_only))


def judged(graph: Graph, *ids: str) -> set[tuple[str, str, str, int]]:
    rules = [r for r in load_directory(RULES) if r.id in ids]
    report: Report = evaluate(graph, rules)
    return {
        (f.rule, f.resource.address, f.location.file, f.location.start_line)
        for f in report.findings
        if f.verdict is Verdict.FAIL and f.location
    }


def inputs(graph: Graph, status: str) -> dict[str, str]:
    return {i["path"]: i["reason"] for i in graph.coverage.inputs if i["status"] == status}


@pytest.mark.oracle
def test_findings_of_an_overlay_stand_where_the_field_was_written(tmp_path: Path) -> None:
    require_oracle("kubectl")
    write(tmp_path, ESTATE)
    graph = scan(tmp_path)
    assert judged(graph, "k8s-privileged-container", "k8s-image-tag-latest", "k8s-host-network") == {
        ("k8s-privileged-container", "live/Deployment/web", "overlays/live/debug.yaml", 11),
        ("k8s-host-network", "live/Deployment/web", "overlays/live/ports.yaml", 1),
        ("k8s-image-tag-latest", "live/Deployment/web", "overlays/live/ports.yaml", 4),
        ("k8s-image-tag-latest", "test/Deployment/t-web", "base/web.yaml", 15),
    }
    assert sorted(r.address for r in graph.all("Deployment")) == ["live/Deployment/web", "test/Deployment/t-web"]
    assert all("config.kubernetes.io/origin" not in str(r.values) for r in graph.resources)
    assert set(inputs(graph, "read")) == set(ESTATE)
    assert not graph.coverage.incomplete


@pytest.mark.oracle
def test_the_tree_is_left_as_it_was(tmp_path: Path) -> None:
    require_oracle("kubectl")
    write(tmp_path, ESTATE)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file()}
    scan(tmp_path)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.oracle
def test_generated_objects_and_waivers_in_the_base_are_followed(tmp_path: Path) -> None:
    require_oracle("kubectl")
    generator = "configMapGenerator:\n- name: settings\n  literals: [DB_PASSWORD=Sommer-2024-Regen]\n"
    base = BASE.replace("image: example.com/web", "image: example.com/web # assay: allow[k8s-image-tag-latest] tests")
    write(tmp_path, {"kustomization.yaml": f"resources: [web.yaml]\n{generator}", "web.yaml": base})
    graph = scan(tmp_path)
    found = judged(graph, "k8s-configmap-secret", "k8s-image-tag-latest")
    assert [(rule, file) for rule, _, file, _ in found] == [("k8s-configmap-secret", "kustomization.yaml")]


def test_without_kubectl_the_manifests_are_read_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ESTATE)
    monkeypatch.setenv("PATH", str(tmp_path))
    graph = scan(tmp_path)
    assert [r.address for r in graph.all("Deployment")] == ["default/Deployment/web"]  # patches are no objects
    said = inputs(graph, "skipped")
    assert set(said) == {"overlays/live/kustomization.yaml", "overlays/test/kustomization.yaml"}
    assert "there is no kubectl" in said["overlays/test/kustomization.yaml"]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resources: [web.yaml, 'https://example.com/x.yaml']\n", "https://example.com/x.yaml"),
        ("resources: [web.yaml, 'github.com/example/repository?ref=v1']\n", "nothing is downloaded"),
        ("resources: [web.yaml]\npatches:\n- path: https://example.com/p.yaml\n", "nothing is downloaded"),
        ("resources: [web.yaml]\nhelmCharts:\n- name: x\n  repo: https://example.com\n", "helmCharts"),
        ("resources: [web.yaml, ../../outside]\n", "outside the scanned directory"),
    ],
)
def test_nothing_is_downloaded_and_nothing_outside_is_read(tmp_path: Path, text: str, words: str) -> None:
    require_oracle("kubectl")
    write(tmp_path, {"tree/a/kustomization.yaml": text, "tree/a/web.yaml": BASE})
    write(tmp_path, {"outside/kustomization.yaml": "resources: [s.yaml]\n", "outside/s.yaml": PATCH})
    (tmp_path / "tree" / ".git").mkdir()
    graph = collect(Request([str(tmp_path / "tree")], str(tmp_path / "tree")))
    assert words in inputs(graph, "skipped")["a/kustomization.yaml"]
    assert [r.address for r in graph.resources] == ["default/Deployment/web"]
    assert all("outside/s.yaml" not in i["path"] for i in graph.coverage.inputs)


@pytest.mark.oracle
def test_a_link_out_of_the_tree_is_not_followed_by_the_tool(tmp_path: Path) -> None:
    require_oracle("kubectl")
    write(tmp_path, {"tree/kustomization.yaml": "resources: [web.yaml]\n", "secret.yaml": BASE})
    (tmp_path / "tree" / ".git").mkdir()
    (tmp_path / "tree" / "web.yaml").symlink_to(tmp_path / "secret.yaml")
    graph = collect(Request([str(tmp_path / "tree")], str(tmp_path / "tree")))
    assert graph.resources == []
    assert graph.coverage.incomplete


@pytest.mark.oracle
def test_what_kustomize_refuses_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    require_oracle("kubectl")
    live = "resources: [../../base]\npatches:\n- path: debug.yaml\n- path: ports.yaml\n- path: gone.yaml\n"
    write(tmp_path, ESTATE | {"overlays/live/kustomization.yaml": live})
    write(tmp_path, {"broken/kustomization.yaml": "resources: [\n"})
    graph = scan(tmp_path)
    failed = inputs(graph, "failed")
    assert "not YAML" in failed["broken/kustomization.yaml"]
    assert [r.address for r in graph.all("Deployment")] == ["test/Deployment/t-web"]
    assert "gone.yaml" in failed["overlays/live/kustomization.yaml"]


def test_a_patch_named_by_itself_is_no_manifest(tmp_path: Path) -> None:
    write(tmp_path, ESTATE)
    graph = scan(tmp_path, "overlays/live/debug.yaml", "base/web.yaml", files_only=True)
    assert [r.address for r in graph.resources] == ["default/Deployment/web"]
    assert "a patch of overlays/live/kustomization.yaml" in inputs(graph, "skipped")["overlays/live/debug.yaml"]


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/values.yaml": "privileged: true\n",
    "chart/templates/web.yaml": """\
{{- if true }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-web
  namespace: shop
spec:
  containers:
    - name: web
      image: example.com/web:1.0.0
      securityContext:
        privileged: {{ .Values.privileged }}
{{- end }}
""",
}


def test_without_helm_a_chart_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, CHART | {"web.yaml": BASE})
    monkeypatch.setenv("PATH", str(tmp_path))
    graph = scan(tmp_path)
    assert [r.address for r in graph.resources] == ["default/Deployment/web"]
    assert "helm template chart | assay scan -" in inputs(graph, "skipped")["chart"]
    assert list(inputs(graph, "failed")) == []


@pytest.mark.oracle
def test_findings_of_a_chart_stand_in_its_templates(tmp_path: Path) -> None:
    require_oracle("helm")
    write(tmp_path, CHART)
    graph = scan(tmp_path)
    assert judged(graph, "k8s-privileged-container") == {
        ("k8s-privileged-container", "shop/Pod/release-web", "chart/templates/web.yaml", 12)
    }


@pytest.mark.oracle
def test_a_chart_that_helm_refuses_is_said(tmp_path: Path) -> None:
    require_oracle("helm")
    write(tmp_path, CHART | {"chart/templates/broken.yaml": "{{ .Values.a.b.c }}\n"})
    assert "helm template failed" in inputs(scan(tmp_path), "failed")["chart"]


def test_tools_find_no_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What renders gets an environment without programs and with a proxy that answers nobody."""
    seen: dict[str, Any] = {}
    tool = tmp_path / "bin" / "kubectl"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\n/usr/bin/env > "{tmp_path}/environment"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    write(tmp_path / "tree", {"kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": BASE})
    scan(tmp_path / "tree")
    for line in (tmp_path / "environment").read_text().splitlines():
        name, _, value = line.partition("=")
        seen[name] = value
    assert seen["PATH"] == ""
    assert seen["HTTPS_PROXY"].startswith("http://127.0.0.1:")


INLINE = """namespace: live
resources: [base]
images:
  - name: example.com/web
    newTag: latest
patches:
  - target: {kind: Deployment}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/securityContext
        value: {privileged: true}
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        template:
          spec:
            hostNetwork: true
  - patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {hostPID: true}}}}'
replicas:
  - name: web
    count: 1
configMapGenerator:
  - name: settings
    literals:
      - A=b
      - DB_PASSWORD=Sommer-2024-Regen
"""


@pytest.mark.oracle
def test_what_a_kustomization_writes_itself_is_found_there(tmp_path: Path) -> None:
    require_oracle("kubectl")
    base = BASE.replace(
        "image: example.com/web", "image: example.com/web:1.2.3\n          ports: [{containerPort: 80}]"
    )
    write(
        tmp_path,
        {"kustomization.yaml": INLINE, "base/kustomization.yaml": "resources: [web.yaml]", "base/web.yaml": base},
    )
    found = judged(
        scan(tmp_path), "k8s-privileged-container", "k8s-host-network", "k8s-host-pid", "k8s-image-tag-latest",
        "k8s-configmap-secret", "k8s-single-replica",
    )  # fmt: skip
    assert {(rule, file, line) for rule, _, file, line in found} == {
        ("k8s-image-tag-latest", "kustomization.yaml", 5),
        ("k8s-privileged-container", "kustomization.yaml", 9),
        ("k8s-host-network", "kustomization.yaml", 19),
        ("k8s-host-pid", "kustomization.yaml", 20),
        ("k8s-single-replica", "kustomization.yaml", 23),
        ("k8s-configmap-secret", "kustomization.yaml", 25),
    }


def test_what_no_overlay_leads_to_is_said(tmp_path: Path) -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: p.yaml}]\n"
    files = {
        "a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a, web.yaml]",
        "b/web.yaml": BASE, "c/kustomization.yaml": component, "c/p.yaml": BASE,
    }  # fmt: skip
    write(tmp_path, files)
    graph = scan(tmp_path)
    assert set(inputs(graph, "failed")) == {"a/kustomization.yaml", "b/kustomization.yaml"}
    assert list(inputs(graph, "skipped")) == ["c/kustomization.yaml"]
    assert [r.address for r in graph.all("Deployment")] == ["default/Deployment/web"]  # what stands for itself is read


def test_transformers_in_a_directory_are_looked_at_before_kubectl_is(tmp_path: Path) -> None:
    remote = "resources: [https://example.com/x]\n"
    write(tmp_path, {"kustomization.yaml": "transformers: [t]\n", "t/kustomization.yaml": remote})
    assert "needs https://example.com/x, which is not here" in inputs(scan(tmp_path), "skipped")["kustomization.yaml"]

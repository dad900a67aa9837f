"""`kubernetes_*` of Terraform as API objects: names, places, unknowns, plans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.engine import evaluate
from assay.graph import Graph
from assay.model import Request, Resource, Undetermined, Unknown, parse_path
from assay.rule import load_directory
from assay.scan import collect

CODE = """\
variable "image" {}

variable "hosts" {
  type    = list(string)
  default = ["a.example.com", "b.example.com"]
}

resource "kubernetes_deployment_v1" "web" {
  metadata {
    name      = "web"
    namespace = "shop"
    labels    = { "app.kubernetes.io/name" = "web" }
  }
  spec {
    replicas = "3"
    selector {
      match_labels = { app = "web" }
    }
    template {
      metadata {
        labels = { app = "web" }
      }
      spec {
        host_pid = "true"
        init_container {
          name  = "prepare"
          image = "example.com/prepare:1.0.0"
        }
        container {
          name  = "web"
          image = var.image
          args  = ["--verbose", "true"]
          env {
            name  = "DEBUG"
            value = "true"
          }
          port {
            container_port = 8080
          }
          liveness_probe {
            http_get {
              path = "/healthz"
              port = "8080"
            }
          }
          security_context {
            privileged      = true
            run_as_user     = "0"
            run_as_non_root = false
          }
          volume_mount {
            name       = "data"
            mount_path = "/data"
          }
        }
        volume {
          name = "data"
          secret {
            secret_name = "database"
          }
        }
        affinity {
          node_affinity {
            required_during_scheduling_ignored_during_execution {
              node_selector_term {
                match_expressions {
                  key      = "zone"
                  operator = "In"
                  values   = ["a"]
                }
              }
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_ingress_v1" "web" {
  for_each = toset(var.hosts)
  metadata {
    name      = "web-${split(".", each.key)[0]}"
    namespace = "shop"
  }
  spec {
    rule {
      host = each.key
      http {
        path {
          path      = "/"
          path_type = "Prefix"
          backend {
            service {
              name = "web"
              port {
                number = 80
              }
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_secret" "database" {
  metadata {
    name      = "database"
    namespace = "shop"
  }
  data = { password = "Sommer-2024-Regen" }
}

resource "kubernetes_manifest" "store" {
  manifest = {
    apiVersion = "external-secrets.io/v1"
    kind       = "ClusterSecretStore"
    metadata   = { name = "shop" }
    spec = {
      provider = { oracle = { principalType = "InstancePrincipal" } }
    }
  }
}
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    folder = tmp_path_factory.mktemp("terraform")
    (folder / "main.tf").write_text(CODE)
    return collect(Request([str(folder)], str(folder)))


def only(graph: Graph, type_: str) -> Resource:
    (found,) = graph.all(type_)
    return found


def line(text: str, after: str = "") -> int:
    start = CODE.index(after)
    return CODE.count("\n", 0, CODE.index(text, start)) + 1


def test_fields_have_the_names_and_kinds_of_the_api(graph: Graph) -> None:
    web = only(graph, "Deployment")
    assert (web["apiVersion"], web.source, web.address, web.name) == (
        "apps/v1", "terraform", "kubernetes_deployment_v1.web", "web",
    )  # fmt: skip
    assert web["spec.replicas"] == 3
    assert web["metadata.labels"] == {"app.kubernetes.io/name": "web"}
    assert web["spec.selector.matchLabels"] == {"app": "web"}
    pod = web["spec.template.spec"]
    assert pod["hostPID"] is True
    assert [c["name"] for c in pod["initContainers"]] == ["prepare"]
    container = pod["containers"][0]
    assert container["securityContext"] == {"privileged": True, "runAsUser": 0, "runAsNonRoot": False}
    assert container["env"] == [{"name": "DEBUG", "value": "true"}]
    assert container["args"] == ["--verbose", "true"]
    assert container["ports"] == [{"containerPort": 8080}]
    assert container["livenessProbe"] == {"httpGet": {"path": "/healthz", "port": 8080}}
    assert pod["volumes"] == [{"name": "data", "secret": {"secretName": "database"}}]
    required = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required == {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
    }
    assert only(graph, "Secret")["stringData"] == {"password": "Sommer-2024-Regen"}
    assert only(graph, "ClusterSecretStore")["spec.provider.oracle.principalType"] == "InstancePrincipal"
    ingresses = graph.all("Ingress")
    assert [r["spec.rules[0].http.paths[0].backend.service.port.number"] for r in ingresses] == [80, 80]
    assert sorted(r.name for r in ingresses) == ["web-a", "web-b"]


def test_an_unknown_stays_unknown(graph: Graph) -> None:
    container = only(graph, "Deployment").each("spec.template.spec.containers")[0]
    with pytest.raises(Undetermined, match=r"var\.image"):
        bool(container["image"] == "x")


def test_a_field_is_found_at_its_attribute(graph: Graph) -> None:
    web = only(graph, "Deployment")
    for path, text in (
        ("spec.template.spec.hostPID", "host_pid"),
        ("spec.template.spec.containers[0].securityContext.privileged", "privileged"),
        ("spec.template.spec.containers[0].ports[0].containerPort", "container_port"),
        ("spec.template.spec.containers[0]", "        container {\n"),
        ("spec.template.spec.initContainers[0].image", 'image = "example.com/prepare'),
    ):
        assert web.origin.locate(parse_path(path)).start_line == line(text), path
    store = only(graph, "ClusterSecretStore")
    assert store.origin.locate(parse_path("spec.provider.oracle.principalType")).start_line == line("principalType")
    secret = only(graph, "Secret")
    assert secret.origin.locate(parse_path("stringData")).start_line == line("data = { password")


def test_a_plan_says_the_same(tmp_path: Path) -> None:
    after = {
        "metadata": [{"name": "web", "namespace": "shop", "labels": None, "annotations": {}}],
        "spec": [{"host_pid": True, "container": [{"name": "web", "image": "example.com/web:1.0.0", "args": []}]}],
    }
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}, "after_sensitive": {}}
    entry = {
        "address": "kubernetes_pod_v1.web", "mode": "managed", "type": "kubernetes_pod_v1", "name": "web",
        "provider_name": "registry.terraform.io/hashicorp/kubernetes", "change": change,
    }  # fmt: skip
    plan = {"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}, "resource_changes": [entry]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    graph = collect(Request([str(tmp_path / "plan.json")], str(tmp_path)))
    pod = only(graph, "Pod")
    assert (pod.source, pod["spec.hostPID"], pod.address) == ("plan", True, "kubernetes_pod_v1.web")
    rules = [r for r in load_directory(RULES) if r.id in ("k8s-host-pid", "k8s-naked-pod")]
    assert {f.rule for f in evaluate(graph, rules).findings} == {"k8s-host-pid", "k8s-naked-pod"}


def test_other_providers_cost_nothing(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {}\n')
    graph = collect(Request([str(tmp_path)], str(tmp_path)))
    assert not any(type_[:1].isupper() for type_ in graph.types)


@pytest.mark.parametrize("type_", ["kubernetes_labels", "kubernetes_secret_v1_data", "kubernetes_nothing_v1"])
def test_what_makes_no_object_is_left_alone(tmp_path: Path, type_: str) -> None:
    (tmp_path / "main.tf").write_text(f'resource "{type_}" "x" {{\n  metadata {{\n    name = "x"\n  }}\n}}\n')
    graph = collect(Request([str(tmp_path)], str(tmp_path)))
    assert not any(t[:1].isupper() for t in graph.types)


MANIFESTS = """\
variable "text" {}

resource "kubernetes_manifest" "unknown" {
  manifest = yamldecode(var.text)
}

resource "kubectl_manifest" "partly" {
  yaml_body = <<-EOT
    apiVersion: v1
    kind: Pod
    metadata: {name: "web-${var.text}", namespace: ${var.text}}
    spec: {hostPID: true, hostIPC: ${var.text}, containers: [{name: a, image: "web:${var.text}"}]}
  EOT
}

resource "kubectl_manifest" "broken" {
  yaml_body = "kind: [Pod"
}
"""


def test_a_manifest_that_is_not_known_is_said_and_one_that_partly_is_is_judged(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MANIFESTS)
    graph = collect(Request([str(tmp_path)], str(tmp_path)))
    said = {(i["status"], i["line"]): i["reason"] for i in graph.coverage.inputs if i["status"] != "read"}
    assert set(said) == {("skipped", 3), ("failed", 16)}
    assert "kubernetes_manifest.unknown: which Kubernetes object it makes is not known" in said["skipped", 3]
    assert "kubectl_manifest.broken: its manifest cannot be judged: it is not YAML" in said["failed", 16]
    pod = only(graph, "Pod")
    assert pod["spec.hostPID"] is True
    assert isinstance(pod["spec.hostIPC"], Unknown)
    assert (pod["spec.containers"][0]["image"].prefix, pod["metadata.name"].prefix) == ("web:", "web-")


def test_metadata_that_nobody_knows_takes_no_object_along(tmp_path: Path) -> None:
    """The name of an object is asked while objects are made, where what is not known must not be compared."""
    (tmp_path / "main.tf").write_text(
        'variable "x" {}\nresource "kubernetes_config_map" "a" {\n  dynamic "metadata" {\n    for_each = var.x\n'
        "    content {\n      name = metadata.value\n    }\n  }\n}\n"
        'resource "kubernetes_config_map" "b" {\n  metadata {\n    name = "b"\n  }\n}\n'
    )
    graph = collect(Request([str(tmp_path)], str(tmp_path)))
    assert sorted(r.name for r in graph.all("ConfigMap")) == ["a", "b"]
    assert [i["status"] for i in graph.coverage.inputs] == ["read"]

"""API objects written as Terraform: the way back of what `assay.kubernetes.terraform` reads, for tests only.

A value `${NAME}` of a manifest, which somebody fills in later, becomes a variable without a value.
"""

from __future__ import annotations

import json
import re
from typing import Any

from assay.kubernetes.terraform import _KINDS, _LISTS, _NAMES

_MAPS = {
    "labels", "annotations", "matchLabels", "nodeSelector", "requests", "limits", "data", "stringData", "binaryData",
    "parameters", "hard", "capacity", "default", "defaultRequest", "max", "min", "volumeAttributes",
}  # fmt: skip
_SINGULAR = {api: name for name, api in sorted(_LISTS.items(), reverse=True)} | {
    "imagePullSecrets": "image_pull_secrets"
}
_SNAKE = {api: name for name, api in _NAMES.items()}
_VOLUME_SOURCES = {"hostPath", "nfs", "csi", "local", "iscsi"}
_HOLE = re.compile(r"\$\{[A-Z_]+\}")
_PROGRAMS = {"args", "command", "data", "stringData", "annotations"}


def terraform(objects: list[dict[str, Any]]) -> str:
    """HCL that makes these objects."""
    lines = ['variable "unset" {}', ""]
    for number, values in enumerate(objects):
        lines += _resource(values, f"r{number}")
    return "\n".join(lines) + "\n"


def _resource(values: dict[str, Any], label: str) -> list[str]:
    kind = values["kind"]
    group = values["apiVersion"].rpartition("/")[0]
    if _KINDS.get(kind) != group:
        body = ["  manifest = " + _value(values, "")]
        return [f'resource "kubernetes_manifest" "{label}" {{', *body, "}", ""]
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
    version = values["apiVersion"].rpartition("/")[2]
    rest = {k: v for k, v in values.items() if k not in ("apiVersion", "kind", "status")}
    if kind == "Secret":
        rest = {{"stringData": "data", "data": "binaryData"}.get(k, k): v for k, v in rest.items()}
    if kind == "PersistentVolume":
        spec = dict(rest["spec"])
        spec["persistentVolumeSource"] = {k: spec.pop(k) for k in list(spec) if k in _VOLUME_SOURCES}
        rest["spec"] = spec
    return [f'resource "kubernetes_{name}_{version}" "{label}" {{', *_block(rest, 1, kind), "}", ""]


def _snake(field: str) -> str:
    return _SNAKE.get(field) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).lower()


def _block(values: dict[str, Any], depth: int, kind: str, field: str = "") -> list[str]:
    pad = "  " * depth
    lines: list[str] = []
    for name, value in values.items():
        selector = name == "selector" and kind in ("Service", "ReplicationController") and field == "spec"
        if isinstance(value, dict) and not (name in _MAPS or selector):
            lines += [f"{pad}{_snake(name)} {{", *_block(value, depth + 1, kind, name), f"{pad}}}"]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                lines += [f"{pad}{_singular(name)} {{", *_block(item, depth + 1, kind, name), f"{pad}}}"]
        elif isinstance(value, str) and _HOLE.fullmatch(value) and name in _BLOCKS:
            lines += [f'{pad}dynamic "{_singular(name)}" {{', f"{pad}  for_each = var.unset", f"{pad}  content {{}}"]
            lines.append(f"{pad}}}")
        elif value is not None:
            lines.append(f"{pad}{_snake(name)} = {_value(value, name)}")
    return lines


_BLOCKS = {
    "securityContext", "volumes", "containers", "ports", "env", "spec", "metadata", "rules", "subjects", "template",
    "resources", "tls", "ingress", "egress", "podSelector", "livenessProbe", "readinessProbe", "affinity",
}  # fmt: skip


def _singular(field: str) -> str:
    return _SINGULAR.get(field) or _snake(field)


def _value(value: Any, field: str) -> str:
    if isinstance(value, dict):
        inner = ", ".join(
            f"{json.dumps(k)} = {_value(v, k if field not in _PROGRAMS else field)}" for k, v in value.items()
        )
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(v, field) for v in value) + "]"
    if isinstance(value, str):
        if field not in _PROGRAMS and _HOLE.fullmatch(value):
            return "var.unset"
        if field not in _PROGRAMS and _HOLE.search(value):
            return '"' + _HOLE.sub("${var.unset}", value) + '"'
        return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(value)

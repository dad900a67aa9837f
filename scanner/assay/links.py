"""Relations between resource types, each declared once in `tables/links_*.txt` and read here.

A line `aws_lambda_function vpc_config.subnet_ids -> aws_subnet` says that the value at that path names a resource of
the type (several types separated by `|`); `identity aws_s3_bucket bucket id arn` says which attributes name it.
"""

from __future__ import annotations

import os

_PODS = {
    "Pod": "spec.",
    "CronJob": "spec.jobTemplate.spec.template.spec.",
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController", "Rollout"),
        "spec.template.spec.",
    ),
}
"""Where the pod spec of a kind of Kubernetes stands: `pods` in a table means all of them."""


def _read() -> tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, tuple[str, ...]]]:
    links: dict[str, dict[str, tuple[str, ...]]] = {}
    identity: dict[str, tuple[str, ...]] = {}
    folder = os.path.join(os.path.dirname(__file__), "tables")
    for name in sorted(os.listdir(folder)):
        if not name.startswith("links_"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as handle:
            for line in handle:
                words = line.split()
                if not words or words[0].startswith("#"):
                    continue
                if words[0] == "identity":
                    identity[words[1]] = tuple(words[2:])
                else:
                    type_, path, _arrow, targets = words
                    for kind, below in _PODS.items() if type_ == "pods" else ((type_, ""),):
                        links.setdefault(kind, {})[below + path] = tuple(targets.split("|"))
    return links, identity


LINKS, IDENTITY = _read()

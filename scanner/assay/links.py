"""Relations between resource types, each declared once in `tables/links_*.txt` and read here.

A line `aws_lambda_function vpc_config.subnet_ids -> aws_subnet` says that the value at that path names a resource of
the type (several types separated by `|`); `identity aws_s3_bucket bucket id arn` says which attributes name it.
"""

from __future__ import annotations

import os

_OWNERS = (
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController", "Rollout",
    "DeploymentConfig",
)  # fmt: skip
_PODS = {
    "Pod": "spec.",
    "CronJob": "spec.jobTemplate.spec.template.spec.",
    **dict.fromkeys(_OWNERS, "spec.template.spec."),
}
"""Where the pod spec of a kind of Kubernetes stands: `pods` in a table means all of them."""


_lines: dict[str, list[str]] = {}
_links: dict[str, dict[str, tuple[str, ...]]] = {}


def links_of(type_: str) -> dict[str, tuple[str, ...]]:
    """The paths of a type that name resources, each with the types it may name."""
    known = _links.get(type_)
    if known is None:
        known = _links[type_] = {}
        lines = _table()
        for below, found in (("", lines.get(type_, ())), (_PODS.get(type_), lines["pods"])):
            for line in found if below is not None else ():
                path, _arrow, targets = line.split()
                known[f"{below}{path}"] = tuple(targets.split("|"))
    return known


def identity_of(type_: str) -> tuple[str, ...]:
    """The attributes that name a resource of the type."""
    said = _table().get(f"identity {type_}")
    return tuple(said[-1].split()) if said else ("id", "arn", "name")


def types() -> tuple[list[str], list[str]]:
    """Every type that has a link declared, and every type whose names are."""
    words = list(_table())
    linked = [w for w in words if not w.startswith("identity ") and w != "pods"]
    return [*linked, *_PODS], [w.removeprefix("identity ") for w in words if w.startswith("identity ")]


def _table() -> dict[str, list[str]]:
    """What the tables say, by the first word of the line: a line is taken apart when its type is asked for."""
    if not _lines:
        folder = os.path.join(os.path.dirname(__file__), "tables")
        for name in sorted(os.listdir(folder)):
            if name.startswith("links_"):
                with open(os.path.join(folder, name), encoding="utf-8") as handle:
                    for line in handle:
                        word, _, rest = line.partition(" ")
                        if word == "identity":
                            type_, _, rest = rest.partition(" ")
                            word = f"identity {type_}"
                        if rest and word != "#":
                            _lines.setdefault(word, []).append(rest)
    return _lines

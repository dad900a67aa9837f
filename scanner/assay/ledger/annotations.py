"""Waivers that an object of Kubernetes carries itself: annotations reach where comments cannot, into a cluster.

`assay/allow: "rule-id, other-rule reason"` (one a line for several), Checkov's `checkov.io/skip1: CKV_K8S_8=reason`
and kube-linter's `ignore-check.kube-linter.io/<check>: reason`. Each is told as the comment it stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Remark
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource

OWN = "assay/allow"
_CHECKOV = "checkov.io/skip"
_KUBE_LINTER = "ignore-check.kube-linter.io/"
_IDS = pattern(r"\s*\[?\s*([a-z0-9*][a-z0-9*-]*(?:\s*,\s*[a-z0-9*][a-z0-9*-]*)*)\s*\]?\s*[:=-]?\s*(.*)")


def annotated(graph: Graph) -> Iterator[tuple[Resource, Remark]]:
    """Every annotation that waives something, as a comment would say it, with the object it stands on."""
    for type_ in graph.types:
        if type_[:1].isupper():
            for r in graph.all(type_):
                metadata = r.values.get("metadata")
                found = metadata.get("annotations") if isinstance(metadata, dict) else None
                for key, value in found.items() if isinstance(found, dict) else ():
                    if isinstance(value, str) and key.startswith((OWN, _CHECKOV, _KUBE_LINTER)):
                        for text in _comments(key, value):
                            yield r, _remark(r, key, text)


def _comments(key: str, value: str) -> Iterator[str]:
    if key == OWN:
        for line in filter(str.strip, value.splitlines() or [""]):
            match = _IDS.fullmatch(line)
            yield f"assay: allow[{match[1]}] {match[2]}" if match else "assay: allow"
    elif key.startswith(_CHECKOV):
        check, _, reason = value.partition("=")
        yield f"checkov:skip={check.strip()}:{reason}"
    elif key.startswith(_KUBE_LINTER):
        yield f"kube-linter:ignore={key.removeprefix(_KUBE_LINTER)}:{value}"


def _remark(r: Resource, key: str, text: str) -> Remark:
    place = r.origin.locate(("metadata", "annotations", key))
    return Remark(place.file, place.start_line, text, place.start_line, place.end_line)

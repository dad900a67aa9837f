"""Kubernetes: manifests, Terraform and clusters as one shape, the API object."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.model import Intake, Request

STDIN = "-"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"

# `apiVersion` alone is anybody's word; with a version like Kubernetes' it is a manifest, or a template of one.
_VERSION = pattern(rb"""["']?apiVersion["']?[ \t]*:\s*["']?(?:(?:[a-z0-9.-]+/)?v[0-9]|\{\{|\$\{)""")
_KIND = pattern(rb"^kind:[ \t]*[A-Z]\w+[ \t\r]*$", re.MULTILINE)
_METADATA = pattern(rb"^metadata:", re.MULTILINE)


class ManifestSource:
    """Reads manifests in YAML and JSON, kustomize overlays and Helm charts."""

    name = "manifest"
    trees = False

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        name = os.path.basename(path)
        if path == STDIN or name == CHART or name in KUSTOMIZATIONS:
            return True
        if not path.endswith((".yaml", ".yml", ".json")):
            return False
        return looks_like_manifest(head())

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        from assay.kubernetes.manifests import Estate

        Estate(request, paths, intake).run()

    def join(self, request: Request, intake: Intake) -> None:
        """Add the API objects that Terraform's `kubernetes_*` resources make."""
        if any(r.type.startswith(("kubernetes_", "kubectl_")) for r in intake.resources):
            from assay.kubernetes.terraform import left_out, objects

            for r, status, sentence in left_out(intake.resources):
                place = r.where()
                intake.coverage.input(place.file, status, sentence, place.start_line)
            intake.resources += list(objects(intake.resources))


def looks_like_manifest(start: bytes) -> bool:
    """True when the first bytes of a file are those of an API object, if not a whole one."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = start.replace(b"\0", b"")
    if b"apiVersion" in start:
        return (b"kind" in start or b"metadata" in start) and _VERSION.search(start) is not None
    return b"kind:" in start and _KIND.search(start) is not None and _METADATA.search(start) is not None

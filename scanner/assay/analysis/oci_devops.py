"""Paths through an OCI deploy pipeline: is there one on which nobody approves?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.naming import is_production
from assay.model import Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource

APPROVALS = ("MANUAL_APPROVAL", "OKE_CANARY_APPROVAL", "COMPUTE_INSTANCE_GROUP_CANARY_APPROVAL")
ENVIRONMENTS = (
    "oke_cluster_deploy_environment_id", "function_deploy_environment_id",
    "compute_instance_group_deploy_environment_id", "deploy_environment_id_a", "deploy_environment_id_b",
)  # fmt: skip
PREDECESSORS = "deploy_stage_predecessor_collection.items"


def is_ungated(stage: Resource, graph: Graph, start: Resource | None = None) -> bool:
    """True when a path leads to the stage without an approval, from `start` or else from the pipeline's beginning.

    Raises:
        Undetermined: no such path is certain, and one of the stages before it is unknown.
    """
    doubt: Unknown | None = None
    seen = {id(stage)}
    waiting = [stage]
    while waiting:
        current = waiting.pop()
        before = [p for item in current.each(PREDECESSORS) for p in graph.follow(item, "id")]
        if not before and start is None:
            return True
        for previous in before:
            if previous is start or (previous.type == "oci_devops_deploy_pipeline" and start is None):
                return True
            if previous.source == "uncollected":
                doubt = Unknown(f"the stage before {current.address} is not known: {previous.address}")
            elif id(previous) not in seen and previous.type != "oci_devops_deploy_pipeline":
                seen.add(id(previous))
                kind = previous.values.get("deploy_stage_type")
                if isinstance(kind, Unknown):
                    doubt = Unknown(f"the type of {previous.address}, before it, is not known: {kind.reason}")
                elif kind not in APPROVALS:
                    waiting.append(previous)
    if doubt is not None:
        raise Undetermined(doubt)
    return False


def ungated(stages: list[Resource], graph: Graph) -> Iterator[Resource]:
    """The stages that deploy to production on a path without an approval.

    Raises:
        Undetermined: at the end, when it is not known of one of the others.
    """
    doubt: Undetermined | None = None
    for stage in stages:
        targets = [environment for path in ENVIRONMENTS for environment in graph.follow(stage, path)]
        try:
            if targets and is_ungated(stage, graph) and any_of(targets, is_production):
                yield stage
        except Undetermined as unknown:
            doubt = doubt or unknown
    if doubt is not None:
        raise doubt

"""Paths through an OCI deploy pipeline: is there one on which nobody approves?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

APPROVALS = ("MANUAL_APPROVAL", "OKE_CANARY_APPROVAL", "COMPUTE_INSTANCE_GROUP_CANARY_APPROVAL")
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
                if not any(previous["deploy_stage_type"] == approval for approval in APPROVALS):
                    waiting.append(previous)
    if doubt is not None:
        raise Undetermined(doubt)
    return False

"""Paths through an OCI deploy pipeline: is there one on which nobody approves?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.naming import is_production
from assay.model import PartialList, Undetermined, Unknown, any_of

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
    doubt = ""
    seen = {(id(stage), True)}
    waiting = [(stage, "")]  # each with why it is not certain that nobody approves between it and the stage
    while waiting:
        current, unsure = waiting.pop()
        items = current.each(PREDECESSORS)
        named = [graph.follow(item, "id") for item in list.__iter__(items)]
        before = [previous for many in named for previous in list.__iter__(many)]
        more = next((many.unknown for many in (items, *named) if isinstance(many, PartialList)), None)
        if more is not None:  # what is here decides all the same
            doubt = f"what comes before {current.address} is not known: {more.reason}"
        reached = not before and more is None and start is None
        for previous in before:
            if previous is start or (previous.type == "oci_devops_deploy_pipeline" and start is None):
                reached = True
            elif previous.source == "uncollected":
                doubt = f"the stage before {current.address} is not known: {previous.address}"
            elif previous.type != "oci_devops_deploy_pipeline":
                waiting += _going_on(previous, unsure, seen)
        if reached and not unsure:
            return True
        doubt = unsure if reached else doubt
    if doubt:
        raise Undetermined(Unknown(doubt))
    return False


def _going_on(previous: Resource, unsure: str, seen: set[tuple[int, bool]]) -> list[tuple[Resource, str]]:
    """A stage to go on from, unless somebody approves in it or it was gone through with as much certainty."""
    kind = previous.values.get("deploy_stage_type")
    if isinstance(kind, Unknown):
        unsure = f"the type of {previous.address}, before it, is not known: {kind.reason}"
    elif kind in APPROVALS:
        return []
    if (id(previous), True) in seen or (id(previous), not unsure) in seen:
        return []
    seen.add((id(previous), not unsure))
    return [(previous, unsure)]


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

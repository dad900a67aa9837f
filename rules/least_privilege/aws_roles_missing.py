"""Roles that lack what their service needs."""

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.aws_events import grants_any
from assay.analysis.aws_granted import role_statements
from assay.analysis.state_machine import read
from assay.analysis.state_questions import needed_action


@rule(on="aws_sfn_state_machine", severity=MEDIUM, sources=["terraform", "plan", "aws"])
def aws_sfn_role_insufficient(machine: Resource, graph: Graph) -> Iterator[Finding]:
    """A state machine's role may do what its definition and its log need.

    ## Why
    A missing permission shows only when the state runs, perhaps after the charge and before the shipment.
    ## Fix
    Allow the action to the role, on the resource the task names.
    """
    needed = {action: s.name for s in read(machine, graph).tasks() if (action := needed_action(s)) != ""}
    if machine["logging_configuration.level"] not in (None, "OFF"):
        needed["logs:CreateLogDelivery"] = "the log"
    for role in graph.follow(machine, "role_arn"):
        granted = role_statements(role, graph)
        for action, who in needed.items():
            if not grants_any(granted, action):
                yield machine.fails(
                    f"{role} does not allow {action}, which {who} needs",
                    at="role_arn",
                    because=[role.where()],
                    key=action,
                )

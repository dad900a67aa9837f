"""Plans for a disaster that somebody has tried."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, any_of, rule


@rule(on="oci_disaster_recovery_dr_plan", severity=MEDIUM, controls=["nist-800-53r5:CP-4"])
def oci_dr_plan_not_drilled(plan: Resource, graph: Graph) -> Iterator[Finding]:
    """Disaster recovery plans are drilled.

    ## Why
    A plan that was never run fails at the first step that has changed since it was written.
    ## Fix
    Run the plan as a drill, with an `oci_disaster_recovery_dr_plan_execution` of type `START_DRILL`.
    """
    drills = graph.users(plan, "oci_disaster_recovery_dr_plan_execution")
    if not any_of(drills, lambda run: run["execution_options.plan_execution_type"] == "START_DRILL"):
        yield plan.fails("no drill of the plan")

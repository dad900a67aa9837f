"""Plans for a disaster that somebody has tried."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, any_of, rule


def _drilled(plan: Resource, graph: Graph) -> bool:
    """True when a drill was run by the plan, and did not fail. Only a plan of type START_DRILL can be run as one."""
    return any_of(
        graph.users(plan, "oci_disaster_recovery_dr_plan_execution"),
        lambda run: (
            run["execution_options.plan_execution_type"] == "START_DRILL"
            and run["state"] not in ("FAILED", "CANCELING", "CANCELED")
        ),
    )


@rule(on="oci_disaster_recovery_dr_plan", severity=MEDIUM, controls=["nist-800-53r5:CP-4"])
def oci_dr_plan_not_drilled(plan: Resource, graph: Graph) -> Iterator[Finding]:
    """Disaster recovery plans are drilled.

    ## Why
    A plan that was never run fails at the first step that has changed since it was written.
    ## Fix
    Run a plan of type `START_DRILL` of the same protection group, with an `oci_disaster_recovery_dr_plan_execution`.
    """
    group = plan["dr_protection_group_id"]
    plans = [plan] if group == None else graph.beside(plan, "oci_disaster_recovery_dr_plan")
    if not any_of(plans, lambda one: _drilled(one, graph) and one["dr_protection_group_id"] == group):
        yield plan.fails("no drill succeeded of the plan, or of another one of its group")

from collections.abc import Iterator

from assay import INFO, LOW, Finding, Graph, Resource, rule


def _balanced(group: Resource, graph: Graph) -> bool:
    """Whether a load balancer sends the group its requests, by an attribute or by a separate attachment."""
    if group["load_balancers"] or group["target_group_arns"] or group.each("traffic_source"):
        return True
    attachments = ("aws_autoscaling_attachment", "aws_autoscaling_traffic_source_attachment")
    return any(bool(graph.users(group, t)) for t in attachments)


@rule(
    on="aws_autoscaling_group",
    severity=LOW,
    controls=["nist-800-53r5:SI-13"],
    equivalents=[
        "CKV2_AWS_15",
        "prowler:autoscaling_group_elb_health_check_enabled",
        "steampipe-aws:autoscaling_group_with_lb_use_health_check",
    ],
    fixable=True,
)
def aws_autoscaling_no_health_check(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Groups behind a load balancer replace instances that it finds unhealthy.

    ## Why
    By default an instance whose program hangs keeps its place as long as the machine itself answers.
    ## Fix
    Set `health_check_type = "ELB"`.
    """
    if group["health_check_type"] != "ELB" and _balanced(group, graph):
        mend = group.set("health_check_type", "ELB", safe=False)
        yield group.fails("the load balancer's health check is not used", at="health_check_type", fix=mend)


@rule(
    on="aws_autoscaling_group",
    severity=INFO,
    controls=["nist-800-53r5:CP-10"],
    equivalents=["kics:8e94dced"],
)
def aws_autoscaling_no_load_balancer(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Scaling groups stand behind a load balancer.

    ## Why
    Clients that know an instance by its address lose it when the group scales in or replaces it.
    ## Fix
    Set `target_group_arns`, or attach the group to a target group.
    """
    if not _balanced(group, graph):
        yield group.fails("no load balancer is attached to this group")

from collections.abc import Iterator

from assay import INFO, LOW, MEDIUM, Finding, Graph, Resource, rule, show
from assay.analysis.aws_network import zones_of


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
    checked = group["health_check_type"]  # an account tells several, separated by commas
    if (checked == None or "ELB" not in checked) and _balanced(group, graph):
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


@rule(
    on="aws_autoscaling_group",
    severity=INFO,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "prowler:autoscaling_group_capacity_rebalance_enabled",
        "steampipe-aws:autoscaling_group_no_suspended_process",
    ],
)
def aws_autoscaling_no_rebalance(group: Resource) -> Iterator[Finding]:
    """Groups replace spot instances before they are taken away, and none of their processes is suspended.

    Rebalancing concerns groups that use spot instances, so only these are judged for it.

    ## Why
    AWS warns two minutes before it takes a spot instance: without rebalancing the replacement starts afterwards. A
    process that somebody suspended for an hour stays so for years.
    ## Fix
    Set `capacity_rebalance = true`; resume the process.
    """
    suspended = group["suspended_processes"]
    if suspended:
        yield group.fails(f"{', '.join(suspended)} is suspended", at="suspended_processes", key="suspended")
    share = "mixed_instances_policy.instances_distribution.on_demand_percentage_above_base_capacity"
    if group.absent("mixed_instances_policy") or group[share] in (None, 100, "100"):
        return
    if group["capacity_rebalance"] != True:
        yield group.fails("spot instances are replaced when they are gone", at="capacity_rebalance", key="rebalance")


@rule(
    on="aws_autoscaling_group",
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-2", "nist-800-53r5:SC-36"],
    equivalents=[
        "prowler:autoscaling_group_multiple_az",
        "prowler:autoscaling_group_multiple_instance_types",
        "steampipe-aws:autoscaling_group_multiple_az_configured",
        "steampipe-aws:autoscaling_use_multiple_instance_types_in_multiple_az",
    ],
)
def aws_autoscaling_single_zone(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Groups may start instances in several zones, and of several types where they use a mixture.

    A group with one launch template has one type by design, and is judged by its zones only.

    ## Why
    A zone that fails, or has no more machines of the type, takes the whole group with it.
    ## Fix
    Name subnets of several zones in `vpc_zone_identifier`, and several types in `override`.
    """
    zones = group["availability_zones"]
    if not group["vpc_zone_identifier"]:
        if zones != None and len(zones) == 1:
            yield group.fails(f"all of it stands in {show(zones[0])}", at="availability_zones", key="zone")
    elif len(group["vpc_zone_identifier"]) == 1:
        yield group.fails("one subnet is named, so one zone", at="vpc_zone_identifier", key="zone")
    elif len(found := zones_of(graph.follow(group, "vpc_zone_identifier"))) == 1:
        yield group.fails(f"all its subnets lie in {', '.join(found)}", at="vpc_zone_identifier", key="zone")
    for mixture in group.each("mixed_instances_policy.launch_template"):
        overrides = mixture.each("override")
        if len(overrides) == 1 and overrides[0].absent("instance_requirements"):
            yield mixture.fails("the mixture has one type", at="override", key="type")

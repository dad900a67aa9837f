from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, require, rule

require(
    "aws-elb-no-deletion-protection",
    on=["aws_lb", "aws_alb"],
    path="enable_deletion_protection",
    equals=True,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_150",
        "kics:afecd1f1",
        "prowler:elbv2_deletion_protection",
        "steampipe-aws:elb_application_lb_deletion_protection_enabled",
    ],
    title="Load balancers are protected from deletion.",
    why="A deleted balancer takes its address and name with it: everything that points there breaks.",
)


@rule(
    on=["aws_elb", "aws_lb", "aws_alb"],
    severity=LOW,
    controls=["nist-800-53r5:SC-5"],
    equivalents=[
        "CKV_AWS_138",
        "CKV_AWS_152",
        "prowler:elb_cross_zone_load_balancing_enabled",
        "prowler:elbv2_cross_zone_load_balancing_enabled",
        "steampipe-aws:elb_classic_lb_cross_zone_load_balancing_enabled",
    ],
    fixable=True,
)
def aws_elb_no_cross_zone(balancer: Resource) -> Iterator[Finding]:
    """Load balancers spread requests over all zones.

    ## Why
    Otherwise each zone gets an equal share, whether one instance works there or ten.
    ## Fix
    Turn on `cross_zone_load_balancing` (classic) or `enable_cross_zone_load_balancing` (network, gateway).
    """
    if balancer.type == "aws_elb":
        path = "cross_zone_load_balancing"
        off = balancer[path] == False
    elif balancer["load_balancer_type"] in (None, "application"):
        return  # always on
    else:
        path = "enable_cross_zone_load_balancing"
        off = balancer[path] != True
    if off:
        yield balancer.fails("requests stay in the zone where they arrive", at=path, fix=balancer.set(path, True))


@rule(
    on=["aws_elb", "aws_lb", "aws_alb"],
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "prowler:elb_is_in_multiple_az",
        "prowler:elbv2_is_in_multiple_az",
        "steampipe-aws:elb_classic_lb_multiple_az_configured",
        "steampipe-aws:elb_application_gateway_network_lb_multiple_az_configured",
    ],
)
def aws_elb_single_zone(balancer: Resource) -> Iterator[Finding]:
    """Load balancers stand in at least two zones.

    ## Why
    A balancer in one zone is as available as that zone, however many zones its targets are in.
    ## Fix
    Name subnets of at least two zones.
    """
    for path in ("subnets", "subnet_mapping", "availability_zones"):
        if not balancer.absent(path) and len(balancer[path]) < 2:
            yield balancer.fails(f"{path} names fewer than two", at=path)


require(
    "aws-target-group-no-health-check",
    on=["aws_lb_target_group", "aws_alb_target_group"],
    path="health_check.path",
    present=True,
    when=lambda r: r["protocol"] in ("HTTP", "HTTPS"),
    severity=LOW,
    controls=["nist-800-53r5:SI-13"],
    equivalents=["CKV_AWS_261"],
    title="Web target groups check a page of their own.",
    why="The default asks for the front page, which may answer while what it needs is down, or redirect for ever.",
)

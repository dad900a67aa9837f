"""What stands in one zone only, and lines of which one is down."""

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.aws_network import zones_of


@rule(
    on="aws_lambda_function",
    severity=LOW,
    controls=["nist-800-53r5:CP-2", "nist-800-53r5:SC-36"],
    equivalents=[
        "prowler:awslambda_function_vpc_multi_az",
        "steampipe-aws:lambda_function_multiple_az_configured",
    ],
)
def aws_lambda_single_zone(function: Resource, graph: Graph) -> Iterator[Finding]:
    """Functions in a VPC have subnets of several zones.

    ## Why
    Lambda itself runs in all zones; with subnets of one it stops with that one.
    ## Fix
    Name a subnet of a second zone in `vpc_config.subnet_ids`.
    """
    named = function["vpc_config.subnet_ids"]
    if not named:
        return
    if len(named) == 1:
        yield function.fails("one subnet is named, so one zone", at="vpc_config.subnet_ids")
    elif len(zones := zones_of(graph.follow(function, "vpc_config.subnet_ids"))) == 1:
        yield function.fails(f"all its subnets lie in {', '.join(zones)}", at="vpc_config.subnet_ids")


@rule(
    on=["aws_vpc_endpoint", "aws_subnet"],
    severity=LOW,
    controls=["nist-800-53r5:CP-2", "nist-800-53r5:SC-36"],
    equivalents=[
        "prowler:vpc_endpoint_multi_az_enabled",
        "prowler:vpc_subnet_different_az",
        "steampipe-aws:vpc_subnet_multi_az_enabled",
    ],
)
def aws_vpc_single_zone(r: Resource, graph: Graph) -> Iterator[Finding]:
    """Networks have subnets in several zones, and endpoints an address in each.

    Of the subnets of a network that all lie in one zone the first is named; an interface endpoint is judged by its own.

    ## Why
    A zone that fails takes everything in the network along, and nothing can be started elsewhere.
    ## Fix
    Add subnets in a second zone, and name them in the endpoint's `subnet_ids`.
    """
    if r.type == "aws_vpc_endpoint":
        named = r["subnet_ids"] if r["vpc_endpoint_type"] == "Interface" else None
        if named and len(named) == 1:
            yield r.fails("the endpoint has an address in one zone", at="subnet_ids")
        elif named and len(zones := zones_of(graph.follow(r, "subnet_ids"))) == 1:
            yield r.fails(f"all its addresses lie in {', '.join(zones)}", at="subnet_ids")
        return
    for vpc in graph.follow(r, "vpc_id"):
        subnets = graph.users(vpc, "aws_subnet")
        if next(list.__iter__(subnets), r) != r:
            continue  # the first one of which it is certain that it is there
        beside = list(subnets)
        if beside and len(zones := zones_of(beside)) == 1:
            yield r.fails(f"all subnets of {vpc} lie in {', '.join(zones)}", at="availability_zone")


@rule(
    on="aws_vpn_connection",
    sources=("aws",),
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-8"],
    equivalents=["prowler:vpc_vpn_connection_tunnels_up", "steampipe-aws:vpc_vpn_tunnel_up"],
)
def aws_vpn_tunnel_down(vpn: Resource) -> Iterator[Finding]:
    """Both tunnels of a VPN are up.

    ## Why
    AWS takes one down for maintenance without asking: with the other one already down the offices are cut off.
    ## Fix
    Set up the second tunnel on the customer's device, and watch `TunnelState`.
    """
    tunnels = vpn.each("vgw_telemetry")
    down = [t for t in tunnels if t["status"] != "UP"]
    for tunnel in down:
        more = f": {tunnel['status_message']}" if tunnel["status_message"] else ""
        yield tunnel.fails(f"the tunnel to {tunnel['outside_ip_address']} is down{more}", at="status")

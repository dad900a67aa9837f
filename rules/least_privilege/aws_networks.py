"""Connections between networks and accounts: no wider than needed."""

from collections.abc import Iterator

from assay import MEDIUM, Block, Finding, Resource, require, rule, show
from assay.analysis.aws_network import wider_than_vpc
from assay.analysis.parts import one_by_one

require(
    "aws-transit-gateway-auto-accept",
    on="aws_ec2_transit_gateway",
    path="auto_accept_shared_attachments",
    not_equals="enable",
    default="disable",
    title="Transit gateways do not accept attachments by themselves.",
    why="Any account the gateway is shared with can then connect a network of its own, and route into the others.",
    fix='Set `auto_accept_shared_attachments = "disable"`.',
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-4"],
    equivalents=[
        "CKV_AWS_331",
        "prowler:ec2_transitgateway_auto_accept_vpc_attachments",
        "steampipe-aws:ec2_transit_gateway_auto_cross_account_attachment_disabled",
    ],
)
require(
    "aws-vpc-endpoint-service-auto-accept",
    on="aws_vpc_endpoint_service",
    path="acceptance_required",
    equals=True,
    title="Endpoint services accept each connection by hand.",
    why="Otherwise every permitted principal connects without anybody looking.",
    severity=MEDIUM,
    controls=["nist-800-53r5:AC-4"],
    equivalents=["CKV_AWS_123", "steampipe-aws:vpc_endpoint_service_acceptance_required_enabled"],
)


@rule(
    on=["aws_route_table", "aws_default_route_table", "aws_route"],
    severity=MEDIUM,
    controls=["cis-aws-1.2:4.4", "cis-aws-1.4:5.4", "cis-aws-7.0:6.6", "nist-800-53r5:AC-4"],
    equivalents=[
        "CKV2_AWS_44",
        "prowler:vpc_peering_routing_tables_with_least_privilege",
        "steampipe-aws:vpc_peering_connection_route_table_least_privilege",
    ],
)
def aws_peering_route_too_broad(r: Resource) -> Iterator[Finding]:
    """Routes through a peering connection cover the peer's addresses, not more.

    ## Why
    A wide route sends traffic for other networks to the peer, and lets replies to it find their way in.
    ## Fix
    Use the peer VPC's CIDR blocks, or those of its subnets. A VPC's block is never larger than /16.
    """
    names = ("cidr_block", "ipv6_cidr_block")
    if r.type == "aws_route":
        yield from peered(r, tuple(f"destination_{name}" for name in names))
    else:
        yield from one_by_one(r.each("route"), lambda route: peered(route, names))


def peered(route: Resource | Block, names: tuple[str, ...]) -> Iterator[Finding]:
    """A finding when a route to a peer is wider than a VPC can be."""
    if route["vpc_peering_connection_id"] in (None, ""):
        return
    for name in names:
        if route[name] not in (None, "") and wider_than_vpc(route[name]):
            yield route.fails(f"the route to the peer covers {show(route[name])}", at=name)

"""Network firewalls: where there is one, traffic cannot go round it."""

from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Graph, Resource, any_of, require, rule
from assay.analysis.firewalls import AWS, internet_paths


@rule(
    on="aws_vpc",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    equivalents=[
        "kics:fd632aaf",
        "prowler:networkfirewall_in_all_vpc",
        "steampipe-aws:networkfirewall_firewall_in_vpc",
    ],
)
def aws_vpc_no_network_firewall(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """VPCs with a way to the internet have a network firewall.

    ## Why
    Security groups know addresses and ports only; what leaves to an allowed port goes anywhere, to any domain, unseen.
    ## Fix
    Route the internet traffic of the VPC through an `aws_networkfirewall_firewall`.
    """
    if not graph.users(vpc, "aws_internet_gateway") and not graph.users(vpc, "aws_internet_gateway_attachment"):
        return
    balanced = any_of(
        graph.users(vpc, "aws_vpc_endpoint"), lambda endpoint: endpoint["vpc_endpoint_type"] == "GatewayLoadBalancer"
    )
    if not balanced and not graph.users(vpc, "aws_networkfirewall_firewall"):
        yield vpc.fails("the VPC has an internet gateway and no network firewall")


@rule(on="aws_vpc", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def aws_firewall_bypass(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """Where there is a network firewall, every path to and from the internet passes it.

    ## Why
    One subnet with its own default route to the internet gateway makes the firewall's rules, and its logs, optional.
    The same holds of a spoke with a gateway of its own beside an inspection VPC.
    ## Fix
    Point the subnet's default route at the firewall's endpoint or at the transit gateway, and give the internet gateway
    a route table that sends the subnet's addresses to the endpoint too.
    """
    for past in internet_paths(vpc, graph, AWS):
        yield past.finding(vpc)


require(
    "aws-network-firewall-unprotected",
    on="aws_networkfirewall_firewall",
    path="subnet_change_protection",
    equals=True,
    default=False,
    severity=LOW,
    controls=["nist-800-53r5:CM-5"],
    equivalents=["steampipe-aws:networkfirewall_firewall_subnet_change_protection_enabled"],
    title="The subnets of a firewall cannot be changed by mistake.",
    why="Traffic of a zone whose endpoint is taken away goes nowhere, or past the firewall.",
)

"""Network firewalls: where there is one, traffic cannot go round it."""

from collections.abc import Iterator

from assay import HIGH, LOW, Finding, Graph, Resource, rule
from assay.analysis.aws_network import firewall_subnets, way_to_internet


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
    if not firewall_subnets(vpc, graph) and not graph.users(vpc, "aws_networkfirewall_firewall"):
        yield vpc.fails("the VPC has an internet gateway and no network firewall")


@rule(on="aws_vpc", severity=HIGH, controls=["nist-800-53r5:SC-7"])
def aws_firewall_bypass(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """Where a VPC has a firewall, every path to and from the internet passes it.

    ## Why
    One subnet with its own default route to the internet gateway makes the firewall's rules, and its logs, optional.
    ## Fix
    Point the subnet's default route at the firewall's endpoint, and give the internet gateway a route table that sends
    the subnet's addresses there too.
    """
    guards = firewall_subnets(vpc, graph)
    if not guards:
        return
    for subnet in graph.users(vpc, "aws_subnet"):
        if subnet in guards:
            continue
        way = way_to_internet(subnet, graph)
        if way:
            yield vpc.fails(f"{subnet} reaches the internet without the firewall", because=way, key=str(subnet))

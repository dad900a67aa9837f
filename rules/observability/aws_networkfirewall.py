from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule


@rule(
    on="aws_networkfirewall_firewall",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-12"],
    equivalents=[
        "CKV2_AWS_63",
        "prowler:networkfirewall_logging_enabled",
        "steampipe-aws:networkfirewall_firewall_logging_enabled",
    ],
)
def aws_network_firewall_no_log(firewall: Resource, graph: Graph) -> Iterator[Finding]:
    """Network firewalls log what they see and refuse.

    ## Why
    A firewall whose alerts nobody receives blocks in silence, and lets pass in silence.
    ## Fix
    Declare an `aws_networkfirewall_logging_configuration` for the firewall.
    """
    if not graph.users(firewall, "aws_networkfirewall_logging_configuration"):
        yield firewall.fails("no logging configuration names this firewall")

"""What is kept of instances and of the traffic between them."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.oci_logging import logged


@rule(
    on="oci_core_instance",
    severity=LOW,
    controls=["nist-800-53r5:SI-4"],
    equivalents=[
        "CKV_OCI_6",
        "steampipe-oci-thrifty:compute_instance_monitoring_enabled",
        "steampipe-tf-oci:compute_instance_monitoring_enabled",
    ],
)
def oci_instance_monitoring_off(instance: Resource) -> Iterator[Finding]:
    """Instances report their metrics.

    ## Why
    Without the agent nobody sees a machine that is full, idle or mining for somebody else.
    ## Fix
    Leave `is_monitoring_disabled` and `are_all_plugins_disabled` false.
    """
    for path in ("agent_config.is_monitoring_disabled", "agent_config.are_all_plugins_disabled"):
        if instance[path] == True:
            yield instance.fails("the instance reports no metrics", at=path, fix=instance.set(path, False))


@rule(
    on="oci_core_subnet",
    severity=MEDIUM,
    controls=["cis-oci-3.1:4.13", "cis-oci-3.0:4.13", "nist-800-53r5:AU-12", "nist-800-53r5:SI-4"],
    equivalents=["prowler:network_vcn_subnet_flow_logs_enabled", "cis_reports:LAM-13", "steampipe-oci:cis_v300_4_13"],
)
def oci_vcn_no_flow_log(subnet: Resource, graph: Graph) -> Iterator[Finding]:
    """The traffic of subnets is logged.

    ## Why
    After an intrusion the flow log is what tells where it came from and where it went.
    ## Fix
    Add an enabled `oci_logging_log` of service `flowlogs`, with the subnet or its VCN as its resource.
    """
    ways = (
        lambda: logged(subnet, graph, "flowlogs"),
        lambda: any_of(graph.follow(subnet, "vcn_id"), lambda vcn: logged(vcn, graph, "flowlogs")),
    )
    if not any_of(ways, lambda way: way()):
        yield subnet.fails("no flow log records its traffic")

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, rule

_DOMAINS = ["aws_elasticsearch_domain", "aws_opensearch_domain"]


def _count(domain: Resource, name: str, default: int) -> int:
    """How many nodes there are; text that is no number is what Terraform would refuse, and counts as not written."""
    written = str(domain[f"cluster_config.{name}"])
    return int(written) if written.isdigit() else default


@rule(
    on=_DOMAINS,
    severity=LOW,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "CKV_AWS_318",
        "CKV2_AWS_59",
        "prowler:opensearch_service_domains_fault_tolerant_master_nodes",
        "steampipe-aws:es_domain_dedicated_master_nodes_min_3",
    ],
)
def aws_opensearch_no_dedicated_master(domain: Resource) -> Iterator[Finding]:
    """OpenSearch domains have three dedicated masters.

    ## Why
    Data nodes that also lead the cluster lose both under load; two masters cannot agree without each other.
    ## Fix
    Set `dedicated_master_enabled = true` and `dedicated_master_count = 3`.
    """
    if domain["cluster_config.dedicated_master_enabled"] != True:
        yield domain.fails("it has no dedicated masters", at="cluster_config.dedicated_master_enabled")
    elif _count(domain, "dedicated_master_count", 3) < 3:
        yield domain.fails("it has fewer than three masters", at="cluster_config.dedicated_master_count")


@rule(
    on=_DOMAINS,
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-10"],
    equivalents=[
        "prowler:opensearch_service_domains_fault_tolerant_data_nodes",
        "steampipe-aws:es_domain_data_nodes_min_3",
        "steampipe-aws:opensearch_domain_data_node_fault_tolerance",
    ],
)
def aws_opensearch_single_zone(domain: Resource) -> Iterator[Finding]:
    """OpenSearch domains have three data nodes or more, over several zones.

    ## Why
    With fewer nodes, or all in one zone, a single failure leaves indexes without a copy.
    ## Fix
    Set `instance_count` to 3 or more and `zone_awareness_enabled = true`.
    """
    if domain["cluster_config.multi_az_with_standby_enabled"] == True:
        return
    if _count(domain, "instance_count", 1) < 3:
        yield domain.fails("it has fewer than three data nodes", at="cluster_config.instance_count")
    elif domain["cluster_config.zone_awareness_enabled"] != True:
        yield domain.fails("its nodes are in one zone", at="cluster_config.zone_awareness_enabled")


@rule(
    on="aws_opensearch_domain",
    sources=("aws",),
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=[
        "prowler:opensearch_service_domains_updated_to_the_latest_service_software_version",
        "steampipe-aws:opensearch_domain_updated_with_latest_service_software_version",
    ],
)
def aws_opensearch_old_software(domain: Resource) -> Iterator[Finding]:
    """Search domains run the current service software.

    ## Why
    It carries the fixes of AWS; one that waits too long is installed when AWS chooses.
    ## Fix
    Start the update, or set `software_update_options { auto_software_update_enabled = true }`.
    """
    if domain["update_available"] == True:
        yield domain.fails("an update of the service software waits", at="update_available")

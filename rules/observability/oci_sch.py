"""What of the logs leaves the tenancy, for somebody else to keep and watch."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Block, Finding, Graph, Resource, any_of, rule
from assay.analysis.oci_logging import carries, is_first_of_logs, moves_logs, takes_audit
from assay.analysis.oci_tenancy import is_tenancy


@rule(
    on="oci_sch_service_connector",
    each="source.log_sources",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-6", "nist-800-53r5:AU-12"],
    equivalents=["cis_reports:OBP:SIEM_Audit_Incl_Sub_Comp"],
)
def oci_siem_audit_excludes_compartments(source: Block, graph: Graph) -> Iterator[Finding]:
    """An audit source at the root includes the compartments below.

    ## Why
    `_Audit` of the root holds what happened in the root: nearly nothing. What matters happened below.
    ## Fix
    Set `log_group_id = "_Audit_Include_Subcompartment"`.
    """
    if takes_audit(source, graph, "_Audit") and is_tenancy(source["compartment_id"]):
        yield source.fails("the audit of the root only, without its compartments", at="log_group_id")


def _takes(connector: Resource, graph: Graph) -> bool:
    return any_of(connector.each("source.log_sources"), lambda source: takes_audit(source, graph))


@rule(
    on="oci_sch_service_connector",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-6", "nist-800-53r5:AU-9(2)"],
    equivalents=["cis_reports:OBP:SIEM_Audit_Log_All_Comps"],
)
def oci_siem_no_audit_log(connector: Resource, graph: Graph) -> Iterator[Finding]:
    """The audit log is copied out of the tenancy.

    ## Why
    Who has taken over the tenancy cannot change a copy that lies elsewhere.
    ## Fix
    Add a connector with `_Audit_Include_Subcompartment` as its log source.
    """
    if is_first_of_logs(connector, graph):
        connectors = graph.beside(connector, "oci_sch_service_connector")
        if not any_of(connectors, lambda c: moves_logs(c) and _takes(c, graph)):
            yield connector.fails("no connector here takes the audit log", at="source")


@rule(
    on="oci_sch_service_connector",
    severity=LOW,
    controls=["nist-800-53r5:AU-6"],
    equivalents=["cis_reports:OBP:SIEM_Read_Bucket_Logs"],
)
def oci_siem_no_bucket_read_log(connector: Resource, graph: Graph) -> Iterator[Finding]:
    """Read logs of buckets are copied out.

    ## Why
    They tell what was taken.
    ## Fix
    Name the read logs of the buckets, or their log group, in a connector's log sources.
    """
    if is_first_of_logs(connector, graph) and not carries(connector, graph, "objectstorage", "read"):
        yield connector.fails("no connector here carries the read logs of buckets", at="source")


@rule(
    on="oci_sch_service_connector",
    severity=MEDIUM,
    controls=["nist-800-53r5:AU-6"],
    equivalents=["cis_reports:OBP:SIEM_Write_Bucket_Logs"],
)
def oci_siem_no_bucket_write_log(connector: Resource, graph: Graph) -> Iterator[Finding]:
    """Write logs of buckets are copied out.

    ## Why
    They tell what was changed or deleted, and by whom.
    ## Fix
    Name the write logs of the buckets, or their log group, in a connector's log sources.
    """
    if is_first_of_logs(connector, graph) and not carries(connector, graph, "objectstorage", "write"):
        yield connector.fails("no connector here carries the write logs of buckets", at="source")


@rule(
    on="oci_sch_service_connector",
    severity=LOW,
    controls=["nist-800-53r5:AU-6"],
    equivalents=["cis_reports:OBP:SIEM_VCN_Flow_Logging"],
)
def oci_siem_no_flow_log(connector: Resource, graph: Graph) -> Iterator[Finding]:
    """Flow logs are copied out.

    ## Why
    They tell which machines spoke to which, and for how long already.
    ## Fix
    Name the flow logs, or their log group, in a connector's log sources.
    """
    if is_first_of_logs(connector, graph) and not carries(connector, graph, "flowlogs"):
        yield connector.fails("no connector here carries the flow logs", at="source")

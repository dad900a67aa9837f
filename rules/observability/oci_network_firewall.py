"""What is kept of what the firewall saw."""

from __future__ import annotations

from collections.abc import Iterator

from assay import MEDIUM, Finding, Graph, Resource, rule
from assay.analysis.oci_logging import logged_as

LOGS = {"threat": "threatlog", "traffic": "trafficlog"}


@rule(
    on="oci_network_firewall_network_firewall", severity=MEDIUM, controls=["nist-800-53r5:AU-2", "nist-800-53r5:AU-12"]
)
def oci_firewall_no_log(firewall: Resource, graph: Graph) -> Iterator[Finding]:
    """Network firewalls write a threat log and a traffic log.

    ## Why
    An intrusion that was stopped, or was not, is seen in these logs and nowhere else.
    ## Fix
    Add an enabled `oci_logging_log` for each of `threatlog` and `trafficlog`, with the firewall as its resource.
    """
    missing = [name for name, category in LOGS.items() if not logged_as(firewall, graph, category)]
    if missing:
        yield firewall.fails(f"no enabled {' and '.join(missing)} log")

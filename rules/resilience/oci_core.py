"""Volumes, instances and tunnels that survive the loss of one part."""

from __future__ import annotations

from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Graph, Resource, any_of, rule
from assay.analysis.naming import is_critical

ASSIGNMENT = "oci_core_volume_backup_policy_assignment"


def _has_policy(one: Resource, graph: Graph) -> bool:
    """True when a volume, or a group of them, is itself given to a backup policy."""
    ways = (lambda: not one.absent("backup_policy_id"), lambda: graph.users(one, ASSIGNMENT))
    return any_of(ways, lambda way: way())


def _group_has_policy(volume: Resource, graph: Graph) -> bool:
    return any_of(graph.users(volume, "oci_core_volume_group"), lambda group: _has_policy(group, graph))


@rule(
    on=["oci_core_volume", "oci_core_boot_volume"],
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-9"],
    equivalents=["CKV_OCI_2", "steampipe-tf-oci:blockstorage_block_volume_backup_enabled"],
)
def oci_volume_no_backup_policy(volume: Resource, graph: Graph) -> Iterator[Finding]:
    """Volumes are backed up on a schedule.

    ## Why
    Backups that somebody makes by hand are the ones that are missing.
    ## Fix
    Set `backup_policy_id`, or add an `oci_core_volume_backup_policy_assignment` for the volume or its volume group.
    """
    if not any_of((_has_policy, _group_has_policy), lambda has: has(volume, graph)):
        yield volume.fails("no backup policy", at="backup_policy_id")


def _critical_volumes(policy: Resource, graph: Graph) -> Iterator[Resource]:
    """The critical volumes that the policy backs up."""
    volumes = [v for t in ("oci_core_volume", "oci_core_boot_volume") for v in graph.users(policy, t)]
    volumes += [v for a in graph.users(policy, ASSIGNMENT) for v in graph.follow(a, "asset_id")]
    for volume in volumes:
        if volume.source != "uncollected" and is_critical(volume):
            yield volume


@rule(on="oci_core_volume_backup_policy", severity=LOW, controls=["nist-800-53r5:CP-6", "nist-800-53r5:CP-9"])
def oci_volume_backup_single_region(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """Backups of critical volumes are copied to another region.

    ## Why
    A backup that lies beside what it protects is lost with it.
    ## Fix
    Set `destination_region` on the backup policy.
    """
    if policy.absent("destination_region"):
        for volume in _critical_volumes(policy, graph):
            yield policy.fails(f"{volume} is critical, and its backups stay in its region", at="destination_region")
            return


@rule(
    on=["oci_core_ipsec", "oci_core_ipsec_connection_tunnel_management"],
    severity=LOW,
    equivalents=["cis_reports:OBP:Networking_IPSec_bgp"],
)
def oci_ipsec_static_routing(connection: Resource, graph: Graph) -> Iterator[Finding]:
    """Tunnels route by BGP.

    ## Why
    Static routes keep sending into a tunnel that is down; BGP notices, and takes the other one.
    ## Fix
    Set `routing = "BGP"` with `bgp_session_info` on every tunnel.
    """
    if connection.type == "oci_core_ipsec":
        if not graph.users(connection, "oci_core_ipsec_connection_tunnel_management"):
            yield connection.fails("its tunnels keep their default, static routing", at="static_routes")
    elif connection["routing"] != "BGP":
        yield connection.fails("the tunnel does not route by BGP", at="routing")


@rule(
    on="oci_core_drg",
    sources=("oci",),
    severity=LOW,
    controls=["nist-800-53r5:CP-8"],
    equivalents=["cis_reports:OBP:Networking_Redudancy"],
)
def oci_network_single_link(drg: Resource) -> Iterator[Finding]:
    """A site is joined by more than one link.

    ## Why
    One cable, one device or one maintenance window then cuts the site off.
    ## Fix
    Add a second virtual circuit or IPSec connection, over another device and provider.
    """
    status = drg["redundancy_status"]
    if status != None and status.startswith("NOT_REDUNDANT_SINGLE"):
        yield drg.fails(f"one link only ({status})", at="redundancy_status")


@rule(
    on="oci_core_ipsec",
    sources=("oci",),
    severity=MEDIUM,
    controls=["nist-800-53r5:CP-8"],
    equivalents=["cis_reports:OBP:Networking_IPSec_connections"],
)
def oci_ipsec_single_tunnel(connection: Resource, graph: Graph) -> Iterator[Finding]:
    """Two tunnels of an IPSec connection are up.

    ## Why
    Oracle keeps one of its two ends in maintenance now and then: with one tunnel up, that is an outage.
    ## Fix
    Configure both tunnels on your device.
    """
    tunnels = graph.users(connection, "oci_core_ipsec_connection_tunnel_management")
    up = [tunnel for tunnel in tunnels if tunnel["status"] == "UP"]
    if len(up) < 2:
        yield connection.fails(f"{len(up)} of its tunnels are up", because=[t.where("status") for t in tunnels])

"""Databases that only their own network reaches."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, LOW, MEDIUM, Block, Finding, Resource, any_of, as_list, require, rule, show
from assay.analysis.network import is_anywhere
from assay.analysis.oci_network import whitelist_entry

require(
    "oci-adb-no-network-security-group",
    severity=LOW,
    controls=["nist-800-53r5:SC-7"],
    on="oci_database_autonomous_database",
    path="nsg_ids",
    present=True,
    when=lambda database: not database.absent("subnet_id"),
    title="Private endpoints of autonomous databases are in a network security group.",
    why="Without a group everything that its subnet's security lists admit reaches the database.",
)


@rule(
    on="oci_database_autonomous_database",
    severity=HIGH,
    controls=["cis-oci-3.1:2.8", "cis-oci-3.0:2.8", "nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:database_autonomous_database_access_restricted",
        "cis_reports:OBP:ADB_Private_IP",
        "cis_reports:NTW-8",
        "steampipe-oci:cis_v300_2_8",
    ],
)
def oci_adb_public_endpoint(database: Resource) -> Iterator[Finding]:
    """Autonomous databases have a private endpoint, or admit named addresses only.

    ## Why
    Without either, the database listens to the whole internet, and a password is all that stands between.
    ## Fix
    Set `subnet_id` for a private endpoint, or list the addresses of its clients in `whitelisted_ips`.
    """
    if database["is_dedicated"] == True:
        if database["is_access_control_enabled"] == False:
            yield database.fails("access control is off", at="is_access_control_enabled")
    elif database.absent("subnet_id"):
        admitted = as_list(database["whitelisted_ips"])
        if any_of(admitted, is_anywhere):
            yield database.fails("a public endpoint that admits every address", at="whitelisted_ips")
        elif not admitted or show(admitted) == show([""]):  # an empty text empties the list
            yield database.fails("a public endpoint that admits every address", at="subnet_id")


@rule(on="oci_database_autonomous_database", each="whitelisted_ips", severity=MEDIUM, controls=["nist-800-53r5:SC-7"])
def oci_adb_whitelist_not_ip(entry: Block) -> Iterator[Finding]:
    """The access list of a database holds addresses, ranges and networks.

    ## Why
    An entry of another kind, such as the OCID of a subnet, matches no client: the list is not what it looks like.
    ## Fix
    Write an address, a CIDR block, or the OCID of a VCN, after it `;` and addresses within that network.
    """
    if whitelist_entry(entry.values) == "other":
        yield entry.fails(f"{show(entry.values)} is no address, range or VCN")

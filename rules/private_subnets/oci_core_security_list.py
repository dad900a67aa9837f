"""Security lists and network security groups: what the internet may reach."""

from __future__ import annotations

from collections.abc import Iterator

from assay import HIGH, INFO, MEDIUM, Block, Finding, Resource, require, rule, show
from assay.analysis.network import is_private, protocol
from assay.analysis.oci_network import admits, admits_all
from assay.analysis.parts import one_by_one

ADMIN_PORTS = (("tcp", 22), ("tcp", 3389), ("udp", 3389))
LISTS = ("oci_core_security_list", "oci_core_default_security_list")


def _ingress(resource: Resource) -> Iterator[Block | Resource]:
    """The ingress rules: the blocks of a list, or a group's rule itself."""
    if resource.type in LISTS:
        yield from resource.each("ingress_security_rules")
    elif resource["direction"] == "INGRESS":
        yield resource


@rule(
    on=[*LISTS, "oci_core_network_security_group_security_rule"],
    severity=HIGH,
    controls=[
        "cis-oci-3.1:2.3",
        "cis-oci-3.0:2.3",
        "cis-oci-3.1:2.4",
        "cis-oci-3.0:2.4",
        "cis-oci-3.1:2.1",
        "cis-oci-3.0:2.1",
        "cis-oci-3.1:2.2",
        "cis-oci-3.0:2.2",
        "nist-800-53r5:SC-7",
        "nist-800-53r5:AC-17",
    ],
    equivalents=[
        "CKV_OCI_22",
        "CKV2_OCI_2",
        "CKV_OCI_19",
        "CKV_OCI_20",
        "prowler:network_security_group_ingress_from_internet_to_ssh_port",
        "prowler:network_security_group_ingress_from_internet_to_rdp_port",
        "prowler:network_security_list_ingress_from_internet_to_ssh_port",
        "prowler:network_security_list_ingress_from_internet_to_rdp_port",
        "cis_reports:NTW-3",
        "cis_reports:NTW-4",
        "cis_reports:NTW-1",
        "cis_reports:NTW-2",
        "steampipe-oci:cis_v300_2_3",
        "steampipe-oci:cis_v300_2_4",
        "steampipe-oci:cis_v300_2_1",
        "steampipe-oci:cis_v300_2_2",
        "steampipe-tf-oci:vcn_network_security_group_restrict_ingress_ssh_all",
        "steampipe-tf-oci:vcn_network_security_group_restrict_ingress_rdp_all",
        "steampipe-tf-oci:vcn_security_list_restrict_ingress_ssh_all",
        "steampipe-tf-oci:vcn_security_list_restrict_ingress_rdp_all",
    ],
)
def oci_security_list_open_admin_port(resource: Resource) -> Iterator[Finding]:
    """SSH and remote desktop are not reachable from the internet.

    ## Why
    Administration ports that everybody reaches are tried for weak passwords and unpatched servers all day.
    ## Fix
    Admit your own addresses only, or use a bastion and close the ports.
    """

    def judge(rule: Block | Resource) -> Iterator[Finding]:
        open_ports = [f"{port}/{name}" for name, port in ADMIN_PORTS if admits(rule, name, port)]
        if open_ports:
            yield rule.fails(f"the internet reaches {', '.join(open_ports)}")

    yield from one_by_one(_ingress(resource), judge)


@rule(
    on=["oci_core_security_list", "oci_core_network_security_group_security_rule"],
    severity=HIGH,
    controls=["nist-800-53r5:SC-7"],
)
def oci_security_list_open_all(resource: Resource) -> Iterator[Finding]:
    """The internet reaches single ports only, never all of them.

    ## Why
    A rule without ports exposes what listens today and whatever starts to listen tomorrow.
    ## Fix
    Name the protocol and the ports in the rule.
    """

    def judge(rule: Block | Resource) -> Iterator[Finding]:
        if admits_all(rule):
            yield rule.fails(f"protocol {show(rule['protocol'])} is open to the internet on every port")

    yield from one_by_one(_ingress(resource), judge)


require(
    "oci-security-list-no-ingress",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_OCI_16", "steampipe-tf-oci:vcn_has_inbound_security_list_configured"],
    on="oci_core_security_list",
    path="ingress_security_rules",
    present=True,
    title="Security lists have ingress rules.",
    why="A list without any admits nothing; if that is not meant, the hole is somewhere else.",
)

require(
    "oci-security-list-stateful",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_OCI_17", "steampipe-tf-oci:vcn_inbound_security_lists_are_stateless"],
    on="oci_core_security_list",
    each="ingress_security_rules",
    path="stateless",
    equals=True,
    title="Ingress rules of security lists are stateless.",
    why=(
        "A stateful rule keeps a table of connections that a flood can fill; both directions of a stateless one are "
        "written down."
    ),
)

require(
    "oci-nsg-stateful",
    severity=INFO,
    controls=["nist-800-53r5:SC-7"],
    equivalents=["CKV_OCI_21", "steampipe-tf-oci:vcn_security_group_has_stateless_ingress_security_rules"],
    on="oci_core_network_security_group_security_rule",
    path="stateless",
    equals=True,
    when=lambda rule: rule["direction"] == "INGRESS",
    title="Ingress rules of network security groups are stateless.",
    why=(
        "A stateful rule keeps a table of connections that a flood can fill; both directions of a stateless one are "
        "written down."
    ),
)


def _is_harmless(rule: Block) -> bool:
    """True for ICMP from inside, and for the ICMP by which routers report a packet too big."""
    name = protocol(rule["protocol"])
    if name not in ("icmp", "icmpv6"):
        return False
    type_, code = rule["icmp_options.type"], rule["icmp_options.code"]
    too_big = type_ in (2, "2") if name == "icmpv6" else type_ in (3, "3") and code in (4, "4")
    return bool(too_big or is_private(rule["source"]))


@rule(
    on="oci_core_default_security_list",
    each="ingress_security_rules",
    severity=MEDIUM,
    controls=["cis-oci-3.1:2.5", "cis-oci-3.0:2.5", "nist-800-53r5:SC-7"],
    equivalents=[
        "prowler:network_default_security_list_restricts_traffic",
        "cis_reports:NTW-5",
        "steampipe-oci:cis_v300_2_5",
        "steampipe-tf-oci:vcn_default_security_group_allow_icmp_only",
    ],
)
def oci_default_security_list_open(ingress: Block) -> Iterator[Finding]:
    """The default security list admits nothing but ICMP from inside.

    ## Why
    Every subnet that names no list of its own gets this one, usually by mistake.
    ## Fix
    Take the rule out of the default list, and write it into a list or group of its own.
    """
    if not _is_harmless(ingress):
        yield ingress.fails(f"the default list admits {show(ingress['protocol'])} from {show(ingress['source'])}")

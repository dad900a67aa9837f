"""What OCI subnets and security rules allow: public addresses, routes to a gateway, open ports. No path finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.network import carries, covers, covers_all, is_address, is_anywhere
from assay.model import Ref, Text, Undetermined, all_of, any_of

if TYPE_CHECKING:
    from assay.model import Resource, View


def allows_public_ip(subnet: Resource) -> bool:
    """True when VNICs of the subnet may have public addresses; either of two switches forbids them."""
    switches = ("prohibit_public_ip_on_vnic", "prohibit_internet_ingress")
    return not any_of(switches, lambda path: subnet[path] == True)  # noqa: E712 - an Unknown answers ==


# --- security rules ---------------------------------------------------------------------------------------------------


def admits(rule: View, name: str, port: int) -> bool:
    """True when an ingress rule lets the whole internet reach `port` over the protocol `name` (tcp, udp)."""
    return all_of(
        (
            lambda: rule["source_type"] not in ("NETWORK_SECURITY_GROUP", "SERVICE_CIDR_BLOCK"),
            lambda: is_anywhere(rule["source"]),
            lambda: carries(rule["protocol"], name),
            lambda: covers(*port_bounds(rule, name), port),
        ),
        lambda test: test(),
    )


def admits_all(rule: View) -> bool:
    """True when an ingress rule lets the whole internet in over every protocol, or to every TCP or UDP port."""
    tests = (
        lambda: rule["source_type"] not in ("NETWORK_SECURITY_GROUP", "SERVICE_CIDR_BLOCK"),
        lambda: is_anywhere(rule["source"]),
        lambda: any_of(
            ("tcp", "udp"),
            lambda name: carries(rule["protocol"], name) and covers_all(*port_bounds(rule, name)),
        ),
    )
    return all_of(tests, lambda test: test())


def port_bounds(rule: View, name: str) -> tuple[Any, Any]:
    """Lowest and highest destination port of a rule; None does not bound.

    Terraform writes a security list's ports straight into `tcp_options`, a group's (and the API) one block deeper.
    """
    for path in (f"{name}_options.destination_port_range", f"{name}_options"):
        bounds = rule[f"{path}.min"], rule[f"{path}.max"]
        if not (rule.absent(f"{path}.min") and rule.absent(f"{path}.max")):
            return bounds
    return None, None


def whitelist_entry(entry: Any) -> str:
    """What an entry of a database's access list is: `address`, `vcn`, `anywhere`, or `other`, which matches nobody.

    An entry `""` that stands alone empties the list: it is `none`.

    Raises:
        Undetermined: nobody can tell.
    """
    if isinstance(entry, Ref):
        if ".data." in f".{entry.target}":
            raise Undetermined(entry)
        return "vcn" if "oci_core_vcn." in entry.target and entry.attribute == "id" else "other"
    if isinstance(entry, Text):
        first = entry.parts[0]
        if isinstance(first, Ref) and whitelist_entry(first) == "vcn":
            return "vcn"
        if is_anywhere(entry):
            return "anywhere"
        raise Undetermined(entry)
    if entry == "":
        return "none"
    if is_anywhere(entry):
        return "anywhere"
    if is_address(entry):
        return "address"
    return "vcn" if isinstance(entry, str) and entry.startswith("ocid1.vcn.") else "other"

"""Security group and network ACL rules of AWS in one shape, wherever they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import network
from assay.analysis.parts import one_by_one
from assay.model import PartialList, Undetermined, all_of, any_of, as_list
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.graph import Graph
    from assay.model import Finding, Resource, View

GROUP_TYPES = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
EGRESS_TYPES = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_egress_rule")
ACL_TYPES = ("aws_network_acl", "aws_default_network_acl", "aws_network_acl_rule")


class Opening(NamedTuple):
    """One rule: the block or resource that says it, and the names it uses for the protocol and for addresses."""

    view: View
    protocol: str
    cidrs: tuple[str, ...]

    @property
    def from_anywhere(self) -> str:
        """The name of the attribute that says "everybody", or an empty text.

        Raises:
            Undetermined: one of them is unknown and none is certain.
        """
        if not any_of(self.cidrs, lambda name: any_of(as_list(self.view[name]), network.is_anywhere)):
            return ""
        return next(name for name in self.cidrs if _certain(self.view, name))

    def reaches(self, port: int, carrier: str = "tcp") -> bool:
        """True when traffic of the protocol to the port matches."""
        return self.all_protocols or all_of(
            (
                lambda: network.carries(self.view[self.protocol], carrier),
                lambda: network.covers(self.view["from_port"], self.view["to_port"], port),
            ),
            lambda test: test(),
        )

    @property
    def all_protocols(self) -> bool:
        return network.protocol(self.view[self.protocol]) == "all"

    @property
    def all_ports(self) -> bool:
        """True for every protocol, and for every port of TCP or UDP."""
        return self.all_protocols or all_of(
            (
                lambda: network.protocol(self.view[self.protocol]) in ("tcp", "udp"),
                lambda: network.covers_all(self.view["from_port"], self.view["to_port"]),
            ),
            lambda test: test(),
        )


def _certain(view: View, name: str) -> bool:
    try:
        return any_of(as_list(view[name]), network.is_anywhere)
    except Undetermined:
        return False


_BLOCK = ("protocol", ("cidr_blocks", "ipv6_cidr_blocks"))
_SEPARATE = ("ip_protocol", ("cidr_ipv4", "cidr_ipv6"))


def openings(r: Resource, direction: str) -> list[Opening]:
    """The rules of one direction (`ingress`, `egress`) that a group or a separate rule holds; perhaps partial."""
    if r.type == "aws_security_group_rule":
        return [Opening(r, *_BLOCK)] if r["type"] == direction else []
    if r.type.startswith("aws_vpc_security_group_"):
        return [Opening(r, *_SEPARATE)]
    blocks = r.each(direction)
    known = [Opening(b, *_BLOCK) for b in list.__iter__(blocks)]
    return PartialList(known, blocks.unknown) if isinstance(blocks, PartialList) else known


def groups_of(r: Resource, graph: Graph) -> list[Resource]:
    """The security group that a rule belongs to; the group itself."""
    return [r] if r.type == "aws_security_group" else graph.follow(r, "security_group_id")


class Entry(NamedTuple):
    """One ingress entry of a network ACL."""

    opening: Opening
    number: Any
    allows: Any


def acl_entries(r: Resource, graph: Graph) -> list[Entry]:
    """The ingress entries of an ACL, or a separate entry with its siblings, in the order AWS asks them."""
    cidrs = ("cidr_block", "ipv6_cidr_block")
    if r.type == "aws_network_acl_rule":
        if r["egress"] == True:  # noqa: E712 - an Unknown answers ==
            return []
        mine = [x for x in graph.beside(r, r.type) if x is r or _same_acl(x, r)]
        found = [Entry(Opening(x, "protocol", cidrs), x["rule_number"], x["rule_action"]) for x in mine]
    else:
        found = [Entry(Opening(b, "protocol", cidrs), b["rule_no"], b["action"]) for b in r.each("ingress")]
    return sorted(found, key=lambda e: e.number if isinstance(e.number, int) else 1 << 20)


def _same_acl(other: Resource, r: Resource) -> bool:
    try:
        same = other["network_acl_id"] == r["network_acl_id"] and other["egress"] != True  # noqa: E712
    except Undetermined:
        return False
    return bool(same)


def admitted(entries: list[Entry], port: int | None) -> list[Entry]:
    """The entries that let the internet in to a port (None: to all of them), unless an earlier one refuses it."""
    found: list[Entry] = []
    for entry in entries:
        if entry.opening.from_anywhere == "":
            continue
        if not (entry.opening.all_ports if port is None else entry.opening.reaches(port)):
            continue
        if entry.allows in ("deny", "DENY"):
            break
        found.append(entry)
    return found


def each_opening(found: list[Opening], judge: Callable[[Opening], Iterable[Finding]]) -> Iterator[Finding]:
    """What `judge` says of each rule; one that is unknown hides none of the others."""
    by_view = {id(o.view): o for o in list.__iter__(found)}
    yield from one_by_one((o.view for o in found), lambda view: judge(by_view[id(view)]))

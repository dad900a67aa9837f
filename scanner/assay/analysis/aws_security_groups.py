"""Security group and network ACL rules of AWS in one shape, wherever they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from assay.analysis import network
from assay.analysis.parts import one_by_one
from assay.model import PartialList, Ref, Undetermined, Unknown, all_of, any_of, as_list
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.graph import Graph
    from assay.model import Finding, Resource, View

GROUP_TYPES = (
    "aws_security_group",
    "aws_default_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
)
EGRESS_TYPES = ("aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_egress_rule")
ACL_TYPES = ("aws_network_acl", "aws_default_network_acl", "aws_network_acl_rule")


class Opening(NamedTuple):
    """One rule: the block or resource that says it, the names it uses, and the graph that holds its prefix lists."""

    view: View
    protocol: str
    cidrs: tuple[str, ...]
    lists: str = ""
    graph: Graph | None = None

    @property
    def from_anywhere(self) -> str:
        """The name of the attribute that says "everybody", or an empty text.

        Raises:
            Undetermined: one of them is unknown and none is certain.
        """
        if any_of(self.cidrs, lambda name: any_of(as_list(self.view[name]), network.is_anywhere)):
            return next(name for name in self.cidrs if _certain(self.view, name))
        if self.graph is None or self.view.absent(self.lists):
            return ""
        held = _listed(self.graph.follow(self.view, self.lists), self.graph)
        return self.lists if any_of(held, network.is_anywhere) else ""

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


def _listed(lists: list[Resource], graph: Graph) -> list[Any]:
    """The addresses in prefix lists; what is in a list that is not here, one of AWS's say, is not asked."""
    here = [one for one in list.__iter__(lists) if one.source != "uncollected"]
    inline = [entry["cidr"] for one in here for entry in one.each("entry")]
    return inline + [e["cidr"] for one in here for e in graph.users(one, "aws_ec2_managed_prefix_list_entry")]


def _certain(view: View, name: str) -> bool:
    try:
        return any_of(as_list(view[name]), network.is_anywhere)
    except Undetermined:
        return False


_BLOCK = ("protocol", ("cidr_blocks", "ipv6_cidr_blocks"), "prefix_list_ids")
_SEPARATE = ("ip_protocol", ("cidr_ipv4", "cidr_ipv6"), "prefix_list_id")


def openings(r: Resource, direction: str, graph: Graph) -> list[Opening]:
    """The rules of one direction (`ingress`, `egress`) that a group or a separate rule holds; perhaps partial."""
    if r.type == "aws_security_group_rule":
        return [Opening(r, *_BLOCK, graph)] if r["type"] == direction else []
    if r.type.startswith("aws_vpc_security_group_"):
        return [Opening(r, *_SEPARATE, graph)]
    blocks = r.each(direction)
    known = [Opening(b, *_BLOCK, graph) for b in list.__iter__(blocks)]
    return PartialList(known, blocks.unknown) if isinstance(blocks, PartialList) else known


def groups_of(r: Resource, graph: Graph) -> list[Resource]:
    """The security group that a rule belongs to; the group itself."""
    return (
        [r] if r.type in ("aws_security_group", "aws_default_security_group") else graph.follow(r, "security_group_id")
    )


class Entry(NamedTuple):
    """One ingress entry of a network ACL, and what leaves open whether, or when, it is asked."""

    opening: Opening
    number: Any
    allows: Any
    doubt: Unknown | None = None

    @property
    def denies(self) -> bool:
        return bool(self.allows in ("deny", "DENY"))


def acl_entries(r: Resource, graph: Graph) -> list[Entry]:
    """The ingress entries of an ACL, or a separate entry with its siblings, in the order AWS asks them.

    Those whose number nobody knows come first: they may.
    """
    cidrs = ("cidr_block", "ipv6_cidr_block")
    if r.type == "aws_network_acl_rule":
        if r["egress"] == True:  # noqa: E712 - an Unknown answers ==
            return []
        mine = [(x, doubt) for x in graph.beside(r, r.type) if (doubt := _apart(x, r)) is not True]
        found = [_entry(Opening(x, "protocol", cidrs), x["rule_number"], x["rule_action"], d) for x, d in mine]
    else:
        found = [_entry(Opening(b, "protocol", cidrs), b["rule_no"], b["action"], None) for b in r.each("ingress")]
    return sorted(found, key=lambda e: e.number if isinstance(e.number, int) else -1)


def _entry(opening: Opening, number: Any, allows: Any, doubt: Unknown | None) -> Entry:
    return Entry(opening, number, allows, number if isinstance(number, Unknown) else doubt)


def _apart(other: Resource, r: Resource) -> Literal[True] | Unknown | None:
    """True when another entry belongs to another ACL or direction, None when to the same, else why nobody knows."""
    if other is r:
        return None
    theirs, mine = other["network_acl_id"], r["network_acl_id"]
    try:
        if other["egress"] == True:  # noqa: E712
            return True
        if isinstance(theirs, Unknown) and isinstance(mine, Unknown) and theirs.key is not None:
            same = theirs.key == mine.key
            return None if same else True if isinstance(theirs, Ref) and isinstance(mine, Ref) else theirs
        return None if theirs == mine else True
    except Undetermined as undecided:
        return undecided.unknown


def admitted(r: Resource, entries: list[Entry], port: int | None) -> Iterator[Entry]:
    """The entries of `r` that let the internet in to a port (None: to all of them), unless an earlier one refuses it.

    Each version of the protocol is asked by itself: what is refused to `0.0.0.0/0` may be open to `::/0`.

    Raises:
        Undetermined: at an entry before which another one may refuse, or may not.
    """
    for version in ("cidr_block", "ipv6_cidr_block"):
        yield from _admitted(r, entries, port, version)


def admitted_to(r: Resource, entries: list[Entry], ports: tuple[int, ...]) -> Iterator[tuple[Entry, list[int]]]:
    """The entries of `r` that let the internet in to some of the ports, each with those ports.

    Raises:
        Undetermined: after the certain ones, where another entry may, or may not.
    """
    found: dict[int, tuple[Entry, list[int]]] = {}
    doubt: Undetermined | None = None
    for port in ports:
        try:
            for entry in admitted(r, entries, port):
                known = found.setdefault(id(entry), (entry, []))[1]
                if port not in known:
                    known.append(port)
        except Undetermined as error:
            doubt = error
    yield from found.values()
    if doubt is not None:
        raise doubt


def _admitted(r: Resource, entries: list[Entry], port: int | None, cidr: str) -> Iterator[Entry]:
    doubt: Unknown | None = None
    refusals = [e for e in entries if not isinstance(e.allows, Unknown) and e.denies]
    for entry in entries:
        opening = entry.opening
        if not any_of(as_list(opening.view[cidr]), network.is_anywhere):
            continue
        if not (opening.all_ports if port is None else opening.reaches(port)):
            continue
        if not entry.denies:
            if opening.view.resource is not r:
                continue
            doubt = doubt or (entry.doubt if refusals else None)
            if doubt is not None:
                raise Undetermined(doubt)
            yield entry
        elif entry.doubt is None:
            return
        else:
            doubt = entry.doubt


def each_opening(found: list[Opening], judge: Callable[[Opening], Iterable[Finding]]) -> Iterator[Finding]:
    """What `judge` says of each rule; one that is unknown hides none of the others."""
    by_view = {id(o.view): o for o in list.__iter__(found)}
    yield from one_by_one((o.view for o in found), lambda view: judge(by_view[id(view)]))

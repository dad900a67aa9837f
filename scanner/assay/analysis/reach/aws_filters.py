"""Security groups and network ACLs of AWS as filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.reach import reading as rd
from assay.analysis.reach.packets import Filter, Rule
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.analysis.reach.addresses import Interval
    from assay.graph import Graph
    from assay.model import Resource, View

SEPARATE = {"ingress": "aws_vpc_security_group_ingress_rule", "egress": "aws_vpc_security_group_egress_rule"}
BLOCK_CIDRS, SEPARATE_CIDRS = ("cidr_blocks", "ipv6_cidr_blocks"), ("cidr_ipv4", "cidr_ipv6")


class Groups:
    """The security groups of a graph, each made into filters once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._defaults: dict[str, Resource] | None = None
        self._rules: dict[tuple[str, str], tuple[list[Rule], str | None]] = {}

    def resolved(self, group: Resource, owner: Resource) -> Resource:
        """A group, or the default one that a stand-in means: links lead to ordinary groups only."""
        if rd.known(group):
            return group
        named = self.graph.find(group.address, owner.root, owner.source)
        if named is not None and named.type in ("aws_vpc", "aws_default_vpc"):
            return next(iter(rd.users(self.graph, named, "aws_default_security_group")[0]), group)
        if named is not None:
            return named
        if self._defaults is None:
            found = self.graph.all("aws_default_security_group")
            self._defaults = {i: r for r in found if isinstance(i := rd.value(r, "id"), str)}
        return self._defaults.get(group.address.strip('"'), group)

    def filters(self, groups: Sequence[Resource], doubt: str | None) -> tuple[Filter, Filter]:
        """What the union of some groups admits in and out."""
        return self._union(groups, "ingress", doubt), self._union(groups, "egress", doubt)

    def _union(self, groups: Sequence[Resource], direction: str, doubt: str | None) -> Filter:
        rules: list[Rule] = []
        missing = doubt
        for group in groups:
            found, reason = self.rules(group, direction)
            rules += found
            missing = missing or reason
        names = ", ".join(str(g) for g in groups) or "no security group"
        view = groups[0] if groups else None
        return Filter(f"the {direction} rules of {names}", rules, missing=missing, view=view)

    def rules(self, group: Resource, direction: str) -> tuple[list[Rule], str | None]:
        """The rules of one direction, and why there may be more."""
        at = (rd.key(group), direction)
        if at not in self._rules:
            self._rules[at] = self._read(group, direction)
        return self._rules[at]

    def _read(self, group: Resource, direction: str) -> tuple[list[Rule], str | None]:
        if not rd.known(group):
            return [], f"{group} is not among the inputs"
        inline, missing = rd.blocks(group, direction)
        rules = [r for view in inline for r in self._rules_of(view, group, "protocol", BLOCK_CIDRS)]
        found, doubt = rd.users(self.graph, group, SEPARATE[direction])
        missing = missing or doubt
        rules += [r for view in found for r in self._rules_of(view, group, "ip_protocol", SEPARATE_CIDRS)]
        found, doubt = rd.users(self.graph, group, "aws_security_group_rule")
        missing = missing or doubt
        for view in found:
            written = rd.value(view, "type")
            owner = rd.one(self.graph, view, "security_group_id")
            if isinstance(written, Unknown):
                missing = missing or written.reason
            elif written == direction and owner is group:  # it may name the group as its source instead
                rules += self._rules_of(view, group, "protocol", BLOCK_CIDRS)
        return rules, missing

    def _rules_of(self, view: View, group: Resource, protocol: str, cidrs: Iterable[str]) -> list[Rule]:
        """A written rule; a source of it that is not known is a rule of its own beside the certain ones."""
        number, unknown = rd.protocol_of(rd.value(view, protocol))
        low, high = rd.value(view, "from_port"), rd.value(view, "to_port")
        between, doubt = rd.icmp_between(low, high) if number in (1, 58) else rd.ports_between(low, high)
        unknown = unknown or (doubt if number else None)
        ports = between if number else (0, 65535)
        remote, vague = rd.remotes(*(rd.value(view, name) for name in cidrs))
        for name in ("prefix_list_ids", "prefix_list_id"):
            listed, doubt = prefix_lists(self.graph, view, name)
            remote += listed
            vague = vague or doubt
        groups, doubt = self._sources(view, group)
        vague = vague or doubt
        said = f"{view}: {unknown}" if unknown else None
        found = [Rule(True, number, tuple(remote), ports=ports, groups=groups, unknown=said, view=view)]
        if vague:
            found.append(Rule(True, number, rd.ALL_ADDRESSES, ports=ports, unknown=f"{view}: {vague}", view=view))
        return found

    def _sources(self, view: View, group: Resource) -> tuple[frozenset[str], str | None]:
        """The groups that a rule admits the members of."""
        found: set[str] = set()
        doubt = None
        for name in ("security_groups", "source_security_group_id", "referenced_security_group_id"):
            if rd.value(view, name) is not None:
                named, reason = rd.linked(self.graph, view, name)
                found |= {rd.key(g) for g in named}
                doubt = doubt or reason or rd.unnamed(rd.value(view, name))
        itself = rd.value(view, "self")
        if isinstance(itself, Unknown):
            doubt = doubt or itself.reason
        elif itself is True:
            found.add(rd.key(group))
        return frozenset(found), doubt


def prefix_lists(graph: Graph, view: View, name: str) -> tuple[list[Interval], str | None]:
    """The addresses of the managed prefix lists that a value names, and why some are not known."""
    if rd.value(view, name) is None:
        return [], None
    found: list[Interval] = []
    lists, doubt = rd.linked(graph, view, name)
    for listed in lists:
        if not rd.known(listed) or listed.type != "aws_ec2_managed_prefix_list":
            return found, f"what is in the prefix list {listed} is not known"
        inline, reason = rd.blocks(listed, "entry")
        entries: list[View] = [*inline]
        separate, more = rd.users(graph, listed, "aws_ec2_managed_prefix_list_entry")
        entries += separate
        spans, unknown = rd.spans(*(rd.value(e, "cidr") for e in entries))
        found += spans
        doubt = doubt or reason or more or unknown
    return found, doubt


# --- network ACLs -----------------------------------------------------------------------------------------------------


def acl_filters(graph: Graph, acl: Resource) -> tuple[Filter, Filter]:
    """What an ACL admits into and out of its subnets."""
    return _acl(graph, acl, egress=False), _acl(graph, acl, egress=True)


def _acl(graph: Graph, acl: Resource, *, egress: bool) -> Filter:
    views, missing = rd.blocks(acl, "egress" if egress else "ingress")
    entries = [_entry(view, "rule_no", "action") for view in views]
    separate, doubt = rd.users(graph, acl, "aws_network_acl_rule")
    missing = missing or doubt
    for view in separate:
        outward = rd.value(view, "egress")
        if isinstance(outward, Unknown):
            missing = missing or outward.reason
        elif bool(outward) is egress:
            entries.append(_entry(view, "rule_number", "rule_action"))
    entries.sort(key=lambda entry: entry[0])
    direction = "outbound" if egress else "inbound"
    return Filter(f"the {direction} rules of {acl}", [r for _, r in entries], ordered=True, missing=missing, view=acl)


def _entry(view: View, number: str, action: str) -> tuple[int, Rule]:
    order, does = rd.value(view, number), rd.value(view, action)
    protocol, unknown = rd.protocol_of(rd.value(view, "protocol"))
    if protocol in (1, 58):
        ports, doubt = rd.icmp_between(rd.value(view, "icmp_type"), rd.value(view, "icmp_code"))
    elif protocol == 0:
        ports, doubt = (0, 65535), None
    else:
        ports, doubt = rd.ports_between(rd.value(view, "from_port"), rd.value(view, "to_port"))
    remote, reason = rd.remotes(rd.value(view, "cidr_block"), rd.value(view, "ipv6_cidr_block"))
    unknown = unknown or doubt or reason or _reason(order) or _reason(does)
    allows = not isinstance(does, Unknown) and str(does).lower() == "allow"
    rule = Rule(
        allows or isinstance(does, Unknown), protocol, tuple(remote) if unknown is None else rd.ALL_ADDRESSES,
        ports=ports, unknown=f"{view}: {unknown}" if unknown else None, view=view,
    )  # fmt: skip
    return (order if isinstance(order, int) else 0), rule


def _reason(value: Any) -> str | None:
    return value.reason if isinstance(value, Unknown) else None

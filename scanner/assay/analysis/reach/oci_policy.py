"""What an OCI network firewall policy lets through: ordered rules on addresses and services, the first that matches.

What no rule matches is dropped. A condition on an application or a URL narrows a rule in a way that addresses and
ports cannot tell: such a rule may match, not more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.reach import reading as rd
from assay.analysis.reach.addresses import EVERYTHING, Interval
from assay.analysis.reach.packets import PORTS, TCP, UDP, Box, Filter, Rule, less, meet
from assay.model import all_of, as_list
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource

POLICY = "oci_network_firewall_network_firewall_policy"
RULE = f"{POLICY}_security_rule"
CONDITIONS = ("source_address", "destination_address", "service", "application", "url")
ANY = (EVERYTHING,)


class Match(NamedTuple):
    """What a rule speaks of. `part` is True when an application or URL narrows it; `unknown` says what is not known."""

    source: tuple[Interval, ...]
    goal: tuple[Interval, ...]
    services: tuple[tuple[int, Interval], ...]
    part: bool
    unknown: str | None


def rules_of(policy: Resource, graph: Graph) -> tuple[list[Resource], str | None]:
    """The security rules in their order, and why there may be more or the order is not certain."""
    found, doubt = rd.users(graph, policy, RULE)
    priorities = [rd.value(r, "priority_order") for r in found]
    if found and all(isinstance(p, int) or (isinstance(p, str) and p.isdigit()) for p in priorities):
        return [r for _, r in sorted(zip(priorities, found, strict=True), key=lambda pair: int(pair[0]))], doubt
    ordered: list[Resource] = []
    rest = list(found)
    while rest:  # stable: of those that may come next the one written first
        after = {id(r): [x for x in rest if x is not r and _before(x, r)] for r in rest}
        free = [r for r in rest if not after[id(r)]] or rest[:1]
        if len(free) > 1 and doubt is None and len({str(rd.value(r, "action")) for r in free}) > 1:
            doubt = f"whether {free[0]} or {free[1]} comes first is not written"
        ordered.append(free[0])
        rest.remove(free[0])
    return ordered, doubt


def _before(first: Resource, second: Resource) -> bool:
    """True when a position says so directly."""
    name, other = rd.value(first, "name"), rd.value(second, "name")
    after, before = rd.value(second, "position.after_rule"), rd.value(first, "position.before_rule")
    return _same(after, name) or _same(before, other)


def _same(one: object, other: object) -> bool:
    known = isinstance(one, str) and isinstance(other, str)
    return known and one == other


def earlier(rule: Resource, graph: Graph) -> list[Resource]:
    """The rules that certainly come before one, nearest first.

    Raises:
        Undetermined: a position or a name that decides is not known.
    """
    found = [rule]
    siblings = [r for p in graph.follow(rule, "network_firewall_policy_id") for r in graph.users(p, RULE)]
    own = rd.value(rule, "priority_order")
    if isinstance(own, int):
        numbered = [(n, r) for r in siblings if isinstance(n := rd.value(r, "priority_order"), int) and n < own]
        return [r for _, r in sorted(numbered, key=lambda pair: -pair[0])]
    for current in found:
        found += [
            r for r in siblings if r not in found
            and (current["position.after_rule"] == r["name"] or r["position.before_rule"] == current["name"])
        ]  # fmt: skip
    return found[1:]


def shadowing(rule: Resource, graph: Graph) -> list[Resource]:
    """The earlier rules that together match all that a rule does: none when it can still decide.

    Raises:
        Undetermined: a list that decides is not known.
    """
    before = earlier(rule, graph)
    for wider in before:
        if _covers(wider, rule):
            return [wider]
    mine = match_of(rule, graph)
    if mine.unknown is not None:
        return []
    taken = [(r, match_of(r, graph)) for r in before]
    usable = [(r, m) for r, m in taken if m.unknown is None and not m.part]
    if _left(mine, [m for _, m in usable]):
        return []
    return [r for r, m in usable if _touch(m, mine)]


def _covers(first: Resource, second: Resource) -> bool:
    """True when the first rule matches whatever the second does, list by list."""

    def wider(name: str) -> bool:
        outer, inner = as_list(first[f"condition.{name}"]), as_list(second[f"condition.{name}"])
        return outer == [] or (inner != [] and all_of(inner, lambda item: item in outer))

    return all_of(CONDITIONS, wider)


def _boxes(match: Match, protocol: int) -> list[Box]:
    ports = [span for number, span in match.services if number in (0, protocol)]
    return [(s, d, PORTS, p) for s in match.source for d in match.goal for p in ports]


def _left(mine: Match, taken: list[Match]) -> bool:
    """Whether anything of it is left over by the others, for any protocol."""
    protocols = {number for m in (mine, *taken) for number, _ in m.services} | {0}
    return any(less(_boxes(mine, n), [box for m in taken for box in _boxes(m, n)]) for n in protocols)


def _touch(one: Match, other: Match) -> bool:
    protocols = {number for m in (one, other) for number, _ in m.services}
    return any(meet(x, y) for n in protocols for x in _boxes(one, n) for y in _boxes(other, n))


def matches_all(rule: Resource, graph: Graph) -> bool:
    """True when a rule matches every packet of IPv4; a list that is not among the inputs counts as a limit.

    Raises:
        Undetermined: a condition is not known.
    """
    if all_of(CONDITIONS, lambda name: as_list(rule[f"condition.{name}"]) == []):
        return True
    match = match_of(rule, graph)
    if match.unknown is not None:
        return False
    everything = Match(((0, (1 << 32) - 1),), ((0, (1 << 32) - 1),), ((0, PORTS),), False, None)
    return not match.part and not _left(everything, [match])


def match_of(rule: Resource, graph: Graph) -> Match:
    """The addresses and services of a rule's conditions, lists looked up by name in its policy."""
    lists = Lists(rule, graph)
    source, unknown = lists.addresses("source_address")
    goal, doubt = lists.addresses("destination_address")
    services, more = lists.services()
    part = bool(lists.names("application")[0] or lists.names("url")[0])
    narrowed = lists.names("application")[1] or lists.names("url")[1]
    return Match(source, goal, services, part, unknown or doubt or more or narrowed)


class Lists:
    """The named lists of one policy, as a rule of it reads them."""

    def __init__(self, rule: Resource, graph: Graph) -> None:
        self.rule = rule
        self.graph = graph
        self.policy = rd.one(graph, rule, "network_firewall_policy_id")

    def names(self, condition: str) -> tuple[list[str], str | None]:
        """The names in a condition; a reference to a list's own name is looked up."""
        written = rd.value(self.rule, f"condition.{condition}")
        found, doubt = rd.items(written)
        return [str(name) for name in found], doubt

    def _named(self, type_: str, name: str) -> Resource | None:
        policy = self.policy
        if policy is None or not rd.known(policy):
            return None
        listed, _ = rd.users(self.graph, policy, f"{POLICY}_{type_}")
        return next((r for r in listed if _same(rd.value(r, "name"), name)), None)

    def addresses(self, condition: str) -> tuple[tuple[Interval, ...], str | None]:
        names, unknown = self.names(condition)
        if unknown is not None:
            return ANY, f"{self.rule} {condition}: {unknown}"
        found: list[Interval] = []
        for name in names:
            listed = self._named("address_list", name)
            if listed is None or rd.word(listed, "type") == "fqdn":
                return ANY, f"what is in the address list {name} is not known"
            spans, unknown = rd.spans(rd.value(listed, "addresses"))
            if unknown is not None:
                return ANY, f"{listed}: {unknown}"
            found += spans
        return (tuple(found), None) if names else (ANY, None)

    def services(self) -> tuple[tuple[tuple[int, Interval], ...], str | None]:
        names, unknown = self.names("service")
        everything: tuple[tuple[int, Interval], ...] = ((0, PORTS),)
        if unknown is not None:
            return everything, f"{self.rule} service: {unknown}"
        found: list[tuple[int, Interval]] = []
        for name in names:
            for service in self._services(name):
                if service is None:
                    return everything, f"what the service {name} is, is not known"
                number = UDP if rd.word(service, "type").startswith("udp") else TCP
                ranges, doubt = rd.blocks(service, "port_ranges")
                for block in ranges:
                    low, high = rd.value(block, "minimum_port"), rd.value(block, "maximum_port")
                    span, vague = rd.ports_between(low, low if high is None else high)
                    doubt = doubt or vague
                    found.append((number, span))
                if doubt:
                    return everything, f"{service}: {doubt}"
        return (tuple(found), None) if names else (everything, None)

    def _services(self, name: str) -> Iterator[Resource | None]:
        """A service, or the members of a service list of that name."""
        listed = self._named("service_list", name)
        if listed is None:
            yield self._named("service", name)
            return
        members, doubt = rd.items(rd.value(listed, "services"))
        if doubt:
            yield None
        for member in members:
            yield self._named("service", str(member))


def policy_filter(firewall: Resource, graph: Graph) -> Filter | None:
    """What the policy of a firewall lets through, as an ordered filter; None when the policy was not read."""
    policy = rd.one(graph, firewall, "network_firewall_policy_id")
    if policy is None or not rd.known(policy):
        return None
    ordered, doubt = rules_of(policy, graph)
    rules: list[Rule] = []
    for r in ordered:
        action = rd.word(r, "action")
        match = match_of(r, graph)
        unknown = match.unknown or (None if action else f"the action of {r} is not known")
        if match.part:
            unknown = unknown or f"{r} depends on the application or the URL"
        rules += [
            Rule(action in ("allow", "inspect", ""), number, match.source, ports=span, unknown=unknown, view=r,
                 local=match.goal)
            for number, span in match.services
        ]  # fmt: skip
    return Filter(f"the rules of {policy}", rules, ordered=True, missing=doubt, view=policy)

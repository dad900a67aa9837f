"""What an AWS Network Firewall policy lets through, as far as that is certain.

Stateless rules come first, by priority: they pass, drop, or forward to the stateful engine. There the rules are taken
in strict order, or all that pass, then all that drop (the default order). Domain lists and what a Suricata rule says
beyond its header cannot be told from addresses and ports: such a rule may match, not more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.reach import reading as rd
from assay.analysis.reach.addresses import EVERYTHING, V4_ALL, Interval, without
from assay.analysis.reach.packets import ICMP, PORTS, TCP, UDP, Filter, Rule
from assay.model import Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource, View

HEADERS = {"ip": 0, "tcp": TCP, "udp": UDP, "icmp": ICMP}
TRANSPORT = {"dns": 0, "dhcp": UDP, "ntp": UDP, "tftp": UDP, "ikev2": UDP}
HARMLESS = ("msg", "sid", "rev", "gid", "classtype", "priority", "metadata", "reference", "noalert")
"""Suricata options that do not narrow what a rule matches."""
PARTS = ("protocol", "source", "source_port", "direction", "destination", "destination_port")
EVERY = ((0, EVERYTHING[1]),)


class Line(NamedTuple):
    """A rule with its action: pass, drop, reject, alert, or forward (to the stateful engine)."""

    action: str
    rule: Rule


def policy_filters(firewall: Resource, graph: Graph) -> tuple[Filter | None, Filter | None]:
    """What the policy of a firewall lets through, and what of the replies; None for a policy that was not read.

    The stateful engine knows the connections it let begin; the stateless rules see every reply anew.
    """
    policy = rd.one(graph, firewall, "firewall_policy_arn")
    if policy is None or not rd.known(policy):
        return None, None
    bodies, missing = rd.blocks(policy, "firewall_policy")
    if not bodies:
        said = missing or f"{policy} has no rules"
        return Filter(f"the rules of {policy}", [], missing=said, ordered=True, view=policy), None
    body = bodies[0]
    stateless, doubt = _groups(graph, body, "stateless")
    stateful, more = _groups(graph, body, "stateful")
    missing = missing or doubt
    default = Line(_action(_words(body, "stateless_default_actions")), Rule(True, 0, EVERY, view=policy))
    rules = _joined([*stateless, default], _engine(body, stateful, policy))
    name = f"the rules of {policy}"
    replies = [x.rule._replace(allow=x.action != "drop") for x in (*stateless, default)]
    return (
        Filter(name, rules, missing=missing or more, ordered=True, view=policy),
        Filter(name, replies, missing=missing, ordered=True, view=policy),
    )


def _engine(body: View, lines: list[Line], policy: Resource) -> list[Rule]:
    """The stateful rules in the order the engine takes them, and what it does with the rest."""
    found = [x for x in lines if x.action != "alert"]
    strict = rd.word(body, "stateful_engine_options.rule_order") == "strict_order"
    if not strict:
        found.sort(key=lambda line: ("pass", "drop", "reject").index(line.action))
    refuses = strict and any(a.startswith("aws:drop") for a in _words(body, "stateful_default_actions"))
    return [*(_decided(x) for x in found), Rule(not refuses, 0, EVERY, view=policy)]


def _words(body: View, name: str) -> list[str]:
    return [str(action) for action in rd.items(rd.value(body, name))[0]]


def _decided(line: Line) -> Rule:
    return line.rule._replace(allow=line.action == "pass")


def _joined(stateless: list[Line], engine: list[Rule]) -> list[Rule]:
    """One order: what a stateless rule forwards is judged by the engine's rules, within what that rule matches."""
    found: list[Rule] = []
    for line in stateless:
        if line.action == "forward":
            found += [narrowed for rule in engine if (narrowed := _within(rule, line.rule)) is not None]
        else:
            found.append(_decided(line))
    return found


def _action(actions: list[str]) -> str:
    for name, short in (("aws:pass", "pass"), ("aws:drop", "drop"), ("aws:forward_to_sfe", "forward")):
        if name in actions:
            return short
    return "forward"


def _within(rule: Rule, outer: Rule) -> Rule | None:
    """A rule of the engine, within what a stateless rule forwards to it."""
    if outer.protocol and rule.protocol and outer.protocol != rule.protocol:
        return None
    remote = _common(rule.remote, outer.remote)
    local = _common(rule.local, outer.local)
    ports, source_ports = _meet(rule.ports, outer.ports), _meet(rule.source_ports, outer.source_ports)
    if not remote or not local or ports is None or source_ports is None:
        return None
    return rule._replace(
        protocol=rule.protocol or outer.protocol, remote=remote, local=local, ports=ports, source_ports=source_ports,
        unknown=rule.unknown or outer.unknown,
    )  # fmt: skip


def _common(one: tuple[Interval, ...], other: tuple[Interval, ...]) -> tuple[Interval, ...]:
    return tuple(x for a in one for b in other if (x := _meet(a, b)) is not None)


def _meet(one: Interval, other: Interval) -> Interval | None:
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None


# --- rule groups ------------------------------------------------------------------------------------------------------


def _groups(graph: Graph, body: View, kind: str) -> tuple[list[Line], str | None]:
    """The rules of all groups of a kind in order of priority, and why some are not known."""
    references, missing = rd.blocks(body, f"{kind}_rule_group_reference")
    found: list[tuple[int, list[Line]]] = []
    for i, reference in enumerate(references):
        group = rd.one(graph, reference, "resource_arn")
        if group is None or not rd.known(group):
            missing = missing or f"the rule group {group or 'of ' + str(reference)} is not among the inputs"
            continue
        priority = rd.value(reference, "priority")
        lines = list(_stateless(group) if kind == "stateless" else _stateful(group))
        found.append((priority if isinstance(priority, int) else i, lines))
    return [line for _, lines in sorted(found, key=lambda pair: pair[0]) for line in lines], missing


def _stateless(group: Resource) -> Iterator[Line]:
    blocks, _ = rd.blocks(group, "rule_group.rules_source.stateless_rules_and_custom_actions.stateless_rule")
    numbered = [(n if isinstance(n := rd.value(b, "priority"), int) else 0, b) for b in blocks]
    for _, block in sorted(numbered, key=lambda pair: pair[0]):
        action = _action([str(a) for a in rd.items(rd.value(block, "rule_definition.actions"))[0]])
        match = "rule_definition.match_attributes"
        protocols, unknown = rd.items(rd.value(block, f"{match}.protocols"))
        source, goal = (_definitions(block, f"{match}.{side}") for side in ("source", "destination"))
        source_ports, ports = (_port_blocks(block, f"{match}.{side}_port") for side in ("source", "destination"))
        reason = unknown or source[1] or goal[1] or source_ports[1] or ports[1]
        for number in protocols or [0]:
            for sp in source_ports[0]:
                for p in ports[0]:
                    rule = Rule(True, int(number), source[0], sp, p, unknown=reason, view=block, local=goal[0])
                    yield Line(action, rule)


def _definitions(block: View, path: str) -> tuple[tuple[Interval, ...], str | None]:
    found, unknown = rd.blocks(block, path)
    if unknown:
        return EVERY, unknown
    spans, unknown = rd.spans(*(rd.value(b, "address_definition") for b in found))
    return (tuple(spans) if found and unknown is None else EVERY), unknown


def _port_blocks(block: View, path: str) -> tuple[list[Interval], str | None]:
    found, unknown = rd.blocks(block, path)
    spans = []
    for b in found:
        low, high = rd.value(b, "from_port"), rd.value(b, "to_port")
        span, doubt = rd.ports_between(low, low if high is None else high)
        unknown = unknown or doubt
        spans.append(span)
    return (spans or [PORTS]), unknown


def _stateful(group: Resource) -> Iterator[Line]:
    source = "rule_group.rules_source"
    variables = _variables(group)
    for block in rd.blocks(group, f"{source}.stateful_rule")[0]:
        options = [rd.word(b, "keyword") for b in rd.blocks(block, "rule_option")[0]]
        header = [_text(rd.value(block, f"header.{name}")) for name in PARTS]
        header[3] = "<>" if header[3].lower() == "any" else "->"
        narrowed = any(keyword not in HARMLESS for keyword in options)
        yield from _suricata(rd.word(block, "action"), header, narrowed, block, variables)
    for block in rd.blocks(group, f"{source}.rules_source_list")[0]:
        said = f"{block} depends on the domain that is asked for"
        yield Line("drop", Rule(False, TCP, EVERY, unknown=said, view=block))
    written = rd.value(group, f"{source}.rules_string")
    written = rd.value(group, "rules") if written is None else written
    if isinstance(written, Unknown):
        yield Line(
            "drop", Rule(False, 0, EVERY, unknown=f"the rules of {group} are not known: {written.reason}", view=group)
        )
    elif isinstance(written, str):
        for line in written.splitlines():
            yield from _line(line.strip(), group, variables)


def _text(value: Any) -> str:
    return "?" if isinstance(value, Unknown) else "any" if value is None else str(value)


def _line(text: str, group: Resource, variables: dict[str, Any]) -> Iterator[Line]:
    """One Suricata rule: `pass tcp $HOME_NET any -> any 443 (msg:"..."; sid:1;)`."""
    if not text or text.startswith("#"):
        return
    head, _, options = text.partition("(")
    words = head.split()
    if len(words) != 7:
        yield Line("drop", Rule(False, 0, EVERY, unknown=f"{group}: not understood: {text[:60]}", view=group))
        return
    keywords = [part.partition(":")[0].strip() for part in options.rstrip(" )").split(";")]
    narrowed = any(k and k not in HARMLESS for k in keywords)
    yield from _suricata(words[0].lower(), words[1:], narrowed, group, variables)


def _suricata(
    action: str, header: list[str], narrowed: bool, view: View, variables: dict[str, Any]
) -> Iterator[Line]:  # fmt: skip
    """A rule by its header: protocol, source, its port, direction, destination, its port."""
    protocol, source, source_port, direction, goal, port = header
    name = protocol.lower()
    unknown = f"{view} says more than addresses and ports" if narrowed or name not in HEADERS else None
    number = HEADERS.get(name, TRANSPORT.get(name, TCP))
    sides = [_address(text, variables) for text in (source, goal)]
    ports = [_port(text, variables) for text in (source_port, port)]
    if any(x is None for x in (*sides, *ports)) or "?" in header:
        unknown = unknown or f"what {view} speaks of is not known"
    action = {"block": "drop"}.get(action, action)
    if action not in ("pass", "drop", "reject", "alert"):
        action, unknown = "drop", f"the action of {view} is not known"
    one, other = (tuple(x) if x is not None else EVERY for x in sides)
    for sp in ports[0] or [PORTS]:
        for p in ports[1] or [PORTS]:
            yield Line(action, Rule(True, number, one, sp, p, unknown=unknown, view=view, local=other))
            if direction == "<>":
                yield Line(action, Rule(True, number, other, p, sp, unknown=unknown, view=view, local=one))


def _variables(group: Resource) -> dict[str, Any]:
    """The sets that a group defines, by name; HOME_NET is the firewall's own network unless it is set."""
    found: dict[str, Any] = {}
    for kind, inner in (("ip_sets", "ip_set"), ("port_sets", "port_set")):
        for block in rd.blocks(group, f"rule_group.rule_variables.{kind}")[0]:
            name, held = rd.value(block, "key"), rd.value(block, f"{inner}.definition")
            if isinstance(name, str):
                found[name] = None if isinstance(held, Unknown) else held
    return found


def _address(text: str, variables: dict[str, Any]) -> list[Interval] | None:
    """Addresses as Suricata writes them: `any`, a CIDR, `$NAME`, `[a,b]`, `!x`; None when not known."""
    text = text.strip()
    if text.lower() == "any":
        return [EVERYTHING]
    if text.startswith("!"):
        inner = _address(text[1:], variables)
        return None if inner is None else without([V4_ALL], inner)
    if text.startswith("["):
        parts = [_address(part, variables) for part in text.strip("[]").split(",")]
        return None if any(p is None for p in parts) else [span for p in parts for span in p or ()]
    if text.startswith("$"):
        held = variables.get(text[1:])
        spans, doubt = rd.spans(held)
        return None if held is None or doubt else spans
    spans, _ = rd.spans(text)
    return spans or None


def _port(text: str, variables: dict[str, Any]) -> list[Interval] | None:
    """Ports as Suricata writes them: `any`, `443`, `1024:`, `[80,443]`, `!22`, `$NAME`; None when not known."""
    text = text.strip()
    if text.lower() == "any":
        return [PORTS]
    if text.startswith("!"):
        inner = _port(text[1:], variables)
        return None if inner is None else without([PORTS], inner)
    if text.startswith("["):
        parts = [_port(part, variables) for part in text.strip("[]").split(",")]
        return None if any(p is None for p in parts) else [span for p in parts for span in p or ()]
    if text.startswith("$"):
        held = variables.get(text[1:])
        return None if not isinstance(held, list) else [s for x in held for s in _port(str(x), variables) or ()]
    low, colon, high = text.partition(":")
    if (low and not low.isdigit()) or (high and not high.isdigit()) or not (low or high):
        return None
    first = int(low or 0)
    return [(first, int(high or 65535) if colon else first)]

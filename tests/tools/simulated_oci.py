"""A second opinion on OCI networks: packets followed one by one, written without the engine and as plainly as it goes.

A world has up to three VCNs in 10.0.0.0/24, joined by a DRG and by local peerings, with internet and NAT gateways, a
network firewall in the first VCN, security lists and groups with stateful and stateless rules.
"""

from __future__ import annotations

import random
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple

from assay.model import Ref, Resource

MACHINE = "oci_core_instance"
HOSTS = ("8.8.8.8", "93.184.216.34")
PORTS = (22, 443, 50000)
CLIENT_PORTS = (1024, 40000, 50000, 65000)  # one of each class that RANGES tells apart
RANGES = ((1, 65535), (22, 22), (443, 443), (1024, 65535), (32768, 60999), (50000, 50000))
NUMBERS = {"tcp": "6", "udp": "17", "all": "all"}
FIREWALL = "10.0.0.30"  # the last address but one of the first subnet of the first VCN

Route = tuple[str, str]


class Rule(NamedTuple):
    direction: str
    protocol: str
    remote: str  # a prefix, or a group
    source_ports: tuple[int, int] | None
    ports: tuple[int, int] | None
    stateless: bool


class World(NamedTuple):
    vcns: dict[str, str]
    subnets: dict[str, dict[str, Any]]
    machines: dict[str, dict[str, Any]]
    lists: dict[str, list[Rule]]
    groups: dict[str, list[Rule]]
    internet: dict[str, str]
    nat: dict[str, str]
    peerings: dict[str, tuple[str, str]]  # gateway -> (its VCN, the gateway of the other)
    attached: dict[str, str | None]  # VCN -> DRG table, None for the default one
    drg_tables: dict[str, list[Route]]
    ingress: dict[str, list[Route]]  # gateway, or attachment by its VCN -> table


def generate(seed: int, joined: bool = False) -> World:
    """A world from a seed; `joined`: three VCNs on one DRG, most of whose subnets send everything there."""
    r = random.Random(seed)
    kind = r.random() < 0.5  # half of the worlds let nearly everything through, so that routes decide
    w = World({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
    for i in range(3 if joined else r.randint(1, 3)):
        vcn = f"v{i}"
        w.vcns[vcn] = f"10.0.0.{64 * i}/26"
        for j in range(2):
            w.subnets[f"{vcn}s{j}"] = {"vcn": vcn, "cidr": f"10.0.0.{64 * i + 32 * j}/27", "routes": []}
        if r.random() < 0.6:
            w.internet[vcn] = f"igw{i}"
        if r.random() < 0.5:
            w.nat[vcn] = f"nat{i}"
        if joined or r.random() < 0.8:
            w.attached[vcn] = r.choice([None, "t0", "t1"])
    vcns = list(w.vcns)
    for i in range(len(vcns) - 1):
        if r.random() < 0.4:
            w.peerings[f"lpg{i}a"] = (vcns[i], f"lpg{i}b")
            w.peerings[f"lpg{i}b"] = (vcns[i + 1], f"lpg{i}a")
    cidrs = ["0.0.0.0/0", "8.0.0.0/8", "10.0.0.0/24", *w.vcns.values(), *(s["cidr"] for s in w.subnets.values())]
    for name in w.subnets:
        w.lists[name] = _rules(r, cidrs, kind)
    for g in ("g0", "g1"):
        w.groups[g] = _rules(r, [*cidrs, "g0", "g1"], False)
    for i, name in enumerate(w.subnets):
        ip = str(IPv4Network(w.subnets[name]["cidr"])[4])
        groups = r.sample(["g0", "g1"], r.randint(0, 2))
        w.machines[f"m{i}"] = {"subnet": name, "ip": ip, "public": r.random() < 0.6, "groups": groups}
    for t in ("t0", "t1"):
        goals = [*w.vcns.values(), "0.0.0.0/0", *(s["cidr"] for s in w.subnets.values())]
        w.drg_tables[t] = _distinct(r, goals, list(w.attached), 4)
    for name, subnet in w.subnets.items():
        hops = _hops(w, subnet["vcn"])
        inside = [s["cidr"] for n, s in w.subnets.items() if s["vcn"] == subnet["vcn"] and n != name]
        subnet["routes"] = _distinct(r, ["0.0.0.0/0", "0.0.0.0/0", *cidrs], hops, 4)
        if joined and r.random() < 0.9:
            subnet["routes"] = [("0.0.0.0/0", "drg"), *(x for x in subnet["routes"][:1] if x[0] != "0.0.0.0/0")]
        if subnet["vcn"] == "v0" and name != "v0s0" and r.random() < 0.3:
            subnet["routes"] = [x for x in subnet["routes"] if x[0] not in inside] + [(inside[0], "firewall")]
    if "v0" in w.attached and r.random() < 0.7:
        goals = ["0.0.0.0/0", *(c for v, c in w.vcns.items() if v != "v0")]
        w.ingress["v0"] = _distinct(r, goals, ["firewall"], 3)
    for gate in [*w.internet.values(), *w.nat.values(), *w.peerings]:
        if r.random() < 0.3 and _vcn_of(w, gate) == "v0":
            w.ingress[gate] = [(w.subnets["v0s1"]["cidr"], "firewall")]
    return w


def _vcn_of(w: World, gate: str) -> str:
    found = {g: v for v, g in (*w.internet.items(), *w.nat.items())}
    return w.peerings[gate][0] if gate in w.peerings else found[gate]


def _hops(w: World, vcn: str) -> list[str]:
    hops = [w.internet[vcn]] if vcn in w.internet else []
    hops += [w.nat[vcn]] if vcn in w.nat else []
    hops += ["drg"] * 2 if vcn in w.attached else []
    hops += [g for g, (home, _) in w.peerings.items() if home == vcn]
    return hops + (["firewall"] if vcn == "v0" else [])


def _distinct(r: random.Random, cidrs: list[str], hops: list[str], most: int) -> list[Route]:
    found = {r.choice(cidrs): r.choice(hops) for _ in range(r.randint(0, most)) if hops}
    return list(found.items())


def _rules(r: random.Random, cidrs: list[str], generous: bool) -> list[Rule]:
    if generous:
        return [
            Rule("INGRESS", "all", "0.0.0.0/0", None, None, r.random() < 0.2),
            Rule("EGRESS", "all", "0.0.0.0/0", None, None, r.random() < 0.2),
        ]
    return [
        Rule(
            r.choice(["INGRESS", "EGRESS"]), r.choice(["tcp", "udp", "all", "all"]), r.choice(cidrs),
            r.choice([None, None, *RANGES]), r.choice([None, *RANGES]), r.random() < 0.4,
        )
        for _ in range(r.randint(1, 5))
    ]  # fmt: skip


# --- as resources -----------------------------------------------------------------------------------------------------


def resources(w: World) -> list[Resource]:
    found: list[Resource] = []

    def add(type_: str, name: str, **values: Any) -> None:
        found.append(Resource(type_, f"{type_}.{name}", "terraform", values, name=name))

    def ref(type_: str, name: str) -> Ref:
        return Ref(f"{type_}.{name}", "id")

    def hop(name: str) -> Ref:
        for prefix, type_ in (
            ("igw", "oci_core_internet_gateway"), ("nat", "oci_core_nat_gateway"), ("drg", "oci_core_drg"),
            ("lpg", "oci_core_local_peering_gateway"),
        ):  # fmt: skip
            if name.startswith(prefix):
                return ref(type_, name)
        return ref("oci_core_private_ip", "firewall")

    def table(name: str, vcn: str, routes: list[Route]) -> Ref:
        rules = [{"destination": cidr, "network_entity_id": hop(goal)} for cidr, goal in routes]
        add("oci_core_route_table", name, vcn_id=ref("oci_core_vcn", vcn), route_rules=rules)
        return ref("oci_core_route_table", name)

    def gate(type_: str, name: str, vcn: str, **more: Any) -> None:
        values = {"vcn_id": ref("oci_core_vcn", vcn), **more}
        if name in w.ingress:
            values["route_table_id"] = table(name, vcn, w.ingress[name])
        add(type_, name, **values)

    for vcn, cidr in w.vcns.items():
        add("oci_core_vcn", vcn, cidr_blocks=[cidr])
    for vcn, name in w.internet.items():
        gate("oci_core_internet_gateway", name, vcn)
    for vcn, name in w.nat.items():
        gate("oci_core_nat_gateway", name, vcn)
    for name, (vcn, other) in w.peerings.items():
        gate("oci_core_local_peering_gateway", name, vcn, peer_id=ref("oci_core_local_peering_gateway", other))
    add("oci_core_drg", "drg")
    for vcn, drg_table in w.attached.items():
        details = {"id": ref("oci_core_vcn", vcn), "type": "VCN"}
        if vcn in w.ingress:
            details["route_table_id"] = table(f"ingress{vcn}", vcn, w.ingress[vcn])
        chosen = {"drg_route_table_id": ref("oci_core_drg_route_table", drg_table)} if drg_table else {}
        add("oci_core_drg_attachment", vcn, drg_id=ref("oci_core_drg", "drg"), network_details=[details], **chosen)
    for name, routes in w.drg_tables.items():
        add("oci_core_drg_route_table", name, drg_id=ref("oci_core_drg", "drg"))
        for i, (cidr, vcn) in enumerate(routes):
            add("oci_core_drg_route_table_route_rule", f"{name}{i}", destination=cidr, destination_type="CIDR_BLOCK",
                drg_route_table_id=ref("oci_core_drg_route_table", name),
                next_hop_drg_attachment_id=ref("oci_core_drg_attachment", vcn))  # fmt: skip
    for name, s in w.subnets.items():
        blocks: dict[str, list[Any]] = {"ingress_security_rules": [], "egress_security_rules": []}
        for rule in w.lists[name]:
            blocks[f"{rule.direction.lower()}_security_rules"].append(_rule(rule, nested=False))
        add("oci_core_security_list", name, vcn_id=ref("oci_core_vcn", s["vcn"]), **blocks)
        add("oci_core_subnet", name, vcn_id=ref("oci_core_vcn", s["vcn"]), cidr_block=s["cidr"],
            route_table_id=table(name, s["vcn"], s["routes"]),
            security_list_ids=[ref("oci_core_security_list", name)])  # fmt: skip
    for name, rules in w.groups.items():
        add("oci_core_network_security_group", name, vcn_id=ref("oci_core_vcn", "v0"))
        for i, rule in enumerate(rules):
            add("oci_core_network_security_group_security_rule", f"{name}{i}", direction=rule.direction,
                network_security_group_id=ref("oci_core_network_security_group", name),
                **_rule(rule, nested=True))  # fmt: skip
    for name, m in w.machines.items():
        vnic = {
            "subnet_id": ref("oci_core_subnet", m["subnet"]), "private_ip": m["ip"], "assign_public_ip": m["public"],
            "nsg_ids": [ref("oci_core_network_security_group", g) for g in m["groups"]],
        }  # fmt: skip
        add("oci_core_instance", name, create_vnic_details=[vnic])
    add("oci_network_firewall_network_firewall", "hub", subnet_id=ref("oci_core_subnet", "v0s0"), ipv4address=FIREWALL)
    add("oci_core_private_ip", "firewall", ip_address=FIREWALL, subnet_id=ref("oci_core_subnet", "v0s0"))
    return found


def _rule(rule: Rule, *, nested: bool) -> dict[str, Any]:
    side = "source" if rule.direction == "INGRESS" else "destination"
    values: dict[str, Any] = {"protocol": NUMBERS[rule.protocol], "stateless": rule.stateless, side: rule.remote}
    if rule.remote.startswith("g"):
        values[side] = Ref(f"oci_core_network_security_group.{rule.remote}", "id")
        values[f"{side}_type"] = "NETWORK_SECURITY_GROUP"
    if rule.protocol != "all":
        options: dict[str, Any] = {}
        if rule.source_ports:
            options["source_port_range"] = [dict(zip(("min", "max"), rule.source_ports, strict=True))]
        if rule.ports:
            span = dict(zip(("min", "max"), rule.ports, strict=True))
            options |= {"destination_port_range": [span]} if nested else span
        if options:
            values[f"{rule.protocol}_options"] = [options]
    return values


# --- packets, one by one ----------------------------------------------------------------------------------------------


class Packet(NamedTuple):
    protocol: str
    source: str
    goal: str
    source_port: int
    port: int

    def reply(self) -> Packet:
        return Packet(self.protocol, self.goal, self.source, self.port, self.source_port)


class Lost(Exception):
    pass


@cache
def _in(ip: str, cidr: str) -> bool:
    return IPv4Address(ip) in IPv4Network(cidr)


def _longest(routes: list[Route], ip: str) -> str | None:
    best = max((r for r in routes if _in(ip, r[0])), key=lambda r: int(r[0].partition("/")[2]), default=None)
    return best[1] if best else None


def _drg_routes(w: World, vcn: str) -> list[Route]:
    """The table of an attachment: its static one, or the default, which imports what every attachment offers."""
    chosen = w.attached[vcn]
    if chosen is not None:
        return w.drg_tables[chosen]
    offered = [(s["cidr"], s["vcn"]) for s in w.subnets.values() if s["vcn"] in w.attached]
    return offered + [(cidr, v) for v in w.attached for cidr, _ in w.ingress.get(v, [])]


def carry(w: World, p: Packet, here: str | None, gate: str) -> tuple[str, str, list[str]]:
    """Where a packet ends, (`subnet`, name) or the gateway by which it leaves, and how often it passed the firewall.

    It starts in the subnet `here`, or enters by a gateway (an attachment has the name of its VCN).
    """
    seen: list[str] = []
    vcn = w.subnets[here]["vcn"] if here else (gate if gate in w.vcns else _vcn_of(w, gate))
    for _ in range(20):
        if here is not None and _in(p.goal, w.subnets[here]["cidr"]):
            return "subnet", here, seen
        hop = _longest(w.subnets[here]["routes"] if here else w.ingress.get(gate, []), p.goal)
        if _in(p.goal, w.vcns[vcn]):
            own = [x for x in (w.subnets[here]["routes"] if here else w.ingress.get(gate, [])) if _in(p.goal, x[0])]
            longest = max((int(c.partition("/")[2]) for c, _ in own), default=0)
            hop = hop if longest >= 26 else "local"  # a rule as long as the VCN's prefix wins over local routing
        if hop is None:
            raise Lost
        if hop == "local":
            home = next((n for n, s in w.subnets.items() if s["vcn"] == vcn and _in(p.goal, s["cidr"])), None)
            if home is None:
                raise Lost
            return "subnet", home, seen
        if hop.startswith(("igw", "nat")):
            return "out", hop, seen
        if hop == "firewall":
            if here == "v0s0":
                raise Lost
            seen.append("firewall")
            here = "v0s0"
        elif hop == "drg":
            goal = _longest(_drg_routes(w, vcn), p.goal)
            if goal is None or goal == vcn:
                raise Lost
            vcn = gate = goal
            here = None
        else:
            gate = w.peerings[hop][1]
            vcn, here = w.peerings[gate][0], None
    raise Lost


def _matching(w: World, subnet: str, groups: list[str], way: str, p: Packet, peer: list[str] | None) -> list[Rule]:
    rules = [x for x in (*w.lists[subnet], *(r for g in groups for r in w.groups[g])) if x.direction == way]
    far = p.source if way == "INGRESS" else p.goal
    found = []
    for rule in rules:
        if rule.protocol not in ("all", p.protocol):
            continue
        if rule.remote.startswith("g"):
            if peer is None or rule.remote not in peer:
                continue
        elif not _in(far, rule.remote):
            continue
        if rule.protocol != "all":
            low, high = rule.source_ports or (0, 65535)
            first, last = rule.ports or (0, 65535)
            if not (low <= p.source_port <= high and first <= p.port <= last):
                continue
        found.append(rule)
    return found


def _admits(w: World, subnet: str, groups: list[str], way: str, p: Packet, peer: list[str] | None) -> bool:
    """Past one interface, its reply included."""
    found = _matching(w, subnet, groups, way, p, peer)
    if not found:
        return False
    if not any(x.stateless for x in found):
        return True
    other = "EGRESS" if way == "INGRESS" else "INGRESS"
    return bool(_matching(w, subnet, groups, other, p.reply(), peer))


def connects(w: World, source: str, goal: str, protocol: str, port: int) -> bool:
    """Whether some client port gets an answer. An end is a machine or a host of the internet."""
    return any(_try(w, source, goal, protocol, port, client) for client in CLIENT_PORTS)


def _past_firewall(w: World, p: Packet, there: list[str], back: list[str]) -> bool:
    """The firewall's own interface: of the connection it saw begin, it lets the replies; else they need rules."""
    if there:
        return all(_admits(w, "v0s0", [], way, p, None) for way in ("INGRESS", "EGRESS"))
    if back:
        return all(_matching(w, "v0s0", [], way, p.reply(), None) for way in ("INGRESS", "EGRESS"))
    return True


def _try(w: World, source: str, goal: str, protocol: str, port: int, client: int) -> bool:
    a, b = w.machines.get(source), w.machines.get(goal)
    try:
        if a is None:
            assert b is not None
            vcn = w.subnets[b["subnet"]]["vcn"]
            if vcn not in w.internet or not b["public"]:
                return False
            p = Packet(protocol, source, b["ip"], client, port)
            kind, where, seen = carry(w, p, None, w.internet[vcn])
            if (kind, where) != ("subnet", b["subnet"]):
                return False
            kind, where, back = carry(w, p.reply(), b["subnet"], "")
            if (kind, where) != ("out", w.internet[vcn]):
                return False
            return _admits(w, where_of(b), b["groups"], "INGRESS", p, []) and _past_firewall(w, p, seen, back)
        p = Packet(protocol, a["ip"], goal if b is None else b["ip"], client, port)
        kind, where, seen = carry(w, p, a["subnet"], "")
        if not _admits(w, where_of(a), a["groups"], "EGRESS", p, b["groups"] if b else []):
            return False
        if b is None:
            home = w.subnets[a["subnet"]]["vcn"]
            if kind != "out" or (where.startswith("igw") and (not a["public"] or w.internet.get(home) != where)):
                return False
            kind, end, back = carry(w, p.reply(), None, where)
            nat = where.startswith("nat")
        else:
            if (kind, where) != ("subnet", b["subnet"]):
                return False
            if not _admits(w, where_of(b), b["groups"], "INGRESS", p, a["groups"]):
                return False
            kind, end, back = carry(w, p.reply(), b["subnet"], "")
            nat = False
        del nat
        return (kind, end) == ("subnet", a["subnet"]) and _past_firewall(w, p, seen, back)
    except Lost:
        return False


def where_of(machine: dict[str, Any]) -> str:
    return str(machine["subnet"])


def between(w: World, a: str, b: str) -> list[tuple[bool, bool | None]]:
    """For every pair of subnets of two VCNs that packets pass: whether the firewall saw them, and what it saw of the
    way back (None where nothing comes back)."""
    found = []
    ours, theirs = ([n for n, s in w.subnets.items() if s["vcn"] == v] for v in (a, b))
    for source in ours:
        for goal in theirs:
            there = _seen(w, source, goal)
            if there is not None:
                found.append((there, _seen(w, goal, source)))
    return found


def _seen(w: World, source: str, goal: str) -> bool | None:
    p = Packet("tcp", w.subnets[source]["cidr"].partition("/")[0], w.subnets[goal]["cidr"].partition("/")[0], 1024, 443)
    try:
        kind, where, seen = carry(w, p, source, "")
    except Lost:
        return None
    return bool(seen) if (kind, where) == ("subnet", goal) else None

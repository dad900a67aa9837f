"""A second opinion on AWS networks: packets followed one by one, written without the engine and as plainly as it goes.

A world is small: three VPCs in 10.0.0.0/24, a few machines, two hosts on the internet, a handful of ports. `generate`
makes one from a seed, `resources` writes it down as Terraform would have it, `connects` says whether a client on one
machine gets an answer from another, by trying packets.
"""

from __future__ import annotations

import random
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple

from assay.model import Ref, Resource

MACHINE = "aws_instance"
HOSTS = ("8.8.8.8", "93.184.216.34")
PORTS = (22, 443, 50000)
CLIENT_PORTS = (1024, 40000, 50000, 65000)  # one of each class that RANGES tells apart
RANGES = ((0, 65535), (22, 22), (443, 443), (1024, 65535), (32768, 60999), (50000, 50000))
NUMBERS = {"tcp": "6", "udp": "17", "all": "-1"}


class World(NamedTuple):
    vpcs: dict[str, str]
    subnets: dict[str, dict[str, Any]]
    machines: dict[str, dict[str, Any]]
    groups: dict[str, dict[str, list[Any]]]
    nats: dict[str, dict[str, Any]]
    gateways: dict[str, str]  # VPC -> internet gateway
    peerings: dict[str, tuple[str, str]]
    attached: dict[str, str]  # VPC -> subnet of its attachment
    tables: dict[str, list[tuple[str, str]]]  # TGW table -> (prefix, VPC or blackhole)
    association: dict[str, str]
    edges: dict[str, list[tuple[str, str]]]


def generate(seed: int) -> World:
    r = random.Random(seed)
    generous = r.random() < 0.5  # half of the worlds let nearly everything through, so that routes decide
    w = World({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
    for i in range(r.randint(1, 3)):
        vpc = f"v{i}"
        w.vpcs[vpc] = f"10.0.0.{64 * i}/26"
        for j in range(2):
            w.subnets[f"{vpc}s{j}"] = {"vpc": vpc, "cidr": f"10.0.0.{64 * i + 32 * j}/27", "routes": [], "acl": None}
        if r.random() < 0.8:
            w.gateways[vpc] = f"igw{i}"
    names = list(w.subnets)
    vpcs = list(w.vpcs)
    cidrs = ["0.0.0.0/0", "8.0.0.0/8", "10.0.0.0/24", *w.vpcs.values(), *(s["cidr"] for s in w.subnets.values())]
    for g in range(3):
        w.groups[f"g{g}"] = {}
    for group in w.groups.values():
        for way in ("ingress", "egress"):
            choices = [*cidrs, "g0", "g1", "g2"]
            if generous:
                group[way] = [("all", (0, 65535), "0.0.0.0/0")]
                continue
            group[way] = [
                (r.choice(["tcp", "udp", "all"]), r.choice(RANGES), r.choice(choices)) for _ in range(r.randint(0, 3))
            ]
    for i, name in enumerate(names):
        for j in range(r.randint(1, 2)):
            ip = str(IPv4Network(w.subnets[name]["cidr"])[4 + j])
            picked = r.sample(sorted(w.groups), r.randint(1, 2))
            w.machines[f"m{i}{j}"] = {"subnet": name, "ip": ip, "public": r.random() < 0.6, "groups": picked}
        if r.random() < 0.3:
            w.nats[f"nat{i}"] = {"subnet": name, "ip": str(IPv4Network(w.subnets[name]["cidr"])[20])}
        if r.random() < (0.2 if generous else 0.6):
            w.subnets[name]["acl"] = {
                way: [
                    (n, r.choice(["allow", "allow", "deny"]), r.choice(["tcp", "udp", "all", "all"]), r.choice(cidrs),
                     r.choice(RANGES))
                    for n in range(r.randint(1, 4))
                ] + ([(99, "allow", "all", "0.0.0.0/0", (0, 65535))] if r.random() < 0.6 else [])
                for way in ("ingress", "egress")
            }  # fmt: skip
    for i in range(len(vpcs) - 1):
        if r.random() < 0.5:
            w.peerings[f"pcx{i}"] = (vpcs[i], vpcs[i + 1])
    for vpc in vpcs:
        if r.random() < 0.6:
            w.attached[vpc] = f"{vpc}s{r.randint(0, 1)}"
    for t in range(2):
        found = {}
        for _ in range(r.randint(0, 4)):
            goal = r.choice([*w.attached, "blackhole"])
            found[r.choice([*w.vpcs.values(), "0.0.0.0/0", *(s["cidr"] for s in w.subnets.values())])] = goal
        w.tables[f"t{t}"] = list(found.items())
    for vpc in w.attached:
        w.association[vpc] = r.choice(["t0", "t1"])
    for subnet in w.subnets.values():
        subnet["routes"] = _routes(r, w, subnet["vpc"], cidrs)
    if "v0" in w.gateways and r.random() < 0.5:
        w.edges["v0"] = [(w.subnets["v0s1"]["cidr"], "fw")]
    if r.random() < 0.3:  # a route inside the VPC may be longer than the local one, towards an endpoint
        w.subnets["v0s1"]["routes"].append((w.subnets["v0s0"]["cidr"], "fw"))
    return w


def _routes(r: random.Random, w: World, vpc: str, cidrs: list[str]) -> list[tuple[str, str]]:
    hops = [w.gateways[vpc]] if vpc in w.gateways else []
    hops += [n for n, nat in w.nats.items() if w.subnets[nat["subnet"]]["vpc"] == vpc] * 2
    hops += [p for p, sides in w.peerings.items() if vpc in sides]
    hops += ["tgw"] if vpc in w.attached else []
    hops += ["fw"] if vpc == "v0" else []
    if not hops:
        return []
    found = {}
    for _ in range(r.randint(0, 4)):
        cidr = r.choice(["0.0.0.0/0", "0.0.0.0/0", *cidrs])
        if not IPv4Network(cidr).subnet_of(IPv4Network(w.vpcs[vpc])):
            found[cidr] = r.choice(hops)
    return list(found.items())


# --- as resources -----------------------------------------------------------------------------------------------------


def resources(w: World) -> list[Resource]:
    found: list[Resource] = []

    def add(type_: str, name: str, **values: Any) -> None:
        found.append(Resource(type_, f"{type_}.{name}", "terraform", values, name=name))

    def ref(type_: str, name: str) -> Ref:
        return Ref(f"{type_}.{name}", "id")

    def group(name: str) -> Ref:
        return ref("aws_security_group", name)

    for vpc, cidr in w.vpcs.items():
        add("aws_vpc", vpc, cidr_block=cidr)
    for vpc, name in w.gateways.items():
        add("aws_internet_gateway", name, vpc_id=ref("aws_vpc", vpc))
    for name, (one, other) in w.peerings.items():
        add("aws_vpc_peering_connection", name, vpc_id=ref("aws_vpc", one), peer_vpc_id=ref("aws_vpc", other))
    add("aws_ec2_transit_gateway", "tgw", default_route_table_association="disable",
        default_route_table_propagation="disable")  # fmt: skip
    attachment = "aws_ec2_transit_gateway_vpc_attachment"
    for vpc, subnet in w.attached.items():
        add(attachment, vpc, vpc_id=ref("aws_vpc", vpc), transit_gateway_id=ref("aws_ec2_transit_gateway", "tgw"),
            subnet_ids=[ref("aws_subnet", subnet)])  # fmt: skip
        add("aws_ec2_transit_gateway_route_table_association", vpc,
            transit_gateway_attachment_id=ref(attachment, vpc),
            transit_gateway_route_table_id=ref("aws_ec2_transit_gateway_route_table", w.association[vpc]))  # fmt: skip
    for table, routes in w.tables.items():
        add("aws_ec2_transit_gateway_route_table", table, transit_gateway_id=ref("aws_ec2_transit_gateway", "tgw"))
        for i, (cidr, goal) in enumerate(routes):
            hop = {"blackhole": True} if goal == "blackhole" else {
                "transit_gateway_attachment_id": ref(attachment, goal)
            }  # fmt: skip
            add("aws_ec2_transit_gateway_route", f"{table}{i}", destination_cidr_block=cidr,
                transit_gateway_route_table_id=ref("aws_ec2_transit_gateway_route_table", table), **hop)  # fmt: skip
    add("aws_vpc_endpoint", "fw", vpc_id=ref("aws_vpc", "v0"), vpc_endpoint_type="GatewayLoadBalancer",
        subnet_ids=[ref("aws_subnet", "v0s0")])  # fmt: skip
    for vpc, routes in w.edges.items():
        blocks = [{"cidr_block": cidr, **_hop(hop)} for cidr, hop in routes]
        add("aws_route_table", f"edge{vpc}", vpc_id=ref("aws_vpc", vpc), route=blocks)
        add("aws_route_table_association", f"edge{vpc}", gateway_id=ref("aws_internet_gateway", w.gateways[vpc]),
            route_table_id=ref("aws_route_table", f"edge{vpc}"))  # fmt: skip
    for name, nat in w.nats.items():
        add("aws_nat_gateway", name, subnet_id=ref("aws_subnet", nat["subnet"]), private_ip=nat["ip"])
    for name, s in w.subnets.items():
        add("aws_subnet", name, vpc_id=ref("aws_vpc", s["vpc"]), cidr_block=s["cidr"])
        blocks = [{"cidr_block": cidr, **_hop(hop)} for cidr, hop in s["routes"]]
        add("aws_route_table", name, vpc_id=ref("aws_vpc", s["vpc"]), route=blocks)
        add("aws_route_table_association", name, subnet_id=ref("aws_subnet", name),
            route_table_id=ref("aws_route_table", name))  # fmt: skip
        if s["acl"] is not None:
            entries = {
                way: [
                    {"rule_no": n + 1, "action": action, "protocol": NUMBERS[protocol], "cidr_block": cidr,
                     "from_port": low, "to_port": high}
                    for n, action, protocol, cidr, (low, high) in rules
                ]
                for way, rules in s["acl"].items()
            }  # fmt: skip
            add("aws_network_acl", name, subnet_ids=[ref("aws_subnet", name)], **entries)
    for name, g in w.groups.items():
        inline = {
            way: [
                {"protocol": NUMBERS[protocol], "from_port": low, "to_port": high,
                 **({"security_groups": [group(remote)]} if remote.startswith("g") else {"cidr_blocks": [remote]})}
                for protocol, (low, high), remote in rules
            ]
            for way, rules in g.items()
        }  # fmt: skip
        add("aws_security_group", name, **inline)
    for name, m in w.machines.items():
        add("aws_instance", name, subnet_id=ref("aws_subnet", m["subnet"]), private_ip=m["ip"],
            associate_public_ip_address=m["public"],
            vpc_security_group_ids=[group(g) for g in m["groups"]])  # fmt: skip
    return found


def _hop(hop: str) -> dict[str, Any]:
    for prefix, name, type_ in (
        ("igw", "gateway_id", "aws_internet_gateway"),
        ("nat", "nat_gateway_id", "aws_nat_gateway"),
        ("pcx", "vpc_peering_connection_id", "aws_vpc_peering_connection"),
        ("tgw", "transit_gateway_id", "aws_ec2_transit_gateway"),
        ("fw", "vpc_endpoint_id", "aws_vpc_endpoint"),
    ):
        if hop.startswith(prefix):
            return {name: Ref(f"{type_}.{hop}", "id")}
    raise AssertionError(hop)


# --- packets, one by one ----------------------------------------------------------------------------------------------


class Packet(NamedTuple):
    protocol: str
    source: str
    goal: str
    source_port: int
    port: int


@cache
def _in(ip: str, cidr: str) -> bool:
    return IPv4Address(ip) in IPv4Network(cidr)


def _longest(routes: list[tuple[str, str]], ip: str) -> str | None:
    best = max((r for r in routes if _in(ip, r[0])), key=lambda r: int(r[0].partition("/")[2]), default=None)
    return best[1] if best else None


def _home(w: World, vpc: str, ip: str) -> str | None:
    return next((n for n, s in w.subnets.items() if s["vpc"] == vpc and _in(ip, s["cidr"])), None)


def _acl_admits(w: World, subnet: str, way: str, p: Packet) -> bool:
    acl = w.subnets[subnet]["acl"]
    if acl is None:
        return True
    far = p.source if way == "ingress" else p.goal
    for _, action, protocol, cidr, (low, high) in acl[way]:
        if protocol in ("all", p.protocol) and _in(far, cidr) and (protocol == "all" or low <= p.port <= high):
            return bool(action == "allow")
    return False


def _cross(w: World, p: Packet, here: str | None, there: str | None, always: bool = False) -> bool:
    if here == there and not always:
        return True
    leaves = here is None or _acl_admits(w, here, "egress", p)
    return leaves and (there is None or _acl_admits(w, there, "ingress", p))


class Lost(Exception):
    pass


def carry(w: World, p: Packet, here: str | None, vpc: str, nat_port: int) -> tuple[str, str | None, Packet, list[str]]:
    """Where a packet ends: (`subnet`, name) or (`internet`, VPC), as it looks there, and the NATs it passed."""
    nats: list[str] = []
    for _ in range(30):
        if here is not None and _in(p.goal, w.subnets[here]["cidr"]):
            return "subnet", here, p, nats
        routes = [(w.vpcs[vpc], "local"), *(w.subnets[here]["routes"] if here else w.edges.get(vpc, []))]
        hop = _longest(routes, p.goal)
        if hop is None:
            raise Lost
        if hop == "local":
            home = _home(w, vpc, p.goal)
            if home is None or not _cross(w, p, here, home):
                raise Lost
            return "subnet", home, p, nats
        if hop.startswith("igw"):
            if not _cross(w, p, here, None):
                raise Lost
            return "internet", vpc, p, nats
        if hop.startswith("nat"):
            stands = w.nats[hop]["subnet"]
            if not _cross(w, p, here, stands):
                raise Lost
            nats.append(hop)
            p = p._replace(source=w.nats[hop]["ip"], source_port=nat_port)
            here = stands
        elif hop == "fw":
            if here == "v0s0" or not _cross(w, p, here, "v0s0"):
                raise Lost
            here = "v0s0"
        elif hop.startswith("pcx"):
            if not _cross(w, p, here, None):
                raise Lost
            one, other = w.peerings[hop]
            far = other if vpc == one else one
            home = _home(w, far, p.goal)
            if home is None or not _cross(w, p, None, home):
                raise Lost
            return "subnet", home, p, nats
        else:
            door = w.attached[vpc]
            if not _cross(w, p, here, door, always=True):
                raise Lost
            goal = _longest(w.tables[w.association[vpc]], p.goal)
            if goal in (None, "blackhole", vpc):
                raise Lost
            vpc, here = str(goal), w.attached[str(goal)]
    raise Lost


def _group_admits(w: World, machine: str, way: str, p: Packet, peer: str | None) -> bool:
    far = p.source if way == "ingress" else p.goal
    for g in w.machines[machine]["groups"]:
        for protocol, (low, high), remote in w.groups[g][way]:
            if protocol != "all" and not (protocol == p.protocol and low <= p.port <= high):
                continue
            if remote.startswith("g"):
                if peer is not None and remote in w.machines[peer]["groups"]:
                    return True
            elif _in(far, remote):
                return True
    return False


def connects(w: World, source: str, goal: str, protocol: str, port: int) -> bool:
    """Whether some client port gets an answer. An end is a machine or a host of the internet."""
    nat_ports = CLIENT_PORTS if w.nats else CLIENT_PORTS[:1]
    return any(_try(w, source, goal, protocol, port, client, nat) for client in CLIENT_PORTS for nat in nat_ports)


def _try(w: World, source: str, goal: str, protocol: str, port: int, client: int, nat_port: int) -> bool:
    a, b = w.machines.get(source), w.machines.get(goal)
    try:
        if a is None:
            assert b is not None
            vpc = w.subnets[b["subnet"]]["vpc"]
            if vpc not in w.gateways or not b["public"]:
                return False
            p = Packet(protocol, source, b["ip"], client, port)
            end = carry(w, p, None, vpc, nat_port)
            if end[:2] != ("subnet", b["subnet"]) or not _group_admits(w, goal, "ingress", end[2], None):
                return False
            reply = Packet(protocol, b["ip"], source, port, client)
            back = carry(w, reply, b["subnet"], vpc, nat_port)
            return back[0] == "internet" and back[1] == vpc and not back[3]
        to = goal if b is None else b["ip"]
        p = Packet(protocol, a["ip"], to, client, port)
        home = w.subnets[a["subnet"]]["vpc"]
        if not _group_admits(w, source, "egress", p, goal if b else None):
            return False
        kind, where, seen, nats = carry(w, p, a["subnet"], home, nat_port)
        reply = Packet(protocol, to, seen.source, seen.port, seen.source_port)
        if b is None:
            if kind != "internet" or not (nats or (a["public"] and where == home)):
                return False
            assert where is not None
            if nats and w.subnets[w.nats[nats[-1]]["subnet"]]["vpc"] != where:
                return False
            back = carry(w, reply, None, where, nat_port)
        else:
            if (kind, where) != ("subnet", b["subnet"]):
                return False
            if not _group_admits(w, goal, "ingress", seen, source if not nats else None):
                return False
            back = carry(w, reply, b["subnet"], w.subnets[b["subnet"]]["vpc"], nat_port)
        for i in range(len(nats) - 1, -1, -1):  # each translation is undone where it was made
            stands = w.nats[nats[i]]["subnet"]
            if back[:2] != ("subnet", stands) or back[3]:
                return False
            to_source = a["ip"] if i == 0 else w.nats[nats[i - 1]]["ip"]
            to_port = client if i == 0 else nat_port
            back = carry(w, reply._replace(goal=to_source, port=to_port), stands, w.subnets[stands]["vpc"], nat_port)
        return back[:2] == ("subnet", a["subnet"]) and not back[3]
    except Lost:
        return False

#!/usr/bin/env python3
"""A hub and its spokes: how long the network model takes to build and to answer for every pair of networks.

usage: network.py [--spokes N]

N spokes (default 200) of two subnets hang on one DRG whose tables lead through a firewall in the hub; N * N pairs are
asked whether they pass it and whether the reply does. The budget is under 2 s of CPU in all at 200 spokes. Printed are
CPU seconds, at N/4, N/2 and N, so that growth can be seen.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.model import Resource

REPOSITORY = Path(__file__).resolve().parent.parent


def estate(spokes: int) -> list[Resource]:
    """The resources of a hub and its spokes, as Terraform would name them."""
    from assay.model import Ref, Resource

    found: list[Resource] = []

    def add(type_: str, name: str, **values: Any) -> None:
        found.append(Resource(f"oci_{type_}", f"oci_{type_}.{name}", "terraform", values, name=name))

    def ref(type_: str, name: str) -> Ref:
        return Ref(f"oci_{type_}.{name}", "id")

    def network(name: str, cidr: str, rules: list[dict[str, Any]], table: str, **details: Any) -> None:
        add("core_vcn", name, cidr_blocks=[cidr])
        attached = {"id": ref("core_vcn", name), "type": "VCN", **details}
        add("core_drg_attachment", name, drg_id=ref("core_drg", "hub"), network_details=[attached],
            drg_route_table_id=ref("core_drg_route_table", table))  # fmt: skip
        add("core_route_table", name, vcn_id=ref("core_vcn", name), route_rules=rules)

    def rule(destination: str, hop: Ref) -> dict[str, Any]:
        return {"destination": destination, "network_entity_id": hop}

    drg, firewall = ref("core_drg", "hub"), ref("core_private_ip", "firewall")
    add("core_drg", "hub")
    add("core_drg_route_table", "spokes", drg_id=drg)
    add("core_drg_route_table_route_rule", "spokes", drg_route_table_id=ref("core_drg_route_table", "spokes"),
        destination="0.0.0.0/0", next_hop_drg_attachment_id=ref("core_drg_attachment", "hub"))  # fmt: skip
    add("core_drg_route_distribution", "all", drg_id=drg, distribution_type="IMPORT")
    add("core_drg_route_distribution_statement", "all", match_criteria=[{"match_type": "MATCH_ALL"}],
        drg_route_distribution_id=ref("core_drg_route_distribution", "all"), action="ACCEPT", priority=1)  # fmt: skip
    add("core_drg_route_table", "hub", drg_id=drg,
        import_drg_route_distribution_id=ref("core_drg_route_distribution", "all"))  # fmt: skip
    network("hub", "172.16.0.0/16", [rule("10.0.0.0/8", drg), rule("0.0.0.0/0", ref("core_nat_gateway", "out"))],
            "hub", route_table_id=ref("core_route_table", "ingress"))  # fmt: skip
    add("core_route_table", "ingress", vcn_id=ref("core_vcn", "hub"),
        route_rules=[rule("10.0.0.0/8", firewall), rule("0.0.0.0/0", firewall)])  # fmt: skip
    add("core_nat_gateway", "out", vcn_id=ref("core_vcn", "hub"), route_table_id=ref("core_route_table", "ingress"))
    add("core_subnet", "firewall", vcn_id=ref("core_vcn", "hub"), cidr_block="172.16.0.0/24",
        route_table_id=ref("core_route_table", "hub"), prohibit_public_ip_on_vnic=True)  # fmt: skip
    add("network_firewall_network_firewall", "hub", subnet_id=ref("core_subnet", "firewall"), ipv4address="172.16.0.5")
    add("core_private_ip", "firewall", ip_address="172.16.0.5", subnet_id=ref("core_subnet", "firewall"))
    for i in range(spokes):
        name, base = f"spoke{i}", f"10.{i // 256}.{i % 256}"
        network(name, f"{base}.0/24", [rule("0.0.0.0/0", drg)], "spokes")
        for half in (0, 128):
            add("core_subnet", f"{name}-{half}", vcn_id=ref("core_vcn", name), cidr_block=f"{base}.{half}/25",
                route_table_id=ref("core_route_table", name), prohibit_public_ip_on_vnic=True)  # fmt: skip
    return found


def measured(spokes: int) -> tuple[float, float, float, float, float]:
    """CPU seconds: building, spoke to spoke, replies, the internet, and one `assay reach` of a pair (microseconds)."""
    from assay.analysis.reach.build import model
    from assay.analysis.reach.coverage import estates
    from assay.analysis.reach.ends import of_subnet
    from assay.graph import Graph

    graph = Graph(estate(spokes))
    marks = [time.process_time()]
    made = model(graph)
    marks.append(time.process_time())
    (joined,) = estates(made, ("firewall", "appliance"))
    assert joined.between() == []
    marks.append(time.process_time())
    assert joined.one_way() == []
    marks.append(time.process_time())
    for network in joined.protected():
        assert joined.outward(network) == joined.inward(network) == joined.replies(network) == []
    marks.append(time.process_time())
    subnets = [s for n in joined.protected() for s in n.subnets]
    asked = [(a, b) for a in subnets[:20] for b in subnets[-20:]]
    for a, b in asked:
        made.reach.between(of_subnet(a), of_subnet(b), 6)
    marks.append(time.process_time())
    steps = [after - before for before, after in itertools.pairwise(marks)]
    return steps[0], steps[1], steps[2], steps[3], steps[4] / len(asked) * 1e6


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--spokes", type=int, default=200)
    args = p.parse_args()
    sys.path.insert(0, str(REPOSITORY / "scanner"))
    heads = ("networks", "pairs", "build s", "between s", "replies s", "internet s", "in all s", "reach us")
    print("".join(f"{head:>12}" for head in heads))
    for spokes in (args.spokes // 4, args.spokes // 2, args.spokes):
        build, between, replies, internet, question = measured(spokes)
        total = build + between + replies + internet
        row = f"{spokes:>12,}{spokes * spokes:>12,}{build:>12.2f}{between:>12.2f}{replies:>12.2f}{internet:>12.2f}"
        print(f"{row}{total:>12.2f}{question:>12.0f}")


if __name__ == "__main__":
    main()

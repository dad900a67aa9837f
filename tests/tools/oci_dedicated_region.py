"""Records `fixtures/dedicated_region`: a tenancy in a dedicated region, reached by `--endpoint`.

usage: oci_dedicated_region.py SNAPSHOT.jsonl

The tenancy is hand made (below, and one good and bad one of each kind of `oci_tenancy`); what is recorded of it is what
the collector makes of the answers of a control plane. The region's name and endpoint are made up.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path
from typing import Any

from oci_control_plane import TENANCY, ControlPlane, write_config
from oci_tenancy import tenancy

REGION = "eu-dcc-example-1"
ENDPOINT = "https://dedicated.example.com"
NET = "ocid1.compartment.oc1..c0"


def content() -> dict[str, Any]:
    """A hub whose firewall all spokes pass, a vault of its own, no service for public mail: what such a region is."""
    made, _ = tenancy(1, 2)
    hub = _hub()
    for operation, items in hub.items():
        if isinstance(items, list):
            made.setdefault(operation, []).extend(items)
        else:
            made.setdefault(operation, {}).update(items)
    made["identity.list_users"] = [
        {"id": "ocid1.user.oc1..ann", "name": "ann", "compartmentId": TENANCY, "lifecycleState": "ACTIVE",
         "isMfaActivated": True, "email": "ann@example.com", "emailVerified": True,
         "lastSuccessfulLoginTime": "2026-11-18T08:00:00Z", "capabilities": {"canUseConsolePassword": True}},
        {"id": "ocid1.user.oc1..bob", "name": "bob", "compartmentId": TENANCY, "lifecycleState": "ACTIVE",
         "isMfaActivated": False, "email": "bob@example.com", "emailVerified": True,
         "lastSuccessfulLoginTime": "2026-05-01T08:00:00Z", "capabilities": {"canUseConsolePassword": True}},
    ]  # fmt: skip
    made["identity.list_api_keys"] = {"ocid1.user.oc1..bob": [
        {"keyId": f"{TENANCY}/bob/aa", "userId": "ocid1.user.oc1..bob", "lifecycleState": "ACTIVE",
         "timeCreated": "2025-01-02T08:00:00Z"},
    ]}  # fmt: skip
    return made


def _hub() -> dict[str, Any]:
    def ocid(kind: str, name: str) -> str:
        return f"ocid1.{kind}.oc1.eu-frankfurt-1.{name}"

    def here(name: str) -> dict[str, Any]:
        return {"displayName": name, "compartmentId": NET, "lifecycleState": "AVAILABLE"}

    def vcn(name: str, block: str) -> dict[str, Any]:
        return {"id": ocid("vcn", name), "cidrBlocks": [block], **here(name)}

    def subnet(name: str, inside: str, block: str) -> dict[str, Any]:
        return {
            "id": ocid("subnet", name), "vcnId": ocid("vcn", inside), "cidrBlock": block,
            "routeTableId": ocid("routetable", name), "prohibitPublicIpOnVnic": True, "prohibitInternetIngress": True,
            "securityListIds": [], **here(name),
        }  # fmt: skip

    def table(name: str, inside: str, *rules: tuple[str, str]) -> dict[str, Any]:
        said = [{"destination": where, "networkEntityId": hop} for where, hop in rules]
        return {"id": ocid("routetable", name), "vcnId": ocid("vcn", inside), "routeRules": said, **here(name)}

    def attachment(name: str, routes: str, **details: str) -> dict[str, Any]:
        return {
            "id": ocid("drgattachment", name), "drgId": drg, "drgRouteTableId": ocid("drgroutetable", routes),
            "networkDetails": {"type": "VCN", "id": ocid("vcn", name), **details}, **here(name),
            "lifecycleState": "ATTACHED",
        }  # fmt: skip

    drg, inspect = ocid("drg", "hub"), ocid("privateip", "firewall")
    anywhere = "0.0.0.0/0"
    return {
        "virtual_network.list_vcns": [vcn("hub", "10.0.0.0/16"), vcn("office", "10.1.0.0/16")],
        "virtual_network.list_subnets": [
            subnet("firewall", "hub", "10.0.1.0/24"), subnet("office", "office", "10.1.1.0/24"),
        ],
        "virtual_network.list_route_tables": [
            table("firewall", "hub", ("10.0.0.0/8", drg)), table("from-drg", "hub", (anywhere, inspect)),
            table("office", "office", (anywhere, drg)),
        ],
        "virtual_network.list_drgs": [
            {"id": drg, "defaultDrgRouteTables": {"vcn": ocid("drgroutetable", "spokes")}, **here("hub")},
        ],
        "virtual_network.get_drg_redundancy_status": {"id": drg, "status": "NOT_REDUNDANT_SINGLE_VIRTUALCIRCUIT"},
        "virtual_network.list_drg_route_tables": {drg: [
            {"id": ocid("drgroutetable", "spokes"), "drgId": drg, **here("spokes")},
        ]},
        "virtual_network.list_drg_attachments": [
            attachment("hub", "spokes", routeTableId=ocid("routetable", "from-drg")), attachment("office", "spokes"),
        ],
        "virtual_network.get_private_ip": {
            "id": inspect, "ipAddress": "10.0.1.10", "subnetId": ocid("subnet", "firewall"), "compartmentId": NET,
        },
        "network_firewall.list_network_firewalls": [{
            "id": ocid("networkfirewall", "hub"), "displayName": "hub", "compartmentId": NET,
            "ipv4Address": "10.0.1.10",
            "networkFirewallPolicyId": ocid("networkfirewallpolicy", "good0"), "subnetId": ocid("subnet", "firewall"),
            "lifecycleState": "ACTIVE",
        }],
    }  # fmt: skip


def main() -> None:
    from assay.cli import main as assay

    with tempfile.TemporaryDirectory() as name, ControlPlane(content(), regions=("eu-frankfurt-1",)) as plane:
        saved = Path(name) / "recorded.jsonl.gz"
        config = write_config(Path(name))
        assay(["audit", "oci", "--endpoint", plane.url, "--config-file", str(config), "-q", "-o", "json=/dev/null",
               "--save", str(saved)])  # fmt: skip
        text = gzip.decompress(saved.read_bytes()).decode()
        text = text.replace(plane.url, ENDPOINT).replace("eu-frankfurt-1", REGION)
    Path(sys.argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

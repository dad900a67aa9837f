"""Write `scanner/assay/tables/oci_permissions.txt`, what OCI's policy words mean, from a JSON of the collected facts.

Usage: build_oci_permissions.py FACTS_JSON

The facts (schema `oci-iam/1`) are those of Oracle's policy reference, cross-checked with NetSPI/OCInferno: per resource
type the permissions that each verb adds, families, operations with the permissions they need. Lines of the table,
fields separated by tabs:

    type       name      verb=PERMISSION,... (what the verb adds)   verbs of which the reference gives no table
    family     name      member ...
    extra      family    verb=PERMISSION,... (granted by the family, of no member)
    alias      name      the type it is another word for
    operation  name      PERMISSION ... (all needed; `?` before the first: conditional ones are mixed in)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parents[1] / "scanner" / "assay" / "tables" / "oci_permissions.txt"
DATE = "2025-03"

# Types and families that the reference names without a table of their permissions.
UNTABLED = (
    "artifact-repositories cloud-guard-family cloud-shell data-catalog-family data-safe-family data-science-family"
    " database-connections database-software-image dataflow-family db-backups dbmgmt-cloud-exadata"
    " generative-ai-family generic-artifacts goldengate-family iot-digital-twin-adapter iot-digital-twin-instance"
    " iot-digital-twin-model iot-digital-twin-relationship iot-domain iot-domain-group iot-work-request"
    " ipsec-connections key-delegates loganalytics-features-family loganalytics-resources-family mysql-family"
    " opensearch-family queue-pull queue-push queues resource-availability target-databases threat-intel-family"
    " usage-report usage-reports vss-family waf-work-request"
)

# What the tables of the reference leave to its text.
NEEDS = {"CreateSecret": ["SECRET_CREATE", "VAULT_CREATE_SECRET", "KEY_ENCRYPT"]}


def adds(verbs: dict[str, list[str]], order: list[str]) -> str:
    return " ".join(f"{v}={','.join(sorted(verbs[v]))}" for v in order if verbs.get(v))


def operation(name: str, flat: list[str], structured: dict[str, Any]) -> str | None:
    """The permissions an operation needs whatever its arguments; marked when the reference does not tell."""
    if name in NEEDS:
        return " ".join(NEEDS[name])
    certain = [s["permissions_all"] for s in structured.values() if s.get("permissions_all")]
    if certain:
        return " ".join(max(certain, key=len))
    if structured or not flat:
        return None
    return " ".join(flat) if len(flat) == 1 else "? " + " ".join(flat)


def main(source: str) -> None:
    facts = json.loads(Path(source).read_text(encoding="utf-8"))
    order = facts["verbs"]
    lines = []
    for name, kind in sorted(facts["resource_types"].items()):
        unverified = ",".join(v for v in kind.get("unverified") or [] if v in order)
        lines.append("\t".join(["type", name, adds(kind["adds"], order), unverified]))
    known = {*facts["resource_types"], *facts["families"], *facts["aliases"]}
    lines += ["\t".join(["type", name, "", ",".join(order)]) for name in UNTABLED.split() if name not in known]
    for name, family in sorted(facts["families"].items()):
        lines.append("\t".join(["family", name, " ".join(sorted(family["members"]))]))
    for name, extra in sorted(facts["family_extra_permissions"].items()):
        lines.append("\t".join(["extra", name, adds(extra, order)]))
    lines += [f"alias\t{a}\t{b}" for a, b in sorted(facts["aliases"].items()) if a != b]
    structured = facts["operations_structured"]
    for name in sorted({*facts["operations"], *structured}):
        flat = facts["operations"].get(name, {}).get("permissions", [])
        needed = operation(name, flat, structured.get(name, {}))
        if needed is not None:
            lines.append(f"operation\t{name}\t{needed}")
    head = [
        f"# OCI's policy words up to {DATE}: facts of Oracle's policy reference (from 2024-06 on), cross-checked with",
        "# NetSPI/OCInferno (BSD-3-Clause); by scripts/build_oci_permissions.py, which explains them; do not edit.",
    ]
    TABLE.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

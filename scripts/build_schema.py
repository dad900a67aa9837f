#!/usr/bin/env python3
"""Make `scanner/assay/tables/schema.txt`: attribute names and kinds of the resource types that rules and links name.

usage: build_schema.py AWS_ATTRIBUTES.tsv OCI_ATTRIBUTES.tsv

The inputs are attribute dumps of the providers' schemas: AWS as type, path, kind; OCI as type, arg|attr, path. One line
a type comes out: the type, a tab, then `path=kind` words; kinds: b bool, n number, s string, l list or map, m block.
"""

from __future__ import annotations

import csv
import sys
from functools import cache
from importlib import import_module
from inspect import isclass
from pathlib import Path
from pkgutil import iter_modules

import oci

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scanner"))

from assay.inventory.oci import types as oci_types  # noqa: E402
from assay.links import links_of, types  # noqa: E402
from assay.rule import load_directory  # noqa: E402

KINDS = {"union": "b", "number": "n", "string": "s", "list": "l", "block": "m", "block[]": "m", "any": "m"}
FLAGS = ("is_", "are_", "should_", "prohibit_", "can_", "has_")
OTHER_FLAGS = {"assign_public_ip", "auto_backup_enabled", "object_events_enabled", "stateless"}  # of Terraform alone
# The documentation nests a rule of a security group, whose schema is flat.
FLAT = {"oci_core_network_security_group_security_rule": "security_rules."}
# Types that it documents in prose only have the attributes of another one, and the id of what they manage.
LIKE = {
    "oci_core_default_security_list": "oci_core_security_list",
    "oci_core_default_route_table": "oci_core_route_table",
}

# Of providers of which there is no dump, as their documentation has it.
OTHERS = {
    "opc_compute_ip_address_reservation": {
        "description": "s", "ip_address": "s", "ip_address_pool": "s", "name": "s", "tags": "l", "uri": "s",
    },
    "aws_iam_policy_document": {
        "json": "s", "override_policy_documents": "l", "policy_id": "s", "source_policy_documents": "l",
        "statement": "m", "statement.actions": "l", "statement.condition": "m", "statement.condition.test": "s",
        "statement.condition.values": "l", "statement.condition.variable": "s", "statement.effect": "s",
        "statement.not_actions": "l", "statement.not_principals": "m", "statement.not_principals.identifiers": "l",
        "statement.not_principals.type": "s", "statement.not_resources": "l", "statement.principals": "m",
        "statement.principals.identifiers": "l", "statement.principals.type": "s", "statement.resources": "l",
        "statement.sid": "s", "version": "s",
    },
}  # fmt: skip


def wanted() -> set[str]:
    """The types that rules judge, links join or audits collect, data sources by their own type."""
    linked, named = types()
    found = {*linked, *named, *(t for type_ in linked for targets in links_of(type_).values() for t in targets)}
    for rule in load_directory(str(ROOT / "rules")):
        found |= set(rule.on)
    found |= set(oci_types())
    return {t.removeprefix("data.") for t in found}


@cache
def sdk() -> dict[str, dict[str, set[str]]]:
    """By service, as the SDK calls it without underscores, and by `` for all: attribute names and their types."""
    found: dict[str, dict[str, set[str]]] = {"": {}}
    for module in iter_modules(oci.__path__):
        try:
            models = import_module(f"oci.{module.name}.models")
        except ImportError:
            continue
        mine = found.setdefault(module.name.replace("_", ""), {})
        for model in filter(isclass, vars(models).values()):
            try:
                described = getattr(model(), "swagger_types", {})
            except TypeError:  # a helper, no model
                continue
            for name, type_ in described.items():
                mine.setdefault(name, set()).add(type_)
                found[""].setdefault(name, set()).add(type_)
    return found


def oci_kind(type_: str, path: str) -> str:
    """The OCI documentation says no kinds: the SDK does, of the same names, where all of its models agree."""
    name = path.rpartition(".")[2]
    if name.startswith(FLAGS) or name in OTHER_FLAGS:
        return "b"
    known = sdk()
    service = type_.split("_")[1]
    types = known.get(service, {}).get(name) or known[""].get(name) or {"str"}
    return "b" if types == {"bool"} else "n" if types <= {"int", "float"} else "x"


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    keep = wanted()
    table: dict[str, dict[str, str]] = {t: dict(paths) for t, paths in OTHERS.items() if t in keep}
    with open(sys.argv[1], encoding="utf-8", newline="") as handle:
        for row in csv.reader(handle, delimiter="\t"):
            if row[0] in keep:
                table.setdefault(row[0], {})[row[1].replace("[]", "")] = KINDS.get(row[2], "x")
    with open(sys.argv[2], encoding="utf-8", newline="") as handle:
        for row in csv.reader(handle, delimiter="\t"):
            if row[0] in keep and len(row) > 2 and row[2]:
                path = row[2].removeprefix(FLAT.get(row[0], ""))
                table.setdefault(row[0], {}).setdefault(path, oci_kind(row[0], path))
    for type_, other in LIKE.items():
        if type_ in keep and other in table:
            table[type_] = {**table[other], "manage_default_resource_id": "x"}
    target = ROOT / "scanner/assay/tables/schema.txt"
    lines = [t + "\t" + " ".join(f"{p}={k}" for p, k in sorted(paths.items())) for t, paths in sorted(table.items())]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    missing = sorted(t for t in keep if t.startswith(("aws_", "oci_")) and t not in table)
    sys.stdout.write(
        f"{len(table)} types, {target.stat().st_size} bytes; without schema: {', '.join(missing) or 'none'}\n"
    )


if __name__ == "__main__":
    main()

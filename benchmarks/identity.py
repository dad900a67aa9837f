#!/usr/bin/env python3
"""The identity engine: a tenancy of 500 policies and 2,000 statements, and one policy against another.

usage: identity.py [--policies N] [--pairs N]

Budgets: the tenancy, with every question the rules ask of it, under 2 s of CPU; one inclusion check under 50 ms at the
median. Both inputs are generated from a fixed seed, so two runs compare.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.graph import Graph

VERBS = ("inspect", "read", "use", "manage")
TYPES = (
    "buckets", "objects", "object-family", "instances", "instance-family", "vcns", "subnets", "virtual-network-family",
    "volumes", "volume-family", "secrets", "secret-family", "keys", "vaults", "functions-family", "repos", "clusters",
    "cluster-family", "autonomous-databases", "metrics", "alarms", "logging-family", "streams", "policies", "groups",
)  # fmt: skip
CONDITIONS = (
    "", "", "", " where request.region = 'FRA'", " where target.bucket.name = /logs-*/",
    " where all {request.region != 'IAD', request.permission != 'OBJECT_DELETE'}",
    " where any {target.resource.tag.team.name = 'a', target.resource.tag.team.name = 'b'}",
)  # fmt: skip


def estate(policies: int) -> Graph:
    """A tenancy of 40 compartments, 60 groups, 20 dynamic groups and so many policies of four statements each."""
    from assay.graph import Graph
    from assay.model import Resource

    rng = random.Random(1)
    root = "ocid1.tenancy.oc1..t"
    found = []

    def add(type_: str, name: str, **values: Any) -> None:
        found.append(Resource(type_, name, "oci", {"id": f"ocid1.{name}", "name": name, **values}, account="t"))

    for n in range(40):
        add("oci_identity_compartment", f"c{n}", compartment_id=root if n < 10 else f"ocid1.c{n % 10}")
    for n in range(60):
        add("oci_identity_group", f"g{n}", compartment_id=root)
    for n in range(20):
        rule = f"ALL {{resource.type = 'fnfunc', resource.compartment.id = 'ocid1.c{n}'}}"
        add("oci_identity_dynamic_group", f"d{n}", compartment_id=root, matching_rule=rule)
    for n in range(policies):
        statements = []
        for _ in range(4):
            who = f"group g{rng.randrange(60)}" if rng.random() < 0.7 else f"dynamic-group d{rng.randrange(20)}"
            c = rng.randrange(40)
            where = f"compartment c{c}" if c < 10 else f"compartment c{c % 10}:c{c}"
            what = f"{rng.choice(VERBS)} {rng.choice(TYPES)}"
            statements.append(f"Allow {who} to {what} in {where}{rng.choice(CONDITIONS)}")
        add("oci_identity_policy", f"p{n}", compartment_id=root, statements=statements)
    return Graph(found)


def tenancy(policies: int) -> None:
    from assay.analysis.oci_escalation import escalations
    from assay.analysis.oci_identity import nowhere, tenancy
    from assay.analysis.oci_questions import insufficient, redundant

    graph = estate(policies)
    start = last = time.process_time()
    t = tenancy(graph, graph.all("oci_identity_policy")[0])
    steps = []
    for name, ask in (
        ("parsed and placed", lambda: t.entries),
        ("redundant", lambda: redundant(t)),
        ("ways to the tenancy", lambda: escalations(t)),
        ("insufficient", lambda: insufficient(t)),
        ("out of reach", lambda: [x for e in t.entries for x in nowhere(t, e)]),
    ):
        count = len(ask())
        now = time.process_time()
        steps.append(f"  {name:<22} {count:>6}  {now - last:6.2f} s")
        last = now
    print(f"{policies} policies, {len(t.entries)} statements: {last - start:.2f} s CPU (budget 2 s)")
    print("\n".join(steps))


ACTIONS = (
    "s3:Get*",
    "s3:PutObject",
    "s3:*",
    "dynamodb:Query",
    "dynamodb:*Item",
    "iam:Get*",
    "sqs:SendMessage",
    "sqs:*",
)
RESOURCES = (
    "*",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a*/logs/*",
    "arn:aws:sqs:*:111122223333:*",
    "arn:aws:dynamodb:*:*:table/t*",
)
KEYS = ("aws:SourceVpc", "aws:PrincipalTag/team", "aws:RequestedRegion")


def document(rng: random.Random, size: int) -> Any:
    from assay.analysis.aws_policy_documents import statements
    from assay.model import Resource

    parts = []
    for _ in range(size):
        s: dict[str, Any] = {"Effect": "Deny" if rng.random() < 0.2 else "Allow"}
        s["Action"], s["Resource"] = rng.sample(ACTIONS, 2), rng.sample(RESOURCES, 2)
        if rng.random() < 0.3:
            s["Condition"] = {
                rng.choice(("StringLike", "StringNotEquals")): {rng.choice(KEYS): rng.choice(("a*", "b", "eu-*"))}
            }
        parts.append(s)
    return statements(Resource("aws_iam_policy", "p", "aws", {"policy": json.dumps({"Statement": parts})}), "policy")


def inclusion(pairs: int) -> None:
    from assay.analysis.aws_compare import no_broader

    print(f"\none policy within another, {pairs} pairs each (budget 50 ms at the median)")
    for size in (1, 3, 8, 15, 25):
        rng = random.Random(size)
        times, verdicts = [], {"yes": 0, "no": 0, "unknown": 0}
        for n in range(pairs):
            mine = document(rng, size)
            theirs = mine if n % 3 == 0 else document(rng, size)
            start = time.process_time()
            verdicts[no_broader(mine, theirs, identity=True).verdict] += 1
            times.append(1000 * (time.process_time() - start))
        print(
            f"  {size:>3} statements: median {statistics.median(times):7.1f} ms, max {max(times):8.1f} ms   {verdicts}"
        )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--policies", type=int, default=500)
    p.add_argument("--pairs", type=int, default=60)
    args = p.parse_args()
    tenancy(args.policies)
    inclusion(args.pairs)


if __name__ == "__main__":
    main()

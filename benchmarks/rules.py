#!/usr/bin/env python3
"""All rules on a large estate: CPU in total and per call, and whether it grows as the number of resources does.

usage: rules.py [--resources N] [--slowest N]

The estate is made of the rules' own good Terraform examples and of the fixtures, evaluated once and repeated under
fresh addresses, so its types are as mixed as the rules are. It is judged at N/4, N/2 and N resources (default 10,000).
A call is one rule asked about one resource or block. Budgets are DESIGN's: under 2 s of CPU on 10,000 resources, at
most 10 microseconds a call on average, linear.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource
    from assay.rule import Rule

REPOSITORY = Path(__file__).resolve().parent.parent


def estate() -> list[Resource]:
    """The resources of every fixture and of every good Terraform example of the rules, evaluated."""
    from assay.bundled import RULES
    from assay.catalogue import Catalogue
    from assay.examples import read
    from assay.model import Request
    from assay.scan import collect

    files = sorted({(e.directory, e.file) for e in Catalogue([RULES]).entries})
    with tempfile.TemporaryDirectory() as folder:
        for directory, file in files:
            for n, example in enumerate(read(f"{directory}/{file[:-3]}.md")):
                if example.kind == "good" and example.language == "hcl":
                    home = Path(folder, file[:-3], str(n))
                    home.mkdir(parents=True)
                    (home / "main.tf").write_text(example.text)
        paths = [folder, *(str(p) for p in sorted((REPOSITORY / "fixtures").iterdir()) if p.is_dir())]
        return collect(Request(paths, folder)).resources


def repeated(base: list[Resource], size: int) -> Graph:
    """A graph of `size` resources: the estate again and again, each time in roots of its own."""
    from assay.graph import Graph
    from assay.model import Resource

    found = []
    for n in range(size):
        r = base[n % len(base)]
        root = f"{n // len(base)}/{r.root}"
        found.append(Resource(r.type, r.address, r.source, r.values, r.origin, root=root, account=r.account))
    return Graph(found)


def judge(graph: Graph, rules: list[Rule]) -> tuple[float, int, dict[str, float]]:
    """CPU seconds, calls, and seconds by rule."""
    from assay.engine import _Run

    calls = 0
    run = _Run(graph, passes=False, timings=True)
    judged = run._judge

    def counted(rule: Rule, r: Resource, view: Resource) -> None:
        nonlocal calls
        calls += 1
        judged(rule, r, view)

    for rule in rules:  # once counted, once timed: counting costs as much as an easy rule
        run._judge = counted  # type: ignore[method-assign,assignment]
        run.rule(rule)
    fresh = type(graph)(graph.resources)
    run = _Run(fresh, passes=False, timings=True)
    gc.collect()
    gc.disable()
    start = time.process_time()
    for rule in rules:
        run.rule(rule)
    seconds = time.process_time() - start
    gc.enable()
    return seconds, calls, run.seconds


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--resources", type=int, default=10_000)
    p.add_argument("--slowest", type=int, default=15)
    args = p.parse_args()
    sys.path.insert(0, str(REPOSITORY / "scanner"))
    from assay.bundled import RULES
    from assay.rule import load_directory

    base = estate()
    rules = load_directory(RULES)
    print(f"{len(base)} different resources of {len({r.type for r in base})} types, {len(rules)} rules")
    print(f"{'resources':>10} {'calls':>10} {'CPU s':>8} {'us/call':>8} {'us/resource':>12}")
    for size in (args.resources // 4, args.resources // 2, args.resources):
        seconds, calls, by_rule = judge(repeated(base, size), rules)
        each = seconds / calls * 1e6 if calls else 0.0
        print(f"{size:>10,} {calls:>10,} {seconds:>8.2f} {each:>8.1f} {seconds / size * 1e6:>12.0f}")
    for name, spent in sorted(by_rule.items(), key=lambda item: -item[1])[: args.slowest]:
        print(f"{spent * 1000:>10.1f} ms  {name}")


if __name__ == "__main__":
    main()

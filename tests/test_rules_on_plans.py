"""Every Terraform example, as the plan that a provider would make of it, gets the verdicts that its code gets.

There is no provider in a test, so the plans are written here, in the shape that `terraform show -json` has: what the
code leaves unknown is known after apply, whole attributes at a time, ids and ARNs too; attributes that nobody wrote are
null, blocks empty lists. Beside the code, every verdict must be the code's. Alone, a plan may know less, never other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.engine import evaluate
from assay.examples import Example, read
from assay.graph import Graph
from assay.model import Encoded, PartialList, Ref, Request, Resource, Text, Unknown
from assay.rule import Rule
from assay.scan import collect
from assay.terraform.schema import attributes

PAGES = sorted(str(p.relative_to(RULES)) for p in Path(RULES).glob("*/*.md"))
# What the plan of an example would need: providers' settings, values for variables, and the code of modules.
OUTSIDE = re.compile(r'(?m)^(provider|module|terraform)\b|^\s*(count|for_each|provider)\s*=|"\.\./|filename')
UNSET = re.compile(r'(?m)^variable "[\w-]+" \{\s*\}|^variable "[\w-]+" \{\n(?:(?!\}|\s*default).*\n)*\}')
CHAINS = {"aws-iam-privilege-escalation"}  # ways through other principals are told where they are certain
OF_THE_BLOCK = {"lifecycle", "provisioner", "connection", "tags_all"}


def hole(value: Any) -> bool:
    """Whether a part of the value is unknown: a provider then says so of the whole."""
    if isinstance(value, (Unknown, PartialList)):
        return True
    if isinstance(value, dict):
        return any(hole(v) for v in value.values())
    return isinstance(value, list) and any(hole(v) for v in value)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, Ref):
        yield from (f"{value.target}.{value.attribute}", value.target)
    elif isinstance(value, Text):
        for part in value.parts:
            yield from references(part)
    elif isinstance(value, Encoded):
        yield from references(value.value)
    elif isinstance(value, Unknown):
        yield from re.findall(r"^(?:var|local|data|each)\.[\w.-]+", value.reason)
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else list.__iter__(value):
            yield from references(inner)


class Planned:
    """One attribute or block of a plan: `after`, `after_unknown`, `after_sensitive` and its expression."""

    def __init__(self, value: Any, kinds: dict[str, str], path: str) -> None:
        self.after: Any = None
        self.unknown: Any = False
        self.sensitive: Any = False
        self.expression: Any = {"references": list(references(value))}
        inner = value if isinstance(value, list) else [value]
        is_block = any(p.startswith(f"{path}.") for p in kinds) or (not kinds and any(type(v) is dict for v in inner))
        if isinstance(value, Unknown) and value.sensitive:
            self.after, self.sensitive = "hunter2", True
        elif isinstance(value, (Unknown, PartialList)):
            self.unknown = True
        elif isinstance(value, list) and is_block:
            parts = [Planned(v, kinds, path) for v in value]
            self.after, self.unknown = [p.after for p in parts], [p.unknown or {} for p in parts]
            self.sensitive, self.expression = [p.sensitive or {} for p in parts], [p.expression for p in parts]
        elif isinstance(value, dict) and is_block:
            made = {n: Planned(v, kinds, f"{path}.{n}") for n, v in value.items()}
            self.after = {n: p.after for n, p in made.items() if p.unknown is not True}
            self.unknown = {n: p.unknown for n, p in made.items() if p.unknown}
            self.sensitive = {n: p.sensitive for n, p in made.items() if p.sensitive}
            self.expression = {n: p.expression for n, p in made.items()}
        elif isinstance(value, (dict, list)):
            names = value if isinstance(value, dict) else range(len(value))
            self.after, self.unknown = value, False
            if hole(value):
                known = {n: None if hole(value[n]) else value[n] for n in names}
                self.after = known if isinstance(value, dict) else list(known.values())
                self.unknown = {n: True for n in names if hole(value[n])}
                if isinstance(value, list):
                    self.unknown = [hole(v) for v in value]
        else:
            self.after, self.expression = value, {"constant_value": value}


def plan_of(graph: Graph) -> dict[str, Any]:
    changes, configuration = [], []
    for r in graph.resources:
        if r.source != "terraform" or "_" not in r.type:
            continue
        type_ = r.type.removeprefix("data.")
        data = r.type != type_
        base = {"address": r.address, "mode": "data" if data else "managed", "type": type_, "name": r.name}
        change, expressions = change_of(r, {} if data else attributes(type_))
        changes.append({**base, "change": {"actions": ["read" if data else "create"], "before": None, **change}})
        configuration.append({**base, "expressions": expressions})
    return {
        "format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {}},
        "resource_changes": changes, "configuration": {"root_module": {"resources": configuration}},
    }  # fmt: skip


def change_of(r: Resource, kinds: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = {n: Planned(v, kinds, n) for n, v in r.values.items() if n not in OF_THE_BLOCK}
    after = {n: p.after for n, p in parts.items() if p.unknown is not True}
    unknown = {n: p.unknown for n, p in parts.items() if p.unknown}
    for name, kind in kinds.items():
        if "." not in name and name not in parts and name not in OF_THE_BLOCK:
            if name in ("id", "arn"):
                unknown[name] = True
            else:
                after[name] = [] if kind == "m" else None
    secret = {n: p.sensitive for n, p in parts.items() if p.sensitive}
    told = {"after": after, "after_unknown": unknown, "after_sensitive": secret}
    return told, {n: p.expression for n, p in parts.items()}


@pytest.fixture(scope="module")
def rules() -> dict[str, Rule]:
    catalogue = Catalogue()
    return {r.id: r for r in catalogue.load(catalogue.entries)}


def judged(path: Path, example: Example, rule: Rule) -> tuple[Graph, Counter[tuple[str, str]]]:
    graph = collect(Request([str(path)], str(path.parent)))
    assert not [i for i in graph.coverage.inputs if i["status"] == "failed"], example.place
    usual = dict(rule.params)
    rule.params.update(example.params)
    report = evaluate(graph, [rule])
    rule.params.update(usual)
    return graph, Counter((f.resource.address, f.verdict.value) for f in report.findings)


def knows_less(plan: Counter[tuple[str, str]], code: Counter[tuple[str, str]]) -> bool:
    """Whether each resource on which they differ is undecided in the plan."""
    differ = {address for address, _ in (plan - code) + (code - plan)}
    return all((address, "unknown") in plan for address in differ)


@pytest.mark.parametrize("page", PAGES)
def test_a_plan_is_judged_as_its_code_is(page: str, rules: dict[str, Rule], tmp_path: Path) -> None:
    wrong: list[str] = []
    for number, example in enumerate(read(f"{RULES}/{page}")):
        rule = rules[example.rule]
        if example.source != "terraform" or list(example.files) != ["main.tf"] or OUTSIDE.search(example.text):
            continue
        if (rule.sources and "plan" not in rule.sources) or (example.kind != "unknown" and UNSET.search(example.text)):
            continue
        code = tmp_path / f"{number}"
        code.mkdir()
        (code / "main.tf").write_text(example.text, "utf-8")
        graph, said = judged(code, example, rule)
        text = json.dumps(plan_of(graph))
        for beside in (True, False):
            plan = (code if beside else tmp_path / f"{number}-alone") / "plan.json"
            plan.parent.mkdir(exist_ok=True)
            plan.write_text(text, "utf-8")
            heard = judged(plan, example, rule)[1]
            less = knows_less(heard, said) or example.rule in CHAINS
            if heard != said and (beside or not less):
                where = "beside its code" if beside else "alone"
                wrong.append(f"{example.place} {example.rule} {where}: {dict(heard)} instead of {dict(said)}")
    assert not wrong, "\n".join(wrong)

"""Live examples are what AWS can answer: every recorded operation, parameter and member is in botocore's own models."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
import pytest
from assay.bundled import RULES
from assay.examples import Example, answers, read
from assay.inventory.aws.replay import all_services
from assay.rule import load_directory, rule_files

EXAMPLES = [e for file in rule_files(RULES) for e in read(f"{RULES}/{file[:-3]}.md") if e.source == "aws"]


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "character": (str,), "integer": (int,), "long": (int,), "boolean": (bool,),
    "float": (float, int), "double": (float, int), "blob": (str, bytes),
}  # fmt: skip


def faults(shape: Any, value: Any, path: str) -> list[str]:
    """What of a value the shape does not have: an unknown member, a value of another type."""
    if getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"):
        return []
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            return [f"{path} is no structure"]
        unknown = [f"{path}.{name} does not exist" for name in value if name not in shape.members]
        known = [f for n, v in value.items() if n in shape.members for f in faults(shape.members[n], v, f"{path}.{n}")]
        return unknown + known
    if shape.type_name == "list":
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [f for i, v in enumerate(value) for f in faults(shape.member, v, f"{path}[{i}]")]
    if shape.type_name == "map":
        if not isinstance(value, dict):
            return [f"{path} is no map"]
        return [f for k, v in value.items() for f in faults(shape.value, v, f"{path}.{k}")]
    if shape.type_name == "timestamp":
        return [] if hasattr(value, "isoformat") else [f"{path} is no time"]
    if not isinstance(value, KINDS[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        # IAM documents arrive decoded: botocore turns their text into the structure.
        if shape.type_name == "string" and isinstance(value, dict) and shape.name == "policyDocumentType":
            return []
        return [f"{path} is no {shape.type_name}: {value!r}"]
    return []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.rule}-{e.kind}-{e.place.rpartition(':')[2]}")
def test_recorded_answers_are_answers_of_the_api(example: Example) -> None:
    for name, recorded in answers(example).items():
        service, _, operation = name.partition(".")
        shapes = model(service).operation_model(operation)
        cases = recorded if isinstance(recorded, list) else [{"response": recorded}]
        for case in cases:
            assert set(case) <= {"params", "response"}
            if "params" in case:
                assert faults(shapes.input_shape, case["params"], f"{name} params") == []
            if set(case["response"]) != {"error"}:
                assert faults(shapes.output_shape, case["response"], name) == []


def test_the_operations_of_the_tables_exist() -> None:
    for service in all_services():
        for name, operation in service.operations():
            assert operation in model(name).operation_names, f"{name} has no {operation}"


def test_no_two_tables_are_the_same_unit_of_work() -> None:
    names = [service.label or service.name for service in all_services()]
    assert sorted(names) == sorted(set(names))


def test_a_claimed_live_rule_judges_a_type_that_the_collector_feeds() -> None:
    feeds = {t for service in all_services() for t in service.types}
    rules = {r.id: r for r in load_directory(RULES)}
    for rule_id in {e.rule for e in EXAMPLES}:
        on = set(rules[rule_id].on)
        assert on & {*feeds, "any", "taggable"}, f"{rule_id} is on {sorted(on)}, which no AWS collector makes"

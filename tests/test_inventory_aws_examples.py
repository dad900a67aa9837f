"""Live examples are what AWS can answer: every recorded operation, parameter and member is in botocore's own models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from assay.analysis.aws_actions import expand
from assay.bundled import RULES
from assay.example_graphs import OPENSLO, SPEND, answers
from assay.examples import Example, read
from assay.inventory.aws.code import with_code
from assay.inventory.aws.permissions import actions
from assay.inventory.aws.replay import all_services
from assay.inventory.aws.table import Ask, Make, Place, Service
from assay.inventory.aws.walk import Walk
from assay.inventory.collect import Unit, gather
from assay.model import Unknown
from assay.rule import load_directory, rule_files
from assay.terraform.schema import _table, attributes

WRITTEN = [e for file in rule_files(RULES) for e in read(f"{RULES}/{file[:-3]}.md") if e.source == "aws"]
EXAMPLES = [e for e in WRITTEN if OPENSLO not in e.text]


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
    words = getattr(shape, "enum", None)
    if words and value not in words and (shape.name, value) not in SPOKEN:
        return [f"{path} is none of {', '.join(words)}: {value!r}"]
    return []


SPOKEN = {
    ("KeyAlgorithm", "RSA-1024"), ("KeyAlgorithm", "RSA-2048"), ("AttachmentStatus", "available"),
    ("ReplicationEndpointTypeValue", "SOURCE"), ("ReplicationEndpointTypeValue", "TARGET"), ("State", "available"),
}  # fmt: skip
"""What services answer in other words than their models have: a certificate's algorithm with a hyphen, gateways that
are available and not attached."""


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


COMPUTED = {
    "arn", "not_after", "not_before", "status", "domain_name", "stream_arn", "repository_url", "revision", "zone_id",
    "expiration_date", "data_source_id", "agent_arn", "cluster_id", "instance_state", "unique_id", "policy_id",
    "last_used_date", "mfa_active", "mfa_devices", "password_enabled", "password_last_used", "function_arn",
    "layer_arn", "arn_suffix", "dns_entry", "bucket_region", "creation_date", "key_spec", "rotation_enabled",
    "instance_id", "restorable_lag_minutes", "renewal_status", "certificate", "last_built", "usage_tracked_since",
    "unencrypted_recovery_points",
    "valid_to_date", "iam_auth_enabled", "ml_user_data_encryption_mode", "replication_task_arn", "created", "feature",
    "suspended_processes",
    "update_available", "vgw_telemetry", "parent_id", "enable_termination_protection", "outputs", "protects",
    "vpn_gateway_id", "newest_image", "packages", "image_scan", "endpoint_name",
}  # fmt: skip
"""What the provider computes and the dump of its schema leaves out, and what only a live account can say."""


def test_the_tables_name_attributes_that_exist() -> None:
    """Every attribute that a table names is one of some type: a misspelt one would never be read."""
    known = {step for type_ in _table() for path in attributes(type_) for step in path.split(".")} | COMPUTED
    unknown = {
        (make.type, name)
        for service in all_services()
        for make in makes(service.asks)
        if attributes(make.type)
        for name in {*make.fields, *filter(None, make.rename.values()), *(k.rpartition(".")[2] for k in make.keys)}
        if name not in known
    }
    assert unknown == set()


def makes(asks: tuple[Ask, ...]) -> Iterator[Make]:
    for ask in asks:
        yield from ask.makes
        yield from makes((*ask.then, *((ask.batch[1],) if ask.batch else ())))


NEWER = {"kms:GetKeyLastUsage"}
"""Actions that botocore has an operation of, and that AWS added after the month of the table."""


def whole(shape: Any, above: tuple[str, ...] = ()) -> Any:
    """A value with every member that a shape has, two items in each list; None where it contains itself."""
    if above.count(shape.name) > 1:
        return None
    here = (*above, shape.name)
    if shape.type_name == "structure":
        found = {name: whole(inner, here) for name, inner in shape.members.items()}
        return {name: value for name, value in found.items() if value is not None}
    if shape.type_name in ("list", "map"):
        inner = whole(shape.member if shape.type_name == "list" else shape.value, here)
        several: Any = [inner, inner] if shape.type_name == "list" else {"k": inner}
        return several if inner is not None else type(several)()
    words = getattr(shape, "enum", None)
    return words[0] if words else SAMPLES[shape.type_name]


SAMPLES = {
    "string": "{}", "character": "c", "integer": 7, "long": 7, "float": 1.5, "double": 1.5, "boolean": True,
    "blob": b"x", "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
}  # fmt: skip
SCALARS, BLOCK = ("s", "n", "b"), "m"


class Everything:
    """A `Transport` that answers with all that an operation can answer."""

    def call(self, service: str, operation: str, **_: Any) -> Iterator[dict[str, Any]]:
        output = model(service).operation_model(operation).output_shape
        yield whole(output) if output is not None else {}


@pytest.mark.parametrize("service", all_services(), ids=lambda s: s.label or s.name)
def test_what_a_table_makes_of_a_whole_answer_has_the_schemas_form(service: Service) -> None:
    """A path through a list that ends in one text, a block that is none: rules would read past them."""
    place = Place("123456789012", "eu-west-1")
    unit = Unit("aws", place.account, place.region, service.name, service.types,
                lambda emit: Walk(service, place, Everything(), emit, None).run())  # fmt: skip
    found = gather([unit], "everything")
    assert [u["reason"] for u in found.coverage.units if u["status"] != "ok"] == []
    wrong = {
        (r.type, name, str(value)[:60])
        for r in found.resources
        for name, value in r.values.items()
        if value is not None and not isinstance(value, Unknown)
        if (kind := attributes(r.type).get(name)) is not None
        if (isinstance(value, (list, dict)) if kind in SCALARS else kind == BLOCK and not isinstance(value, list))
    }
    assert wrong == set()
    assert [r.address for r in found.resources if "None" in r.address] == []


def test_the_printed_policy_names_actions_that_exist_and_only_read() -> None:
    named = {name: expand(name) for name in actions(all_services()) if name not in NEWER}
    assert [name for name, found in named.items() if not found] == []
    levels = {name: found[0].level for name, found in named.items()}
    assert {name: level for name, level in levels.items() if level not in ("l", "r")} == {}


def test_no_two_tables_are_the_same_unit_of_work() -> None:
    names = [service.label or service.name for service in all_services()]
    assert sorted(names) == sorted(set(names))


def test_a_claimed_live_rule_judges_a_type_that_the_collector_feeds() -> None:
    services = [*all_services()]
    services += [with_code(service) for service in services if service.name == "lambda"]
    feeds = {t for service in services for t in service.types}
    rules = {r.id: r for r in load_directory(RULES)}
    for rule_id in {e.rule for e in EXAMPLES if SPEND["aws"] not in e.text}:
        on = set(rules[rule_id].on)
        # A declaration is what linking makes of a collected resource and its code.
        assert on & {*feeds, "any", "taggable", "declaration"}, (
            f"{rule_id} is on {sorted(on)}, which no AWS collector makes"
        )

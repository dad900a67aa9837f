"""Every rule by its examples: the good one is silent, the bad one fails on exactly the marked lines, the unknown one
is undecided there. And what else must hold of every rule: a title, a reason, a known severity, attributes that exist.
"""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
from assay.bundled import RULES
from assay.catalogue import claimed_sources
from assay.derived_examples import derive
from assay.example_checks import check
from assay.examples import missing, of_rule, read
from assay.rule import Rule, load_directory, rule_files
from assay.terraform.schema import attributes

EQUIVALENT = re.compile(r"CKV2?_[A-Z0-9]+_\d+|AVD-[A-Z]+-\d+|[a-z0-9_-]+:[A-Za-z0-9_./:-]+")


@cache
def rules() -> dict[str, Rule]:
    return {r.id: r for r in load_directory(RULES)}


IDS = sorted(rules())


@pytest.mark.parametrize("rule_id", IDS)
def test_examples(rule_id: str) -> None:
    rule = rules()[rule_id]
    examples = of_rule(rule, RULES)
    first = claimed_sources(rule.on, rule.sources)[0]
    assert missing(rule, RULES, {e.kind for e in examples if e.source == first}) == []
    for source in {e.source for e in examples}:
        shown = {e.kind for e in examples if e.source == source}
        assert {"good", "bad"} <= shown, f"on {source} there is no {' and no '.join({'good', 'bad'} - shown)} example"
    assert [p for e in examples for p in check(e, rule)] == []


@pytest.mark.parametrize("rule_id", [i for i in IDS if "archive" in rules()[i].on])
def test_a_rule_on_archives_that_claims_an_account_is_shown_on_one(rule_id: str) -> None:
    """An archive comes from a file, from Terraform and from an account: what the code says, it must say of each."""
    rule = rules()[rule_id]
    shown = {(e.source, e.kind) for e in of_rule(rule, RULES)}
    for source in set(claimed_sources(rule.on, rule.sources)) & {"aws"}:
        assert {(source, "good"), (source, "bad")} <= shown


@pytest.mark.parametrize("rule_id", IDS)
def test_metadata(rule_id: str) -> None:
    rule = rules()[rule_id]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule_id)
    assert rule.title.endswith("."), "the title is a sentence that states what is wanted"
    assert len(rule.title) <= 120
    assert rule.why, "say what can happen"
    assert rule.fix, "say how to mend it"
    assert rule.on
    assert claimed_sources(rule.on, rule.sources)
    for control in rule.controls:
        assert re.fullmatch(r"[a-z0-9.-]+:[A-Za-z0-9.()-]+", control), f"{control} is not framework:id"
    for equivalent in rule.equivalents:
        assert re.fullmatch(r"(CKV2?_[A-Z0-9]+_\d+|AVD-[A-Z]+-\d+|[a-z0-9_-]+:[A-Za-z0-9_./:-]+)", equivalent), (
            equivalent
        )
    assert len(set(rule.equivalents)) == len(rule.equivalents)


@pytest.mark.parametrize("rule_id", [i for i in IDS if rules()[i].row is not None])
def test_rows_name_attributes_that_exist(rule_id: str) -> None:
    rule = rules()[rule_id]
    assert rule.row is not None
    for type_, path in rule.row.paths.items():
        known = attributes(type_)
        if not known:
            continue
        full = f"{rule.each}.{path}" if rule.each else path
        plain = re.sub(r"\[\d+\]", "", full)
        parents = [plain.rpartition(".")[0]] if "." in plain else []
        assert plain in known or any(known.get(p) in ("l", "x") for p in parents), f"{type_} has no {plain}"


_PATH = re.compile(r"[a-z][a-z0-9_.\[\]]*")
_API_PATH = re.compile(r"[a-z][A-Za-z0-9.\[\]]*")


def _paths_read(file: str) -> set[str]:
    """The literal attribute paths that a rule file reads: subscripts, at=, each(), where(), set(), absent(), json()."""
    with open(f"{RULES}/{file}", encoding="utf-8") as handle:
        tree = ast.parse(handle.read())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.ctx, ast.Load):
            if not (isinstance(node.value, ast.Name) and node.value.id == "params"):  # a setting, not an attribute
                found.add(node.slice.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            first = node.args[0]
            if node.func.attr in ("each", "absent", "where", "is_list", "json") and isinstance(first, ast.Constant):
                found.add(first.value)
    return {f for f in found if isinstance(f, str) and (_API_PATH if _of_kubernetes(file) else _PATH).fullmatch(f)}


@pytest.mark.parametrize("file", rule_files(RULES))
def test_functions_read_attributes_that_exist(file: str) -> None:
    """Every name a rule reads is an attribute of some type the file speaks of or a linked one, or a JSON key."""
    names = _every_field(file) if _of_kubernetes(file) else _every_name()
    unknown = {p for p in _paths_read(file) for step in re.sub(r"\[\d+\]", "", p).split(".") if step not in names}
    assert unknown == set(), f"{file} reads {sorted(unknown)}: no schema has these names"


def _of_kubernetes(file: str) -> bool:
    return "/kubernetes" in file or file.startswith("cluster_health/")


def _every_field(file: str) -> frozenset[str]:
    """The fields of Kubernetes' API as its own client has them, and for custom resources those of the examples."""
    with open(f"{RULES}/{file[:-3]}.md", encoding="utf-8") as handle:
        return _api_fields() | set(re.findall(r"([A-Za-z_]+):", handle.read()))


@cache
def _api_fields() -> frozenset[str]:
    models = pytest.importorskip("kubernetes.client.models", reason="the Kubernetes client is not installed")
    tables = [getattr(getattr(models, name), "attribute_map", {}) for name in dir(models)]
    return frozenset(field for table in tables for field in table.values())


@cache
def _every_name() -> frozenset[str]:
    from assay.terraform.schema import _table

    names = {step for type_ in _table() for path in attributes(type_) for step in path.split(".")}
    # What the dump leaves out: computed attributes, data sources, what newer providers dropped, deep ACL statements.
    beyond = {"expiration_date", "not_after", "cidr", "s3_settings", "managed_rule_group_statement", "action_to_use"}
    # What only a live account tells.
    beyond |= {"root_mfa_enabled", "root_access_keys_present", "root_password_last_used", "root_access_key_1_last_used"}
    beyond |= {"root_access_key_2_last_used", "password_enabled", "mfa_active", "password_last_used", "last_used_date"}
    beyond |= {"last_rotated_date", "renewal_status", "certificate", "expiry_date_time", "common_name"}
    beyond |= {"last_built", "created", "creation_date", "usage_tracked_since", "unencrypted_recovery_points"}
    beyond |= {"feature", "suspended_processes", "update_available", "vgw_telemetry", "parent_id", "protects"}
    beyond |= {"last_accessed_date", "created_date", "master_public_dns_name", "endpoint_name"}
    beyond |= {"packages"}
    beyond |= {"newest_image", "scan_status", "critical", "digest", "tag"}
    beyond |= {"enable_termination_protection", "outputs", "status_message", "outside_ip_address"}
    beyond |= {"instance_state", "public", "attachment_count", "permissions_boundary_usage_count"}
    beyond |= {"valid_to_date", "iam_auth_enabled", "ml_user_data_encryption_mode"}
    beyond |= {"create_date", "deletion_date", "expiration", "layer_arn"}
    beyond |= {"most_recent", "owners"}
    # What OCI's API alone tells: problems of Cloud Guard, the second factor of a user.
    beyond |= {"detector_rule_id", "is_mfa_activated", "lifecycle_detail", "resource_name", "risk_level"}
    # How much is used: of a limit, of a table.
    beyond |= {"service_name", "used", "time_last_used"}
    # What the readers of documents name (assay.documents): no provider has a schema for these.
    beyond |= {"checked", "guarded", "lethal", "patterns", "published", "root", "writes", "weak", "env"}
    beyond |= {"constraints", "kind", "problem"}
    # What assertions asked of a database and daily spend are made of (assay.assertions, assay.spend).
    beyond |= {"costs", "cost", "currency", "days", "measure", "more", "used", "violations"}
    beyond |= {"busiest", "day", "most", "smaller", "sustained", "usual"}
    # What objectives are made of when they are measured (assay.objectives.measure).
    beyond |= {"condition", "from", "last", "rolling", "seconds", "target", "to", "unit", "whole", "window"}
    beyond |= {"after", "alerts", "breaching", "lookback", "no_data", "op", "parts", "policy", "threshold", "weight"}
    return frozenset(names | beyond | {"lifecycle", "tags_all", "json", "source", "version", "backend", "statement"})


def test_every_written_example_belongs_to_a_rule() -> None:
    known = set(IDS)
    orphans = {e.place: e.rule for f in rule_files(RULES) for e in read(f"{RULES}/{f[:-3]}.md") if e.rule not in known}
    assert orphans == {}


def test_no_equivalent_of_one_theme_is_claimed_by_rules_that_contradict() -> None:
    """Derived examples exist for rows only: a function without a section would have none."""
    bare = [i for i in IDS if rules()[i].row is None and list(derive(rules()[i]))]
    assert bare == []


@pytest.mark.parametrize("cloud", ["aws", "oci"])
def test_four_rules_of_five_run_on_code_and_on_what_runs(cloud: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The promise of one rule for every source, by the matrix that `assay rules coverage` prints."""
    from assay.cli.rules import run

    run(["coverage", "-o", "json"])
    matrix = json.loads(capsys.readouterr().out)
    mine = {i for i, sources in matrix.items() if cloud in sources or i.startswith(f"{cloud}-")}
    both = {i for i in mine if {"terraform", cloud} <= set(matrix[i])}
    assert len(both) >= 0.8 * len(mine), f"without a live example: {sorted(mine - both)}"


def test_the_reference_takes_the_place_of_nobody_else_s_pages(tmp_path: Path) -> None:
    from assay.cli.rules import run
    from assay.rule_docs import write_docs

    (tmp_path / "docs").mkdir()
    for name, text in (("mine.md", "# Mine\n"), ("logo.png", "\x89"), ("old.md", "Generated by `assay rules docs`.\n")):
        (tmp_path / "docs" / name).write_text(text, encoding="latin-1")
    (tmp_path / "docs" / "more").mkdir()
    run(["new", "my-own-rule", "--on", "aws_sqs_queue", "--directory", str(tmp_path / "rules")])
    write_docs([str(tmp_path / "rules")], str(tmp_path / "docs"))
    there = {path.name for path in (tmp_path / "docs").iterdir()}
    assert there == {"mine.md", "logo.png", "more", "README.md", "coverage.md", "custom.md"}


def test_the_index_and_the_reference_are_fresh(tmp_path: object) -> None:
    from assay.rule_docs import write_docs

    stale = write_docs([RULES], f"{RULES}/../docs/rules", check=True)
    assert stale == [], "run `assay rules docs`"

"""Input that is broken or hostile gets a clear sentence, and everything beside it still counts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from .guarded import assay, graph, scan
from .oracle import write

if TYPE_CHECKING:
    from pathlib import Path

SAFE = 'resource "terraform_data" "safe" {\n  input = "safe"\n}\n'
SECRET = "the-text-of-the-file-outside"


def tree(directory: Path, files: dict[str, str]) -> Path:
    write(directory, {"safe.tf": SAFE, **files})
    return directory


def test_without_fault_nothing_is_reported(tmp_path: Path) -> None:
    ran = graph(tree(tmp_path, {}))
    assert (ran.code, ran.inputs, ran.values()) == (0, [], {"terraform_data.safe": "safe"})


# --- syntax -----------------------------------------------------------------------------------------------------------

BEFORE = 'resource "terraform_data" "before" {\n  input = 1\n}\n\n'
AFTER = '\nresource "terraform_data" "after" {\n  input = 2\n}\n'
BROKEN = {
    "no operand": 'resource "terraform_data" "broken" {\n  input = 1 +\n  triggers_replace = 2\n}\n',
    "no value": 'resource "terraform_data" "broken" {\n  input =\n  triggers_replace = 2\n}\n',
    "no brace": 'resource "terraform_data" "broken" {\n  input = 1\n',
    "no bracket": 'resource "terraform_data" "broken" {\n  input = [1, 2\n}\n',
    "no parenthesis": 'resource "terraform_data" "broken" {\n  input = max(1, 2\n}\n',
    "no quote": 'resource "terraform_data" "broken" {\n  input = "open\n}\n',
    "no interpolation end": 'resource "terraform_data" "broken" {\n  input = "${1"\n}\n',
    "two values": 'resource "terraform_data" "broken" {\n  input = 1 2\n}\n',
    "stray word": 'resource "terraform_data" "broken" {\n  input\n}\n',
    "stray brace": 'resource "terraform_data" "broken" {\n  input = 1\n}}\n',
    "stray sign": 'resource "terraform_data" "broken" {\n  input = @1\n}\n',
    "conflict marks": '<<<<<<< HEAD\nresource "terraform_data" "broken" {\n=======\n>>>>>>> other\n  input = 1\n}\n',
    "half a header": 'resource "terraform_data" {{\n  input = 1\n}\n',
    "no heredoc end": 'resource "terraform_data" "broken" {\n  input = <<EOT\ntext\n}\n',
    "single quotes": 'resource "terraform_data" "broken" {\n  input = \'x\'\n}\n',
    "half an object": 'resource "terraform_data" "broken" {\n  input = { a = 1, b = }\n}\n',
    "half a condition": 'resource "terraform_data" "broken" {\n  input = true ? 1\n}\n',
}
SWALLOWS_THE_REST = {"no heredoc end"}
"""A heredoc without its end mark runs to the end of the file: nobody can tell where it was meant to stop."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_syntax_error_costs_its_own_block_only(name: str, tmp_path: Path) -> None:
    tree(tmp_path, {"main.tf": BEFORE + BROKEN[name] + AFTER})
    ran = graph(tmp_path)
    values = ran.values()
    assert ran.code == 3
    assert values["terraform_data.safe"] == "safe"
    assert values["terraform_data.before"] == 1
    assert "terraform_data.broken" not in values, "a block with an error in it has no trustworthy values"
    if name not in SWALLOWS_THE_REST:
        assert values["terraform_data.after"] == 2
    assert ran.inputs
    for fault in ran.inputs:
        assert (fault["path"], fault["status"]) == ("main.tf", "failed")
        assert fault["line"] in range(5, 5 + BROKEN[name].count("\n") + 1)


@pytest.mark.parametrize("name", BROKEN)
def test_a_syntax_error_says_what_was_expected_in_words(name: str, tmp_path: Path) -> None:
    ran = graph(tree(tmp_path, {"main.tf": BEFORE + BROKEN[name] + AFTER}))
    assert ran.code == 3
    assert ran.inputs
    for fault in ran.inputs:
        assert "expected" in fault["reason"]
        assert "_" not in fault["reason"].replace("terraform_data", ""), f"the grammar's own words: {fault['reason']}"


@pytest.mark.parametrize("command", ["scan", "graph"])
def test_a_person_reads_file_and_line(command: str, tmp_path: Path) -> None:
    ran = assay(command, ".", cwd=tree(tmp_path, {"main.tf": BEFORE + BROKEN["no operand"] + AFTER}))
    assert ran.code == 3
    assert "main.tf:6" in (ran.out if command == "scan" else "") + ran.talk


RULE = '''
from assay import HIGH, rule


@rule(on="terraform_data", severity=HIGH)
def data_is_there(r, graph):
    """There is no data."""
    yield r.fails("there it is")
'''


def test_findings_win_over_incompleteness(tmp_path: Path) -> None:
    write(tmp_path, {"rules/mine.py": RULE})
    tree(tmp_path / "tree", {"main.tf": BEFORE + BROKEN["no operand"]})
    command = ("scan", "tree", "-o", "json", "--rules", "rules", "--select", "data-is-there", "--no-cache")
    ran = assay(*command, cwd=tmp_path)
    assert ran.code == 1
    assert {f["resource"]["address"] for f in ran.document["findings"]} == {
        "terraform_data.before",
        "terraform_data.safe",
    }
    assert assay(*command, "--fail-on", "never", cwd=tmp_path).code == 3
    assert assay(*command, "--fail-on", "never", "--allow-incomplete", cwd=tmp_path).code == 0


def test_a_broken_json_file_leaves_the_rest(tmp_path: Path) -> None:
    ran = graph(tree(tmp_path, {"broken.tf.json": '{"resource": {"terraform_data": {"x": {"input": 1}}},}'}))
    assert (ran.code, ran.values()) == (3, {"terraform_data.safe": "safe"})
    assert "broken.tf.json" in ran.sentences


def test_a_broken_variables_file_is_named(tmp_path: Path) -> None:
    files = {"main.tf": 'variable "x" {}\nresource "terraform_data" "x" {\n  input = var.x\n}\n'}
    ran = graph(tree(tmp_path, {**files, "terraform.tfvars": "x = = 1\n"}))
    assert (ran.code, ran.values()) == (3, {"terraform_data.safe": "safe", "terraform_data.x": "UNKNOWN"})
    assert "terraform.tfvars" in ran.sentences


# --- cycles and bounds ------------------------------------------------------------------------------------------------


def test_a_module_that_calls_itself(tmp_path: Path) -> None:
    ran = graph(tree(tmp_path, {"main.tf": 'module "again" {\n  source = "./"\n}\n'}))
    assert ran.code == 3
    assert ran.values()["terraform_data.safe"] == "safe"
    assert "again" in ran.sentences


def test_modules_that_call_each_other(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./a"\n}\n',
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\n' + SAFE,
        "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
    }
    ran = graph(tree(tmp_path, files))
    assert ran.code == 3
    values = ran.values()
    assert values["terraform_data.safe"] == "safe"
    assert values["module.a.terraform_data.safe"] == "safe"
    assert "module" in ran.sentences


@pytest.mark.parametrize(
    "repeat",
    [
        "count = 1000000",
        "count = 1e15",
        'for_each = { for p in setproduct(range(1024), range(10)) : "${p[0]}-${p[1]}" => p }',
    ],
)
def test_a_million_instances(repeat: str, tmp_path: Path) -> None:
    files = {
        "main.tf": f'resource "terraform_data" "many" {{\n  {repeat}\n  input = "one of many"\n}}\n',
        "call.tf": f'module "many" {{\n  source = "./child"\n  {repeat}\n}}\n',
        "child/main.tf": SAFE,
    }
    ran = graph(tree(tmp_path, files))
    values = ran.values()
    many = [value for address, value in values.items() if address.startswith("terraform_data.many")]
    inside = [value for address, value in values.items() if address.startswith("module.many")]
    assert ran.code == 3
    assert values["terraform_data.safe"] == "safe"
    assert 1 <= len(many) <= 1000
    assert 1 <= len(inside) <= 1000
    assert set(many) == {"one of many"}, "one stands for the rest"
    assert "terraform_data.many" in ran.sentences
    assert "module.many" in ran.sentences


def test_locals_in_a_circle(tmp_path: Path) -> None:
    circle = 'locals {\n  a = local.b\n  b = "x${local.c}"\n  c = [for x in [1] : local.a]\n  fine = "fine"\n}\n'
    use = 'resource "terraform_data" "use" {\n  input = local.a\n}\n'
    fine = 'resource "terraform_data" "fine" {\n  input = local.fine\n}\n'
    ran = graph(tree(tmp_path, {"main.tf": circle + use + fine}))
    known = {"terraform_data.safe": "safe", "terraform_data.fine": "fine"}
    assert (ran.code, ran.values()) == (3, {**known, "terraform_data.use": "UNKNOWN"})
    assert any(f"local.{name}" in ran.sentences for name in "abc")


def block(input_: str, label: str = "x", head: str = "") -> str:
    return f'resource "terraform_data" "{label}" {{\n{head}  input = {input_}\n}}\n'


CIRCLES = {
    "itself": block("terraform_data.x.input"),
    "each other": block("terraform_data.y.input") + block("terraform_data.x.input", "y"),
    "its own count": block("1", head="  count = length(terraform_data.x)\n"),
    "through a module": 'module "m" {\n  source = "./m"\n  in = module.m.out\n}\n' + block("module.m.out"),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_other_circles(name: str, tmp_path: Path) -> None:
    child = 'variable "in" {}\noutput "out" {\n  value = var.in\n}\n'
    ran = graph(tree(tmp_path, {"main.tf": CIRCLES[name], "m/main.tf": child}))
    values = ran.values()
    assert values["terraform_data.safe"] == "safe"
    if name != "its own count":  # there the number of instances is unknown, not what each of them holds
        assert values.get("terraform_data.x", "UNKNOWN") == "UNKNOWN"
    assert ran.code == 3
    assert ran.sentences


def test_a_deep_tree_of_modules(tmp_path: Path) -> None:
    """Thirteen small files that would make 265,720 resources."""
    files = {"main.tf": 'module "d" {\n  source = "./m0"\n}\n'}
    for i in range(11):
        files[f"m{i}/main.tf"] = f'module "d" {{\n  source = "../m{i + 1}"\n  count = 3\n}}\n' + SAFE
    files["m11/main.tf"] = SAFE
    ran = graph(tree(tmp_path, files))
    assert ran.code == 3
    assert ran.values()["terraform_data.safe"] == "safe"
    assert "module" in ran.sentences


def test_a_long_chain_of_modules(tmp_path: Path) -> None:
    files = {f"m{i}/main.tf": f'module "d" {{\n  source = "../m{i + 1}"\n}}\n' + SAFE for i in range(60)}
    files |= {"m60/main.tf": SAFE, "main.tf": 'module "d" {\n  source = "./m0"\n}\n'}
    ran = graph(tree(tmp_path, files))
    assert ran.code == 3, "module depth is bounded at 32"
    assert ran.values()["terraform_data.safe"] == "safe"
    assert "32" in ran.sentences


def test_a_chain_of_locals_is_no_bomb(tmp_path: Path) -> None:
    chain = "locals {\n  c0 = 1\n" + "".join(f"  c{i} = local.c{i - 1} + 1\n" for i in range(1, 300)) + "}\n"
    ran = graph(tree(tmp_path, {"main.tf": chain + 'resource "terraform_data" "end" {\n  input = local.c299\n}\n'}))
    assert (ran.code, ran.values()["terraform_data.end"]) == (0, 300)


# --- files that are none ----------------------------------------------------------------------------------------------


def test_a_missing_variables_file_is_said_and_the_rest_is_scanned(tmp_path: Path) -> None:
    ran = assay("graph", ".", "--var-file", "nope.tfvars", cwd=tree(tmp_path, {"main.tf": 'resource "a_b" "c" {}\n'}))
    assert ran.code == 3
    assert "nope.tfvars" in ran.talk
    assert "a_b.c" in ran.out


@pytest.mark.parametrize("command", ["scan", "graph"])
def test_a_path_that_is_none_is_wrong_use(command: str, tmp_path: Path) -> None:
    ran = assay(command, "no/such/place", cwd=tree(tmp_path, {}))
    assert (ran.code, ran.out) == (2, "")
    assert "no/such/place" in ran.talk


JUNK = {
    "zeroes": b"\0" * 10_000,
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 40,
    "an archive": b"PK\x03\x04" + bytes(range(255, -1, -1)) * 40,
    "not UTF-8": 'resource "terraform_data" "junk" {\n  input = "é"\n}\n'.encode("latin-1"),
    "UTF-16": 'resource "terraform_data" "junk" {\n  input = 1\n}\n'.encode("utf-16"),
    "random words": b"lorem ipsum dolor sit amet\n" * 100,
    "brackets": b"{[(" * 20_000,
    "quotes": b'"' * 50_001,
    "braces": b"a {\n" * 20_000,
    "heredocs": b"x = <<A\n" * 10_000,
    "one long line": b"x" * 1_000_000,
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_named_tf(name: str, tmp_path: Path) -> None:
    (tree(tmp_path, {}) / "junk.tf").write_bytes(JUNK[name])
    ran = graph(tmp_path)
    assert (ran.code, ran.values()) == (3, {"terraform_data.safe": "safe"})
    assert {entry["path"] for entry in ran.inputs} == {"junk.tf"}


@pytest.mark.parametrize("name", ["big.tf", "big.tf.json", "big.auto.tfvars"])
def test_fifty_megabytes(name: str, tmp_path: Path) -> None:
    with (tree(tmp_path, {}) / name).open("w") as file:
        file.write('x = "' + "x" * 50_000_000 + '"\n')
    ran = graph(tmp_path)
    assert (ran.code, ran.values()) == (3, {"terraform_data.safe": "safe"})
    assert name in ran.sentences
    assert ran.megabytes < 150, "its size is known before it is read"


def test_a_pipe_named_tf_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tree(tmp_path, {}) / "pipe.tf")
    assert graph(tmp_path).values() == {"terraform_data.safe": "safe"}


def test_a_directory_named_tf(tmp_path: Path) -> None:
    (tree(tmp_path, {}) / "folder.tf").mkdir()
    assert graph(tmp_path).values() == {"terraform_data.safe": "safe"}


def test_a_tree_that_holds_itself(tmp_path: Path) -> None:
    (tree(tmp_path, {}) / "again").symlink_to(tmp_path, target_is_directory=True)
    assert graph(tmp_path).values() == {"terraform_data.safe": "safe"}


# --- what lies outside the tree ---------------------------------------------------------------------------------------


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A tree with a secret beside it and two levels above its deepest module."""
    write(tmp_path, {"secret.txt": SECRET, "outside/main.tf": SAFE.replace('"safe"\n', f'"{SECRET}"\n')})
    write(tmp_path, {"outside/secret.tf": f'resource "terraform_data" "leak" {{\n  input = "{SECRET}"\n}}\n'})
    (tmp_path / "tree").mkdir()
    return tree(tmp_path / "tree", {"sub/own.txt": "its own"})


READS = {
    "an absolute path": 'file("/etc/passwd")',
    "one level up": 'file("../secret.txt")',
    "two levels up": 'file("../../x")',
    "up from the module": 'file("${path.module}/../secret.txt")',
    "down and up": 'file("sub/../../secret.txt")',
    "absolute made up": 'file("${abspath(path.module)}/../secret.txt")',
    "through a link": 'file("link.txt")',
    "through a linked directory": 'file("linked/secret.tf")',
    "as base64": 'filebase64("../secret.txt")',
    "as a hash": 'filesha256("../secret.txt")',
    "as a template": 'templatefile("../secret.txt", {})',
    "its existence": 'fileexists("../secret.txt")',
    "an absolute existence": 'fileexists("/etc/passwd")',
    "a list": 'fileset("..", "*")',
    "an absolute list": 'fileset("/etc", "*")',
    "a list upwards": 'fileset(path.module, "../*")',
    "a home": 'file("~/.profile")',
    "with try": 'try(file("/etc/passwd"), file("../secret.txt"))',
    "a device": 'file("/dev/zero")',
    "a process": 'file("/proc/self/environ")',
    "a zero byte": 'file("/etc/passwd\\u0000.tf")',
}


@pytest.mark.parametrize("name", READS)
def test_nothing_outside_is_read(name: str, inside: Path) -> None:
    (inside / "link.txt").symlink_to(inside.parent / "secret.txt")
    (inside / "linked").symlink_to(inside.parent / "outside", target_is_directory=True)
    text = f'resource "terraform_data" "read" {{\n  input = {READS[name]}\n}}\n'
    text += 'resource "terraform_data" "own" {\n  input = file("sub/own.txt")\n}\n'
    ran = graph(tree(inside, {"main.tf": text}))
    values = ran.values()
    assert values["terraform_data.read"] == "UNKNOWN"
    assert (values["terraform_data.safe"], values["terraform_data.own"]) == ("safe", "its own")
    for leaked in (SECRET, "root:"):
        assert leaked not in ran.out + ran.talk


def test_a_link_out_of_the_tree_is_not_followed(inside: Path) -> None:
    (inside / "link.tf").symlink_to(inside.parent / "outside" / "secret.tf")
    (inside / "linked").symlink_to(inside.parent / "outside", target_is_directory=True)
    (inside / "nowhere.tf").symlink_to(inside / "does-not-exist.tf")
    write(inside, {"main.tf": 'module "linked" {\n  source = "./linked"\n}\n'})
    ran = scan(inside)
    assert SECRET not in ran.out + ran.talk
    assert "link.tf" in ran.sentences
    graphed = graph(inside)
    assert SECRET not in graphed.out + graphed.talk
    assert graphed.values() == {"terraform_data.safe": "safe"}


def test_a_link_within_the_tree_is_followed(inside: Path) -> None:
    (inside / "shared.tf").symlink_to(inside / "sub" / "shared.tf")
    write(inside, {"sub/shared.tf": 'resource "terraform_data" "shared" {\n  input = "shared"\n}\n'})
    assert graph(inside).values()["terraform_data.shared"] == "shared"


# --- plans ------------------------------------------------------------------------------------------------------------


def plan(version: str) -> dict[str, Any]:
    after = {"input": "planned"}
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True}}
    resource = {"address": "terraform_data.planned", "mode": "managed", "type": "terraform_data", "name": "planned"}
    values = {"provider_name": "terraform.io/builtin/terraform", "schema_version": 0, "values": after}
    return {
        "format_version": version,
        "terraform_version": "9.9.9",
        "planned_values": {"root_module": {"resources": [{**resource, **values}]}},
        "resource_changes": [{**resource, "change": change}],
        "configuration": {"root_module": {}},
    }


@pytest.mark.parametrize("version", ["2.0", "99.1", "not a version"])
def test_a_plan_of_another_format_is_not_guessed_at(version: str, tmp_path: Path) -> None:
    ran = graph(tree(tmp_path, {"plan.json": json.dumps(plan(version))}))
    assert (ran.code, ran.values()) == (3, {"terraform_data.safe": "safe"})
    assert "plan.json" in ran.sentences
    assert version in ran.sentences


def test_a_plan_of_a_newer_minor_format_is_read(tmp_path: Path) -> None:
    ran = graph(tree(tmp_path, {"plan.json": json.dumps(plan("1.99"))}))
    assert (ran.code, ran.values()["terraform_data.planned"]) == (0, "planned")


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_plan_that_breaks_off(cut: float, tmp_path: Path) -> None:
    text = json.dumps(plan("1.2"))
    ran = graph(tree(tmp_path, {"plan.json": text[: int(len(text) * cut)]}))
    assert (ran.code, ran.values()) == (3, {"terraform_data.safe": "safe"})
    assert "plan.json" in ran.sentences


def test_a_plan_whose_parts_have_other_shapes(tmp_path: Path) -> None:
    broken = {**plan("1.2"), "resource_changes": [None, 5, {"address": 7}], "planned_values": [], "configuration": "x"}
    ran = graph(tree(tmp_path, {"plan.json": json.dumps(broken)}))
    assert ran.values()["terraform_data.safe"] == "safe"
    assert ran.code == 3

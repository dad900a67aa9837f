"""Bad and hostile input: said with file and line, bounded, kept inside the tree, and the rest still evaluated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from assay.model import Unknown
from assay.terraform.evaluate import count_elements
from terraform_estate import Estate, evaluate

GOOD = 'resource "a_b" "good" { x = 1 }\n'


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('resource "a_b" "bad" {\n  x = 1 +\n  y = 2\n}\n', 2, 'nothing follows "+" in "x = 1 +": expected a value'),
        ('resource "a_b" "bad" {\n  x =\n}\n', 2, 'x has no value: expected an expression after "="'),
        ('resource "a_b" "bad" {\n  x = 1\n', 1, 'is never closed: expected "}"'),
        ('resource "a_b" "bad" {\n  x = [1, 2\n}\n', 3, 'unexpected "}": expected "]" for what was opened on line 3'),
        ('resource "a_b" "bad" {\n  x = "open\n}\n', 2, 'expected a closing " on the same line'),
        (
            'resource "a_b" "bad" {\n  x = <<EOT\n  text\n}\n',
            2,
            "the heredoc is never closed: expected a line with EOT",
        ),
        ('resource "a_b" "bad" {\n  x = 1\n}\n}\n', 4, 'unexpected "}": nothing is open that it could close'),
        ('resource "a_b" "bad" {\n  x = [for a in b]\n}\n', 2, "expected"),
        ('resource "a_b" "bad" {\n  x = 1 2\n}\n', 2, 'unexpected "2" in "x = 1 2": expected an operator'),
        ('resource "a_b" "bad" {\n  "x" = 1\n}\n', 2, '""x" = 1" cannot be read: expected an attribute'),
        ('resource "a_b" "bad" {\n  x = "${a +}"\n}\n', 2, "expected"),
    ],
)
def test_a_block_with_a_syntax_error_is_left_out_and_the_others_count(
    tmp_path: Path, text: str, line: int, sentence: str
) -> None:
    before = 'resource "a_b" "before" { x = 1 }\n'
    estate = evaluate(tmp_path, {"main.tf": before + text + GOOD})
    wanted = ["a_b.before", "a_b.good"] if "<<EOT" not in text else ["a_b.before"]
    assert estate.addresses == wanted
    assert len(estate.failed) == 1
    assert estate.failed[0].startswith(f"main.tf:{line + 1}: ")
    assert sentence in estate.failed[0]
    assert "main.tf" not in estate.inputs("read")


def test_an_unclosed_block_does_not_swallow_the_next(tmp_path: Path) -> None:
    text = 'resource "a_b" "bad" {\n  inner {\n    x = 1\n  }\n\n' + GOOD + 'variable "v" {}\n'
    estate = evaluate(tmp_path, {"main.tf": text})
    assert estate.addresses == ["a_b.good"]


def test_a_heredoc_that_looks_like_blocks_is_text(tmp_path: Path) -> None:
    text = 'resource "a_b" "c" {\n  x = <<EOT\nresource "a_b" "fake" {\n}\nEOT\n}\nresource "a_b" "bad" {\n  x = \n}\n'
    assert evaluate(tmp_path, {"main.tf": text}).addresses == ["a_b.c"]


def test_a_block_that_is_cut_short_is_not_taken_for_whole(tmp_path: Path) -> None:
    estate = evaluate(tmp_path, {"main.tf": 'resource "a_b" "c" {\n  x = 1\n}\n  y = 2\n}\n' + GOOD})
    assert estate.addresses == ["a_b.good"]
    assert len(estate.failed) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'resource "a_b" "c" {}\n\0', "binary"),
        (b'resource "a_b" "c" { x = "\xff" }', "not UTF-8"),
        (os.urandom(4000) + b"\0", "binary"),
        (b"#" * 20_000_001, "reads at most 20,000,000"),
    ],
)
def test_a_file_that_is_no_text_is_said_and_left_out(tmp_path: Path, data: bytes, sentence: str) -> None:
    estate = evaluate(tmp_path, {"bad.tf": data, "good.tf": GOOD})
    assert estate.addresses == ["a_b.good"]
    assert sentence in estate.failed[0]


@pytest.mark.parametrize("text", ["{", "[1]", '{"resource": ', '{"a": 01}', "nonsense", '{"a" 1}', "[" * 5000])
def test_broken_json_is_said(tmp_path: Path, text: str) -> None:
    estate = evaluate(tmp_path, {"bad.tf.json": text, "good.tf": GOOD})
    assert estate.addresses == ["a_b.good"]
    assert list(estate.inputs("failed")) == ["bad.tf.json"]


def test_declarations_terraform_refuses_are_said(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": 'resource "a_b" "c" {}\nresource "a_b" "c" { x = 1 }\nresource "a_b" {}\nfoo "x" {}\nx = 1\n'
            'variable "v" { type = strin }\nresource "a_b" "v" { x = var.v }\n',
            "z_override.tf": 'resource "a_b" "other" {}',
        },
    )
    said = "\n".join(estate.failed)
    for sentence in (
        "main.tf:2: a_b.c is declared a second time",
        "main.tf:3: a resource block needs 2 labels, this one has 1",
        'main.tf:4: there is no block type "foo"',
        "main.tf:5: x stands outside any block",
        'main.tf:6: the type of variable v: "strin" is not a type',
        "z_override.tf:1: resource a_b.other overrides nothing",
    ):
        assert sentence in said
    both = [r.values for r in estate.resources if r.address == "a_b.c"]
    assert both == [{}, {"x": 1}], "each is judged, references mean the first"


def test_cycles_are_unknown_and_said_with_their_place(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}\n"
            'resource "a_b" "c" {\n  x = local.a\n  y = a_b.d.y\n}\nresource "a_b" "d" {\n  y = a_b.c.y\n}\n'
            'resource "a_b" "e" {\n  count = length(a_b.e)\n}\n'
        },
    )
    assert isinstance(estate["a_b.c"].values["x"], Unknown)
    said = "\n".join(estate.failed)
    assert "main.tf:2: local.a refers to itself, directly or through others" in said
    assert "main.tf:10: a_b.d.y refers to itself" in said
    assert "main.tf:13: a_b.e refers to itself" in said
    assert "a_b.e[?]" in estate.addresses


def test_a_million_instances_are_a_thousand(tmp_path: Path) -> None:
    estate = evaluate(
        tmp_path,
        {
            "main.tf": 'resource "a_b" "c" {\n  count = 1000000\n  x = count.index\n}\n'
            'resource "x_y" "z" { last = a_b.c[999999].x }'
        },
    )
    assert len(estate.addresses) == 1001
    assert estate.failed == [
        "main.tf:1: a_b.c has 1,000,000 instances; the first 1,000 were evaluated, the last stands for the rest"
    ]
    assert estate["x_y.z"].values["last"] == 999


def bomb(tmp_path: Path, text: str) -> Estate:
    estate = evaluate(tmp_path, {"main.tf": text + '\nresource "a_b" "c" { x = local.l }\n'})
    assert "account" not in estate.addresses
    return estate


@pytest.mark.slow
def test_modules_that_multiply_stop_at_a_bound_that_is_always_the_same(tmp_path: Path) -> None:
    files = {}
    for depth in range(12):
        calls = "".join(f'module "m{i}" {{ source = "../d{depth + 1}" }}\n' for i in range(3))
        files[f"d{depth}/main.tf"] = calls + 'resource "a_b" "c" {}\n'
    files["d12/main.tf"] = 'resource "a_b" "c" {}\n'
    first = evaluate(tmp_path, files)
    assert len(first.resources) < 50_000
    assert any("more than 20,000 instances" in reason for reason in first.failed)
    assert first.addresses == evaluate(tmp_path, {}).addresses


def test_a_chain_of_module_calls_stops_at_depth_32(tmp_path: Path) -> None:
    files = {f"d{i}/main.tf": f'module "m" {{ source = "../d{i + 1}" }}\n' for i in range(40)}
    estate = evaluate(tmp_path, {**files, "d40/main.tf": GOOD})
    assert "d0" in estate.roots
    assert any("nested more than 32 deep" in reason for reason in estate.failed)


@pytest.mark.parametrize(
    "doubling", ['"${local.l%d}${local.l%d}"', "[local.l%d, local.l%d]", "concat(local.l%d, local.l%d)"]
)
def test_doubling_locals_stop(tmp_path: Path, doubling: str) -> None:
    start = '"xxxxxxxx"' if "$" in doubling else "[1, 2]"
    lines = [f"  l0 = {start}"]
    lines += [f"  l{i} = {doubling % (i - 1, i - 1)}" for i in range(1, 40)]
    estate = bomb(tmp_path, "locals {\n" + "\n".join(lines) + "\n  l = local.l39\n}")
    value = estate["a_b.c"].values["x"]
    assert isinstance(value, Unknown) or count_elements(value) < 1_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "expression",
    [
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]",
        'format("%500000000d", 1)',
        'replace(join("", [for i in range(30) : "a"]), "/^(a+)+$/", "b")',
        "setproduct(range(1000), range(1000), range(1000))",
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]][*][0][0]",
        "(" * 5000 + "1" + ")" * 5000,
        "[" * 3000 + "]" * 3000,
        "-" * 3000 + "1",
        "!" * 3000 + "true",
        " + ".join(["1"] * 5000),
        "true ? " * 2000 + "1" + " : 2" * 2000,
        "upper(" * 1000 + '"a"' + ")" * 1000,
        '"' + "${" * 500 + "1" + "}" * 500 + '"',
        "a" + ".b" * 20_000,
        "10" + "0" * 100_000,
        '"' + "x" * 3_000_000 + '"',
    ],
    ids=range(16),
)
def test_expressions_that_would_take_everything_stop(tmp_path: Path, expression: str) -> None:
    estate = bomb(tmp_path, "locals {\n  l = " + expression + "\n}")
    found = [r for r in estate.resources if r.address == "a_b.c"]
    stopped = not found or isinstance(found[0].values.get("x"), (Unknown, str, int, float, bool, list))
    assert stopped
    if not found:
        assert estate.failed


def test_a_long_chain_of_locals_is_followed_or_stopped_never_a_crash(tmp_path: Path) -> None:
    near = "\n".join(f"  l{i} = local.l{i + 1}" for i in range(200))
    estate = evaluate(
        tmp_path, {"main.tf": f'locals {{\n{near}\n  l200 = "end"\n}}\nresource "a_b" "c" {{ x = local.l0 }}'}
    )
    assert estate["a_b.c"].values == {"x": "end"}
    far = "\n".join(f"  l{i} = [local.l{i + 1}]" for i in range(5000))
    text = f'locals {{\n{far}\n  l5000 = "end"\n}}\nresource "a_b" "c" {{ x = local.l0 }}'
    assert evaluate(tmp_path, {"main.tf": text}).failed


def test_nothing_outside_the_tree_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    (tmp_path / "secret.tf").write_text('resource "a_b" "SECRET" {}')
    tree = tmp_path / "tree"
    tree.mkdir()
    os.symlink(secret, tree / "link.txt")
    os.symlink(tmp_path / "secret.tf", tree / "link.tf")
    os.symlink(tmp_path, tree / "up")
    estate = evaluate(
        tree,
        {
            "main.tf": f"""
            resource "a_b" "c" {{
              absolute = file("{secret}")
              relative = file("../secret.txt")
              around   = file("${{path.module}}/x/../../secret.txt")
              link     = file("link.txt")
              inside   = file("up/secret.txt")
              exists   = fileexists("../secret.txt")
              listed   = fileset("..", "*")
              template = templatefile("../secret.txt", {{}})
              hash     = filesha256("../secret.txt")
              passwd   = file("/etc/passwd")
            }}
            module "out" {{ source = "../" }}
            module "up" {{ source = "./up" }}
            """,
        },
    )
    values = estate["a_b.c"].values
    assert sorted(k for k, v in values.items() if not isinstance(v, Unknown)) == []
    assert "outside the scanned directory" in values["passwd"].reason
    assert estate.addresses == ["a_b.c"]
    said = "\n".join(estate.failed)
    assert "link.tf" in said
    assert "module.out lies outside the scanned directory" in said
    assert "SECRET" not in repr([r.values for r in estate.resources]) + said


def test_a_pipe_named_like_a_file_does_not_hold_the_scan(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tf")
    estate = evaluate(tmp_path, {"main.tf": GOOD})
    assert estate.addresses == ["a_b.good"]
    assert estate.failed == ["pipe.tf:: it is not a regular file"]


def test_exponents_that_the_grammar_does_not_know(tmp_path: Path) -> None:
    estate = evaluate(tmp_path, {"main.tf": 'resource "a_b" "c" {\n  x = [1e3, 2E+2, 5e-1]\n  y = "1e3 a1e3"\n}\n'})
    assert estate["a_b.c"].values == {"x": [1000, 200, 0.5], "y": "1e3 a1e3"}
    assert not estate.failed

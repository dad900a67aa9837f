"""Small expressions that would take all memory or all time: each is bounded, the block beside it keeps its value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .guarded import graph
from .oracle import write

if TYPE_CHECKING:
    from pathlib import Path

SAFE = 'resource "terraform_data" "safe" {\n  input = "safe"\n}\n'


def nested(left: str, inner: str, right: str, depth: int) -> str:
    return left * depth + inner + right * depth


def chain(first: str, again: str, use: str, times: int = 59) -> str:
    """Locals each made from the one before, LAST, and what is asked of the last one."""
    lines = [f"  l{i} = {again.replace('LAST', f'local.l{i - 1}')}" for i in range(1, times + 1)]
    return "\n".join(["locals {", f"  l0 = {first}", *lines, "}", f"|{use.replace('LAST', f'local.l{times}')}"])


def yaml(text: str) -> str:
    return f"yamldecode({json.dumps(text)})"


def aliases(first: str, again: str) -> str:
    """A YAML document of forty anchors, each of which holds the one before several times."""
    return first + "".join(f"a{i}: &a{i} {again.replace('LAST', f'*a{i - 1}')}\n" for i in range(1, 40))


LONG = 'join("", range(1000))'  # 2,890 characters
TWICE = "[LAST, LAST]"

# What stands before a bar goes beside the block, what stands after it is the block's input.
BOMBS = {
    "doubling text": chain('"0123456789"', '"${LAST}${LAST}"', "LAST"),
    "doubling lists": chain("[1, 2, 3]", "concat(LAST, LAST)", "LAST"),
    "doubling objects": chain("{ a = 1 }", "{ a = LAST, b = LAST }", "LAST"),
    "shared lists": chain("[1, 2, 3]", TWICE, "LAST"),
    "shared lists as text": chain("[1, 2, 3]", TWICE, "jsonencode(LAST)"),
    "shared lists as YAML": chain("[1, 2, 3]", TWICE, "yamlencode(LAST)"),
    "shared lists compared": chain("[1, 2, 3]", TWICE, "LAST == [LAST, LAST]"),
    "shared lists flattened": chain("[1, 2, 3]", TWICE, "length(flatten(LAST))"),
    "shared lists in a set": chain("[1, 2, 3]", TWICE, "toset([LAST])"),
    "shared lists converted": chain("[1, 2, 3]", TWICE, "tolist(LAST)"),
    "shared lists contained": chain("[1, 2, 3]", TWICE, "contains([LAST], LAST)"),
    "shared lists chosen": chain("[1, 2, 3]", TWICE, "true ? LAST : [LAST]"),
    "shared lists of what is unknown": chain("[terraform_data.safe.id]", TWICE, "jsonencode(LAST)"),
    "squares": chain("99999999999", "LAST * LAST", '"x${LAST}"', 40),
    "wide format": '|format("%500000000d", 1)',
    "wide formats": '|format("%[1]900000d%[1]900000d%[1]900000d", 1)',
    "long fraction": '|format("%.500000000f", 1)',
    "wide format list": '|formatlist("%100000s", range(1000))',
    "parentheses": "|" + nested("(", "1", ")", 5000),
    "brackets": "|" + nested("[", "1", "]", 5000),
    "braces": "|" + nested("{ a = ", "1", " }", 5000),
    "interpolations": "|" + nested('"${', "1", '}"', 3000),
    "negations": "|" + "!" * 5000 + "true",
    "minuses": "|" + "- " * 5000 + "1",
    "calls": "|" + nested("upper(", '"a"', ")", 5000),
    "conditionals": "|" + "true ? " * 3000 + "1" + " : 2" * 3000,
    "a long sum": "|" + " + ".join(["1"] * 50_000),
    "a long path": "|local.x" + ".a" * 20_000,
    "many indexes": "|local.x" + "[0]" * 20_000,
    "many splats": "|[1]" + "[*]" * 5_000,
    "directives": '|"' + "%{ if true }" * 3000 + "x" + "%{ endif }" * 3000 + '"',
    "nested for": "|" + nested("[for x in [1, 2] : ", "1", "]", 60),
    "wide nested for": "|[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a * b * c]]]",
    "nothing is kept": "|[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1 if false]]]",
    "for over text": '|"' + "%{ for a in range(1000) }" * 4 + "x" + "%{ endfor }" * 4 + '"',
    "evil expression": '|replace("' + "a" * 40 + '!", "/^(a+)+$/", "x")',
    "evil alternatives": '|regexall("^(([a-z])+.)+[A-Z]([a-z])+$", "' + "a" * 5000 + '")',
    "repeated repeats": '|regex("((a{1,100}){1,100}){1,100}", "a")',
    "huge repeat": '|regex("a{1,1000000000}", "a")',
    "long expression": '|regex("' + "(" * 5000 + "a" + ")" * 5000 + '", "a")',
    "a long match": f'|length(regexall("(.*)(.*)(.*)(.*)", {LONG}))',
    "products": "|length(setproduct(range(1024), range(1024), range(1024)))",
    "a product": "|setproduct(range(1024), range(1024))",
    "growing text": f'|replace(replace({LONG}, "1", {LONG}), "2", {LONG})',
    "growing text by expression": f'|replace(replace({LONG}, "/1/", {LONG}), "/2/", "$0{"$0" * 1000}")',
    "joined": f"|join({LONG}, range(1000))",
    "indented": '|indent(1000000000, "a\\nb")',
    "indented lines": '|indent(100000, join("\\n", range(1000)))',
    "huge literal": "|1e999999999",
    "huge literal as text": '|"x${1e999999999}"',
    "tiny literal as text": '|"x${1e-999999999}"',
    "huge number from text": '|tonumber("1e999999999") + 1',
    "huge numbers multiplied": "|1e300000000 * 1e300000000",
    "huge number divided": "|1 / 1e300000000",
    "huge remainder": "|1e100000000 % 7",
    "huge power": "|pow(10, 1000000000)",
    "towering powers": "|pow(pow(pow(10, 300), 300), 300)",
    "huge range": "|range(0, 1e18)",
    "tiny steps": "|range(0, 1, 1e-18)",
    "long number": '|parseint("' + "9" * 200_000 + '", 10)',
    "long number literal": "|" + "9" * 200_000,
    "laughing YAML": "|" + yaml(aliases("a0: &a0 [x]\n", "[LAST, LAST, LAST]")),
    "YAML merge keys": "|" + yaml(aliases("a0: &a0 {k: v}\n", "{<<: [LAST, LAST]}")),
    "YAML that holds itself": "|" + yaml("&a [*a]"),
    "deep YAML": "|" + yaml("[" * 20_000 + "]" * 20_000),
    "deep JSON": f"|jsondecode({json.dumps('[' * 100_000 + ']' * 100_000)})",
    "deep JSON that stays text": f"|{json.dumps('[' * 100_000 + ']' * 100_000)}",
    "wide CSV": '|csvdecode("' + "a,b\\n" + "1,2\\n" * 100_000 + '")',
    "a template in itself": '|templatefile("${path.module}/self.tftpl", {})',
    "a template string in itself": "locals {\n"
    '  t = "$${templatestring(t, { t = t })}"\n}\n|templatestring(local.t, { t = local.t })',
    "many subnets": '|[for i in range(1000) : cidrsubnets("10.0.0.0/8", [for j in range(1000) : 24]...)]',
    "wide subnet": '|cidrsubnet("::/0", 128, pow(2, 127))',
    "zipped": "|zipmap(range(1024), [for i in range(1024) : range(1024)])",
    "transposed": '|transpose({ for i in range(1000) : "k${i}" => [for j in range(1000) : "v${j}"] })',
    "merged": '|merge([for i in range(1000) : { for j in range(1000) : "${i}-${j}" => i }]...)',
    "chunked": "|[for i in range(1, 1000) : chunklist(range(1000), i)]",
    "distinct of what has to be compared": "|distinct([for i in range(1024) : [for j in range(100) : [i]]])",
    "a set of what has to be compared": "|toset([for i in range(1024) : [for j in range(100) : [i]]])",
    "many keys": "|{\n" + "".join(f"k{i} = {i}\n" for i in range(50_000)) + "}",
    "many blocks": "".join(f"locals {{\n  m{i} = {i}\n}}\n" for i in range(20_000)) + "|local.m19999",
    "zeroes": f'|base64gzip(join("", [for i in range(1000) : {LONG}]))',
    "long duration": '|timeadd("2024-01-01T00:00:00Z", "' + "9" * 10_000 + 'h")',
    "many escapes": '|"' + "$${" * 100_000 + '"',
    "a deep type": 'variable "v" {\n  type = ' + nested("list(", "any", ")", 3000) + "\n  default = null\n}\n|var.v",
    "a wide type": 'variable "v" {\n  type = '
    + nested("object({ a = optional(", "any", "), b = optional(any) })", 300)
    + "\n  default = {}\n}\n|var.v",
    "many stars": '|fileset(".", "' + "**/" * 2000 + '*")',
    "many braces": '|fileset(".", "' + "{a,b}" * 40 + '")',
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_nothing_else_along(name: str, tmp_path: Path) -> None:
    beside, _, expression = BOMBS[name].partition("|")
    bomb = f'{beside}resource "terraform_data" "bomb" {{\n  input = {expression}\n}}\n'
    template = '${templatefile("${path.module}/self.tftpl", {})}'
    write(tmp_path, {"safe.tf": SAFE, "bomb.tf": bomb, "self.tftpl": template})
    ran = graph(tmp_path)
    assert ran.values()["terraform_data.safe"] == "safe"
    assert ran.code in (0, 3)

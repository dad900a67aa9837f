"""Terraform examples derived from a `require` row: a good, a bad and an unknown value of its attribute.

A row says all that an example of it could, so that nobody writes three resources for each of hundreds of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.examples import Example

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from assay.rule import Rule


def derive(rule: Rule) -> Iterator[Example]:
    """Good, bad and unknown Terraform for every type of a `require` row."""
    from assay.model import parse_path
    from assay.terraform.schema import attributes

    row = rule.row
    if row is None or not (rule.each is None or isinstance(rule.each, str)):
        return
    for type_, path in row.paths.items():
        full = (*parse_path(rule.each), *parse_path(path)) if rule.each else parse_path(path)
        steps = [str(s) for s in full]
        good, bad = _values(type_, ".".join(steps), row.test, row.wanted)
        lines = _nest(steps, good)
        yield _example(rule, type_, "good", lines, "")
        lines = _nest(steps, bad)
        yield _example(rule, type_, "bad", lines, f"# error: {rule.id}", rule.each)
        kind = attributes(type_).get(".".join(steps), "x")
        lines = _dynamic(steps) if kind == "m" else _nest(steps, "var.unset")
        yield _example(rule, type_, "unknown", lines, f"# unsure: {rule.id}", rule.each)


def _values(type_: str, path: str, test: str, wanted: Any) -> tuple[str | None, str | None]:
    """HCL text of a passing and of a failing value; None is an absent attribute, `{` an empty block."""
    from assay.terraform.schema import attributes

    first = wanted[0] if isinstance(wanted, (list, tuple)) else wanted
    kind = attributes(type_).get(path, "x")
    example = {"l": '["example"]', "n": "1", "b": "true", "m": "{"}.get(kind, '"example"')
    other = _hcl(not first) if isinstance(first, bool) else ("987654" if isinstance(first, int) else '"another"')
    table: Mapping[str, tuple[str | None, str | None]] = {
        "equals": (_hcl(wanted), other),
        "not_equals": (other, _hcl(wanted)),
        "one_of": (_hcl(first), other),
        "none_of": (other, _hcl(first)),
        "at_least": (_hcl(wanted), _hcl(wanted - 1) if test == "at_least" else None),
        "at_most": (_hcl(wanted), _hcl(wanted + 1) if test == "at_most" else None),
        "present": (example, None) if wanted is True else (None, example),
        "contains": (f"[{_hcl(wanted)}]", "[]"),
        "lacks": ("[]", f"[{_hcl(wanted)}]"),
    }  # fmt: skip
    return table[test]


def _hcl(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_hcl(v) for v in value) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${") + '"'


def _nest(steps: list[str], value: str | None) -> list[str]:
    if value is None:
        return []
    *blocks, name = steps
    lines = [f"{'  ' * (i + 1)}{block} {{" for i, block in enumerate(blocks)]
    pad = "  " * (len(blocks) + 1)
    lines.append(f"{pad}{name} {{}}" if value == "{" else f"{pad}{name} = {value}")
    return lines + [f"{'  ' * (i + 1)}}}" for i in reversed(range(len(blocks)))]


def _dynamic(steps: list[str]) -> list[str]:
    *blocks, name = steps
    lines = [f"{'  ' * (i + 1)}{block} {{" for i, block in enumerate(blocks)]
    pad = "  " * (len(blocks) + 1)
    lines += [f'{pad}dynamic "{name}" {{', f"{pad}  for_each = var.unset", f"{pad}  content {{}}", f"{pad}}}"]
    return lines + [f"{'  ' * (i + 1)}}}" for i in reversed(range(len(blocks)))]


def _example(rule: Rule, type_: str, kind: str, inner: list[str], mark: str, each: str | None = None) -> Example:
    """The resource with `mark` on the line where the finding is to be."""
    block = "data" if type_.startswith("data.") else "resource"
    header = f'{block} "{type_.removeprefix("data.")}" "example" {{'
    lines = ['variable "unset" {}', "", header, *inner, "}"] if kind == "unknown" else [header, *inner, "}"]
    if mark:
        content = [i for i, line in enumerate(lines) if line.lstrip().startswith("content {")]  # of a dynamic block
        plain = [i for i, line in enumerate(lines) if " = " in line or ("{}" in line and not line.startswith("var"))]
        at = (content or plain or [lines.index(header)])[0]
        lines[at] += f" {mark}"
    return Example(rule.id, kind, "hcl", "terraform", "\n".join(lines) + "\n", f"{rule.id} (derived, {type_}, {kind})")

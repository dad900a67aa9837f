"""Examples of rules: fenced code in a Markdown file beside the rule file; documentation and test in one text.

A section `## rule-id` has `### Good`, `### Bad` and `### Unknown` parts with fences. `# error: rule-id` marks a line
that must fail, `# unsure: rule-id` one that must be unknown; nothing else may be found. A rule that is never undecided
says why below `### Unknown: none`. For a `require` row without a section the Terraform examples are derived from the
row.
"""

from __future__ import annotations

import os

from assay.patterns import pattern

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing: `explain` passes here
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from assay.graph import Graph
    from assay.model import Verdict
    from assay.rule import Rule

KINDS = {"Good": "good", "Bad": "bad", "Unknown": "unknown"}
_MARK = pattern(r"(?:#|//)\s*(error|unsure):\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)")
_WORDS = {"error": "FAIL", "unsure": "UNKNOWN"}
_SUFFIX = {"hcl": "main.tf", "json": "input.json", "yaml": "input.yaml"}


class Example:
    """One fence: the rule it is about, whether it is good, bad or unknown, its language, text and place."""

    __slots__ = ("kind", "language", "place", "rule", "source", "text")

    def __init__(self, rule: str, kind: str, language: str, source: str, text: str, place: str) -> None:
        self.rule = rule
        self.kind = kind
        self.language = language
        self.source = source
        self.text = text
        self.place = place


def read(path: str) -> list[Example]:
    """Every example of a Markdown file; an empty list when there is no such file."""
    if not os.path.isfile(path):
        return []
    found: list[Example] = []
    rule = kind = ""
    fence: list[str] | None = None
    info: list[str] = []
    start = 0
    with open(path, encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if fence is not None:
                if line.startswith("```"):
                    language = info[0] if info else "hcl"
                    source = info[1] if len(info) > 1 else "terraform"
                    found.append(Example(rule, kind, language, source, "".join(fence), f"{path}:{start}"))
                    fence = None
                else:
                    fence.append(line)
            elif line.startswith("```"):
                fence, info, start = [], line[3:].split(), number
            elif line.startswith("## "):
                rule, kind = line[3:].strip().strip("`"), ""
            elif line.startswith("### "):
                kind = KINDS.get(line[4:].strip(), "")
    return [e for e in found if e.rule and e.kind]


def of_rule(rule: Rule, directory: str) -> list[Example]:
    """The written examples of a rule, else those derived from its row."""
    written = [e for e in read(f"{directory}/{rule.file[:-3]}.md") if e.rule == rule.id]
    return written or list(derive(rule))


def missing(rule: Rule, directory: str, kinds: Collection[str]) -> list[str]:
    """Which of good, bad and unknown is not among these kinds of examples, save an unknown one that cannot be."""
    lacking = [kind for kind in KINDS.values() if kind not in kinds]
    if "unknown" in lacking and _never_unknown(f"{directory}/{rule.file[:-3]}.md", rule.id):
        lacking.remove("unknown")
    return [f"{rule.id} has no {kind} example" for kind in lacking]


def _never_unknown(path: str, rule_id: str) -> bool:
    """True when the rule's section gives a reason below `### Unknown: none`."""
    if not os.path.isfile(path):
        return False
    with open(path, encoding="utf-8") as handle:
        section = f"\n{handle.read()}".partition(f"\n## {rule_id}\n")[2].partition("\n## ")[0]
    reason = section.partition("\n### Unknown: none\n")[2].partition("\n#")[0]
    return bool(reason.strip()) and "```" not in reason


def check(example: Example, rule: Rule) -> list[str]:
    """What is wrong with the rule's answer on this example; an empty list when all is right."""
    from tempfile import TemporaryDirectory

    from assay.engine import evaluate
    from assay.model import Verdict

    with TemporaryDirectory(prefix="assay-example-") as folder:
        with open(f"{folder}/{_SUFFIX[example.language]}", "w", encoding="utf-8") as handle:
            handle.write(example.text)
        graph = _graph(folder, example)
        report = evaluate(graph, [rule])
    problems = [
        f"{example.place}: {i['path']}: {i['reason']}" for i in graph.coverage.inputs if i["status"] == "failed"
    ]
    wanted = _marks(example.text, rule.id)
    if example.kind == "bad" and not any(v is Verdict.FAIL for _, v in wanted):
        problems.append(f"{example.place}: the bad example marks no line with `# error: {rule.id}`")
    if example.kind == "unknown" and not any(v is Verdict.UNKNOWN for _, v in wanted):
        problems.append(f"{example.place}: the unknown example marks no line with `# unsure: {rule.id}`")
    got = {(f.location.start_line if f.location else 0, f.verdict): f.message for f in report.findings}
    for line, verdict in sorted(wanted - got.keys(), key=str):
        problems.append(f"{example.place}: line {line} should be {verdict.value} and is not")
    for line, verdict in sorted(got.keys() - wanted, key=str):
        problems.append(f"{example.place}: line {line} is {verdict.value} unexpectedly: {got[line, verdict]}")
    return problems


def _graph(folder: str, example: Example) -> Graph:
    from assay.model import Request
    from assay.scan import collect

    return collect(Request([folder], folder))


def _marks(text: str, rule_id: str) -> set[tuple[int, Verdict]]:
    from assay.model import Verdict

    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        for word, ids in _MARK.findall(line):
            if rule_id in [i.strip() for i in ids.split(",")]:
                found.add((number, Verdict[_WORDS[word]]))
    return found


# --- examples derived from a `require` row ----------------------------------------------------------------------------


def derive(rule: Rule) -> Iterator[Example]:
    """Good, bad and unknown Terraform for every type of a `require` row."""
    from assay.model import parse_path
    from assay.terraform.schema import attributes

    row = rule.row
    if row is None:
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

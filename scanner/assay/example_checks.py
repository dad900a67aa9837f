"""Checks of examples: a rule finds what is marked, on the line where it is marked, and nothing else."""

from __future__ import annotations

import re
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from assay.engine import evaluate
from assay.example_graphs import RECORDED, graph_of
from assay.model import Verdict
from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.examples import Example
    from assay.model import Finding
    from assay.rule import Rule

_MARK = pattern(r"(?:#|//)\s*(error|unsure):\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)")
_WORDS = {"error": "FAIL", "unsure": "UNKNOWN"}


def check(example: Example, rule: Rule) -> list[str]:
    """What is wrong with the rule's answer on this example; an empty list when all is right."""
    with TemporaryDirectory(prefix="assay-example-") as folder:
        try:
            graph = graph_of(example, folder)
        except ValueError as error:
            return [f"{example.place}: {error}"]
        usual = dict(rule.params)
        rule.params.update(
            {name: [f"{folder}/{v[2:]}" if v.startswith("./") else v for v in values] for name, values in
             example.params.items()}
        )  # fmt: skip
        report = evaluate(graph, [rule])
        rule.params.update(usual)
    problems = [
        f"{example.place}: {i['path']}: {i['reason']}" for i in graph.coverage.inputs if i["status"] == "failed"
    ]
    wanted = {(n.partition("*")[0], *mark) for n, text in example.files.items() for mark in _marks(text, rule.id)}
    if example.kind == "bad" and not any(v is Verdict.FAIL for *_, v in wanted):
        problems.append(f"{example.place}: the bad example marks no line with `# error: {rule.id}`")
    if example.kind == "unknown" and not any(v is Verdict.UNKNOWN for *_, v in wanted):
        problems.append(f"{example.place}: the unknown example marks no line with `# unsure: {rule.id}`")
    recorded = example.source in RECORDED
    met: set[tuple[str, int, Verdict]] = set()
    for finding in report.findings:
        spots = _named_on(example, finding) if recorded else {_spot(finding)}
        hits = {(*spot, finding.verdict) for spot in spots} & wanted
        met |= hits
        if not hits:
            place = finding.resource.address if recorded else "{} line {}".format(*_spot(finding))
            problems.append(f"{example.place}: {place} is {finding.verdict.value} unexpectedly: {finding.message}")
    for file, line, verdict in sorted(wanted - met, key=str):
        problems.append(f"{example.place}: {file} line {line} should be {verdict.value} and is not")
    return problems


def _marks(text: str, rule_id: str) -> set[tuple[int, Verdict]]:
    """The marks for a rule in a text: the line, and the verdict that it is to have there."""
    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        for word, ids in _MARK.findall(line):
            if rule_id in [i.strip() for i in ids.split(",")]:
                found.add((number, Verdict[_WORDS[word]]))
    return found


def _spot(finding: Finding) -> tuple[str, int]:
    return (finding.location.file, finding.location.start_line) if finding.location else ("", 0)


def _named_on(example: Example, finding: Finding) -> set[tuple[str, int]]:
    """The lines of a live example that name the finding's resource."""
    r = finding.resource
    values = [r.values.get(k) for k in ("id", "arn", "name", "bucket", "function_name", "account_id")]
    names = {str(n) for n in (r.address, r.name, *values) if isinstance(n, (str, int)) and n != ""}
    if r.type == "account" and r.account:
        names.add(r.account)
    words = re.compile("|".join(rf"(?<![\w-]){re.escape(n)}(?![\w-])" for n in sorted(names, key=len, reverse=True)))
    return {
        (file, i)
        for file, text in example.files.items()
        for i, line in enumerate(text.splitlines(), 1)
        if words.search(line.partition(" #")[0])
    }

"""Examples of rules: fenced code in a Markdown file beside the rule file; documentation and test in one text.

A section `## rule-id` has `### Good`, `### Bad` and `### Unknown` parts with fences. `# error: rule-id` marks a line
that must fail, `# unsure: rule-id` one that must be unknown; nothing else may be found. A rule that is never undecided
says why below `### Unknown: none`. For a `require` row without examples in files the Terraform ones are derived from
the row.

A fence ```` ```yaml aws ```` (or `oci`, `cluster`) holds recorded answers of the live API, which the real collector
turns into resources. There a mark may stand on any line that names the resource: its address, id, ARN or name. A
fence ```` ```yaml +oci ```` below it holds what the other cloud answers, for rules that look at both. One that begins
with OpenSLO documents ends with one of recorded `series:`, on which these are measured.

A fence whose second word is a file's name (```` ```json order.asl.json ````) is that document, or an entry of an
archive (`layer.zip!/python/a.py`, with megabytes of zeros behind it `a.bin*251`); one whose name begins with `+` is a
further file of the example above it; Terraform beside recorded answers is the code that made what they tell of, and
`data:layer.zip` in an answer is where the archive `layer.zip` of these fences can be downloaded. A word
`name=a,b` sets a parameter of the rule to that list, as the configuration would; in it `./a` is a file of the example.
"""

from __future__ import annotations

import os

from assay.patterns import pattern

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing: `explain` passes here
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import Any

    from assay.graph import Graph
    from assay.model import Finding, Intake, Verdict
    from assay.rule import Rule

KINDS = {"Good": "good", "Bad": "bad", "Unknown": "unknown"}
_MARK = pattern(r"(?:#|//)\s*(error|unsure):\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)")
_COMMENT = pattern(r"[ \t]*(?:#|//)\s*(?:error|unsure):[^\n]*")
_WORDS = {"error": "FAIL", "unsure": "UNKNOWN"}
LIVE = {name: f"assay.inventory.{name}.replay" for name in ("aws", "oci", "cluster")}
"""By source: the module whose `units(answers)` gives the collector's units over recorded answers."""
OPENSLO = "apiVersion: openslo/v1"
"""In an example of a live source: its series are recorded, not the API's answers."""
SPEND = {"aws": "ce.GetCostAndUsageWithResources", "oci": "usageapi.request_summarized_usages"}
"""By source: the recorded operation that makes an example one of `audit cost`, not of the inventory."""
_SUFFIX = {"hcl": "main.tf", "json": "input.json", "yaml": "input.yaml", "sql": "input.sql"}
_SOURCE = {"yaml": "manifest"}


class Example:
    """One fence: the rule it is about, whether it is good, bad or unknown, its language, text and place."""

    __slots__ = ("files", "kind", "language", "params", "place", "rule", "source", "text")

    def __init__(
        self, rule: str, kind: str, language: str, source: str, text: str, place: str, name: str | None = None
    ) -> None:
        self.files = {name or _SUFFIX.get(language, ""): text}  # by name; those of further fences are added
        self.params: dict[str, list[str]] = {}  # what the configuration sets in this example
        self.rule = rule
        self.kind = kind
        self.language = language
        self.source = source
        self.text = text
        self.place = place


def read(path: str) -> list[Example]:
    """Every example of a Markdown file; an empty list when there is no such file.

    Raises:
        assay.rule.RuleError: it cannot be read, or a further file stands above the example that it belongs to.
    """
    if not os.path.isfile(path):
        return []
    try:
        with open(path, encoding="utf-8") as handle:
            return _fences(path, handle)
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"{path}: it cannot be read as text in UTF-8: {error}") from error


def _refused(sentence: str) -> Exception:
    from assay.rule import RuleError

    return RuleError(sentence)


def _fences(path: str, lines: Iterable[str]) -> list[Example]:
    found: list[Example] = []
    rule = kind = ""
    fence: list[str] | None = None
    info: list[str] = []
    settings: dict[str, list[str]] = {}
    start = 0
    for number, line in enumerate(lines, 1):
        if fence is not None:
            if line.startswith("```"):
                language = info[0] if info else "hcl"
                word = info[1] if len(info) > 1 else _SOURCE.get(language, "terraform")
                if word.startswith("+"):
                    if not found:
                        raise _refused(f"{path}:{start}: there is no example above, of which {word} is a further file")
                    found[-1].files[word[1:]] = "".join(fence)
                elif "." in word or word == "Dockerfile":
                    source = "layer" if ".zip" in word else "document"
                    found.append(Example(rule, kind, language, source, "".join(fence), f"{path}:{start}", word))
                    found[-1].params = settings
                else:
                    found.append(Example(rule, kind, language, word, "".join(fence), f"{path}:{start}"))
                    found[-1].params = settings
                fence = None
            else:
                fence.append(line)
        elif line.startswith("```"):
            words = line[3:].split()
            settings = {name: value.split(",") for name, sign, value in (w.partition("=") for w in words) if sign}
            fence, info, start = [], [w for w in words if "=" not in w], number
        elif line.startswith("## "):
            rule, kind = line[3:].strip().strip("`"), ""
        elif line.startswith("### "):
            kind = KINDS.get(line[4:].strip(), "")
    return [e for e in found if e.rule and e.kind]


def of_rule(rule: Rule, directory: str) -> list[Example]:
    """The written examples of a rule; without any in files, those derived from its row stand before the live ones."""
    from assay.derived_examples import derive

    written = [e for e in read(f"{directory}/{rule.file[:-3]}.md") if e.rule == rule.id]
    return written if any(e.source not in LIVE for e in written) else [*derive(rule), *written]


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

    live = example.source in (*LIVE, "cost")
    with TemporaryDirectory(prefix="assay-example-") as folder:
        try:
            made = _MADE.get(example.source) or (_replayed if live else None)
            for name, text in list(example.files.items())[1:] if live else ():
                if name not in LIVE:  # what a parameter names
                    _write(folder, name, text)
            if OPENSLO in example.text and live:
                graph = _measured(example, folder)
            elif any(f"{operation}:" in example.text for operation in SPEND.values()):
                graph = _costly(example)
            else:
                graph = made(example) if made is not None else _written(example, folder)
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
    met: set[tuple[str, int, Verdict]] = set()
    for finding in report.findings:
        spots = _named_on(example, finding) if live else {_spot(finding)}
        hits = {(*spot, finding.verdict) for spot in spots} & wanted
        met |= hits
        if not hits:
            place = finding.resource.address if live else "{} line {}".format(*_spot(finding))
            problems.append(f"{example.place}: {place} is {finding.verdict.value} unexpectedly: {finding.message}")
    for file, line, verdict in sorted(wanted - met, key=str):
        problems.append(f"{example.place}: {file} line {line} should be {verdict.value} and is not")
    return problems


def _spot(finding: Finding) -> tuple[str, int]:
    return (finding.location.file, finding.location.start_line) if finding.location else ("", 0)


def _written(example: Example, folder: str) -> Graph:
    """The graph of an example that is a file, or several."""
    from assay.model import Request
    from assay.scan import collect

    for name, text in example.files.items():
        _write(folder, name, text)
    return collect(Request([folder], folder))


def _asked(example: Example) -> Graph:
    """The graph of assertions asked of a SQLite database, which the statements before the first assertion make."""
    import re
    import sqlite3

    from assay.assertions.database import SqliteSession
    from assay.assertions.judge import Source, ask
    from assay.assertions.language import read
    from assay.graph import Graph

    (name,) = example.files
    first = re.search(r"^(?:-- (?:assert|rule|severity):|CREATE ASSERTION)", example.text, re.MULTILINE)
    if first is None:
        raise ValueError("there is no assertion in it")
    before = example.text[: first.start()]
    connection = sqlite3.connect(":memory:")
    connection.executescript(before)
    assertions = read("\n" * before.count("\n") + example.text[first.start() :], name)
    sources = [Source(a, name, "tickets" if a.rule == "sla-uncovered-ticket" else "assertion") for a in assertions]
    asked, unasked = ask(sources, SqliteSession(connection, 10), 20)
    connection.close()
    if unasked:
        raise ValueError(unasked[0][1])
    return Graph(asked)


def _spent(example: Example) -> Graph:
    """The graph of daily spend: so many `weeks` of a `week`, `then` further days, of a service; a `budget` with it."""
    from datetime import date, timedelta

    from assay.graph import Graph
    from assay.model import Coverage
    from assay.spend import Row, resources

    told = answers(example)
    if "resource" in told:
        from assay.idle import Used, resource
        from assay.spend import SpendOrigin

        days = [
            (date.fromisoformat(str(told["start"])) + timedelta(days=i)).isoformat() for i in range(len(told["used"]))
        ]
        one = Used(told["resource"], told["service"], "", "", "USD", told["cost"], days, "utilisation", told["used"])
        return Graph([resource(one, "cost", SpendOrigin(example.place))])
    costs = told.get("week", []) * told.get("weeks", 0) + told.get("then", [])
    egress = told.get("egress", [0] * len(costs))
    first = date.fromisoformat(str(told["start"]))
    rows = [
        Row(told["service"], "", "USD", first + timedelta(days=i), cost, 0.0, 0.0, out)
        for i, (cost, out) in enumerate(zip(costs, egress, strict=True))
    ]
    coverage = Coverage()
    budgets = {("", ""): float(told["budget"])} if "budget" in told else {}
    return Graph(resources(rows, coverage, example.place, "9999-12-31", budgets), coverage)


def _costly(example: Example) -> Graph:
    """The graph of recorded answers about spend: resources that cost something, with their use."""
    from importlib import import_module

    from assay.graph import Graph
    from assay.idle import resource
    from assay.spend import SpendOrigin

    found = import_module(LIVE[example.source]).idle(answers(example))
    return Graph([resource(one, example.source, SpendOrigin(example.place)) for one in found])


def _measured(example: Example, folder: str) -> Graph:
    """The graph of an OpenSLO document, measured on the `series:` that stand below it in a document of their own."""
    import yaml

    from assay.objectives.replay import measured

    document, sign, record = example.text.rpartition("\n---\nseries:")
    if not sign:
        raise ValueError("below the documents there are no series")
    with open(f"{folder}/slo.yaml", "w", encoding="utf-8") as handle:
        handle.write(document)
    return measured(f"{folder}/slo.yaml", yaml.safe_load(f"series:{record}")["series"])


def _write(folder: str, name: str, text: str) -> None:
    """One file of an example, or an entry of its archive; marks are left out where no comment may end a line."""
    archive, inside, entry = name.partition(".zip!/")
    path = f"{folder}/{archive}.zip" if inside else f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if inside:
        from zipfile import ZIP_DEFLATED, ZipFile

        entry, _, megabytes = entry.partition("*")  # `model.bin*251` has so many megabytes of zeros behind its text
        with ZipFile(path, "a", ZIP_DEFLATED, compresslevel=1) as into, into.open(entry, "w") as stream:
            stream.write((_COMMENT.sub("", text) if entry.endswith(".json") else text).encode())
            for _ in range(int(megabytes or 0)):
                stream.write(bytes(1 << 20))
        return
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(_COMMENT.sub("", text) if name.endswith((".json", "Dockerfile")) else text)


def answers(example: Example) -> dict[str, Any]:
    """The recorded answers of a live example, by operation.

    The points of a metric may be written short, as `Hours` or `hours`: a value for each hour up to the end of the last
    day of November 2026, or `[value, how often]`.

    Raises:
        ValueError: it is not a mapping of operations.
    """
    told = _recorded(example.text)
    for name in METRICS.intersection(told):
        told[name] = _hourly(told[name])
    return told


METRICS = frozenset(("cloudwatch.GetMetricData", "monitoring.summarize_metrics_data"))
"""Answers whose points may be written short."""


def _hourly(value: Any) -> Any:
    from datetime import UTC, datetime, timedelta

    from assay.objectives.replay import spread

    if isinstance(value, list):
        return [_hourly(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "Hours" not in value and "hours" not in value:
        return {key: _hourly(inner) for key, inner in value.items()}
    rest = {key: inner for key, inner in value.items() if key not in ("Hours", "hours")}
    values = spread(value["Hours"] if "Hours" in value else value["hours"])
    end = datetime(2026, 11, 30, tzinfo=UTC)
    moments = [end - timedelta(hours=n) for n in range(len(values), 0, -1)]
    if "Hours" in value:
        return {**rest, "Timestamps": moments, "Values": values}
    points = [{"timestamp": at, "value": v} for at, v in zip(moments, values, strict=True)]
    return {**rest, "aggregatedDatapoints": points}


def _live_parts(example: Example) -> Iterator[tuple[str, str]]:
    """The live sources of an example, each with the text of its answers and the archives that these tell of."""
    held = _archives(example)
    parts = [(name, text) for name, text in list(example.files.items())[1:] if name in LIVE]
    for source, text in [(example.source, example.text), *parts]:
        for name, data in held.items():
            text = text.replace(f"data:{name}", f"data:application/zip;base64,{data}")
        yield source, text


def _archives(example: Example) -> dict[str, str]:
    """The archives of an example by name, in base64."""
    from base64 import b64encode
    from tempfile import TemporaryDirectory

    entries = {name: text for name, text in example.files.items() if ".zip!/" in name}
    if not entries:
        return {}
    with TemporaryDirectory(prefix="assay-archives-") as folder:
        for name, text in entries.items():
            _write(folder, name, text)
        held = {}
        for archive in dict.fromkeys(f"{name.partition('.zip!/')[0]}.zip" for name in entries):
            with open(f"{folder}/{archive}", "rb") as file:
                held[archive] = b64encode(file.read()).decode()
    return held


def _recorded(text: str) -> dict[str, Any]:
    import yaml

    try:
        recorded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error
    if not isinstance(recorded, dict):
        raise ValueError("a live example is a mapping of operations to their recorded answers")
    return recorded


def _replayed(example: Example) -> Graph:
    """The graph of recorded answers: collected by the real collector, written and read as a snapshot is."""
    import gzip
    from importlib import import_module
    from io import BytesIO

    from assay.documents.packages import join_live
    from assay.graph import Graph
    from assay.inventory.collect import run_unit
    from assay.inventory.snapshot import RecordWriter, SnapshotWriter, read
    from assay.model import Intake

    units: list[Any] = []
    feeds: dict[str, list[str]] = {}
    for source, text in _live_parts(example):
        mine = list(import_module(LIVE[source]).units(_recorded(text)))
        feeds[source] = sorted({t for u in mine for t in u.types})
        units += mine
    stream = BytesIO()
    SnapshotWriter.begin(stream, {"feeds": feeds})
    with RecordWriter(stream) as writer:
        for unit in units:
            run_unit(unit, writer)
    SnapshotWriter.end(stream, writer.count)
    stream.seek(0)
    intake = Intake()
    with gzip.open(stream) as lines:
        read(lines, example.place, intake, kept=False)
    join_live(intake)
    code = {name: text for name, text in example.files.items() if name.endswith(".tf")}
    if code:
        _declared(intake, code)
    broken = [u["reason"] for u in intake.coverage.units if "the collector stopped" in (u["reason"] or "")]
    if broken:
        raise ValueError(broken[0])
    return Graph(intake.resources, intake.coverage, links=intake.links)


def _declared(intake: Intake, code: Mapping[str, str]) -> None:
    """Link what was collected to the Terraform files beside it, as `--code` does."""
    from tempfile import TemporaryDirectory

    from assay.bundled import RULES
    from assay.provenance import attach
    from assay.provenance.code import load

    with TemporaryDirectory(prefix="assay-code-") as folder:
        for name, text in code.items():
            _write(folder, name, text)
        attach(intake, load(folder, [], folder, {}, []), [RULES])


_MADE: dict[str, Callable[[Example], Graph]] = {"database": _asked, "cost": _spent}
"""How examples of sources that are neither files nor recorded answers become a graph."""


def _named_on(example: Example, finding: Finding) -> set[tuple[str, int]]:
    """The lines of a live example that name the finding's resource."""
    import re

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


def _marks(text: str, rule_id: str) -> set[tuple[int, Verdict]]:
    from assay.model import Verdict

    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        for word, ids in _MARK.findall(line):
            if rule_id in [i.strip() for i in ids.split(",")]:
                found.add((number, Verdict[_WORDS[word]]))
    return found

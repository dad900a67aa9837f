"""SARIF's head: the log, its run, tool, rules and notifications, built with sarif-om's classes.

sarif-om has no serialiser; `as_dict` walks its attrs fields, each of which knows its name in the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Severity, Verdict
from assay.reports import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.engine import Report
    from assay.rule import Rule

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Strings, inside GitHub's documented bands (9.0 falls between two). `info` has none: it is no vulnerability.
SECURITY_SEVERITY = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.5"}
PROBLEM_SEVERITY = {"error": "error", "warning": "warning", "note": "recommendation"}
# Themes whose failures cost money or sleep rather than safety: GitHub shows them with a problem severity instead.
NOT_SECURITY = {
    "budget-alerts", "cluster-health", "correctness", "cost", "dead-letter-queues", "observability", "resilience",
    "sla",
}  # fmt: skip
_TEXT_MOST = 1024
_TAGS_MOST = 10


def as_dict(value: Any) -> Any:
    """A sarif-om object as the JSON of its schema: no nulls, no defaults."""
    if isinstance(value, (list, tuple)):
        return [as_dict(v) for v in value]
    if isinstance(value, dict):
        return {k: as_dict(v) for k, v in value.items()}
    fields = getattr(type(value), "__attrs_attrs__", None)
    if fields is None:
        return value
    pairs = ((f, getattr(value, f.name)) for f in fields)
    return {f.metadata["schema_property_name"]: as_dict(v) for f, v in pairs if v is not None and not _default(f, v)}


def _default(field: Any, value: Any) -> bool:
    default = field.default
    if getattr(default, "factory", None) is not None:
        return bool(value == default.factory())  # the two in use take no instance
    return bool(value == default)


def cut(text: str, most: int = _TEXT_MOST) -> str:
    """A text that fits the consumer's limit; never empty."""
    text = text.strip() or "-"
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def sentence(text: str) -> str:
    """The text, closed: consumers run sentences together."""
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def log(
    report: Report, rules: Sequence[Rule], notes: Sequence[Any], category: str | None, rooted: bool
) -> dict[str, Any]:
    """Everything but the results; `rooted` when URIs name what they are relative to."""
    import sarif_om as om

    bases = {"SRCROOT": om.ArtifactLocation(description=om.Message(text="The directory that was scanned."))}
    driver = om.ToolComponent(
        name="Assay",
        version=report.tool_version,
        semantic_version=_semantic(report.tool_version),
        information_uri=None,
        short_description=om.MultiformatMessageString(text="A policy-as-code compliance and audit scanner."),
        rules=[_rule(r) for r in rules],
    )
    invocation = om.Invocation(
        execution_successful=not report.incomplete, exit_code=report.exit_code, tool_execution_notifications=list(notes)
    )
    run = om.Run(
        tool=om.Tool(driver=driver),
        invocations=[invocation],
        column_kind="unicodeCodePoints",
        automation_details=om.RunAutomationDetails(id=category.rstrip("/") + "/") if category else None,
        original_uri_base_ids=bases if rooted else None,
        newline_sequences=["\r\n", "\n"],
        properties={"summary": report.summary, "strict": report.strict},
    )
    made: dict[str, Any] = as_dict(om.SarifLog(version="2.1.0", schema_uri=SCHEMA_URI, runs=[run]))
    return {name: made[name] for name in ("$schema", "version", "runs")}  # the runs last: results are added to them


def _semantic(version: str) -> str:
    """`0.1.0.dev0` as semantic versioning writes it: `0.1.0-dev0`."""
    import re

    match = re.match(r"(\d+\.\d+\.\d+)[.-]?(.*)", version)
    if not match:
        return "0.0.0"
    return f"{match[1]}-{match[2]}" if match[2] else match[1]


def _rule(rule: Rule) -> Any:
    import sarif_om as om

    level = LEVELS[rule.severity]
    why, fix = rule.why or rule.title, rule.fix
    controls = f"\n\nControls: {', '.join(rule.controls)}." if rule.controls else ""
    also = f"\n\nOther tools call it {', '.join(rule.equivalents)}." if rule.equivalents else ""
    name = "".join(part.capitalize() for part in rule.id.split("-"))[:255]
    more = f"\n\nMore: assay explain {rule.id}"
    properties: dict[str, Any] = {"precision": "high", "theme": rule.theme, "severity": rule.severity.label}
    tags = [rule.theme, *rule.controls]
    if rule.theme in NOT_SECURITY or rule.severity not in SECURITY_SEVERITY:
        properties["problem.severity"] = PROBLEM_SEVERITY[level]
    else:
        properties["security-severity"] = SECURITY_SEVERITY[rule.severity]
        tags.insert(0, "security")
    properties["tags"] = [t for t in dict.fromkeys(tags) if t][:_TAGS_MOST]
    if rule.equivalents:
        properties["equivalents"] = list(rule.equivalents)
    return om.ReportingDescriptor(
        id=rule.id,
        name=name if name.lower() != rule.id else None,  # SARIF1001: a name that repeats the id says nothing
        short_description=om.MultiformatMessageString(text=cut(sentence(rule.title))),
        full_description=om.MultiformatMessageString(text=cut(sentence(shape.one_line(why)))),
        help=om.MultiformatMessageString(
            text=f"Why: {why}\n\nFix: {fix}{controls}{also}{more}",
            markdown=f"## Why\n{why}\n\n## Fix\n{fix}{controls}{also}\n\nMore: `assay explain {rule.id}`",
        ),
        default_configuration=om.ReportingConfiguration(level=level),
        properties=properties,
    )


def notification(
    name: str, level: str, text: str, file: str | None = None, line: int = 1, rule: tuple[str, int] | None = None
) -> Any:
    """One thing that went wrong while scanning. `file` is a URI."""
    import sarif_om as om

    where = om.PhysicalLocation(
        artifact_location=om.ArtifactLocation(uri=file), region=om.Region(start_line=max(1, line))
    )
    return om.Notification(
        message=om.Message(text=cut(sentence(text))),
        level=level,
        descriptor=om.ReportingDescriptorReference(id=f"assay/{name}"),
        associated_rule=om.ReportingDescriptorReference(id=rule[0], index=rule[1]) if rule else None,
        locations=[om.Location(physical_location=where)] if file else None,
    )


def notifications(report: Report, uri: Callable[[str], str], indexes: dict[str, int]) -> list[Any]:
    """What was not read or not judged."""
    made = [
        notification(p.kind, p.level, str(p), uri(p.file) if p.file else None, p.line)
        for p in shape.coverage_problems(report)
    ]
    for f in report.findings:
        if f.verdict is Verdict.NOT_EVALUATED:
            said = f"{f.resource.address}: {f.message}"
            rule = (f.rule, indexes[f.rule]) if f.rule in indexes else None
            made.append(notification("not-evaluated", "error", shape.text(said), rule=rule))
    return made

"""Documents beside the infrastructure: claimed by content, located by line, joined to what names them, never lost."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from assay.analysis.functions import logged_events, wrapped_call
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.documents import kind_of
from assay.documents.positions import Malformed, TextOrigin, read_json, read_yaml
from assay.engine import Report
from assay.graph import Graph
from assay.model import Location, Request, Text, Undetermined, Unknown, Verdict
from assay.scan import collect, run

if TYPE_CHECKING:
    from collections.abc import Callable

CATALOGUE = Catalogue([RULES])
MACHINE = {
    "StartAt": "Charge",
    "States": {
        "Charge": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refund"}],
            "End": True,
        },
        "Refund": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:refund", "Next": "Gone"},
        "Lost": {"Type": "Wait", "Seconds": 1, "End": True},
    },
}
STATES = [e for e in CATALOGUE.entries if e.file == "workflow/aws_states.py"]


def scan(folder: Path, entries: list[Any] | None = None) -> Report:
    return run(Request([str(folder)], str(folder)), CATALOGUE, CATALOGUE.entries if entries is None else entries)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def verdicts(report: Report) -> list[tuple[str, str, str]]:
    """All but what a definition alone cannot tell: the machine's type, and the code of its functions."""
    beyond = ("aws-sfn-wrapper-lambda", "aws-sfn-express-side-effects")
    return sorted((f.rule, f.verdict.value, f.message) for f in report.findings if f.rule not in beyond)


# --- one rule, every form ---------------------------------------------------------------------------------------------


def test_a_machine_gets_the_same_verdicts_in_every_form(tmp_path: Path) -> None:
    text = json.dumps(MACHINE, indent=2)
    head = 'resource "aws_sfn_state_machine" "m" {\n  name     = "m"\n  role_arn = "r"\n  definition = '
    forms = {
        "document": {"m.asl.json": text},
        "yaml": {"m.asl.yaml": text},  # JSON is YAML
        "heredoc": {"main.tf": f"{head}<<EOT\n{text}\nEOT\n}}\n"},
        "jsonencode": {"main.tf": f"{head}jsonencode({text.replace(': ', ' = ')})\n}}\n"},
        "file": {"main.tf": head + 'file("${path.module}/m.asl.json")\n}\n', "m.asl.json": text},
        "template": {
            "main.tf": head + 'templatefile("${path.module}/m.asl.json", { function = "refund" })\n}\n',
            "m.asl.json": text.replace(":refund", ":${function}"),
        },
    }
    found = {}
    for form, files in forms.items():
        folder = tmp_path / form
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content)
        report = scan(folder, STATES)
        assert not report.incomplete, report.coverage.inputs
        found[form] = verdicts(report)
    assert len(found["document"]) >= 8
    for form, mine in found.items():
        assert mine == found["document"], form


def test_a_file_that_terraform_reads_is_judged_once_and_its_lines_are_told(tmp_path: Path) -> None:
    write(tmp_path, **{
        "main.tf": 'resource "aws_sfn_state_machine" "m" {\n  name = "m"\n  role_arn = "r"\n'
        '  definition = file("${path.module}/m.asl.json")\n}\n',
        "m.asl.json": json.dumps(MACHINE, indent=1),
    })  # fmt: skip
    report = scan(tmp_path, STATES)
    assert {f.resource.address for f in report.findings} == {"aws_sfn_state_machine.m"}
    waiting = next(f for f in report.findings if f.rule == "aws-sfn-wait-token-no-heartbeat")
    assert waiting.location
    assert (waiting.location.file, waiting.location.start_line) == ("main.tf", 4)
    assert [(s.file, s.start_line) for s in waiting.trace] == [("m.asl.json", 4)]
    graph = collect(Request([str(tmp_path)], str(tmp_path)))
    links = [(a.address, b.address, via) for a, b, via in graph.links()]
    assert ("aws_sfn_state_machine.m", "m.asl.json", "definition") in links


def test_a_substitution_is_unknown_and_not_a_text(tmp_path: Path) -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${fn}", "Next": "${next}"}}})
    graph = collect(Request([str(write(tmp_path, **{"m.asl.json": text}))], str(tmp_path)))
    state = graph.all("aws_sfn_state_machine")[0].values["definition"]["States"]["A"]
    assert isinstance(state["Resource"], Text)
    assert "fn is filled in when the definition is deployed" in state["Resource"].reason
    report = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-invalid-definition"])
    assert [f.verdict for f in report.findings] == [Verdict.UNKNOWN]


# --- what cannot be parsed --------------------------------------------------------------------------------------------

BROKEN = {
    "m.asl.json": ('{"StartAt": "A",\n  "States": }', 2, 13),
    "m.asl.yaml": ("StartAt: A\nStates: [\n", 3, 1),
    "build_spec.yaml": ("component: build\nsteps:\n  - : [\n", 3, 5),
    ".github__workflows__a.yml": ("on: push\njobs:\n\t- x\n", 3, 1),
    "app.py": ("import boto3\ndef f(:\n  pass\n", 2, 7),
    "s.sql": ("CREATE TABLE t (a int);\nCREATE TABLE u (b text DEFAULT 'x);\n", 2, 36),
    "Dockerfile": ("FROM x\nRUNN y\n", 2, 1),
    "n.asl.json": ("[1]", 1, 1),
    "d__build_spec.yaml": ("component: build\n", 1, 1),
    "o.asl.json": ("\xff", 1, 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_is_a_line_of_the_coverage(tmp_path: Path, name: str) -> None:
    text, line, column = BROKEN[name]
    path = tmp_path / name.replace("__", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
    report = scan(tmp_path)
    assert report.findings == []
    (told,) = report.coverage.inputs
    assert (told["path"], told["status"], told.get("line")) == (name.replace("__", "/"), "failed", line)
    assert told["reason"].startswith(f"line {line}, column {column}: "), told["reason"]
    assert report.exit_code == 3


def test_a_broken_document_that_is_used_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, **{
        "main.tf": 'resource "oci_devops_build_pipeline_stage" "b" {\n  build_pipeline_stage_type = "BUILD"\n'
        '  build_pipeline_id = "x"\n}\n',
        "build_spec.yaml": "component: build\nsteps:\n  - : [\n",
    })  # fmt: skip
    report = scan(tmp_path, [e for e in CATALOGUE.entries if e.id == "document-not-parsed"])
    (finding,) = report.findings
    assert finding.location
    assert (finding.location.file, finding.location.start_line) == ("build_spec.yaml", 3)
    assert "line 3, column 5" in finding.message
    assert report.exit_code == 1


@pytest.mark.parametrize("text", ["{" * 100_000, "[" * 100_000, '{"StartAt": NaN, "States": {}}', '"a"', "null", ""])
def test_hostile_json(tmp_path: Path, text: str) -> None:
    report = scan(write(tmp_path, **{"m.asl.json": text}))
    assert [i["status"] for i in report.coverage.inputs] == ["failed"]


def test_a_definition_of_the_wrong_shapes_crashes_no_rule(tmp_path: Path) -> None:
    odd = {
        "A": {"Type": [], "Retry": {"a": 1}, "Catch": "x", "Choices": {}, "Next": {}},
        "B": {"Type": "Choice", "Choices": [1, {"Not": 1}, {"And": "x"}]},
        "C": {
            "Type": "Task",
            "Resource": 1,
            "Retry": [1, {"ErrorEquals": "x"}],
            "Catch": [{"Next": []}],
            "Parameters": 1,
        },
        "D": {"Type": "Map", "ItemProcessor": [], "Iterator": 1},
        "E": {"Type": "Parallel", "Branches": {}},
        "F": 1,
    }
    report = scan(write(tmp_path, **{"m.asl.json": json.dumps({"StartAt": 1, "States": odd})}))
    assert [f.message for f in report.findings if f.verdict is Verdict.NOT_EVALUATED] == []
    assert any(f.rule == "aws-sfn-invalid-definition" for f in report.findings)


@pytest.mark.parametrize("states", ['"x"', "[]", "5", "1.5", "true"])
def test_states_that_are_no_object_crash_no_rule(tmp_path: Path, states: str) -> None:
    report = scan(write(tmp_path, **{"m.asl.json": f'{{"StartAt": "A", "States": {states}}}'}), STATES)
    assert [f.message for f in report.findings if f.verdict is not Verdict.UNKNOWN] == ["there are no States"]


def test_handlers_of_the_wrong_shapes_crash_no_rule(tmp_path: Path) -> None:
    retries = [{"ErrorEquals": [1, True, {}, "E.x"], "BackoffRate": "2", "MaxAttempts": [9]}, {"ErrorEquals": ["E"]}]
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Retry": retries, "End": True}
    report = scan(write(tmp_path, **{"m.asl.json": json.dumps({"StartAt": "A", "States": {"A": task}})}), STATES)
    assert [f.message for f in report.findings if f.verdict is Verdict.NOT_EVALUATED] == []
    said = {f.message for f in report.findings}
    assert {'state A: BackoffRate is no number ("2")', "state A: MaxAttempts is no number ([9])"} <= said


def test_a_state_of_unknown_type_hides_none_behind_it(tmp_path: Path) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "x", "Next": "C"}]}
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    states = {"A": {"Type": "${kind}", "Next": "B"}, "B": choice, "C": task}
    write(tmp_path, **{"m.asl.json": json.dumps({"StartAt": "A", "States": states})})
    report = scan(tmp_path, STATES)
    for rule, name in (("aws-sfn-task-no-retry", "C"), ("aws-sfn-choice-no-default", "B")):
        found = [f for f in report.findings if f.rule == rule]
        assert [f.verdict for f in found] == [Verdict.FAIL, Verdict.UNKNOWN]
        assert found[0].message.startswith(f"state {name} ")


@pytest.mark.parametrize(
    "piece",
    [
        '"States": "${states}"',
        '"States": {"A": {"Type": "Pass", "Next": "B"}, "B": "${state}"}',
        '"States": {"A": {"Type": "Map", "End": true, "ItemProcessor": "${processor}"}}',
        '"States": {"A": {"Type": "Parallel", "End": true, "Branches": ["${branch}"]}}',
    ],
)
def test_states_that_nobody_knows_pass_no_rule(tmp_path: Path, piece: str) -> None:
    """Whatever may hold tasks may hold tasks without a retry."""
    report = scan(write(tmp_path, **{"m.asl.json": f'{{"StartAt": "A", {piece}}}'}), STATES)
    assert report.summary["pass"] == 0
    assert {f.verdict for f in report.findings} == {Verdict.UNKNOWN}
    assert {f.rule for f in report.findings} == {e.id for e in STATES}


def test_an_iteration_speaks_the_language_of_its_machine(tmp_path: Path) -> None:
    """With JSONata a Catch keeps the input by its Output, at every depth; ResultPath does not exist there."""
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.input %}", "Next": "Undo"}]
    call = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    inner = {"StartAt": "Do", "States": {"Do": {**call, "Catch": catch}, "Undo": call}}
    each = {"Type": "Map", "ItemProcessor": inner, "End": True}
    machine = {"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": each}}
    write(tmp_path, **{"m.asl.json": json.dumps(machine)})
    assert scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-catch-drops-input"]).findings == []


def test_a_payload_is_no_payment(tmp_path: Path) -> None:
    task = 'Type = "Task", Resource = "arn:aws:states:::lambda:invoke"'
    states = (
        f'A = {{ {task}, Parameters = {{ "Payload.$" = "$.Payload" }}, Next = "B" }}, '
        f'B = {{ {task}, Parameters = {{ FunctionName = "payload-of-payments" }}, End = true }}'
    )
    write(tmp_path, **{
        "main.tf": 'resource "aws_sfn_state_machine" "m" {\n  type = "EXPRESS"\n'
        f'  definition = jsonencode({{ StartAt = "A", States = {{ {states} }} }})\n}}\n',
    })  # fmt: skip
    report = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-express-side-effects"])
    assert [f.message for f in report.findings] == ["state B looks like a payment, and may run more than once"]


def test_a_function_whose_name_is_unknown_hides_no_other(tmp_path: Path) -> None:
    call = 'Type = "Task", Resource = "arn:aws:states:::lambda:invoke", Parameters = { FunctionName = "save" }'
    terraform = f"""
    variable "name" {{}}
    resource "aws_lambda_function" "other" {{ function_name = var.name }}
    data "archive_file" "code" {{
      type        = "zip"
      source_file = "${{path.module}}/app.py"
      output_path = "${{path.module}}/code.zip"
    }}
    resource "aws_lambda_function" "save" {{
      function_name = "save"
      handler       = "app.handler"
      filename      = data.archive_file.code.output_path
    }}
    resource "aws_sfn_state_machine" "m" {{
      definition = jsonencode({{ StartAt = "A", States = {{ A = {{ {call}, End = true }} }} }})
    }}
    """
    code = (
        "import boto3\ntable = boto3.client('dynamodb')\n"
        "def handler(event, context):\n    return table.put_item(TableName='t', Item=event)\n"
    )
    write(tmp_path, **{"main.tf": terraform, "app.py": code})
    (finding,) = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-wrapper-lambda"]).findings
    assert "aws_lambda_function.save, which only calls" in finding.message


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("return boto3.client('sqs').send_message(QueueUrl='q', MessageBody=event['m'])", "sqs.send_message"),
        ("return boto3.client('sqs', region_name=os.environ.get('R')).send_message(**event)", "sqs.send_message"),
        ("boto3.resource('dynamodb').Table('t').put_item(Item=event)", "dynamodb.put_item"),
        ("client = boto3.client('sqs')\n    return client.send_message(**event)", "sqs.send_message"),
        ("table = boto3.resource('dynamodb').Table('t')\n    table.put_item(Item=event)", "dynamodb.put_item"),
        ("boto3.client('sqs').send_message(**event)\n    boto3.client('sns').publish(**event)", ""),
        ("return boto3.client(event['service']).invoke(**event)", ""),
        ("return helper(boto3.client('sqs').send_message(**event))", ""),
        ("clients['a'] = boto3.client('sqs')\n    return event['b'].send(1)", ""),
    ],
)
def test_the_one_call_of_a_handler(body: str, call: str) -> None:
    source = f"import boto3, os\nclients = {{}}\ndef handler(event, context):\n    {body}\n"
    assert wrapped_call(ast.parse(source), "handler") == call


def test_of_a_method_the_event_comes_second() -> None:
    source = (
        "class A:\n    def handler(self, event, context):\n        print(self)\n        print(event)\n"
        "    def my_handler(self, event):\n        print(self)\n"
    )
    assert [spot.line for spot in logged_events(ast.parse(source))] == [4]


def test_every_loop_of_a_machine_is_told(tmp_path: Path) -> None:
    """Two loops over items, and a state of which nobody knows where it goes: the loops are certain, the rest is not."""

    def loop(name: str, out: str) -> dict[str, Any]:
        choice = {"Variable": "$.left", "BooleanEquals": True, "Next": f"Do{name}"}
        task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": f"More{name}"}
        return {f"Do{name}": task, f"More{name}": {"Type": "Choice", "Choices": [choice], "Default": out}}

    states = {**loop("A", "DoB"), **loop("B", "Last"), "Last": {"Type": "Pass", "Next": "${next}"}}
    write(tmp_path, **{"m.asl.json": json.dumps({"StartAt": "DoA", "States": states})})
    report = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-history-growth"])
    said = sorted((f.verdict.value, f.message.partition(",")[0]) for f in report.findings)
    assert [verdict for verdict, _ in said] == ["fail", "fail", "unknown"]
    assert [message for _, message in said[:2]] == ["from state MoreA on", "from state MoreB on"]


def test_a_workflow_of_the_wrong_shapes_crashes_no_rule(tmp_path: Path) -> None:
    text = (
        "on: null\njobs:\n  a: {steps: x}\n  b: [1]\n  c: {needs: [[1]], environment: null, if: 3, "
        "steps: [{run: 1}, {uses: 3}, {run: terraform apply, with: 3}]}\n"
    )
    report = scan(write(tmp_path, **{"a.yml": text}))
    assert [f.message for f in report.findings if f.verdict is Verdict.NOT_EVALUATED] == []
    assert "workflow-deploy-ungated" in {f.rule for f in report.findings}


def test_hostile_yaml(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text in (bomb, "a: " + "[" * 5000, "a: !!python/object/apply:os.system [id]\nsteps: []\n", "x: &x [*x]\n"):
        report = scan(write(tmp_path, **{"build_spec.yaml": text}))
        assert [f for f in report.findings if f.verdict is Verdict.NOT_EVALUATED] == []
        assert report.coverage.inputs[0]["status"] in ("read", "failed")


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_every_path_is_found_where_it_is_written(kind: str) -> None:
    text = json.dumps(MACHINE, indent=2)
    value = read_json(text) if kind == "json" else read_yaml(text)
    assert value == MACHINE
    lines = text.splitlines()
    origin = TextOrigin("m", text, kind, ("definition",))

    def walk(here: Any, path: tuple[str | int, ...]) -> None:
        items = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        for step, inner in items:
            place = origin.locate((*path, step))
            written = lines[place.start_line - 1][place.start_column - 1 :]
            wanted = f'"{step}"' if isinstance(step, str) else json.dumps(inner)[0]
            assert written.startswith(wanted), (path, step, written)
            walk(inner, (*path, step))

    walk(MACHINE, ("definition",))
    assert origin.locate(("definition", "States", "None of them")).start_line == 3
    assert origin.locate(()).start_line == 1


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_of_two_members_of_one_name_the_one_that_counts_is_shown(kind: str) -> None:
    text = '{"States": {"A": 1,\n "B": 2,\n "A": 3}}'
    value = read_json(text) if kind == "json" else read_yaml(text)
    assert value["States"]["A"] == 3
    assert TextOrigin("m", text, kind).locate(("States", "A")).start_line == 3


TWICE = """{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
    "B": {"Type": "Pass", "End": true},
    "B": {
      "Type": "Pass",
      "End": true,
      "End": true
    }
  }
}
"""


@pytest.mark.parametrize("form", ["m.asl.json", "m.asl.yaml", "heredoc", "holes"])
def test_a_state_that_is_written_twice_is_told(tmp_path: Path, form: str) -> None:
    text = TWICE.replace("1,", "${var.s},") if form == "holes" else TWICE
    terraform = f'variable "s" {{}}\nresource "aws_sfn_state_machine" "m" {{\n  definition = <<EOT\n{text}EOT\n}}\n'
    write(tmp_path, **({form: text} if form.startswith("m.") else {"main.tf": terraform}))
    report = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-invalid-definition"])
    fails = [f for f in report.findings if f.verdict is Verdict.FAIL]  # beside it a number of seconds is unknown
    found = sorted((f.location.start_line, f.message) for f in fails if f.location)
    first = 0 if form.startswith("m.") else 3
    assert found == [
        (first + 6, "state B is written more than once: only the last counts"),
        (first + 9, "field End of state B is written more than once: only the last counts"),
    ]


def test_a_finding_in_a_heredoc_stands_on_its_line(tmp_path: Path) -> None:
    """Behind interpolations, directives, letters of several bytes and with a path that is written nowhere."""
    text = """
    {
      "Comment": "é ${var.map["é"]} and $${kept}",
      "TimeoutSeconds": ${var.seconds},
      %{ if var.long }
      "States": {
        "Zählen": {
          "Type": "Task", "Resource": "${aws_lambda_function.f.arn}",
          "Next": "Nirgends"
        }
      },
      %{ endif }
      "StartAt": "Zählen"
    }"""
    body = 'variable "map" {}\nvariable "seconds" {}\nvariable "long" { default = true }\n'
    body += f'resource "aws_sfn_state_machine" "m" {{\n  definition = <<-EOT{text}\n  EOT\n}}\n'
    write(tmp_path, **{"main.tf": body})
    report = scan(tmp_path, [e for e in STATES if e.id in ("aws-sfn-invalid-definition", "aws-sfn-task-no-catch")])
    lines = body.splitlines()
    found = {
        f.message: lines[f.location.start_line - 1][f.location.start_column - 1 :]
        for f in report.findings
        if f.verdict is Verdict.FAIL and f.location
    }
    assert found["state Zählen goes on to Nirgends, which does not exist"] == '"Next": "Nirgends"'
    assert found["state Zählen changes something and catches no error"] == '"Zählen": {'


def test_a_heredoc_that_is_no_json_is_shown_whole(tmp_path: Path) -> None:
    write(tmp_path, **{"main.tf": 'resource "aws_sfn_state_machine" "m" {\n  definition = <<EOT\nno\nEOT\n}\n'})
    (finding,) = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-invalid-definition"]).findings
    assert finding.location
    assert (finding.location.start_line, finding.location.start_column) == (2, 3)


@pytest.mark.parametrize(
    ("definition", "joined"),
    [
        ('file("m.asl.json")', True),
        ('templatefile("m.asl.json", { queue = "other" })', True),
        ("local.read", True),
        ('jsonencode(jsondecode(file("m.asl.json")))', True),
        ("local.written", False),
        ("<<EOT\n@@\nEOT", False),
        ('jsonencode({ StartAt = "A", States = { A = { Type = "Wait", Seconds = 2, End = true } } })', False),
    ],
)
def test_only_the_file_that_is_read_is_told_as_the_place(tmp_path: Path, definition: str, joined: bool) -> None:
    """Two machines may have states of the same names: what is written in them tells which is which."""
    text = json.dumps(
        {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "Comment": "${queue}", "End": True}}}
    )
    other = '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3, "Comment": "x", "End": true}}}'
    terraform = (
        f'locals {{\n  read = file("m.asl.json")\n  written = <<EOT\n{other}\nEOT\n}}\n'
        f'resource "aws_sfn_state_machine" "m" {{\n  definition = {definition.replace("@@", other)}\n}}\n'
    )
    write(tmp_path, **{"m.asl.json": text, "main.tf": terraform})
    links = {(a.address, b.address) for a, b, via in graph_of(tmp_path).links() if via == "definition"}
    assert (("aws_sfn_state_machine.m", "m.asl.json") in links) == joined


def test_reports_name_the_line_of_a_document(tmp_path: Path) -> None:
    """The address of a document is its file, as that of a live resource is its "file": one is a file, one is none."""
    write(tmp_path, **{"m.asl.json": TWICE})
    command = [sys.executable, "-m", "assay", "scan", ".", "--select", "aws-sfn-invalid-definition", "-o"]
    shown = {
        form: subprocess.run([*command, form], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
        for form in ("text", "sarif", "csv", "markdown")
    }
    places = [r["locations"][0]["physicalLocation"] for r in json.loads(shown["sarif"])["runs"][0]["results"]]
    assert {(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places} == {
        ("m.asl.json", 6), ("m.asl.json", 9),
    }  # fmt: skip
    assert "HIGH     6:5 state B is written more than once" in shown["text"]
    assert "m.asl.json,6," in shown["csv"]
    assert "m.asl.json:6" in shown["markdown"]


def test_yaml_merges_a_list_of_mappings_and_the_first_wins() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b\n  x: 2\n  z: 2\nc:\n  <<: [*a, *b]\n  y: 3\n"
    assert read_yaml(text)["c"] == {"x": 1, "y": 3, "z": 2}
    origin = TextOrigin("m", text, "yaml")
    assert [origin.locate(("c", name)).start_line for name in "xyz"] == [1, 7, 4]
    assert read_yaml("a: inf\nb: -1.5e3\nc: NaN\nd: {<<: [1]}\n") == {
        "a": "inf", "b": -1500.0, "c": "NaN", "d": {"<<": [1]},
    }  # fmt: skip


def calls(function: Callable[[], object], counts: Callable[[Any], bool]) -> int:
    """How many calls of Python functions are made while one runs, of those whose frame counts."""
    found = 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal found
        found += event == "call" and counts(frame)

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return found


def faulty(states: int) -> str:
    """A machine with a fault in every state."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 9, "End": True}
    return json.dumps({"StartAt": "S0", "States": {f"S{n}": task for n in range(states)}}, indent=1)


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_twice_the_faults_of_a_definition_are_twice_the_work(tmp_path: Path, kind: str) -> None:
    write(tmp_path, **{f"a__m.asl.{kind}": faulty(100), f"b__m.asl.{kind}": faulty(200)})
    scan(tmp_path, STATES)  # what is imported and kept once
    few, many = (calls(partial(scan, tmp_path / folder, STATES), lambda frame: True) for folder in "ab")
    assert few > 1000
    assert many < 2.2 * few


def test_a_definition_in_terraform_is_not_parsed_for_every_finding(tmp_path: Path) -> None:
    head = 'resource "aws_sfn_state_machine" "m" {\n  definition = <<EOT\n'
    files = {f"{folder}__main.tf": f"{head}{faulty(n)}\nEOT\n}}\n" for folder, n in (("a", 20), ("b", 40))}
    write(tmp_path, **files)

    def parses(frame: Any) -> bool:
        here = frame.f_locals
        return frame.f_code.co_name == "raw_decode" and here["idx"] == 0 and '"StartAt"' in here["s"]

    few, many = (calls(partial(scan, tmp_path / folder, STATES), parses) for folder in "ab")
    assert 0 < few == many


def test_a_line_of_a_script_is_a_line_of_the_file() -> None:
    text = "steps:\n  - command: |\n      one\n      two\n  - command: three\n"
    origin = TextOrigin("b", text, "yaml")
    assert origin.locate(("steps", 0, "command", "line", 1)) == Location("b", 4, 1, 4, 1)
    assert origin.locate(("steps", 1, "command", "line", 0)).start_line == 5


def test_a_fault_of_a_text_has_its_place() -> None:
    with pytest.raises(Malformed) as caught:
        read_json('{\n "a": 1,\n}')
    assert (caught.value.line, caught.value.column) in ((2, 9), (3, 1))


# --- what is claimed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "head", "kind"),
    [
        ("a.json", b'{"StartAt": "A", "States": {}}', "step_functions"),
        ("a.json", b'{"openapi": "3.0"}', ""),
        ("a.tf.json", b'{"StartAt": "A", "States": {}}', ""),
        ("package.json", b"{}", ""),
        ("a.yaml", b"apiVersion: v1\nkind: Pod\n", ""),
        ("a.yml", b"on:\n  push:\njobs:\n  a:\n", "workflow"),
        ("a.yml", b"stages: [a]\na:\n  script:\n    - x\n", "workflow"),
        ("x.yaml", b"version: 0.1\ncomponent: build\nsteps: []\n", "build_spec"),
        ("docker-compose.yml", b"services:\n  a:\n    image: x\n", ""),
        ("a.sql", b"create table t (a int);", "sql_schema"),
        ("a.sql", b"", ""),
        ("setup.py", b"from setuptools import setup\n", ""),
        ("app.py", b"import boto3\n", "python_source"),
        ("ci.yml", b"image: x\na:\n  script: y\n", "workflow"),
        ("bitbucket-pipelines.yml", b"image: x\npipelines:\n  default:\n  - step:\n      script: [y]\n", ""),
        ("Dockerfile.dev", b"FROM a\n", "dockerfile"),
        ("dev.Dockerfile", b"FROM a\n", "dockerfile"),
        ("Dockerfile.dockerignore", b"node_modules\n", ""),
        ("Dockerfile.j2", b"FROM {{ base }}\n", ""),
        ("Containerfile.md", b"# Images\n", ""),
        ("Dockerfile", b"", "dockerfile"),
        ("Dockerfile.prod", b"", "dockerfile"),
        ("api.dockerfile", b"", "dockerfile"),
        ("README.md", b"FROM x\n", ""),
        ("layer.zip", b"", "layer_archive"),
    ],
)
def test_what_is_claimed(path: str, head: bytes, kind: str) -> None:
    assert kind_of(path, lambda: head) == kind


def test_terraform_alone_imports_no_reader(tmp_path: Path) -> None:
    write(tmp_path, **{"main.tf": 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'})
    code = (
        "import sys; from assay.scan import collect; from assay.model import Request\n"
        f"collect(Request([{str(tmp_path)!r}], {str(tmp_path)!r}))\n"
        "print([m for m in sys.modules if m.startswith('assay.documents.') or m in ('bandit', 'sqlglot', 'zipfile')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- joining ----------------------------------------------------------------------------------------------------------


def graph_of(folder: Path) -> Graph:
    return collect(Request([str(folder)], str(folder)))


def test_sources_are_joined_through_the_archive_to_the_function(tmp_path: Path) -> None:
    write(tmp_path, **{
        "infra__main.tf": 'data "archive_file" "c" {\n  type = "zip"\n  source_dir = "${path.module}/../src"\n'
        '  excludes = ["tests"]\n  output_path = "${path.module}/c.zip"\n}\n'
        'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  role = "r"\n'
        "  filename = data.archive_file.c.output_path\n}\n",
        "src__app.py": "import boto3\nprint(event)\n",
        "src__tests__test_app.py": "import boto3\n",
    })  # fmt: skip
    graph = graph_of(tmp_path)
    links = {(a.address, b.address, via) for a, b, via in graph.links()}
    assert ("aws_lambda_function.f", "infra/c.zip", "filename") in links
    assert ("infra/c.zip", "src/app.py", "source") in links
    (archive,) = graph.all("archive")
    assert archive.values["entry_count"] == 1
    assert graph.users(archive, "aws_lambda_function")[0].address == "aws_lambda_function.f"


def test_nothing_outside_the_tree_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("import boto3\nPASSWORD = 'hunter2x'\n")
    inside = tmp_path / "repo"
    write(inside, **{
        ".git__HEAD": "",
        "main.tf": 'data "archive_file" "c" {\n  type = "zip"\n  source_file = "../secret.py"\n'
        '  output_path = "c.zip"\n}\n'
        'data "archive_file" "d" {\n  type = "zip"\n  source_dir = "/etc"\n  output_path = "d.zip"\n}\n'
        'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  role = "r"\n  filename = "c.zip"\n}\n'
        'resource "aws_lambda_function" "g" {\n  function_name = "g"\n  role = "r"\n  filename = "d.zip"\n}\n',
    })  # fmt: skip
    (inside / "link.py").symlink_to(tmp_path / "secret.py")
    graph = graph_of(inside)
    assert [a.values["entry_count"] for a in graph.all("archive")] == [0, 0]
    assert graph.all("python") == []
    (failed,) = [i for i in graph.coverage.inputs if i["status"] == "failed"]
    assert failed["path"] == "link.py"
    assert "it leads out of the scanned directory" in failed["reason"]


def test_an_image_is_joined_to_its_dockerfile(tmp_path: Path) -> None:
    write(tmp_path, **{
        "main.tf": 'resource "docker_image" "app" {\n  name = "app"\n  build {\n    context = "app"\n  }\n}\n',
        "app__Dockerfile": "FROM python:3.13\n",
    })  # fmt: skip
    links = {(a.address, b.address, via) for a, b, via in graph_of(tmp_path).links()}
    assert ("docker_image.app", "app/Dockerfile", "build") in links


def stage(kind: str, spec: str) -> str:
    named = f"  build_spec_file = {spec}\n" if spec else ""
    return (
        'variable "x" {}\nresource "oci_devops_build_pipeline_stage" "b" {\n  build_pipeline_id = "p"\n'
        f"  build_pipeline_stage_type = {kind}\n{named}}}\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (stage("var.x", '"build_spec.yaml"'), ""),  # its type tells nothing, its file is here
        (stage("var.x", '"gone.yaml"'), ""),  # it may be of another type
        (stage('"BUILD"', '"gone.yaml"'), "runs it and it is not here"),
        (stage('"BUILD"', ""), ""),
        (stage('"BUILD"', "var.x"), "which build spec it runs is not known: var.x has no value"),
        (stage('"DELIVER_ARTIFACT"', '"gone.yaml"'), ""),
        ('variable "x" {}\nresource "docker_image" "i" {\n  name = "i"\n  build {\n    context = var.x\n  }\n}\n',
         "which Dockerfile it is built from is not known: var.x has no value"),
        ('resource "docker_image" "i" {\n  name = "i"\n  build {\n    context = "gone"\n  }\n}\n',
         "is built from it and it is not here"),
        (('variable "x" {}\nresource "docker_image" "i" {\n  name = "i"\n  dynamic "build" {\n    for_each = var.x\n'
          "    content {\n      context = build.value\n    }\n  }\n}\n"),
         "what it is built from is not known: var.x has no value"),
    ],
)  # fmt: skip
def test_what_a_resource_names_and_nobody_knows_is_said(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, **{"main.tf": text, "build_spec.yaml": "component: build\nsteps: []\n"})
    found = [i["reason"] for i in scan(tmp_path, []).coverage.inputs if i["status"] != "read"]
    assert len(found) == (1 if said else 0)
    assert all(said in reason for reason in found)


def test_files_of_an_archive_that_nobody_knows_leave_a_doubt(tmp_path: Path) -> None:
    text = (
        'variable "x" {}\ndata "archive_file" "a" {\n  type = "zip"\n  source_dir = "src"\n  output_path = "a.zip"\n'
        '  dynamic "source" {\n    for_each = var.x\n    content {\n      filename = source.key\n      content = "x"\n'
        '    }\n  }\n}\nresource "aws_lambda_layer_version" "l" {\n  layer_name = "l"\n'
        "  filename = data.archive_file.a.output_path\n}\n"
    )
    write(tmp_path, **{"main.tf": text, "src__python__a.py": "x = 1\n"})
    found = scan(tmp_path, [e for e in CATALOGUE.entries if e.id == "aws-layer-secret"]).findings
    assert [f.verdict for f in found] == [Verdict.UNKNOWN]
    assert "what else goes into it is not known: var.x has no value" in found[0].message


def test_a_source_that_meets_an_unknown_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.documents import joining

    def fail(*_: object) -> None:
        raise Undetermined(Unknown("var.x has no value"))

    monkeypatch.setattr(joining, "join", fail)
    write(tmp_path, **{"main.tf": 'resource "docker_image" "i" {\n  name = "i"\n}\n', "Dockerfile": "FROM a\n"})
    report = scan(tmp_path, [])
    assert any("the source document stopped: Undetermined: var.x" in str(i["reason"]) for i in report.coverage.inputs)
    assert report.graph is not None
    assert report.graph.all("docker_image")


# --- drawing ----------------------------------------------------------------------------------------------------------


def test_a_machine_is_drawn(tmp_path: Path) -> None:
    write(tmp_path, **{"m.asl.json": json.dumps(MACHINE)})
    for form, wanted in (
        ("mermaid", ['subgraph r0_states["m.asl.json"]', 'r0_0["Charge (Task)"]', 'r0_0 -->|"Catch"| r0_1']),
        ("dot", ["subgraph cluster_r0 {", 'r0_0 [label="Charge (Task)"];', 'r0_0 -> r0_1 [label="Catch"];']),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "assay", "graph", ".", "-o", form],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        for text in wanted:
            assert text in done.stdout


def test_a_drawn_name_is_as_it_is_written(tmp_path: Path) -> None:
    machine = {"StartAt": "Écrire", "States": {"Écrire": {"Type": "Succeed"}}}
    write(tmp_path, **{"m.asl.json": json.dumps(machine)})
    command = [sys.executable, "-X", "utf8", "-m", "assay", "graph", ".", "-o", "dot"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert 'r0_0 [label="Écrire (Succeed)"];' in done.stdout


def test_of_a_task_whose_resource_nobody_knows_it_is_not_known_whether_it_changes_something(tmp_path: Path) -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${a}", "Next": "B"}, '
    text += '"B": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true}}}'
    write(tmp_path, **{
        "m.tftpl": text,
        "main.tf": 'variable "a" {}\nresource "aws_sfn_state_machine" "m" {\n  name = "m"\n  role_arn = "r"\n'
        '  definition = templatefile("${path.module}/m.tftpl", { a = var.a })\n}\n',
    })  # fmt: skip
    report = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-task-no-catch"])
    found = sorted((f.verdict.value, f.message) for f in report.findings)
    assert [v for v, _ in found] == ["fail", "unknown"], found
    assert found[0][1].startswith("state B changes something")


def test_a_long_heredoc_with_a_reference_is_judged_piece_by_piece(tmp_path: Path) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    states = {f"S{i}": {**task, "Parameters": {"QueueUrl": "${aws_sqs_queue.q.url}"}} for i in range(300)}
    text = json.dumps({"StartAt": "S0", "States": states}, indent=2)
    assert text.count("\n") > 2_000
    body = 'resource "aws_sqs_queue" "q" {}\nresource "aws_sfn_state_machine" "m" {\n'
    body += f"  definition = <<EOT\n{text}\nEOT\n}}\n"
    write(tmp_path, **{"main.tf": body})
    report = scan(tmp_path, [e for e in STATES if e.id == "aws-sfn-task-no-retry"])
    assert len(report.findings) == 300
    assert {f.verdict for f in report.findings} == {Verdict.FAIL}

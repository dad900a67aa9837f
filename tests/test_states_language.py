"""The States Language's rules as facts: one definition each, and what must be said of it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from assay.analysis import state_language
from assay.analysis.state_machine import Machine
from assay.model import PartialList, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import ValuePath

PASS = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
CHOICE = {"Variable": "$.a", "StringEquals": "x", "Next": "B"}


def faults(document: dict[str, Any], at: ValuePath) -> Iterator[state_language.Fault]:
    return state_language.faults(Machine(document, at))


def said(document: dict[str, Any]) -> list[str]:
    return [what for what, _ in faults(document, ("definition",))]


def one(state: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A machine of a state A and, for what goes on, a state B that A may lead to."""
    states = {"A": state}
    if "'B'" in str(state):
        states["B"] = PASS
    return {"StartAt": "A", "States": states, **top}


VALID = {
    "pass": one(PASS),
    "task with everything": one(
        {
            **TASK,
            "TimeoutSeconds": 60,
            "HeartbeatSeconds": 10,
            "Parameters": {"FunctionName": "f", "Payload.$": "$", "Id.$": "States.UUID()", "At.$": "$$.State.Name"},
            "ResultSelector": {"n.$": "$.Payload"},
            "ResultPath": None,
            "Retry": [
                {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1.0},
                {"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 5, "JitterStrategy": "FULL"},
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "B"}],
        }
    ),
    "choice": one({"Type": "Choice", "Choices": [CHOICE], "Default": "B"}),
    "nested choice": one(
        {
            "Type": "Choice",
            "Default": "B",
            "Choices": [
                {
                    "And": [{"Variable": "$.a", "IsPresent": True}, {"Not": {"Variable": "$.a", "IsNull": True}}],
                    "Next": "B",
                }
            ],
        }
    ),
    "JSONata choice": one(
        {"Type": "Choice", "Choices": [{"Condition": "{% $a = 1 %}", "Next": "B"}], "Default": "B"},
        QueryLanguage="JSONata",
    ),
    "JSONata task": one(
        {**TASK, "Arguments": {"a": "{% $states.input %}"}, "Output": "{% 1 %}"}, QueryLanguage="JSONata"
    ),
    "one JSONata state": one({**TASK, "QueryLanguage": "JSONata", "Arguments": {}, "Assign": {"x": 1}}),
    "wait": one({"Type": "Wait", "SecondsPath": "$.s", "End": True}),
    "map": one(
        {"Type": "Map", "ItemsPath": "$.a", "ItemProcessor": {"StartAt": "X", "States": {"X": PASS}}, "End": True}
    ),
    "old map": one({"Type": "Map", "Iterator": {"StartAt": "X", "States": {"X": PASS}}, "End": True}),
    "parallel": one({"Type": "Parallel", "Branches": [{"StartAt": "X", "States": {"X": PASS}}], "End": True}),
    "fail": one({"Type": "Fail", "ErrorPath": "$.e", "Cause": "c"}),
    "polling loop": {
        "StartAt": "A",
        "States": {
            "A": {**TASK, "End": False, "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{**CHOICE, "Next": "C"}], "Default": "W"},
            "W": {"Type": "Wait", "Seconds": 5, "Next": "A"},
            "C": {"Type": "Succeed"},
        },
    },
}


@pytest.mark.parametrize("name", VALID)
def test_what_is_valid_has_no_fault(name: str) -> None:
    assert said(VALID[name]) == []


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "no states": ({"StartAt": "A"}, "there are no States"),
    "no start": ({"States": {"A": PASS}}, "StartAt names no state (not set)"),
    "start is unknown": ({"StartAt": "B", "States": {"A": PASS}}, "StartAt names no state (B)"),
    "no type": (one({"End": True}), "state A has no Type"),
    "a type that is not": (one({"Type": "Tsk", "End": True}), "state A has the type Tsk, which does not exist"),
    "no way on": (one({"Type": "Pass"}), "state A has neither Next nor End"),
    "two ways on": (one({**PASS, "Next": "B"}), "state A has both Next and End"),
    "goes nowhere": (
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}}},
        "state A goes on to C, which does not exist",
    ),
    "another scope": (
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Map",
                    "End": True,
                    "ItemProcessor": {"StartAt": "X", "States": {"X": {"Type": "Pass", "Next": "A"}}},
                }
            },
        },
        "state X goes on to A, which does not exist",
    ),
    "unreachable": ({"StartAt": "A", "States": {"A": PASS, "B": PASS}}, "state B cannot be reached"),
    "endless": (
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}},
        "from state A the execution can never end",
    ),
    "twice the name": (
        one({"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": PASS}}], "End": True}),
        "state A has the name of another state of this machine",
    ),
    "long name": ({"StartAt": "A" * 81, "States": {"A" * 81: PASS}}, "has a name of more than 80 characters"),
    "no resource": (one({"Type": "Task", "End": True}), "state A has no Resource"),
    "no ARN": (one({**TASK, "Resource": "lambda:invoke"}), "Resource is no ARN (lambda:invoke)"),
    "misspelt": (one({**TASK, "Rety": []}), "a Task state has no field Rety"),
    "choice has no end": (
        one({"Type": "Choice", "Choices": [CHOICE], "Default": "B", "End": True}),
        "a Choice state has no field End",
    ),
    "no choices": (one({"Type": "Choice", "Choices": [], "Default": "B"}), "state A has no Choices"),
    "no next": (
        one({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True}], "Default": "B"}),
        "a choice leads to no state",
    ),
    "two operators": (
        one({"Type": "Choice", "Choices": [{**CHOICE, "IsNull": True}], "Default": "B"}),
        "exactly one operator",
    ),
    "inner next": (
        one({"Type": "Choice", "Choices": [{"Not": CHOICE, "Next": "B"}], "Default": "B"}),
        "only the outermost part",
    ),
    "waits twice": (one({"Type": "Wait", "Seconds": 1, "Timestamp": "x", "End": True}), "exactly one is needed"),
    "waits for nothing": (one({"Type": "Wait", "End": True}), "waits for nothing"),
    "no branches": (one({"Type": "Parallel", "Branches": [], "End": True}), "state A has no Branches"),
    "no processor": (one({"Type": "Map", "End": True}), "state A has no ItemProcessor"),
    "all is not last": (
        one({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]}),
        "States.ALL stands alone",
    ),
    "all is not alone": (one({**TASK, "Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}), "States.ALL stands alone"),
    "no errors": (one({**TASK, "Retry": [{"ErrorEquals": []}]}), "names no error in ErrorEquals"),
    "catch leads nowhere": (one({**TASK, "Catch": [{"ErrorEquals": ["E"]}]}), "a Catch leads to no state"),
    "slow backoff": (one({**TASK, "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]}), "at least 1 is allowed"),
    "no interval": (one({**TASK, "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 0}]}), "at least 1 is allowed"),
    "jitter": (
        one({**TASK, "Retry": [{"ErrorEquals": ["E"], "JitterStrategy": "SOME"}]}),
        'JitterStrategy is "SOME": there are FULL and NONE',
    ),
    "two timeouts": (
        one({**TASK, "TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t"}),
        "has both TimeoutSeconds and TimeoutSecondsPath",
    ),
    "slow heart": (one({**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}), "must be less than TimeoutSeconds"),
    "two errors": (one({"Type": "Fail", "Error": "e", "ErrorPath": "$.e"}), "has both Error and ErrorPath"),
    "result path": (one({**TASK, "ResultPath": "error"}), 'ResultPath ("error") is no path'),
    "no path": (one({**TASK, "Parameters": {"a": [{"b.$": "c"}]}}), "b.$ takes a path"),
    "JSONPath in JSONata": (
        one({**TASK, "ResultPath": "$.a"}, QueryLanguage="JSONata"),
        "ResultPath does not exist in JSONata",
    ),
    "JSONata in JSONPath": (one({**TASK, "Arguments": {}}), "Arguments does not exist in JSONPath"),
    "JSONPath state": (
        one({**TASK, "QueryLanguage": "JSONPath"}, QueryLanguage="JSONata"),
        "is JSONPath in a machine that is JSONata",
    ),
    "language": (one(PASS, QueryLanguage="XPath"), "QueryLanguage is XPath"),
    "timeout of the machine": (one(PASS, TimeoutSeconds=0), "TimeoutSeconds is no positive whole number"),
    "start is a list": ({"StartAt": ["A"], "States": {"A": PASS}}, "StartAt names no state (not set)"),
    "goes on to a list": (one({"Type": "Pass", "Next": ["A"]}), "state A goes on to ['A'], which does not exist"),
    "a type that is a list": (one({"Type": ["Pass"], "End": True}), "state A has the type ['Pass']"),
    "no object": ({"StartAt": "A", "States": {"A": []}}, "state A is no object"),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_invalid_is_said(name: str) -> None:
    document, wanted = INVALID[name]
    assert any(wanted in what for what in said(document)), said(document)


@pytest.mark.parametrize("name", INVALID)
def test_a_fault_is_found_at_every_depth(name: str) -> None:
    """The same machine inside a Map of a Parallel: the fault is at the path of the inner machine."""
    document, wanted = INVALID[name]
    if "QueryLanguage" in document or "TimeoutSeconds" in document or not isinstance(document.get("States"), dict):
        return  # fields of the outermost machine only
    each = {"Type": "Map", "End": True, "ItemProcessor": copy.deepcopy(document)}
    branch = {"StartAt": "Each", "States": {"Each": each}}
    outer = {"StartAt": "Outer", "States": {"Outer": {"Type": "Parallel", "End": True, "Branches": [branch]}}}
    found = [where for what, where in faults(outer, ()) if wanted in what]
    assert found
    assert all(where[:7] == ("States", "Outer", "Branches", 0, "States", "Each", "ItemProcessor") for where in found)


def test_a_doubt_hides_no_fault_and_is_raised_at_the_end() -> None:
    document = {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": Unknown("var.x"), "Rety": 1, "Next": Unknown("y")}},
    }
    found: list[str] = []

    def collect() -> None:
        found.extend(what for what, _ in faults(document, ()))

    with pytest.raises(Undetermined):
        collect()
    assert found == ["state A: a Task state has no field Rety"]


@pytest.mark.parametrize(
    "document",
    [
        one(PASS, TimeoutSeconds=Unknown("var.t")),
        one({**TASK, "Retry": [Unknown("var.retrier")]}),
        one({**TASK, "Catch": [Unknown("var.catcher"), {"ErrorEquals": ["States.ALL"], "Next": "A"}]}),
        one({"Type": "Choice", "Choices": [Unknown("var.choice"), CHOICE], "Default": "B"}),
        one({"Type": "Parallel", "Branches": [Unknown("var.branch")], "End": True}),
        one({"Type": "Parallel", "Branches": Unknown("var.branches"), "End": True}),
        one({"Type": "Map", "ItemProcessor": Unknown("var.map"), "End": True}),
    ],
)
def test_a_piece_that_nobody_knows_is_no_fault_and_no_pass(document: dict[str, Any]) -> None:
    with pytest.raises(Undetermined):
        said(document)


UNSURE = {
    "retrier beside a catcher": (
        one({**TASK, "Retry": [Unknown("r"), Unknown("s")], "Catch": [{"ErrorEquals": ["E"]}]}),
        ["state A: a Catch leads to no state"],
    ),
    "retriers before a wrong one": (
        one({**TASK, "Retry": [Unknown("r"), Unknown("s"), {"ErrorEquals": []}]}),
        ["state A: a Retry names no error in ErrorEquals"],
    ),
    "all retriers beside a catcher": (
        one({**TASK, "Retry": Unknown("r"), "Catch": [{"ErrorEquals": ["E"]}]}),
        ["state A: a Catch leads to no state"],
    ),
    "errors of a handler": (
        one({**TASK, "Catch": [{"ErrorEquals": Unknown("e"), "MaxAttempts": -1}]}),
        ["state A: a Catch leads to no state", "state A: a Catch has no field MaxAttempts"],
    ),
    "strategy of a handler": (
        one({**TASK, "Retry": [{"ErrorEquals": ["States.ALL", "E"], "JitterStrategy": Unknown("j")}]}),
        ["state A: States.ALL stands alone and in the last Retry"],
    ),
    "a way before a wrong one": (
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": Unknown("n")}, "B": {"Type": "Pass", "Next": "C"}}},
        ["state B goes on to C, which does not exist", "from state B the execution can never end"],
    ),
    "a way of what is not reached": (
        {"StartAt": "A", "States": {"A": PASS, "B": {"Type": "Pass", "Next": Unknown("n")}}},
        ["state B cannot be reached"],
    ),
    "the start": (
        {"StartAt": Unknown("s"), "States": {"A": {"Type": "Pass", "Next": "C"}, "B": PASS}},
        ["state A goes on to C, which does not exist"],
    ),
    "a choice that may lead there": (
        {
            "StartAt": "A",
            "States": {"A": {"Type": "Choice", "Choices": [CHOICE | {"Next": "A"}, Unknown("c")]}, "B": PASS},
        },
        [],
    ),
    "more branches than are known": (
        one({
            "Type": "Parallel", "End": True,
            "Branches": PartialList([{"StartAt": "X", "States": {"X": {"Type": "Pass"}}}], Unknown("var.branches")),
        }),
        ["from state X the execution can never end", "state X has neither Next nor End"],
    ),
}  # fmt: skip
"""Definitions with a piece that nobody knows, and the certain faults beside it."""


@pytest.mark.parametrize("name", UNSURE)
def test_what_nobody_knows_hides_no_certain_fault_and_makes_none(name: str) -> None:
    document, wanted = UNSURE[name]
    found: list[str] = []

    def collect() -> None:
        found.extend(what for what, _ in faults(document, ()))

    with pytest.raises(Undetermined):
        collect()
    assert sorted(found) == sorted(wanted)

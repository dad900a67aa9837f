"""The fields of the States Language: which a state, a retrier or a catcher may have, and what each holds.

From the specification at states-language.net and the developer guide (read November 2026). Where the two differ, what
the service takes is no fault, such as a `ResultWriter` that only formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.state_maps import credentials, item_batcher, item_reader, processor, result_writer
from assay.analysis.state_values import (
    ANY,
    assign,
    boolean,
    expressions,
    items,
    label,
    number,
    one_of,
    path_or_function,
    reference,
    result_path,
    template,
    text,
    text_or_path,
    timestamp,
)

if TYPE_CHECKING:
    from assay.analysis.state_values import Form

_MOVES = "Next End"
_ERRORS = "Retry Catch"
_RESULT = "Parameters ResultSelector ResultPath"
_COMMON = "Type Comment QueryLanguage"
_DATA = "InputPath OutputPath Output"
FIELDS = {
    kind: frozenset(f"{_COMMON} {own}".split())
    for kind, own in {
        "Task": "Resource Credentials TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath "
        f"Assign Arguments {_DATA} {_RESULT} {_ERRORS} {_MOVES}",
        "Pass": f"Result Parameters ResultPath Assign {_DATA} {_MOVES}",
        "Choice": f"Choices Default Assign {_DATA}",
        "Wait": f"Seconds SecondsPath Timestamp TimestampPath Assign {_DATA} {_MOVES}",
        "Succeed": _DATA,
        "Fail": "Error ErrorPath Cause CausePath",
        "Parallel": f"Branches Assign Arguments {_DATA} {_RESULT} {_ERRORS} {_MOVES}",
        "Map": "ItemProcessor Iterator ItemsPath Items ItemSelector ItemReader ItemBatcher ResultWriter Label "
        "MaxConcurrency MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath ToleratedFailurePercentage "
        f"ToleratedFailurePercentagePath Assign {_DATA} {_RESULT} {_ERRORS} {_MOVES}",
    }.items()
}
"""The fields of each type of state."""

JSONPATH_ONLY = frozenset({
    "InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath", "ItemsPath", "SecondsPath",
    "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath", "ErrorPath", "CausePath",
    "ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "Result",
})  # fmt: skip
JSONATA_ONLY = frozenset({"Arguments", "Output", "Items"})
EXCLUSIVE = (
    ("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath"), ("Error", "ErrorPath"),
    ("Cause", "CausePath"), ("Next", "End"), ("ItemProcessor", "Iterator"), ("ItemSelector", "Parameters"),
    ("MaxConcurrency", "MaxConcurrencyPath"), ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
)  # fmt: skip
OF_A_MACHINE = frozenset({"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"})
OF_A_PART = frozenset({"Comment", "ProcessorConfig", "StartAt", "States", "TimeoutSeconds", "Version"})
"""The fields of a branch and of an iteration, whose language is the machine's."""
FORMS: dict[str, Form] = {
    "InputPath": path_or_function, "OutputPath": path_or_function, "ResultPath": result_path, "ItemsPath": reference,
    "SecondsPath": reference, "TimestampPath": reference, "TimeoutSecondsPath": reference,
    "HeartbeatSecondsPath": reference, "MaxConcurrencyPath": reference, "ToleratedFailureCountPath": reference,
    "ToleratedFailurePercentagePath": reference, "ErrorPath": text_or_path, "CausePath": text_or_path, "Error": text,
    "Cause": text, "Timestamp": timestamp, "Seconds": number(0), "TimeoutSeconds": number(1),
    "HeartbeatSeconds": number(1), "MaxConcurrency": number(0, ANY), "ToleratedFailureCount": number(0, ANY),
    "ToleratedFailurePercentage": number(0, 100, whole=False), "End": boolean, "Parameters": template,
    "ResultSelector": template, "ItemSelector": template, "Arguments": expressions, "Output": expressions,
    "Assign": assign, "Items": items, "Label": label, "Credentials": credentials, "ItemReader": item_reader,
    "ItemBatcher": item_batcher, "ResultWriter": result_writer, "ItemProcessor": processor, "Iterator": processor,
}  # fmt: skip
"""What the fields hold whose values are looked at by themselves."""
OF_A_RETRY: dict[str, Form] = {
    "IntervalSeconds": number(1), "MaxAttempts": number(0), "BackoffRate": number(1, whole=False),
    "MaxDelaySeconds": number(1, 31_622_399), "JitterStrategy": one_of("FULL", "NONE"),
}  # fmt: skip
OF_A_CATCH: dict[str, Form] = {"ResultPath": result_path, "Output": expressions, "Assign": assign}
HANDLER_FIELDS = {
    "Retry": frozenset({"ErrorEquals", "Comment", *OF_A_RETRY}),
    "Catch": frozenset({"ErrorEquals", "Comment", "Next", *OF_A_CATCH}),
}
LATTER = frozenset(other for _, other in EXCLUSIVE)
LONGEST_NAME = 80
LANGUAGES = ("JSONPath", "JSONata")

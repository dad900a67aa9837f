"""The States Language clause by clause, through `assay scan`: definitions in files, and in Terraform.

Each case names its clause: `spec` is the specification at states-language.net (version of November 22, 2024), `dg` the
Step Functions developer guide, both read in November 2026; "the service" is what CreateStateMachine and
ValidateStateMachineDefinition are reported to take or to refuse, where the two say nothing or something else.
"""

# ruff: noqa: E501 - cases stand on one line each

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from assay.bundled import RULES
from assay.catalogue import Catalogue
from assay.model import Request
from assay.scan import run

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = Catalogue([RULES])
ONE = [e for e in CATALOGUE.entries if e.id == "aws-sfn-invalid-definition"]
NO_DEFAULT = [e for e in CATALOGUE.entries if e.id == "aws-sfn-choice-no-default"]
PASS = {"Type": "Pass", "End": True}
INNER = {"StartAt": "X", "States": {"X": PASS}}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
MAP = {"Type": "Map", "ItemProcessor": INNER, "End": True}
SPREAD = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
WIDE = {"Type": "Map", "ItemProcessor": SPREAD, "End": True}
READER = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
ROLE = "arn:aws:iam::111122223333:role/other"
NINE = "States.Format('{}.{}.{}', States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.ImageRecipe.Arn, '/'), 2), '.'), 0), States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.ImageRecipe.Arn, '/'), 2), '.'), 1), 'x')"


def takes(value: Any) -> dict[str, Any]:
    """A Pass state with a field `a.$`."""
    return {**PASS, "Parameters": {"a.$": value}}


def choice(**rule: Any) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{**rule, "Next": "B"}], "Default": "B"}


def compares(operator: str, value: Any) -> dict[str, Any]:
    return choice(Variable="$.a", **{operator: value})


def retry(**fields: Any) -> dict[str, Any]:
    return {**TASK, "Retry": [{"ErrorEquals": ["E"], **fields}]}


def catch(**fields: Any) -> dict[str, Any]:
    return {**TASK, "Catch": [{"ErrorEquals": ["E"], "Next": "B", **fields}]}


def jsonata(state: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **state}


def machine(state: dict[str, Any]) -> dict[str, Any]:
    """A machine of this state A, and of a state B when A goes there; a whole machine is left as it is."""
    if "States" in state:
        return state
    return {"StartAt": "A", "States": {"A": state, **({"B": PASS} if "'B'" in str(state) else {})}}


VALID: list[tuple[str, str, dict[str, Any]]] = [
    # --- intrinsic functions
    ("format", "spec: States.Format", takes("States.Format('Welcome to {} {}\\'s playlist.', $.firstName, $.lastName)")),
    ("format of a path", "spec: Intrinsic Functions 5", takes("States.Format($.template, $.a, 3)")),
    ("format escaped", "spec: Intrinsic Functions 6", takes("States.Format('\\{\\} and {} \\\\', $.a)")),
    ("array of nothing", "spec: States.Array", takes("States.Array()")),
    ("array of all kinds", "spec: States.Array", takes("States.Array('Foo', 2020, -1.5, $.someJson, null, true)")),
    ("braces in a text", "the service takes them", takes("States.StringToJson('{\"a\": [1, 2]}')")),
    ("a line end in a text", "the service takes it", takes("States.StringSplit('Hello\nWorld', '\n')")),
    ("partition", "spec: States.ArrayPartition", takes("States.ArrayPartition($.inputArray,4)")),
    ("range", "spec: States.ArrayRange", takes("States.ArrayRange(1, 9, 2)")),
    ("contains", "spec: States.ArrayContains", takes("States.ArrayContains($.inputArray, $.lookingFor)")),
    ("hash", "spec: States.Hash", takes("States.Hash($.Data, 'SHA-256')")),
    ("merge", "spec: States.JsonMerge", takes("States.JsonMerge($.json1, $.json2, false)")),
    ("random without seed", "spec: States.MathRandom", takes("States.MathRandom($.start, 999)")),
    ("random with seed", "spec: States.MathRandom", takes("States.MathRandom(1, 999, $.seed)")),
    ("add", "spec: States.MathAdd", takes("States.MathAdd($.value1, -1)")),
    ("uuid", "spec: States.UUID", takes("States.UUID()")),
    ("nested", "dg: intrinsic functions, up to 10 nested", takes(NINE)),
    ("filter with a comma", "spec: Paths", takes("States.ArrayGetItem($.a[?(@.k == 'a,b)')].v, 0)")),
    ("context", "spec: Payload Template", takes("States.Format('{}', $$.Execution.Id)")),
    ("variable", "spec: Assigning State Machine Variables", takes("States.Format('{}', $customer.name)")),
    ("spaces", "the service takes them", takes("States.Array( $.a ,\n 'b' )")),
    # --- paths and payload templates
    ("paths", "spec: Payload Template", {**PASS, "Parameters": {"a.$": "$.v[-3:]", "b.$": "$$", "c.$": "$x", "d.$": "$"}}),
    ("deep scan", "spec: Paths", takes("$..book[?(@.price < 10)].title")),
    ("list of templates", "spec: Payload Template", {**PASS, "Parameters": {"l": [{"a.$": "$.a"}, "$.a", {"b": None}]}}),
    ("no input", "spec: Using InputPath: null", {**PASS, "InputPath": None, "OutputPath": None, "ResultPath": None}),
    ("paths of a state", "spec: Using InputPath", {**PASS, "InputPath": "$$.Execution.Input", "OutputPath": "$.a[0,1]"}),
    ("reference", "spec: Reference Paths", {**TASK, "ResultPath": "$.ledgers[0][22][315].foo"}),
    ("escaped reference", "spec: Reference Paths", {**TASK, "ResultPath": "$.foo\\@bar.baz\\[\\[.\\?pretty"}),
    ("quoted reference", "spec: Reference Paths", {**TASK, "ResultPath": "$['store']['a,b:c']"}),
    ("other alphabets", "spec: Reference Paths", {**TASK, "ResultPath": "$.&\u0416\u4e2d"}),
    ("input by function", "the service has taken it", {**PASS, "InputPath": "States.StringToJson($.a)"}),
    # --- variables
    ("assign", "spec: Using Assign (JSONPath)", {**PASS, "Assign": {"a": 1, "b.$": "$.b", "\u00fc_1": {"c.$": "$x"}}}),
    ("assign in a rule", "spec: Choice State", choice(Variable="$.a", IsNull=True, Assign={"range": "twenties"})),
    ("assign in a catcher", "spec: JSONPath Catchers", catch(Assign={"hasError": True, "e.$": "$.Error"})),
    # --- JSONata
    (
        "everything",
        "spec: Table of State Types (JSONata)",
        jsonata(
            {
                **TASK,
                "Arguments": {"n": ["{% $sum($states.input.a) %}"]},
                "Assign": {"r": "{% $states.result %}"},
                "Output": "{% $states.result.Payload %}",
                "TimeoutSeconds": "{% $t %}",
                "HeartbeatSeconds": "{% $b %}",
                "Credentials": {"RoleArn": "{% $role %}"},
                "Retry": [{"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 9, "JitterStrategy": "NONE", "Comment": "c"}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Comment": "c", "Assign": {"e": "{% $states.errorOutput.Error %}"}, "Next": "B"}],
            }
        ),
    ),
    ("texts in an expression", "spec: Expressions", jsonata({**PASS, "Output": "{% ')' & \"$states.result\" & `a(` %}"})),
    ("regex and division", "spec: Expressions", jsonata({**PASS, "Output": "{% $contains($a, /a[\\/']b\\)/i) ? $b / 2 : 1 %}"})),
    ("comment", "spec: Expressions", jsonata({**PASS, "Output": "{% /* ( $states.result */ 1 %}"})),
    ("function", "spec: Expressions", jsonata({**PASS, "Output": "{% ($p := function($x, $y) {$x * $y}; $p(1, 2)) %}"})),
    ("context in a filter", "spec: JSONata Restrictions", jsonata({**PASS, "Output": "{% $order[$.total > 10] %}"})),
    ("an expression within a text", "the service takes it", jsonata({**PASS, "Output": " {% $states.input %} "})),
    ("rules", "spec: JSONata Choice Rules", jsonata({"Type": "Choice", "Default": "B", "Assign": {"r": 1}, "Output": 1, "Choices": [{"Condition": True, "Next": "B"}, {"Condition": "{% $a %}", "Output": {"x": 1}, "Assign": {"y": 2}, "Comment": "c", "Next": "B"}]})),
    ("wait", "spec: JSONata Wait State", jsonata({"Type": "Wait", "Timestamp": "{% $t %}", "End": True})),
    ("fail", "spec: JSONata Fail State", jsonata({"Type": "Fail", "Error": "{% $e %}", "Cause": "because"})),
    ("succeed", "spec: Succeed State", jsonata({"Type": "Succeed", "Output": "{% $hi %}"})),
    ("map over a literal", "spec: Selecting Items", jsonata({**MAP, "Items": [1, "{% $a %}"], "ItemSelector": {"a": 1}})),
    ("map over an object", "dg: Items, a JSON object", jsonata({**MAP, "Items": {"a": 1}})),
    (
        "numbers of a map",
        "spec: Map State concurrency",
        jsonata({**WIDE, "Items": "{% $i %}", "MaxConcurrency": "{% $m %}", "ToleratedFailurePercentage": "{% $p %}", "ItemReader": {**READER, "ReaderConfig": {"MaxItems": "{% $n %}"}, "Arguments": {"Bucket": "{% $b %}"}}, "ItemBatcher": {"MaxItemsPerBatch": "{% $n %}", "BatchInput": "{% $b %}"}}),
    ),
    ("mixed", "spec: Query Languages", {"StartAt": "A", "QueryLanguage": "JSONPath", "States": {"A": {"Type": "Pass", "Parameters": {"total.$": "$.total"}, "Next": "B"}, "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"t": "{% $states.input.total %}"}, "End": True}}}),
    # --- Map
    ("old map", "spec: Map State ItemProcessor definition", {"Type": "Map", "Iterator": INNER, "Parameters": {"a.$": "$"}, "End": True}),
    ("inline", "dg: Map state in inline mode", {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "INLINE"}}, "MaxConcurrency": 0}),
    (
        "distributed",
        "dg: Map state in distributed mode",
        {
            **WIDE,
            "Label": "Map-1_x",
            "MaxConcurrencyPath": "$.m",
            "ToleratedFailureCountPath": "$.c",
            "ToleratedFailurePercentage": 12.5,
            "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$.b", "Key": "k"}, "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "CSVDelimiter": "PIPE", "MaxItemsPath": "$.n"}},
            "ItemSelector": {"v.$": "$$.Map.Item.Value", "w.$": "States.StringToJson($$.Map.Item.Value.w)"},
            "ItemBatcher": {"MaxItemsPerBatchPath": "$.n", "MaxInputBytesPerBatch": 1000, "BatchInput": {"a.$": "$.a"}},
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}, "WriterConfig": {"OutputType": "JSONL", "Transformation": "COMPACT"}},
        },
    ),
    ("a writer that formats", "dg: ResultWriter, WriterConfig alone", {**WIDE, "ResultWriter": {"WriterConfig": {"OutputType": "JSON", "Transformation": "FLATTEN"}}}),
    ("inventory", "dg: ItemReader, S3 inventory", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"}}}),
    ("as many as one likes", "the service takes it", {**MAP, "MaxConcurrency": 9223372036854775807}),
    ("parquet", "dg: ItemReader, InputType", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"InputType": "PARQUET"}}}),
    ("flattened", "dg: ItemReader, Transformation", {**WIDE, "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "ReaderConfig": {"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"}}}),
    # --- Task
    ("credentials", "dg: Task state, Credentials", {**TASK, "Credentials": {"RoleArn": ROLE}}),
    ("dynamic credentials", "dg: Task state, Credentials", {**TASK, "Credentials": {"RoleArn.$": "States.Format('{}', $.r)"}}),
    ("timeouts by path", "spec: Timeouts", {**TASK, "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$$.Execution.Input.h"}),
    ("the longest timeout", "dg: TimeoutSeconds", {**TASK, "TimeoutSeconds": 99999999, "HeartbeatSeconds": 99999998}),
    ("retriers", "spec: Retrying after error", retry(IntervalSeconds=3, MaxAttempts=0, BackoffRate=1.5, MaxDelaySeconds=4)),
    ("no retriers", "the service takes them", {**TASK, "Retry": [], "Catch": []}),
    # --- Choice, Wait, Fail
    *(
        (f"choice {operator}", "spec: Data-test expression", compares(operator, value))
        for operator, value in (
            ("StringMatches", "foo*.\\\\"),
            ("StringLessThanEqualsPath", "$.b"),
            ("NumericGreaterThan", -1.5),
            ("NumericEqualsPath", "$$.Execution.Input.n"),
            ("BooleanEqualsPath", "$flag"),
            ("BooleanEquals", False),
            ("TimestampLessThan", "2016-03-14T01:59:00.5+02:00"),
            ("TimestampEqualsPath", "$.t"),
            ("IsPresent", True),
            ("IsNull", False),
            ("IsNumeric", True),
            ("IsString", True),
            ("IsBoolean", True),
            ("IsTimestamp", True),
        )
    ),
    ("boolean expressions", "spec: Boolean expression", choice(Or=[{"Not": {"Variable": "$$.a", "StringEquals": "x", "Comment": "c"}}, {"And": [{"Variable": "$.a", "IsPresent": True}]}], Comment="c")),
    ("wait for a time", "spec: Wait State", {"Type": "Wait", "Timestamp": "2016-03-14T01:59:00Z", "End": True}),
    ("wait for nothing", "spec: a non-negative integer", {"Type": "Wait", "Seconds": 0, "End": True}),
    ("wait by path", "spec: JSONPath Wait State", {"Type": "Wait", "TimestampPath": "$.expirydate", "End": True}),
    ("fail by function", "spec: JSONPath Fail State", {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"}),
    ("fail without more", "spec: Fail State", {"Type": "Fail"}),
    ("succeed with paths", "spec: Table of State Types (JSONPath)", {"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}),
    ("top", "spec: Top-level fields", {"Comment": "c", "Version": "1.0", "TimeoutSeconds": 5, "StartAt": "A", "States": {"A": {**PASS, "Comment": "c"}}}),
]  # fmt: skip

A = "definition.States.A"
INVALID: list[tuple[str, str, dict[str, Any], str]] = [
    # --- intrinsic functions
    ("no such function", "spec: Appendix B", takes("States.Foo($.a)"), "a.$ ... States.Foo, which is no intrinsic"),
    ("misspelt case", "spec: Appendix B", takes("States.uuid()"), "a.$ ... States.uuid, which is no intrinsic"),
    ("foreign function", "spec: Intrinsic Functions 2", takes("Fn.Join($.a)"), "calls Fn.Join, which is no intrinsic"),
    ("too few arguments", "spec: States.MathAdd", takes("States.MathAdd($.a)"), "1 arguments, and it takes 2"),
    ("too many arguments", "spec: States.UUID", takes("States.UUID($.a)"), "1 arguments, and it takes 0"),
    ("optional argument", "spec: States.MathRandom", takes("States.MathRandom(1)"), "1 arguments, and it takes 2 to 3"),
    ("no format", "spec: States.Format", takes("States.Format()"), "0 arguments, and it takes 1 or more"),
    ("values for no hole", "spec: States.Format", takes("States.Format('a {}', $.a, $.b)"), "1 times {}"),
    ("escaped hole", "spec: Intrinsic Functions 6", takes("States.Format('\\{\\}', $.a)"), "0 times {}"),
    ("nested fault", "spec: Intrinsic Functions 4", takes("States.Array(States.Format('{}'))"), "1 times {}"),
    ("not closed", "spec: Intrinsic Functions 3", takes("States.Array($.a"), "does not close the call of States.Array"),
    ("text not closed", "spec: Intrinsic Functions 4", takes("States.Array('a)"), "apostrophes that does not end"),
    ("quotation marks", "spec: Intrinsic Functions 4", takes('States.Array("a")'), "where an argument"),
    ("illegal escape", "the service refuses it", takes("States.Format('say \\\"{}\\\"', $.a)"), "backslash"),
    ("other escape", "the service refuses it", takes("States.Format('a\\nb {}', $.a)"), "backslash in it before another"),
    ("no comma", "spec: Intrinsic Functions 3", takes("States.Array($.a 'b')"), "a.$"),
    ("empty argument", "spec: Intrinsic Functions 3", takes("States.Array($.a,)"), "where an argument"),
    ("more after it", "spec: Intrinsic Functions 2", takes("States.UUID() + 1"), "has more after its end"),
    ("space before it", "spec: Intrinsic Functions 2", takes("No.$.path"), "is neither a path"),
    ("number as text", "spec: States.MathAdd", takes("States.MathAdd(1, '2')"), "takes a number"),
    ("no increment", "spec: States.ArrayRange", takes("States.ArrayRange(1, 9, 0)"), "increment of 0"),
    ("no chunk", "spec: States.ArrayPartition", takes("States.ArrayPartition($.a, 0)"), "chunks of no size"),
    ("no algorithm", "spec: States.Hash", takes("States.Hash($.a, 'SHA256')"), "hashes with SHA256"),
    ("no boolean", "spec: States.JsonMerge", takes("States.JsonMerge($.a, $.b, 'false')"), "true or false"),
    ("eleven deep", "dg: up to 10 nested", takes("States.Array(" * 11 + ")" * 11), "nests more than 10"),
    # --- paths and payload templates
    ("no path", "spec: Payload Template", takes("name"), "is neither a path"),
    ("no text", "spec: Payload Template", takes(23), "a.$ takes a path or an intrinsic function: 23 is no text"),
    ("context without dot", "spec: Payload Template", takes("$$23"), "is no path"),
    ("ends with a dot", "spec: Paths", takes("$.a."), "ends with a dot"),
    ("bracket", "spec: Paths", takes("$.a[0"), "bracket without its other half"),
    ("twice one name", "spec: MUST NOT have duplicate field names", {**PASS, "Parameters": {"x": {"a": 1, "a.$": "$.a"}}}, "a and a.$ are one"),
    ("input by a wrong function", "spec: Using InputPath 1", {**PASS, "InputPath": "States.Foo($.a)"}, "InputPath calls States.Foo"),
    ("input is a number", "spec: Using InputPath 1", {**PASS, "InputPath": 1}, "InputPath (1) is no path"),
    ("result in the context", "spec: ResultPath MUST NOT begin with $$", {**TASK, "ResultPath": "$$.a"}, "ResultPath"),
    ("result in a variable", "spec: ResultPath MUST NOT reference a variable", {**TASK, "ResultPath": "$foo"}, "only Assign"),
    ("result in several places", "spec: Reference Paths", {**TASK, "ResultPath": "$.a[0:2]"}, "ResultPath"),
    ("items by filter", "spec: Selecting Items", {**MAP, "ItemsPath": "$.a[?(@.b)]"}, "ItemsPath"),
    ("no items", "spec: Selecting Items", {**MAP, "ItemsPath": None}, "ItemsPath (null) is no path"),
    ("bracket without a name", "the service: '[' must be followed by a quote", compares("StringEqualsPath", "$.a[b]"), "bracket with neither"),
    ("filter of a variable", "dg: Choice state, reference paths", choice(Variable="$.a[?(@.b)]", IsNull=True), "Variable"),
    # --- variables
    ("reserved", "spec: MUST NOT assign a value to states", {**PASS, "Assign": {"states": 1}}, "the variable states is reserved"),
    ("reserved by path", "spec: MUST NOT assign a value to states", {**PASS, "Assign": {"states.$": "$"}}, "states is reserved"),
    ("no identifier", "spec: State Machine Variables", {**PASS, "Assign": {"a-b": 1}}, "a-b is no name of a variable"),
    ("begins with a digit", "spec: State Machine Variables", {**PASS, "Assign": {"1a": 1}}, "1a is no name of a variable"),
    ("begins with a line", "spec: a Unicode ID_Start character", {**PASS, "Assign": {"_a": 1}}, "_a is no name of a variable"),
    ("long name", "spec: at most 80 characters", {**PASS, "Assign": {"a" * 81: 1}}, "more than 80 characters"),
    ("no object", "spec: Using Assign", {**PASS, "Assign": ["a"]}, "Assign is"),
    ("wrong path", "spec: Using Assign", {**PASS, "Assign": {"a.$": "b"}}, "is neither a path"),
    ("in a rule", "spec: Choice State", choice(Variable="$.a", IsNull=True, Assign={"states": 1}), "states is reserved"),
    ("in a catcher", "spec: Error output", catch(Assign={"a b": 1}), "a b is no name of a variable"),
    ("succeed assigns", "spec: Any state except Succeed and Fail", {"Type": "Succeed", "Assign": {"a": 1}}, "a Succeed state has no field Assign"),
    ("fail assigns", "spec: Any state except Succeed and Fail", {"Type": "Fail", "Assign": {"a": 1}}, "a Fail state has no field Assign"),
    # --- JSONata
    *(
        (f"{field} in JSONata", "spec: Disable JSONPath-only fields for JSONata", jsonata({**state, field: value}), f"{field} does not exist in JSONata")
        for field, value, state in (
            ("Result", 1, PASS),
            ("InputPath", "$.a", TASK),
            ("Parameters", {}, TASK),
            ("ResultSelector", {}, TASK),
            ("ResultPath", "$.a", TASK),
            ("OutputPath", "$.a", TASK),
            ("ItemsPath", "$.a", MAP),
            ("MaxConcurrencyPath", "$.a", MAP),
            ("ToleratedFailureCountPath", "$.a", MAP),
            ("ToleratedFailurePercentagePath", "$.a", MAP),
            ("TimeoutSecondsPath", "$.a", TASK),
            ("HeartbeatSecondsPath", "$.a", TASK),
            ("ErrorPath", "$.a", {"Type": "Fail"}),
            ("CausePath", "$.a", {"Type": "Fail"}),
            ("SecondsPath", "$.a", {"Type": "Wait", "End": True}),
            ("TimestampPath", "$.a", {"Type": "Wait", "End": True}),
        )
    ),
    ("Output in JSONPath", "spec: JSONata Concepts", {**PASS, "Output": 1}, "Output does not exist in JSONPath"),
    ("Items in JSONPath", "spec: JSONata Concepts", {**MAP, "Items": []}, "Items does not exist in JSONPath"),
    ("arguments of a map", "spec: Table of State Types (JSONata)", jsonata({**MAP, "Arguments": {}}), "a Map state has no field Arguments"),
    ("output of a fail", "spec: Table of State Types (JSONata)", jsonata({"Type": "Fail", "Output": 1}), "a Fail state has no field Output"),
    ("rule of the other language", "spec: JSONata Choice Rules", jsonata(compares("IsNull", True)), "in JSONata has no field Variable"),
    ("condition in JSONPath", "spec: Choice State", choice(Condition="{% true %}"), "in JSONPath has no field Condition"),
    ("no condition", "spec: JSONata Choice Rules", jsonata(choice()), "needs a Condition"),
    ("condition is a text", "spec: JSONata Choice Rules", jsonata(choice(Condition="true")), "no expression in {% %}"),
    ("output of a rule", "spec: Choice State", choice(Variable="$.a", IsNull=True, Output=1), "has no field Output"),
    ("catch by path", "spec: JSONata Catchers", jsonata(catch(ResultPath="$.e")), "ResultPath does not exist in JSONata"),
    ("catch by output", "spec: JSONPath Catchers", catch(Output="x"), "Output does not exist in JSONPath"),
    ("not closed", "dg: Transforming data with JSONata", jsonata({**PASS, "Output": {"a": ["{% $a"]}}), "does not end with %}"),
    ("not opened", "dg: Transforming data with JSONata", jsonata({**PASS, "Output": "$a %}"}), "does not begin with {%"),
    ("empty", "spec: Expressions", jsonata({**PASS, "Output": "{% %}"}), "has nothing between"),
    ("parenthesis", "spec: Expressions", jsonata({**PASS, "Output": "{% $sum(($a) %}"}), "does not close its ("),
    ("bracket", "spec: Expressions", jsonata({**PASS, "Output": "{% $a[0)] %}"}), "that nothing opens"),
    ("text", "spec: Expressions", jsonata({**PASS, "Output": "{% 'a %}"}), "has a text that does not end"),
    ("goes on", "spec: Expressions", jsonata({**PASS, "Output": "{% 1 + %}"}), "ends in the middle"),
    ("regex", "spec: Expressions", jsonata({**PASS, "Output": "{% $match('a', /abc) %}"}), "regular expression that does not end"),
    ("language of a branch", "the service: Field 'QueryLanguage' is not supported", {"Type": "Parallel", "Branches": [{**INNER, "QueryLanguage": "JSONata"}], "End": True}, "has no field QueryLanguage"),
    ("result before there is one", "spec: Using Arguments and Output 1", jsonata({**TASK, "Arguments": "{% $states.result %}"}), "reads $states.result"),
    ("result of a pass", "dg: Reserved variable $states", jsonata({**PASS, "Output": "{% $states.result.a %}"}), "reads $states.result"),
    ("result in a catch", "spec: JSONata Catchers", jsonata(catch(Output="{% $states.result %}")), "reads $states.result"),
    ("error outside a catch", "spec: Using Arguments and Output 2", jsonata({**TASK, "Output": "{% $states.errorOutput %}"}), "reads $states.errorOutput"),
    ("the whole document", "spec: MUST NOT reference $$", jsonata({**PASS, "Output": "{% $$.a %}"}), "reads $$"),
    ("the input document", "spec: JSONata Restrictions", jsonata({**PASS, "Output": "{% $.a %}"}), "reads $, which"),
    ("a text for a number", "spec: Timeouts", jsonata({**TASK, "TimeoutSeconds": "60"}), "TimeoutSeconds is the text"),
    ("items are a text", "spec: Selecting Items", jsonata({**MAP, "Items": "$states.input"}), "Items is the text"),
    ("expression in JSONPath", "spec: JSONata Wait State", {"Type": "Wait", "Seconds": "{% 5 %}", "End": True}, "Seconds is no number"),
    ("computed resource", "dg: Resource must be a constant", jsonata({**TASK, "Resource": "{% $arn %}"}), "Resource is no ARN"),
    ("no language", "spec: Query Languages", {**PASS, "QueryLanguage": "JQ"}, "QueryLanguage is JQ"),
    ("no way back", "dg: State machine structure", {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {**PASS, "QueryLanguage": "JSONPath"}}}, "is JSONPath in a machine that is JSONata"),
    # --- Map
    ("two selectors", "spec: Selecting Items", {**MAP, "ItemSelector": {}, "Parameters": {}}, "both ItemSelector and Parameters"),
    ("two limits", "spec: Map State concurrency", {**MAP, "MaxConcurrency": 1, "MaxConcurrencyPath": "$.a"}, "both MaxConcurrency and"),
    ("two counts", "spec: Map State Failure Tolerance", {**WIDE, "ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.a"}, "both ToleratedFailureCount and"),
    ("over a hundred", "spec: Map State Failure Tolerance", {**WIDE, "ToleratedFailurePercentage": 101}, "at most 100 is allowed"),
    ("negative", "spec: Map State concurrency", {**MAP, "MaxConcurrency": -1}, "at least 0 is allowed"),
    ("half", "spec: Map State concurrency", {**MAP, "MaxConcurrency": 1.5}, "not a whole number"),
    ("no such mode", "dg: ProcessorConfig", {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "REMOTE"}}}, "Mode is"),
    ("no execution type", "dg: ExecutionType is needed with DISTRIBUTED", {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, "needs an ExecutionType"),
    ("no such execution type", "dg: ProcessorConfig", {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "FAST"}}}, "ExecutionType is"),
    ("execution type inline", "the service: Field 'ExecutionType' is not supported", {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "INLINE", "ExecutionType": "STANDARD"}}}, "an INLINE Map has no"),
    ("no such reader", "dg: ItemReader, Resource", {**WIDE, "ItemReader": {"Resource": "arn:aws:states:::s3:headObject"}}, "Resource is"),
    ("no such writer", "dg: ResultWriter, Resource", {**WIDE, "ResultWriter": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}}}, "Resource is"),
    ("nowhere headers", "dg: CSVHeaderLocation is needed for CSV", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"InputType": "CSV"}}}, "InputType is CSV"),
    ("headers of JSON", "the service: Field 'CSVHeaderLocation' is not supported", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"InputType": "JSON", "CSVHeaderLocation": "FIRST_ROW"}}}, "InputType is JSON"),
    ("reader reads nothing", "spec: Reading Items", {**WIDE, "ItemReader": {"ReaderConfig": {}}}, "ItemReader needs Resource"),
    ("reader is a text", "spec: Reading Items", {**WIDE, "ItemReader": "s3"}, "ItemReader is"),
    ("no such input", "dg: ItemReader, InputType", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"InputType": "XML"}}}, "InputType is"),
    ("two item limits", "spec: Reading Items", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"MaxItems": 1, "MaxItemsPath": "$.a"}}}, "both MaxItems and MaxItemsPath"),
    ("negative items", "spec: Reading Items", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"MaxItems": -1}}}, "MaxItems is -1"),
    ("headers not given", "dg: CSVHeaderLocation", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"CSVHeaderLocation": "GIVEN"}}}, "there are no CSVHeaders"),
    ("no such place", "dg: CSVHeaderLocation", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"CSVHeaderLocation": "LAST_ROW"}}}, "CSVHeaderLocation is"),
    ("no such delimiter", "dg: CSVDelimiter", {**WIDE, "ItemReader": {**READER, "ReaderConfig": {"CSVDelimiter": ";"}}}, "CSVDelimiter is"),
    ("arguments of a reader", "spec: Reading Items", {**WIDE, "ItemReader": {**READER, "Arguments": {}}}, "Arguments does not exist in JSONPath"),
    ("parameters of a reader", "spec: Reading Items", jsonata({**WIDE, "ItemReader": {**READER, "Parameters": {}}}), "Parameters does not exist in JSONata"),
    ("reader by a wrong path", "spec: Reading Items", {**WIDE, "ItemReader": {**READER, "Parameters": {"Key.$": "k"}}}, "Key.$"),
    ("batch of no size", "spec: Batching Items", {**WIDE, "ItemBatcher": {"BatchInput": {}}}, "ItemBatcher needs MaxItemsPerBatch"),
    ("batch of nothing", "spec: Batching Items", {**WIDE, "ItemBatcher": {"MaxItemsPerBatch": 0}}, "at least 1 is allowed"),
    ("two batches", "spec: Batching Items", {**WIDE, "ItemBatcher": {"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.a"}}, "both MaxItemsPerBatch"),
    ("writer writes nowhere", "dg: ResultWriter cannot be empty", {**WIDE, "ResultWriter": {}}, "ResultWriter needs Resource or WriterConfig"),
    ("no such output", "dg: WriterConfig", {**WIDE, "ResultWriter": {"WriterConfig": {"OutputType": "CSV"}}}, "OutputType is"),
    ("label with space", "dg: Label", {**WIDE, "Label": "a b"}, "Label is"),
    ("one label twice", "the service: DUPLICATE_LABEL_NAME", {"StartAt": "B", "States": {"B": {**WIDE, "Label": "x", "End": False, "Next": "A"}, "A": {**WIDE, "ItemProcessor": {**SPREAD, "StartAt": "Y", "States": {"Y": PASS}}, "Label": "x"}}}, "Label x is that of another Map"),
    ("long label", "dg: Label", {**WIDE, "Label": "a" * 41}, "Label is"),
    ("branch is a text", "spec: Parallel State", {"Type": "Parallel", "Branches": ["X"], "End": True}, "a branch is"),
    ("processor is a list", "spec: Map State ItemProcessor definition", {**MAP, "ItemProcessor": [INNER]}, "ItemProcessor is"),
    # --- Task
    ("no role", "dg: Task state, Credentials", {**TASK, "Credentials": {"Role": ROLE}}, "Credentials has no RoleArn"),
    ("role of an activity", "the service: not supported for activities", {**TASK, "Resource": "arn:aws:states:eu-west-1:111122223333:activity:a", "Credentials": {"RoleArn": ROLE}}, "an activity takes no Credentials"),
    ("credentials are a text", "spec: Credentials", {**TASK, "Credentials": ROLE}, "Credentials is"),
    ("role by a wrong path", "dg: Task state, Credentials", {**TASK, "Credentials": {"RoleArn.$": "role"}}, "RoleArn.$"),
    ("no time", "spec: Timeouts", {**TASK, "TimeoutSeconds": 0}, "TimeoutSeconds is 0, and at least 1"),
    ("too long", "dg: TimeoutSeconds", {**TASK, "TimeoutSeconds": 100000000}, "at most 99,999,999"),
    ("time as a text", "spec: Timeouts", {**TASK, "TimeoutSeconds": "60"}, "TimeoutSeconds is no number"),
    ("heart by several paths", "spec: Timeouts", {**TASK, "HeartbeatSecondsPath": "$.a[*]"}, "HeartbeatSecondsPath"),
    ("half a second", "spec: Retrying after error", retry(IntervalSeconds=1.5), "IntervalSeconds is 1.5, not a whole number"),
    ("more than a year", "dg: MaxDelaySeconds", retry(MaxDelaySeconds=31622400), "MaxDelaySeconds"),
    ("a retrier goes on", "spec: Retrying after error", retry(Next="B"), "a Retry has no field Next"),
    ("a catcher tries again", "spec: Fallback states", catch(MaxAttempts=1), "a Catch has no field MaxAttempts"),
    ("error is a number", "spec: non-empty array of Strings", {**TASK, "Retry": [{"ErrorEquals": [1]}]}, "ErrorEquals holds what is no text"),
    ("catch in several places", "spec: JSONPath Catchers", catch(ResultPath="$..a"), "ResultPath"),
    # --- Choice, Wait, Fail
    *(
        (f"choice {operator} {value!r}", "spec: Data-test expression", compares(operator, value), said)
        for operator, value, said in (
            ("StringEquals", 1, "StringEquals is 1, not a text"),
            ("NumericEquals", "1", "not with a number"),
            ("BooleanEquals", "true", "neither true nor false"),
            ("TimestampEquals", "2016-03-14", "no time like"),
            ("IsPresent", "yes", "neither true nor false"),
            ("StringEqualsPath", "b", "StringEqualsPath"),
            ("StringMatches", "a\\", "open backslash"),
            ("StringEqual", "a", "exactly one operator"),
        )
    ),
    ("variable by function", "spec: Data-test expression", choice(Variable="States.Array($.a)", IsNull=True), "Variable"),
    ("no variable", "spec: Data-test expression", choice(IsNull=True), "exactly one operator"),
    ("both kinds", "spec: either a Boolean or a Data-test Expression", choice(Variable="$.a", IsNull=True, Not={"Variable": "$.a", "IsNull": True}), "exactly one operator"),
    ("two connectives", "spec: Boolean expression", choice(And=[{"Variable": "$.a", "IsNull": True}], Or=[{"Variable": "$.a", "IsNull": True}]), "exactly one operator"),
    ("and of nothing", "spec: a non-empty object array", choice(And=[]), "And is"),
    ("not of many", "spec: Not MUST be a single Choice Rule", choice(Not=[{"Variable": "$.a", "IsNull": True}]), "Not is"),
    ("and of texts", "spec: Boolean expression", choice(And=["x"]), "not a rule"),
    ("rule is a text", "spec: Choice State", {"Type": "Choice", "Choices": ["x"], "Default": "B"}, "a choice is"),
    ("time without zone", "spec: Timestamps", {"Type": "Wait", "Timestamp": "2016-12-05T21:29:29", "End": True}, "no time like"),
    ("time with a space", "spec: Timestamps", {"Type": "Wait", "Timestamp": "2016-12-05 21:29:29Z", "End": True}, "no time like"),
    ("thirteenth month", "spec: Timestamps", {"Type": "Wait", "Timestamp": "2016-13-05T21:29:29Z", "End": True}, "no time like"),
    ("negative wait", "spec: Wait State", {"Type": "Wait", "Seconds": -1, "End": True}, "at least 0 is allowed"),
    ("cause gives no text", "spec: JSONPath Fail State", {"Type": "Fail", "CausePath": "States.Array($.a)"}, "gives no text"),
    ("error is a number", "spec: Fail State", {"Type": "Fail", "Error": 5}, "Error is 5, not a text"),
    ("fail reads input", "spec: Table of State Types (JSONPath)", {"Type": "Fail", "InputPath": "$"}, "a Fail state has no field InputPath"),
    ("end is a text", "spec: End MUST be a boolean", {**PASS, "End": "true"}, "neither true nor false"),
    ("another version", "spec: This document describes version 1.0", {"Version": "2.0", "StartAt": "A", "States": {"A": PASS}}, "Version is 2.0"),
    ("a field of no machine", "spec: Top-level fields", {"StartAt": "A", "States": {"A": PASS}, "State": {}}, "a state machine has no field State"),
]  # fmt: skip

UNKNOWN: list[tuple[str, str, str]] = [
    ("timeout", '{ Type = "Task", Resource = "arn:aws:states:::lambda:invoke", TimeoutSeconds = var.x, End = true }', ""),
    ("path", '{ Type = "Pass", ResultPath = var.x, End = true }', ""),
    ("selected", '{ Type = "Pass", Parameters = { "a.$" = var.x }, End = true }', ""),
    ("function", '{ Type = "Pass", Parameters = { "a.$" = "States.Format(\'${var.x} {}\')" }, End = true }', ""),
    ("time", '{ Type = "Wait", Timestamp = "${var.x}Z", End = true }', ""),
    ("language", '{ Type = "Pass", QueryLanguage = var.x, Output = 1, End = true }', ""),
    ("reader", '{ Type = "Map", ItemReader = var.x, ItemProcessor = { StartAt = "X", States = { X = { Type = "Succeed" } } }, End = true }', ""),
    ("operand", '{ Type = "Choice", Choices = [{ Variable = "$.a", NumericEquals = var.x, Next = "A" }, { Variable = "$.a", IsNull = true, Next = "B" }] }', ""),
    ("variables", '{ Type = "Pass", Assign = var.x, End = true }', ""),
    ("expression", '{ Type = "Pass", QueryLanguage = "JSONata", Output = "{% $sum(${var.x} %}", End = true }', ""),
    ("beside a fault", '{ Type = "Pass", InputPath = var.x, OutputPath = "a", End = true }', 'OutputPath ("a")'),
]  # fmt: skip
"""States of which Terraform leaves a piece unknown, and the certain fault beside it."""

KNOWN = [
    ("arn", '{ Type = "Pass", Parameters = { "a.$" = "States.Format(\'${aws_s3_bucket.b.arn}/{}\', $.k)" }, End = true }'),
    ("name", '{ Type = "Pass", InputPath = "$.${var.x}", End = true }'),
    ("expression", '{ Type = "Pass", QueryLanguage = "JSONata", Output = "{% $a = \'${var.x}\' %}", End = true }'),
    ("cause", '{ Type = "Fail", Cause = "failed in ${var.x}" }'),
    ("data", '{ Type = "Pass", Parameters = { Bucket = aws_s3_bucket.b.id }, End = true }'),
]  # fmt: skip
"""States of which a piece is unknown that cannot make them invalid."""


def findings(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What `assay scan` says of the validity of the definitions of a folder, by the name of the resource or file."""
    command = [sys.executable, "-m", "assay", "scan", str(folder), "-o", "json", "--show-passes", "--no-cache"]
    done = subprocess.run([*command, "--select", "aws-sfn-invalid-definition"], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        name = finding["resource"]["address"].removesuffix(".asl.json").rpartition("/")[2].rpartition(".")[2]
        found.setdefault(name, []).append(finding)
    return found


def block(name: str, definition: str) -> str:
    role = "arn:aws:iam::111122223333:role/m"
    return f'resource "aws_sfn_state_machine" "{name}" {{\n  role_arn = "{role}"\n  definition = jsonencode({definition})\n}}\n'


def hcl(value: Any) -> str:
    """JSON as Terraform reads it: templates escaped."""
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


@pytest.fixture(scope="module", params=["file", "terraform"])
def scanned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp(request.param)
    cases = {f"v{i}": case[2] for i, case in enumerate(VALID)} | {f"i{i}": case[2] for i, case in enumerate(INVALID)}
    if request.param == "file":
        for name, state in cases.items():
            (folder / f"{name}.asl.json").write_text(json.dumps(machine(state), indent=1))
    else:
        (folder / "main.tf").write_text("".join(block(name, hcl(machine(state))) for name, state in cases.items()))
    return findings(folder)


@pytest.mark.parametrize("i", range(len(VALID)), ids=[case[0] for case in VALID])
def test_what_a_clause_allows_is_valid(scanned: dict[str, list[dict[str, Any]]], i: int) -> None:
    assert [f["verdict"] for f in scanned[f"v{i}"]] == ["pass"], scanned[f"v{i}"]


@pytest.mark.parametrize("i", range(len(INVALID)), ids=[case[0] for case in INVALID])
def test_what_a_clause_forbids_is_named_with_state_and_field(scanned: dict[str, list[dict[str, Any]]], i: int) -> None:
    found = scanned[f"i{i}"]
    messages = [f["message"] for f in found if f["verdict"] == "fail"]
    wanted = INVALID[i][3].split(" ... ")
    assert any(all(piece in message for piece in wanted) for message in messages), found
    assert {f["verdict"] for f in found} == {"fail"}
    if "States" not in INVALID[i][2]:
        assert any("state A" in message for message in messages)


def test_what_terraform_leaves_unknown_stays_unknown(tmp_path: Path) -> None:
    head = 'variable "x" {}\nresource "aws_s3_bucket" "b" {}\n'
    machines = {f"u{i}": state for i, (_, state, _) in enumerate(UNKNOWN)}
    machines |= {f"k{i}": state for i, (_, state) in enumerate(KNOWN)}
    whole = '{{ StartAt = "A", States = {{ A = {}{} }} }}'
    text = "".join(
        block(name, whole.format(state, ', B = { Type = "Succeed" }' if '"B"' in state else ""))
        for name, state in machines.items()
    )
    (tmp_path / "main.tf").write_text(head + text)
    found = findings(tmp_path)
    for i, (name, _, fault) in enumerate(UNKNOWN):
        verdicts = {f["verdict"] for f in found[f"u{i}"]}
        assert verdicts == ({"unknown", "fail"} if fault else {"unknown"}), (name, found[f"u{i}"])
        assert [fault in f["message"] for f in found[f"u{i}"] if f["verdict"] == "fail"] == ([True] if fault else [])
    for i, (name, _) in enumerate(KNOWN):
        assert [f["verdict"] for f in found[f"k{i}"]] == ["pass"], (name, found[f"k{i}"])


UNSURE = {"Type": "Choice", "Choices": [{"Not": {}, "Next": "B"}]}
DEEP = json.dumps({"StartAt": "A", "States": {"A": UNSURE, "B": {"Type": "Succeed"}}}).replace(
    '"Not": {}', '"Not": ' + '{"Not": ' * 900 + "{}" + "}" * 900
)
LONG = {
    "comments": "{% " + "/* " * 200_000 + "%}",
    "a transform": "{% $x ~> " + "$ " * 200_000 + "| %}",
    "slashes": "{% " + "1/" * 200_000 + "2 %}",
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_expression_takes_time_by_its_length(tmp_path: Path, name: str) -> None:
    state = jsonata({**PASS, "Output": LONG[name]})
    (tmp_path / "long.asl.json").write_text(json.dumps(machine(state)))
    began = time.process_time()
    report = run(Request([str(tmp_path)], str(tmp_path)), CATALOGUE, ONE)
    assert time.process_time() - began < 15
    said = [f.message for f in report.findings if f.verdict.value == "fail"]
    assert any("comment that does not end" in m for m in said) is (name == "comments")


def test_a_document_of_a_thousand_levels_ends_no_scan(tmp_path: Path) -> None:
    """Others of the same scan are judged, and what cannot be is told."""
    (tmp_path / "deep.asl.json").write_text(DEEP)
    (tmp_path / "other.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}')
    report = run(Request([str(tmp_path)], str(tmp_path)), CATALOGUE, ONE)
    said = {f.resource.values["name"]: f.verdict.value for f in report.findings}
    assert said == {"deep": "not_evaluated", "other": "fail"}
    evidence = run(Request([str(tmp_path)], str(tmp_path)), CATALOGUE, NO_DEFAULT).findings[0].evidence
    assert evidence[0]["value"] == "nested too deeply to be shown"

"""The objects within a Map and a Task: what is read, batched and written, how it runs, and whose role is taken.

From the specification's chapter "Map State" and the developer guide's pages on its fields (read November 2026). Fields
that the service may add to them are no fault; the values of those that are known are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.state_values import ANY, expressions, known, number, one_of, reference, shown, template, text
from assay.model import Undetermined, Unknown

if TYPE_CHECKING:
    from assay.analysis.state_language import Check
    from assay.analysis.state_values import Form
    from assay.model import ValuePath

BOTH = (
    ("MaxItems", "MaxItemsPath"), ("MaxItemsPerBatch", "MaxItemsPerBatchPath"),
    ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"),
)  # fmt: skip
_PATHS = frozenset({"MaxItemsPath", "MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath", "Parameters"})


def _headers(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    if not isinstance(known(value), list) or not all(isinstance(h, (str, Unknown)) for h in list.__iter__(value)):
        check.say(f"state {name}: {field} is {shown(value)}, not a list of texts", (*where, field))


def _object(forms: dict[str, Form], *needed: str) -> Form:
    """An object with fields of these forms, and one of `needed` at least."""

    def form(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
        at = (*where, field)
        if not isinstance(known(value), dict):
            check.say(f"state {name}: {field} is {shown(value)}, not an object", at)
            return
        if needed and not any(one in value for one in needed):
            check.say(f"state {name}: {field} needs {' or '.join(needed)}", at)
        each(check, name, at, value, forms)
        for one, other in BOTH:
            if one in value and other in value:
                check.say(f"state {name}: {field} has both {one} and {other}", (*at, other))
        foreign = _PATHS if check.jsonata else {"Arguments"}
        for key in foreign & value.keys():
            check.say(f"state {name}: {key} does not exist in {'JSONata' if check.jsonata else 'JSONPath'}", (*at, key))

    return form


def each(check: Check, name: str, where: ValuePath, fields: dict[str, Any], forms: dict[str, Form]) -> None:
    """Every field of an object by its form; one that nobody knows hides none of the others."""
    for field, value in fields.items():
        form = forms.get(field)
        if form is not None:
            try:
                form(check, name, where, field, value)
            except Undetermined as doubt:
                check.wonder(doubt.unknown)


_CONFIG = _object({
    "InputType": one_of("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"),
    "CSVHeaderLocation": one_of("FIRST_ROW", "GIVEN"),
    "CSVHeaders": _headers,
    "CSVDelimiter": one_of("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
    "ManifestType": one_of("ATHENA_DATA", "S3_INVENTORY"),
    "Transformation": one_of("NONE", "LOAD_AND_FLATTEN"),
    "MaxItems": number(0, ANY),
    "MaxItemsPath": reference,
})  # fmt: skip


def _reader_config(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    _CONFIG(check, name, where, field, value)
    if not isinstance(value, dict):
        return
    at = (*where, field)
    if "CSVHeaders" not in value and value.get("CSVHeaderLocation") == "GIVEN":
        check.say(f"state {name}: CSVHeaderLocation is GIVEN, and there are no CSVHeaders", at)
    if "CSVHeaderLocation" not in value and value.get("InputType") == "CSV":
        check.say(f"state {name}: InputType is CSV, and no CSVHeaderLocation says where the headers are", at)
    if "CSVHeaderLocation" in value and value.get("InputType") == "JSON":
        check.say(f"state {name}: InputType is JSON, which has no CSVHeaderLocation", (*at, "CSVHeaderLocation"))


def _action(*actions: str) -> Form:
    """The ARN of one of a few actions of S3."""

    def form(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
        text(check, name, where, field, value)
        named = value.rpartition(":states:::s3:")[2] if isinstance(value, str) else actions[0]
        if named not in actions:
            said = " and ".join(f"s3:{action}" for action in actions)
            check.say(f"state {name}: {field} is {shown(value)}: there is {said}", (*where, field))

    return form


_WRITER_CONFIG = _object({
    "OutputType": one_of("JSON", "JSONL"),
    "Transformation": one_of("NONE", "COMPACT", "FLATTEN"),
})  # fmt: skip
item_reader = _object(
    {
        "Resource": _action("getObject", "listObjectsV2"),
        "ReaderConfig": _reader_config,
        "Parameters": template,
        "Arguments": expressions,
    },
    "Resource",
)
result_writer = _object(
    {
        "Resource": _action("putObject"),
        "WriterConfig": _WRITER_CONFIG,
        "Parameters": template,
        "Arguments": expressions,
    },
    "Resource",
    "WriterConfig",
)
item_batcher = _object(
    {
        "BatchInput": template, "MaxItemsPerBatch": number(1, ANY), "MaxItemsPerBatchPath": reference,
        "MaxInputBytesPerBatch": number(1, ANY), "MaxInputBytesPerBatchPath": reference,
    },
    "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath",
)  # fmt: skip
_PROCESSOR = _object({"Mode": one_of("INLINE", "DISTRIBUTED"), "ExecutionType": one_of("STANDARD", "EXPRESS")})


def processor(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """The iterations of a Map: their own configuration; their states are a scope of the machine."""
    if not isinstance(known(value), dict):
        check.say(f"state {name}: {field} is {shown(value)}, not an object", (*where, field))
        return
    config = value.get("ProcessorConfig")
    if config is not None:
        at = (*where, field)
        _PROCESSOR(check, name, at, "ProcessorConfig", config)
        if "ExecutionType" not in config and config.get("Mode") == "DISTRIBUTED":
            check.say(f"state {name}: a DISTRIBUTED Map needs an ExecutionType", (*at, "ProcessorConfig"))
        if "ExecutionType" in config and config.get("Mode") == "INLINE":
            check.say(f"state {name}: an INLINE Map has no ExecutionType", (*at, "ProcessorConfig", "ExecutionType"))


def credentials(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """The role that a Task takes: an object with `RoleArn`, or a JSONata expression."""
    if check.jsonata and isinstance(value, str):
        expressions(check, name, where, field, value)
    elif not isinstance(known(value), dict):
        check.say(f"state {name}: {field} is {shown(value)}, not an object", (*where, field))
    else:
        template(check, name, where, field, value)
        if "RoleArn" not in value and (check.jsonata or "RoleArn.$" not in value):
            check.say(f"state {name}: {field} has no RoleArn", (*where, field))

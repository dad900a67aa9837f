"""What the States Language says of a definition: which fields a state may have, where it may go on, how it ends.

From the specification at states-language.net and the developer guide's JSONata chapters (read November 2026). A piece
that nobody knows stays open: it hides no certain fault, and the doubt is raised at the end.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from assay.analysis.state_graph import closure, ends, following
from assay.analysis.state_machine import HOLDS, INNER
from assay.model import Undetermined, Unknown, as_list
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.model import ValuePath

Fault = tuple[str, "ValuePath"]
"""What is wrong, and where in the definition."""

_MOVES = "Next End"
_ERRORS = "Retry Catch"
_RESULT = "Parameters Arguments ResultSelector ResultPath"
_COMMON = "Type Comment QueryLanguage InputPath OutputPath Output Assign"
FIELDS = {
    kind: frozenset(f"{_COMMON} {own}".split())
    for kind, own in {
        "Task": "Resource Credentials TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath "
        f"{_RESULT} {_ERRORS} {_MOVES}",
        "Pass": f"Result Parameters ResultPath {_MOVES}",
        "Choice": "Choices Default",
        "Wait": f"Seconds SecondsPath Timestamp TimestampPath {_MOVES}",
        "Succeed": "",
        "Fail": "Error ErrorPath Cause CausePath",
        "Parallel": f"Branches {_RESULT} {_ERRORS} {_MOVES}",
        "Map": "ItemProcessor Iterator ItemsPath Items ItemSelector ItemReader ItemBatcher ResultWriter Label "
        "MaxConcurrency MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath ToleratedFailurePercentage "
        f"ToleratedFailurePercentagePath {_RESULT} {_ERRORS} {_MOVES}",
    }.items()
}
"""The fields of each type of state."""

JSONPATH_ONLY = frozenset({
    "InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath", "ItemsPath", "SecondsPath",
    "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath", "ErrorPath", "CausePath",
    "ToleratedFailureCountPath", "ToleratedFailurePercentagePath",
})  # fmt: skip
JSONATA_ONLY = frozenset({"Arguments", "Output", "Items"})
_COMPARES = pattern(
    r"(?:String|Numeric|Timestamp)(?:Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals)(?:Path)?"
    r"|BooleanEquals(?:Path)?|StringMatches|Is(?:Null|Present|Numeric|String|Boolean|Timestamp)"
)
_EXCLUSIVE = (
    ("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath"), ("Error", "ErrorPath"),
    ("Cause", "CausePath"), ("Next", "End"), ("ItemProcessor", "Iterator"),
)  # fmt: skip
LONGEST_NAME = 80


def faults(document: dict[str, Any], at: ValuePath) -> Iterator[Fault]:
    """What makes a definition invalid.

    Raises:
        Undetermined: at the end, when a piece that nobody knows might be one more fault.
    """
    check = _Check(document.get("QueryLanguage", "JSONPath"))
    yield from check.guarded(lambda: check.top(document, at))
    yield from check.scope(document, at)
    if check.doubt is not None:
        raise check.doubt


class _Check:
    """One pass over a definition: the names met so far, and the first doubt."""

    def __init__(self, language: Any) -> None:
        self.language = language
        self.names: set[str] = set()
        self.doubt: Undetermined | None = None

    def guarded(self, find: Callable[[], Iterator[Fault]]) -> Iterator[Fault]:
        try:
            yield from find()
        except Undetermined as doubt:
            self.doubt = self.doubt or doubt
        except TypeError:  # C code asked an unknown, or the value has no sense there: the next check says so
            return

    def top(self, document: dict[str, Any], at: ValuePath) -> Iterator[Fault]:
        if self.language not in ("JSONPath", "JSONata"):
            yield f"QueryLanguage is {self.language}: there are JSONPath and JSONata", (*at, "QueryLanguage")
        seconds = document.get("TimeoutSeconds")
        if isinstance(seconds, Unknown):
            raise Undetermined(seconds)
        if seconds is not None and (not _whole(seconds) or seconds <= 0):
            yield "TimeoutSeconds is no positive whole number", (*at, "TimeoutSeconds")

    def scope(self, scope: dict[str, Any], at: ValuePath) -> Iterator[Fault]:
        """A machine, a branch or an iteration: its states, each by itself and as a graph."""
        found = scope.get("States")
        if isinstance(found, Unknown):
            self.doubt = self.doubt or Undetermined(found)
            return
        if not isinstance(found, dict) or not found:
            yield "there are no States", at
            return
        yield from self.guarded(lambda: _ways(scope, found, at))
        for name, fields in found.items():
            here = (*at, "States", name)
            if isinstance(fields, Unknown):
                self.doubt = self.doubt or Undetermined(fields)
            elif not isinstance(fields, dict):
                yield f"state {name} is no object", here
            else:
                yield from self.state(name, fields, here)

    def state(self, name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
        if len(name) > LONGEST_NAME:
            yield f"state {name[:20]}... has a name of more than {LONGEST_NAME} characters", here
        if name in self.names:
            yield f"state {name} has the name of another state of this machine", here
        self.names.add(name)
        try:  # each call written out, which is faster than a loop by a third
            found = [
                *self._fields(name, fields, here), *_moves(name, fields, here), *_needs(name, fields, here),
                *_retriers(name, fields, here), *_choices(name, fields, here), *_values(name, fields, here),
            ]  # fmt: skip
            yield from found
        except (Undetermined, TypeError):  # one by one, so that a doubt in one hides nothing of the others
            for find in (self._fields, _moves, _needs, _retriers, _choices, _values):
                yield from self.guarded(partial(find, name, fields, here))
        for key in INNER if not HOLDS.isdisjoint(fields) else ():
            inner = fields.get(key)
            for i, one in enumerate(inner if isinstance(inner, list) else []):
                yield from self._inner(one, (*here, key, i))
            yield from self._inner(inner, (*here, key))

    def _inner(self, one: Any, at: ValuePath) -> Iterator[Fault]:
        if isinstance(one, Unknown):
            self.doubt = self.doubt or Undetermined(one)
        elif isinstance(one, dict):
            yield from self.scope(one, at)

    def _fields(self, name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
        kind = fields.get("Type")
        if kind == None:  # noqa: E711 - an unknown answers ==
            yield f"state {name} has no Type", here
            return
        if isinstance(kind, (list, dict)) or kind not in FIELDS:
            yield f"state {name} has the type {kind}, which does not exist", (*here, "Type")
            return
        if not fields.keys() <= FIELDS[kind]:
            for field in fields:
                if field not in FIELDS[kind]:
                    yield f"state {name}: a {kind} state has no field {field}", (*here, field)
        language = fields.get("QueryLanguage", self.language)
        if self.language == "JSONata" and language != "JSONata":
            yield f"state {name} is JSONPath in a machine that is JSONata", (*here, "QueryLanguage")
        foreign = JSONPATH_ONLY if language == "JSONata" else JSONATA_ONLY
        if not fields.keys().isdisjoint(foreign):
            for field in fields:
                if field in foreign:
                    yield f"state {name}: {field} does not exist in {language}", (*here, field)


# --- one state --------------------------------------------------------------------------------------------------------


def _moves(name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
    kind = fields.get("Type")
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map") and "Next" not in fields and fields.get("End") != True:  # noqa: E712
        yield f"state {name} has neither Next nor End", here
    for one, other in _EXCLUSIVE:
        if one in fields and other in fields and not (other == "End" and fields["End"] == False):  # noqa: E712
            yield f"state {name} has both {one} and {other}", (*here, other)


def _needs(name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
    kind = fields.get("Type")
    if kind == "Task":
        resource = fields.get("Resource")
        if resource == None:  # noqa: E711
            yield f"state {name} has no Resource", here
        elif isinstance(resource, str) and not resource.startswith(("arn:", "{%")):
            yield f"state {name}: Resource is no ARN ({resource})", (*here, "Resource")
    elif kind == "Wait":
        given = [f for f in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if f in fields]
        if len(given) != 1:
            yield f"state {name} waits for {' and '.join(given) or 'nothing'}: exactly one is needed", here
    elif kind == "Parallel" and not isinstance(fields.get("Branches"), Unknown):
        if not isinstance(fields.get("Branches"), list) or not fields["Branches"]:
            yield f"state {name} has no Branches", here
    elif kind == "Map" and "ItemProcessor" not in fields and "Iterator" not in fields:
        yield f"state {name} has no ItemProcessor", here


def _retriers(name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
    for field in ("Retry", "Catch"):
        if field not in fields:
            continue
        handlers = as_list(fields[field])
        doubt: Unknown | None = None
        for i, one in enumerate(handlers):
            at = (*here, field, i)
            if isinstance(one, Unknown):
                doubt = doubt or one
                continue
            errors = one.get("ErrorEquals") if isinstance(one, dict) else None
            if not isinstance(errors, (list, Unknown)) or errors == []:
                yield f"state {name}: a {field} names no error in ErrorEquals", at
                continue
            if "States.ALL" in errors and (len(errors) > 1 or i + 1 < list.__len__(handlers)):
                yield f"state {name}: States.ALL stands alone and in the last {field}", at
            if field == "Catch" and "Next" not in one:
                yield f"state {name}: a Catch leads to no state", at
            yield from _retry_numbers(name, one, at)
        if doubt is not None:
            raise Undetermined(doubt)


_LEAST = {"IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 1}


def _retry_numbers(name: str, one: dict[str, Any], at: ValuePath) -> Iterator[Fault]:
    for field, value in one.items():
        least = _LEAST.get(field)
        if least is None or isinstance(value, Unknown):
            continue
        if not isinstance(value, (int, float)):
            yield f"state {name}: {field} is no number", (*at, field)
        elif value < least:
            yield f"state {name}: {field} is {value}, and at least {least} is allowed", (*at, field)
    if "JitterStrategy" in one and one["JitterStrategy"] not in ("FULL", "NONE"):
        yield f"state {name}: JitterStrategy is FULL or NONE", (*at, "JitterStrategy")


def _choices(name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
    if fields.get("Type") != "Choice":
        return
    choices = fields.get("Choices")
    if isinstance(choices, Unknown):
        raise Undetermined(choices)
    if not isinstance(choices, list) or not choices:
        yield f"state {name} has no Choices", here
        return
    doubt: Unknown | None = None
    for i, one in enumerate(choices):
        if isinstance(one, Unknown):
            doubt = doubt or one
        elif isinstance(one, dict):
            at = (*here, "Choices", i)
            if "Next" not in one:
                yield f"state {name}: a choice leads to no state", at
            yield from _condition(name, one, at)
    if doubt is not None:
        raise Undetermined(doubt)


def _condition(name: str, one: dict[str, Any], at: ValuePath) -> Iterator[Fault]:
    if "Condition" in one:  # JSONata
        return
    inner: list[tuple[str, int | None, Any]] = [
        (key, i, x) for key in ("And", "Or") for i, x in enumerate(as_list(one.get(key)))
    ]
    inner += [("Not", None, one["Not"])] if "Not" in one else []
    compares = [key for key in one if _COMPARES.fullmatch(key)]
    if not inner and (len(compares) != 1 or "Variable" not in one):
        yield f"state {name}: a choice compares a Variable by exactly one operator, or has a Condition", at
    for key, i, x in inner:
        if isinstance(x, dict):
            where = (*at, key) if i is None else (*at, key, i)
            if "Next" in x:
                yield f"state {name}: only the outermost part of a choice has Next", where
            yield from _condition(name, x, where)


def _values(name: str, fields: dict[str, Any], here: ValuePath) -> Iterator[Fault]:
    path = fields.get("ResultPath")
    if isinstance(path, str) and not path.startswith("$"):
        yield f"state {name}: ResultPath is no reference path ({path})", (*here, "ResultPath")
    if "HeartbeatSeconds" in fields:
        timeout, beat = fields.get("TimeoutSeconds"), fields["HeartbeatSeconds"]
        if isinstance(timeout, (int, float)) and isinstance(beat, (int, float)) and beat >= timeout:
            yield f"state {name}: HeartbeatSeconds must be less than TimeoutSeconds", (*here, "HeartbeatSeconds")
    for field in ("Parameters", "ResultSelector", "ItemSelector"):
        for where, value in _selected(fields[field], (*here, field)) if field in fields else ():
            if isinstance(value, str) and not value.startswith(("$", "States.")):
                yield f"state {name}: {where[-1]} takes a path or an intrinsic function, not {value}", where


def _selected(value: Any, at: ValuePath) -> Iterator[tuple[ValuePath, Any]]:
    """Every value under a name that ends in `.$`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith(".$"):
                yield (*at, key), inner
            elif isinstance(inner, (dict, list)):
                yield from _selected(inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _selected(inner, (*at, i))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# --- the states as a graph --------------------------------------------------------------------------------------------


def _ways(scope: dict[str, Any], found: dict[str, Any], at: ValuePath) -> Iterator[Fault]:
    start = scope.get("StartAt")
    if not isinstance(start, (str, Unknown)) or start not in found:
        yield f"StartAt names no state ({start if isinstance(start, str) else 'not set'})", (*at, "StartAt")
        return
    ways: dict[str, list[tuple[ValuePath, Any]]] = {}
    for name, fields in found.items():
        ahead = list(following(fields)) if isinstance(fields, dict) else []
        ways[name] = [(field, one) for field, one in ahead if not isinstance(one, (list, dict))]
        for field, one in ahead:
            if isinstance(one, (list, dict)) or one not in found:
                yield f"state {name} goes on to {one}, which does not exist", (*at, "States", name, *field)
    names = {name: [one for _, one in ahead] for name, ahead in ways.items()}
    reached = closure(names, [start])
    backwards: dict[str, list[str]] = {}
    for name, ahead_of in names.items():
        for one in ahead_of:
            backwards.setdefault(one, []).append(name)
    alive = closure(backwards, {name for name, fields in found.items() if isinstance(fields, dict) and ends(fields)})
    for name in found:
        if name not in reached:
            yield f"state {name} cannot be reached", (*at, "States", name)
    for name in found:
        if name in reached and name not in alive:
            yield f"from state {name} the execution can never end", (*at, "States", name)

"""What the States Language says of a definition: which fields a state may have, where it may go on, how it ends.

From the specification at states-language.net and the developer guide's JSONata chapters (read November 2026). A piece
that nobody knows stays open: it hides no certain fault, and the doubt is raised at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.state_graph import closure
from assay.analysis.state_machine import HOLDS, INNER
from assay.model import PartialList, Undetermined, Unknown, as_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.analysis.state_machine import Machine, Scope, State
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
_COMPARES = frozenset(
    f"{kind}{how}{path}"
    for kind in ("String", "Numeric", "Timestamp")
    for how in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
    for path in ("", "Path")
) | {
    "BooleanEquals", "BooleanEqualsPath", "StringMatches", "IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean",
    "IsTimestamp",
}  # fmt: skip
_EXCLUSIVE = (
    ("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath"), ("Error", "ErrorPath"),
    ("Cause", "CausePath"), ("Next", "End"), ("ItemProcessor", "Iterator"),
)  # fmt: skip
_LATTER = frozenset(other for _, other in _EXCLUSIVE)
LONGEST_NAME = 80


def faults(machine: Machine) -> Iterator[Fault]:
    """What makes a definition invalid.

    Raises:
        Undetermined: at the end, when a piece that nobody knows might be one more fault.
    """
    check = _Check(machine.document.get("QueryLanguage", "JSONPath"))
    check.ask((_top,), machine.top)
    check.scope(machine.top)
    yield from check.found
    if check.doubt is not None:
        raise Undetermined(check.doubt)


class _Check:
    """One pass over a definition: the faults found and the names met so far, and the first doubt."""

    def __init__(self, language: Any) -> None:
        self.language = language
        self.names: set[str] = set()
        self.found: list[Fault] = []
        self.doubt: Unknown | None = None

    def say(self, what: str, where: ValuePath) -> None:
        self.found.append((what, where))

    def wonder(self, about: Unknown) -> None:
        if self.doubt is None:
            self.doubt = about

    def wonder_at_more(self, value: Any) -> None:
        if isinstance(value, PartialList):
            self.wonder(value.unknown)

    def ask(self, questions: Iterable[Callable[[_Check, Any], None]], about: Any) -> None:
        """Every question; a doubt in one hides nothing of the others."""
        for question in questions:
            try:
                question(self, about)
            except Undetermined as doubt:
                self.wonder(doubt.unknown)
            except TypeError:  # C code asked an unknown, or the value has no sense there: the next one says so
                continue

    def scope(self, scope: Scope) -> None:
        """A machine, a branch or an iteration: its states as a graph, and each by itself."""
        found = scope.fields.get("States")
        if isinstance(found, Unknown):
            self.wonder(found)
            return
        if not isinstance(found, dict) or not found:
            self.say("there are no States", scope.where)
            return
        self.ask((_ways,), scope)
        states = iter(scope.states)
        for name, fields in found.items():
            if isinstance(fields, dict):
                self.state(next(states))
            elif isinstance(fields, Unknown):
                self.wonder(fields)
            else:
                self.say(f"state {name} is no object", (*scope.where, "States", name))

    def state(self, s: State) -> None:
        if len(s.name) > LONGEST_NAME:
            self.say(f"state {s.name[:20]}... has a name of more than {LONGEST_NAME} characters", s.where)
        if s.name in self.names:
            self.say(f"state {s.name} has the name of another state of this machine", s.where)
        self.names.add(s.name)
        self.ask(_OF_A_STATE, s)
        scopes = iter(s.inner)
        for key in INNER if not HOLDS.isdisjoint(s.fields) else ():
            inner = s.fields.get(key)
            for one in list.__iter__(inner) if isinstance(inner, list) else (inner,):
                if isinstance(one, dict):
                    self.scope(next(scopes))
                elif isinstance(one, Unknown):
                    self.wonder(one)
            self.wonder_at_more(inner)


def _top(check: _Check, scope: Scope) -> None:
    if check.language not in ("JSONPath", "JSONata"):
        what = f"QueryLanguage is {check.language}: there are JSONPath and JSONata"
        check.say(what, (*scope.where, "QueryLanguage"))
    seconds = scope.fields.get("TimeoutSeconds")
    if isinstance(seconds, Unknown):
        raise Undetermined(seconds)
    if seconds is not None and (not _whole(seconds) or seconds <= 0):
        check.say("TimeoutSeconds is no positive whole number", (*scope.where, "TimeoutSeconds"))


# --- one state --------------------------------------------------------------------------------------------------------


def _fields(check: _Check, s: State) -> None:
    name, kind, fields, here = s.name, s.kind, s.fields, s.where
    if kind == None:  # noqa: E711 - an unknown answers ==
        check.say(f"state {name} has no Type", here)
        return
    if isinstance(kind, (list, dict)) or kind not in FIELDS:
        check.say(f"state {name} has the type {kind}, which does not exist", (*here, "Type"))
        return
    if not fields.keys() <= FIELDS[kind]:
        for field in fields:
            if field not in FIELDS[kind]:
                check.say(f"state {name}: a {kind} state has no field {field}", (*here, field))
    language = fields.get("QueryLanguage", check.language)
    if check.language == "JSONata" and language != "JSONata":
        check.say(f"state {name} is JSONPath in a machine that is JSONata", (*here, "QueryLanguage"))
    foreign = JSONPATH_ONLY if language == "JSONata" else JSONATA_ONLY
    if not foreign.isdisjoint(fields):
        for field in fields:
            if field in foreign:
                check.say(f"state {name}: {field} does not exist in {language}", (*here, field))


def _moves(check: _Check, s: State) -> None:
    name, fields, here = s.name, s.fields, s.where
    kind = s.kind
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map") and "Next" not in fields and fields.get("End") != True:  # noqa: E712
        check.say(f"state {name} has neither Next nor End", here)
    for one, other in _EXCLUSIVE if not _LATTER.isdisjoint(fields) else ():
        if one in fields and other in fields and not (other == "End" and fields["End"] == False):  # noqa: E712
            check.say(f"state {name} has both {one} and {other}", (*here, other))


def _needs(check: _Check, s: State) -> None:
    name, fields, here = s.name, s.fields, s.where
    kind = s.kind
    if kind == "Task":
        resource = fields.get("Resource")
        if resource == None:  # noqa: E711
            check.say(f"state {name} has no Resource", here)
        elif isinstance(resource, str) and not resource.startswith(("arn:", "{%")):
            check.say(f"state {name}: Resource is no ARN ({resource})", (*here, "Resource"))
    elif kind == "Wait":
        given = [f for f in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if f in fields]
        if len(given) != 1:
            check.say(f"state {name} waits for {' and '.join(given) or 'nothing'}: exactly one is needed", here)
    elif kind == "Parallel" and not isinstance(fields.get("Branches"), Unknown):
        if not isinstance(fields.get("Branches"), list) or not fields["Branches"]:
            check.say(f"state {name} has no Branches", here)
    elif kind == "Map" and "ItemProcessor" not in fields and "Iterator" not in fields:
        check.say(f"state {name} has no ItemProcessor", here)


def _handlers(check: _Check, s: State) -> None:
    for field in ("Retry", "Catch"):
        if field in s.fields:
            handlers = as_list(s.fields[field])
            last = list.__len__(handlers) - 1
            for i, one in enumerate(list.__iter__(handlers)):
                try:
                    _handler(check, s, field, i, one, i == last)
                except Undetermined as doubt:  # hides nothing of the others
                    check.wonder(doubt.unknown)
            check.wonder_at_more(handlers)


_LEAST = {"IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 1}


def _handler(check: _Check, s: State, field: str, i: int, one: Any, last: bool) -> None:
    if isinstance(one, Unknown):
        raise Undetermined(one)
    name, at = s.name, (*s.where, field, i)
    errors = one.get("ErrorEquals") if isinstance(one, dict) else None
    if not isinstance(errors, (list, Unknown)) or (type(errors) is list and not errors):
        check.say(f"state {name}: a {field} names no error in ErrorEquals", at)
        return
    if field == "Catch" and "Next" not in one:
        check.say(f"state {name}: a Catch leads to no state", at)
    for key in _LEAST.keys() & one.keys():
        value, least = one[key], _LEAST[key]
        if isinstance(value, (int, float)):
            if value < least:
                check.say(f"state {name}: {key} is {value}, and at least {least} is allowed", (*at, key))
        elif not isinstance(value, Unknown):
            check.say(f"state {name}: {key} is no number", (*at, key))
    if "JitterStrategy" in one:
        check.ask((_jitter,), (name, one["JitterStrategy"], (*at, "JitterStrategy")))
    if "States.ALL" in errors and not (last and len(errors) == 1):
        check.say(f"state {name}: States.ALL stands alone and in the last {field}", at)


def _jitter(check: _Check, about: tuple[str, Any, ValuePath]) -> None:
    name, strategy, at = about
    if strategy not in ("FULL", "NONE"):
        check.say(f"state {name}: JitterStrategy is FULL or NONE", at)


def _choices(check: _Check, s: State) -> None:
    name, fields, here = s.name, s.fields, s.where
    if s.kind != "Choice":
        return
    choices = fields.get("Choices")
    if isinstance(choices, Unknown):
        raise Undetermined(choices)
    if not isinstance(choices, list) or (type(choices) is list and not choices):
        check.say(f"state {name} has no Choices", here)
        return
    for i, one in enumerate(list.__iter__(choices)):
        if isinstance(one, Unknown):
            check.wonder(one)
        elif isinstance(one, dict):
            at = (*here, "Choices", i)
            if "Next" not in one:
                check.say(f"state {name}: a choice leads to no state", at)
            _condition(check, name, one, at)
    check.wonder_at_more(choices)


def _condition(check: _Check, name: str, one: dict[str, Any], at: ValuePath) -> None:
    if "Condition" in one:  # JSONata
        return
    inner: list[tuple[str, int | None, Any]] = [
        (key, i, x) for key in ("And", "Or") for i, x in enumerate(as_list(one.get(key)))
    ]
    inner += [("Not", None, one["Not"])] if "Not" in one else []
    compares = [key for key in one if key in _COMPARES]
    if not inner and (len(compares) != 1 or "Variable" not in one):
        check.say(f"state {name}: a choice compares a Variable by exactly one operator, or has a Condition", at)
    for key, i, x in inner:
        if isinstance(x, dict):
            where = (*at, key) if i is None else (*at, key, i)
            if "Next" in x:
                check.say(f"state {name}: only the outermost part of a choice has Next", where)
            _condition(check, name, x, where)


def _values(check: _Check, s: State) -> None:
    name, fields, here = s.name, s.fields, s.where
    path = fields.get("ResultPath")
    if isinstance(path, str) and not path.startswith("$"):
        check.say(f"state {name}: ResultPath is no reference path ({path})", (*here, "ResultPath"))
    if "HeartbeatSeconds" in fields:
        timeout, beat = fields.get("TimeoutSeconds"), fields["HeartbeatSeconds"]
        if isinstance(timeout, (int, float)) and isinstance(beat, (int, float)) and beat >= timeout:
            check.say(f"state {name}: HeartbeatSeconds must be less than TimeoutSeconds", (*here, "HeartbeatSeconds"))
    for field in ("Parameters", "ResultSelector", "ItemSelector"):
        if field in fields:
            _selected(check, name, fields[field], (*here, field))


def _selected(check: _Check, name: str, value: Any, at: ValuePath) -> None:
    """Every value under a name that ends in `.$`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, (dict, list)):
                if not key.endswith(".$"):
                    _selected(check, name, inner, (*at, key))
            elif isinstance(inner, str) and key.endswith(".$") and not inner.startswith(("$", "States.")):
                check.say(f"state {name}: {key} takes a path or an intrinsic function, not {inner}", (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(list.__iter__(value)):
            _selected(check, name, inner, (*at, i))
        check.wonder_at_more(value)


_OF_A_STATE = (_fields, _moves, _needs, _handlers, _choices, _values)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# --- the states as a graph --------------------------------------------------------------------------------------------


def _may_end(s: State) -> bool:
    """False when the execution of a scope certainly goes on from this state."""
    try:
        return bool(s.kind in ("Succeed", "Fail") or s.fields.get("End") == True)  # noqa: E712
    except Undetermined:
        return True


def _ways(check: _Check, scope: Scope) -> None:
    found, start = scope.fields["States"], scope.fields.get("StartAt")
    if not isinstance(start, Unknown) and (not isinstance(start, str) or start not in found):
        said = start if isinstance(start, str) else "not set"
        check.say(f"StartAt names no state ({said})", (*scope.where, "StartAt"))
        return
    names: dict[str, list[str]] = {name: [] for name in found}
    backwards: dict[str, list[str]] = {name: [] for name in found}
    open_ = {name for name, fields in found.items() if isinstance(fields, Unknown)}  # nobody knows all their ways on
    for name, ahead in scope.ways().items():
        for field, one in ahead:
            if isinstance(one, Unknown):
                check.wonder(one)
                open_.add(name)
            elif isinstance(one, (list, dict)) or one not in found:
                what = f"state {name} goes on to {one}, which does not exist"
                check.say(what, (*scope.where, "States", name, *field))
            else:
                names[name].append(one)
                backwards[one].append(name)
    if isinstance(start, Unknown):
        raise Undetermined(start)
    reached = closure(names, [start])
    alive = closure(backwards, open_.union(s.name for s in scope.states if _may_end(s)))
    if not open_.isdisjoint(reached):
        reached = set(found)
    for name in found:
        if name not in reached:
            check.say(f"state {name} cannot be reached", (*scope.where, "States", name))
    for name in found:
        if name in reached and name not in alive:
            check.say(f"from state {name} the execution can never end", (*scope.where, "States", name))

"""What the States Language says of a definition: which fields a state may have, where it may go on, how it ends.

From the specification at states-language.net and the developer guide's JSONata chapters (read November 2026). A piece
that nobody knows stays open: it hides no certain fault, and the doubt is raised at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.state_choices import choices
from assay.analysis.state_fields import (
    EXCLUSIVE,
    FIELDS,
    FORMS,
    HANDLER_FIELDS,
    JSONATA_ONLY,
    JSONPATH_ONLY,
    LANGUAGES,
    LATTER,
    LONGEST_NAME,
    OF_A_CATCH,
    OF_A_MACHINE,
    OF_A_PART,
    OF_A_RETRY,
)
from assay.analysis.state_graph import closure
from assay.analysis.state_machine import HOLDS, INNER
from assay.analysis.state_maps import each
from assay.analysis.state_values import MOST, Readable, shown
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, as_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.analysis.state_machine import Machine, Scope, State
    from assay.model import ValuePath

Fault = tuple[str, "ValuePath"]
"""What is wrong, and where in the definition."""


_NEITHER = Readable()
_RESULT = Readable(result=True)
_CAUGHT = Readable(error=True)


def faults(machine: Machine) -> Iterator[Fault]:
    """What makes a definition invalid.

    Raises:
        Undetermined: at the end, when a piece that nobody knows might be one more fault.
    """
    check = Check(machine.document.get("QueryLanguage", "JSONPath"))
    check.ask((_top,), machine.top)
    check.scope(machine.top)
    yield from check.found
    if check.doubt is not None:
        raise Undetermined(check.doubt)


class Check:
    """One pass over a definition: the faults found and the names met so far, and the first doubt."""

    def __init__(self, language: Any) -> None:
        self.language = language
        self.names: set[str] = set()
        self.labels: set[str] = set()
        self.found: list[Fault] = []
        self.doubt: Unknown | None = None
        self.jsonata: bool | None = False  # of the state that is looked at; None when nobody knows its language
        self.readable = _NEITHER

    def say(self, what: str, where: ValuePath) -> None:
        self.found.append((what, where))

    def wonder(self, about: Unknown) -> None:
        if self.doubt is None:
            self.doubt = about

    def wonder_at_more(self, value: Any) -> None:
        if isinstance(value, PartialList):
            self.wonder(value.unknown)

    def ask(self, questions: Iterable[Callable[[Check, Any], None]], about: Any) -> None:
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
        allowed = OF_A_PART if scope.around else OF_A_MACHINE
        if not scope.fields.keys() <= allowed:
            for field in scope.fields:
                if field not in allowed:
                    owner = scope.where[-3 if isinstance(scope.where[-1], int) else -2] if scope.around else ""
                    what = f"state {owner}: a branch or iteration" if scope.around else "a state machine"
                    self.say(f"{what} has no field {field}", (*scope.where, field))
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
        self.jsonata = _is_jsonata(s.fields.get("QueryLanguage", s.scope.language))
        self.ask(_OF_A_STATE, s)
        scopes = iter(s.inner)
        for key in INNER if not HOLDS.isdisjoint(s.fields) else ():
            inner = s.fields.get(key)
            for one in list.__iter__(inner) if isinstance(inner, list) else (inner,):
                if isinstance(one, dict):
                    self.scope(next(scopes))
                elif isinstance(one, Unknown):
                    self.wonder(one)
                elif key == "Branches" and isinstance(inner, list):
                    self.say(f"state {s.name}: a branch is {shown(one)}, not an object", (*s.where, key))
            self.wonder_at_more(inner)


def _top(check: Check, scope: Scope) -> None:
    if check.language not in LANGUAGES:
        what = f"QueryLanguage is {check.language}: there are JSONPath and JSONata"
        check.say(what, (*scope.where, "QueryLanguage"))
    version = scope.fields.get("Version", "1.0")
    if isinstance(version, str) and version != "1.0":
        check.say(f"Version is {version}: there is 1.0", (*scope.where, "Version"))
    seconds = scope.fields.get("TimeoutSeconds")
    if isinstance(seconds, Unknown):
        raise Undetermined(seconds)
    if seconds is not None and (not _whole(seconds) or not 0 < seconds <= MOST):
        check.say("TimeoutSeconds is no positive whole number", (*scope.where, "TimeoutSeconds"))


def _is_jsonata(language: Any) -> bool | None:
    return None if isinstance(language, Unknown) else bool(language == "JSONata")


# --- one state --------------------------------------------------------------------------------------------------------


def _fields(check: Check, s: State) -> None:
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
    language = fields.get("QueryLanguage", s.scope.language)
    if language not in LANGUAGES:
        check.say(
            f"state {name}: QueryLanguage is {language}: there are JSONPath and JSONata", (*here, "QueryLanguage")
        )
        return
    if check.language == "JSONata" and language != "JSONata":
        check.say(f"state {name} is JSONPath in a machine that is JSONata", (*here, "QueryLanguage"))
    foreign = JSONPATH_ONLY if language == "JSONata" else JSONATA_ONLY
    if not foreign.isdisjoint(fields):
        for field in fields:
            if field in foreign:
                check.say(f"state {name}: {field} does not exist in {language}", (*here, field))


def _moves(check: Check, s: State) -> None:
    name, fields, here = s.name, s.fields, s.where
    kind = s.kind
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map") and "Next" not in fields and fields.get("End") != True:  # noqa: E712
        check.say(f"state {name} has neither Next nor End", here)
    for one, other in EXCLUSIVE if not LATTER.isdisjoint(fields) else ():
        if one in fields and other in fields and not (other == "End" and fields["End"] == False):  # noqa: E712
            check.say(f"state {name} has both {one} and {other}", (*here, other))


def _needs(check: Check, s: State) -> None:
    name, fields, here = s.name, s.fields, s.where
    kind = s.kind
    if kind == "Task":
        resource = fields.get("Resource")
        if resource == None:  # noqa: E711
            check.say(f"state {name} has no Resource", here)
        elif isinstance(resource, str) and not resource.startswith("arn:"):
            check.say(f"state {name}: Resource is no ARN ({resource})", (*here, "Resource"))
        if "Credentials" in fields and ":activity:" in s.called:
            check.say(f"state {name}: an activity takes no Credentials", (*here, "Credentials"))
    elif kind == "Wait":
        given = [f for f in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if f in fields]
        if len(given) != 1:
            check.say(f"state {name} waits for {' and '.join(given) or 'nothing'}: exactly one is needed", here)
    elif kind == "Parallel" and not isinstance(fields.get("Branches"), Unknown):
        if not isinstance(fields.get("Branches"), list) or not fields["Branches"]:
            check.say(f"state {name} has no Branches", here)
    elif kind == "Map" and "ItemProcessor" not in fields and "Iterator" not in fields:
        check.say(f"state {name} has no ItemProcessor", here)


def _handlers(check: Check, s: State) -> None:
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


def _handler(check: Check, s: State, field: str, i: int, one: Any, last: bool) -> None:
    if isinstance(one, Unknown):
        raise Undetermined(one)
    name, at = s.name, (*s.where, field, i)
    errors = one.get("ErrorEquals") if isinstance(one, dict) else None
    if not isinstance(errors, (list, Unknown)) or (type(errors) is list and not errors):
        check.say(f"state {name}: a {field} names no error in ErrorEquals", at)
        return
    if field == "Catch" and "Next" not in one:
        check.say(f"state {name}: a Catch leads to no state", at)
    if not one.keys() <= HANDLER_FIELDS[field]:
        for key in one:
            if key not in HANDLER_FIELDS[field]:
                check.say(f"state {name}: a {field} has no field {key}", (*at, key))
    if field == "Retry":
        each(check, name, at, one, OF_A_RETRY)
    elif check.jsonata is not None:
        check.readable = _CAUGHT
        each(check, name, at, one, OF_A_CATCH)
        foreign = "ResultPath" if check.jsonata else "Output"
        if foreign in one:
            language = "JSONata" if check.jsonata else "JSONPath"
            check.say(f"state {name}: {foreign} does not exist in {language}", (*at, foreign))
    if {*map(type, list.__iter__(errors) if isinstance(errors, list) else ())} - {str, Unknown, Text, Ref}:
        check.say(f"state {name}: ErrorEquals holds what is no text", (*at, "ErrorEquals"))
    if "States.ALL" in errors and not (last and len(errors) == 1):
        check.say(f"state {name}: States.ALL stands alone and in the last {field}", at)


def _values(check: Check, s: State) -> None:
    fields = s.fields
    if check.jsonata is None:
        return
    if "HeartbeatSeconds" in fields:
        timeout, beat = fields.get("TimeoutSeconds"), fields["HeartbeatSeconds"]
        if isinstance(timeout, (int, float)) and isinstance(beat, (int, float)) and beat >= timeout:
            what = f"state {s.name}: HeartbeatSeconds must be less than TimeoutSeconds"
            check.say(what, (*s.where, "HeartbeatSeconds"))
    for field, value in fields.items():
        form = FORMS.get(field)
        if form is not None:
            given = check.jsonata and field in ("Output", "Assign") and s.kind in ("Task", "Map", "Parallel")
            check.readable = _RESULT if given else _NEITHER
            try:
                form(check, s.name, s.where, field, value)
            except Undetermined as doubt:  # hides nothing of the others
                check.wonder(doubt.unknown)


def _rules(check: Check, s: State) -> None:
    check.readable = _NEITHER
    choices(check, s)


_OF_A_STATE = (_fields, _moves, _needs, _handlers, _rules, _values)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# --- the states as a graph --------------------------------------------------------------------------------------------


def _may_end(s: State) -> bool:
    """False when the execution of a scope certainly goes on from this state."""
    try:
        return bool(s.kind in ("Succeed", "Fail") or s.fields.get("End") == True)  # noqa: E712
    except Undetermined:
        return True


def _ways(check: Check, scope: Scope) -> None:
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

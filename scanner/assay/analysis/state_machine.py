"""State machines in the Amazon States Language: their states at every depth, and what these do.

A piece that nobody knows stays an unknown leaf; a question about it raises `Undetermined`.
"""

from __future__ import annotations

import marshal
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.model import PartialList, Ref, Text, Undetermined, Unknown, any_of, as_list, join_path
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.model import Finding, Resource, ValuePath

READS = ("get", "list", "describe", "query", "scan", "head", "batchget", "select", "search", "retrieve", "check")
_MONEY = ("pay", "charge", "refund", "billing", "debit", "invoic", "transfer")
PAYMENT = pattern("|".join(_MONEY).encode(), re.IGNORECASE)
ACCOUNT = pattern(rb"arn:aws[\w-]*:[\w-]+:[\w-]*:[^:]")
"""What payments and ARNs that name an account look like, for `may_say`."""
INNER = ("Branches", "Iterator", "ItemProcessor")
HOLDS = frozenset(INNER)
"""The fields that hold machines of their own: branches and iterations."""


class State(NamedTuple):
    """One state: its name, its fields, the machine (or branch) it belongs to, and the states around it."""

    name: str
    fields: dict[str, Any]
    machine: dict[str, Any]
    where: ValuePath
    around: tuple[dict[str, Any], ...] = ()

    @property
    def at(self) -> str:
        """`where` as text."""
        return join_path(self.where)

    @property
    def kind(self) -> Any:
        return self.fields.get("Type")

    @property
    def resource(self) -> Any:
        """What a task calls; an empty text for other states."""
        return self.fields.get("Resource", "")


class _Read(NamedTuple):
    """A definition of which all is known; `written` is it in one piece, with every text as it stands in it."""

    machine: Resource
    document: dict[str, Any]
    states: list[State]
    written: bytes


_last: _Read | None = None


def definition(machine: Resource) -> dict[str, Any]:
    """The definition of a state machine; empty when there is none, or no JSON.

    Raises:
        Undetermined: it is unknown.
    """
    if _last is not None and _last.machine is machine:
        return _last.document
    found = machine.json("definition")
    if isinstance(found, Unknown):
        if isinstance(machine["definition"], Unknown):
            raise Undetermined(found)
        return {}
    return found if isinstance(found, dict) else {}


def states(machine: Resource) -> Iterator[State]:
    """Every state of a machine, those of branches and iterations included.

    Every rule asks, so what was read of the last machine is kept, unless pieces of it are unknown: of these the engine
    must hear each time (`View.json`).
    """
    global _last
    if _last is not None and _last.machine is machine:
        return iter(_last.states)
    document = definition(machine)
    found = list(_states(document, ("definition",), ()))
    try:
        written = marshal.dumps(document)  # takes plain data and nothing else, which it looks for in C
    except ValueError:
        return iter(found)
    _last = _Read(machine, document, found, written)
    return iter(found)


def may_say(machine: Resource, words: re.Pattern[bytes]) -> bool:
    """False when no text of a definition holds what is looked for: asked once, it spares a look at every state."""
    try:
        states(machine)
    except Undetermined:
        return True
    return _last is None or _last.machine is not machine or words.search(_last.written) is not None


def _states(scope: dict[str, Any], at: ValuePath, around: tuple[dict[str, Any], ...]) -> Iterator[State]:
    found = scope.get("States")
    for name, fields in found.items() if isinstance(found, dict) else ():
        if not isinstance(fields, dict):
            continue
        here = (*at, "States", name)
        holds = not HOLDS.isdisjoint(fields)
        yield State(name, fields, scope, here, around)
        for key in INNER if holds else ():
            inner = fields.get(key)
            many = inner if isinstance(inner, list) else [inner]
            for i, one in enumerate(many):
                if isinstance(one, dict):
                    place = (*here, key, i) if isinstance(inner, list) else (*here, key)
                    yield from _states(one, place, (*around, fields))


def of_kind(machine: Resource, kind: str) -> Iterator[State]:
    """The states of a type, those that certainly are first.

    Raises:
        Undetermined: at the end, when the type of a state is unknown.
    """
    doubt: Unknown | None = None
    for s in states(machine):
        found = s.fields.get("Type")
        if isinstance(found, Unknown):
            doubt = found if doubt is None else doubt
        elif found == kind:
            yield s
    if doubt is not None:
        raise Undetermined(doubt)


def tasks(machine: Resource) -> Iterator[State]:
    """The task states, as `of_kind` gives them."""
    return of_kind(machine, "Task")


def known_tasks(machine: Resource) -> Iterator[State]:
    """The task states; none of a definition that nobody knows."""
    try:
        states(machine)
    except Undetermined:
        return iter(())
    return tasks(machine)


def text_of(value: Any) -> str:
    """A value's text with `x` for what nobody knows; empty for other things."""
    if isinstance(value, Text):
        return "".join(p if isinstance(p, str) else "x" for p in value.parts)
    if isinstance(value, Ref):
        return value.target
    return value if isinstance(value, str) else ""


def changes_something(s: State) -> bool:
    """True unless the task plainly only reads.

    Raises:
        Undetermined: nothing at all is known of what it calls.
    """
    if s.kind != "Task":
        return False
    called = s.fields.get("Resource")
    if isinstance(called, Unknown) and not isinstance(called, (Text, Ref)):
        raise Undetermined(called)
    call = text_of(s.resource).split(".")[0].rpartition(":")[2].lower()
    return not call.startswith(READS)


def retries_transient(s: State) -> bool:
    """True when a retrier with attempts left takes timeouts, service errors or all errors."""
    return any_of(handlers(s, "Retry"), _transient)


def handlers(s: State, field: str) -> list[Any]:
    """The retriers or catchers of a state; what is none is left out, and is told where the definition is validated."""
    if field not in s.fields:
        return []
    found = as_list(s.fields[field])
    sound = [one for one in list.__iter__(found) if isinstance(one, (dict, Unknown))]
    return PartialList(sound, found.unknown) if isinstance(found, PartialList) else sound


def _transient(retrier: dict[str, Any]) -> bool:
    if retrier.get("MaxAttempts", 3) == 0:
        return False
    return any_of(as_list(retrier.get("ErrorEquals")), lambda e: isinstance(e, (str, Unknown)) and "." in e)


def weak_retry(retrier: dict[str, Any]) -> str:
    """What is wrong with how a retrier waits, or an empty text."""
    if _number(retrier, "BackoffRate", 2.0) <= 1:
        return "does not wait longer after each attempt"
    many = _number(retrier, "MaxAttempts", 3) > 5
    if many and retrier.get("JitterStrategy") != "FULL" and retrier.get("MaxDelaySeconds") is None:
        return "makes many attempts without jitter or a longest delay"
    return ""


def _number(retrier: dict[str, Any], name: str, default: float) -> Any:
    """A number, or an unknown; the default too for what is no number, which the validator tells of."""
    found = retrier.get(name, default)
    return found if isinstance(found, (int, float, Unknown)) else default


def caught(s: State) -> bool:
    """True when the state or one around it catches errors."""
    return any(bool(as_list(fields.get("Catch"))) for fields in (s.fields, *s.around))


def drops_input(s: State, catcher: dict[str, Any]) -> bool:
    """True when the error takes the place of the input that the next state will read."""
    name = catcher.get("Next")
    following = s.machine.get("States", {}).get(name) if isinstance(name, (str, Unknown)) else None
    if isinstance(following, dict) and following.get("Type") in ("Fail", "Succeed"):
        return False
    language = s.fields.get("QueryLanguage", s.machine.get("QueryLanguage", "JSONPath"))
    if language == "JSONata":
        return catcher.get("Output") is None and catcher.get("Assign") is None
    return "ResultPath" not in catcher or bool(catcher["ResultPath"] == "$")


def waits_for_token(s: State) -> bool:
    return text_of(s.resource).endswith(".waitForTaskToken")


def bounded(fields: dict[str, Any], *names: str) -> bool:
    """True when one of the fields, or its `...Path` form, is there."""
    return any(name in fields or f"{name}Path" in fields for name in names)


def texts(value: Any) -> Iterator[Any]:
    """Every text of a document, in its order."""
    waiting = [iter((value,))]
    while waiting:
        for found in waiting[-1]:
            kind = type(found)
            if kind is str:
                yield found
            elif kind is dict:
                waiting.append(iter(found.values()))
                break
            elif isinstance(found, list):
                waiting.append(list.__iter__(found))
                if isinstance(found, PartialList):
                    waiting.insert(-1, iter((found.unknown,)))
                break
            elif isinstance(found, (str, Unknown)):
                yield found
        else:
            waiting.pop()


_ARN = pattern(r"arn:aws[\w-]*:[\w-]+:[\w-]*:([^:]*):")


def arn_fault(value: Any, own: str | None) -> str:
    """What is wrong with the account of an ARN that is written out: foreign to this configuration, or no account."""
    if not isinstance(value, str) or not value.startswith("arn:"):
        return ""
    found = _ARN.match(value)
    account = found[1] if found else ""
    if account in ("", own, "aws") or "$" in account or "{" in account:
        return ""
    if len(account) == 12 and account.isdigit():
        return "names an account literally" if own is None else "names another account"
    return f"has no account id where one belongs ({account})"


def faults(machine: Resource) -> Iterator[tuple[str, ValuePath]]:
    """What makes a definition invalid, as (what, where)."""
    from assay.analysis import state_language

    written = machine["definition"]
    document = definition(machine)
    if not document:
        if written is not None:
            yield f"the definition is no JSON object{_why_not(written)}", ("definition",)
        return
    yield from _written_twice(machine, written)
    yield from state_language.faults(document, ("definition",))


def _written_twice(machine: Resource, written: Any) -> Iterator[tuple[str, ValuePath]]:
    """The states and fields of which a parser takes the last and says nothing of the others."""
    from assay.decode import marked
    from assay.documents.positions import Malformed, TextOrigin, repeated

    origin = machine.origin
    kind, text = "json", written
    if isinstance(written, Text):
        text = marked(written)[0]
    elif isinstance(origin, TextOrigin):
        kind, text = origin.kind, origin.text
    if not isinstance(text, str):
        return
    try:
        found = repeated(text, kind)
    except Malformed:
        return
    for path in found:
        of = "state" if path[-2:-1] == ("States",) else "field"
        around = next((f" of state {b}" for a, b in reversed(list(pairwise(path[:-1]))) if a == "States"), "")
        yield f"{of} {path[-1]}{around} is written more than once: only the last counts", ("definition", *path)


def _why_not(written: Any) -> str:
    from assay.documents.positions import Malformed, read_json

    try:
        read_json(written if isinstance(written, str) else "")
    except Malformed as fault:
        return f": {fault}"
    return ""


_CALLS = {
    "lambda:invoke": "lambda:InvokeFunction", "apigateway:invoke": "execute-api:Invoke",
    "http:invoke": "states:InvokeHTTPEndpoint",
}  # fmt: skip
_SDK = {"sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs", "sesv2": "ses", "ec2": "ec2"}


def needed_action(s: State) -> str:
    """The action a role needs for a task; an empty text when that is not plain."""
    from assay.analysis.aws_actions import expand

    text = text_of(s.resource)
    if ":lambda:" in text or text.startswith("aws_lambda_function.") or ".aws_lambda_function." in text:
        return "lambda:InvokeFunction"
    call = text.partition(":states:")[2].lstrip(":").split(":")
    if len(call) == 3 and call[0] == "aws-sdk":
        call = [_SDK.get(call[1], call[1]), call[2]]
    if len(call) != 2:
        return ""
    name = f"{call[0]}:{call[1].partition('.')[0]}"
    found = expand(_CALLS.get(name, name))
    return found[0].name if found else ""


def speaks_of_payment(s: State) -> bool:
    """True when a task's name, or what it calls, is about money."""
    called = (s.name, s.resource, *texts(s.fields.get("Parameters", s.fields.get("Arguments"))))
    text = "\n".join([one if type(one) is str else text_of(one) for one in called]).lower()
    return any(word in text for word in _MONEY)


def at_each(machine: Resource, found: Iterable[State], test: Callable[[State], str]) -> Iterator[Finding]:
    """A finding at each state of which `test` says something; one that is unknown hides none of the others."""
    for s in found:
        try:
            said = test(s)
            if said:
                yield machine.fails(f"state {s.name} {said}", at=s.where, key=f"{s.at} {said}")
        except Undetermined as doubt:
            yield machine.unsure(f"state {s.name} cannot be decided: {doubt.reason}", at=s.where, key=s.at)


def uncaught(s: State) -> str:
    """What to say of a state whose failure nobody handles: a change, or a Parallel or Map that holds one."""
    if caught(s):
        return ""
    if changes_something(s):
        return "changes something and catches no error"
    inner = [i for key in INNER for i in _many(s.fields.get(key))]
    held = any(
        changes_something(one) and not caught(one) for scope in inner for one in _states(scope, s.where, (s.fields,))
    )
    return "holds states that change something and catches no error" if held else ""


def _many(value: Any) -> list[dict[str, Any]]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]


def literal_account(s: State, own: str | None) -> str:
    """What is wrong with the first ARN of a state that is written out, or an empty text."""
    fields = {key: value for key, value in s.fields.items() if key not in HOLDS}
    for text in texts(fields):
        fault = arn_fault(text, own)
        if fault:
            return f"{fault}: {text}"
    return ""


def stated_type(machine: Resource) -> Any:
    """STANDARD or EXPRESS; unknown of a definition alone, which does not say it.

    Raises:
        Undetermined: the machine's type is unknown.
    """
    if machine.source == "document":
        return Unknown("a definition does not say its machine's type")
    return machine["type"] or "STANDARD"


def execution_type(s: State, stated: Any) -> Any:
    """The type of the iteration around a state that says so, else what is stated of the machine."""
    for fields in reversed(s.around):
        config = _many(fields.get("ItemProcessor"))[:1]
        inner = config[0].get("ProcessorConfig") if config else None
        if isinstance(inner, dict) and "ExecutionType" in inner:
            return inner["ExecutionType"]
    return stated


def unfit_for_express(s: State, money: bool = True) -> str:
    """Why a task does not belong in an EXPRESS machine, or an empty text; without `money` it is not looked for."""
    if ".sync" in text_of(s.resource) or waits_for_token(s):
        return "waits for a job or a token, which EXPRESS does not"
    return "looks like a payment, and may run more than once" if money and speaks_of_payment(s) else ""


def exhaustive(s: State) -> bool:
    """True for a Choice that takes every input: it has a Default, or asks a question and its opposite."""
    if "Default" in s.fields:
        return True
    asked = set()
    for one in as_list(s.fields.get("Choices")):
        negated = one.get("Not") if isinstance(one, dict) else None
        rule = negated if isinstance(negated, dict) else one
        for key in ("BooleanEquals", "IsPresent", "IsNull"):
            if isinstance(rule, dict) and isinstance(rule.get(key), bool):
                asked.add((rule.get("Variable"), key, rule[key] is not isinstance(negated, dict)))
    return any((variable, key, not value) in asked for variable, key, value in asked)

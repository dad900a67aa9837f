"""What rules ask of the states of a machine, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.state_machine import INNER, text_of, texts
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, any_of, as_list
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.analysis.state_machine import Machine, State
    from assay.model import Finding, Resource

_READS = ("get", "list", "describe", "query", "scan", "head", "batchget", "select", "search", "retrieve", "check")
_MONEY = (b"charge", b"refund", b"billing", b"debit", b"invoic", b"transfer")
_PAY = pattern(rb"pay(?!load)")  # every call of a function has a Payload
_ACCOUNT = pattern(rb"arn:aws[\w-]*:[\w-]+:[\w-]*:[^:]")
_ARN = pattern(r"arn:aws[\w-]*:[\w-]+:[\w-]*:([^:]*):")
_CALLS = {
    "lambda:invoke": "lambda:InvokeFunction", "apigateway:invoke": "execute-api:Invoke",
    "http:invoke": "states:InvokeHTTPEndpoint",
}  # fmt: skip
_SDK = {"sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs", "sesv2": "ses", "ec2": "ec2"}


def _changes_something(s: State) -> bool:
    """True unless the task plainly only reads.

    Raises:
        Undetermined: nothing at all is known of what it calls.
    """
    if s.kind != "Task":
        return False
    called = s.fields.get("Resource")
    if isinstance(called, Unknown) and not isinstance(called, (Text, Ref)):
        raise Undetermined(called)
    call = s.called.partition(".")[0].rpartition(":")[2].lower()
    return not call.startswith(_READS)


def retries_transient(s: State) -> bool:
    """True when a retrier with attempts left takes timeouts, service errors or all errors."""
    return any_of(handlers(s, "Retry"), _transient)


def handlers(s: State, field: str) -> list[Any]:
    """The retriers or catchers of a state; what is none is left out, and is told where the definition is validated."""
    if field not in s.fields:
        return []
    found = as_list(s.fields[field])
    if type(found) is list and {*map(type, found)} == {dict}:  # as nearly all are
        return found
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


def _caught(s: State) -> bool:
    """True when the state or one around it catches errors."""
    return any(bool(as_list(fields.get("Catch"))) for fields in (s.fields, *s.scope.around))


def drops_input(s: State, catcher: dict[str, Any]) -> bool:
    """True when the error takes the place of the input that the next state will read."""
    name = catcher.get("Next")
    following = s.scope.fields["States"].get(name) if isinstance(name, (str, Unknown)) else None
    if isinstance(following, dict) and following.get("Type") in ("Fail", "Succeed"):
        return False
    if s.fields.get("QueryLanguage", s.scope.language) == "JSONata":
        return catcher.get("Output") is None and catcher.get("Assign") is None
    return "ResultPath" not in catcher or bool(catcher["ResultPath"] == "$")


def waits_for_token(s: State) -> bool:
    return s.called.endswith(".waitForTaskToken")


def bounded(fields: dict[str, Any], *names: str) -> bool:
    """True when one of the fields, or its `...Path` form, is there."""
    return any(name in fields or f"{name}Path" in fields for name in names)


def _arn_fault(value: Any, own: str | None) -> str:
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


def needed_action(s: State) -> str:
    """The action a role needs for a task; an empty text when that is not plain."""
    from assay.analysis.aws_actions import expand

    text = s.called
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


def may_pay(machine: Machine) -> bool:
    """False when no state of a machine speaks of payment: asked once, it spares a look at every state."""
    return _is_about_money(machine.written())


def _is_about_money(text: bytes) -> bool:
    return any(word in text for word in _MONEY) or _PAY.search(text) is not None


def _speaks_of_payment(s: State) -> bool:
    """True when a task's name, or what it calls, is about money."""
    arguments = texts(s.fields.get("Parameters", s.fields.get("Arguments")))
    text = "\n".join([s.name, s.called, *map(text_of, arguments)])
    return _is_about_money(text.lower().encode("utf-8", "surrogatepass"))


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
    if _caught(s):
        return ""
    if _changes_something(s):
        return "changes something and catches no error"
    held = any(_changes_something(one) and not _caught(one) for one in s.within())
    return "holds states that change something and catches no error" if held else ""


def _many(value: Any) -> list[dict[str, Any]]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]


def may_name_account(machine: Machine) -> bool:
    """False when no state of a machine names an account in an ARN, as `may_pay`."""
    return machine.more is not None or _ACCOUNT.search(machine.written()) is not None


def literal_account(s: State, own: str | None) -> str:
    """What is wrong with the first ARN of a state that is written out, or an empty text."""
    fields = {key: value for key, value in s.fields.items() if key not in INNER}
    for text in texts(fields):
        fault = _arn_fault(text, own)
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
    for fields in reversed(s.scope.around):
        config = _many(fields.get("ItemProcessor"))[:1]
        inner = config[0].get("ProcessorConfig") if config else None
        if isinstance(inner, dict) and "ExecutionType" in inner:
            return inner["ExecutionType"]
    return stated


def unfit_for_express(s: State, money: bool = True) -> str:
    """Why a task does not belong in an EXPRESS machine, or an empty text; without `money` it is not looked for."""
    if ".sync" in s.called or waits_for_token(s):
        return "waits for a job or a token, which EXPRESS does not"
    return "looks like a payment, and may run more than once" if money and _speaks_of_payment(s) else ""


def exhaustive(s: State) -> bool:
    """True for a Choice that takes every input: it has a Default, or asks a question and its opposite."""
    if "Default" in s.fields:
        return True
    asked = set()
    for one in as_list(s.fields.get("Choices")):
        if isinstance(one, dict) and "Condition" in one and one["Condition"] == True:  # noqa: E712 - an unknown answers ==
            return True
        negated = one.get("Not") if isinstance(one, dict) else None
        rule = negated if isinstance(negated, dict) else one
        for key in ("BooleanEquals", "IsPresent", "IsNull"):
            if isinstance(rule, dict) and isinstance(rule.get(key), bool):
                asked.add((rule.get("Variable"), key, rule[key] is not isinstance(negated, dict)))
    return any((variable, key, not value) in asked for variable, key, value in asked)

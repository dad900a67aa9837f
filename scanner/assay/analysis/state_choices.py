"""Choices: which fields a rule has, and what its operators compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.state_maps import each
from assay.analysis.state_values import (
    assign,
    boolean,
    expressions,
    known,
    needs_expression,
    reference,
    shown,
    text,
    timestamp,
)
from assay.model import Text, Undetermined, Unknown, as_list

if TYPE_CHECKING:
    from assay.analysis.state_language import Check
    from assay.analysis.state_machine import State
    from assay.analysis.state_values import Form
    from assay.model import ValuePath


def _any_number(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    if not isinstance(known(value), (int, float)) or isinstance(value, bool):
        check.say(f"state {name}: {field} compares with {shown(value)}, not with a number", (*where, field))


def _pattern(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    text(check, name, where, field, value)
    if isinstance(value, str) and value.replace("\\\\", "").endswith("\\"):
        check.say(f"state {name}: {field} ends with an open backslash", (*where, field))


def _operators() -> dict[str, Form]:
    found: dict[str, Form] = {}
    for kind, form in (("String", text), ("Numeric", _any_number), ("Timestamp", timestamp)):
        for how in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"):
            found[f"{kind}{how}"] = form
            found[f"{kind}{how}Path"] = reference
    found |= {"BooleanEquals": boolean, "BooleanEqualsPath": reference, "StringMatches": _pattern}
    for kind in ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp"):
        found[f"Is{kind}"] = boolean
    return found


_OPERATORS = _operators()
_JOINED = frozenset({"And", "Or", "Not"})
_FORMS: dict[str, Form] = {**_OPERATORS, "Variable": reference, "Assign": assign}
_FIELDS = frozenset({"Variable", "Next", "Comment", "Assign"}) | _OPERATORS.keys() | _JOINED
_IN_JSONATA = frozenset({"Condition", "Next", "Comment", "Assign", "Output"})


def choices(check: Check, s: State) -> None:
    """The rules of a Choice state."""
    if s.kind != "Choice":
        return
    found = known(s.fields.get("Choices"))
    if not isinstance(found, list) or (type(found) is list and not found):
        check.say(f"state {s.name} has no Choices", s.where)
        return
    for i, one in enumerate(list.__iter__(found)):
        at = (*s.where, "Choices", i)
        if isinstance(one, Unknown):
            check.wonder(one)
        elif not isinstance(one, dict):
            check.say(f"state {s.name}: a choice is {shown(one)}, not an object", at)
        else:
            if "Next" not in one:
                check.say(f"state {s.name}: a choice leads to no state", at)
            try:
                _rule(check, s.name, one, at)
            except Undetermined as doubt:  # hides nothing of the others
                check.wonder(doubt.unknown)
    check.wonder_at_more(found)


def _rule(check: Check, name: str, one: dict[str, Any], at: ValuePath) -> None:
    if check.jsonata is None:
        return
    allowed = _IN_JSONATA if check.jsonata else _FIELDS
    if not one.keys() <= allowed:
        language = "JSONata" if check.jsonata else "JSONPath"
        for key in one:
            if key not in allowed:
                check.say(f"state {name}: a choice in {language} has no field {key}", (*at, key))
    if check.jsonata:
        _condition(check, name, one, at)
    else:
        _comparison(check, name, one, at)


def _condition(check: Check, name: str, one: dict[str, Any], at: ValuePath) -> None:
    if "Condition" not in one:
        check.say(f"state {name}: a choice in JSONata needs a Condition", at)
    elif isinstance(one["Condition"], str):
        needs_expression(check, name, at, "Condition", one["Condition"])
    elif not isinstance(one["Condition"], Text):
        boolean(check, name, at, "Condition", one["Condition"])
    each(check, name, at, one, {"Assign": assign, "Output": expressions})


def _comparison(check: Check, name: str, one: dict[str, Any], at: ValuePath) -> None:
    joined = [key for key in one if key in _JOINED]
    compares = [key for key in one if key in _OPERATORS]
    if len(joined) + len(compares) != 1 or (not joined and "Variable" not in one):
        what = f"state {name}: a choice compares a Variable by exactly one operator, or has one of And, Or and Not"
        check.say(what, at)
    each(check, name, at, one, _FORMS)
    for key in joined:
        inner = known(one[key])
        many = as_list(inner)
        if (key == "Not") is isinstance(inner, list) or (type(many) is list and not many):
            wanted = "one rule" if key == "Not" else "a list of rules"
            check.say(f"state {name}: {key} is {shown(inner)}, not {wanted}", (*at, key))
        for i, x in enumerate(list.__iter__(many)):
            _inner(check, name, x, (*at, key) if key == "Not" else (*at, key, i))
        check.wonder_at_more(many)


def _inner(check: Check, name: str, one: Any, at: ValuePath) -> None:
    if isinstance(one, Unknown):
        check.wonder(one)
    elif not isinstance(one, dict):
        check.say(f"state {name}: a part of a choice is {shown(one)}, not a rule", at)
    else:
        if "Next" in one:
            check.say(f"state {name}: only the outermost part of a choice has Next", at)
        _comparison(check, name, {key: value for key, value in one.items() if key != "Next"}, at)

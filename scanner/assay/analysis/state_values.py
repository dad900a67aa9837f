"""What the States Language lets a field hold: numbers, times, paths, payload templates, expressions and variables.

Every form is called with the check, the state's name, the path of the object that holds the field, the field and its
value. It raises `Undetermined` for a value that nobody knows and that could be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.state_paths import PLAIN, path_fault, reference_fault, result_fault
from assay.model import Text, Undetermined, Unknown
from assay.patterns import pattern
from assay.unknown import show

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.analysis.state_language import Check
    from assay.model import ValuePath

    Form = Callable[[Check, str, ValuePath, str, Any], None]

MOST = 99_999_999
"""The longest time in seconds, and the most attempts (developer guide)."""
ANY = float("inf")
_TIME = pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_UNFIT_LABEL = pattern(r"[\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]")


class Readable(NamedTuple):
    """Which of the two pieces of `$states` that are not always there an expression may read."""

    result: bool = False
    error: bool = False


def shown(value: Any) -> str:
    """A value as a sentence can show it: on one line, and short."""
    found = "null" if value is None else show(value)
    return found if len(found) <= 60 else f"{found[:57]}..."


def known(value: Any) -> Any:
    """The value itself.

    Raises:
        Undetermined: nobody knows it.
    """
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return value


def number(least: float, most: float = MOST, *, whole: bool = True) -> Form:
    """A number within bounds; an expression in a JSONata state."""

    def form(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
        if type(value) is int and least <= value <= most:
            return
        if check.jsonata and isinstance(known(value), str):
            needs_expression(check, name, where, field, value)
            return
        fault = ""
        if not is_number(value):
            fault = f"is no number ({shown(value)})"
        elif not least <= value <= most:
            bound = f"least {least:,}" if value < least else f"most {most:,}"
            fault = f"is {value}, and at {bound} is allowed"
        elif whole and value != int(value):
            fault = f"is {value}, not a whole number"
        if fault:
            check.say(f"state {name}: {field} {fault}", (*where, field))

    return form


def is_number(value: Any) -> bool:
    return isinstance(known(value), (int, float)) and not isinstance(value, bool)


def one_of(*choices: str) -> Form:
    """One of a few words."""

    def form(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
        if value not in choices:
            said = f"{', '.join(choices[:-1])} and {choices[-1]}"
            check.say(f"state {name}: {field} is {shown(value)}: there are {said}", (*where, field))

    return form


def _path_form(fault_of: Callable[[str], str], *, nullable: bool = False) -> Form:
    def form(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
        if isinstance(value, str):
            if PLAIN.match(value) is not None:  # as nearly all are
                return
            fault = fault_of(value)
        elif isinstance(value, Text) and value.prefix.startswith("$"):
            return  # the rest of it is a name
        else:
            fault = "" if nullable and known(value) is None else "is no path"
        if fault:
            check.say(f"state {name}: {field} ({shown(value)}) {fault}", (*where, field))

    return form


_path_or_null = _path_form(path_fault, nullable=True)
reference = _path_form(reference_fault)
result_path = _path_form(result_fault, nullable=True)


def path_or_function(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """`InputPath` and `OutputPath`: a path or null. Compilers write calls of functions here too, and were deployed."""
    if isinstance(value, str) and value.startswith("States."):
        from assay.analysis.state_intrinsics import call_fault

        fault = call_fault(value)
        if fault:
            check.say(f"state {name}: {field} {fault}", (*where, field))
    else:
        _path_or_null(check, name, where, field, value)


def text_or_path(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """`ErrorPath` and `CausePath`: a reference path, or a function that gives a text."""
    if isinstance(value, str) and not value.startswith("$"):
        from assay.analysis.state_intrinsics import GIVES_TEXT, call_fault

        fault = call_fault(value, GIVES_TEXT)
        if fault:
            check.say(f"state {name}: {field} {fault}", (*where, field))
    else:
        reference(check, name, where, field, value)


def text(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """A text; it may be an expression in a JSONata state."""
    if isinstance(value, str):
        if check.jsonata:
            expressions(check, name, where, field, value)
    elif not isinstance(value, Text):
        known(value)
        check.say(f"state {name}: {field} is {shown(value)}, not a text", (*where, field))


def boolean(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    if not isinstance(known(value), bool):
        check.say(f"state {name}: {field} is {shown(value)}, neither true nor false", (*where, field))


def timestamp(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """A time as RFC 3339 writes it, with `T` and an offset or `Z`; an expression in a JSONata state."""
    if check.jsonata and isinstance(value, str) and "%" in value:
        expressions(check, name, where, field, value)
    elif not isinstance(known(value), str) or not _is_time(value):
        check.say(f"state {name}: {field} is {shown(value)}, no time like 2026-03-14T01:59:00Z", (*where, field))


def _is_time(value: str) -> bool:
    from datetime import datetime

    if _TIME.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def label(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """The label of a Map: at most 40 characters, none of those that a name must not hold, and no other Map's."""
    if not isinstance(known(value), str) or not 0 < len(value) <= 40 or _UNFIT_LABEL.search(value) is not None:
        what = f"state {name}: {field} is {shown(value)}, not 1 to 40 characters without space, brackets or wildcards"
        check.say(what, (*where, field))
    elif value in check.labels:
        check.say(f"state {name}: {field} {value} is that of another Map", (*where, field))
    else:
        check.labels.add(value)


# --- payload templates and expressions --------------------------------------------------------------------------------


def template(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """A payload template: below names that end in `.$` stand paths and intrinsic functions."""
    if check.jsonata:
        expressions(check, name, where, field, value)
    elif isinstance(value, (dict, list)):
        _template(check, name, (*where, field), value)
    else:
        known_but_text(value)


def _template(check: Check, name: str, at: ValuePath, value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith(".$"):
                if key[:-2] in value:
                    check.say(f"state {name}: {key[:-2]} and {key} are one and the same field", (*at, key))
                try:
                    _selected(check, name, at, key, inner)
                except Undetermined as doubt:  # hides nothing of the others
                    check.wonder(doubt.unknown)
            elif isinstance(inner, (dict, list)):
                _template(check, name, (*at, key), inner)
    else:
        for i, inner in enumerate(list.__iter__(value)):
            if isinstance(inner, (dict, list)):
                _template(check, name, (*at, i), inner)
        check.wonder_at_more(value)


def _selected(check: Check, name: str, at: ValuePath, key: str, value: Any) -> None:
    """The value under a name that ends in `.$`; of one that is known in part a word stands for the rest."""
    if value == "$" or value is None:
        return
    if isinstance(value, Text) and value.prefix:
        if _selects(with_words(value)):
            raise Undetermined(value)
        return
    fault = _selects(known(value)) if isinstance(known(value), str) else "is no text"
    if fault:
        check.say(f"state {name}: {key} takes a path or an intrinsic function: {shown(value)} {fault}", (*at, key))


def _selects(value: str) -> str:
    if value.startswith("$"):
        return "" if PLAIN.match(value) is not None else path_fault(value)
    from assay.analysis.state_intrinsics import call_fault

    return call_fault(value)


def with_words(value: Text) -> str:
    """A text with a word in place of each piece that nobody knows."""
    return "".join(p if isinstance(p, str) else "x" for p in value.parts)


def known_but_text(value: Any) -> Any:
    """A text, known or in part; None stays."""
    return value if isinstance(value, (str, Text)) else known(value)


def expressions(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """Every text of a JSONata field, at every depth."""
    _expressions(check, f"state {name}: {field}", (*where, field), value)


def _expressions(check: Check, subject: str, at: ValuePath, value: Any) -> None:
    if isinstance(value, str):
        if "%" in value:
            from assay.analysis.state_jsonata import expression_fault

            fault = expression_fault(value, check.readable)
            if fault:
                check.say(f"{subject} ({shown(value)}) {fault}", at)
    elif isinstance(value, Text):
        if any("%" in piece for piece in value.literals):
            from assay.analysis.state_jsonata import expression_fault

            if expression_fault(with_words(value), check.readable):
                check.wonder(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _expressions(check, subject, (*at, key), inner)
    elif isinstance(value, list):
        for i, inner in enumerate(list.__iter__(value)):
            _expressions(check, subject, (*at, i), inner)
        check.wonder_at_more(value)


def needs_expression(check: Check, name: str, where: ValuePath, field: str, value: str) -> None:
    """A text that must be an expression, since nothing else that is a text has sense there."""
    if value.startswith("{%") or value.endswith("%}"):
        expressions(check, name, where, field, value)
    else:
        check.say(f"state {name}: {field} is the text {shown(value)}, no expression in {{% %}}", (*where, field))


def items(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """What a JSONata Map goes through: a list, an object, or an expression."""
    if isinstance(known_but_text(value), str):
        needs_expression(check, name, where, field, value)
    elif isinstance(value, (list, dict)):
        expressions(check, name, where, field, value)
    elif not isinstance(value, Text):
        check.say(f"state {name}: {field} is {shown(value)}, neither a list nor an expression", (*where, field))


# --- variables --------------------------------------------------------------------------------------------------------


def assign(check: Check, name: str, where: ValuePath, field: str, value: Any) -> None:
    """An object whose names are those of variables. The service takes a name that a scope around it has too."""
    if not isinstance(known(value), dict):
        check.say(f"state {name}: {field} is {shown(value)}, not an object of variables", (*where, field))
        return
    template(check, name, where, field, value)
    for key in value:
        variable = key if check.jsonata else key.removesuffix(".$")
        fault = ""
        if variable == "states":
            fault = "is reserved"
        elif not variable.isidentifier() or variable[0] == "_":  # as Unicode's annex 31 has it
            fault = "is no name of a variable: a letter comes first, then letters, digits and _"
        elif len(variable) > 80:
            fault = "has more than 80 characters"
        if fault:
            check.say(f"state {name}: the variable {variable[:90]} {fault}", (*where, field, key))

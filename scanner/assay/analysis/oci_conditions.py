"""What OCI conditions and statements amount to: who is bound, what is left out, and what another one grants already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.oci_policy_language import Group, Predicate, lower
from assay.model import Undetermined, Unknown, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Callable


def guarantees(condition: Any, test: Callable[[Predicate], object]) -> bool:
    """True when nobody meets the condition without meeting a comparison for which `test` holds.

    Raises:
        Undetermined: an unknown part of the condition decides.
    """
    if condition is None:
        return False
    if isinstance(condition, Unknown):
        raise Undetermined(condition)
    if isinstance(condition, Group):
        judge = any_of if condition.every else all_of
        return judge(condition.parts, lambda part: guarantees(part, test))
    return bool(test(condition))


def is_positive(predicate: Predicate) -> bool:
    """True when the comparison names what is admitted, not what is excluded."""
    return predicate.operator in ("=", "in")


def names_principal(condition: Any) -> bool:
    """True when the condition ties the caller to a known principal, resource or source."""
    return guarantees(condition, lambda p: is_positive(p) and p.variable.startswith(_PRINCIPAL))


_PRINCIPAL = ("request.principal.", "request.user.", "request.groups.", "request.instance.", "request.resource.")


def narrows(condition: Any) -> bool:
    """True when the condition names what may be done, or on what: a permission, an operation or a target."""
    named = ("request.permission", "request.operation")
    return guarantees(condition, lambda p: is_positive(p) and (p.variable in named or p.variable.startswith("target.")))


def spares_administrators(condition: Any) -> bool:
    """True when the condition leaves the group Administrators out of what may be changed."""

    def judge(p: Predicate) -> bool:
        if p.variable not in ("target.group.name", "target.group.id"):
            return False
        named = any_of(p.values, lambda v: glob_matches(v, "administrators"))
        return named != is_positive(p) if p.variable.endswith(".name") else True

    return guarantees(condition, judge)


def excludes_permission(condition: Any, permission: str) -> bool:
    """True when the condition leaves `permission` out."""

    def judge(p: Predicate) -> bool:
        if p.variable != "request.permission":
            return False
        named = any_of(p.values, lambda v: glob_matches(v, permission))
        return not named if is_positive(p) else named

    return guarantees(condition, judge)


def glob_matches(pattern: Any, text: str) -> bool:
    """True when a value of a condition, or a `/glob*/`, is `text`, case aside.

    Raises:
        Undetermined: the value is unknown.
    """
    if isinstance(pattern, Unknown):
        return bool(lower(pattern) == text.lower())
    plain = str(pattern).lower()
    if len(plain) > 1 and plain[0] == plain[-1] == "/":
        return fits(plain[1:-1].split("*"), text.lower())
    return plain == text.lower()


def fits(pieces: list[str], text: str) -> bool:
    """Whether the pieces follow each other in the text, the first at its start and the last at its end."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(last) >= at and text.endswith(last)


def always(condition: Any) -> set[str]:
    """The variables that every way through the condition compares positively.

    Raises:
        Undetermined: a part of the condition is unknown.
    """
    if isinstance(condition, Unknown):
        raise Undetermined(condition)
    if isinstance(condition, Group):
        inner = [always(part) for part in condition.parts]
        return set.union(*inner) if condition.every else set.intersection(*inner)
    return {condition.variable} if isinstance(condition, Predicate) and is_positive(condition) else set()


def predicates(condition: Any) -> list[Predicate]:
    """Every comparison in the condition, whatever stands around it; unknown parts are left out."""
    if isinstance(condition, Group):
        return [p for part in condition.parts for p in predicates(part)]
    return [condition] if isinstance(condition, Predicate) else []

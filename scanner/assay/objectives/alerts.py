"""The alert policies of an SLO: AlertPolicy and AlertCondition, in the SLO or documents of their own.

Of an alert condition OpenSLO has one kind, burnrate. Whom a policy tells is a name for whoever sends alerts: only
whether there is such a name is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.objectives.windows import Fault, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Find = Callable[[str, str], dict[str, Any] | None]

OPERATORS = ("gt", "gte", "lt", "lte")
SIGNALS = ("alertWhenBreaching", "alertWhenNoData")


class Alert(NamedTuple):
    """One condition of a policy: when the budget's pace over `lookback` seconds has been beyond `threshold` for
    `after` seconds; `breaching` and `no_data` are what it tells of."""

    policy: str
    condition: str
    severity: str
    op: str
    threshold: float
    lookback: int
    after: int
    breaching: bool
    no_data: bool


def alerts(spec: Mapping[str, Any], find: Find, notes: list[str]) -> Iterator[Alert | Fault]:
    """The alerts that an SLO declares, or what is wrong with one.

    Args:
        spec: the SLO's.
        find: gives the spec of an object by its kind and name, None where there is none.
        notes: what is to be said of a policy that can be judged all the same.
    """
    written = spec.get("alertPolicies")
    if written is None:
        return
    if not isinstance(written, list):
        yield Fault("alertPolicies is no list")
        return
    for one in written:
        try:
            name, policy = _object(one, "AlertPolicy", "alertPolicyRef", find)
            yield from _policy(name, policy, find, notes)
        except Fault as fault:
            yield fault


def _policy(name: str, policy: dict[str, Any], find: Find, notes: list[str]) -> Iterator[Alert]:
    conditions = policy.get("conditions")
    if not isinstance(conditions, list) or len(conditions) != 1:
        raise Fault(f"the AlertPolicy {name} has one condition in a list, conditions")
    tells = {sign: policy.get(sign, False) for sign in SIGNALS}
    for sign, value in tells.items():
        if not isinstance(value, bool):
            raise Fault(f"{sign} of the AlertPolicy {name} is {value!r}; it is true or false")
    said, spec = _object(conditions[0], "AlertCondition", "conditionRef", find)
    condition = spec.get("condition")
    if not isinstance(condition, dict):
        raise Fault(f"the AlertCondition {said} has no condition")
    if condition.get("kind", "burnrate") != "burnrate":
        raise Fault(f"the AlertCondition {said} is of kind {condition['kind']!r}; OpenSLO has burnrate")
    op = condition.get("op", "gt")
    if op not in OPERATORS:
        raise Fault(f"op of the AlertCondition {said} is {op!r}; there are {', '.join(OPERATORS)}")
    _targets(name, policy, find, notes)
    if not any(tells.values()):
        notes.append(f"the AlertPolicy {name} alerts neither when breaching nor without data: it is not judged")
        return
    yield Alert(
        name, said, str(spec.get("severity") or ""), op, _threshold(condition, said),
        seconds(condition.get("lookbackWindow"), f"lookbackWindow of the AlertCondition {said}"),
        _after(condition.get("alertAfter"), said), *tells.values(),
    )  # fmt: skip


def _threshold(condition: dict[str, Any], said: str) -> float:
    value = condition.get("threshold")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise Fault(f"threshold of the AlertCondition {said} is {value!r}; it is a number, times the budget's pace")
    return float(value)


def _after(value: Any, said: str) -> int:
    return 0 if value in (None, "0m") else seconds(value, f"alertAfter of the AlertCondition {said}")


def _targets(name: str, policy: dict[str, Any], find: Find, notes: list[str]) -> None:
    targets = policy.get("notificationTargets")
    named = [t.get("targetRef") for t in targets if isinstance(t, dict)] if isinstance(targets, list) else []
    if not targets:
        notes.append(f"the AlertPolicy {name} has no notificationTargets: nobody is told")
    notes += [
        f"the AlertPolicy {name} tells {target}, and no AlertNotificationTarget has that name"
        for target in named if target and find("AlertNotificationTarget", str(target)) is None
    ]  # fmt: skip


def _object(one: Any, kind: str, reference: str, find: Find) -> tuple[str, dict[str, Any]]:
    """The name and the spec of an object that stands here, or is referred to."""
    if not isinstance(one, dict):
        raise Fault(f"{one!r} is no {kind}: write {reference}: NAME, or the object itself")
    name = one.get(reference)
    if name:
        found = find(kind, str(name))
        if found is None:
            raise Fault(f"{reference} {name}: there is no {kind} of that name in the files given")
        return str(name), found
    metadata, spec = one.get("metadata"), one.get("spec")
    if not isinstance(spec, dict):
        raise Fault(f"an {kind} stands here without a spec, and without {reference}")
    return str(metadata.get("name") if isinstance(metadata, dict) else kind), spec

"""OCI event rules: which events they match, and whether anybody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Undetermined, all_of, any_of, as_list, is_map

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.model import Resource

_IDENTITY, _NETWORK = "com.oraclecloud.identitycontrolplane.", "com.oraclecloud.virtualnetwork."


def _changes(service: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{service}{verb}{name}" for name in names for verb in ("create", "delete"))


# What the CIS benchmark wants announced, by representative events: who writes a rule for one names its siblings too.
GROUPS = {
    "identity providers": _changes(_IDENTITY, "identityprovider"),
    "group mappings": _changes(_IDENTITY, "idpgroupmapping"),
    "groups": _changes(_IDENTITY, "group"),
    "policies": _changes(_IDENTITY, "policy"),
    "users": _changes(_IDENTITY, "user"),
    "networks": _changes(_NETWORK, "vcn"),
    "route tables": _changes(_NETWORK, "routetable"),
    "security lists": _changes(_NETWORK, "securitylist"),
    "security groups": _changes(_NETWORK, "networksecuritygroup"),
    "gateways": _changes(_NETWORK, "internetgateway", "natgateway", "drg"),
    "findings of Cloud Guard": ("com.oraclecloud.cloudguard.problemdetected",),
    "local sign-ins": ("com.oraclecloud.identitysignon.interactivelogin",),
}


def _types(rule: Resource) -> list[Any]:
    """The event types of a rule's condition."""
    condition = rule.json("condition")
    if not is_map(condition):
        return []
    if condition == {}:  # matches every event there is
        return ["*"]
    return as_list(next((v for k, v in condition.items() if k.lower() == "eventtype"), None))


def announced(rules: Iterable[Resource], group: str) -> bool:
    """True when one of the rules tells somebody of the events of a group."""
    return any_of(rules, lambda rule: notifies(rule) and covered(rule, GROUPS[group]))


def covered(rule: Resource, events: tuple[str, ...]) -> bool:
    """True when the rule matches all these events; a suffix such as `.begin` belongs to the same event."""
    types = _types(rule)
    return all_of(events, lambda e: any_of(types, lambda t: _matches(t, e)))


def _matches(wanted: Any, event: str) -> bool:
    """Whether an event type of a condition, with `*` for whatever stands there, is the event's."""
    text = wanted.lower()
    if isinstance(text, str) and "*" in text:
        from assay.analysis.oci_conditions import fits

        return fits(text.split("*"), event)
    return bool(text == event or text.startswith(f"{event}."))


def is_about_governance(rules: Iterable[Resource]) -> bool:
    """True when one of the rules certainly matches changes of identities or of networks."""

    def judge(rule: Resource) -> bool:
        return any_of(_types(rule), lambda t: t.lower().startswith((_IDENTITY, _NETWORK)))

    try:
        return any_of(rules, judge)
    except Undetermined:  # a rule of unknown purpose makes nobody responsible for this one
        return False


def notifies(rule: Resource) -> bool:
    """True when the rule is on and tells a notification topic, a stream or a function."""
    if rule["is_enabled"] == False:  # noqa: E712 - an Unknown answers ==
        return False
    for path in ("actions.actions", "actions.action"):  # the provider knows both names
        if any_of(rule.each(path), lambda action: action["is_enabled"] != False):  # noqa: E712
            return True
    return False

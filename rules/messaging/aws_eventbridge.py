"""EventBridge rules: on the right bus, with a pattern that says what it wants."""

from collections.abc import Iterator
from typing import Any

from assay import LOW, MEDIUM, Finding, Resource, any_of, as_list, is_map, rule
from assay.analysis.aws_events import of_application

ALMOST_EVERYTHING = ("", "*", "aws", "aws.", "aws.*")


def catches_all(test: Any) -> bool:
    """True for a pattern element that excludes nearly nothing."""
    if not is_map(test):
        return False
    word = test.get("prefix", test.get("wildcard", test.get("suffix")))
    return test.get("exists") == True or (word != None and word in ALMOST_EVERYTHING)


@rule(on="aws_cloudwatch_event_rule", severity=LOW)
def aws_event_bus_default(event_rule: Resource) -> Iterator[Finding]:
    """Application events travel on a bus of their own.

    ## Why
    The default bus carries the events of every AWS service in the account. Application events there share its quota,
    its policy and its archive, and anybody who may put events can imitate them.
    ## Fix
    Create an `aws_cloudwatch_event_bus` and set `event_bus_name`.
    """
    bus = event_rule["event_bus_name"]
    if bus != None and bus != "default" and not bus.endswith(":event-bus/default"):
        return
    pattern = event_rule.json("event_pattern")
    if is_map(pattern) and any_of(as_list(pattern.get("source")), of_application):
        yield event_rule.fails("a rule on application events sits on the default bus", at="event_bus_name")


@rule(on="aws_cloudwatch_event_rule", severity=LOW)
def aws_event_pattern_too_broad(event_rule: Resource) -> Iterator[Finding]:
    """Event patterns name the source or the detail type they are for.

    ## Why
    A pattern on the account alone, or on a bare prefix, also matches events that nobody thought of: its targets run and
    cost on each of them, and may feed their own events back in a loop.
    ## Fix
    Name `source` and `detail-type` in the pattern.
    """
    pattern = event_rule.json("event_pattern")
    if not is_map(pattern):
        return
    named = [as_list(pattern.get(key)) for key in ("source", "detail-type") if pattern.get(key) != None]
    if not any_of(named, lambda tests: not any_of(tests, catches_all)):
        said = "a bare prefix" if named else "neither source nor detail-type"
        yield event_rule.fails(f"the pattern names {said}", at="event_pattern")


@rule(on="aws_cloudwatch_event_rule", severity=MEDIUM)
def aws_secret_rotation_event_early(event_rule: Resource) -> Iterator[Finding]:
    """What follows a rotation waits for its success.

    ## Why
    `RotateSecret` is the call that starts a rotation. Who reads the secret then still gets the old value.
    ## Fix
    Match the event name `RotationSucceeded`, which Secrets Manager sends when the new value is current.
    """
    pattern = event_rule.json("event_pattern")
    detail = pattern.get("detail", {}) if is_map(pattern) else {}
    if is_map(detail) and any_of(as_list(detail.get("eventName")), lambda name: name == "RotateSecret"):
        yield event_rule.fails("the pattern matches RotateSecret, which only starts a rotation", at="event_pattern")

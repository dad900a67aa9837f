"""The operators of conditions that AWS has (IAM User Guide, "IAM JSON policy elements: Condition operators")."""

from __future__ import annotations

OPERATORS = frozenset(
    kind + negation + how
    for kind, negations, ways in (
        ("string", ("", "not"), ("equals", "equalsignorecase", "like")),
        ("numeric", ("", "not"), ("equals",)),
        ("date", ("", "not"), ("equals",)),
        ("numeric", ("",), ("lessthan", "lessthanequals", "greaterthan", "greaterthanequals")),
        ("date", ("",), ("lessthan", "lessthanequals", "greaterthan", "greaterthanequals")),
        ("arn", ("", "not"), ("equals", "like")),
        ("bool", ("",), ("",)),
        ("binary", ("",), ("equals",)),
    )
    for negation in negations
    for how in ways
) | {"ipaddress", "notipaddress"}


def is_operator(name: str) -> bool:
    """True for a condition operator that AWS has, in any case, with its set and `IfExists` parts."""
    plain = name.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:")
    return plain == "null" or plain.removesuffix("ifexists") in OPERATORS

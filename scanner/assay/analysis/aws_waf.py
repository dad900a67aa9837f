"""What a web ACL's rules do, through the rule groups they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.decode import decode
from assay.model import Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View


def limits_rate(acl: Resource, graph: Graph) -> bool:
    """True when a rule of the ACL, or of a rule group it refers to, is rate-based."""
    text = decode(acl["rule_json"])
    if isinstance(text, Unknown):
        raise Undetermined(text)
    if text is not None and "RateBasedStatement" in repr(text):
        return True
    return any_of(acl.each("rule"), lambda rule: _is_rate_rule(rule, graph))


def _is_rate_rule(rule: View, graph: Graph) -> bool:
    if not rule.absent("statement.rate_based_statement"):
        return True
    if rule.absent("statement.rule_group_reference_statement.arn"):
        return False
    groups = graph.follow(rule, "statement.rule_group_reference_statement.arn")
    return any_of(groups, lambda g: any_of(g.each("rule"), lambda r: not r.absent("statement.rate_based_statement")))

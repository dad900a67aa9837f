"""What a web ACL's rules do: those in blocks, those written as JSON, those that an association adds, and those in the
rule groups they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.decode import decode
from assay.model import Ref, Undetermined, Unknown, any_of, is_map

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View

ASSOCIATION = "aws_wafv2_web_acl_rule_group_association"


def has_rules(acl: Resource, graph: Graph) -> bool:
    """True when the ACL has a rule, however it is written."""
    blocks = "rules" if acl.type == "aws_waf_web_acl" else "rule"
    tests = (lambda: bool(acl.each(blocks)), lambda: bool(_written(acl, "rule_json")), lambda: bool(_added(acl, graph)))
    return any_of(tests, lambda test: test())


def limits_rate(acl: Resource, graph: Graph) -> bool:
    """True when a rule of the ACL, or of a rule group it refers to, is rate-based.

    Raises:
        Undetermined: nobody can tell; what is in a group that is not here, for one.
    """
    tests = (
        lambda: any_of(acl.each("rule"), lambda rule: _limits(rule, graph)),
        lambda: any_of(_written(acl, "rule_json"), lambda rule: _limits_written(rule, acl, graph)),
        lambda: any_of(_added(acl, graph), lambda one: _group_limits(one, "rule_group_reference.arn", graph)),
    )
    return any_of(tests, lambda test: test())


def refuses_bad_inputs(acl: Resource, graph: Graph) -> bool:
    """True when a rule uses the managed group against known bad inputs and does not turn it into a counter."""
    tests = (
        lambda: any_of(acl.each("rule"), _refuses),
        lambda: any_of(_written(acl, "rule_json"), _refuses_written),
        lambda: any_of(_added(acl, graph), _adds_refusal),
    )
    return any_of(tests, lambda test: test())


# --- rate limits ------------------------------------------------------------------------------------------------------

_REFERENCE = "statement.rule_group_reference_statement.arn"


def _limits(rule: View, graph: Graph) -> bool:
    return not rule.absent("statement.rate_based_statement") or _group_limits(rule, _REFERENCE, graph)


def _group_limits(view: View, path: str, graph: Graph) -> bool:
    return not view.absent(path) and any_of(graph.follow(view, path), _holds_limit)


def _holds_limit(group: Resource) -> bool:
    if any_of(group.each("rule"), lambda rule: not rule.absent("statement.rate_based_statement")):
        return True
    return any_of(_written(group, "rules_json"), lambda rule: "RateBasedStatement" in _statement(rule))


def _limits_written(rule: Any, acl: Resource, graph: Graph) -> bool:
    statement = _statement(rule)
    if "RateBasedStatement" in statement:
        return True
    reference = statement.get("RuleGroupReferenceStatement")
    if not is_map(reference):
        return False
    arn = reference.get("ARN")
    group = graph.find(arn.target, acl.root, acl.source) if isinstance(arn, Ref) else None
    if group is None:
        raise Undetermined(Unknown("what the rule group holds that its rule_json refers to is not known"))
    return _holds_limit(group)


# --- known bad inputs -------------------------------------------------------------------------------------------------

_BAD_INPUTS = "AWSManagedRulesKnownBadInputsRuleSet"
_LOOKUPS = ("Log4JRCE", "Log4JRCE_HEADER", "Log4JRCE_QUERYSTRING", "Log4JRCE_URI", "Log4JRCE_BODY")
_MANAGED = "statement.managed_rule_group_statement"


def _refuses(rule: View) -> bool:
    if rule[f"{_MANAGED}.name"] != _BAD_INPUTS or not rule.absent("override_action.count"):
        return False
    if any_of(rule.each(f"{_MANAGED}.excluded_rule"), lambda excluded: excluded["name"] in _LOOKUPS):
        return False  # as the provider wrote it before its version 5: it counts too
    return not any_of(rule.each(f"{_MANAGED}.rule_action_override"), _lets_lookup_pass)


def _lets_lookup_pass(override: View) -> bool:
    return override["name"] in _LOOKUPS and any_of(
        ("count", "allow"), lambda action: not override.absent(f"action_to_use.{action}")
    )


def _refuses_written(rule: Any) -> bool:
    managed = _statement(rule).get("ManagedRuleGroupStatement")
    if not is_map(managed) or managed.get("Name") != _BAD_INPUTS or "Count" in (rule.get("OverrideAction") or {}):
        return False
    excluded = [
        {"Name": o.get("Name"), "ActionToUse": {"Count": {}}} for o in managed.get("ExcludedRules") or [] if is_map(o)
    ]
    overrides = [*excluded, *(o for o in managed.get("RuleActionOverrides") or [] if is_map(o))]
    return not any_of(
        overrides, lambda o: o.get("Name") in _LOOKUPS and bool({"Count", "Allow"} & set(o.get("ActionToUse") or {}))
    )


def _adds_refusal(association: Resource) -> bool:
    groups = association.each("managed_rule_group")
    return association["override_action"] != "count" and any_of(
        groups, lambda g: g["name"] == _BAD_INPUTS and not any_of(g.each("rule_action_override"), _lets_lookup_pass)
    )


# --- where rules are written ------------------------------------------------------------------------------------------


def _added(acl: Resource, graph: Graph) -> list[Resource]:
    """The associations that add a rule group to the ACL."""
    return graph.users(acl, ASSOCIATION) if acl.type == "aws_wafv2_web_acl" and acl.source != "aws" else []


def _written(r: Resource, path: str) -> list[Any]:
    """The rules that a text of JSON holds, as the API takes them.

    Raises:
        Undetermined: the text is not known.
    """
    document = decode(r[path]) if r[path] != "" else None
    if isinstance(document, Unknown):
        raise Undetermined(document)
    return document if isinstance(document, list) else [document] if is_map(document) else []


def _statement(rule: Any) -> Any:
    found = rule.get("Statement") if is_map(rule) else None
    return found if is_map(found) else {}

"""ARNs of resources that are not made yet: a reference to one is spelled as the ARN it will have, as far as known.

The account and the region of the configuration are characters of their own unless they are given: they are the same
wherever the configuration means its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Ref, Unknown

if TYPE_CHECKING:
    from assay.analysis.inclusion import Symbols
    from assay.graph import Graph
    from assay.model import Resource

FORMS = {
    "aws_iam_role": "arn:aws:iam::{account}:role{path}{name}",
    "aws_iam_user": "arn:aws:iam::{account}:user{path}{name}",
    "aws_iam_group": "arn:aws:iam::{account}:group{path}{name}",
    "aws_iam_policy": "arn:aws:iam::{account}:policy{path}{name}",
    "aws_iam_instance_profile": "arn:aws:iam::{account}:instance-profile{path}{name}",
    "aws_s3_bucket": "arn:aws:s3:::{bucket}",
    "aws_sqs_queue": "arn:aws:sqs:{region}:{account}:{name}",
    "aws_sns_topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws_lambda_function": "arn:aws:lambda:{region}:{account}:function:{function_name}",
    "aws_dynamodb_table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws_sfn_state_machine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "aws_cloudwatch_event_bus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "aws_cloudwatch_log_group": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws_ecr_repository": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "aws_kinesis_stream": "arn:aws:kinesis:{region}:{account}:stream/{name}",
}
"""The ARN of a type by its own attributes."""

ALSO = {
    ("aws_s3_bucket", "id"): "bucket", ("aws_iam_role", "id"): "name", ("aws_iam_role", "name"): "name",
    ("aws_iam_user", "id"): "name", ("aws_iam_user", "name"): "name", ("aws_iam_group", "name"): "name",
}  # fmt: skip
"""Computed attributes that are another one's value."""

_OWN = {"aws_caller_identity": "account", "aws_region": "region", "aws_partition": "partition"}


class Names:
    """The ARNs of one configuration or account.

    Args:
        scope: a resource of it.
        account: its number, when the question tells.
    """

    def __init__(self, graph: Graph, scope: Resource, symbols: Symbols, account: str = "", region: str = "") -> None:
        self.graph = graph
        self.scope = scope
        self.symbols = symbols
        self.own = {
            "account": account or scope.account or symbols.of("${account}"),
            "region": region or scope.region or symbols.of("${region}"),
            "partition": "aws",
        }

    def named(self, r: Resource) -> str:
        """A character for the name that nobody knows of a resource."""
        return self.symbols.of("${" + r.address + ".name}")

    def text(self, value: Unknown) -> str | None:
        """What a reference will be, None when nobody can tell."""
        if not isinstance(value, Ref):
            return None
        kind = value.target.removeprefix("data.").rpartition(".data.")[2].partition(".")[0]
        if kind in _OWN and "data." in value.target:
            own = value.attribute in ("account_id", "id", "name", "region", "partition")
            return self.own[_OWN[kind]] if own else None
        target = self.graph.find(value.target, self.scope.root, self.scope.source)
        if target is None:
            return None
        if value.attribute == "arn":
            return self.arn(target)
        other = ALSO.get((target.type, value.attribute))
        found = target.values.get(other) if other else None
        return found if isinstance(found, str) else None

    def arn(self, r: Resource) -> str | None:
        """The ARN of a resource, as far as its name is known."""
        known = r.values.get("arn")
        if isinstance(known, str):
            return known
        form = FORMS.get(r.type)
        if form is None:
            return None
        fields: dict[str, Any] = {**self.own, "path": r.values.get("path") or "/"}
        for name in ("name", "bucket", "function_name"):
            fields[name] = r.values.get(name)
        wanted = form.rpartition("{")[2].rstrip("}")
        if any(not isinstance(fields[f], str) for f in ("path", wanted)):
            return None
        return form.format(**fields)

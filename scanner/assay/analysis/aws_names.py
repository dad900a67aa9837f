"""ARNs of resources that are not made yet: a reference to one is spelled as the ARN it will have, as far as known.

The account and the region of the configuration are characters of their own unless they are given: they are the same
wherever the configuration means its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Ref, Unknown
from assay.tuples import NamedTuple

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


_WITH_SLASHES = ("aws_cloudwatch_log_group", "aws_ecr_repository", "aws_cloudwatch_event_bus")


class Unmade(NamedTuple):
    """A resource whose ARN nobody knows, and what in it is meant (`/key`, or nothing)."""

    resource: Resource
    inside: str = ""

    @property
    def is_named(self) -> bool:
        """Whether all that is not known of its ARN is a name, and one without slashes."""
        r = self.resource
        return r.type in FORMS and r.type not in _WITH_SLASHES and not isinstance(r.values.get("path"), Unknown)

    @property
    def why(self) -> str:
        """Why nobody knows its ARN."""
        r = self.resource
        name = r.values.get(_field(r.type)) if r.type in FORMS else None
        return name.reason if isinstance(name, Unknown) else Ref(r.address, "arn").reason


def _field(type_: str) -> str:
    """The attribute that an ARN of a type ends in."""
    return FORMS[type_].rpartition("{")[2].rstrip("}")


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
        wanted = _field(r.type)
        if any(not isinstance(fields[f], str) for f in ("path", wanted)):
            return None
        return form.format(**fields)

    def spelled(self, unmade: Unmade) -> str:
        """The ARN of a resource that has none yet: a character stands for each piece that nobody knows.

        From here on a reference to it, and the unknown in its name, are spelled the same wherever they stand.
        """
        r = unmade.resource
        name, arn = "", self.symbols.of(Ref(r.address, "arn"))
        own: set[Any] = set()
        if r.type in FORMS:
            name, own = self._name(r)
            path = r.values.get("path") or "/"
            fields: dict[str, Any] = {**self.own, "path": path if isinstance(path, str) else self.named(r)}
            arn = FORMS[r.type].format(**{**fields, _field(r.type): name})

        def resolve(value: Unknown) -> str | None:
            if isinstance(value, Ref) and value.target == r.address:
                if value.attribute == "arn":
                    return arn
                if ALSO.get((r.type, value.attribute)) == _field(r.type):
                    return name
            return self.symbols.of(value) if value.key is not None and value.key in own else self.text(value)

        self.symbols.resolve = resolve
        return f"{arn}{unmade.inside}"

    def _name(self, r: Resource) -> tuple[str, set[Any]]:
        """The name of a resource as far as it is known, and the identities of the unknown pieces in it."""
        field = _field(r.type)
        value, begun = r.values.get(field), r.values.get("bucket_prefix" if field == "bucket" else "name_prefix")
        if isinstance(value, Unknown) and not isinstance(begun, str):
            holes: list[Unknown] = []
            return self.symbols.spell(value, holes), {u.key for u in holes}
        return value if isinstance(value, str) else f"{begun or ''}{self.named(r)}", set()

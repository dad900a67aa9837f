"""Who may assume a role: accounts, services and identity providers of a trust policy's statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_policy_documents import DOCUMENT, block_statements, statements
from assay.model import PartialList, Ref, Text, any_of

if TYPE_CHECKING:
    from assay.analysis.aws_policy import Condition, Statement
    from assay.graph import Graph
    from assay.model import Resource

GITHUB = "token.actions.githubusercontent.com"
SOCIAL = ("cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com")
CHOSEN_BY_STRANGERS = ("workflow", "environment", "ref", "context", "head_ref", "base_ref")
"""Claims a subject may begin with whose value any repository can choose for itself."""

CALLS_FOR_OTHERS = (
    "apigateway", "appflow", "appsync", "backup", "batchoperations.s3", "bedrock", "cloudtrail", "codebuild",
    "codepipeline", "config", "databrew", "delivery.logs", "dms", "events", "firehose", "glue", "iot", "kendra", "logs",
    "mediaconvert", "pipes", "rekognition", "s3", "sagemaker", "scheduler", "sns", "ssm", "states", "textract",
    "transcribe", "transfer", "vpc-flow-logs",
)  # fmt: skip
"""Services that act for the customers of any account and send `aws:SourceArn` or `aws:SourceAccount` when they do."""


def trust_statements(r: Resource, graph: Graph) -> list[Statement]:
    """Who may assume a role: the trust policy of a role."""
    return statements(r, "assume_role_policy", graph)


def web_identity(r: Resource, graph: Graph) -> list[Statement]:
    """The statements that let an OpenID provider's users in: of a role's trust, or of a data document."""
    found = block_statements(r) if r.type == DOCUMENT else trust_statements(r, graph)
    known = [s for s in list.__iter__(found) if s.block is None and _federated(s)]
    return PartialList(known, found.unknown) if isinstance(found, PartialList) else known


def _federated(s: Statement) -> bool:
    return s.allows and any(p[0] == "Federated" for p in list.__iter__(s.principals))


def providers(s: Statement) -> list[Any]:
    """The identity providers a statement trusts."""
    return [p[1] for p in list.__iter__(s.principals) if p[0] == "Federated"]


def of_github(s: Statement) -> bool:
    """True when one of the providers is GitHub's."""
    return any(_mentions(p, GITHUB) for p in providers(s)) or any(
        isinstance(c.key, str) and c.key.startswith(GITHUB) for c in list.__iter__(s.conditions)
    )


def of_social(s: Statement) -> bool:
    """True for the public providers whose users are told apart by other claims than a subject."""
    return any(isinstance(p, str) and p in SOCIAL for p in providers(s)) or any(
        isinstance(p, str) and ":saml-provider/" in p for p in providers(s)
    )


def _mentions(value: Any, word: str) -> bool:
    pieces = value.literals if isinstance(value, Text) else [value] if isinstance(value, str) else []
    return any(word in piece for piece in pieces)


def claim(s: Statement, name: str) -> list[Condition]:
    """The conditions that fix a claim of the token (`sub`, `aud`)."""
    return [c for c in s.conditions if c.positive and c.key.endswith(f":{name}")]


def open_values(condition: Condition) -> bool:
    """True when a value has a wildcard that its operator takes as one."""
    return "like" in condition.operator and any_of(condition.values, lambda v: "*" in v or "?" in v)


def github_subject_open(value: Any) -> str:
    """What is wrong with a subject that a GitHub trust admits, or an empty text."""
    if value == "*" or value == "":
        return "any repository"
    first, _, rest = _text(value).partition(":")
    if first in CHOSEN_BY_STRANGERS:
        return f"the claim {first}, which any repository can choose,"
    if first.startswith(("*", "?")):
        return "any repository"
    if first == "repo":
        owner, slash, repository = rest.partition("/")
        if "*" in owner or "?" in owner or not (slash and repository):
            return "the repositories of anybody"
    if isinstance(value, str) and ":" not in value:
        return "no repository at all"
    return ""


def _text(value: Any) -> str:
    """A value with `x` for what nobody knows: enough to see its shape."""
    if isinstance(value, Text):
        return "".join(p if isinstance(p, str) else "x" for p in value.parts)
    return str(value)


def is_account_root(principal: Any) -> bool:
    """True when a principal is an account as a whole: its root's ARN, or its bare digits."""
    if isinstance(principal, Ref):
        return principal.attribute in ("account_id", "account")
    if isinstance(principal, Text):
        return principal.startswith("arn:") and principal.endswith(":root")
    text = str(principal)
    return text.endswith(":root") or (len(text) == 12 and text.isdigit())


def lone_service(s: Statement) -> str:
    """The first service principal of a statement that is known to act for others, or an empty text.

    How its name ends, which the partition decides, may be unknown.
    """
    for kind, name in s.principals:
        if kind != "Service":
            continue
        known = name.prefix if isinstance(name, Text) and name.prefix.endswith(".") else str(name)
        service = known.removesuffix(".").removesuffix(".amazonaws.com")
        if service in CALLS_FOR_OTHERS:
            return f"{service}.amazonaws.com"
    return ""

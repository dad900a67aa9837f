"""Who may assume a role: accounts, services and identity providers of a trust policy's statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_arns import from_elsewhere
from assay.analysis.aws_policy_documents import DOCUMENT, block_statements, statements
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, any_of

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
    """Whether a statement trusts an identity provider, as far as its principals, else its actions tell."""
    if s.maybe_principals is not None:
        return s.allows and s.covers("sts:assumerolewithwebidentity")
    return s.allows and any(p[0] == "Federated" for p in list.__iter__(s.principals))


def providers(s: Statement) -> list[Any]:
    """The identity providers a statement trusts.

    Raises:
        Undetermined: nobody knows whom it trusts.
    """
    if (doubt := s.maybe_principals) is not None:
        raise Undetermined(doubt)
    return [p[1] for p in list.__iter__(s.principals) if p[0] == "Federated"]


def known_provider(s: Statement) -> None:
    """Say nothing where it is known whose tokens a statement takes, or a claim pins the subject.

    Raises:
        Undetermined: nobody knows, and other providers have other claims.
    """
    found = [p for p in providers(s) if isinstance(p, Unknown) and not isinstance(p, (Ref, Text))]
    if found and not claim(s, "sub"):
        raise Undetermined(found[0])


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
    """What is wrong with a subject that a GitHub trust admits, or an empty text.

    Raises:
        Undetermined: what decides, the claim that it begins with or where the owner ends, stands in an unknown piece.
    """
    if value == "*" or value == "":
        return "any repository"
    text = "".join(p if isinstance(p, str) else _HOLE for p in value.parts) if isinstance(value, Text) else str(value)
    first, colon, rest = text.partition(":")
    if first.startswith(("*", "?")):
        return "any repository"
    if _HOLE in first:
        raise Undetermined(value)
    if first in CHOSEN_BY_STRANGERS:
        return f"the claim {first}, which any repository can choose,"
    if first == "repo":
        owner, slash, repository = rest.partition("/")
        certain = owner if slash else owner.partition(_HOLE)[0]
        if "*" in certain or "?" in certain or (not (slash and repository) and _HOLE not in rest):
            return "the repositories of anybody"
        if not slash:
            raise Undetermined(value)
    return "" if colon else "no repository at all"


_HOLE = "\0"  # stands for a piece that nobody knows


def is_account_root(principal: Any) -> bool:
    """True when a principal is an account as a whole: its root's ARN, or its bare digits.

    Raises:
        Undetermined: it was written by somebody else.
    """
    if isinstance(principal, Ref):
        if principal.kind == "aws_organizations_account" or principal.attribute in ("account_id", "account"):
            return True
        if from_elsewhere(principal):
            raise Undetermined(principal)
        return False
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

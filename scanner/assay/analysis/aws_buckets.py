"""Buckets: what a public access block, their own or the account's, keeps out whatever lists and policies say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_defaults import there
from assay.analysis.parts import certainly
from assay.model import Ref, Severity, Text, Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource

SETTINGS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
OWN, ACCOUNT = "aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"


def whole_bucket(arn: Any) -> bool:
    """True for a bucket, or all that is in it: not for a part of it.

    Raises:
        Undetermined: the ARN is not known at all.
    """
    if isinstance(arn, Ref):
        return True
    if isinstance(arn, Text):
        arn = "".join(p if isinstance(p, str) else "x" for p in arn.parts)
    if isinstance(arn, Unknown):
        raise Undetermined(arn)
    return str(arn).partition("/")[2] in ("", "*")


def blocks(r: Resource, setting: str, graph: Graph) -> bool:
    """True when a block of the bucket, or of its account, has the setting on.

    Args:
        r: a bucket, or what names one in `bucket`.

    Raises:
        Undetermined: nobody can tell; of a bucket that is not here only the account's block can be asked.
    """
    buckets = [r] if r.type == "aws_s3_bucket" else list.__iter__(graph.follow(r, "bucket"))
    own = [graph.users(b, OWN) for b in buckets if b.source != "uncollected"]

    def on(block: Resource) -> bool:
        return bool(block[setting] == True) and there(block)  # noqa: E712 - an Unknown answers ==

    return any_of([graph.beside(r, ACCOUNT), *own], lambda found: any_of(found, on))


def when_open(r: Resource, setting: str, graph: Graph) -> Severity | None:
    """The severity of something public: low where a block certainly makes it void, else the rule's own (None)."""
    return Severity.LOW if certainly(lambda: blocks(r, setting, graph)) else None

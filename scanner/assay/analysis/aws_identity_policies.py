"""Identity policies: what a resource itself grants to the user, group or role that it is attached to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.aws_policy import joined
from assay.analysis.aws_policy_documents import DOCUMENT, block_statements, statements
from assay.model import Encoded, PartialList, Ref, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.analysis.aws_policy import Statement
    from assay.graph import Graph
    from assay.model import Resource, Unknown, View

IDENTITY_POLICIES = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
"""Where the types that grant permissions to an identity hold their policy."""

IDENTITY_TYPES = (*IDENTITY_POLICIES, "aws_iam_role", DOCUMENT)


def identity_statements(r: Resource, graph: Graph) -> list[Statement]:
    """What a resource grants to the identity it is attached to.

    A data document is judged where it is written, so a policy made of one has no statements of its own. Statements with
    principals belong to a resource policy or a trust. A dozen rules ask, so the answer is kept.
    """
    place = ("identity", id(r))
    if place not in graph._memo:
        graph._memo[place] = _identity_statements(r, graph)
    found: list[Statement] = graph._memo[place]
    if isinstance(found, PartialList) and r.type in IDENTITY_POLICIES:
        r[IDENTITY_POLICIES[r.type]]  # read again, so that the doubt is located there
    return found


def _identity_statements(r: Resource, graph: Graph) -> list[Statement]:
    if r.type == DOCUMENT:
        found = block_statements(r)
        doubts = [s.maybe_principals for s in list.__iter__(found) if s.maybe_principals is not None]
        return joined([_filtered(found, lambda s: not s.has_principals), *(PartialList([], d) for d in doubts)])
    if r.type == "aws_iam_role":
        blocks = r.each("inline_policy")
        parts = [_own(block, "policy", graph) for block in list.__iter__(blocks)]
        return joined([*parts, PartialList([], blocks.unknown)] if isinstance(blocks, PartialList) else parts)
    return _own(r, IDENTITY_POLICIES[r.type], graph)


def _own(view: View, path: str, graph: Graph) -> list[Statement]:
    """The statements that were not written in a data document, which is judged by itself.

    A policy of AWS's own whose text is copied counts as it does where it is attached: by its name, at the data source.
    """
    value = view[path]
    if isinstance(value, Ref) and f"{DOCUMENT}." in f".{value.target}":
        return []
    if isinstance(value, Encoded) and value.document is not None:
        r = view.resource
        if graph.find(value.document, r.root, r.source) is not None:
            return []
    found = _filtered(statements(view, path, graph), lambda s: s.block is None)
    if isinstance(found, PartialList) and _of_aws(found.unknown, view.resource, graph):
        return found.known()
    return found


def _of_aws(text: Unknown, r: Resource, graph: Graph) -> bool:
    """True for the text of a managed policy of AWS's own, looked up by its ARN."""
    if not (isinstance(text, Ref) and text.kind == "aws_iam_policy" and text.attribute == "policy"):
        return False
    source = graph.find(text.target, r.root, r.source)
    arn = None if source is None else source.values.get("arn")
    pieces = arn.literals if isinstance(arn, Text) else [arn] if isinstance(arn, str) else []
    return any(":aws:policy/" in piece for piece in pieces)


def _filtered(found: list[Statement], test: Callable[[Statement], bool]) -> list[Statement]:
    known = [s for s in list.__iter__(found) if test(s)]
    return PartialList(known, found.unknown) if isinstance(found, PartialList) else known

"""May a principal do something? What it is granted, limited by its boundary, the organisation and what resources allow.

How AWS decides: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
A request is allowed when an identity policy and every limit allow it, or when the policy of a resource of the same
account allows the principal itself; nothing may deny it. Across accounts, and for keys and roles, the resource's own
policy has to allow it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.access import Box, Demand, Values
from assay.analysis.aws_access import PRINCIPAL, RESOURCE, Reader, anywhere
from assay.analysis.aws_granted import RESOURCE_POLICIES, boundary_of, granted_to, organisation
from assay.analysis.aws_names import Names, Unmade
from assay.analysis.aws_policy_documents import statements
from assay.analysis.globs import Budget, glob
from assay.analysis.inclusion import STEPS, Decision, Part, permitted
from assay.model import Undetermined, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.analysis.aws_policy import Statement
    from assay.graph import Graph
    from assay.model import Resource

MUST_ALLOW = ("sts", "kms")
"""Services whose resources have to allow a request themselves."""


class Verdict(NamedTuple):
    """May a principal do something? The statements that decide, the context it takes, and why it is not known."""

    answer: str  # yes, no, unknown
    statements: tuple[Statement, ...] = ()
    context: dict[str, list[str]] = {}  # noqa: RUF012 - never written to
    reason: str = ""


class Account:
    """The identities and resource policies beside a resource, for questions about any of them."""

    def __init__(self, graph: Graph, scope: Resource, account: str = "", region: str = "") -> None:
        self.graph = graph
        self.scope = scope
        self.account = account
        self.region = region

    def may(
        self,
        who: Resource | str,
        action: str,
        resource: str | Unmade,
        policies: Sequence[tuple[Resource, list[Statement]]] | None = None,
    ) -> Verdict:
        """May a principal (a role or user of the graph, an ARN, a service's name, `*`) do something to an ARN?

        Of a resource that has no ARN yet the answer is yes or no where it is the same whatever the ARN will be.

        Args:
            policies: the policies on the resource, when the caller knows them.
        """
        identity: list[Statement] = granted_to(who, self.graph) if not isinstance(who, str) else []
        boundary = None if isinstance(who, str) else boundary_of(who, self.graph)
        limits = [*([boundary] if boundary is not None else []), *organisation(self.graph, self.scope)]
        targets = list(self.policies_on(resource) if policies is None else policies)
        documents = [identity, *limits, *(document for _, document in targets)]
        reader = Reader(documents)
        names = Names(self.graph, self.scope, reader.symbols, self.account, self.region)
        reader.symbols.resolve = names.text
        caller = self.spelled(who, names)
        arn = resource if isinstance(resource, str) else names.spelled(resource)
        bit = reader.actions.bit(action)  # before anything is compiled
        made = [reader.compile(d, identity=i < 1 + len(limits)) for i, d in enumerate(documents)]
        denies = [b for m in made for b in m.rules.deny]
        space = reader.space(Budget(STEPS))
        resources = [b for m in made[1 + len(limits) :] for b in m.rules.allow]
        own, bounds = list(made[0].rules.allow), [list(m.rules.allow) for m in made[1 : 1 + len(limits)]]
        ways = self._ways(action, arn, caller, own, bounds, resources, bool(targets))
        doubts = [u for m in made for u in m.doubts]

        def decided(target: Demand, *, exact: bool = True) -> Verdict:
            asked = Box(bit, ((RESOURCE, target), (PRINCIPAL, _exactly(caller))))
            answers = [permitted(asked, layers, denies, space, reader.symbols) for layers in ways]
            return _verdict(answers, doubts, asked, denies if exact else (), reader)

        found = decided(_exactly(arn))
        if isinstance(resource, Unmade):
            some = Demand(True, Values((anywhere(arn, named=resource.is_named),)))
            found = _whatever(resource, found, lambda: decided(some, exact=False), bool(doubts))
        return self._elsewhere(who, found) if isinstance(who, str) and who.startswith("arn:") else found

    def _elsewhere(self, who: str, found: Verdict) -> Verdict:
        """What is known of a principal whose own policies are not in the input."""
        own = self.scope.account or ""
        foreign = bool(own) and _account(who) != own
        if found.answer == "yes" and not (own and not foreign):
            return found._replace(
                answer="unknown", reason=f"it is allowed here, and the policies of {who} are not here"
            )
        if found.answer == "no" and not found.statements and not foreign:
            return found._replace(answer="unknown", reason=f"the policies of {who} are not in the input")
        return found

    def _ways(
        self,
        action: str,
        resource: str,
        caller: str,
        own: list[Box],
        bounds: list[list[Box]],
        resources: list[Box],
        has_policy: bool,
    ) -> list[list[list[Box]]]:
        """The layers that together allow a request, in each way that there is."""
        service = action.partition(":")[0].lower()
        direct = [b for b in resources if not _by_account(b)]
        both = [*[own], *bounds, resources]
        if service in MUST_ALLOW and has_policy:
            return [both, [direct, *bounds]]
        foreign = _account(caller) and _account(resource) and _account(caller) != _account(resource)
        if foreign or not caller.startswith("arn:"):
            return [[resources]] if not caller.startswith("arn:") else [both]
        return [[own, *bounds], [direct, *bounds]]

    def arn(self, r: Resource) -> str | None:
        """The ARN of a resource of this account, as far as its name is known."""
        from assay.analysis.inclusion import Symbols

        return Names(self.graph, self.scope, Symbols(), self.account or "123456789012", self.region or "us-east-1").arn(
            r
        )

    def spelled(self, who: Resource | str, names: Names) -> str:
        """A principal as policies name it."""
        if isinstance(who, str):
            if who in ("*", "anonymous", "public"):
                return "anonymous"
            return f"service:{who}" if who.endswith(".amazonaws.com") else who
        kind = who.type.removeprefix("aws_iam_")
        return names.arn(who) or f"arn:aws:iam::{names.own['account']}:{kind}/{names.named(who)}"

    def policies_on(self, target: str | Unmade) -> Iterator[tuple[Resource, list[Statement]]]:
        """The resource policies in the graph of a resource, or of the one that an ARN names."""
        from assay.analysis.inclusion import Symbols

        names = Names(self.graph, self.scope, Symbols(), self.account, self.region)
        for type_, (path, link) in RESOURCE_POLICIES.items():
            for r in list.__iter__(self.graph.beside(self.scope, type_)):
                if r.absent(path):
                    continue
                named = list(list.__iter__(self.graph.follow(r, link))) if link else [r]
                if isinstance(target, Unmade):
                    meant = any(t is target.resource for t in named)
                else:
                    meant = any(_names(own, target) for t in named if (own := names.arn(t)))
                if meant:
                    yield r, statements(r, path, self.graph)


def _whatever(target: Unmade, found: Verdict, somewhere: Callable[[], Verdict], in_doubt: bool) -> Verdict:
    """The verdict on a resource whose ARN is not known, by that on its name and that on any ARN it may have.

    Args:
        found: the verdict on a name that nothing else has: a yes, and a denial, holds for every name.
        somewhere: gives the verdict on some name, whichever: a no holds for every name.
        in_doubt: whether there is more that is not known.
    """
    arn = f"the ARN of {target.resource.address}"
    if found.answer == "yes":
        return found._replace(reason=f"whatever {arn} is ({target.why})")
    said = found if found.answer == "no" and found.statements else somewhere()
    if said.answer == "no":
        return said._replace(reason=f"{said.reason}, whatever {arn} is ({target.why})")
    reason = found.reason or said.reason if in_doubt else f"it depends on {arn}: {target.why}"
    return said._replace(answer="unknown", reason=reason)


def _names(own: str, arn: str) -> bool:
    """True when an ARN names a resource, or something in it (`bucket/key`)."""
    mine, asked = own.split(":", 5), arn.split(":", 5)
    same = mine[2:3] == asked[2:3] and len(mine) == len(asked) == 6
    inside = mine[-1] == asked[-1] or asked[-1].startswith((f"{mine[-1]}/", f"{mine[-1]}:"))
    return (
        same
        and inside
        and all(a == b or not a or not b or not a.isascii() for a, b in zip(mine[3:5], asked[3:5], strict=True))
    )


def _exactly(text: str) -> Demand:
    return Demand(True, Values((glob(text, wild=""),)))


def _by_account(box: Box) -> bool:
    """True when the statement names accounts as a whole: their own policies then have to allow it too."""
    named = [d for n, d in box.tests if n == PRINCIPAL and not d.outside]
    return bool(named) and all(p.text.isdigit() for d in named for p in d.values.patterns)


def _account(arn: str) -> str:
    pieces = arn.split(":")
    return pieces[4] if len(pieces) > 5 and pieces[4].isdigit() else ""


def _verdict(
    answers: Sequence[Decision], doubts: Sequence[Unknown], asked: Box, denies: Sequence[Box], reader: Reader
) -> Verdict:
    from assay.analysis.aws_compare import request

    best = min(answers, key=lambda a: ("yes", "unknown", "no").index(a.verdict))
    if best.found is not None:
        said = request(best.found.point, reader)
        deciding = tuple(b.source.statement for b in best.found.boxes if isinstance(b.source, Part))
        answer = "unknown" if best.verdict == "yes" and doubts else best.verdict
        reason = best.reason or (f"{doubts[0].reason}, and it may deny this" if answer == "unknown" else "")
        return Verdict(answer, deciding, said.context, reason)
    denying = _denying(asked, denies, reader)
    if denying is not None:
        return Verdict("no", (denying,), reason="it is denied")
    if best.verdict == "no" and not doubts:
        return Verdict("no", reason="nothing allows it")
    return Verdict("unknown", reason=best.reason or doubts[0].reason)


def _denying(asked: Box, denies: Sequence[Box], reader: Reader) -> Statement | None:
    """A deny without a condition that has the request."""
    for box in denies:
        conditional = any(n not in (RESOURCE, PRINCIPAL) for n, _ in box.tests)
        found = None if conditional else permitted(asked, [[box]], [], reader.space(Budget(STEPS)), reader.symbols)
        if found is not None and found.verdict == "yes" and isinstance(box.source, Part):
            statement: Statement = box.source.statement
            return statement
    return None


def undetermined(document: Sequence[Statement]) -> str:
    """Why a document may hold more than is known; "" when it does not."""
    try:
        for _ in document:
            pass
    except Undetermined as doubt:
        return doubt.reason
    return ""

"""What a change newly grants: each allowing statement of the new state against all of the old one, with a witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.aws_compare import no_broader
from assay.analysis.aws_granted import RESOURCE_POLICIES, granted_to, organisation
from assay.analysis.aws_identity_policies import IDENTITY_POLICIES
from assay.analysis.aws_policy_documents import statements
from assay.model import PartialList, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.analysis.aws_policy import Statement
    from assay.graph import Graph
    from assay.model import Location, Resource

HOLDERS = ("aws_iam_role", "aws_iam_user", "aws_iam_group")


class Grant(NamedTuple):
    """Something newly granted, with a request that tells; or, with a `reason`, perhaps so."""

    holder: str
    statement: str
    place: Location | None
    request: dict[str, Any]
    reason: str = ""


def documents(old: Sequence[Statement], new: Sequence[Statement], holder: str) -> Iterator[Grant]:
    """What one policy document newly grants over another."""
    identity = not any(_has_principals(s) for d in (old, new) for s in _each(d))
    yield from _compared(holder, old, new, identity, _nothing, _nothing)


def _has_principals(s: Statement) -> bool:
    return s.has_principals


def _each(document: Sequence[Statement]) -> Iterator[Statement]:
    return list.__iter__(document) if isinstance(document, list) else iter(document)


def _nothing(_: Unknown) -> None:
    return None


def _compared(
    holder: str,
    old: Sequence[Statement],
    new: Sequence[Statement],
    identity: bool,
    mean_new: Callable[[Unknown], str | None],
    mean_old: Callable[[Unknown], str | None],
) -> Iterator[Grant]:
    allows, others, doubt = _split(new)
    for s in allows:
        answer = no_broader([s, *others], old, identity=identity, meaning=(mean_new, mean_old))
        if answer.verdict == "yes":
            continue
        request = answer.request._asdict() if answer.request is not None else {}
        yield Grant(holder, str(s), _place(s), request, answer.reason)
    if doubt is not None and not isinstance(old, PartialList):
        yield Grant(holder, "a statement", None, {}, doubt.reason)


def _split(document: Sequence[Statement]) -> tuple[list[Statement], list[Statement], Unknown | None]:
    """The allowing statements, the others, and why there may be more."""
    allows: list[Statement] = []
    others: list[Statement] = []
    doubt = document.unknown if isinstance(document, PartialList) else None
    for s in _each(document):
        try:
            (allows if s.allows else others).append(s)
        except Undetermined as error:
            doubt = error.unknown
    return allows, others, doubt


def _place(s: Statement) -> Location:
    return s.block.where() if s.block is not None else s.view.where(s.at)


# --- whole configurations ---------------------------------------------------------------------------------------------


def graphs(old: Graph, new: Graph) -> Iterator[Grant]:
    """What a configuration newly grants over another; resources are the same when their addresses are."""
    yield from _principals(old, new)
    yield from _documents(old, new)
    yield from _tenancies(old, new)


def _meaning(graph: Graph, r: Resource) -> Callable[[Unknown], str | None]:
    from assay.analysis.aws_names import Names
    from assay.analysis.inclusion import Symbols

    class _Own(Symbols):
        """Own account and region as the words that both sides share."""

        def of(self, meaning: Unknown | str) -> str:
            return str(meaning) if isinstance(meaning, str) else super().of(meaning)

    return Names(graph, r, _Own()).text


def _same(graph: Graph, r: Resource) -> Resource | None:
    return next((x for x in graph.all(r.type) if x.address == r.address and x.root == r.root), None)


def _principals(old: Graph, new: Graph) -> Iterator[Grant]:
    """What users, groups and roles are granted by all that is attached to them."""
    for type_ in HOLDERS:
        for r in new.all(type_):
            before = _same(old, r)
            limits = [s for document in organisation(new, r) for s in _each(document) if _denies(s)]
            mine, theirs = granted_to(r, new), granted_to(before, old) if before is not None else []
            allows, others, doubt = _split(mine)
            whole: list[Statement] = [*allows, *others, *limits]
            if doubt is not None:
                whole = PartialList(whole, doubt)
            mean_old = _meaning(old, before) if before is not None else _nothing
            yield from _compared(r.address, theirs, whole, True, _meaning(new, r), mean_old)


def _denies(s: Statement) -> bool:
    try:
        return not s.allows
    except Undetermined:
        return False


def _documents(old: Graph, new: Graph) -> Iterator[Grant]:
    """Policies of resources and trusts, and identity policies that are attached to nobody here."""
    attached = {id(p) for p in new.all("aws_iam_policy") if any(list.__len__(new.users(p, t)) for t in _ATTACHING)}
    places = {
        **{t: path for t, (path, _) in RESOURCE_POLICIES.items()},
        "aws_iam_policy": IDENTITY_POLICIES["aws_iam_policy"],
    }
    for type_, path in places.items():
        for r in new.all(type_):
            if id(r) in attached or r.absent(path):
                continue
            before = _same(old, r)
            theirs = statements(before, path, old) if before is not None else []
            mean_old = _meaning(old, before) if before is not None else _nothing
            mine = statements(r, path, new)
            yield from _compared(r.address, theirs, mine, type_ == "aws_iam_policy", _meaning(new, r), mean_old)


_ATTACHING = tuple(f"aws_iam_{kind}policy_attachment" for kind in ("", "role_", "user_", "group_"))


def _tenancies(old: Graph, new: Graph) -> Iterator[Grant]:
    """What the statements of OCI policies newly grant."""
    from assay.analysis.oci_identity import POLICY, Tenancy
    from assay.model import Resource

    nowhere = Resource(POLICY, "nowhere", "terraform", {})
    for root, scope in {r.root: r for r in new.all(POLICY)}.items():
        before = next((r for r in old.all(POLICY) if r.root == root), nowhere)
        parts = (Tenancy(new, scope), Tenancy(old, before))
        yield from _tenancy(*Tenancy.together(*parts))


def _tenancy(new: Any, old: Any) -> Iterator[Grant]:
    from assay.analysis.access import Rules
    from assay.analysis.globs import Budget
    from assay.analysis.inclusion import STEPS, Compiled, decide

    theirs, denies = old.compiled(old.entries), new.compiled(new.entries).rules.deny
    for e in new.entries:
        place = e.policy.where(e.path)
        if e.doubt is not None and any(u.key == e.doubt.key is not None for u in theirs.doubts):
            continue
        if e.doubt is not None:
            yield Grant(e.policy.address, "a statement", place, {}, e.doubt.reason)
        elif e.boxes and e.statement.effect == "allow":
            mine = Compiled(Rules(e.boxes, denies), theirs.doubts)
            answer = decide(mine, theirs, new.words.space(Budget(STEPS)), new.words.symbols)
            if answer.verdict != "yes":
                request = new.told(answer.point) if answer.point is not None else {}
                yield Grant(e.policy.address, f"statement {e.number + 1}", place, request, answer.reason)

"""Questions about a tenancy: who can do what, which statement says nothing new, what a grant lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from assay.analysis.access import Box, Demand, Rules, Values, common
from assay.analysis.globs import Budget, glob
from assay.analysis.inclusion import OPAQUE, STEPS, Compiled, decide, permitted
from assay.analysis.oci_access import PLACE, SUBJECT
from assay.analysis.oci_permissions import granted, operation, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assay.analysis.access import Point
    from assay.analysis.oci_identity import Entry, Tenancy


class Grant(NamedTuple):
    """Whether one permission is granted: `yes`, `no` or `unknown`, by which statement, and under which conditions."""

    verdict: str
    entry: Entry | None = None
    context: dict[str, list[str]] = {}  # noqa: RUF012 - never written to
    reason: str = ""


def grant(
    t: Tenancy, subjects: Iterable[str], permission: str, place: str, entries: list[Entry] | None = None
) -> Grant:  # fmt: skip
    """May one of these subjects (`group:default/devs`) use a permission in a place (`/shop/prod/`)?

    A condition counts as met when some request meets it; the context says which. `entries` are the statements that
    count, by default all that allow and deny.
    """
    entries = t.entries if entries is None else entries
    demands = ((SUBJECT, _one_of(subjects)), (PLACE, _one_of([place])))
    asked = Box(t.words.bit(permission), demands)
    rules = t.compiled(entries)
    found = permitted(asked, [rules.rules.allow], rules.rules.deny, t.words.space(Budget(STEPS)), t.words.symbols)
    reason = found.reason
    if found.found is not None:
        entry = next((e for e in entries if e.statement is found.found.boxes[0].source.statement), None)  # type: ignore[attr-defined]
        return Grant(found.verdict, entry, _context(found.found.point), reason)
    doubts = [*rules.doubts, *([t.unlisted] if t.unlisted else [])]
    reason = reason or next((u.reason for u in doubts), "")
    return Grant("unknown", reason=reason) if reason else Grant("no", _denying(t, asked, entries))


def _one_of(texts: Iterable[str]) -> Demand:
    return Demand(True, Values(tuple(glob(t.lower(), wild="") for t in texts)))


def _denying(t: Tenancy, asked: Box, entries: list[Entry]) -> Entry | None:
    """The deny statement that takes the permission, when one does."""
    for e in entries:
        if e.statement and e.statement.effect == "deny":
            for box in e.boxes:
                if common(box, [asked], [], t.words.space(Budget(STEPS))) is not None:
                    return e
    return None


def _context(point: Point) -> dict[str, list[str]]:
    """The variables of a request, as people write them."""
    known = {n: v for n, v in point.values.items() if n not in (SUBJECT, PLACE) and not n.startswith(OPAQUE)}
    return {name: [str(v) for v in values] for name, values in known.items()}


# --- redundancy -------------------------------------------------------------------------------------------------------


class Covered(NamedTuple):
    """A statement that grants nothing of its own (`yes`), or perhaps nothing (`unknown`): by these others."""

    verdict: str
    by: tuple[Entry, ...] = ()
    reason: str = ""


def redundant(t: Tenancy) -> dict[tuple[int, int], list[Covered]]:
    """Which statements, by their key, could go without anybody losing anything; of two alike, the later one.

    Statements that cannot be read cover nothing.
    """
    known: dict[tuple[int, int], list[Covered]] | None = t.answers.get("redundant")
    if known is not None:
        return known
    found: dict[tuple[int, int], list[Covered]] = {}
    t.answers["redundant"] = found
    kept = {e.key: _Reach.of(t, e) for e in t.entries if e.boxes}
    by_subject: dict[str, list[_Reach]] = {}
    for reach in kept.values():  # most statements are told apart by their subject alone
        for who in [""] if reach.open else reach.who:
            by_subject.setdefault(who, []).append(reach)
    for mine in reversed(list(kept.values())):
        near = kept.values() if mine.open else [r for who in ("", *mine.who) for r in by_subject.get(who, ())]
        answer = _covered(t, mine, [r for r in near if r.entry.key in kept])
        if answer is not None:
            found[mine.entry.key] = [answer]
            if answer.verdict == "yes":
                del kept[mine.entry.key]
    return found


class _Reach(NamedTuple):
    """What tells most statements apart without a search: permissions, subjects, place (a path, or empty)."""

    entry: Entry
    effect: str
    mask: int
    who: set[str]
    open: bool  # subjects that may be anybody
    place: str

    @classmethod
    def of(cls, t: Tenancy, e: Entry) -> _Reach:
        who = _who(e)
        anybody = not who or any("*" in x or any(map(t.words.symbols.unknown, x)) for x in who)
        places = [p.text.removesuffix("*") for n, d in e.boxes[0].tests if n == PLACE for p in d.values.patterns]
        place = places[0] if places and not any(map(t.words.symbols.unknown, places[0])) else ""
        return cls(e, e.statement.effect if e.statement else "", _mask(e), who, anybody, place)

    def may_cover(self, other: _Reach) -> bool:
        """False when it certainly has no request of the other's own place and people."""
        if not self.mask & other.mask or self.effect != other.effect:
            return False
        if not (self.open or other.open or self.who & other.who):
            return False
        return not self.place or not other.place or other.place.startswith(self.place)


def _covered(t: Tenancy, reach: _Reach, kept: Iterable[_Reach]) -> Covered | None:
    e, mask = reach.entry, reach.mask
    others = []
    left = mask
    for other in kept:
        if other.may_cover(reach) and other.entry is not e:
            others.append(other.entry)
            left &= ~other.mask
    if left:
        return None
    mine = Compiled(Rules(e.boxes))
    single = next((o for o in others if not mask & ~_mask(o) and _within(t, mine, [o]) == "yes"), None)
    if single is not None:
        return Covered("yes", (single,))
    answer = decide(
        mine, Compiled(Rules(tuple(b for o in others for b in o.boxes))), t.words.space(Budget(STEPS)), t.words.symbols
    )
    if answer.verdict == "no":
        return None
    return Covered(answer.verdict, tuple(others), answer.reason)


def _within(t: Tenancy, mine: Compiled, others: Sequence[Entry]) -> str:
    theirs = Compiled(Rules(tuple(b for o in others for b in o.boxes)))
    return decide(mine, theirs, t.words.space(Budget(STEPS)), t.words.symbols).verdict


def _mask(e: Entry) -> int:
    found = 0
    for box in e.boxes:
        found |= box.mask
    return found


def _may_share(t: Tenancy, a: Entry, b: Entry) -> bool:
    """False when their subjects are certainly different: most pairs are told apart by this alone."""
    mine, theirs = _who(a), _who(b)
    if not mine or not theirs or mine & theirs:
        return True
    texts = [p for who in (mine, theirs) for p in who]
    return any("*" in x or any(map(t.words.symbols.unknown, x)) for x in texts)


def _who(e: Entry) -> set[str]:
    """The subjects of a statement as patterns; empty for everybody."""
    for name, demand in e.boxes[0].tests:
        if name == SUBJECT and not demand.outside:
            return {p.text for p in demand.values.patterns}
    return set()


# --- insufficient grants ----------------------------------------------------------------------------------------------

PURPOSES = {
    "LaunchInstance": ("INSTANCE_CREATE", ("instances", "instance-family"), "to launch an instance"),
    "CreateSecret": ("SECRET_CREATE", ("secrets", "secret-family"), "to create a secret"),
    "CreateKey": ("KEY_CREATE", ("keys", "key-family"), "to create a key"),
    "CreateMountTarget": ("MOUNT_TARGET_CREATE", ("mount-targets",), "to create a mount target"),
    "CreateExport": ("EXPORT_SET_UPDATE", ("export-sets",), "to create an export"),
    "CreateDeployment": ("API_DEPLOYMENT_CREATE", ("api-deployments",), "to deploy an API"),
}
"""Operations that one grant is evidently meant for, and that need permissions of other types too: the permission and
the types by whose name the purpose is told. `all-resources` tells none."""


class Lack(NamedTuple):
    """A grant whose operation fails: the permissions that nothing here grants, with the types that have them."""

    entry: Entry
    purpose: str
    missing: dict[str, list[str]]
    reason: str = ""  # why it is not certain


def insufficient(t: Tenancy) -> list[Lack]:
    """Grants that are meant for an operation and lack one of its permissions, for the same subject anywhere."""
    if "insufficient" not in t.answers:
        t.answers["insufficient"] = list(_lacks(t))
    found: list[Lack] = t.answers["insufficient"]
    return found


def _lacks(t: Tenancy) -> Iterator[Lack]:
    for e in t.entries:
        s = e.statement
        if s is None or s.effect != "allow" or s.verb != "manage" or not e.boxes or s.subject == "service":
            continue  # what a service of Oracle's does with a grant is Oracle's affair
        for name, (permission, types, purpose) in PURPOSES.items():
            if s.resource in types and permission in granted("manage", s.resource):
                yield from _lack(t, e, name, purpose)


def _lack(t: Tenancy, e: Entry, name: str, purpose: str) -> Iterator[Lack]:
    needed = operation(name)
    missing: dict[str, list[str]] = {}
    reason = ""
    for permission in needed.permissions if needed else ():
        bit = t.words.bit(permission)
        reaching = [o for o, mask in _granting(t) if mask & bit]
        if any(_reaches(t, o, e) for o in reaching):
            continue
        missing[permission] = types_of(permission)
        open_ = [o for o in reaching if _may_share(t, o, e)]
        reason = reason or next((u.reason for o in open_ for b in o.boxes for u in getattr(b.source, "holes", ())), "")
    if missing:
        doubts = [o.doubt.reason for o in t.entries if o.doubt is not None] + (
            [t.unlisted.reason] if t.unlisted else []
        )
        yield Lack(e, purpose, missing, reason or next(iter(doubts), ""))


def _granting(t: Tenancy) -> list[tuple[Entry, int]]:
    """Every allowing statement with all its permissions."""
    found: list[tuple[Entry, int]] | None = t.answers.get("granting")
    if found is None:
        allowing = [e for e in t.entries if e.statement and e.statement.effect == "allow" and e.boxes]
        found = t.answers["granting"] = [(e, _mask(e)) for e in allowing]
    return found


def _reaches(t: Tenancy, other: Entry, e: Entry) -> bool:
    """True when the other statement grants to every subject of this one."""
    mine, theirs = _who(e), _who(other)
    return not theirs or (bool(mine) and all(x in theirs or _public(x, theirs) for x in mine))


def _public(subject: str, theirs: set[str]) -> bool:
    return any(p.endswith(":*") and subject.startswith(p[:-1]) for p in theirs)

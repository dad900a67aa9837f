"""Which block made which live resource: by the state, by what names it, by its tags; never by a guess.

Links are found in rounds, the surest kind first, because a link tells what a reference means: a bucket that is linked
gives its configurations the name they are found by. Two blocks or two live resources that fit equally well are
ambiguous, and nothing is linked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.model import Ref
from assay.provenance.code import stands_for_many
from assay.provenance.identity import is_global, keys_of, names_in_code, names_of, table
from assay.provenance.matching import EXACT, HIGH, LOW, Index, Match, Pairs, all_fits, differs, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.model import Resource
    from assay.provenance.code import Code
    from assay.provenance.state import Held, State

ROUNDS = 12
"""A reference of a reference of a reference: no estate goes deeper."""


class Linker:
    """The links between an inventory and the code.

    By the id of the live resource: `matches`, `ambiguous` (the blocks that fit one equally well) and `orphans` (the
    address in the state of what no block makes any more).
    """

    def __init__(self, live: Sequence[Resource], code: Code) -> None:
        self.code = code
        self.matches: dict[int, Match] = {}
        self.ambiguous: dict[int, list[Resource]] = {}
        self.orphans: dict[int, str] = {}
        self._stated: set[tuple[str, str]] = set()  # root and address of what the state has, and of what stands for it
        self._live_of: dict[tuple[str, str], Resource] = {}
        self._live: dict[str, list[Resource]] = {}
        self._at: dict[str, Resource] = {}
        for r in live:
            self._live.setdefault(r.type, []).append(r)
            if _is_itself(r):
                self._at[r.address] = r
        self._blocks: dict[str, list[Resource]] = {}
        aliases = table().aliases
        for r in code.resources:
            self._blocks.setdefault(aliases.get(r.type, r.type), []).append(r)

    def run(self) -> None:
        for state, root in self.code.states:
            mine = root if root is not None else self._root_of(state)
            for held in state.held.values() if mine is not None else ():
                self._by_state(held, mine or "", state.file)
        for _ in range(ROUNDS):
            if not self._round(HIGH) and not self._round(LOW) and not self._by_use():
                break
        self._by_address()

    def live_of(self, r: Resource, ref: Ref) -> Resource | None:
        """The live resource that a reference of a block means, where that is known."""
        target = self.code.find(r.root, ref.target)
        return None if target is None else self._live_of.get((target.root, target.address))

    def surely_live(self, r: Resource, ref: Ref) -> Resource | None:
        """As `live_of`, where the link is more than likely: what a value means must not hang on a guess."""
        found = self.live_of(r, ref)
        return None if found is None or self.matches[id(found)].confidence == LOW else found

    def partner(self, block: Resource) -> Resource | None:
        """The live resource that this instance is linked to."""
        return self._live_of.get((block.root, block.address))

    def is_stated(self, block: Resource) -> bool:
        """Whether a state says what this block has made."""
        return (block.root, block.address) in self._stated

    def _link(self, live: Resource, match: Match) -> None:
        self.matches[id(live)] = match
        self.ambiguous.pop(id(live), None)
        if match.instance:
            self._live_of[match.code.root, match.code.address] = live

    # --- by the state

    def _root_of(self, state: State) -> str | None:
        """The root module that has most of what a state holds; None where two have as much of it."""
        roots = sorted({r.root for r in self.code.resources})
        counts = [(sum(self.code.find(r, address) is not None for address in state.held), r) for r in roots]
        most = max((n for n, _ in counts), default=0)
        best = [r for n, r in counts if n == most]
        if len(best) == 1 and most:
            return best[0]
        said = f"which root module of {self.code.shown} it is the state of cannot be told, so it was not used"
        self.code.coverage.notes.append(f"{state.file}: {said}; name the directory of that one with --code")
        return None

    def _by_state(self, held: Held, root: str, file: str) -> None:
        type_ = table().aliases.get(held.type, held.type)
        found = [r for r in self._live.get(type_, ()) if id(r) not in self.matches and _is(r, held)]
        block = self.code.find(root, held.address)
        if block is not None:
            self._stated.add((block.root, block.address))
        if len(found) != 1:
            return
        if block is None:
            self.orphans[id(found[0])] = held.address
            return
        exact = block.address == held.address and not stands_for_many(block)
        by = f"its id in {file}"
        self._link(found[0], Match(block, EXACT, by, exact, held.address))

    # --- by what names it

    def _round(self, strength: str) -> bool:
        """Link what can be linked with this confidence; True when something was."""
        before = len(self.matches)
        if strength == LOW:
            self.ambiguous.clear()
        for type_, blocks in self._blocks.items():
            live = [r for r in self._live.get(type_, ()) if id(r) not in self.matches]
            if live:
                self._type(type_, [b for b in blocks if self._free(b)], live, strength)
        return len(self.matches) > before

    def _free(self, block: Resource) -> bool:
        """Whether a block may still have made something that is not linked: the state knows all it has made."""
        key = (block.root, block.address)
        return key not in self._live_of and key not in self._stated

    def _type(self, type_: str, blocks: list[Resource], live: list[Resource], strength: str) -> None:
        pairs, index = Pairs(), Index(live, self._at)
        for block in blocks:
            for r, confidence, by in self._fitting(type_, block, index):
                if strength == LOW or confidence == HIGH:
                    pairs.add(block, r, confidence, by)
        for r, match in pairs.settled():
            self._link(r, match)
        if strength == LOW:
            self.ambiguous |= {id(r): candidates for r, candidates in pairs.undecided()}

    def _fitting(self, type_: str, block: Resource, index: Index) -> Iterator[tuple[Resource, str, str]]:
        """The live resources that a block may have made, each with the confidence and what says so."""
        keys = keys_of(type_)
        unsure: list[Resource] = []  # what the names lead over and is itself not surely linked

        def live_of(r: Resource, ref: Ref) -> Resource | None:
            found = self.live_of(r, ref)
            if found is not None and self.matches[id(found)].confidence == LOW:
                unsure.append(found)
            return found

        names = {a: names_in_code(block, a, live_of) for key in keys for a in key.attributes}
        region, account = self.code.region(block), self.code.account(block)
        for r in index.candidates(keys, names):
            if region is not None and r.region is not None and region != r.region and not is_global(type_):
                continue
            if account is not None and r.account is not None and account != r.account:
                continue
            best = judge(keys, names, r, self._at)
            if best is not None:
                yield r, LOW if unsure else best[0], best[1]

    def _by_use(self) -> bool:
        """Link what has no name of its own by what uses it: a key by its alias."""
        before = len(self.matches)
        for type_, users in table().through.items():
            for user_type, attribute in users:
                for user in self._blocks.get(user_type, ()):
                    self._used(type_, user, attribute)
        return len(self.matches) > before

    def _used(self, type_: str, user: Resource, attribute: str) -> None:
        """Link what the one reference at an attribute means, where the live user names one resource there."""
        live_user, ref = self.partner(user), _only(user.values.get(attribute))
        target = self.code.find(user.root, ref.target) if isinstance(ref, Ref) else None
        if live_user is None or target is None or target.type != type_ or not self._free(target):
            return
        wanted = _only(live_user.values.get(attribute))
        free = [r for r in self._live.get(type_, ()) if id(r) not in self.matches]
        found = [r for r in free if _names(r, wanted) and r.account == live_user.account]
        names = {a: names_in_code(target, a, self.live_of) for key in keys_of(type_) for a in key.attributes}
        if len(found) == 1 and not stands_for_many(target) and not differs(all_fits(names, found[0], self._at)):
            self._link(found[0], Match(target, LOW, f"{user.address}, which is linked and names it"))

    # --- what is a part of something else

    def _by_address(self) -> None:
        """What a block of another type is about all the same: the configurations of a bucket that no block declares."""
        owners: dict[tuple[str, str | None], tuple[Resource, Match]] = {}
        for group in self._live.values():
            for r in group:
                if id(r) in self.matches and _is_itself(r):
                    owners[r.address, r.account] = (r, self.matches[id(r)])
        for group in self._live.values():
            for r in group:
                known = owners.get((r.address, r.account))
                if known is not None and id(r) not in self.matches and id(r) not in self.ambiguous:
                    owner, match = known
                    by = f"the {owner.type} that it is a part of"
                    self.matches[id(r)] = Match(match.code, match.confidence, by, match.instance, match.address)


def _only(value: object) -> object:
    """The one item of a list that has no other; what is no list is itself."""
    if isinstance(value, list):
        return list.__getitem__(value, 0) if type(value) is list and list.__len__(value) == 1 else None
    return value


def _names(live: Resource, wanted: object) -> bool:
    return isinstance(wanted, str) and wanted in names_of(live, "id")


def _is_itself(live: Resource) -> bool:
    """False for a part of something, which stands at the address of that."""
    arn = live.values.get("arn")
    return isinstance(arn, str) and arn == live.address


def _is(live: Resource, held: Held) -> bool:
    """Whether a live resource is the one that a state holds: by its ARN, where the state tells one, else by its id."""
    arn, id_ = held.values.get("arn"), held.values.get("id")
    mine = {v for v in (live.address, live.values.get("arn"), live.values.get("id")) if isinstance(v, str)}
    if isinstance(arn, str) and arn and isinstance(live.values.get("arn"), str):
        return arn in mine
    return isinstance(id_, str) and id_ != "" and id_ in mine

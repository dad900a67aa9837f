"""The graph: resources by type and address, and the links between them, resolved once and asked both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import (
    Base64,
    Coverage,
    Encoded,
    NowhereOrigin,
    PartialList,
    Ref,
    Remark,
    Resource,
    Text,
    Undetermined,
    Unknown,
    View,
    lookup_quietly,
    parse_path,
    show,
    without_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.model import ValuePath


class _Opaque(dict[str, Any]):
    """The values of a resource nobody collected: whatever is asked is unknown."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def get(self, key: str, default: Any = None) -> Any:
        return Unknown(self.reason)


class Graph:
    """All resources of one evaluation.

    Links are declared in `assay.links`, once per pair of types. A link's other end that was not collected is a
    resource of source `uncollected` whose every value is unknown: never absent.
    """

    def __init__(
        self, resources: Iterable[Resource], coverage: Coverage | None = None, remarks: Iterable[Remark] = (),
        links: Iterable[tuple[Resource, Resource, str]] = (),
    ) -> None:  # fmt: skip
        self.resources = list(resources)
        self._stated = list(links)
        self._stated_by: dict[tuple[int, str], list[Resource]] = {}
        for user, used, via in self._stated:
            self._stated_by.setdefault((id(user), via), []).append(used)
        # A document that defines another resource of its own type: that one is judged, with the same text.
        self.stand_ins = {
            id(b) for a, b, via in self._stated if b.source == "document" and a.type == b.type and via != "include"
        }
        self.coverage = coverage or Coverage()
        self.apart: set[str] = set()  # as `Intake.apart`
        self.remarks = list(remarks)
        self._types: dict[str, list[Resource]] = {}
        self._addresses: dict[tuple[str, str, str], Resource] = {}
        for r in self.resources:
            self._types.setdefault(r.type, []).append(r)
            self._addresses.setdefault((r.source, r.root, r.address), r)
        self._identities: dict[str, dict[Any, list[Resource]]] = {}
        self._users: dict[tuple[str, str], tuple[dict[int, list[Resource]], dict[Any, Unknown]]] = {}
        self._scopes: dict[str, dict[Any, list[Resource]]] = {}
        self._memo: dict[Any, Any] = {}
        self._unlisted: dict[str, list[tuple[str | None, str | None, str]]] = {}
        for type_, account, region, reason in self.coverage.unlisted:
            self._unlisted.setdefault(type_, []).append((account, region, reason))

    @property
    def types(self) -> list[str]:
        """The resource types present, in order of appearance."""
        return list(self._types)

    def all(self, type_: str) -> list[Resource]:
        """Every resource of a type, from every source and root.

        Raises:
            Undetermined: there is none, because an audit was narrowed not to look.
        """
        found = self.collected(type_)
        if not found and type_ in self.coverage.left_out:
            raise Undetermined(Unknown(f"this audit was narrowed and did not collect {type_}"))
        return found

    def collected(self, type_: str) -> list[Resource]:
        """The resources of a type that are here; there may be more where an audit was narrowed."""
        return self._types.get(type_, [])

    def live(self, source: str) -> bool:
        """True when something of a live source is here, or was to be."""
        if source in self.coverage.feeds:
            return True
        return any(r.source == source for type_ in ("cluster", "Node", "Pod") for r in self.all(type_))

    def find(self, address: str, root: str = "", source: str = "terraform") -> Resource | None:
        """The resource at an address of one root; a counted resource without its index is its first instance."""
        found = self._addresses.get((source, root, address))
        if found is None:
            for suffix in ("[0]", "[?]"):
                found = found or self._addresses.get((source, root, address + suffix))
        return found

    def beside(self, view: View, type_: str) -> list[Resource]:
        """The resources of a type in the same scope: the same root module, or the same account of a live source.

        When their listing was denied the list is a partial one: "none" then cannot be said.
        """
        r = view.resource
        scopes = self._scopes.get(type_)
        if scopes is None:  # one pass over the type: a pass for every root would be quadratic
            scopes = self._scopes[type_] = {}
            for x in self.collected(type_):
                scopes.setdefault((x.source, x.root, x.account), []).append(x)
        mine = scopes.get((r.source, r.root, r.account))
        if mine is None:
            mine = scopes[r.source, r.root, r.account] = []
        return self._as_far_as_listed(mine, type_, r) if self._unlisted or self.coverage.feeds else mine

    def scope(self, view: View, type_: str) -> Resource | None:
        """The scope resource (`account`, `tenancy`, `module`) that `view` belongs to."""
        return next(iter(self.beside(view, type_)), None)

    def follow(self, view: View, path: str) -> list[Resource]:
        """The resources that the value at `path` names: collected ones first, then stand-ins for what is not here.

        The list is a partial one when what is missing may stand where an audit was refused to look.
        """
        steps = parse_path(path)
        several = _values_at(view.values, steps)  # also into a JSON document, through repeated blocks
        value = several[0] if len(several) == 1 else [item for one in several for item in _items(one)]
        r = view.resource
        if (id(r), path) in self._stated_by:
            return self._stated_by[id(r), path]
        targets = _targets(r.type, (*view.path, *steps))
        unknown = value.unknown if isinstance(value, PartialList) else None
        known: list[Resource] = []
        missing: list[Resource] = []
        for item in _items(value):
            found = self._resolve(r, item, targets, (*view.path, *steps))
            if found:
                known += [f for f in found if f not in known]
            else:
                missing.append(self._stand_in(r, path, item, targets))
        if unknown is None and missing:
            unknown = next((u for t in targets if (u := self._refused(t, r)) is not None), None)
        if unknown is not None:
            return PartialList(known + missing, unknown)
        return known + missing

    def users(self, view: View, type_: str) -> list[Resource]:
        """The resources of a type that link to this one, by any declared relation, in order of appearance.

        Partial when one of them names something unknown that might be this, when this is handed to a module that was
        not read (what it holds may be a user), when they could not be listed, or when there may be none of one (its
        count is not known, and this is there in any case).
        """
        r = view.resource
        index, doubts = self._links_of(type_, r.type)
        found = index.get(id(r), [])
        doubt = doubts.get((r.root, r.source))
        if doubt is None:
            doubt = self._handed_on().get((r.root, r.source, without_key(r.address)))
        if doubt is not None and not found:
            return PartialList(found, doubt)
        perhaps = [u for u in found if "[?]" in u.address] if "[?]" not in r.address else []
        if perhaps:
            reason = f"whether there is {perhaps[0].address} depends on a count or for_each that is not known"
            return PartialList([u for u in found if u not in perhaps], Unknown(reason))
        return self._as_far_as_listed(found, type_, r)

    def doubt(self, view: View, type_: str) -> Unknown | None:
        """Why more resources of a type may link to this one than `users` gives; None when it has them all."""
        r = view.resource
        known = self.users(view, type_)
        if isinstance(known, PartialList):
            return known.unknown
        found = self._links_of(type_, r.type)[1].get((r.root, r.source))
        return found if found is not None else self._handed_on().get((r.root, r.source, without_key(r.address)))

    def links(self) -> Iterator[tuple[Resource, Resource, str]]:
        """Every resolved link as (from, to, via path), for drawing."""
        from assay.links import links_of

        yield from self._stated
        for type_ in self._types:
            for path, kinds in links_of(type_).items():
                for r in self._types[type_]:
                    for value in _values_at(r.values, parse_path(path)):
                        for item in _items(value):
                            for target in self._resolve(r, item, kinds, parse_path(path)):
                                if target is not r:
                                    yield r, target, path
        if any(type_[:1].isupper() for type_ in self._types):
            from assay.kubernetes.links import links

            yield from links(self)

    # --- resolution -----------------------------------------------------------------------------------------------

    def _as_far_as_listed(self, found: list[Resource], type_: str, r: Resource) -> list[Resource]:
        refused = self._refused(type_, r)
        if refused is not None:
            return PartialList(found, refused)
        feeds = self.coverage.feeds.get(r.source)
        elsewhere = r.source in _CLOUDS and type_.partition("_")[0] in _CLOUDS - {r.source}  # no account has another's
        if feeds is not None and type_ not in feeds and not found and not elsewhere:
            return PartialList(found, Unknown(f"an audit of {r.source} does not collect {type_}"))
        return found

    def _refused(self, type_: str, r: Resource) -> Unknown | None:
        """Why the resources of a type could not be listed where `r` is; None when they could."""
        for account, region, reason in self._unlisted.get(type_, ()):
            if account in (None, r.account) and (r.region is None or region in (None, r.region)):
                return Unknown(reason)
        return None

    def _handed_on(self) -> dict[tuple[str, str, str], Unknown]:
        """The resources that calls of unread modules name in their arguments, with the reason of the doubt."""
        found: dict[tuple[str, str, str], Unknown] | None = self._memo.get("handed on")
        if found is None:
            found = self._memo["handed on"] = {}
            for call in self.all("module"):
                if "$unread" in call.values:
                    reason = f"{call.address} takes it and was not read"
                    for target in _named(call.values):
                        found.setdefault((call.root, call.source, without_key(target)), Unknown(reason))
        return found

    def _links_of(self, type_: str, target: str) -> tuple[dict[int, list[Resource]], dict[Any, Unknown]]:
        """For one type pair: users by target, and per root the unknown that keeps the answer open."""
        from assay.links import links_of

        known = self._users.get((type_, target))
        if known is not None:
            return known
        index: dict[int, list[Resource]] = {}
        doubts: dict[Any, Unknown] = {}
        for user, used, _ in self._stated:
            if user.type == type_ and used.type == target:
                index.setdefault(id(used), []).append(user)
        paths = [p for p, kinds in links_of(type_).items() if target in kinds or "*" in kinds]
        for r in self.collected(type_):
            for path in paths:
                for value in _values_at(r.values, parse_path(path)):
                    if isinstance(value, PartialList):
                        doubts.setdefault((r.root, r.source), value.unknown)
                    for item in _items(value):
                        found = self._resolve(r, item, (target,), parse_path(path))
                        for f in found:
                            mine = index.setdefault(id(f), [])
                            if r not in mine:
                                mine.append(r)
                        if not found and isinstance(item, Unknown) and not _refers(item):
                            doubts.setdefault((r.root, r.source), item)
        self._users[type_, target] = (index, doubts)
        return index, doubts

    def _resolve(self, r: Resource, item: Any, targets: tuple[str, ...], path: ValuePath) -> list[Resource]:
        if isinstance(item, Ref):
            found = self.find(item.target, r.root, r.source)
            return [found] if found is not None and (found.type in targets or "*" in targets) else []
        if isinstance(item, Text):
            holes = item.refs()
            built = self._resolve(r, holes[0], targets, path) if len(holes) == 1 else []
            if built:  # else it may be the name of something, built from what this refers to
                return built
        for type_ in targets:
            found_all = self._identity(type_).get(_identity_key(item))
            if found_all:
                same = [x for x in found_all if x.root == r.root and x.source == r.source]
                if type_[:1].isupper():  # an object of Kubernetes is named within its namespace
                    mine = [x for x in same if x.account == r.account and _one_namespace(r, x)]
                    if mine:
                        return mine
                    continue
                return _nearest(r, same, path) or same or found_all
        return []

    def _identity(self, type_: str) -> dict[Any, list[Resource]]:
        from assay.links import identity_of

        index = self._identities.get(type_)
        if index is None:
            index = self._identities[type_] = {}
            for r in self.collected(type_):
                for name in identity_of(type_):
                    value = r.values.get(name) if "." not in name else lookup_quietly(r.values, parse_path(name))
                    if value is not None and (key := _identity_key(value)) is not None:
                        index.setdefault(key, []).append(r)
                if r.source not in ("terraform", "plan"):
                    known = index.setdefault(r.address, [])
                    if not known or known[-1] is not r:  # its id is often its address
                        known.append(r)
        return index

    def _stand_in(self, r: Resource, path: str, item: Any, targets: tuple[str, ...]) -> Resource:
        kind = targets[0] if targets else "resource"
        what = item.target if isinstance(item, Ref) else show(item)
        reason = (
            f"{path} is not known: {item.reason}"
            if isinstance(item, Unknown) and not isinstance(item, Ref)
            else f"{kind} {what} is not among the inputs"
        )
        address = what if isinstance(what, str) else str(what)
        return Resource(kind, address, "uncollected", _Opaque(reason), NowhereOrigin(address), root=r.root)


_CLOUDS = {"aws", "oci"}


def _one_namespace(a: Resource, b: Resource) -> bool:
    """True unless both name a namespace, and different ones."""
    mine, other = (lookup_quietly(x.values, ("metadata", "namespace")) for x in (a, b))
    return not (isinstance(mine, str) and isinstance(other, str) and mine != other)


def _nearest(r: Resource, found: list[Resource], path: ValuePath) -> list[Resource]:
    """Those of the same account, and of the same region where there are some: names repeat in every region.

    Code knows neither: there they are what the value at `path` is written from, or what stands in the same module.
    """
    if len(found) < 2:
        return found
    if r.account is None:
        return _meant(r, found, path) if r.source in ("terraform", "plan") else found
    mine = [x for x in found if x.account == r.account]
    return [x for x in mine if x.region == r.region] or mine


def _meant(r: Resource, found: list[Resource], path: ValuePath) -> list[Resource]:
    """Of resources of one name, those that the expression speaks of; all of them where it speaks of none."""
    module = _module_of(r.address)
    mine = [x for x in found if _module_of(x.address) == module] or found
    if len(mine) < 2:
        return mine
    lines = [(step.file, step.start_line) for step in r.origin.trace(path)]
    spoken_of = []
    for x in mine if lines else ():
        place = x.where()
        if any(file == place.file and place.start_line <= line <= place.end_line for file, line in lines):
            spoken_of.append(x)
    return spoken_of or mine


def _module_of(address: str) -> str:
    """The address of the module instance around a resource; empty for the root module."""
    return without_key(address).rpartition(".")[0].rpartition(".")[0].removesuffix("data").rstrip(".")


def _named(value: Any) -> Iterator[str]:
    """The addresses that a value names, at any depth."""
    if isinstance(value, Ref):
        yield value.target
    elif isinstance(value, Text):
        for ref in value.refs():
            yield ref.target
    elif isinstance(value, Encoded):
        yield from _named(value.value)
    elif isinstance(value, Base64):
        yield from _named(value.plain)
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else list.__iter__(value):
            yield from _named(inner)


def _refers(item: Unknown) -> bool:
    """True when an unknown certainly names something: then it is either the target or something else, no doubt."""
    return isinstance(item, Ref) or (isinstance(item, Text) and bool(item.refs()))


def _identity_key(value: Any) -> Any:
    if isinstance(value, Unknown):
        return ("unknown", value.key) if value.key is not None else None
    return value if isinstance(value, (str, int)) else None


def _items(value: Any) -> list[Any]:
    if value is None or (isinstance(value, str) and not value):
        return []
    if isinstance(value, list):
        return list(list.__iter__(value))
    return [value]


def _values_at(values: Any, path: ValuePath) -> list[Any]:
    """Every value at a path, through all blocks of repeated ones."""
    level = [values]
    for step in path:
        deeper: list[Any] = []
        for found in level:
            value = _document(found)
            if isinstance(step, int) and isinstance(value, list):
                deeper += list.__getitem__(value, slice(step, step + 1))
            elif isinstance(value, dict):
                deeper.append(value.get(str(step)))
            elif isinstance(value, list):
                deeper += [v.get(str(step)) for v in list.__iter__(value) if isinstance(v, dict)]
                if isinstance(value, PartialList):
                    deeper.append(value.unknown)
            elif isinstance(value, Unknown):
                deeper.append(value.child(step))
        level = [v for v in deeper if v is not None]
    return level


def _document(value: Any) -> Any:
    """Text with a path into it is a JSON document (`redrive_policy.deadLetterTargetArn`)."""
    if isinstance(value, (str, Text, Encoded)):
        from assay.decode import decode

        return decode(value)
    return value


def _targets(type_: str, path: ValuePath) -> tuple[str, ...]:
    from assay.links import links_of

    plain = ".".join(str(s) for s in path if not isinstance(s, int))
    return links_of(type_).get(plain, ("*",))

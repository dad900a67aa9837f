"""A tenancy's identity: compartments as a tree, groups and dynamic groups, and every policy statement in its place.

Built once per tenancy (a root module, or what a live source collected) from the graph; questions about it are asked of
`Tenancy`. What is not in the input stays a name: "does not exist" is said only where the source lists all there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.access import Rules
from assay.analysis.inclusion import OPAQUE, Compiled
from assay.analysis.oci_access import PLACE, ROOT, SUBJECT, Translator, qualified, spares, subjects_of
from assay.analysis.oci_policy_language import Statement, is_administrators, statement
from assay.analysis.oci_tenancy import is_everywhere, is_tenancy
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.access import Box, Point
    from assay.graph import Graph
    from assay.model import Resource, View

POLICY, COMPARTMENT = "oci_identity_policy", "oci_identity_compartment"
GROUPS = {
    "group": ("oci_identity_group", "oci_identity_domains_group"),
    "dynamic-group": ("oci_identity_dynamic_group", "oci_identity_domains_dynamic_resource_group"),
}
NAMES = ("name", "display_name")
_DEPTH = 32


class Entry(NamedTuple):
    """One statement of a policy: where it stands, what it says, and its boxes (none when it cannot be read)."""

    policy: Resource
    number: int  # from 0
    text: Any
    statement: Statement | None
    boxes: tuple[Box, ...] = ()
    doubt: Unknown | None = None

    @property
    def path(self) -> str:
        return f"statements[{self.number}]"

    @property
    def key(self) -> tuple[int, int]:
        """What tells the statement from all others."""
        return id(self.policy), self.number


class Tenancy:
    """The policies of one tenancy, as far as the graph has them."""

    def __init__(self, graph: Graph, scope: View, words: Translator | None = None) -> None:
        self.graph = graph
        self.scope = scope.resource
        self.live = self.scope.source not in ("terraform", "plan")
        self._paths: dict[int, Any] = {}
        self._by_id: dict[tuple[str, Any], Resource] = {}
        self.answers: dict[str, Any] = {}  # what questions about all of it found, asked by many rules
        for type_ in (COMPARTMENT, *GROUPS["group"], *GROUPS["dynamic-group"]):
            for r in list.__iter__(graph.beside(scope, type_)):
                for key in (r.values.get("id"), r.values.get("ocid"), r.address if self.live else None):
                    if isinstance(key, str):
                        self._by_id.setdefault(("id", key), r)
        policies = graph.beside(scope, POLICY)
        self.unlisted = policies.unknown if isinstance(policies, PartialList) else None
        found = [e for policy in list.__iter__(policies) for e in self._entries(policy)]
        self.words = words or Translator(e.statement for e in found if e.statement is not None)
        self.entries = [self._translated(e) for e in found]

    @classmethod
    def together(cls, first: Tenancy, second: Tenancy) -> tuple[Tenancy, Tenancy]:
        """Two tenancies over the same words, so that their statements can be compared."""
        words = Translator(e.statement for t in (first, second) for e in t.entries if e.statement is not None)
        return cls(first.graph, first.scope, words), cls(second.graph, second.scope, words)

    def told(self, point: Point) -> dict[str, Any]:
        """A request as people read it."""
        shown = self.words.symbols.shown
        values = {name: [shown(str(v)) for v in found] for name, found in point.values.items()}
        return {
            "subject": values.pop(SUBJECT, ["any-user"])[0],
            "permission": self.words.names[point.bit],
            "place": values.pop(PLACE, [ROOT])[0],
            "context": {name: found for name, found in values.items() if not name.startswith(OPAQUE)},
        }

    # --- statements

    def _entries(self, policy: Resource) -> Iterator[Entry]:
        written = policy.values.get("statements")
        if isinstance(written, Unknown):
            yield Entry(policy, 0, written, None, doubt=written)
            return
        for i, text in enumerate(list.__iter__(written) if isinstance(written, list) else ()):
            try:
                yield Entry(policy, i, text, statement(text))
            except Undetermined as doubt:
                yield Entry(policy, i, text, None, doubt=doubt.unknown)
        if isinstance(written, PartialList):
            yield Entry(policy, list.__len__(written), written.unknown, None, doubt=written.unknown)

    def _translated(self, e: Entry) -> Entry:
        s = e.statement
        if (
            s is None
            or s.effect not in ("allow", "deny")
            or s.base not in ("", "allow")
            or (spares(s) and s.effect == "deny")
        ):
            return e
        try:
            return e._replace(boxes=tuple(self.words.boxes(s, self.subjects(s), self.place(e.policy, s))))
        except Undetermined as doubt:
            return e._replace(doubt=doubt.unknown)

    def of(self, policy: View) -> list[Entry]:
        """The statements of one policy."""
        return [e for e in self.entries if e.policy is policy.resource]

    def compiled(self, entries: list[Entry]) -> Compiled:
        """Some of the statements as a policy."""
        allow = tuple(b for e in entries if e.statement and e.statement.effect == "allow" for b in e.boxes)
        deny = tuple(b for e in entries if e.statement and e.statement.effect == "deny" for b in e.boxes)
        return Compiled(Rules(allow, deny), tuple(e.doubt for e in entries if e.doubt is not None))

    # --- subjects

    def subjects(self, s: Statement) -> list[Any]:
        """The subjects of a statement; ids of groups that are here by their names."""
        if s.subject not in GROUPS:
            return subjects_of(s)
        named = tuple(self._group_name(n) for n in s.names)
        return subjects_of(s._replace(names=named))

    def _group_name(self, name: Any) -> Any:
        r = self._resource(name)
        if r is not None:
            own = name_of(r)
            return name if own is None else own
        return name

    def _resource(self, value: Any) -> Resource | None:
        """The collected resource that an id names."""
        if isinstance(value, Ref):
            return self.graph.find(value.target, self.scope.root, self.scope.source)
        return self._by_id.get(("id", value)) if isinstance(value, str) else None

    # --- compartments

    def place(self, policy: Resource, s: Statement) -> Any:
        """The path of the compartment that a statement covers."""
        if is_everywhere(s):
            return ROOT
        if s.place != "compartment":
            return ROOT if s.place else self.path(policy["compartment_id"])
        found = self._resource(s.path)
        if found is not None and found.type == COMPARTMENT:
            return self.path_of(found)
        if isinstance(s.path, str) and s.path.startswith("ocid1."):
            return ROOT if s.path.startswith("ocid1.tenancy.") else f"{ROOT}{s.path}/"
        if isinstance(s.path, Ref):
            return Text([ROOT, s.path, "/"])
        base = self.path(policy["compartment_id"])
        below = s.path if isinstance(s.path, Unknown) else self._below(base, str(s.path).replace(":", "/"))
        if isinstance(below, str) and not below:
            return base
        parts = [*(base.parts if isinstance(base, Text) else [base]), below, "/"]
        return Text(parts) if any(isinstance(p, Unknown) for p in parts) else "".join(map(str, parts))

    def _below(self, base: Any, path: str) -> str:
        """A path below the compartment a policy is attached to, which may be called by its own name as well."""
        end = base.suffix if isinstance(base, Text) else base
        own = end.rstrip("/").rpartition("/")[2].lower()
        first, _, rest = path.partition("/")
        child = isinstance(base, str) and f"{base}{path}/".lower() in self.known_paths()
        return path if not own or first.lower() != own or child else rest

    def by_id(self, name: str) -> Resource | None:
        """The collected resource of an OCID."""
        return self._by_id.get(("id", name))

    def known_paths(self) -> set[str]:
        """The paths of the compartments in the input, lower case."""
        found: set[str] | None = self.answers.get("paths")
        if found is None:
            found = self.answers["paths"] = set()
            for r in list.__iter__(self.graph.beside(self.scope, COMPARTMENT)):
                try:
                    path = self.path_of(r)
                except Undetermined:
                    continue
                if isinstance(path, str):
                    found.add(path.lower())
        return found

    def path(self, compartment_id: Any) -> Any:
        """The path of a compartment by its id: `/` for the tenancy, unknown pieces and all."""
        found = self._resource(compartment_id)
        if found is not None and found.type == COMPARTMENT:
            return self.path_of(found)
        if compartment_id is None:
            return ROOT
        try:
            if is_tenancy(compartment_id):
                return ROOT
        except Undetermined:
            pass
        return Text([ROOT, compartment_id, "/"]) if isinstance(compartment_id, Unknown) else f"{ROOT}{compartment_id}/"

    def path_of(self, compartment: Resource) -> Any:
        """The path of a compartment from the root.

        Raises:
            Undetermined: the compartments above it contain each other.
        """
        known = self._paths.get(id(compartment))
        if known is None:
            known = self._paths[id(compartment)] = self._climb(compartment)
        return known

    def _climb(self, compartment: Resource) -> Any:
        parts: list[Any] = []
        seen: list[Resource] = []
        at: Resource | None = compartment
        parent: Any = None
        while at is not None:
            if at in seen or len(seen) > _DEPTH:
                said = " in ".join(str(r) for r in [*seen, at])
                raise Undetermined(Unknown(f"the compartments contain each other: {said}"))
            seen.append(at)
            name = at.values.get("name")
            parts[:0] = [Unknown(f"{at} has no known name") if name is None else name, "/"]
            parent = at.values.get("compartment_id")
            above = self._resource(parent)
            at = above if above is not None and above.type == COMPARTMENT else None
        base = self.path(parent)
        parts[:0] = base.parts if isinstance(base, Text) else [base]
        return Text(parts) if any(isinstance(p, Unknown) for p in parts) else "".join(parts)


def tenancy(graph: Graph, scope: View) -> Tenancy:
    """The tenancy that a resource belongs to, built once."""
    r = scope.resource
    place = ("oci tenancy", r.source, r.root, r.account)
    found = graph._memo.get(place)
    if found is None:
        found = graph._memo[place] = Tenancy(graph, scope)
    known: Tenancy = found
    return known


def name_of(r: Resource) -> Any:
    """What policies call a group or dynamic group, with its domain where one is known."""
    name = next((r.values[n] for n in NAMES if r.values.get(n) is not None), None)
    return None if name is None else qualified(name)


# --- what a statement names and nobody has ----------------------------------------------------------------------------


def nowhere(t: Tenancy, e: Entry) -> Iterator[tuple[bool, str]]:
    """What a statement names that is not there, and places its policy cannot reach; True where that is certain."""
    s = e.statement
    if s is None or s.effect not in ("allow", "deny"):
        return
    yield from _nobody(t, s)
    yield from _out_of_reach(t, e, s)
    if s.place == "compartment" and isinstance(s.path, str) and not s.path.startswith("ocid1."):
        yield from _no_compartment(t, e, s.path)


def _nobody(t: Tenancy, s: Statement) -> Iterator[tuple[bool, str]]:
    """Groups that are not among those of the tenancy, where the input has any of their kind."""
    if s.subject not in GROUPS:
        return
    if s.subject not in t.answers:
        known, certain = _all(t, GROUPS[s.subject])
        called = [_folded(n) for r in known if (n := name_of(r)) is not None]
        t.answers[s.subject] = called, {n for n in called if isinstance(n, str)}, certain
    names, spelled, certain = t.answers[s.subject]
    if not (names or (t.live and certain)):
        return
    for name in s.names:
        if (
            isinstance(name, Unknown)
            or qualified(name).lower() in spelled
            or (name.startswith("ocid1.") and not certain)
        ):
            continue
        if t.by_id(name) is not None:
            continue
        try:
            if _named(names, qualified(name).lower()):
                continue
        except Undetermined:
            continue
        if not is_administrators(name) and "/" not in name.removeprefix("Default/").removeprefix("default/"):
            yield certain, f"there is no {s.subject} {name}"


def _named(names: list[Any], wanted: str) -> bool:
    return any_of(names, lambda n: n == wanted)


def _folded(name: Any) -> Any:
    return name.lower() if isinstance(name, (str, Text)) else name


def _all(t: Tenancy, types: tuple[str, ...]) -> tuple[list[Resource], bool]:
    """What there is of some types, and whether that is all: a live source that was allowed to list them."""
    found = [t.graph.beside(t.scope, type_) for type_ in types]
    certain = t.live and not isinstance(found[0], PartialList)
    return [r for some in found for r in list.__iter__(some)], certain


def _out_of_reach(t: Tenancy, e: Entry, s: Statement) -> Iterator[tuple[bool, str]]:
    """A policy speaks of the compartment it is attached to, and of what is below."""
    try:
        home = t.path(e.policy["compartment_id"])
        target = t.place(e.policy, s)
    except Undetermined as doubt:
        yield False, doubt.reason
        return
    if not isinstance(home, str) or not isinstance(target, str) or home == ROOT or not s.place:
        return
    if target != ROOT and (_elsewhere(home) or _elsewhere(target)):
        return
    if not target.lower().startswith(home.lower()):
        where = "the tenancy" if target == ROOT else target.strip("/")
        yield True, f"the policy is attached to {home.strip('/')} and cannot reach {where}"


def _elsewhere(path: str) -> bool:
    """True for a place below a compartment of which only the OCID is known."""
    return path.startswith("/ocid1.")


def _no_compartment(t: Tenancy, e: Entry, path: str) -> Iterator[tuple[bool, str]]:
    known, certain = _all(t, (COMPARTMENT,))
    if not (known or (t.live and certain)):
        return
    try:
        home = t.path(e.policy["compartment_id"])
        wanted = t.place(e.policy, e.statement) if e.statement else home
    except Undetermined:
        return
    if isinstance(wanted, Unknown) or _elsewhere(wanted) or wanted == home or wanted.lower() in t.known_paths():
        return
    if all(isinstance(r.values.get("name"), str) for r in known):
        yield certain, f"there is no compartment {path} below {'the tenancy' if home == ROOT else home.strip('/')}"

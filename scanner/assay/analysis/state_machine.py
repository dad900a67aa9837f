"""State machines in the Amazon States Language: their states at every depth, read once for all who ask.

A piece that nobody knows stays an unknown leaf; a question about it raises `Undetermined`.
"""

from __future__ import annotations

import marshal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from assay.decode import decode, unknown_leaves
from assay.json_spans import Repeats
from assay.model import PartialList, Ref, Text, Undetermined, Unknown, _reads, as_list, join_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.graph import Graph
    from assay.model import Resource, ValuePath

INNER = ("Branches", "Iterator", "ItemProcessor")
"""The fields that hold machines of their own: branches and iterations."""
HOLDS = frozenset(INNER)


class State:
    """One state: where it stands, what it is and calls, and the scopes within it.

    `kind` is its `Type` as it is written; `called` the text of its `Resource`, as `text_of` gives it.
    """

    __slots__ = ("called", "fields", "inner", "kind", "name", "scope", "where")

    def __init__(self, name: str, fields: dict[str, Any], scope: Scope, where: ValuePath) -> None:
        self.name = name
        self.fields = fields
        self.scope = scope
        self.where = where
        self.kind: Any = fields.get("Type")
        self.called = text_of(fields.get("Resource"))
        self.inner: list[Scope] = []

    @property
    def at(self) -> str:
        """`where` as text."""
        return join_path(self.where)

    def within(self) -> Iterator[State]:
        """The states of the branches and iterations in it, at every depth."""
        for scope in self.inner:
            for s in scope.states:
                yield s
                yield from s.within()


class Scope:
    """The machine, a branch or an iteration: the states that may go on to each other, and those `around` it."""

    __slots__ = ("_ways", "around", "fields", "language", "states", "where")

    def __init__(
        self, fields: dict[str, Any], where: ValuePath, around: tuple[dict[str, Any], ...], language: Any
    ) -> None:
        self.fields = fields
        self.language = language  # of states that do not say theirs
        self.where = where
        self.around = around  # the fields of the states, the outermost first
        self.states: list[State] = []
        self._ways: dict[str, list[tuple[ValuePath, Any]]] | None = None

    def ways(self) -> dict[str, list[tuple[ValuePath, Any]]]:
        """Of each state by its name where it may go on: the path of the field within it, and the name of the next, or
        the unknown that stands for it."""
        if self._ways is None:
            self._ways = {s.name: _following(s.fields) for s in self.states}
        return self._ways


class Machine:
    """A definition with all its scopes and states, in the order in which they are written."""

    def __init__(self, document: dict[str, Any], where: ValuePath = ("definition",)) -> None:
        self.document = document
        self.scopes: list[Scope] = []
        self._states: list[State] = []
        self.more: Unknown | None = None  # what may hold further states
        self.top = self._scope(document, where, ())
        self.states = self._states if self.more is None else PartialList(self._states, self.more)
        self.doubt: Unknown | None = None  # why nothing is known of the definition
        self.repeats = False  # some object of the text has two members of one name
        self.reads: list[tuple[Resource, ValuePath, Unknown]] = []
        self._kinds: dict[str, list[State]] = {}
        self._written: bytes | None = None

    def _scope(self, fields: dict[str, Any], where: ValuePath, around: tuple[dict[str, Any], ...]) -> Scope:
        scope = Scope(fields, where, around, self.document.get("QueryLanguage", "JSONPath"))
        self.scopes.append(scope)
        found = fields.get("States")
        self._wonder(found)
        for name, inner in found.items() if isinstance(found, dict) else ():
            if isinstance(inner, dict):
                s = State(name, inner, scope, (*where, "States", name))
                scope.states.append(s)
                self._states.append(s)
                if not HOLDS.isdisjoint(inner):
                    s.inner = [self._scope(one, at, (*around, inner)) for one, at in self._held(s)]
            else:
                self._wonder(inner)
        return scope

    def _wonder(self, piece: Any) -> None:
        """An unknown piece in a place where states stand may hold any."""
        if self.more is None and isinstance(piece, Unknown):
            self.more = piece

    def _held(self, s: State) -> Iterator[tuple[dict[str, Any], ValuePath]]:
        for key in INNER:
            inner = s.fields.get(key)
            if isinstance(inner, dict):
                yield inner, (*s.where, key)
            elif isinstance(inner, list):
                for i, one in enumerate(list.__iter__(inner)):
                    if isinstance(one, dict):
                        yield one, (*s.where, key, i)
                    else:
                        self._wonder(one)
                self._wonder(inner.unknown if isinstance(inner, PartialList) else None)
            else:
                self._wonder(inner)

    def of_kind(self, kind: str) -> list[State]:
        """The states of a type; of a list that raises at its end when the type of a state is unknown."""
        found = self._kinds.get(kind)
        if found is None:
            found = [s for s in self._states if not isinstance(s.kind, Unknown) and s.kind == kind]
            doubts = [s.kind for s in self._states if isinstance(s.kind, Unknown)]
            doubts += [] if self.more is None else [self.more]
            found = self._kinds[kind] = PartialList(found, doubts[0]) if doubts else found
        return found

    def tasks(self) -> list[State]:
        """The task states, as `of_kind` gives them."""
        return self.of_kind("Task")

    def written(self) -> bytes:
        """Every text of the definition in one piece and in lower case: what is not in it no state says."""
        if self._written is None:
            try:
                self._written = marshal.dumps(self.document).lower()  # takes plain data and nothing else
            except ValueError:
                said = "\n".join([s.name for s in self._states] + [text_of(t) for t in texts(self.document)])
                self._written = said.encode("utf-8", "surrogatepass").lower()
        return self._written


_NEXT, _DEFAULT = ("Next",), ("Default",)


def _following(fields: dict[str, Any]) -> list[tuple[ValuePath, Any]]:
    """Where a state may go on; where nobody knows a choice or catcher, the unknown stands for its state."""
    found: list[tuple[ValuePath, Any]] = []
    if "Next" in fields:
        found.append((_NEXT, fields["Next"]))
    if "Default" in fields:
        found.append((_DEFAULT, fields["Default"]))
    for key in ("Choices", "Catch"):
        if key in fields:
            many = as_list(fields[key])
            for i, one in enumerate(list.__iter__(many)):
                if isinstance(one, Unknown):
                    found.append(((key, i), one))
                elif isinstance(one, dict) and "Next" in one:
                    found.append(((key, i, "Next"), one["Next"]))
            if isinstance(many, PartialList):
                found.append(((key,), many.unknown))
    return found


def read(machine: Resource, graph: Graph, *, needed: bool = True) -> Machine:
    """The states of a machine; none where there is no definition, or no JSON.

    A definition is read once for all rules; of its pieces that are unknown the engine hears each time (`View.json`).

    Args:
        needed: raise when the definition is unknown; otherwise it has no states.

    Raises:
        Undetermined: the definition is unknown.
    """
    place = ("state machine", id(machine))
    kept: tuple[Resource, Machine] | None = graph._memo.get(place)
    if kept is None:
        mark = list.__len__(_reads)
        found = _read(machine)
        found.reads = _reads[mark:]
        graph._memo[place] = machine, found
    else:
        found = kept[1]
        _reads.extend(found.reads)
    if needed and found.doubt is not None:
        raise Undetermined(found.doubt)
    return found


def _read(machine: Resource) -> Machine:
    written = machine["definition"]
    repeats = Repeats()
    document = decode(written, repeats.members)
    if isinstance(written, Unknown):
        _reads.extend((machine, ("definition",), leaf) for leaf in unknown_leaves(document))
    found = Machine(document if isinstance(document, dict) else {})
    found.doubt = document if isinstance(document, Unknown) and isinstance(written, Unknown) else None
    found.repeats = repeats.met
    return found


def text_of(value: Any) -> str:
    """A value's text with `x` for what nobody knows; empty for other things."""
    if isinstance(value, Text):
        return "".join(p if isinstance(p, str) else "x" for p in value.parts)
    if isinstance(value, Ref):
        return value.target
    return value if isinstance(value, str) else ""


def texts(value: Any) -> Iterator[Any]:
    """Every text of a document, in its order."""
    waiting = [iter((value,))]
    while waiting:
        for found in waiting[-1]:
            kind = type(found)
            if kind is str:
                yield found
            elif kind is dict:
                waiting.append(iter(found.values()))
                break
            elif isinstance(found, list):
                waiting.append(list.__iter__(found))
                if isinstance(found, PartialList):
                    waiting.insert(-1, iter((found.unknown,)))
                break
            elif isinstance(found, (str, Unknown)):
                yield found
        else:
            waiting.pop()


def faults(machine: Resource, graph: Graph) -> Iterator[tuple[str, ValuePath]]:
    """What makes a definition invalid, as (what, where).

    Raises:
        Undetermined: at the end, when a piece that nobody knows might be one more fault.
    """
    from assay.analysis import state_language

    found = read(machine, graph)
    if not found.document:
        written = machine["definition"]
        if written is not None:
            yield f"the definition is no JSON object{_why_not(written)}", ("definition",)
        return
    for path in _written_twice(machine, found):
        of = "state" if path[-2:-1] == ("States",) else "field"
        around = next((f" of state {b}" for a, b in reversed(list(pairwise(path[:-1]))) if a == "States"), "")
        yield f"{of} {path[-1]}{around} is written more than once: only the last counts", ("definition", *path)
    yield from state_language.faults(found)


def _written_twice(machine: Resource, found: Machine) -> list[ValuePath]:
    """The states and fields of which a parser takes the last and says nothing of the others."""
    from assay.decode import marked
    from assay.documents.positions import TextOrigin, repeated

    if isinstance(machine.origin, TextOrigin):
        return machine.origin.repeated
    written = machine.values["definition"]
    if not found.repeats:
        return []
    return repeated(marked(written)[0] if isinstance(written, Text) else written)


def _why_not(written: Any) -> str:
    from assay.documents.positions import Malformed, read_json

    try:
        read_json(written if isinstance(written, str) else "")
    except Malformed as fault:
        return f": {fault}"
    return ""

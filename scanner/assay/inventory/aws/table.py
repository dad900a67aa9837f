"""The words that the tables of AWS services are written in.

A service is a tree of calls. `Ask` is one call: which operation, where its items stand in the answer, what else to ask
for each item, and which Terraform resources (`Make`) come of it. Keys of the answer become Terraform's attribute names
by snake case; `rename` and `fields` are the exceptions.

A path is dotted (`VpcConfig.SubnetIds`), goes through lists (`Subnets.SubnetId` gives a list), and starts with `^` for
the item it was asked for (`^RestApi.id`), `^^` for that one's own. A text with braces is a template of paths, of which
`{account}`, `{region}` and `{partition}` are known everywhere. An item that is a plain id stands at `$id`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from assay.model import Unknown

    Spec = str | Callable[["Item"], Any]


class Place(NamedTuple):
    """Where a service is asked."""

    account: str
    region: str
    partition: str = "aws"
    regions: tuple[str, ...] = ()
    """All the regions that are asked."""


class Item:
    """One thing of an answer, with the thing it was asked for and the attributes that a failed call left unknown."""

    __slots__ = ("failed", "parent", "place", "unknown", "values")

    def __init__(self, values: Any, place: Place, parent: Item | None = None) -> None:
        self.values = values
        self.place = place
        self.parent = parent
        self.unknown: dict[str, Unknown] = {}
        self.failed: list[str] = []

    def get(self, spec: Spec) -> Any:
        """The value that a path, a template or a function gives; None when there is none."""
        if callable(spec):
            return spec(self)
        if "{" in spec:
            return _HOLES.sub(lambda hole: str(self._hole(hole[1])), spec)
        if spec.startswith("^"):
            return self.parent.get(spec[1:]) if self.parent is not None else None
        return at(self.values, spec)

    def _hole(self, path: str) -> Any:
        if path in Place._fields:
            return getattr(self.place, path)
        return self.get(path) if path else self.values

    def __getitem__(self, path: str) -> Any:
        return self.get(path)


_HOLES = pattern(r"\{([^{}]*)\}")


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path of an answer, a list where it leads through one; the empty path is the answer."""
    for step in path.split(".") if path else ():
        if isinstance(value, list):
            value = [inner for v in value if (inner := v.get(step)) is not None]
            if value and isinstance(value[0], list):
                value = [x for inner in value for x in inner]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """One Terraform resource out of an item.

    Attributes:
        type: the Terraform type.
        address: what names it in reports: its ARN where it has one.
        name: what people call it.
        rename: names in the answer (dotted) to attribute names beside them; None leaves one out.
        fields: further attributes, or those whose value is made differently.
        each: makes one of every thing at this path; its item's `^` is the whole.
        when: makes none where this is empty, false or absent.
        region: where it is, when that is not where it was listed.
        folds: types that Terraform has apart and whose content stands in this resource.
        keys: attributes (dotted where nested) that name a KMS key; one that AWS manages is left out, as Terraform
            leaves it out.
        bare: takes nothing from the answer but `fields`.
        answered: is made only when one of the calls that complete the item was answered.
    """

    type: str
    address: Spec
    name: Spec = ""
    rename: Mapping[str, str | None] = field(default_factory=dict)
    fields: Mapping[str, Spec] = field(default_factory=dict)
    each: Spec = ""
    when: Spec = ""
    region: Spec = ""
    folds: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    bare: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call, and what comes of its answer.

    Attributes:
        operation: as the API spells it.
        items: where its items stand in each page; empty when the answer is one thing.
        params: parameters: a path into the item it is asked for, a template, a function; others as they are. A plain
            text is written `"=text"`.
        service: another service than the table's.
        absent: error codes that say "there is none".
        put: the answer becomes part of the item it was asked for: under this name, or with "" its own members.
        feeds: attributes that are unknown when this call fails, and types that are then not listed.
        when: asked only where this is not empty, false or absent.
        makes: the resources that come of each item, once `then` has completed it.
        then: further calls for each item.
        ready: asked again, for some seconds, until this holds of the answer.
        first: only the first page is wanted, of which the service gives what counts first.
        batch: items are ids that another call describes, this many at a time (`params` names them `"*"`).
    """

    operation: str
    items: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    service: str = ""
    absent: tuple[str, ...] = ()
    put: str | None = None
    feeds: tuple[str, ...] = ()
    when: Spec = ""
    makes: tuple[Make, ...] = ()
    then: tuple[Ask, ...] = ()
    ready: Spec = ""
    first: bool = False
    batch: tuple[int, Ask] | None = None

    def types(self) -> Iterator[str]:
        """The types that come of this call and of those after it."""
        for make in self.makes:
            yield from (make.type, *make.folds)
        for ask in (*self.then, *((self.batch[1],) if self.batch else ())):
            yield from ask.types()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service's table; one at `home` is asked once, in the region that answers for the whole account.

    That is the partition's home region, or `region` for a service that only the commercial partition has, elsewhere.
    """

    name: str
    asks: tuple[Ask, ...]
    home: bool = False
    region: str = ""
    label: str = ""

    @property
    def types(self) -> list[str]:
        return list(dict.fromkeys(t for ask in self.asks for t in ask.types()))

    def only(self, types: frozenset[str]) -> Service | None:
        """The table without what no resource of these types needs; None when nothing is left."""
        asks = tuple(kept for ask in self.asks if (kept := _only(ask, types)) is not None)
        return replace(self, asks=asks) if asks else None

    def operations(self) -> Iterator[tuple[str, str]]:
        """Every (service, operation) of the table, in order, once."""
        seen: dict[tuple[str, str], None] = {}
        waiting = list(self.asks)
        while waiting:
            ask = waiting.pop(0)
            seen.setdefault((ask.service or self.name, ask.operation))
            waiting += [*ask.then, *((ask.batch[1],) if ask.batch else ())]
        yield from seen


def _only(ask: Ask, types: frozenset[str]) -> Ask | None:
    """A call without what is made of other types; a call that completes its item stays as long as that is needed."""
    makes = tuple(m for m in ask.makes if not types.isdisjoint((m.type, *m.folds)))
    inner = [(a, _only(a, types)) for a in ask.then]
    batch = None
    if ask.batch is not None:
        described = _only(ask.batch[1], types)
        batch = (ask.batch[0], described) if described is not None else None
    if not makes and batch is None and all(kept is None for _, kept in inner):
        return None
    then = tuple(a if kept is None else kept for a, kept in inner if kept is not None or a.put is not None)
    return replace(ask, makes=makes, then=then, batch=batch)

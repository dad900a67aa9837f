"""The one engine that walks the tables: pages, further calls for each item, resources, and what went wrong."""

from __future__ import annotations

from itertools import islice
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING, Any, Protocol

from assay.inventory.aws import shape
from assay.inventory.aws.table import Ask, Item, Make, Place, Service, at
from assay.inventory.collect import DENIED, FAILED, THROTTLED, ordered
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import ThreadPoolExecutor

    from assay.inventory.collect import Emitter

ABSENT, UNSUPPORTED = "absent", "unsupported"
READY_TRIES = 10
STATUS = {DENIED: DENIED, THROTTLED: THROTTLED}
"""What the coverage calls the kinds of failed calls; every other one is failed."""


class Transport(Protocol):
    """What carries calls: boto3, or recorded answers."""

    def call(self, service: str, operation: str, **params: Any) -> Iterator[dict[str, Any]]:
        """The pages of the answer.

        Raises:
            CallFailed: while it is iterated.
        """
        ...


class CallFailed(Exception):
    """An operation that gave no answer; `kind` is denied, throttled, absent, unsupported or failed."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if message and message != code else code)
        self.kind = kind
        self.code = code


class _Found:
    """What one item came to, kept until it is its turn: resources, and calls that failed."""

    __slots__ = ("problems", "resources")

    def __init__(self) -> None:
        self.resources: list[tuple[str, str, dict[str, Any], str, str | None]] = []
        self.problems: list[tuple[str, str, str, tuple[str, ...]]] = []


class Shared:
    """What the services of one account and region ask only once."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.managed_keys: set[str] | Unknown | None = None


class Walk:
    """One service in one place."""

    def __init__(
        self, service: Service, place: Place, transport: Transport, emit: Emitter, pool: ThreadPoolExecutor | None,
        shared: Shared | None = None,
    ) -> None:  # fmt: skip
        self.shared = shared or Shared()
        self.service = service
        self.place = place
        self.transport = transport
        self.emit = emit
        self.pool = pool

    def run(self) -> None:
        """Ask everything of the table and pour it into the emitter."""
        here = Item({}, self.place)
        for ask in self.service.asks:
            whole = _Found()
            items = self._items(ask, here, whole)
            process = lambda item, ask=ask: self._item(ask, item)  # noqa: E731
            many = ask.then and self.pool is not None
            for found in ordered(self.pool, process, items) if many and self.pool else map(process, items):
                self._pour(found)
            self._pour(whole)

    def _pour(self, found: _Found) -> None:
        for type_, address, values, name, region in found.resources:
            self.emit.resource(type_, address, values, name=name, region=region)
        for operation, status, reason, types in found.problems:
            self.emit.problem(operation, status, reason, types)

    def _items(
        self, ask: Ask, parent: Item, found: _Found, ids: list[str] | None = None, whole: Ask | None = None
    ) -> Iterator[Item]:
        """The items of a call for `parent`, page by page; a failure is noted in `found`.

        A call that describes a batch of `ids` belongs to `whole`, the one that listed them.
        """
        params = {k: ids if v == "*" else _param(v, parent) for k, v in ask.params.items()}
        params = {k: v for k, v in params.items() if v is not None}
        try:
            for page in self._pages(ask, params):
                inner = at(page, ask.items)
                answers = [] if inner is None else inner if ask.items and isinstance(inner, list) else [inner]
                if ask.batch:
                    yield from self._batches(ask, ask.batch, answers, parent, found)
                else:
                    for answer in answers:
                        yield Item(answer if isinstance(answer, dict) else {"$id": answer}, self.place, parent)
        except CallFailed as error:
            self._failed(ask, error, parent, found, whole or ask)

    def _pages(self, ask: Ask, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        name = ask.service or self.service.name
        if not ask.ready:
            found = self.transport.call(name, ask.operation, **params)
            yield from islice(found, 1) if ask.first else found
            return
        for again in range(1, READY_TRIES + 1):
            page = next(iter(self.transport.call(name, ask.operation, **params)), {})
            if again == READY_TRIES or not page or Item(page, self.place).get(ask.ready):
                yield page
                return
            sleep(1)

    def _batches(
        self, whole: Ask, batch: tuple[int, Ask], ids: list[str], parent: Item, found: _Found
    ) -> Iterator[Item]:
        size, ask = batch
        for i in range(0, len(ids), size):
            yield from self._items(ask, parent, found, ids[i : i + size], whole)

    def _failed(self, ask: Ask, error: CallFailed, parent: Item, found: _Found, whole: Ask) -> None:
        if error.kind == ABSENT or error.code in ask.absent:
            return
        reason = str(error) if error.kind != UNSUPPORTED else f"the endpoint does not support it ({error.code})"
        fed = (f for f in ask.feeds if f.startswith("aws_")) if ask.put is not None else whole.types()
        types = tuple(dict.fromkeys(fed))
        found.problems.append((ask.operation, STATUS.get(error.kind, FAILED), reason, types))
        if ask.put is not None:
            unknown = Unknown(f"{ask.operation}: {reason}")
            parent.failed.append(ask.operation)
            parent.unknown.update(dict.fromkeys(ask.feeds, unknown))

    def _item(self, ask: Ask, item: Item) -> _Found:
        """One item to its end: what completes it first, then the resources it makes, then what lies below it."""
        found = _Found()
        asked = sum(self._complete(one, item, found) for one in ask.then if one.put is not None)
        for make in ask.makes:
            self._make(make, item, found, asked=asked)
        for one in ask.then:
            if one.put is None and _wanted(one.when, item):
                for child in self._items(one, item, found):
                    below = self._item(one, child)
                    found.resources += below.resources
                    found.problems += below.problems
        return found

    def _complete(self, ask: Ask, item: Item, found: _Found) -> bool:
        """Make the answer of a call part of the item; whether it was asked at all."""
        if not _wanted(ask.when, item):
            return False
        answers = []
        for child in self._items(ask, item, found):
            for one in ask.then:
                self._complete(one, child, found)
            item.unknown.update(child.unknown)
            answers.append(child.values)
        if ask.put:
            if ask.items or answers:
                item.values[ask.put] = answers if ask.items else answers[0]
        else:
            for answer in answers:
                item.values.update(answer)
        return True

    def _make(self, make: Make, item: Item, found: _Found, *, asked: int) -> None:
        if make.answered and asked and len(item.failed) == asked:
            found.problems.append((item.failed[0], DENIED, "none of the calls was answered", (make.type,)))
            return
        if not _wanted(make.when, item):
            return
        subjects: Iterable[Item] = [item]
        if make.each:
            subjects = [Item(v, self.place, item) for v in item.get(make.each) or ()]
        for one in subjects:
            one.unknown = item.unknown
            name = one.get(make.name) if make.name else ""
            region = one.get(make.region) if make.region else None
            address = str(one.get(make.address))
            values = shape.values(make, one)
            for path in make.keys:
                self._customer_key(values, path)
            found.resources.append((make.type, address, values, str(name or ""), region))

    def _customer_key(self, values: dict[str, Any], path: str) -> None:
        """Leave out a key that AWS manages; whether it does is unknown when the aliases cannot be listed."""
        *blocks, name = path.split(".")
        for holder in _holders(values, blocks):
            key = holder.get(name)
            if not isinstance(key, str) or not key:
                continue
            managed = self._managed_keys()
            if isinstance(managed, Unknown):
                holder[name] = managed
            elif key.startswith("alias/aws/") or ":alias/aws/" in key or key.rpartition("/")[2] in managed:
                del holder[name]

    def _managed_keys(self) -> set[str] | Unknown:
        with self.shared.lock:
            if self.shared.managed_keys is None:
                try:
                    aliases = [a for p in self.transport.call("kms", "ListAliases") for a in p.get("Aliases", ())]
                    managed = {a.get("TargetKeyId", "") for a in aliases if a["AliasName"].startswith("alias/aws/")}
                    self.shared.managed_keys = managed
                except CallFailed as error:
                    self.shared.managed_keys = Unknown(f"whether AWS manages the key: ListAliases: {error}")
            return self.shared.managed_keys


def _holders(values: dict[str, Any], blocks: list[str]) -> list[dict[str, Any]]:
    """The nested blocks at a path; the values themselves where it is empty."""
    level = [values]
    for block in blocks:
        inner = [found if isinstance(found := one.get(block), list) else [found] for one in level]
        level = [one for found in inner for one in found if isinstance(one, dict)]
    return level


def _param(spec: Any, item: Item) -> Any:
    if callable(spec):
        return spec(item)
    if isinstance(spec, str):
        return spec[1:] if spec.startswith("=") else item.get(spec)
    if isinstance(spec, list):
        return [_param(s, item) for s in spec]
    return spec


def _wanted(spec: Any, item: Item) -> bool:
    return not spec or bool(item.get(spec))

"""Asks what a table says, and pours the answers into the snapshot in the provider's shape.

A list that is denied is not empty: the types it feeds count as not listed. A detail that is denied makes what only it
tells unknown. Answers are taken a page at a time, in the order the service gives them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.inventory.collect import ordered
from assay.inventory.oci.clients import is_absent, status_of
from assay.inventory.oci.shape import told_by, values_of
from assay.inventory.oci.table import GONE, Made, Row, children, client_service, fed
from assay.model import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import ThreadPoolExecutor

    from assay.inventory.collect import Emitter
    from assay.inventory.oci.clients import Clients
    from assay.inventory.oci.table import Table


class Scope(NamedTuple):
    """What a call is about: the compartment and, where the service asks for it, the availability domain."""

    compartment: str
    domain: str = ""


class Problem(NamedTuple):
    """A call that gave no answer."""

    operation: str
    status: str
    reason: str


class Item:
    """One answer of a row's list: the SDK's model, its values in the provider's shape, and the item it lies in."""

    def __init__(self, collector: Collector, row: Row, model: Any, scope: Scope, parent: Item | None = None) -> None:
        self.collector = collector
        self.row = row
        self.model = model
        self.scope = scope
        self.parent = parent
        self.values: dict[str, Any] = values_of(model, row.renames)
        self.problems: list[Problem] = []
        for name, source in row.adds.items():
            self.values[name] = self.resolve(source)

    def resolve(self, source: Any) -> Any:
        """What a text of a row stands for; see `Row`."""
        if not isinstance(source, str):
            return source
        if source.startswith("parent.") and self.parent is not None:
            return self.parent.resolve(_of_parent(source))
        if source.startswith("."):
            return getattr(self.model, source[1:])
        return self.collector.of_scope(source, self.scope)

    @property
    def address(self) -> str:
        return "/".join(str(self.resolve(piece)) for piece in self.row.address.split("|"))

    def made(self, type_: str = "", address: str = "", values: dict[str, Any] | None = None) -> Made:
        """The resource itself, or another one that the item describes."""
        return Made(type_ or self.row.type, address or self.address, self.values if values is None else values)

    def ask(self, client: str, operation: str, *args: Any, optional: bool = False, **kwargs: Any) -> Any:
        """A further call about the item: its data, or an Unknown that says why there is none (`optional`: None)."""
        name = f"{client_service(client)}.{operation}"
        try:
            return self.collector.call(client, operation, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - status_of sorts them, and raises what concerns every call
            if optional and is_absent(error):
                return None
            status, reason = status_of(error)
            self.problems.append(Problem(name, status, reason))
            return Unknown(f"{name}: {reason}")


class Collector:
    """One table in one region: what a unit of the inventory does.

    Args:
        names: compartments by OCID with the names people know them by, the tenancy first.
        pool: where single calls run; a unit waits for them and never runs in it itself.
        root: also ask what is asked of the tenancy once.
    """

    def __init__(
        self, clients: Clients, pool: ThreadPoolExecutor, table: Table, region: str, names: dict[str, str],
        emitter: Emitter, *, root: bool = True,
    ) -> None:  # fmt: skip
        self.clients = clients
        self.pool = pool
        self.table = table
        self.region = region
        self.names = names
        self.emitter = emitter
        self.root = root
        self.facts: dict[Any, Any] = {}  # what one row's items tell about another's
        self._lock = threading.RLock()
        self._given: set[tuple[str, str]] = set()

    def run(self) -> None:
        for row in self.table.rows:
            if row.within or (row.root and not self.root):
                continue
            if not self.table.sparse or self.clients.is_offered(row.client, self.region):
                self._top(row)

    # --- calls

    def call(self, client: str, operation: str, *args: Any, **kwargs: Any) -> Any:
        """The data of one call; of a list operation that gives pages, all of them."""
        made = self.clients.client(client, self.region)
        if operation.startswith("list_"):
            return [item for page in self.clients.pages(made, operation, *args, **kwargs) for item in page]
        return self.clients.call(made, operation, *args, **kwargs).data

    def remembered(self, key: Any, ask: Callable[[], Any]) -> Any:
        """What `ask()` says, asked once in this unit."""
        with self._lock:
            if key not in self.facts:
                self.facts[key] = ask()
            return self.facts[key]

    def of_scope(self, source: str, scope: Scope) -> Any:
        if source == "$compartment":
            return scope.compartment
        if source == "$tenancy":
            return self.clients.identity.tenancy
        if source == "$domain":
            return scope.domain
        if source == "$namespace":
            ask = lambda: self.call("object_storage.ObjectStorageClient", "get_namespace")  # noqa: E731
            return self.remembered("$namespace", ask)
        return source

    # --- lists

    def _top(self, row: Row) -> None:
        compartments = [self.clients.identity.tenancy] if row.root else list(self.names)
        domains = self._domains(row) if "$domain" in row.args.values() else [""]
        scopes = [(row, Scope(c, d), None) for c in compartments for d in domains]
        self._lists(scopes)

    def _domains(self, row: Row) -> list[str]:
        tenancy = self.clients.identity.tenancy
        ask = lambda: self.call("identity.IdentityClient", "list_availability_domains", tenancy)  # noqa: E731
        try:
            return [d.name for d in self.remembered("$domains", ask)]
        except Exception as error:  # noqa: BLE001 - as above
            status, reason = status_of(error)
            self.emitter.problem("identity.list_availability_domains", status, reason, fed(self.table.rows, row))
            return []

    def _lists(self, asked: Iterable[tuple[Row, Scope, Item | None]]) -> None:
        """Ask the lists side by side, and take in their items one list after the other."""
        for (row, scope, parent), pages, first, error in ordered(self.pool, self._begin, asked):
            found = first
            while error is None and found is not None:
                self._take_in(row, scope, parent, found)
                found, error = _next(pages)
            if error is not None:
                self._unlisted(row, scope, error)

    def _begin(self, asked: tuple[Row, Scope, Item | None]) -> Any:
        row, scope, parent = asked
        pages: Iterator[list[Any]] = iter(())
        try:
            pages = self._pages(row, scope, parent)
            return asked, pages, *_next(pages)
        except Exception as error:  # noqa: BLE001 - told apart by the thread that waits
            return asked, pages, None, error

    def _pages(self, row: Row, scope: Scope, parent: Item | None) -> Iterator[list[Any]]:
        def argument(source: Any) -> Any:
            if isinstance(source, str) and source.startswith("parent.") and parent is not None:
                return parent.resolve(_of_parent(source))
            return self.of_scope(source, scope) if isinstance(source, str) else source

        endpoint = str(argument(row.endpoint)) if row.endpoint else ""
        client = self.clients.client(row.client, self.region, endpoint)
        if row.list:
            named = {name: argument(source) for name, source in row.args.items()}
            return self.clients.pages(client, row.list, **named)
        keys = [argument(source) for source in row.key]
        return iter([_listed(self.clients.call(client, row.get, *keys).data)])

    def _unlisted(self, row: Row, scope: Scope, error: Exception) -> None:
        if row.optional and is_absent(error):
            return
        status, reason = status_of(error)
        where = f"compartment {self.names.get(scope.compartment, scope.compartment)}: "
        operation = f"{row.service}.{row.list or row.get}"
        self.emitter.problem(operation, status, ("" if row.root else where) + reason, fed(self.table.rows, row))

    # --- items

    def _take_in(self, row: Row, scope: Scope, parent: Item | None, models: list[Any]) -> None:
        found = [(row, scope, parent, m) for m in models if getattr(m, "lifecycle_state", None) not in GONE]
        items: list[Item] = []
        for item, made in ordered(self.pool, self._complete, found):
            for problem in item.problems:
                self.emitter.problem(*problem)
            for one in made:
                if (one.type, one.address) in self._given:
                    continue  # a list may name what another one has named
                self._given.add((one.type, one.address))
                name = str(one.values.get("display_name") or one.values.get("name") or "")
                self.emitter.resource(one.type, one.address, one.values, name=name)
            items.append(item)
        for child in children(self.table.rows, row.type):
            asked = [i for i in items if not child.unless or getattr(i.model, child.unless, None) is not False]
            self._lists((child, item.scope, item) for item in asked)

    def _complete(self, found: tuple[Row, Scope, Item | None, Any]) -> tuple[Item, list[Made]]:
        """The item with all that is to be known of it, and the resources it describes."""
        row, scope, parent, model = found
        item = Item(self, row, model, scope, parent)
        if row.list and row.get:
            self._detail(item)
        shaped = row.shape(item) if row.shape else [item.made()]
        return item, list(shaped)

    def _detail(self, item: Item) -> None:
        row = item.row
        endpoint = str(item.resolve(row.endpoint)) if row.endpoint else ""
        try:
            client = self.clients.client(row.client, self.region, endpoint)
            model = self.clients.call(client, row.get, *map(item.resolve, row.key)).data
        except Exception as error:  # noqa: BLE001 - as above
            status, reason = status_of(error)
            operation = f"{row.service}.{row.get}"
            item.problems.append(Problem(operation, status, reason))
            told = told_by(type(item.model)) | set(row.adds)
            for name in _attributes(row.type) - told - set(item.values):
                item.values[name] = Unknown(f"{operation}: {reason}")
            return
        summary = item.values
        item.model = model
        item.values = {**summary, **values_of(model, row.renames)}


def _of_parent(source: str) -> str:
    """`parent.id` as the parent says it, `.id`; `parent.parent.id` as `parent.id`."""
    rest = source.removeprefix("parent.")
    return rest if rest.startswith("parent.") else f".{rest}"


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data]


def _next(pages: Iterator[list[Any]]) -> tuple[list[Any] | None, Exception | None]:
    """The next page, None after the last one, or what went wrong."""
    try:
        return next(pages, None), None
    except Exception as error:  # noqa: BLE001 - told apart by the caller
        return None, error


def _attributes(type_: str) -> set[str]:
    from assay.terraform.schema import attributes

    return {path for path in attributes(type_) if "." not in path}

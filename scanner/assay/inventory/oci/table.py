"""What is collected of OCI, as tables: one row a resource type, one table a service.

A row says which operation lists the type, which one tells all of an item where the list gives a summary only, and where
the provider's names differ from the API's. The engine, the permissions (`--print-permissions`), the replayed examples
and the tests read the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from assay.inventory.oci.engine import Item

COMPARTMENT: dict[str, str] = {"compartment_id": "$compartment"}
GONE = ("TERMINATED", "DELETED")
"""States in which a resource is still listed for a while and no longer exists."""


class Made(NamedTuple):
    """A resource that a row's answer describes: Terraform type, address and values."""

    type: str
    address: str
    values: dict[str, Any]


class Row(NamedTuple):
    """One resource type.

    In `args`, `key`, `adds` and `address` a text that begins with `$` is of the call's scope (`$compartment`,
    `$tenancy`, `$namespace`, `$domain`), `parent.x` an attribute of the item it lies in, `.x` of the item itself;
    anything else is meant literally.
    """

    type: str
    list: str = ""  # the operation that lists the type; empty when `get` is asked once a scope
    grant: str = ""  # what a policy has to allow, `inspect subnets`
    client: str = ""  # class of the SDK, `core.VirtualNetworkClient`
    args: Mapping[str, Any] = COMPARTMENT  # arguments of the list operation
    get: str = ""  # the operation that tells all of one item
    key: tuple[str, ...] = (".id",)  # its arguments, in order
    get_grant: str = ""
    within: str = ""  # the type that each list call is about
    renames: Mapping[str, str] = {}  # path in the API's snake case -> last name in the provider's
    adds: Mapping[str, str] = {}  # attributes that only the call's arguments tell
    address: str = ".id"
    shape: Callable[[Item], Iterator[Made]] | None = None  # where renaming is not enough
    makes: tuple[str, ...] = ()  # further types that `shape` gives, or that are nothing by themselves where things run
    endpoint: str = ""  # the item that lists are asked of has an endpoint of its own: its attribute
    root: bool = False  # asked of the tenancy only, not of each compartment
    asks: tuple[tuple[str, str, str], ...] = ()  # what `shape` asks besides: client, operation, what it needs
    unless: str = ""  # not asked of an item that says by this attribute, False, that there is none
    optional: bool = False  # not found means that there is none, where the service says no more than that

    @property
    def service(self) -> str:
        """The client's name as answers are recorded under it: `virtual_network`."""
        return client_service(self.client)

    @property
    def types(self) -> tuple[str, ...]:
        return (self.type, *self.makes)


class Table(NamedTuple):
    """The rows of one service; `home`: it answers in the home region for all regions."""

    name: str
    rows: tuple[Row, ...]
    home: bool = False
    sparse: bool = False  # not offered in every region: a host name that does not resolve says so


def table(name: str, *groups: Iterable[Row], home: bool = False, sparse: bool = False) -> Table:
    return Table(name, tuple(row for group in groups for row in group), home, sparse)


def of(client: str, *rows: Row) -> list[Row]:
    """The rows of one client of the SDK."""
    return [row._replace(client=client) for row in rows]


def client_service(client: str) -> str:
    """`virtual_network` of `core.VirtualNetworkClient`."""
    name = client.rpartition(".")[2].removesuffix("Client")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def children(rows: Iterable[Row], type_: str) -> list[Row]:
    """The rows whose lists are asked of each item of a type."""
    return [row for row in rows if row.within == type_]


def only(table: Table, types: frozenset[str]) -> Table:
    """The table with the rows of these types, and with those that they lie in."""
    needed = {row.type for row in table.rows if not types.isdisjoint(row.types)}
    while more := {r.within for r in table.rows if r.type in needed and r.within} - needed:
        needed |= more
    return table._replace(rows=tuple(row for row in table.rows if row.type in needed))


def fed(rows: Iterable[Row], row: Row) -> list[str]:
    """The types that cannot be told when a row's list is denied: its own and all that lie in it."""
    found = list(row.types)
    for child in children(rows, row.type):
        found += [t for t in fed(rows, child) if t not in found]
    return found

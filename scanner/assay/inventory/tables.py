"""The resources of a scan as tables of SQL: a table for each type, a row for each resource, its attributes as columns.

Every table begins with `address`, `name`, `source`, `root`, `account`, `region`, `file` and `line`. Nested blocks and
lists are JSON text, for SQLite's `->>`, `json_extract` and `json_each`; true and false are 1 and 0. What is not known
is NULL, as what is absent is, but it stands in `_unknown`, a JSON list of column names. The table `resources` has every
resource, with `type` and all its values as JSON. For Kubernetes objects there is also `namespace`.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from assay.engine import plain
from assay.model import PartialList, Unknown
from assay.terraform.schema import attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.graph import Graph
    from assay.model import Resource

OWN = ("address", "name", "source", "root", "account", "region", "file", "line")
_READING = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
}  # fmt: skip


class Tables:
    """An in-memory database that can only be read.

    `columns` has the columns of each table; `unknown` by table and column the addresses that do not know the value.
    """

    def __init__(self, graph: Graph) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.columns: dict[str, list[str]] = {}
        self.unknown: dict[str, dict[str, list[str]]] = {}
        for type_ in graph.types:
            self._table(type_, graph.all(type_))
        rows = [[*_own(r), r.type, json.dumps(plain(r.values), ensure_ascii=False)] for r in graph.resources]
        self._fill("resources", [*OWN, "type", "values"], rows)
        self.connection.commit()
        self.connection.set_authorizer(_reads_only)

    def know(self, type_: str) -> bool:
        """Make the empty table of a type that no resource has; False when there is no such type."""
        if type_ in self.columns or not attributes(type_):
            return False
        self.connection.set_authorizer(None)
        self._table(type_, [])
        self.connection.commit()
        self.connection.set_authorizer(_reads_only)
        return True

    def _table(self, type_: str, resources: list[Resource]) -> None:
        kubernetes = bool(resources) and all("kind" in r.values and "apiVersion" in r.values for r in resources)
        extra = ["namespace"] if kubernetes else []
        # SQLite does not tell `Name` from `name`.
        taken = {*OWN, *extra, "_unknown"}
        # What the provider knows of the type is there too: whoever asks for an attribute that nobody sets gets NULL.
        known = [n for n in attributes(type_) if "." not in n]
        written = [n for r in resources for n in r.values]
        names = {n.lower(): n for n in (*written, *known) if n.lower() not in taken}
        columns = [*OWN, *extra, *names.values(), "_unknown"]
        rows = []
        for r in resources:
            values = {k.lower(): v for k, v in r.values.items()}
            doubts = sorted(names.get(k, k) for k, v in values.items() if _holds_unknown(v))
            for column in doubts:
                self.unknown.setdefault(type_, {}).setdefault(column, []).append(r.address)
            space = [(r.values.get("metadata") or {}).get("namespace")] if kubernetes else []
            rows.append([*_own(r), *space, *(_cell(values.get(n)) for n in names), json.dumps(doubts)])
        self._fill(type_, columns, rows)

    def _fill(self, name: str, columns: list[str], rows: Iterable[list[Any]]) -> None:
        self.columns[name] = columns
        listed = ", ".join(map(quoted, columns))
        self.connection.execute(f"CREATE TABLE {quoted(name)} ({listed})")
        marks = ", ".join("?" * len(columns))
        self.connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", rows)


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def _own(r: Resource) -> list[Any]:
    place = r.origin.locate(())
    return [r.address, r.name or None, r.source, r.root or None, r.account, r.region, place.file, place.start_line]


def _cell(value: Any) -> Any:
    if isinstance(value, Unknown):
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if value is None or isinstance(value, (str, float)):
        return value
    return json.dumps(plain(value), ensure_ascii=False)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, (Unknown, PartialList)):
        return True
    if isinstance(value, dict):
        return any(map(_holds_unknown, value.values()))
    return isinstance(value, list) and any(map(_holds_unknown, value))


def _reads_only(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY

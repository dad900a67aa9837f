"""What the statements of a SQL text change of one another: columns added, constraints made, enabled and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.documents.sql_tables import (
    CONSTRAINTS,
    column_of,
    enforced,
    is_constraint,
    parts,
    path_of,
    place,
    weak_of,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.documents.sql_words import Word


class Schema:
    """The tables of a text and the constraints that are made outside of them, found by name."""

    def __init__(self) -> None:
        self.tables: list[dict[str, Any]] = []
        self._by_name: dict[str, list[dict[str, Any]]] = {}
        self._constraints: dict[tuple[str, str], list[dict[str, Any]]] = {}  # by table (no schema) and name
        self._count = 0

    def add_table(self, table: dict[str, Any]) -> None:
        self.tables.append(table)
        self._by_name.setdefault(_last(table["name"]), []).append(table)

    def add_constraint(self, one: dict[str, Any]) -> None:
        self._count += 1
        key = _last(one.get("table", "")), one["name"]
        self._constraints.setdefault(key, []).append({**one, "order": self._count})

    def constraints(self) -> list[dict[str, Any]]:
        """The constraints, as they were made."""
        found = sorted((one for many in self._constraints.values() for one in many), key=lambda one: int(one["order"]))
        return [{k: v for k, v in one.items() if k != "order"} for one in found]

    def find(self, name: str) -> dict[str, Any] | None:
        """The table of a name."""
        return next((t for t in self._by_name.get(_last(name), ()) if _same(t["name"], name)), None)

    def forget(self, name: str, table: str) -> None:
        """Take back what was said of a constraint of a table."""
        key = (_last(table), name)
        if key in self._constraints:
            self._constraints[key] = [c for c in self._constraints[key] if not _same(c.get("table", ""), table)]
        for one in self._by_name.get(_last(table), ()):
            if _same(one["name"], table):
                one["constraints"] = [c for c in one["constraints"] if c["name"] != name]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _same(one: str, other: str) -> bool:
    """Whether two names may be those of one table: with a schema or, where the search path tells, without."""
    if "." in one and "." in other:
        return one == other
    return _last(one) == _last(other)


def alter(words: list[Word], schema: Schema) -> None:
    """What an ALTER changes of the tables and constraints before it."""
    upper = [w.upper for w in words]
    if upper[1:2] == ["ASSERTION"]:
        schema.add_constraint(enforced(words, path_of(words, 2), words[0]))
        return
    begin = next((i for i in range(2, len(upper)) if upper[i] in _CHANGES), len(words))
    table = path_of(words, 2 + sum(w in ("IF", "EXISTS", "ONLY") for w in upper[2:5]))
    for change in _changes(words[begin:]):
        _change(change, table, schema)


_CHANGES = ("ADD", "MODIFY", "ENABLE", "DISABLE", "VALIDATE", "ALTER", "DROP", "RENAME")


def _changes(words: Sequence[Word]) -> Iterator[list[Word]]:
    """What the commas of an ALTER separate: `ADD CONSTRAINT a ..., ADD CONSTRAINT b ...`."""
    current: list[Word] = []
    depth = 0
    for i, word in enumerate(words):
        depth += (word.upper == "(") - (word.upper == ")")
        follows = words[i + 1].upper if i + 1 < len(words) else ""
        if depth == 0 and word.upper == "," and follows in _CHANGES:
            yield current
            current = []
        elif depth == 0 and word.upper in ("ADD", "MODIFY") and current:  # Oracle writes no comma
            yield current
            current = [word]
        else:
            current.append(word)
    if current:
        yield current


def _change(words: list[Word], table: str, schema: Schema) -> None:
    """What a change of a table makes of its constraints and columns; of one constraint the last word counts."""
    upper = [w.upper for w in words]
    at = 1 if upper[1:2] != ["("] else 2
    at += upper[at : at + 1] in (["VALIDATE"], ["NOVALIDATE"])
    word = upper[at] if at < len(upper) else ""
    listed = upper[0] in ("ADD", "MODIFY") and upper[1:2] == ["("]
    if listed and not (word == "CONSTRAINT" and len(list(parts(words, 1))) == 1):
        for part in parts(words, 1):
            if is_constraint(part):
                _change([words[0], *part], table, schema)
            else:
                for weak in weak_of(part):
                    schema.add_constraint({**weak, "table": table})
        if upper[0] == "ADD":
            _add_columns(words, table, schema)
    elif word in ("CONSTRAINT", "CHECK", "FOREIGN", "PRIMARY", "UNIQUE"):
        inner = words[2:-1] if upper[1] == "(" and upper[-1] == ")" else words
        name = words[at + 1].text.lower() if word == "CONSTRAINT" and at + 1 < len(words) else word.lower()
        made = {**enforced(inner, name, words[0]), "table": table}
        if word == "CONSTRAINT":
            schema.forget(name, table)
        if upper[0] != "DROP" and (made["weak"] or word in ("CONSTRAINT", "CHECK", "FOREIGN")):
            schema.add_constraint(made)
    elif upper[:1] in (["ADD"], ["MODIFY"]) and word not in CONSTRAINTS:
        for weak in weak_of(words[1:]):
            schema.add_constraint({**weak, "table": table})
        if upper[0] == "ADD":
            _add_columns(words, table, schema)


def _add_columns(words: list[Word], name: str, schema: Schema) -> None:
    """The columns that a table gets later; of a table of another file no more is known than these."""
    at = 1
    while at < len(words) and words[at].upper in ("COLUMN", "IF", "NOT", "EXISTS"):
        at += 1
    added = list(parts(words, at)) if words[at:] and words[at].upper == "(" else [words[at:]]
    columns = [column_of(part) for part in added if len(part) > 1 and not is_constraint(part)]
    table = schema.find(name)
    if table is None and columns:
        table = {"name": name, "columns": [], "constraints": [], "texts": [], "altered": True, **place(words[0])}
        schema.add_table(table)
    if table is not None:
        table["columns"] += columns
        table["texts"] += [w.text for w in words if w.is_string]

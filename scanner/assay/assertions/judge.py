"""Assertions asked of a database: each becomes a resource that says which rows violate it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.assertions.database import Failed, InventorySession
from assay.assertions.language import Assertion, values
from assay.assertions.violations import Refused, Untranslatable, queries
from assay.config import ConfigError
from assay.model import Location, Resource, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.assertions.database import Session
    from assay.model import Step, ValuePath


class Source(NamedTuple):
    """An assertion, the file it stands in, and the resource type it is judged as (the type its rule speaks about)."""

    assertion: Assertion
    file: str
    type: str = "assertion"


class AssertionOrigin:
    """An assertion is found where it is written."""

    __slots__ = ("file", "first", "last")

    def __init__(self, file: str, first: int, last: int) -> None:
        self.file, self.first, self.last = file, first, last

    def locate(self, path: ValuePath) -> Location:
        return Location(self.file, self.first, 1, self.last, 1)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def resource(source: Source, more: dict[str, Any]) -> Resource:
    """The resource of an assertion, with what was found."""
    a = source.assertion
    origin = AssertionOrigin(source.file, a.line, a.end_line)
    return Resource(source.type, a.name, "database", {**values(a, source.file), **more}, origin, name=a.name)


def refuse_writes(sources: Sequence[Source], database: str) -> None:
    """Refuse everything when one assertion would do more than read; what cannot be translated is said later.

    Raises:
        ConfigError: naming the file, the line and what would write.
    """
    for s in sources:
        try:
            queries(s.assertion, database)
        except Refused as error:
            place = f"{s.file}:{s.assertion.line}"
            raise ConfigError(f"{place}: {s.assertion.name} is refused, and nothing was run: {error}") from error
        except Untranslatable:
            continue


def ask(sources: Sequence[Source], session: Session, rows: int) -> tuple[list[Resource], list[tuple[Resource, str]]]:
    """Every assertion that could be asked, with at most `rows` violating rows, and every other with its reason."""
    asked: list[Resource] = []
    unasked: list[tuple[Resource, str]] = []
    for s in sources:
        found: list[dict[str, Any]] = []
        doubts: list[str] = []
        try:
            for sql in queries(s.assertion, session.name):
                some = session.rows(sql, rows + 1 - len(found)) if len(found) <= rows else []
                if isinstance(session, InventorySession):
                    some, open_ = session.certain(sql, some)
                    doubts += open_
                found += some
        except (Untranslatable, Failed) as error:
            kind = "cannot be translated" if isinstance(error, Untranslatable) else "could not be asked"
            unasked.append((resource(s, {}), f"{s.assertion.name} {kind}: {error}"))
            continue
        if doubts and not found:
            more = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
            verb = "are" if len(doubts) > 1 else "is"
            asked.append(resource(s, {"violations": Unknown(f"{doubts[0]}{more} {verb} not known")}))
        else:
            asked.append(resource(s, {"violations": found[:rows], "more": len(found) > rows}))
    return asked, unasked


_WEAK = {
    "postgresql": "SELECT c.conrelid::regclass::text || '.' || c.conname AS name, 'NOT VALID' AS weak "
    "FROM pg_catalog.pg_constraint c WHERE NOT c.convalidated AND c.conrelid <> 0 ORDER BY 1",
    "oracle": "SELECT table_name || '.' || constraint_name AS name, "
    "CASE status WHEN 'DISABLED' THEN 'DISABLE' ELSE 'NOVALIDATE' END AS weak FROM user_constraints "
    "WHERE status = 'DISABLED' OR validated = 'NOT VALIDATED' ORDER BY 1",
}
"""By database: the constraints of its own that do not judge every row."""


def weak_constraints(session: Session, shown: str) -> list[Resource]:
    """The database itself as a resource of type `sql`, with the constraints that do not judge every row.

    Raises:
        Failed: its catalogue cannot be read.
    """
    query = _WEAK.get(session.name)
    if query is None:
        return []
    constraints = session.rows(query, 1000)
    return [Resource("sql", shown, "database", {"constraints": constraints}, name=shown)]

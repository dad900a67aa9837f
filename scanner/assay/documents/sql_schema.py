"""SQL schemas: the DDL of Oracle 23ai and PostgreSQL, read from sqlglot's tokens.

sqlglot's own parser takes none of the statements that matter here (domains, annotations, duality views, assertions,
vectors of Oracle), so the statements are read from its tokens, which know both dialects' strings and comments.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from assay.documents.positions import LineOrigin, Malformed
from assay.documents.sql_changes import Schema, alter
from assay.documents.sql_tables import AFTER_TYPE, arguments_of, depths_of, enforced, path_of, place, table_of, type_of
from assay.documents.sql_words import Word, dialect_of, statements, words_of
from assay.model import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.documents.reading import File

_STARTERS = {"CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "BEGIN", "DECLARE", "INSERT", "UPDATE", "DELETE", "SELECT"}
_MODIFIERS = {
    "CREATE", "OR", "REPLACE", "GLOBAL", "PRIVATE", "TEMPORARY", "TEMP", "UNLOGGED", "IMMUTABLE", "BLOCKCHAIN",
    "EDITIONABLE", "NONEDITIONABLE", "FORCE", "NOFORCE", "IF", "NOT", "EXISTS", "USECASE", "FLEXIBLE", "UNIQUE",
    "MULTIVALUE", "BITMAP", "CONCURRENTLY", "VECTOR", "HYBRID", "MATERIALIZED", "BIGFILE", "SMALLFILE", "UNDO",
    "FOREIGN", "EXTERNAL", "LOCAL", "SHARDED", "DUPLICATED",
}  # fmt: skip


def read(file: File) -> list[Resource]:
    """The schema of a file, and its assertions, each as a resource of its own.

    Raises:
        Malformed: a statement is none, in its `kept` what the others are.
        Unreadable: sqlglot is not installed.
    """
    text = file.text()
    dialect = dialect_of(text)
    kinds = ("tables", "domains", "views", "drops", "constraints", "indexes", "comments", "redacted", "assertions")
    values: dict[str, Any] = {"dialect": dialect, **{kind: [] for kind in kinds}}
    made = Schema()
    words, faults = words_of(text, dialect)
    for one in statements(words):
        try:
            _statement(one, values, made)
        except Malformed as fault:
            faults.append(fault)
    values |= {"tables": made.tables, "constraints": made.constraints()}
    assertions = values.pop("assertions")
    found = any(values[kind] for kind in kinds[:-1]) or bool(assertions)
    schema = Resource("sql", file.shown, "document", values, LineOrigin(file.shown, values))
    resources = [schema, *(_assertion(file.shown, a) for a in assertions)]
    if faults:
        raise _together(faults, resources if found else [])
    return resources


def _together(faults: list[Malformed], kept: list[Resource]) -> Malformed:
    """All the faults as one, which stands at the first."""
    first = min(faults, key=lambda fault: fault.line)
    others = sorted(fault.line for fault in faults if fault is not first)
    also = f" (and so are {len(others)} more statements, the next at line {others[0]})" if others else ""
    left = "; the other statements were read" if kept else ""
    return Malformed(f"{first.sentence}{also}{left}", first.line, first.column, kept)


def _assertion(shown: str, values: dict[str, Any]) -> Resource:
    whole = {"definition": values, **values}
    origin = LineOrigin(shown, whole, values["line"])
    return Resource("assertion", f"{shown}:{values['name']}", "document", whole, origin, name=values["name"])


def _statement(words: list[Word], values: dict[str, Any], made: Schema) -> None:
    for i, word in enumerate(words):  # after SQL*Plus commands, which no semicolon ends
        if word.upper in _STARTERS and (i == 0 or words[i - 1].line < word.line):
            words = words[i:]
            break
    first = words[0].upper
    if first == "CREATE":
        _create(words, values, made)
    elif first == "ALTER":
        alter(words, made)
    elif first == "DROP":
        values["drops"].append(_drop(words))
    elif first == "COMMENT":
        text = next((w.text for w in words if w.is_string), "")
        values["comments"].append({"on": path_of(words, 3), "text": text, "line": words[0].line})
    arguments = [w.text for w in words if w.is_string]
    if any(w.upper in ("DBMS_REDACT", "ADD_POLICY") for w in words):
        values["redacted"] += [text.lower() for text in arguments]


def _create(words: list[Word], values: dict[str, Any], made: Schema) -> None:
    upper = [w.upper for w in words]
    kind = next((i for i, w in enumerate(upper) if w not in _MODIFIERS), 0)
    what = upper[kind] if kind < len(upper) else ""
    at = kind + 1
    while at < len(upper) and upper[at] in ("IF", "NOT", "EXISTS", "CONCURRENTLY"):
        at += 1
    if what == "TABLE":
        made.add_table(table_of(words, at))
    elif what == "DOMAIN":
        values["domains"].append(_domain(words, at))
    elif "DUALITY" in upper[: kind + 4] and "VIEW" in upper:
        values["views"].append(_view(words, upper.index("VIEW") + 1))
    elif what == "ASSERTION":
        values["assertions"].append(enforced(words, path_of(words, at), words[at] if at < len(words) else words[0]))
    elif what == "INDEX":
        values["indexes"].append({"words": [w.text.lower() for w in words], **place(words[0])})


# --- domains ---------------------------------------------------------------------------------------------------------


def _domain(words: list[Word], at: int) -> dict[str, Any]:
    upper = [w.upper for w in words]
    begin = at + 1
    while upper[begin : begin + 1] == ["."]:
        begin += 2
    begin += upper[begin : begin + 1] == ["AS"]
    end = next(
        (i for i in range(begin, len(upper)) if upper[i] in {*AFTER_TYPE, "DISPLAY", "ORDER", "STRICT"}), len(upper)
    )
    kind = type_of(words[begin:end])
    tail = upper[begin:]
    judges = "CHECK" in upper or "VALIDATE" in tail or ("NOT", "NULL") in pairwise(tail)
    checked = judges or kind == "ENUM" or "FROM" in upper  # enumerations and flexible domains choose
    return {
        "name": path_of(words, at), "type": kind, "checked": checked,
        "arguments": arguments_of(words[begin:end]),
        "patterns": list(_regular_expressions(words)), **place(words[0]),
    }  # fmt: skip


def _regular_expressions(words: list[Word]) -> Iterator[dict[str, Any]]:
    for i, word in enumerate(words):
        if not word.is_string or i == 0:
            continue
        inside = [w.upper for w in words[max(0, i - 5) : i]]
        if "REGEXP_LIKE" in inside or inside[-1] in ("~", "~*") or "SIMILAR" in inside[-2:]:
            yield {"text": word.text, **place(word)}


# --- drops -----------------------------------------------------------------------------------------------------------


def _drop(words: list[Word]) -> dict[str, Any]:
    upper = [w.upper for w in words]
    lethal = [w for w in ("PURGE", "CASCADE") if w in upper[2:]]
    at = next((i for i in range(2, min(len(upper), 6)) if upper[i : i + 2] == ["IF", "EXISTS"]), 0)
    guarded = at > 0
    kind = " ".join(upper[1 : at or 2]).lower()
    return {
        "kind": kind,
        "name": path_of(words, at + 2 if guarded else 3 if kind == "materialized" else 2),
        "lethal": lethal,
        "guarded": guarded,
        **place(words[0]),
    }


# --- duality views ----------------------------------------------------------------------------------------------------

_WRITES = ("INSERT", "UPDATE", "DELETE")


def _view(words: list[Word], at: int) -> dict[str, Any]:
    """A duality view, in GraphQL or SQL: what it publishes, and what its root lets be written."""
    while at < len(words) and words[at].upper in ("IF", "NOT", "EXISTS"):
        at += 1
    as_ = next((i for i in range(at, len(words)) if words[i].upper == "AS"), len(words) - 1)
    body = words[as_ + 1 :]
    sql = bool(body) and body[0].upper == "SELECT"
    opened = next((i for i, w in enumerate(body) if w.text == "{"), len(body))
    if sql:
        depths = depths_of(body)
        begin = max((i for i, w in enumerate(body) if w.upper == "FROM" and depths[i] == 0), default=len(body))
        head = body[begin:]
    else:
        head = body[:opened]
    writes = [w for w in _WRITES if _grants(head, w)]
    root = path_of(head, 1 if sql else 0) if head else ""
    return {
        "name": path_of(words, at), "root": root, "writes": [w.lower() for w in writes],
        "published": list(_published(body)), **place(words[0]),
    }  # fmt: skip


def _grants(head: Sequence[Word], verb: str) -> bool:
    texts = [w.text.upper().lstrip("@") for w in head]
    return verb in texts and f"NO{verb}" not in texts


def _published(body: Sequence[Word]) -> Iterator[dict[str, Any]]:
    """The columns of a duality view: the value of each `key: column`, or a column alone."""
    for i, word in enumerate(body):
        before = body[i - 1].text if i else ""
        after = body[i + 1].text if i + 1 < len(body) else ""
        name = word.text.rpartition(".")[2].lower()
        plain = not word.is_string and word.text[:1].isalpha() and after not in (":", "(", "{", ".")
        if plain and before in (":", "{", ",", ".", "}", "]") and word.upper not in ("SELECT", "JSON", "FROM", "WITH"):
            yield {"name": name, **place(word)}

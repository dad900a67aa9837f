"""SQL schemas: the DDL of Oracle 23ai and PostgreSQL, read from sqlglot's tokens.

sqlglot's own parser takes none of the statements that matter here (domains, annotations, duality views, assertions,
vectors of Oracle), so the statements are read from its tokens, which know both dialects' strings and comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.documents.positions import LineOrigin, Malformed
from assay.documents.sql_words import Word, dialect_of, statements, words_of
from assay.model import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.documents.reading import File

_STARTERS = {"CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "BEGIN", "DECLARE", "INSERT", "UPDATE", "DELETE", "SELECT"}
_CONSTRAINTS = {"CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "EXCLUDE", "LIKE", "PERIOD"}
_MODIFIERS = {
    "CREATE", "OR", "REPLACE", "GLOBAL", "PRIVATE", "TEMPORARY", "TEMP", "UNLOGGED", "IMMUTABLE", "BLOCKCHAIN",
    "EDITIONABLE", "NONEDITIONABLE", "FORCE", "NOFORCE", "IF", "NOT", "EXISTS", "USECASE", "FLEXIBLE", "UNIQUE",
    "MULTIVALUE", "BITMAP", "CONCURRENTLY", "VECTOR", "HYBRID", "MATERIALIZED", "BIGFILE", "SMALLFILE", "UNDO",
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
    words, faults = words_of(text, dialect)
    for one in statements(words):
        try:
            _statement(one, values)
        except Malformed as fault:
            faults.append(fault)
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


def _statement(words: list[Word], values: dict[str, Any]) -> None:
    for i, word in enumerate(words):  # after SQL*Plus commands, which no semicolon ends
        if word.upper in _STARTERS and (i == 0 or words[i - 1].line < word.line):
            words = words[i:]
            break
    first = words[0].upper
    if first == "CREATE":
        _create(words, values)
    elif first == "ALTER":
        _alter(words, values)
    elif first == "DROP":
        values["drops"].append(_drop(words))
    elif first == "COMMENT":
        text = next((w.text for w in words if w.is_string), "")
        values["comments"].append({"on": _path(words, 3), "text": text, "line": words[0].line})
    arguments = [w.text for w in words if w.is_string]
    if any(w.upper in ("DBMS_REDACT", "ADD_POLICY") for w in words):
        values["redacted"] += [text.lower() for text in arguments]


def _path(words: Sequence[Word], at: int) -> str:
    """A dotted name from `at` on, in lower case."""
    parts = []
    while at < len(words) and words[at].upper != "IS":
        parts.append(words[at].text)
        if at + 1 >= len(words) or words[at + 1].text != ".":
            break
        at += 2
    return ".".join(parts).lower()


def _place(word: Word) -> dict[str, int]:
    return {"line": word.line, "column": word.column}


def _create(words: list[Word], values: dict[str, Any]) -> None:
    upper = [w.upper for w in words]
    kind = next((i for i, w in enumerate(upper) if w not in _MODIFIERS), 0)
    what = upper[kind] if kind < len(upper) else ""
    at = kind + 1
    while at < len(upper) and upper[at] in ("IF", "NOT", "EXISTS", "CONCURRENTLY"):
        at += 1
    if what == "TABLE":
        values["tables"].append(_table(words, at))
    elif what == "DOMAIN":
        values["domains"].append(_domain(words, at))
    elif "DUALITY" in upper[: kind + 4] and "VIEW" in upper:
        values["views"].append(_view(words, upper.index("VIEW") + 1))
    elif what == "ASSERTION":
        values["assertions"].append(_enforced(words, _path(words, at), words[at] if at < len(words) else words[0]))
    elif what == "INDEX":
        values["indexes"].append({"words": [w.text.lower() for w in words], **_place(words[0])})


# --- tables -----------------------------------------------------------------------------------------------------------


def _table(words: list[Word], at: int) -> dict[str, Any]:
    name = _path(words, at)
    start = next((i for i in range(at, len(words)) if words[i].upper == "("), len(words))
    if _depth(words, len(words)) > 0:
        raise Malformed(f"the parentheses of the table {name} do not close", words[0].line, words[0].column)
    table: dict[str, Any] = {"name": name, "columns": [], "constraints": [], "texts": [], **_place(words[0])}
    for part in _parts(words, start):
        if part[0].upper in _CONSTRAINTS:
            table["constraints"].append(_enforced(part, _constraint_name(part), part[0]))
        elif len(part) > 1 or part[0].text:
            table["columns"].append(_column(part))
    table["texts"] = [w.text for w in words if w.is_string]
    return table


def _parts(words: Sequence[Word], start: int) -> Iterator[list[Word]]:
    """What the commas separate in the parentheses that open at `start`."""
    depth = 0
    current: list[Word] = []
    for word in words[start:]:
        depth += (word.upper == "(") - (word.upper == ")")
        if depth == 0:
            break
        if (depth, word.upper) in ((1, "("), (1, ",")):
            if current:
                yield current
            current = []
        else:
            current.append(word)
    if current:
        yield current


def _constraint_name(part: Sequence[Word]) -> str:
    return part[1].text.lower() if part[0].upper == "CONSTRAINT" and len(part) > 1 else part[0].upper.lower()


_AFTER_TYPE = {
    "DOMAIN", "DEFAULT", "NOT", "NULL", "CONSTRAINT", "CHECK", "PRIMARY", "UNIQUE", "REFERENCES", "GENERATED",
    "ENCRYPT", "ANNOTATIONS", "COLLATE", "VISIBLE", "INVISIBLE", "AS", "IDENTITY", "ENABLE", "DISABLE", "STORAGE",
    "COMPRESSION",
}  # fmt: skip


def _column(part: list[Word]) -> dict[str, Any]:
    upper = [w.upper for w in part]
    end = next((i for i in range(1, len(part)) if upper[i] in _AFTER_TYPE), len(part))
    domain = _path(part, upper.index("DOMAIN") + 1) if "DOMAIN" in upper[1:] else ""
    checks = [i for i, w in enumerate(upper) if w == "CHECK"]
    return {
        "name": part[0].text.lower(), "type": _type(part[1:end]), "domain": domain,
        "arguments": _arguments(part[1:end]), "encrypted": "ENCRYPT" in upper,
        "check": " ".join(w.text for w in part[checks[0] :]) if checks else "",
        "notes": [w.text for w in part if w.is_string], "annotated": "ANNOTATIONS" in upper, **_place(part[0]),
    }  # fmt: skip


def _type(words: Sequence[Word]) -> str:
    """The name of a type in upper case, without its schema."""
    at = 0
    while at + 2 < len(words) and words[at + 1].upper == ".":
        at += 2
    return words[at].text.upper() if words else ""


def _arguments(words: Sequence[Word]) -> list[str]:
    """What stands in the parentheses of a type."""
    return [w.text for i, w in enumerate(words) if w.upper not in ("(", ")", ",") and _depth(words, i) > 0]


def _domain(words: list[Word], at: int) -> dict[str, Any]:
    upper = [w.upper for w in words]
    begin = at + 1
    while upper[begin : begin + 1] == ["."]:
        begin += 2
    begin += upper[begin : begin + 1] == ["AS"]
    end = next(
        (i for i in range(begin, len(upper)) if upper[i] in {*_AFTER_TYPE, "DISPLAY", "ORDER", "STRICT"}), len(upper)
    )
    kind = _type(words[begin:end])
    checked = "CHECK" in upper or kind == "ENUM" or "FROM" in upper  # enumerations and flexible domains choose
    return {
        "name": _path(words, at), "type": kind, "checked": checked,
        "arguments": _arguments(words[begin:end]),
        "patterns": list(_regular_expressions(words)), **_place(words[0]),
    }  # fmt: skip


def _regular_expressions(words: list[Word]) -> Iterator[dict[str, Any]]:
    for i, word in enumerate(words):
        if not word.is_string or i == 0:
            continue
        inside = [w.upper for w in words[max(0, i - 5) : i]]
        if "REGEXP_LIKE" in inside or inside[-1] in ("~", "~*") or "SIMILAR" in inside[-2:]:
            yield {"text": word.text, **_place(word)}


# --- constraints, assertions, drops -----------------------------------------------------------------------------------


def _enforced(words: Sequence[Word], name: str, place: Word) -> dict[str, Any]:
    """A constraint or assertion, and why it does not judge every row; empty when it does."""
    upper = [w.upper for w in words]
    depth, outside = 0, []
    for word in upper:
        depth += (word == "(") - (word == ")")
        if depth == 0:
            outside.append(word)
    weak = ""
    if "DISABLE" in outside:
        weak = "DISABLE"
    elif "NOVALIDATE" in outside:
        weak = "NOVALIDATE"
    elif outside[-2:] == ["NOT", "VALID"]:
        weak = "NOT VALID"
    elif "ENFORCED" in outside and outside[outside.index("ENFORCED") - 1] == "NOT":
        weak = "NOT ENFORCED"
    return {"name": name or "(without a name)", "weak": weak, **_place(place)}


def _alter(words: list[Word], values: dict[str, Any]) -> None:
    upper = [w.upper for w in words]
    if upper[1:2] == ["ASSERTION"]:
        values["constraints"].append(_enforced(words, _path(words, 2), words[0]))
        return
    begin = next((i for i in range(2, len(upper)) if upper[i] in _CHANGES), len(words))
    table = _path(words, 2 + sum(w in ("IF", "EXISTS", "ONLY") for w in upper[2:5]))
    for change in _changes(words[begin:]):
        _change(change, table, values)


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


def _change(words: list[Word], table: str, values: dict[str, Any]) -> None:
    """What a change of a table makes of its constraints and columns; of one constraint the last word counts."""
    upper = [w.upper for w in words]
    at = 1 if upper[1:2] != ["("] else 2
    at += upper[at : at + 1] in (["VALIDATE"], ["NOVALIDATE"])
    word = upper[at] if at < len(upper) else ""
    if word in ("CONSTRAINT", "CHECK", "FOREIGN"):
        inner = words[2:-1] if upper[1] == "(" and upper[-1] == ")" else words
        name = words[at + 1].text.lower() if word == "CONSTRAINT" and at + 1 < len(words) else word.lower()
        made = {**_enforced(inner, name, words[0]), "table": table}
        if word == "CONSTRAINT":
            _forget(name, table, values)
        if upper[0] != "DROP":
            values["constraints"].append(made)
    elif upper[:1] == ["ADD"] and word not in _CONSTRAINTS:
        _add_columns(words, table, values)


def _add_columns(words: list[Word], name: str, values: dict[str, Any]) -> None:
    """The columns that a table gets later; of a table of another file no more is known than these."""
    at = 1
    while at < len(words) and words[at].upper in ("COLUMN", "IF", "NOT", "EXISTS"):
        at += 1
    parts = list(_parts(words, at)) if words[at:] and words[at].upper == "(" else [words[at:]]
    columns = [_column(part) for part in parts if len(part) > 1 and part[0].upper not in _CONSTRAINTS]
    table = next((t for t in values["tables"] if t["name"] == name), None)
    if table is None and columns:
        table = {"name": name, "columns": [], "constraints": [], "texts": [], "altered": True, **_place(words[0])}
        values["tables"].append(table)
    if table is not None:
        table["columns"] += columns
        table["texts"] += [w.text for w in words if w.is_string]


def _forget(name: str, table: str, values: dict[str, Any]) -> None:
    """Take back what was said of a constraint of a table."""
    values["constraints"] = [c for c in values["constraints"] if (c["name"], c.get("table")) != (name, table)]
    for one in values["tables"]:
        if one["name"] == table:
            one["constraints"] = [c for c in one["constraints"] if c["name"] != name]


def _drop(words: list[Word]) -> dict[str, Any]:
    upper = [w.upper for w in words]
    lethal = [w for w in ("PURGE", "CASCADE") if w in upper[2:]]
    at = next((i for i in range(2, min(len(upper), 6)) if upper[i : i + 2] == ["IF", "EXISTS"]), 0)
    guarded = at > 0
    kind = " ".join(upper[1 : at or 2]).lower()
    return {
        "kind": kind,
        "name": _path(words, at + 2 if guarded else 3 if kind == "materialized" else 2),
        "lethal": lethal,
        "guarded": guarded,
        **_place(words[0]),
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
        begin = max((i for i, w in enumerate(body) if w.upper == "FROM" and _depth(body, i) == 0), default=len(body))
        head = body[begin:]
    else:
        head = body[:opened]
    writes = [w for w in _WRITES if _grants(head, w)]
    root = _path(head, 1 if sql else 0) if head else ""
    return {
        "name": _path(words, at), "root": root, "writes": [w.lower() for w in writes],
        "published": list(_published(body)), **_place(words[0]),
    }  # fmt: skip


def _depth(words: Sequence[Word], at: int) -> int:
    return sum((w.upper in ("(", "{", "[")) - (w.upper in (")", "}", "]")) for w in words[:at])


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
            yield {"name": name, **_place(word)}

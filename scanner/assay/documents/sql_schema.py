"""SQL schemas: the DDL of Oracle 23ai and PostgreSQL, read from sqlglot's tokens.

sqlglot's own parser takes none of the statements that matter here (domains, annotations, duality views, assertions,
vectors of Oracle), so the statements are read from its tokens, which know both dialects' strings and comments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.documents.positions import LineOrigin, Malformed
from assay.model import Resource
from assay.patterns import pattern
from assay.terraform.syntax import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.documents.reading import File

_ORACLE = pattern(
    r"\b(?:VARCHAR2|NUMBER\s*\(|DUALITY|ANNOTATIONS\s*\(|CASCADE\s+CONSTRAINTS|PURGE|SYSDATE|CLOB|DBMS_\w+)\b",
    re.IGNORECASE,
)
_STARTERS = {"CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "BEGIN", "DECLARE", "INSERT", "UPDATE", "DELETE", "SELECT"}
_CONSTRAINTS = {"CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "EXCLUDE", "LIKE", "PERIOD"}
_MODIFIERS = {
    "CREATE", "OR", "REPLACE", "GLOBAL", "PRIVATE", "TEMPORARY", "TEMP", "UNLOGGED", "IMMUTABLE", "BLOCKCHAIN",
    "EDITIONABLE", "NONEDITIONABLE", "FORCE", "NOFORCE", "IF", "NOT", "EXISTS", "USECASE", "FLEXIBLE", "UNIQUE",
    "MULTIVALUE", "BITMAP", "CONCURRENTLY", "VECTOR", "HYBRID", "MATERIALIZED", "BIGFILE", "SMALLFILE", "UNDO",
}  # fmt: skip


class Word(NamedTuple):
    """One token: its text (of a string or quoted name without quotes), whether it is a string, and its place."""

    text: str
    is_string: bool
    line: int
    column: int

    @property
    def upper(self) -> str:
        return "" if self.is_string else self.text.upper()


def read(file: File) -> list[Resource]:
    """The schema of a file, and its assertions, each as a resource of its own.

    Raises:
        Malformed: a text or comment does not end.
        Unreadable: sqlglot is not installed.
    """
    text = file.text()
    dialect = "oracle" if _ORACLE.search(text) else "postgres"
    kinds = ("tables", "domains", "views", "drops", "constraints", "indexes", "comments", "redacted", "assertions")
    values: dict[str, Any] = {"dialect": dialect, **{kind: [] for kind in kinds}}
    for words in _statements(_words(text, dialect)):
        _statement(words, values)
    assertions = values.pop("assertions")
    schema = Resource("sql", file.shown, "document", values, LineOrigin(file.shown, values))
    return [schema, *(_assertion(file.shown, a) for a in assertions)]


def _assertion(shown: str, values: dict[str, Any]) -> Resource:
    whole = {"definition": values, **values}
    origin = LineOrigin(shown, whole, values["line"])
    return Resource("assertion", f"{shown}:{values['name']}", "document", whole, origin, name=values["name"])


def _words(text: str, dialect: str) -> list[Word]:
    try:
        from sqlglot import TokenType, tokenize
        from sqlglot.errors import TokenError
    except ImportError as error:
        raise Unreadable(f"{error.name} is not installed, which reads SQL: pip install 'assay[documents]'") from None
    starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
    strings = {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING}
    try:
        tokens = tokenize(text, dialect=dialect)
    except TokenError as error:
        at = len(text.rstrip())
        line = bisect_right(starts, at)
        raise Malformed(f"it is not SQL: {str(error).partition(chr(10))[0]}", line, at - starts[line - 1] + 1) from None
    found = []
    for token in tokens:
        line = bisect_right(starts, token.start)
        found.append(Word(token.text, token.token_type in strings, line, token.start - starts[line - 1] + 1))
    return found


def _statements(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The statements: up to a semicolon, or a `/` alone on its line."""
    current: list[Word] = []
    for i, word in enumerate(words):
        alone = word.upper == "/" and (i + 1 == len(words) or words[i + 1].line > word.line) and word.column == 1
        if word.upper == ";" or alone:
            if current:
                yield current
            current = []
        else:
            current.append(word)
    if current:
        yield current


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
    start = next((i for i in range(at, len(words)) if words[i].text == "("), len(words))
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
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0:
            break
        if depth == 1 and word.text in ("(", ","):
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
        "name": part[0].text.lower(), "type": upper[1] if end > 1 else "", "domain": domain,
        "arguments": [w.text for w in part[2:end] if w.text not in "(),"], "encrypted": "ENCRYPT" in upper,
        "check": " ".join(w.text for w in part[checks[0] :]) if checks else "",
        "notes": [w.text for w in part if w.is_string], "annotated": "ANNOTATIONS" in upper, **_place(part[0]),
    }  # fmt: skip


def _domain(words: list[Word], at: int) -> dict[str, Any]:
    upper = [w.upper for w in words]
    as_ = next((i for i in range(at, len(upper)) if upper[i] == "AS"), at)
    end = next(
        (i for i in range(as_ + 1, len(upper)) if upper[i] in {*_AFTER_TYPE, "DISPLAY", "ORDER", "STRICT"}), len(upper)
    )
    kind = upper[as_ + 1] if as_ + 1 < len(upper) else ""
    checked = "CHECK" in upper or kind == "ENUM" or "FROM" in upper  # enumerations and flexible domains choose
    return {
        "name": _path(words, at), "type": kind, "checked": checked,
        "arguments": [w.text for w in words[as_ + 2 : end] if w.text not in "(),"],
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
    if "VALIDATE" in upper and "CONSTRAINT" in upper and "NOT" not in upper:  # what was weak before judges now
        name = _path(words, upper.index("CONSTRAINT") + 1)
        values["constraints"] = [c for c in values["constraints"] if c["name"] != name]
        return
    for i, word in enumerate(upper):
        if word in ("CONSTRAINT", "CHECK", "FOREIGN") and upper[i - 1] in (
            "ADD",
            "MODIFY",
            "ENABLE",
            "DISABLE",
            "NOVALIDATE",
            "(",
        ):
            name = words[i + 1].text.lower() if word == "CONSTRAINT" and i + 1 < len(words) else word.lower()
            values["constraints"].append(_enforced(words, name, words[0]))
            return


def _drop(words: list[Word]) -> dict[str, Any]:
    upper = [w.upper for w in words]
    lethal = [w for w in ("PURGE", "CASCADE") if w in upper[2:]]
    guarded = upper[2:4] == ["IF", "EXISTS"]
    kind = upper[1].lower() if len(upper) > 1 else ""
    return {
        "kind": kind,
        "name": _path(words, 4 if guarded else 2),
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
    return sum((w.text in "({[") - (w.text in ")}]") for w in words[:at] if len(w.text) == 1)


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

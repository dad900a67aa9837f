"""Tables of SQL: their columns and constraints, from the words of a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.documents.positions import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.documents.sql_words import Word

CONSTRAINTS = {"CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "EXCLUDE", "LIKE"}
AFTER_TYPE = {
    "DOMAIN", "DEFAULT", "NOT", "NULL", "CONSTRAINT", "CHECK", "PRIMARY", "UNIQUE", "REFERENCES", "GENERATED",
    "ENCRYPT", "ANNOTATIONS", "COLLATE", "VISIBLE", "INVISIBLE", "AS", "IDENTITY", "ENABLE", "DISABLE", "STORAGE",
    "COMPRESSION",
}  # fmt: skip


def path_of(words: Sequence[Word], at: int) -> str:
    """A dotted name from `at` on, in lower case."""
    steps = []
    while at < len(words) and words[at].upper != "IS":
        steps.append(words[at].text)
        if at + 1 >= len(words) or words[at + 1].text != ".":
            break
        at += 2
    return ".".join(steps).lower()


def place(word: Word) -> dict[str, int]:
    """Where a word stands: `line` and `column`, 1-based."""
    return {"line": word.line, "column": word.column}


def table_of(words: list[Word], at: int) -> dict[str, Any]:
    """The table whose name stands at `at`: `name`, `columns`, `constraints`, and its `texts`.

    Raises:
        Malformed: its parentheses do not close.
    """
    name = path_of(words, at)
    start = next((i for i in range(at, len(words)) if words[i].upper == "("), len(words))
    if sum((w.upper == "(") - (w.upper == ")") for w in words) > 0:
        raise Malformed(f"the parentheses of the table {name} do not close", words[0].line, words[0].column)
    table: dict[str, Any] = {"name": name, "columns": [], "constraints": [], "texts": [], **place(words[0])}
    for part in parts(words, start):
        if is_constraint(part):
            table["constraints"].append(enforced(part, constraint_name(part), part[0]))
        elif len(part) > 1 or part[0].text:
            table["columns"].append(column_of(part))
            table["constraints"] += weak_of(part)
    table["texts"] = [w.text for w in words if w.is_string]
    return table


def parts(words: Sequence[Word], start: int) -> Iterator[list[Word]]:
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


def is_constraint(part: Sequence[Word]) -> bool:
    """Whether a part of a table is no column."""
    first, second = part[0].upper, part[1].upper if len(part) > 1 else ""
    if first in CONSTRAINTS or (first == "PERIOD" and second == "FOR"):
        return True
    if first not in ("KEY", "INDEX", "FULLTEXT", "SPATIAL"):
        return False
    at = next((i for i, w in enumerate(part[:5]) if w.upper == "("), 0)  # of MySQL: KEY name (column)
    inside = part[at + 1] if 0 < at < len(part) - 1 else None
    return inside is not None and not inside.is_string and not inside.text.isdigit()


def weak_of(part: Sequence[Word]) -> list[dict[str, Any]]:
    """The constraint that a column is declared with, where it does not judge every row."""
    at = next((i for i, w in enumerate(part) if i and w.upper in _OF_COLUMNS), None)
    if at is None:
        return []
    made = enforced(part[at:], constraint_name(part[at:]), part[at])
    return [made] if made["weak"] else []


_OF_COLUMNS = {"CONSTRAINT", "CHECK", "REFERENCES", "UNIQUE", "PRIMARY", "NOT"}


def constraint_name(part: Sequence[Word]) -> str:
    """The name of a constraint in lower case; of one without, what it is."""
    return part[1].text.lower() if part[0].upper == "CONSTRAINT" and len(part) > 1 else part[0].upper.lower()


def column_of(part: list[Word]) -> dict[str, Any]:
    """A column: `name`, `type`, its `arguments`, `domain`, `check`, `notes` (its texts), `encrypted`, `annotated`."""
    upper = [w.upper for w in part]
    end = next((i for i in range(1, len(part)) if upper[i] in AFTER_TYPE), len(part))
    domain = path_of(part, upper.index("DOMAIN") + 1) if "DOMAIN" in upper[1:] else ""
    checks = [i for i, w in enumerate(upper) if w == "CHECK"]
    return {
        "name": part[0].text.lower(), "type": type_of(part[1:end]), "domain": domain,
        "arguments": arguments_of(part[1:end]), "encrypted": "ENCRYPT" in upper,
        "check": " ".join(w.text for w in part[checks[0] :]) if checks else "",
        "notes": [w.text for w in part if w.is_string], "annotated": "ANNOTATIONS" in upper, **place(part[0]),
    }  # fmt: skip


def type_of(words: Sequence[Word]) -> str:
    """The name of a type in upper case, without its schema."""
    at = 0
    while at + 2 < len(words) and words[at + 1].upper == ".":
        at += 2
    return words[at].text.upper() if words else ""


def arguments_of(words: Sequence[Word]) -> list[str]:
    """What stands in the parentheses of a type."""
    signs = ("(", ")", ",")
    return [w.text for w, depth in zip(words, depths_of(words), strict=True) if depth > 0 and w.upper not in signs]


def depths_of(words: Sequence[Word]) -> list[int]:
    """Before each word, how many parentheses of all kinds are open."""
    found, depth = [], 0
    for word in words:
        found.append(depth)
        depth += (word.upper in ("(", "{", "[")) - (word.upper in (")", "}", "]"))
    return found


def enforced(words: Sequence[Word], name: str, at: Word) -> dict[str, Any]:
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
    return {"name": name or "(without a name)", "weak": weak, **place(at)}

"""Assertion files: `CREATE ASSERTION ... CHECK (...)` as Oracle 23ai has it, and queries that must return no row.

    -- severity: critical
    -- owner: support
    CREATE ASSERTION ticket_needs_sla CHECK (
      ALL (SELECT t.id, t.customer_id, t.opened_on FROM tickets t) x
      SATISFY (EXISTS (SELECT 1 FROM slas s WHERE s.customer_id = x.customer_id)))
    DEFERRABLE INITIALLY DEFERRED;

    -- assert: no_orphans
    SELECT id FROM tickets WHERE customer_id IS NULL;

A comment above an assertion may give `severity`, `owner`, `theme`, `title`, `rule` (which of the rules on assertions it
stands for) and `waive: reason until 2027-03-31`. A file that holds anything else is refused whole: nobody wants to
guess what a tool that was pointed at a database will run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.config import ConfigError
from assay.model import Severity
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIRECTIVE = pattern(r"^[ \t]*--[ \t]*(assert|severity|owner|theme|title|rule|waive)[ \t]*:[ \t]*(.*?)[ \t]*$")
_THEME = pattern(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_WAIVED = pattern(r"(.+?)[ \t]+until[ \t]+(\S+)")
_STATES = {
    "NOT", "DEFERRABLE", "INITIALLY", "IMMEDIATE", "DEFERRED", "ENABLE", "DISABLE", "VALIDATE", "NOVALIDATE", "RELY",
    "NORELY",
}  # fmt: skip
ROW = "assay_row"
"""The name of the row that `ALL (...) SATISFY` speaks of, where the assertion gives it none."""


class Assertion(NamedTuple):
    """One assertion: `condition` must not be false, or `query` must return no row; both in the file's own SQL."""

    name: str
    condition: str | None
    query: str | None
    severity: Severity | None
    title: str | None
    owner: str | None
    theme: str | None
    rule: str | None
    waiver: tuple[str, str] | None  # reason, last day
    line: int
    end_line: int
    weak: str  # DISABLE or NOVALIDATE: the database that has it does not judge every row


class Token(NamedTuple):
    """A word of the file: its text in upper case unless quoted, where it stands, its line."""

    text: str
    start: int
    end: int  # exclusive
    line: int


def read(text: str, shown: str) -> list[Assertion]:
    """The assertions of a file.

    Raises:
        ConfigError: it holds anything but assertions, with the line and what stands there.
    """
    found: list[Assertion] = []
    before = 0
    for words in _statements(_tokens(text, shown)):
        directives = _directives(text[before : words[0].start], words[0].line, shown)
        before = words[-1].end
        one = _assertion(text, words, directives, shown)
        if any(one.name.lower() == other.name.lower() for other in found):
            raise ConfigError(f"{shown}:{one.line}: the assertion {one.name} is there already")
        found.append(one)
    if not found:
        raise ConfigError(f"{shown}: there is no assertion in it; write CREATE ASSERTION name CHECK (...);")
    return found


def _tokens(text: str, shown: str) -> list[Token]:
    import sqlglot
    from sqlglot.errors import TokenError

    try:
        found = sqlglot.tokenize(text, read="oracle")
    except TokenError as error:
        raise ConfigError(f"{shown}: not SQL: {str(error).splitlines()[0]}") from error
    line, at, tokens = 1, 0, []
    for t in found:
        line += text.count("\n", at, t.start)
        at = t.start
        quoted = text[t.start] in "\"'`[q" and text[t.start : t.end + 1].upper() != t.text.upper()
        tokens.append(Token(text[t.start : t.end + 1] if quoted else t.text.upper(), t.start, t.end + 1, line))
    return tokens


def _statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The statements, without what ends them: a semicolon, or a slash on a line of its own (SQL*Plus)."""
    words: list[Token] = []
    for i, token in enumerate(tokens):
        around = [other.line for other in (*tokens[max(i - 1, 0) : i], *tokens[i + 1 : i + 2])]
        if token.text == ";" or (token.text == "/" and token.line not in around):
            if words:
                yield words
            words = []
        else:
            words.append(token)
    if words:
        yield words


def _directives(comment: str, line: int, shown: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in comment.splitlines():
        match = _DIRECTIVE.match(one)
        if match:
            found[match[1]] = match[2]
    severity = found.get("severity")
    if severity is not None and severity.upper() not in Severity.__members__:
        words = ", ".join(s.label for s in Severity)
        raise ConfigError(f"{shown}:{line}: severity {severity!r} is none of {words}")
    return found


def _assertion(text: str, words: list[Token], said: dict[str, str], shown: str) -> Assertion:
    place = f"{shown}:{words[0].line}"
    upper = [w.text for w in words]
    name, condition, query, weak = said.get("assert", ""), None, None, ""
    if upper[:2] == ["CREATE", "ASSERTION"]:
        name, condition, weak = _created(text, words, place)
    elif upper[0] in ("SELECT", "WITH") and name:
        query = text[words[0].start : words[-1].end]
    elif upper[0] in ("SELECT", "WITH"):
        raise ConfigError(f"{place}: this query has no name: write `-- assert: name` above it")
    else:
        start = " ".join(text[words[0].start : words[-1].end].split())[:40]
        raise ConfigError(
            f"{place}: an assertion file holds CREATE ASSERTION and named queries only, not `{start}`; nothing was run"
        )
    severity = Severity[said["severity"].upper()] if "severity" in said else None
    return Assertion(
        name, condition, query, severity, said.get("title"), said.get("owner"), _theme(said.get("theme"), place),
        said.get("rule"), _waiver(said.get("waive"), place), words[0].line, words[-1].line, weak,
    )  # fmt: skip


def _theme(text: str | None, place: str) -> str | None:
    if text is not None and not _THEME.fullmatch(text):
        raise ConfigError(f"{place}: theme {text!r} is none: small letters, digits and dashes, such as data or sla")
    return text


def _waiver(text: str | None, place: str) -> tuple[str, str] | None:
    if text is None:
        return None
    match = _WAIVED.fullmatch(text)
    if match is None:
        raise ConfigError(f"{place}: write `-- waive: reason until 2027-03-31`, with the last day on which it holds")
    from assay.ledger.waiver_file import day

    return match[1], day(match[2], place)


def _created(text: str, words: list[Token], place: str) -> tuple[str, str, str]:
    """Name, condition and weakness of `CREATE ASSERTION [IF NOT EXISTS] [schema.]name CHECK (...) [state]`."""
    at = 5 if [w.text for w in words[2:5]] == ["IF", "NOT", "EXISTS"] else 2
    check = next((i for i, w in enumerate(words) if i > at and w.text == "CHECK"), None)
    if check is None or check + 1 >= len(words) or words[check + 1].text != "(":
        raise ConfigError(f"{place}: after the assertion's name CHECK (condition) is expected")
    name = text[words[at].start : words[check - 1].end].replace('"', "")
    end = closing(words, check + 1)
    if end is None:
        raise ConfigError(f"{place}: the parenthesis of CHECK is never closed")
    inside = words[check + 2 : end]
    if not inside:
        raise ConfigError(f"{place}: CHECK () is empty")
    states = [w.text for w in words[end + 1 :]]
    tail = _inner_states(inside)  # some write INITIALLY DEFERRED before the parenthesis closes
    strange = next((s for s in [*states, *tail] if s not in _STATES), None)
    if strange is not None:
        raise ConfigError(f"{place}: {strange} is no state of a constraint that is known here")
    weak = next((w for w in ("DISABLE", "NOVALIDATE") if w in states), "")
    condition = rewritten(text, inside[: len(inside) - len(tail)], place)
    return name, condition, weak


def _inner_states(words: list[Token]) -> list[str]:
    depth, tail = 0, 0
    for i, word in enumerate(words):
        depth += (word.text == "(") - (word.text == ")")
        if depth == 0 and word.text == ")":
            tail = i + 1
    rest = [w.text for w in words[tail:]]
    return rest if tail and rest and rest[0] in ("INITIALLY", "DEFERRABLE", "ENABLE", "DISABLE") else []


def closing(words: Sequence[Token], opening: int) -> int | None:
    """The index of the parenthesis that closes the one at an index."""
    depth = 0
    for i in range(opening, len(words)):
        depth += (words[i].text == "(") - (words[i].text == ")")
        if depth == 0:
            return i
    return None


def rewritten(text: str, words: Sequence[Token], place: str) -> str:
    """A condition in SQL that every database knows: `ALL (rows) x SATISFY (c)` is `NOT EXISTS (rows x that fail c)`.

    Raises:
        ConfigError: an `ALL (...)` of rows has no SATISFY, or a parenthesis is never closed.
    """
    parts: list[str] = []
    at, i = words[0].start, 0
    while i < len(words):
        form = _universal(words, i, place)
        if form is None:
            i += 1
            continue
        rows, alias, condition, end = form
        inner = rewritten(text, rows, place)
        demanded = rewritten(text, condition, place)
        parts.append(text[at : words[i].start])
        parts.append(f"NOT EXISTS (SELECT {alias}.* FROM ({inner}) {alias} WHERE NOT ({demanded}))")
        at, i = words[end].end, end + 1
    parts.append(text[at : words[-1].end])
    return "".join(parts)


def _universal(words: Sequence[Token], i: int, place: str) -> tuple[Sequence[Token], str, Sequence[Token], int] | None:
    """Rows, alias, condition and last index of the `ALL ... SATISFY` that begins at an index; None when none does."""
    if words[i].text != "ALL" or i + 2 >= len(words) or words[i + 1].text != "(":
        return None
    if words[i + 2].text not in ("SELECT", "WITH") or (
        i and words[i - 1].text in ("=", "<", ">", "<=", ">=", "<>", "!=")
    ):
        return None
    end = closing(words, i + 1)
    rest = words[end + 1 : end + 4] if end is not None else []
    if end is None:
        raise ConfigError(f"{place}: a parenthesis of ALL (...) is never closed")
    skip = 1 if rest and rest[0].text == "AS" else 0
    named = len(rest) > skip and rest[skip].text != "SATISFY"
    alias = rest[skip].text.lower() if named else ROW
    at = end + 1 + skip + named
    if at >= len(words) or words[at].text != "SATISFY":
        raise ConfigError(f"{place}: ALL (rows) is followed by SATISFY (condition)")
    if at + 1 >= len(words) or words[at + 1].text != "(":
        raise ConfigError(f"{place}: after SATISFY (condition) is expected, in parentheses")
    last = closing(words, at + 1)
    if last is None:
        raise ConfigError(f"{place}: the parenthesis of SATISFY is never closed")
    return words[i + 2 : end], alias, words[at + 2 : last], last


def values(assertion: Assertion, shown: str) -> dict[str, Any]:
    """What a resource of type `assertion` says of one, before it is asked of a database."""
    return {
        "name": assertion.name, "title": assertion.title, "owner": assertion.owner, "theme": assertion.theme,
        "rule": assertion.rule,
        "severity": assertion.severity.label if assertion.severity is not None else None, "weak": assertion.weak,
        "definition": assertion.query or assertion.condition, "file": shown,
        "waiver": list(assertion.waiver) if assertion.waiver is not None else None,
    }  # fmt: skip

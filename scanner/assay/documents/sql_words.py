"""The words of a SQL text, from sqlglot's tokens, and the statements that they make."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from assay.documents.positions import Malformed
from assay.patterns import pattern
from assay.terraform.syntax import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ORACLE = pattern(
    r"\b(?:VARCHAR2|NUMBER\s*\(|DUALITY|ANNOTATIONS\s*\(|CASCADE\s+CONSTRAINTS|PURGE|SYSDATE|CLOB|DBMS_\w+)\b",
    re.IGNORECASE,
)
_POSTGRES = pattern(r"\$\w*\$|\bLANGUAGE\s+(?:plpgsql|sql)\b|\bCREATE\s+EXTENSION\b", re.IGNORECASE)
_COMMENT = pattern(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_END = pattern(r";[ \t]*(?:--[^\n]*)?\r?\n")
_TOGETHER = 60
"""As many pieces that end in a semicolon are tried as one statement: the body of a function has many."""


class Word(NamedTuple):
    """One token: its text (of a string or quoted name without quotes), whether it is a string, its place (1-based),
    and whether it is a quoted name."""

    text: str
    is_string: bool
    line: int
    column: int
    quoted: bool = False

    @property
    def upper(self) -> str:
        """A keyword, name or sign as keywords are compared; empty for strings and for names in quotes."""
        return "" if self.is_string or self.quoted else self.text.upper()


def dialect_of(text: str) -> str:
    """`oracle` or `postgres`: by what only one of them has; comments tell nothing."""
    bare = _COMMENT.sub(" ", text)
    return "oracle" if _ORACLE.search(bare) and not _POSTGRES.search(bare) else "postgres"


def words_of(text: str, dialect: str) -> tuple[list[Word], list[Malformed]]:
    """The words of a text, and what of it is no SQL: the statements around that still count.

    Raises:
        Unreadable: sqlglot is not installed.
    """
    starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
    try:
        return _tokens(text, 0, dialect, starts), []
    except Malformed as fault:
        if text.count(";") > 5_000:
            return [], [fault]
    found: list[Word] = []
    faults: list[Malformed] = []
    cuts = [0, *(m.end() for m in _END.finditer(text)), len(text)]
    at = 0
    while at < len(cuts) - 1:
        first: Malformed | None = None
        for end in range(at + 1, min(at + _TOGETHER, len(cuts) - 1) + 1):
            try:
                found += _tokens(text[cuts[at] : cuts[end]], cuts[at], dialect, starts)
            except Malformed as fault:
                first = first or fault
            else:
                at = end
                break
        else:
            faults += [first] if first else []
            at += 1
    return found, faults


def _tokens(text: str, offset: int, dialect: str, starts: Sequence[int]) -> list[Word]:
    try:
        from sqlglot import TokenType, tokenize
        from sqlglot.errors import TokenError
    except ImportError as error:
        raise Unreadable(f"{error.name} is not installed, which reads SQL: pip install 'assay[documents]'") from None
    strings = {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING}
    try:
        tokens = tokenize(text, dialect=dialect)
    except TokenError as error:
        at = offset + len(text.rstrip())
        line = bisect_right(starts, at)
        sentence = f"it is not SQL: {str(error).partition(chr(10))[0]}"
        raise Malformed(sentence, line, at - starts[line - 1] + 1) from None
    found = []
    for token in tokens:
        string, quoted = token.token_type in strings, token.token_type == TokenType.IDENTIFIER
        together = not string and not quoted and " " in token.text  # `PRIMARY KEY` is one token
        parts = pattern(r"\S+").finditer(text, token.start, token.end + 1) if together else ()
        for start, shown in [(m.start(), m[0]) for m in parts] or [(token.start, token.text)]:
            line = bisect_right(starts, offset + start)
            found.append(Word(shown, string, line, offset + start - starts[line - 1] + 1, quoted))
    return found


def statements(words: Sequence[Word]) -> Iterator[list[Word]]:
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

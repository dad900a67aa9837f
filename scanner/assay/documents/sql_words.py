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
_MYSQL = pattern(r"`\w+`|\bENGINE\s*=|\bAUTO_INCREMENT\b|^DELIMITER\s", re.IGNORECASE | re.MULTILINE)
_SQL_SERVER = pattern(r"\[dbo\]|^GO[ \t]*\r?$|\]\s*\.\s*\[", re.IGNORECASE | re.MULTILINE)
_OF_CLIENTS = pattern(
    r"^(?:(?:REM|REMARK|PRO|PROMPT|TTITLE|BTITLE)(?:[ \t][^\n]*)?|DELIMITER[ \t][^\n]*|\\[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""Lines that SQL*Plus, psql or mysql keep to themselves: what stands in them need be no SQL."""
_COPIES = pattern(r"^COPY\b[^;\n]*\bFROM\s+STDIN\b[^;\n]*;[^\n]*\n", re.IGNORECASE | re.MULTILINE)
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
    """`oracle` or `postgres`, by what only one of them has; comments tell nothing.

    Texts of MySQL and SQL Server (`mysql`, `tsql`) are told apart so that their quotes are read as such.
    """
    bare = _COMMENT.sub(" ", text)
    if _POSTGRES.search(bare):
        return "postgres"
    if _ORACLE.search(bare):
        return "oracle"
    return "mysql" if _MYSQL.search(bare) else "tsql" if _SQL_SERVER.search(bare) else "postgres"


def _without_clients(text: str) -> str:
    """A text with spaces in the place of what is no SQL: lines for the client, and the rows that `COPY` takes in."""
    pieces: list[str] = []
    done = 0
    for found in _COPIES.finditer(text):
        end = text.find("\n\\.", found.end() - 1)
        if end < 0:  # no rows are here
            break
        if found.end() > done:
            pieces += [text[done : found.end()], _NO_BREAK.sub(" ", text[found.end() : end])]
            done = end
    text = "".join([*pieces, text[done:]]) if pieces else text
    return _OF_CLIENTS.sub(lambda line: " " * len(line[0]), text)


_NO_BREAK = pattern(r"[^\r\n]")


def words_of(text: str, dialect: str) -> tuple[list[Word], list[Malformed]]:
    """The words of a text, and what of it is no SQL: the statements around that still count.

    Raises:
        Unreadable: sqlglot is not installed.
    """
    text = _without_clients(text)
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
    """The statements: up to a semicolon, or a `/` (of SQL Server a `GO`) alone on its line."""
    current: list[Word] = []
    for i, word in enumerate(words):
        alone = (
            word.upper in ("/", "GO")
            and word.column == 1
            and (i + 1 == len(words) or words[i + 1].line > word.line)
            and (i == 0 or words[i - 1].line < word.line)
        )
        if word.upper == ";" or alone:
            if current:
                yield current
            current = []
        else:
            current.append(word)
    if current:
        yield current

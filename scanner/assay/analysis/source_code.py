"""What the readers of Python and JavaScript share: a call that was found, and a text that could not be read."""

from __future__ import annotations

from assay.tuples import NamedTuple

MAX_SOURCE = 5_000_000


class Call(NamedTuple):
    """A call: where it is (1-based line, column), its name as written, and what is wrong with it."""

    line: int
    column: int
    name: str
    check: str


class NoSource(Exception):
    """A text that is not what its name says: a sentence, and where (1-based)."""

    def __init__(self, sentence: str, line: int = 1, column: int = 1) -> None:
        super().__init__(sentence)
        self.line = line
        self.column = column

"""JSONata in the States Language: how an expression is set off, its brackets, and what it may read.

From the specification's chapter "JSONata Concepts" and the developer guide's pages on variables and JSONata (read
November 2026). Expressions are not evaluated: what is known of one is where it begins and ends, that its texts and
brackets are closed, and which pieces of `$states` it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.patterns import pattern

if TYPE_CHECKING:
    from assay.analysis.state_values import Readable

_TOKEN = pattern(
    r"\s+|/\*(?:.|\n)*?\*/|/\*|'(?:[^'\\]|\\.|\\\n)*'|\"(?:[^\"\\]|\\.|\\\n)*\"|`[^`]*`|\$\$(?!\w)|\$\w*|\w+|(?:.|\n)"
)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_GOES_ON = frozenset("+-&=<>,?:.")
_WORDS = frozenset({"and", "or", "in"})


def expression_fault(text: str, may: Readable) -> str:
    """What is wrong with a text of a JSONata state, as the end of a sentence; an empty text when nothing is."""
    begins, ends = text.startswith("{%"), text.endswith("%}")
    if not begins and not ends:
        return ""  # a plain text, even when there is an expression within it
    if not (begins and ends) or len(text) < 4:
        return "begins with {% and does not end with %}" if begins else "ends with %} and does not begin with {%"
    body = text[2:-2]
    return _body_fault(body, may) if body.strip() else "has nothing between {% and %}"


def _body_fault(body: str, may: Readable) -> str:
    open_: list[str] = []
    before, earlier = "", ""  # the two tokens before, without spaces
    at = 0
    transforms = "|" in body  # within which `$` is what is changed
    while at < len(body):
        found = _TOKEN.match(body, at)
        token = found[0] if found else body[at]
        at += len(token)
        if token == "/*":
            return "has a comment that does not end"
        if token.isspace() or token.startswith("/*"):
            continue
        if token == "/" and not _is_value(before):
            at = _end_of_regex(body, at)
            token = "/regex/"
            if at < 0:
                return "has a regular expression that does not end"
        fault = _token_fault(token, before, earlier, open_, may, transforms)
        if fault:
            return fault
        earlier, before = before, token
    if open_:
        return f"does not close its {open_[-1]}"
    return f"ends in the middle, with {before}" if before in _GOES_ON else ""


def _token_fault(token: str, before: str, earlier: str, open_: list[str], may: Readable, transforms: bool) -> str:
    if token in ("'", '"', "`"):
        return f"has a text that does not end ({token})"
    if token in "([{":
        open_.append(token)
    elif token in _CLOSES and (not open_ or open_.pop() != _CLOSES[token]):
        return f"has a {token} that nothing opens"
    elif token == "$$":
        return "reads $$, which is not there: the context is $states.context"
    elif token == "$" and not open_ and before != "." and not transforms:
        return "reads $, which is not there: the input is $states.input"
    elif before == "." and earlier == "$states":
        if token == "result" and not may.result:
            return "reads $states.result, which only Output and Assign of a Task, Map or Parallel have"
        if token == "errorOutput" and not may.error:
            return "reads $states.errorOutput, which only Output and Assign of a Catch have"
    return ""


def _is_value(token: str) -> bool:
    """True for the last token of something that can be divided, so that a slash after it is no regular expression."""
    return token != "" and token not in _WORDS and (token[-1] in ")]}'\"`$/" or token[-1].isalnum() or token[-1] == "_")


def _end_of_regex(body: str, at: int) -> int:
    depth = 0
    while at < len(body):
        mark = body[at]
        if mark == "\\":
            at += 1
        elif mark == "/" and not depth:
            return at + 1
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        at += 1
    return -1

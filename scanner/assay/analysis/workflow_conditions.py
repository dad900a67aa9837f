"""Conditions of GitHub's workflows (`if:`): may they hold when a pull request starts the workflow?

An expression is True, False or None (nobody knows) of one event; what is compared with anything but the event and its
ref is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 20_000
DEEPEST = 100

_SAYS_EVENT = pattern(r"github\.event_name\s*(==|!=)\s*'([^']*)'|'([^']*)'\s*(==|!=)\s*github\.event_name")
_LISTS_EVENTS = pattern(r"contains\(\s*(?:fromjson\(\s*)?'([^']*)'\s*\)?\s*,\s*github\.event_name\s*\)")
_MERGED = pattern(r"github\.event\.pull_request\.merged(?:\s*==\s*(?:true|'true'))?")
_OF_A_REQUEST = pattern(r"github\.(?:head_ref|event\.pull_request|event\.number)")
_NO_REQUEST = pattern(r"github\.(?:head_ref|base_ref)\s*==\s*''|github\.event\.pull_request\s*==\s*null")
_OF_OTHER_EVENTS = pattern(
    r"(?:(?:contains|startswith|endswith)\(\s*)?"
    r"github\.event\.(?:issue|comment|workflow_run|release|inputs|client_payload|deployment|schedule|head_commit)\b[\w.]*"
    r"(?:\s*,\s*'[^']+'\s*\))?"
)
"""What the events of requests do not have, so that it is null and holds no text."""
_REF_OF_A_BRANCH = pattern(
    r"github\.ref(?:_name)?\s*==.*|.*==\s*github\.ref(?:_name)?|startswith\(\s*github\.ref\s*,\s*'refs/(?:heads|tags).*"
    r"|github\.ref_type\s*==\s*'tag'|github\.ref_protected\s*==\s*(?:true|'true')|github\.ref_protected"
)
"""Of `pull_request`, whose ref is `refs/pull/.../merge`. That of `pull_request_target` is the branch to merge into."""


def may_hold(conditions: Iterable[str], event: str) -> bool:
    """Whether all of these conditions may hold when `event` (`pull_request`, `pull_request_target`) starts the run."""
    return all(_value(condition, event) is not False for condition in conditions)


def _value(condition: str, event: str) -> bool | None:
    text = condition.strip().lower()
    while text.startswith("${{") and text.endswith("}}") and text.find("}}") == len(text) - 2:
        text = text[3:-2].strip()
    if not text or len(text) > LONGEST or "${{" in text:
        return None
    reader = _Reader(text, event)
    found = reader.either(0)
    return found if reader.at == len(text) else None


class _Reader:
    """Goes through one expression (lower case) from left to right."""

    def __init__(self, text: str, event: str) -> None:
        self.text = text
        self.event = event
        self.at = 0

    def either(self, depth: int) -> bool | None:
        found = self.both(depth)
        while self.take("||"):
            other = self.both(depth)
            found = True if True in (found, other) else None if None in (found, other) else False
        return found

    def both(self, depth: int) -> bool | None:
        found = self.one(depth)
        while self.take("&&"):
            other = self.one(depth)
            found = False if False in (found, other) else None if None in (found, other) else True
        return found

    def one(self, depth: int) -> bool | None:
        if depth > DEEPEST:
            self.at = len(self.text)
            return None
        if not self.text.startswith("!=", self.at) and self.take("!"):
            inner = self.one(depth + 1)
            return None if inner is None else not inner
        begin = self.at
        if self.take("("):
            found = self.either(depth + 1)
            if self.take(")") and self.text[self.at : self.at + 2] in ("", "&&", "||", ")", *(f"){c}" for c in ")&|")):
                return found
            self.at = begin  # a comparison with what is in parentheses
        return self.atom()

    def take(self, sign: str) -> bool:
        """Go past a sign and the blanks around it, where it stands here."""
        self.blanks()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        self.blanks()
        return True

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def atom(self) -> bool | None:
        """A comparison or call up to the next `&&`, `||` or closing parenthesis."""
        begin, open_ = self.at, 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "'":
                end = self.text.find("'", self.at + 1)
                self.at = len(self.text) if end < 0 else end + 1
                continue
            if open_ == 0 and (char == ")" or self.text.startswith(("&&", "||"), self.at)):
                break
            open_ += (char == "(") - (char == ")")
            self.at += 1
        return _known(self.text[begin : self.at].strip(), self.event)


def _known(atom: str, event: str) -> bool | None:
    """What one comparison is for certain."""
    if atom in ("true", "false"):
        return atom == "true"
    said = _SAYS_EVENT.fullmatch(atom)
    if said is not None:
        return ((said[2] if said[1] else said[3]) == event) is ((said[1] or said[4]) == "==")
    listed = _LISTS_EVENTS.fullmatch(atom)
    if listed is not None:
        return f'"{event}"' in listed[1] if "[" in listed[1] else event in listed[1]
    if _OF_A_REQUEST.fullmatch(atom):
        return True
    if any(form.fullmatch(atom) for form in (_MERGED, _NO_REQUEST, _OF_OTHER_EVENTS)):  # what was merged was reviewed
        return False
    return False if event == "pull_request" and _REF_OF_A_BRANCH.fullmatch(atom) else None

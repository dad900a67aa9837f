"""Makefiles as far as build steps run them: which lines a goal runs, with simple variables filled in.

Read are explicit and pattern rules, prerequisites, `=`, `:=`, `?=`, `+=`, variables of one target and files that are
included by name. What takes make itself to know (functions, conditions, generated rules) stays a shell variable, of
which nobody knows the value.
"""

from __future__ import annotations

import functools
from collections import ChainMap
from typing import TYPE_CHECKING

from assay.patterns import pattern
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ASSIGN = pattern(r" *(?:export +|override +|private +)*([\w.-]+)\s*(\+|\?|:{1,3}|!)?=\s*(.*)", 16)  # DOTALL
_CONDITION = pattern(r" *(?:ifeq|ifneq|ifdef|ifndef)\b")
_NAME = pattern(r"[\w.-]+")
_WHICH = pattern(r"shell\s+(?:which|command\s+-v|type\s+-[pP])\s+([\w./-]+).*")
_GENERATED = pattern(r"\$[({]eval\b|^\.RECIPEPREFIX", 8)  # MULTILINE
_DEEPEST = 20
_MOST = 500
"""As many targets, prerequisites and lines has one rule, and as many targets one goal."""
_FILLED = 2_000
"""As many variables are filled in for one text: variables name variables."""


class Unread(Exception):
    """Not all that makes a goal is read; its name is the argument."""


class Line(NamedTuple):
    """A line of a recipe with its variables filled in: a script of one line, or several that belong together."""

    script: str
    file: str
    number: int
    ignored: bool


class Rule(NamedTuple):
    """How a target is made: what it needs first, its lines as they are written (number, text), its own variables."""

    needs: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]
    file: str
    own: dict[str, str | None]


class Makefile:
    """The rules and variables of a Makefile and of what it includes; `whole` is False when some of it is not read."""

    def __init__(self) -> None:
        self.variables: dict[str, str | None] = {"MAKE": "make", "CURDIR": "."}
        self.weak: set[str] = set()  # what `?=` sets, and the environment may set before
        self.rules: dict[str, Rule] = {}
        self.patterns: list[str] = []
        self.first = ""
        self.whole = True
        self.together = False  # the lines of a recipe are one script

    def goal(self, name: str) -> tuple[Rule, str] | None:
        """The rule for a target, and what `%` stands for in it."""
        if name in self.rules:
            return self.rules[name], ""
        for target in self.patterns:
            before, _, after = target.partition("%")
            rule = self.rules[target]
            if (
                rule.lines
                and name.startswith(before)
                and name.endswith(after)
                and len(name) >= len(before) + len(after)
            ):
                return rule, name[len(before) : len(name) - len(after)]
        return None


@functools.lru_cache(maxsize=64)
def read(texts: tuple[tuple[str, str, bool], ...]) -> Makefile:
    """A Makefile and those that it includes.

    Args:
        texts: of each the file as reports spell it, its text, and whether all that it includes is here.
    """
    made = Makefile()
    for file, text, whole in texts:
        made.whole = made.whole and whole and _GENERATED.search(text) is None
        _Reader(made, file, text).read()
    return made


class _Reader:
    """Goes through one file."""

    def __init__(self, made: Makefile, file: str, text: str) -> None:
        self.made = made
        self.file = file
        self.lines = text.split("\n")
        self.within = 0  # conditions that are open
        self.targets: list[str] = []

    def read(self) -> None:
        waiting = self.logical()
        for number, line in waiting:
            plain = line.strip()
            if line.startswith("\t") and self.targets:
                self.add(number, line[1:])
            elif not plain or plain.startswith("#"):
                continue
            elif plain.startswith("define "):
                self.made.variables[plain.split()[1].rstrip("=:")] = None
                for _, inner in waiting:
                    if inner.strip().startswith("endef"):
                        break
            elif _CONDITION.match(line):
                self.within += 1
            elif plain.startswith(("endif", "else")):
                self.within -= plain.startswith("endif")
            else:
                self.statement(number, line)

    def logical(self) -> Iterator[tuple[int, str]]:
        """The lines, those that a backslash continues as one; a recipe keeps its line ends."""
        at = 0
        while at < len(self.lines):
            number, pieces = at + 1, [self.lines[at].rstrip("\r")]
            recipe = pieces[0].startswith("\t")
            while pieces[-1].endswith("\\") and at + 1 < len(self.lines):
                at += 1
                pieces.append(self.lines[at].strip() if not recipe else self.lines[at].rstrip("\r").lstrip())
            if recipe:
                yield number, "\n".join(pieces)
            else:
                yield number, " ".join(piece.removesuffix("\\").rstrip() for piece in pieces).partition(" #")[0]
            at += 1

    def statement(self, number: int, line: str) -> None:
        assigned = _ASSIGN.fullmatch(line)
        if assigned is not None:
            self.targets = []
            self.assign(self.made.variables, assigned[1], assigned[2] or "", assigned[3].strip())
            return
        colon = _colon(line)
        names = self.filled(line[:colon]).rstrip("& ").split() if colon >= 0 and "=" not in line[:colon] else []
        rest = line[colon + 1 :].removeprefix(":").strip()
        self.targets = names[:_MOST]
        self.made.whole = self.made.whole and len(names) <= _MOST
        own = _ASSIGN.fullmatch(rest)
        needs, _, recipe = rest.partition(";")
        more = tuple(n for n in self.filled(needs).split() if n != "|") if own is None else ()
        for name in self.targets:
            old = self.made.rules.get(name)
            if old is None:
                old = Rule((), (), self.file, {})
                self.pattern(name)
            if own is not None:
                mine = dict(old.own)
                self.assign(mine, own[1], own[2] or "", own[3].strip())
                self.made.rules[name] = old._replace(own=mine)
                continue
            self.made.whole = self.made.whole and len(old.needs) + len(more) <= _MOST
            self.made.rules[name] = old._replace(needs=(*old.needs, *more)[:_MOST])
            if not self.made.first and not name.startswith(".") and "%" not in name:
                self.made.first = name
            self.made.together = self.made.together or name == ".ONESHELL"
        if own is None and recipe.strip():
            self.add(number, recipe.strip())

    def pattern(self, name: str) -> None:
        if "%" in name:
            self.made.whole = self.made.whole and len(self.made.patterns) < _MOST
            self.made.patterns += [name] if len(self.made.patterns) < _MOST else []

    def assign(self, variables: dict[str, str | None], name: str, how: str, value: str) -> None:
        if self.within or how == "!":
            variables[name] = None
        elif how == "+":
            old = variables.get(name, "")
            variables[name] = None if old is None or len(old) > 10_000 else f"{old} {value}".strip()
        elif how == "?":
            if name not in variables:
                variables[name] = value
                self.made.weak.add(name)
        else:
            variables[name] = self.filled(value) if how else value

    def add(self, number: int, text: str) -> None:
        for name in self.targets:
            rule = self.made.rules[name]
            self.made.whole = self.made.whole and len(rule.lines) < _MOST
            self.made.rules[name] = rule._replace(lines=(*rule.lines, (number, text))[:_MOST], file=self.file)

    def filled(self, text: str) -> str:
        """A text with the variables that are known by now; the others stay as they are written."""
        return _Filling(self.made.variables, keep=True).fill(text)


def _colon(line: str) -> int:
    """Where the targets of a rule end; -1 in other lines."""
    at = 0
    while at < len(line):
        if line[at] == "$" and line[at + 1 : at + 2] in ("(", "{"):
            at = _closing(line, at + 1)
        elif line[at] == ":":
            return at
        at += 1
    return -1


def lines(made: Makefile, goals: list[str], given: dict[str, str | None], env: dict[str, str | None]) -> Iterator[Line]:
    """The lines that goals run, what they need first.

    Args:
        given: the variables of make's own command line.
        env: those of the environment.

    Raises:
        Unread: a goal may be made by what is not read here.
    """
    names = {**env, **{k: v for k, v in made.variables.items() if k not in made.weak or k not in env}, **given}
    done: set[str] = set()
    for goal in goals or [names.get(".DEFAULT_GOAL") or made.first]:
        yield from _lines(made, goal, names, given, done, 0)


def _lines(
    made: Makefile, goal: str, names: dict[str, str | None], given: dict[str, str | None], done: set[str], depth: int
) -> Iterator[Line]:
    if goal in done:
        return
    if len(done) > _MOST or depth > _DEEPEST:
        raise Unread(goal)
    done.add(goal)
    found = made.goal(goal)
    if found is None:
        if not depth and not made.whole:
            raise Unread(goal)
        return
    rule, stem = found
    filling = _Filling(ChainMap({"@": goal, "*": stem}, given, rule.own, names))
    for need in rule.needs:
        for one in filling.fill(need.replace("%", stem)).split():
            yield from _lines(made, one, names, given, done, depth + 1)
    texts = [(number, filling.fill(text)) for number, text in rule.lines]
    if made.together and texts:
        texts = [(texts[0][0], "\n".join(text.lstrip("@-+ ") for _, text in texts))]
    for number, text in texts:
        script = text.lstrip("@-+ \t")
        yield Line(script, rule.file, number, "-" in text[: len(text) - len(script)])


class _Filling:
    """Fills make's variables in; what is not known stays, as the shell would write it unless `keep`."""

    def __init__(self, names: Mapping[str, str | None], *, keep: bool = False) -> None:
        self.names = names
        self.keep = keep
        self.left = _FILLED

    def fill(self, text: str, seen: frozenset[str] = frozenset()) -> str:
        pieces = []
        at = 0
        while (mark := text.find("$", at)) >= 0 and mark + 1 < len(text):
            pieces.append(text[at:mark])
            after = text[mark + 1]
            if after in "({":
                end = _closing(text, mark + 1)
                at = end + 1
                pieces.append(self.value(text[mark + 2 : end], text[mark:at], seen))
                continue
            at = mark + 2
            if after == "$":
                pieces.append("$$" if self.keep else "$")
            else:
                pieces.append(f"${after}" if self.keep else self.names.get(after) or "x")
        return "".join([*pieces, text[at:]])

    def value(self, inner: str, written: str, seen: frozenset[str]) -> str:
        self.left -= 1
        if _NAME.fullmatch(inner) is None:
            which = _WHICH.fullmatch(inner)
            return which[1] if which is not None else written if self.keep else "$make_function"
        value = self.names.get(inner)
        if value is None or inner in seen or len(seen) > _DEEPEST or self.left < 0 or len(value) > 10_000:
            return written if self.keep else f"${inner.replace('-', '_').replace('.', '_')}"
        return self.fill(value, seen | {inner})


def _closing(text: str, at: int) -> int:
    """Where the bracket at a place closes; the end of the text when it does not."""
    pair = {"(": ")", "{": "}"}[text[at]]
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == text[at]) - (text[i] == pair)
        if not depth:
            return i
    return len(text)

"""Commands that build steps run without naming them: through variables (`$TF apply`) and through make.

What a variable holds is looked for in the workflow, its job and step, and in what the script sets before. Of one that
is set nowhere here its name tells what it may be: such a command has a `doubt`.
"""

from __future__ import annotations

import posixpath
from collections import ChainMap
from typing import TYPE_CHECKING, Any

from assay.analysis import command_kinds, shell, shell_variables
from assay.analysis.pipelines import Ran
from assay.analysis.shell_variables import GIVEN, TOOLS, VARIABLE, VERBS, WHICH, as_written, chosen, held, plain
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.shell_variables import Names
    from assay.model import Resource

_CHANGES = pattern(
    r"(?:.*[-_./:])?(?:apply|deploy\w*|destroy|provision|rollout|release|up|infra\w*|terraform|tofu|tf)(?:[-_./:].*)?"
)
_JUDGES = pattern(
    r"(?:.*[-_./:])?(?:scan\w*|check\w*|lint\w*|sec\w*|polic\w+|validate|test\w*|ci|all|verify|audit|compliance)(?:[-_./:].*)?"
)
_DEEPEST = 5
_WORDS = 50
"""As many words of a command are looked at for variables that stand for more words."""
MOST = 2_000
"""As many commands of Makefiles are read for one script; make calls make."""
MAKES = ("make", "gmake")
_TAKE_VALUES = ("-C", "-f", "-j", "-l", "-o", "-W", "-I", "--directory", "--file", "--makefile")
_FILES = ("GNUmakefile", "makefile", "Makefile")


class Scripts:
    """The scripts of a job, to be asked for in their order: each is read with what those before it have set."""

    def __init__(self, workflow: Resource, job: dict[str, Any]) -> None:
        self.workflow = workflow
        self.job = job
        self.github = workflow["kind"] == "github"
        self._given = shell_variables.given(workflow, job)
        self._places = {id(step): i for i, step in enumerate(job["steps"])}
        self._reached = 0
        self._left: dict[bool, tuple[Names, str | None]] = {}

    def ran_by(self, step: dict[str, Any], pipes: bool = False) -> list[Ran]:
        """The commands of a step, each as what it is for all that is here to see."""
        self._reach(step)
        names, folder = self._now(step)
        at = tuple(step["script"])
        found: list[Ran] = []
        budget = [MOST]
        script = shell_variables.as_variables(step["run"]) if self.github else step["run"]
        for c, known, inside in _in_order(shell_variables.plain_script(script), names, folder, pipes):
            found += _Step(self.workflow, (*at, "line", c.line), budget).seen(c, known, inside, 0)
        return found

    def _now(self, step: dict[str, Any]) -> tuple[Names, str | None]:
        """The variables and the folder that a step starts with."""
        handed, folder = self._left.get(_after(step), ({}, ""))
        names = self._given | handed
        if self.github:
            shell_variables.add(names, step.get("env"))
            folder = _folder(self.workflow, self.job, step)
        return names, folder

    def _reach(self, step: dict[str, Any]) -> None:
        """Follow what the steps before this one hand on, each once: of GitHub files, of GitLab their shell."""
        place = self._places[id(step)]
        for earlier in self.job["steps"][self._reached : place]:
            if isinstance(earlier.get("run"), str):
                self._follow(earlier)
        self._reached = max(place, self._reached)

    def _follow(self, step: dict[str, Any]) -> None:
        script = step["run"]
        handed, folder = self._left.get(_after(step), ({}, ""))
        known = (
            shell_variables.handed_on(script)
            if self.github
            else (shell_variables.sets(shell_variables.plain_script(script)))
        )
        names = ChainMap(handed, self._given)
        for _, name, value in known:
            names[name] = plain(value, names)
        for c in () if self.github or "cd " not in script else shell.commands(script):
            folder = _moved(folder, c)
        self._left[_after(step)] = handed, folder


def _after(step: dict[str, Any]) -> bool:
    """Whether a step runs in the second shell of a job of GitLab."""
    return "after_script" in step["path"]


def _in_order(
    script: str, names: Names, folder: str | None, pipes: bool = False
) -> Iterator[tuple[shell.Command, Names, str | None]]:
    """The commands of a script, each with the variables and the folder that what runs before it has set."""
    waiting = shell_variables.sets(script)[::-1]
    known = dict(names)
    last: dict[str, int] = {}
    for c in shell.commands(script, pipes=pipes):
        while waiting and waiting[-1][0] <= c.line:
            line, name, written = waiting.pop()
            before, value = known.get(name), plain(written, known)
            if last.get(name) == line and before is not None and value is not None:
                value = chosen([value, before])  # what stands between the two is not told
            known[name], last[name] = value, line
        folder = _moved(folder, c)
        yield c, known, folder


def may_change(ran: Ran) -> bool:
    """True for a goal of make that is not here and that by its name changes infrastructure."""
    return ran.command.name in MAKES and any(_CHANGES.fullmatch(goal[:200]) for goal in ran.command.words[1:])


def may_judge(ran: Ran) -> bool:
    """True for what may be a scan: a goal of make that is not here, or a variable that is named so."""
    goals = ran.command.words[1:]
    if ran.command.name in MAKES:
        return not goals or any(_JUDGES.fullmatch(goal[:200]) for goal in goals)
    return command_kinds.scans(ran.command)


# --- what a command is ------------------------------------------------------------------------------------------------


class _Step:
    """One command of a script, at its place."""

    def __init__(self, workflow: Resource, where: tuple[Any, ...], budget: list[int]) -> None:
        self.workflow = workflow
        self.where = where
        self.budget = budget  # how many commands of Makefiles the script may still run

    def seen(self, c: shell.Command, names: Names, folder: str | None, depth: int, via: str = "") -> Iterator[Ran]:
        """What a command is, or for make all that it runs."""
        c = c._replace(words=tuple(_words(c, names)))
        inner = command_kinds.launched(c)
        if inner.name in MAKES:
            yield from self.made(inner, names, folder, depth, via)
            return
        inner = _of_image(inner)
        found = VARIABLE.fullmatch(inner.name)
        if found is not None:
            name = found[1] or found[3]
            sure = any(w in ("-auto-approve", "--auto-approve") for w in inner.bare)
            tool = command_kinds.named_tool(name) or ("terraform" if sure else "")
            doubt = (
                f"what {as_written(inner.bare[0])} runs, for nothing here sets it to a value that is known"
                if tool
                else ""
            )
            yield Ran(inner._replace(words=(tool, *inner.bare[1:])) if tool else c, self.where, via, doubt)
            return
        verbs = [w for w in inner.bare[1:] if not w.startswith("-")]
        if inner.name in TOOLS and verbs and all(VARIABLE.fullmatch(w) or GIVEN.fullmatch(w) for w in verbs):
            words = (inner.name, TOOLS[inner.name])
            yield Ran(inner._replace(words=words), self.where, via, f"what {inner.name} {as_written(verbs[0])} does")
            return
        yield Ran(c, self.where, via)

    def made(self, c: shell.Command, names: Names, folder: str | None, depth: int, via: str) -> Iterator[Ran]:
        """What a command of make runs; the command itself, with a doubt, when that is not here."""
        asked = _Asked(c, folder)
        if asked.shows:
            return
        shown = " ".join(["make", *asked.goals])
        texts = self.texts(asked) if depth < _DEEPEST and self.workflow.values.get("makefiles") else ()
        if not texts:
            reason = f"what {shown} runs, whose Makefile is not here"
            yield Ran(c._replace(words=("make", *asked.goals)), self.where, via, reason)
            return
        from assay.analysis import makefiles

        given: Names = {name: plain(value, names) for name, value in asked.given.items()}
        try:
            for line in makefiles.lines(makefiles.read(texts), asked.goals, given, names):
                place = f" ({shown}, {line.file}:{line.number})"
                for inner, own, inside in _in_order(line.script, names, asked.folder):
                    self.budget[0] -= 1
                    if self.budget[0] < 0:
                        raise makefiles.Unread(shown)
                    ignored = inner.ignored or line.ignored or asked.goes_on or c.ignored
                    yield from self.seen(
                        inner._replace(line=c.line, ignored=ignored), own, inside, depth + 1, via or place
                    )
        except makefiles.Unread as missing:
            reason = f"what {shown} runs: not all that makes {missing.args[0]} is read"
            yield Ran(c._replace(words=("make", *asked.goals)), self.where, via, reason)

    def texts(self, asked: _Asked) -> tuple[tuple[str, str, bool], ...]:
        """The Makefile that is asked for, and those that it includes: file, text, and whether all of them are here."""
        from assay.documents.makefiles import included

        known = self.workflow.values["makefiles"]
        if asked.folder is None:
            return ()
        paths = [
            posixpath.normpath(posixpath.join(asked.folder, name)) for name in ([asked.file] if asked.file else _FILES)
        ]
        first = next((p for p in paths if p in known), "")
        waiting = [first] if first else []
        found: dict[str, tuple[str, str, bool]] = {}
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            text = known[path]["text"]
            names = [posixpath.normpath(posixpath.join(asked.folder, n)) for n in included(text)]
            whole = all(n in known for n in names) and "include $" not in text and "include *" not in text
            found[path] = (known[path]["file"], text, whole)
            waiting += [n for n in names if n in known]
        return tuple(found.values())


class _Asked:
    """What a command of make asks for."""

    def __init__(self, c: shell.Command, folder: str | None) -> None:
        self.goals: list[str] = []
        self.given: dict[str, str] = {}
        self.file = ""
        self.folder = folder
        self.shows = self.goes_on = False
        words = list(c.bare[1:])
        while words:
            word = words.pop(0)
            option, equals, value = word.partition("=")
            if word in _TAKE_VALUES and words and not (word == "-j" and not words[0].isdigit()):
                self.option(word, words.pop(0))
            elif option in _TAKE_VALUES and equals:
                self.option(option, value)
            elif word[:2] in ("-C", "-f") and len(word) > 2:
                self.option(word[:2], word[2:])
            elif word.startswith("-"):
                self.shows = self.shows or word in ("--dry-run", "--just-print", "--recon") or _has(word, "n")
                self.goes_on = self.goes_on or word == "--ignore-errors" or _has(word, "i")
            elif equals:
                self.given[option.rstrip(":?+")] = value
            else:
                self.goals.append(word)

    def option(self, name: str, value: str) -> None:
        if name in ("-C", "--directory"):
            self.folder = _below(self.folder, value)
        elif name in ("-f", "--file", "--makefile"):
            self.file = value


def _has(word: str, letter: str) -> bool:
    return not word.startswith("--") and letter in word[1:]


def _of_image(c: shell.Command) -> shell.Command:
    """The command of a container whose image is a variable that is named as a tool is; others as they are."""
    if c.name in ("docker", "podman", "nerdctl") and c.bare[1:2] == ("run",) and any(v in c.bare for v in VERBS):
        for i, word in enumerate(c.bare):
            found = VARIABLE.fullmatch(word)
            if found is not None and c.bare[i - 1][:2] != "-v" and command_kinds.named_tool(found[1] or found[3]):
                return c._replace(words=c.bare[i:])
    return c


def _words(c: shell.Command, names: Names) -> Iterator[str]:
    """The words of a command, aliases and variables that are known in their place."""
    first = next((i for i, w in enumerate(c.words) if "=" not in w), 0)
    for i, word in enumerate(c.words):
        short = names.get(f"alias {word}") if i == first else None
        if short is not None and (not command_kinds.changes(word) or word in short.split()):
            yield from short.split()  # of a tool's name the tool counts: most shells of builds know no aliases
            continue
        found = VARIABLE.fullmatch(word) if "$" in word else None
        value = held(found, names) if found is not None else None
        which = WHICH.fullmatch(word) if "(" in word or "`" in word else None
        if which is not None:
            yield which[1] or which[2]
        elif value is not None and i < _WORDS:
            yield from value.split()
        elif i == first and "/$" in word:
            yield VARIABLE.sub(lambda m: held(m, names) or m[0], word)
        else:
            yield word


# --- where it runs ----------------------------------------------------------------------------------------------------


def _folder(workflow: Resource, job: dict[str, Any], step: dict[str, Any]) -> str | None:
    """The folder in which a step begins, from where the workflow starts; None when only a run can tell."""
    for one in (step, job, workflow.values["document"]):
        defaults = one.get("defaults")
        run = defaults.get("run") if isinstance(defaults, dict) else None
        given = (
            step.get("working-directory")
            if one is step
            else run.get("working-directory")
            if isinstance(run, dict)
            else None
        )
        if given is not None:
            return _below("", str(given))
    return ""


def _moved(folder: str | None, c: shell.Command) -> str | None:
    return _below(folder, c.words[1]) if c.words[:1] == ("cd",) and len(c.words) > 1 else folder


def _below(folder: str | None, name: str) -> str | None:
    if folder is None or name.startswith(("/", "~", "-")) or "$" in name:
        return None
    found = posixpath.normpath(posixpath.join(folder, name))
    return "" if found == "." else found

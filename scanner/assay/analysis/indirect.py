"""Commands that build steps run without naming them: through variables (`$TF apply`) and through make.

What a variable holds is looked for in the workflow, its job and step, and in what the script sets before. Of one that
is set nowhere here its name tells what it may be: such a command has a `doubt`.
"""

from __future__ import annotations

import posixpath
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from assay.analysis import command_kinds, shell
from assay.analysis.pipelines import Ran
from assay.model import as_list
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import Resource

    Names = dict[str, str | None]

_SET = pattern(
    r"(?m)(?:^|[;&({]|\b(?:then|do|else)\b)[ \t]*(?:(?:export|readonly|local|declare|typeset)[ \t]+(?:-\w+[ \t]+)*)?"
    r"([A-Za-z_]\w*)=(\"[^\"\n]*\"|'[^'\n]*'|\$\([^)\n]*\)|[^\s;&|\"'`]*)[ \t]*(?=$|[;&|#}\n])"
)
_HANDED_ON = pattern(
    r"echo[ \t]+[\"']?([A-Za-z_]\w*)=([^\"'\n>]{0,200})[\"']?[ \t]{0,9}>>[ \t]*[\"']?\$\{?GITHUB_ENV\b"
)
_WHICH = pattern(r"\$\(\s*(?:which|command\s+-v|type\s+-[pP])\s+([\w./-]+)[^)]*\)|`(?:which|command -v)\s+([\w./-]+)`")
_VARIABLE = pattern(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^{}$]*))?\}|([A-Za-z_]\w*))")
_EXPRESSION = pattern(r"\$\{\{\s*(?:[\w-]+\.)*([A-Za-z_][\w-]*)\s*\}\}")
_EACH = pattern(r"\bfor[ \t]+([A-Za-z_]\w*)[ \t]+in[ \t]+([^;\n$`]{1,500})")
_VERBS = ("apply", "destroy", "up")
_TOOLS = {"terraform": "apply", "tofu": "apply", "terragrunt": "apply", "pulumi": "up"}
_CHANGES = pattern(
    r"(?:.*[-_./:])?(?:apply|deploy\w*|destroy|provision|rollout|release|up|infra\w*|terraform|tofu|tf)(?:[-_./:].*)?"
)
_JUDGES = pattern(
    r"(?:.*[-_./:])?(?:scan\w*|check\w*|lint\w*|sec\w*|polic\w+|validate|test\w*|ci|all|verify|audit|compliance)(?:[-_./:].*)?"
)
_DEEPEST = 5
MOST = 2_000
"""As many commands of Makefiles are read for one script; make calls make."""
MAKES = ("make", "gmake")
_TAKE_VALUES = ("-C", "-f", "-j", "-l", "-o", "-W", "-I", "--directory", "--file", "--makefile")
_FILES = ("GNUmakefile", "makefile", "Makefile")


def ran_by(workflow: Resource, job: dict[str, Any], step: dict[str, Any], pipes: bool = False) -> list[Ran]:
    """The commands of a step with a script that holds `INDIRECT`, each as what it is for all that is here to see."""
    script = _EXPRESSION.sub(lambda m: f"${{{m[1].replace('-', '_')}}}", step["run"])
    at = tuple(step["script"])
    before = _before(workflow, job, step)
    names = _environment(workflow, job, step, before)
    folder = _folder(workflow, job, step)
    for earlier in before if workflow["kind"] == "gitlab" else ():
        for c in shell.commands(str(earlier["run"])):
            folder = _moved(folder, c)
    found: list[Ran] = []
    budget = [MOST]
    for c, known, inside in _in_order(script, names, folder, pipes):
        found += _Step(workflow, (*at, "line", c.line), budget).seen(c, known, inside, 0)
    return found


def _in_order(
    script: str, names: Names, folder: str | None, pipes: bool = False
) -> Iterator[tuple[shell.Command, Names, str | None]]:
    """The commands of a script, each with the variables and the folder that what runs before it has set."""
    sets = sorted(
        [(script.count("\n", 0, m.start(1)), m[1], m[2]) for m in _SET.finditer(script)]
        + [(script.count("\n", 0, m.start(1)), m[1], _chosen(m[2])) for m in _EACH.finditer(script)],
        key=itemgetter(0),
    )
    known = dict(names)
    for c in shell.commands(script, pipes=pipes):
        while sets and sets[0][0] <= c.line:
            _, name, value = sets.pop(0)
            known[name] = _plain(value, known)
        folder = _moved(folder, c)
        yield c, known, folder


def _chosen(words: str) -> str:
    """Of the words that a loop goes through the one that changes most."""
    listed = words.split()
    return next((w for w in listed if w in _VERBS), listed[0] if listed else "")


def may_change(ran: Ran) -> bool:
    """True for a goal of make that is not here and that by its name changes infrastructure."""
    return ran.command.name in MAKES and any(_CHANGES.fullmatch(goal[:200]) for goal in ran.command.words[1:])


def may_judge(ran: Ran) -> bool:
    """True for what may be a scan: a goal of make that is not here, or a variable that is named so."""
    goals = ran.command.words[1:]
    if ran.command.name in MAKES:
        return not goals or any(_JUDGES.fullmatch(goal[:200]) for goal in goals)
    return command_kinds.scans(ran.command)


# --- what variables hold ----------------------------------------------------------------------------------------------


def _before(workflow: Resource, job: dict[str, Any], step: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a job before this one; of GitLab those that share its shell."""
    steps = [s for s in job["steps"] if isinstance(s.get("run"), str)]
    at = next((i for i, s in enumerate(steps) if s is step), 0)
    if workflow["kind"] == "github":
        return steps[:at]
    return [s for s in steps[:at] if ("after_script" in s["path"]) is ("after_script" in step["path"])]


def _environment(workflow: Resource, job: dict[str, Any], step: dict[str, Any], before: list[dict[str, Any]]) -> Names:
    """The variables that a step starts with; None for the value of one that only a run can tell."""
    github = workflow["kind"] == "github"
    key = "env" if github else "variables"
    names: Names = {}
    for one in (workflow.values["document"], job, step):
        given = one.get(key)
        for name, value in given.items() if isinstance(given, dict) else ():
            names[str(name)] = _plain(value.get("value") if isinstance(value, dict) else value, names)
    for rule in as_list(job.get("rules")) if not github else ():
        given = rule.get("variables") if isinstance(rule, dict) else None
        names |= dict.fromkeys(given if isinstance(given, dict) else (), None)
    for earlier in before:
        for m in (_HANDED_ON if github else _SET).finditer(str(earlier["run"])):
            names[m[1]] = _plain(m[2], names)
    return names


def _plain(value: Any, names: Names) -> str | None:
    """A value as the shell would have it, variables filled in; None when only a run can tell."""
    if value is None or isinstance(value, (dict, list)):
        return None
    text = str(value).strip()
    which = _WHICH.fullmatch(text.strip("\"'"))
    if which is not None:
        return which[1] or which[2]
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1]
    text = text.strip('"')
    filled = _VARIABLE.sub(lambda m: _held(m, names) or "\0", _EXPRESSION.sub("\0", text))
    return None if "\0" in filled or "`" in filled or "$" in filled else filled


def _held(found: Any, names: Names) -> str | None:
    """What a variable in a text holds, else its default."""
    name = found[1] or found[3]
    value = names.get(name)
    return value if value is not None else found[2] if name not in names else None


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
        found = _VARIABLE.fullmatch(inner.bare[0]) if inner.bare else None
        if found is not None:
            name = found[1] or found[3]
            sure = any(w in ("-auto-approve", "--auto-approve") for w in inner.bare)
            tool = command_kinds.named_tool(name) or ("terraform" if sure else "")
            doubt = f"what {inner.bare[0]} runs, for nothing here sets it to a value that is known" if tool else ""
            yield Ran(inner._replace(words=(tool, *inner.bare[1:])) if tool else c, self.where, via, doubt)
            return
        verbs = [w for w in inner.bare[1:] if not w.startswith("-")]
        if inner.name in _TOOLS and verbs and all(_VARIABLE.fullmatch(w) for w in verbs):
            words = (inner.name, _TOOLS[inner.name])
            yield Ran(inner._replace(words=words), self.where, via, f"what {inner.name} {verbs[0]} does")
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

        given: Names = {name: _plain(value, names) for name, value in asked.given.items()}
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


def _words(c: shell.Command, names: Names) -> Iterator[str]:
    """The words of a command, variables that are known in their place."""
    for word in c.words:
        found = _VARIABLE.fullmatch(word) if "$" in word else None
        value = _held(found, names) if found is not None else None
        which = _WHICH.fullmatch(word) if "(" in word or "`" in word else None
        if which is not None:
            yield which[1] or which[2]
        elif value is not None:
            yield from value.split()
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

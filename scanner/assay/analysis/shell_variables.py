"""The variables of build steps' scripts: what sets them, in the workflow and in the script, and what they hold."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from assay.model import as_list
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.model import Resource

Names = dict[str, str | None]
"""What variables hold, None when only a run can tell; of aliases too, whose names begin with `alias `."""

_SET = pattern(
    r"(?m)(?:^|[;&({]|\b(?:then|do|else)\b)[ \t]*(?:(?:export|readonly|local|declare|typeset)[ \t]+(?:-\w+[ \t]+)*)?"
    r"([A-Za-z_]\w*)=(\"[^\"\n]*\"|'[^'\n]*'|\$?\([^)\n]*\)|[^\s;&|\"'`]*)[ \t]*(?=$|[;&|#}\n])"
)
_POWERSHELL = pattern(r"(?m)^[ \t]*\$(?:env:)?([A-Za-z_]\w*)[ \t]*=[ \t]*(\"[^\"\n]*\"|'[^'\n]*')[ \t]*;?[ \t]*$")
_ALIAS = pattern(r"\balias[ \t]+([\w-]+)=(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|]+)")
_HANDS_OVER = pattern(
    r"(?m)^[ \t]*(?:function[ \t]+)?([\w-]+)[ \t]*\([ \t]*\)\s{0,99}\{\s{0,99}"
    r"((?:[\w./=$-]{1,200}[ \t]+){1,8})[\"']?\$[@*1][\"']?\s{0,99};?\s{0,99}\}"
)
"""A function that is one command, to which it hands all that it is given; as good as an alias."""
_HANDED_ON = pattern(
    r"echo[ \t]+[\"']?([A-Za-z_]\w*)=([^\"'\n>]{0,200})[\"']?[ \t]{0,9}>>[ \t]*[\"']?\$\{?GITHUB_ENV\b"
)
WHICH = pattern(r"\$\(\s*(?:which|command\s+-v|type\s+-[pP])\s+([\w./-]+)[^)]*\)|`(?:which|command -v)\s+([\w./-]+)`")
VARIABLE = pattern(r"\$(?:\{(?:env:)?([A-Za-z_]\w*)(?:\[[@*]\])?(?::?-([^{}$]*))?\}|(?:env:)?([A-Za-z_]\w*))")
GIVEN = pattern(r"\$\{?[@*1-9]\}?")
_EXPRESSION = pattern(r"\$\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_STANDS_FOR = pattern(r"\$\{(vars|inputs|matrix|secrets|github)_(\w+)\}")
_EACH = pattern(r"\bfor[ \t]+([A-Za-z_]\w*)[ \t]+in[ \t]+([^;\n$`]{1,500})")
VERBS = ("apply", "destroy", "up")
TOOLS = {"terraform": "apply", "tofu": "apply", "terragrunt": "apply", "pulumi": "up"}
_SOMEWHERE = "/-/"
"""Stands for the folder of a program when only a run can tell that."""
_PROGRAM = pattern(r"[\w.+-]+")
_LONGEST = 2_000
"""Characters of a value that is followed; variables of variables grow fast."""


def sets(script: str) -> list[tuple[int, str, str]]:
    """What a `plain_script` sets: the line (0-based), the name as `Names` has it, and the value as it is written."""
    found = [(m.start(1), m[1], m[2]) for form in (_SET, _POWERSHELL) for m in form.finditer(script)]
    found += [(m.start(1), m[1], chosen(m[2].split())) for m in _EACH.finditer(script)]
    found += [(m.start(1), f"alias {m[1]}", m[2]) for m in _ALIAS.finditer(script)]
    line = last = 0
    lines: list[tuple[int, str, str]] = []
    for at, name, value in sorted(found, key=itemgetter(0)):
        line += script.count("\n", last, at)
        last = at
        lines.append((line, name, value))
    return lines


def chosen(values: list[str]) -> str:
    """Of the values that a loop or a matrix goes through the one that changes most."""

    def changes(value: str) -> tuple[bool, bool]:
        words = value.split()
        return any(w in VERBS for w in words), any(w.rpartition("/")[2] in TOOLS for w in words)

    return max(values, key=changes, default="")


def plain_script(script: str) -> str:
    """A script with aliases in the place of functions that are no more than that, line for line."""
    return _HANDS_OVER.sub(lambda m: f"alias {m[1]}='{m[2].strip()}'" + "\n" * m[0].count("\n"), script)


def as_variables(script: str) -> str:
    """A script with variables in the place of GitHub's expressions."""
    return _EXPRESSION.sub(lambda m: f"${{{_as_name(m[1])}}}", script)


def as_written(word: str) -> str:
    """A word of `as_variables` as the workflow has it."""
    return _STANDS_FOR.sub(lambda m: f"${{{{ {m[1]}.{m[2]} }}}}", word)


def _as_name(expression: str) -> str:
    """The variable that stands for an expression: of the environment by its name, of all else apart from those."""
    return expression.removeprefix("env.").replace("-", "_").replace(".", "_")


def _matrix(job: dict[str, Any], github: bool) -> Names:
    """What the jobs of a matrix are given, of each name the value that changes most."""
    within = job.get("strategy" if github else "parallel")
    given = within.get("matrix") if isinstance(within, dict) else None
    rows = as_list(given) + (as_list(given.get("include")) if isinstance(given, dict) else [])
    listed: dict[str, list[str]] = {}
    for row in rows:
        for name, values in row.items() if isinstance(row, dict) else ():
            single = [str(v) for v in as_list(values) if isinstance(v, (str, int, float))]
            listed.setdefault(_as_name(f"matrix.{name}") if github else str(name), []).extend(single)
    return {name: chosen(values) for name, values in listed.items() if values and name.isidentifier()}


def given(workflow: Resource, job: dict[str, Any]) -> Names:
    """The variables that the scripts of a job start with."""
    github = workflow["kind"] == "github"
    key = "env" if github else "variables"
    names = _matrix(job, github)
    for one in (workflow.values["document"], job):
        add(names, one.get(key))
    for rule in as_list(job.get("rules")) if not github else ():
        by_rule = rule.get("variables") if isinstance(rule, dict) else None
        names |= dict.fromkeys(by_rule if isinstance(by_rule, dict) else (), None)
    return names


def add(names: Names, written: Any) -> None:
    """Add what `env` or `variables` sets, as it is written; GitLab's values may stand below `value`."""
    for name, value in written.items() if isinstance(written, dict) else ():
        if str(name).isidentifier():
            names[str(name)] = plain(value.get("value") if isinstance(value, dict) else value, names)


def handed_on(script: str) -> list[tuple[int, str, str]]:
    """What a script writes for the steps after it (`>> $GITHUB_ENV`), as `sets` has it."""
    return [(0, m[1], m[2]) for m in _HANDED_ON.finditer(script)]


def plain(value: Any, names: Mapping[str, str | None]) -> str | None:
    """A value as the shell would have it, variables filled in; None when only a run can tell."""
    if value is None or isinstance(value, (dict, list)):
        return None
    text = str(value).strip()
    if len(text) > _LONGEST:
        return None
    which = WHICH.fullmatch(text.strip("\"'"))
    if which is not None:
        return which[1] or which[2]
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1]
    text = " ".join(w.strip("\"'") for w in text[1:-1].split()) if text[:1] == "(" else text.strip('"')
    text = _EXPRESSION.sub(lambda m: f"${{{_as_name(m[1])}}}" if m[1].startswith(("matrix.", "env.")) else "\0", text)
    filled = VARIABLE.sub(lambda m: held(m, names) or "\0", text)
    if len(filled) > _LONGEST:
        return None
    if not any(c in filled for c in "\0`$"):
        return filled
    end = filled.rpartition("/")[2]
    return f"{_SOMEWHERE}{end}" if _PROGRAM.fullmatch(end) and " " not in filled and "/" in filled else None


def held(found: Any, names: Mapping[str, str | None]) -> str | None:
    """What a variable in a text holds, else its default."""
    name = found[1] or found[3]
    value = names.get(name)
    return value if value is not None else found[2] if name not in names else None

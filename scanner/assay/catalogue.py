"""The rules there are: an index that is read instead of importing them, selection, and loading what a scan needs.

`rules/index.json` and `rules/details.json` are generated from the rules (`assay rules docs`); a scan imports only the
files whose types occur, and `explain` and `rules list` import none. The index holds what every scan asks, the details
what is asked of some rules. A file that is not as the index remembers it makes the index stale (in a checkout, and in
directories of users): then everything is imported, which is slower and never wrong.
"""

from __future__ import annotations

import os

from assay.bundled import INSTALLED, RULES

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing: `explain` passes here
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set
    from typing import Any

    from assay.rule import Rule

INDEX = "index.json"
DETAILS = "details.json"
LOOKS = "looks.txt"
"""The version of Assay whose analyses it was read off; then a line for each type: the type, a tab, the ids of the rules
that may look at it while they judge another."""
FORMAT = 5


class SelectionError(Exception):
    """A filter that matches no rule: which, and what is near it."""


class Details:
    """What is asked of few rules: read when it is first asked."""

    __slots__ = ("_known", "directory")

    def __init__(self, directory: str, known: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.directory = directory
        self._known = known

    def of(self, rule_id: str) -> dict[str, Any]:
        if self._known is None:
            import json

            with open(f"{self.directory}/{DETAILS}", "rb") as handle:
                self._known = json.loads(handle.read())
        return self._known[rule_id]


def _detail(name: str) -> Any:
    return property(lambda entry: entry.details.of(entry.id)[name])


class Entry:
    """What the index knows of one rule."""

    __slots__ = ("details", "directory", "file", "id", "on", "only", "theme")

    title: str = _detail("title")
    severity: str = _detail("severity")
    sources: list[str] = _detail("sources")
    controls: list[str] = _detail("controls")
    equivalents: list[str] = _detail("equivalents")
    fixable: bool = _detail("fixable")
    about: str = _detail("about")
    why: str = _detail("why")
    fix: str = _detail("fix")

    def __init__(
        self, id: str, file: str, on: list[str], theme: str, only: list[str], details: Details,  # noqa: A002
    ) -> None:  # fmt: skip
        self.id = id
        self.file = file
        self.on = on
        self.theme = theme
        self.only = only  # the sources it runs on; empty is every one that has the type
        self.details = details
        self.directory = details.directory


def describe(rule: Rule, shown: Iterable[str] = ()) -> dict[str, Any]:
    """One rule as the details hold it; `shown` are the sources of its written examples."""
    return {
        "title": rule.title, "severity": rule.severity.label, "sources": claimed_sources(rule.on, rule.sources, shown),
        "controls": list(rule.controls), "equivalents": list(rule.equivalents), "fixable": rule.fixable,
        "about": rule.about, "why": rule.why, "fix": rule.fix,
    }  # fmt: skip


def entries_of(directory: str, rules: Iterable[Rule]) -> list[Entry]:
    """The entries of rules that are loaded, by id."""
    from assay.examples import read

    ordered = sorted(rules, key=lambda r: r.id)
    shown: dict[str, set[str]] = {}
    for page in {f"{directory}/{r.file[:-3]}.md" for r in ordered}:
        for example in read(page):
            shown.setdefault(example.rule, set()).add(example.source)
    details = Details(directory, {r.id: describe(r, shown.get(r.id, ())) for r in ordered})
    return [Entry(r.id, r.file, list(r.on), r.theme, list(r.sources), details) for r in ordered]


_DEFAULT = ("manifest", "terraform", "plan", "cluster", "document", "layer", "aws")
_ONLY = {
    **dict.fromkeys(("build_spec", "sql", "python", "dockerfile", "workflow", "assertion"), ("document",)),
    "archive": ("layer", "aws"),
}
"""The sources of types that no Terraform provider has."""


def _sources_of(type_: str) -> tuple[str, ...]:
    if type_[0].isupper():  # a kind of Kubernetes
        return ("manifest", "terraform", "plan", "cluster")
    return _ONLY.get(type_, ("terraform", "plan"))


def claimed_sources(on: Sequence[str], sources: Sequence[str], shown: Iterable[str] = ()) -> list[str]:
    """The sources a rule claims: its own list, or those that have its types; and each that its examples show it on."""
    own = list(sources) or [s for s in _DEFAULT if any(s in _sources_of(type_) for type_ in on)]
    return own + sorted(set(shown) - set(own))


def build_index(directory: str, rules: Sequence[Rule]) -> dict[str, str]:
    """The text of the index and of the details of a directory of rules, all of them loaded."""
    import json

    def written(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"

    entries = entries_of(directory, rules)
    details = written({e.id: e.details.of(e.id) for e in entries})
    looks = _looks(rules)
    index = {
        "format": FORMAT,
        "details": len(details.encode()),
        "looks": len(looks.encode()),
        "files": _sizes(directory),
        "rules": [[e.id, e.file, e.on, e.theme, e.only] for e in entries],
    }
    return {f"{directory}/{INDEX}": written(index), f"{directory}/{DETAILS}": details, f"{directory}/{LOOKS}": looks}


def _looks(rules: Sequence[Rule]) -> str:
    from assay._version import __version__
    from assay.needs import looks

    found: dict[str, list[str]] = {}
    for rule_id, types in looks(rules).items():
        for type_ in types:
            found.setdefault(type_, []).append(rule_id)
    lines = [f"{type_}\t{' '.join(sorted(found[type_]))}" for type_ in sorted(found)]
    return "\n".join([__version__, *lines, ""])


class Catalogue:
    """The rules of some directories: listed from their indexes, imported only when asked for."""

    def __init__(self, directories: Iterable[str] | None = None) -> None:
        self.directories = [RULES] if directories is None else list(directories)
        self.entries: list[Entry] = []
        self._loaded: dict[str, Rule] = {}
        self._checked: set[str] = set()
        self.params: dict[str, dict[str, Any]] = {}
        for directory in self.directories:
            self._open(directory)

    def _open(self, directory: str) -> None:
        index = _read_index(directory)
        if index is None:
            from assay.rule import load_directory

            rules = load_directory(directory)
            self._loaded.update({r.id: r for r in rules})
            self._add(entries_of(directory, rules))
        else:
            self._checked.add(directory)
            details = Details(directory)
            self._add([Entry(id_, file, on, theme, only, details) for id_, file, on, theme, only in index["rules"]])

    def _add(self, entries: Sequence[Entry]) -> None:
        if self.entries:
            known = {e.id: e for e in self.entries}
            for entry in entries:
                if entry.id in known:
                    from assay.rule import RuleError

                    raise RuleError(f"rule id {entry.id} is used twice: in {known[entry.id].file} and {entry.file}")
        self.entries += entries

    def looking_at(self, types: Iterable[str]) -> set[str] | None:
        """The ids of the rules that may look at one of the types while they judge another; None when nobody knows."""
        if not self._checked.issuperset(self.directories):
            return None
        from assay._version import __version__

        found: set[str] = set()
        for directory in self.directories:
            with open(f"{directory}/{LOOKS}", encoding="utf-8") as handle:
                text = handle.read()
            if not text.startswith(f"{__version__}\n"):
                return None
            for type_ in {t.removeprefix("data.") for t in types}:
                _, line, rest = text.partition(f"\n{type_}\t")
                found.update(rest[: rest.index("\n")].split() if line else ())
        return found

    def find(self, rule_id: str) -> Entry | None:
        return next((e for e in self.entries if e.id == rule_id), None)

    def near(self, word: str) -> list[str]:
        """Ids and themes that look like `word`, for a did-you-mean."""
        from difflib import get_close_matches

        names = sorted({e.id for e in self.entries} | {e.theme for e in self.entries})
        inside = [n for n in names if word and word in n][:3]
        return inside or get_close_matches(word, names, 3, 0.6)

    def select(
        self, select: Sequence[str] = (), ignore: Sequence[str] = (), framework: Sequence[str] = ()
    ) -> list[Entry]:
        """The entries that the filters leave.

        Raises:
            SelectionError: a filter matches nothing.
        """
        chosen = self.entries
        if select:
            chosen = [e for e in chosen if any(_matches(e, p) for p in select)]
        if framework:
            chosen = [e for e in chosen if any(c.startswith(f"{f}:") for c in e.controls for f in framework)]
        for what, patterns in (("--select", select), ("--ignore", ignore)):
            for pattern in patterns:
                if not any(_matches(e, pattern) for e in self.entries):
                    raise SelectionError(f"{what} {pattern} matches no rule{self._hint(pattern)}")
        for name in framework:
            if not any(c.startswith(f"{name}:") for e in self.entries for c in e.controls):
                known = sorted({c.partition(":")[0] for e in self.entries for c in e.controls})
                raise SelectionError(f"--framework {name} is not known; there are: {', '.join(known)}")
        return [e for e in chosen if not any(_matches(e, p) for p in ignore)] if ignore else list(chosen)

    def _hint(self, word: str) -> str:
        near = self.near(word)
        return f"; did you mean {' or '.join(near)}?" if near else "; see `assay rules list`"

    def load(
        self, entries: Sequence[Entry], types: Iterable[str] | None = None, sources: Set[str] | None = None
    ) -> list[Rule]:
        """The rules of these entries that can say anything about these types from these sources (all, when None).

        Raises:
            RuleError: a rule file is refused or does not run.
        """
        from assay.rule import RuleError, load_file, refuse_duplicates

        present = None if types is None else {*types, "any", "taggable"}
        wanted = [e for e in entries if present is None or not present.isdisjoint(e.on)]
        if sources is not None:
            wanted = [e for e in wanted if not e.only or not sources.isdisjoint(e.only)]
        for directory, file in dict.fromkeys((e.directory, e.file) for e in wanted if e.id not in self._loaded):
            for rule in load_file(directory, file, checked=directory in self._checked):
                self._loaded[rule.id] = rule
        rules = [self._loaded[e.id] for e in wanted]
        refuse_duplicates(rules)
        for rule in rules:
            for name, value in self.params.get(rule.id, {}).items():
                if name not in rule.params:
                    known = ", ".join(rule.params) or "none"
                    raise RuleError(f"params.{rule.id}.{name}: the rule has no such parameter; it has {known}")
                rule.params[name] = value
        return rules


_BESIDE = {"details": DETAILS, "looks": LOOKS}
"""The files whose sizes the index remembers."""


def _matches(entry: Entry, pattern: str) -> bool:
    if pattern in (entry.id, entry.theme):
        return True
    from fnmatch import fnmatchcase

    return fnmatchcase(entry.id, pattern) or fnmatchcase(entry.theme, pattern)


def _read_index(directory: str) -> dict[str, Any] | None:
    """The index when it describes the files as they are, else None."""
    import json

    try:
        with open(f"{directory}/{INDEX}", "rb") as handle:
            index: dict[str, Any] = json.loads(handle.read())
    except (OSError, ValueError):
        return None
    if index.get("format") != FORMAT:
        return None
    if INSTALLED and directory == RULES:  # nobody edits an installed package: four hundred files need no look
        return index
    try:
        fresh = index["files"] == _sizes(directory) and all(
            os.stat(f"{directory}/{file}").st_size == index[kind] for kind, file in _BESIDE.items()
        )
    except OSError:
        return None
    return index if fresh else None


def _sizes(directory: str, inside: str = "") -> dict[str, int]:
    """The size of every rule file below a directory, as `assay.rule.rule_files` names them."""
    sizes: dict[str, int] = {}
    with os.scandir(f"{directory}/{inside}") as found:
        for entry in found:
            name = entry.name
            if name.startswith(("_", ".")):
                continue
            if name.endswith(".py"):
                sizes[inside + name] = entry.stat().st_size
            elif entry.is_dir(follow_symlinks=False):
                sizes |= _sizes(directory, f"{inside}{name}/")
    return sizes

"""Jobs of a GitLab pipeline: what they extend and refer to, and what they inherit, as GitLab puts them together.

A pipeline's document is that of one file, or what the files that it includes make of it (`assay.documents.includes`).
First `extends` is merged, then `!reference` is looked up in what came of it, then `default` fills what is left out.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from assay.documents.positions import Reference
from assay.model import as_list

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = {
    "stages", "variables", "include", "default", "workflow", "image", "services", "cache", "before_script",
    "after_script", "spec",
}  # fmt: skip
_SCRIPTS = ("before_script", "script", "after_script")
_GATES = ("rules", "only", "except", "when", "environment", "allow_failure", "stage", "needs", "trigger")
"""What decides whether, when and after what a job runs."""
_DEEPEST = 11
"""As many levels as GitLab extends, and a little more than it follows references."""
_MOST = 500
"""As many lines of a script, and entries of what a reference stands for, are read."""
_FOLLOWED = 5_000
"""As many references of one pipeline are followed; references to references multiply."""


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two mappings as GitLab merges them: mappings key by key, and of everything else the one above wins."""
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def jobs_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs of a pipeline in the order in which they are written, hidden ones left out.

    Returns:
        of each job what it has after merging, and `name`, `path`, `steps` (`run`, `path`, `script`) and, in words, what
        belongs to it and is not here: `unseen_bases`, what it extends, and `unseen`, everything else.
    """
    configuration = _Configuration(document)
    found = []
    for name, own in document.items():
        if isinstance(own, dict) and name not in _WORDS and not name.startswith("."):
            found.append(configuration.job(name))
    return found


class _Configuration:
    """A pipeline's document and what was made of its jobs."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.followed = 0
        self.extended: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {}

    def job(self, name: str) -> dict[str, Any]:
        values, owners, lost = self.extend(name)
        unseen: list[str] = []
        job: dict[str, Any] = {
            key: self.flat(value, unseen) for key, value in values.items() if key not in (*_SCRIPTS, "extends")
        }
        steps = []
        for key in _SCRIPTS:
            script, where = self.script(key, values, owners, name)
            lines = list(islice(self.lines(script, where, unseen), _MOST + 1))
            if len(lines) > _MOST:
                unseen.append(f"more than {_MOST} lines of {key}")
            steps += [{"run": line, "path": at, "script": at} for line, at in lines[:_MOST]]
        job["extends"] = values.get("extends")
        unseen += [f"the input that {key} names" for key in _GATES if "$[[" in _texts(job.get(key))]
        about = {"name": name, "steps": steps, "path": ["document", name], "unseen": unseen, "unseen_bases": lost}
        return {**job, **about}

    def script(
        self, key: str, values: dict[str, Any], owners: dict[str, str], name: str
    ) -> tuple[Any, list[Any]]:  # fmt: skip
        """A job's script and where it stands: its own, or that of `default`, or (as of old) of the whole document."""
        if values.get(key) is not None or key == "script" or not _inherits(values, key):
            return values.get(key), ["document", owners.get(key, name), key]
        default = self.document.get("default")
        if isinstance(default, dict) and key in default:
            return default[key], ["document", "default", key]
        return self.document.get(key), ["document", key]

    def extend(self, name: str) -> tuple[dict[str, Any], dict[str, str], list[str]]:
        """A job with what it extends, of each key the job that has it, and what is extended and not here."""
        if name not in self.extended:
            self.extended[name] = ({}, {}, [f"{name}, which extends itself"])  # while it is being made
            values: dict[str, Any] = {}
            owners: dict[str, str] = {}
            unseen: list[str] = []
            own = self.document[name]
            for base in as_list(own.get("extends")):
                if isinstance(base, str) and isinstance(self.document.get(base), dict):
                    theirs, whose, lost = self.extend(base)
                    values = merged(values, theirs)
                    owners |= whose
                    unseen += [reason for reason in lost if reason not in unseen]
                else:
                    unseen.append(f"{base}, which it extends")
            self.extended[name] = (merged(values, own), owners | dict.fromkeys(own, name), unseen)
        return self.extended[name]

    def target(self, reference: Reference, unseen: list[str]) -> Any:
        """What `!reference [job, key, ...]` stands for; None, and a line of `unseen`, when it is not here."""
        steps = [str(step) for step in reference]
        self.followed += 1
        if self.followed > _FOLLOWED:
            unseen.append(f"what its references lead to, which are more than {_FOLLOWED:,}")
            return None
        job = self.document.get(steps[0]) if steps else None
        found: Any = self.extend(steps[0])[0] if isinstance(job, dict) and steps[0] not in _WORDS else job
        for step in steps[1:]:
            found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            unseen.append(f"!reference [{', '.join(steps)}]")
        return found

    def flat(self, value: Any, unseen: list[str], depth: int = 0) -> Any:
        """A value without references; what they stand for in a list becomes part of that list."""
        if depth > _DEEPEST:
            unseen.append("what its references lead to")
            return None
        if isinstance(value, Reference):
            return self.flat(self.target(value, unseen), unseen, depth + 1)
        if isinstance(value, dict):
            return {key: self.flat(inner, unseen, depth) for key, inner in value.items()}
        if isinstance(value, list):
            found: list[Any] = []
            if depth and len(value) > _MOST:
                unseen.append(f"a list of more than {_MOST} entries that a reference names")
            for inner in value[:_MOST] if depth else value:
                plain = self.flat(inner, unseen, depth)
                found += plain if isinstance(inner, list) and isinstance(plain, list) else [plain]
            return found
        return value

    def lines(
        self, script: Any, where: list[Any], unseen: list[str], depth: int = 0, fixed: bool = False
    ) -> Iterator[tuple[str, list[Any]]]:  # fmt: skip
        """The commands of a script with where each stands; a reference is the place of all that it stands for.

        Args:
            fixed: `where` is the reference that led here.
        """
        if depth > _DEEPEST:
            unseen.append("what its references lead to")
            return
        if isinstance(script, Reference):
            yield from self.lines(self.target(script, unseen), where, unseen, depth + 1, True)
            return
        for i, line in enumerate(script[: _MOST + 1] if isinstance(script, list) else [script]):
            at = [*where, i] if isinstance(script, list) and not fixed else where
            if isinstance(line, list):
                yield from self.lines(line, at, unseen, depth + 1, fixed)
            elif line is not None and not isinstance(line, dict):
                yield str(line), at


def _inherits(job: dict[str, Any], key: str) -> bool:
    """Whether a job takes a key from `default`."""
    inherit = job.get("inherit")
    chosen = inherit.get("default") if isinstance(inherit, dict) else None
    return key in chosen if isinstance(chosen, list) else chosen is not False


def _texts(value: Any) -> str:
    """Every text of a value, one after the other."""
    if isinstance(value, dict):
        return " ".join(_texts(inner) for inner in value.values())
    return " ".join(_texts(inner) for inner in value) if isinstance(value, list) else str(value)

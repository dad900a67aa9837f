"""Workflows of GitHub Actions and pipelines of GitLab CI, as far as they deploy infrastructure.

Both become jobs: `{"name", "steps": [{"run" or "uses", ...}]}` with the paths into the document that findings need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.documents.positions import Malformed, TextOrigin, read_yaml
from assay.model import Resource, as_list

if TYPE_CHECKING:
    from assay.documents.reading import File

_GITLAB_WORDS = {
    "stages", "variables", "include", "default", "workflow", "image", "services", "cache", "before_script",
    "after_script", "pages", "spec",
}  # fmt: skip


def read(file: File) -> list[Resource]:
    """The workflow: its `kind`, the document as it is written below `document`, and its `jobs`.

    Raises:
        Malformed: it cannot be parsed, or has no jobs.
    """
    text = file.text()
    document = read_yaml(text)
    if not isinstance(document, dict):
        raise Malformed("a workflow is a mapping with jobs")
    github = isinstance(document.get("jobs"), dict)
    jobs = _github(document) if github else _gitlab(document)
    values = {"kind": "github" if github else "gitlab", "document": document, "jobs": jobs}
    origin = TextOrigin(file.shown, text, "yaml", ("document",))
    return [Resource("workflow", file.shown, "document", values, origin)]


def _github(document: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = []
    for name, job in document["jobs"].items():
        if isinstance(job, dict):
            steps = [
                {
                    **step,
                    "path": ["document", "jobs", name, "steps", i],
                    "script": ["document", "jobs", name, "steps", i, "run"],
                }
                for i, step in enumerate(job.get("steps") or [])
                if isinstance(step, dict)
            ]
            jobs.append({**job, "name": name, "steps": steps, "path": ["document", "jobs", name]})
    return jobs


def _gitlab(document: dict[str, Any]) -> list[dict[str, Any]]:
    default = document.get("default")
    jobs = []
    for name, own in document.items():
        if not isinstance(own, dict) or name in _GITLAB_WORDS or name.startswith("."):
            continue
        unseen: list[str] = []
        job, owners = _extended(document, name, [], unseen)
        steps = []
        for key in _SCRIPTS:
            where = ["document", owners.get(key, name), key]
            script = job.get(key)
            if key != "script" and key not in job:
                top = default if isinstance(default, dict) and key in default else document
                where = ["document", "default", key] if top is default else ["document", key]
                script = top.get(key)
            steps += [{"run": line, "path": at, "script": at} for line, at in _lines(document, script, where)]
        jobs.append({**job, "name": name, "steps": steps, "path": ["document", name], "unseen": unseen})
    return jobs


_SCRIPTS = ("before_script", "script", "after_script")


def _extended(
    document: dict[str, Any], name: str, within: list[str], unseen: list[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """A job with what it extends, and of each key the job that has it; what is extended and not here is `unseen`."""
    found: dict[str, Any] = {}
    owners: dict[str, str] = {}
    own = document[name]
    for base in as_list(own.get("extends")):
        if isinstance(document.get(base), dict) and base not in within and len(within) < _DEEPEST:
            values, theirs = _extended(document, base, [*within, name], unseen)
            found |= values
            owners |= theirs
        else:
            unseen.append(str(base))
    return found | own, owners | dict.fromkeys(own, name)


_DEEPEST = 11
"""As many levels as GitLab extends."""


def _lines(
    document: dict[str, Any], script: Any, where: list[Any], depth: int = 0, fixed: bool = False
) -> list[tuple[str, list[Any]]]:
    """The commands of a script with where each stands; lists in lists are flattened, references followed.

    Args:
        fixed: `where` is the reference that led here, and so the place of every line.
    """
    found: list[tuple[str, list[Any]]] = []
    for i, line in enumerate(script if isinstance(script, list) else [script]):
        at = [*where, i] if isinstance(script, list) and not fixed else where
        if isinstance(line, str):
            found.append((line, at))
        elif isinstance(line, list) and depth < _DEEPEST and len(found) < _MOST:
            other = document.get(str(line[0])) if len(line) == 2 and line[1] in _SCRIPTS else None
            if isinstance(other, dict):  # `!reference [.setup, script]`
                found += _lines(document, other.get(line[1]), at, depth + 1, True)[:_MOST]
            else:
                found += _lines(document, line, at, depth + 1, fixed)[:_MOST]
    return found[:_MOST]


_MOST = 500
"""As many lines of a script are read; references to references multiply."""

"""Workflows of GitHub Actions and pipelines of GitLab CI, as far as they deploy infrastructure.

Both become jobs: `{"name", "steps": [{"run" or "uses", ...}]}` with the paths into the document that findings need.
What else of the tree belongs to them, files that are included and actions that are used, `assay.documents.includes` and
`assay.documents.actions` join to them when all is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.documents.gitlab import jobs_of
from assay.documents.inputs import filling, split, values_of
from assay.documents.positions import Malformed, TextOrigin, read_yaml
from assay.model import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.documents.reading import File


def read(file: File) -> list[Resource]:
    """The workflow: its `kind`, the document as it is written below `document`, and its `jobs`.

    Raises:
        Malformed: it cannot be parsed, or has no jobs.
    """
    declared, text = split(file.text())
    prepare = filling(values_of(declared, None))
    document = read_yaml(text, prepare)
    if not isinstance(document, dict):
        raise Malformed("a workflow is a mapping with jobs")
    github = isinstance(document.get("jobs"), dict)
    jobs = _github(document) if github else jobs_of(document)
    values = {"kind": "github" if github else "gitlab", "document": document, "jobs": jobs}
    origin = TextOrigin(file.shown, text, "yaml", ("document",), prepare)
    return [Resource("workflow", file.shown, "document", values, origin)]


def _github(document: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = []
    for name, job in document["jobs"].items():
        if isinstance(job, dict):
            steps = placed_steps(job.get("steps"), ["document", "jobs", name, "steps"])
            shell = _default_shell(job) or _default_shell(document)
            steps = [{"shell": shell, **step} if shell and "run" in step else step for step in steps]
            jobs.append({**job, "name": name, "steps": steps, "path": ["document", "jobs", name]})
    return jobs


def _default_shell(thing: dict[str, Any]) -> Any:
    """The shell that a workflow or job names for its steps."""
    defaults = thing.get("defaults")
    run = defaults.get("run") if isinstance(defaults, dict) else None
    return run.get("shell") if isinstance(run, dict) else None


def placed_steps(steps: Any, where: Sequence[str | int]) -> list[dict[str, Any]]:
    """The steps of a job or an action, each with its `path` and that of its `script`."""
    return [
        {**step, "path": [*where, i], "script": [*where, i, "run"]}
        for i, step in enumerate(steps if isinstance(steps, list) else ())
        if isinstance(step, dict)
    ]

"""Workflows of GitHub Actions and pipelines of GitLab CI, as far as they deploy infrastructure.

Both become jobs: `{"name", "steps": [{"run" or "uses", ...}]}` with the paths into the document that findings need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.documents.positions import Malformed, TextOrigin, read_yaml
from assay.model import Resource

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
    jobs = []
    for name, job in document.items():
        if isinstance(job, dict) and name not in _GITLAB_WORDS and not name.startswith("."):
            steps = []
            for key in ("before_script", "script", "after_script"):
                script = job.get(key) or []
                for i, line in enumerate(script if isinstance(script, list) else [script]):
                    where = ["document", name, key, i] if isinstance(script, list) else ["document", name, key]
                    if isinstance(line, str):
                        steps.append({"run": line, "path": where, "script": where})
            jobs.append({**job, "name": name, "steps": steps, "path": ["document", name]})
    return jobs

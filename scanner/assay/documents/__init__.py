"""Documents beside the infrastructure: workflows, build specs, archives, schemas, sources and images' recipes.

Each becomes a resource of the same graph. What reads a kind of document is imported when the first one is met; until
then a scan pays for a look at a file's name, and at the head of files whose name says too little.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from assay.model import is_apart
from assay.patterns import pattern
from assay.terraform import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.documents.reading import Documents
    from assay.model import Intake, Request

_PYTHON = pattern(
    rb"\b(?:boto3|botocore|aws_lambda_powertools|oci|oracledb|cx_Oracle|psycopg2?|pymysql|mysql\.connector|fdk)\b"
    rb"|^def \w+\(event\b|^def \w*handler\(|\bpickle\b",
    re.MULTILINE,
)
_SQL = pattern(rb"\b(?:create|alter|drop|comment|grant)\s", re.IGNORECASE)
_WORKFLOW = pattern(rb"^[\"']?(?:on|true)[\"']?\s*:", re.MULTILINE)
_JOBS = pattern(rb"^jobs\s*:", re.MULTILINE)
_GITLAB_JOB = pattern(rb"^\s+script\s*:", re.MULTILINE)
_GITLAB_TOP = pattern(rb"^(?:stages|default|include|image|before_script)\s*:", re.MULTILINE)
_COMPONENT = pattern(rb"^component\s*:\s*[\"']?build\b", re.MULTILINE)


def kind_of(path: str, head: Callable[[], bytes]) -> str:
    """What kind of document a file is: the name of the module that reads it; empty when it is none."""
    name = os.path.basename(path)
    suffix = name.rpartition(".")[2].lower()
    if suffix == "json":
        if name.endswith((".tf.json", ".tofu.json")):
            return ""
        known = name.endswith(".asl.json") or all(word in head() for word in (b'"StartAt"', b'"States"'))
        return "step_functions" if known else ""
    if suffix in ("yaml", "yml"):
        return _kind_of_yaml(path.replace(os.sep, "/"), name, head)
    if suffix == "zip":
        return "layer_archive"
    if suffix == "sql":
        return "sql_schema" if _SQL.search(head()) else ""
    if suffix == "py":
        return "python_source" if _PYTHON.search(head()) else ""
    stem = name.partition(".")[0]
    if suffix in ("dockerfile", "containerfile"):
        return "dockerfile"
    return "dockerfile" if stem in ("Dockerfile", "Containerfile") and suffix not in _BESIDE_DOCKERFILES else ""


_BESIDE_DOCKERFILES = {
    "dockerignore", "md", "rst", "txt", "sh", "j2", "jinja", "jinja2", "tmpl", "tpl", "template", "erb", "mustache",
    "in", "m4", "bak", "orig", "rej", "sample", "patch", "lock",
}  # fmt: skip
"""How files end that are named after a Dockerfile and are none, or will be made into one."""


def _kind_of_yaml(path: str, name: str, head: Callable[[], bytes]) -> str:
    if name.endswith((".asl.yaml", ".asl.yml")):
        return "step_functions"
    if name.startswith(".gitlab-ci.") or name.endswith((".gitlab-ci.yml", ".gitlab-ci.yaml")):
        return "workflow"
    if "/.github/workflows/" in f"/{path}":
        return "workflow"
    if name.startswith(("build_spec.", "build-spec.")):
        return "build_spec"
    start = head()
    if ("/.gitlab/ci/" in f"/{path}" or "/.gitlab-ci/" in f"/{path}") and _GITLAB_JOB.search(start):
        return "workflow"
    if _COMPONENT.search(start):
        return "build_spec"
    if _JOBS.search(start) and _WORKFLOW.search(start):
        return "workflow"
    other = name.startswith(_OF_OTHERS)
    return "workflow" if not other and _GITLAB_TOP.search(start) and _GITLAB_JOB.search(start) else ""


_OF_OTHERS = (
    "bitbucket-pipelines.", "azure-pipelines", ".travis.", "docker-compose", "compose.", ".drone.", "appveyor.",
    ".appveyor.", "codefresh", ".woodpecker.",
)  # fmt: skip
"""Files of other services that look like GitLab's."""


NAMING = {
    "aws_sfn_state_machine", "aws_lambda_function", "aws_lambda_layer_version", "data.archive_file",
    "oci_devops_build_pipeline_stage", "docker_image", "docker_registry_image",
}  # fmt: skip
"""Types whose attributes name documents."""


class DocumentSource:
    """Reads documents by their kind; what the other sources' resources name is joined to them at the end."""

    name = "document"
    trees = False

    def __init__(self) -> None:
        self.documents: Documents | None = None

    def claims(self, path: str, head: Callable[[], bytes]) -> bool:
        return kind_of(path, head) != ""

    def load(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        from assay.documents.reading import Documents

        self.documents = Documents(request, intake)
        for path in paths:
            self.documents.read(path)

    def join(self, request: Request, intake: Intake) -> None:
        """Link documents to the resources that name them, and read those that are named and were not claimed."""
        if any(r.type == "archive" and r.source == "aws" for r in intake.resources):
            from assay.documents.packages import join_live

            join_live(intake)
        # What stands apart from named configuration touches none of it: no archive of it is opened.
        apart = intake.apart if all(p.endswith(SUFFIXES) for p in request.paths) else set()
        naming = [r for r in intake.resources if r.type in NAMING and not is_apart(r, apart)]
        if self.documents is None and not naming:
            return
        from assay.documents.joining import join
        from assay.documents.reading import Documents

        join(self.documents or Documents(request, intake), naming)

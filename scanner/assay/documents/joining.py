"""Which document belongs to which resource: links that no attribute tells, for it holds a path and not an id."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.documents import kind_of
from assay.documents.packages import join_package, named_path
from assay.model import PartialList, Resource, Step, Unknown
from assay.paths import display, repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.documents.reading import Documents
    from assay.model import Location, Origin, ValuePath


def join(documents: Documents, naming: Sequence[Resource]) -> None:
    """Link what was read to what names it, read what is named and was not claimed, and say what was read.

    Args:
        naming: the resources that may name a document.
    """
    for r in naming:
        if r.type in _JOINERS and (
            r.source == "terraform" or (r.source == "plan" and _JOINERS[r.type] is join_package)
        ):
            _JOINERS[r.type](documents, r)
    if any(r.type == "workflow" for r in documents.intake.resources):
        from assay.documents.actions import join_actions
        from assay.documents.includes import join_pipelines

        join_pipelines(documents)
        join_actions(documents)
        for r in documents.intake.resources:
            if r.type == "workflow" and _makes(documents, r):
                from assay.documents.makefiles import join_makefiles

                join_makefiles(documents, r)
    documents.close()


def _makes(documents: Documents, workflow: Resource) -> bool:
    """Whether a script runs make, and there is a Makefile where the workflow starts or a script names a folder."""
    from assay.documents.includes import tops_of

    jobs = workflow.values["jobs"]
    scripts = [str(s.get("run")) for job in jobs for s in job["steps"]] if isinstance(jobs, list) else []
    if not any("make" in script for script in scripts):
        return False
    tops = tops_of(documents, os.path.realpath(os.path.join(documents.files.base, workflow.address)))
    if any(name.lower() in ("makefile", "gnumakefile") for top in tops for name in documents.files.listing(top)):
        return True
    names = "working-directory" in str(workflow.values["document"])
    return names or any(" -C" in s or "--directory" in s or " -f" in s or "cd " in s for s in scripts)


# --- state machines ---------------------------------------------------------------------------------------------------


class DefinedOrigin:
    """The origin of a resource whose definition is a file: it stands where it did, and the file's line is told."""

    __slots__ = ("document", "own")

    def __init__(self, own: Origin, document: Origin) -> None:
        self.own = own
        self.document = document

    def locate(self, path: ValuePath) -> Location:
        return self.own.locate(path)

    def trace(self, path: ValuePath) -> list[Step]:
        steps = self.own.trace(path)
        if path[:1] != ("definition",):
            return steps
        place = self.document.locate(path)
        return [Step(place.file, place.start_line, "the definition is written here"), *steps]


def _join_machine(documents: Documents, machine: Resource) -> None:
    """A machine whose definition was read from a file that is a document too: what is written in it tells which."""
    definition = machine.json("definition")
    if isinstance(definition, Unknown) or not isinstance(definition, dict) or _in_place(machine):
        return
    for path in _files_read(documents):
        for document in documents.read(path):
            if document.type == machine.type and _same(definition, document.values.get("definition")):
                _replace(documents, machine, document)
                return


def _files_read(documents: Documents) -> list[str]:
    """The state machines among the files that Terraform's functions have read."""
    base = documents.request.base
    names = [i["path"] for i in documents.intake.coverage.inputs if i["status"] == "read"]
    paths = [os.path.join(base, n) for n in names if n.endswith((".json", ".yaml", ".yml"))]
    return [p for p in paths if kind_of(p, documents.head(p)) == "step_functions"]


def _in_place(machine: Resource) -> bool:
    """True when the definition is written in Terraform itself, as a heredoc or an object."""
    written = getattr(machine.origin, "written", None)
    text = "" if written is None else (written("definition") or "").lstrip("( \n")
    return text.startswith("<<") or "".join(text.split()).startswith("jsonencode({")


def _same(mine: Any, written: Any) -> bool:
    """Whether a definition may be a document with its `${...}` filled in."""
    waiting = [(mine, written)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            waiting += [(one[name], other[name]) for name in one]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _replace(documents: Documents, machine: Resource, document: Resource) -> None:
    resources = documents.intake.resources
    told = Resource(
        machine.type, machine.address, machine.source, machine.values, DefinedOrigin(machine.origin, document.origin),
        root=machine.root, name=machine.name, account=machine.account, region=machine.region,
    )  # fmt: skip
    resources[resources.index(machine)] = told
    documents.intake.links.append((told, document, "definition"))


# --- build specs and images -------------------------------------------------------------------------------------------


def _join_build_stage(documents: Documents, stage: Resource) -> None:
    """The build spec of a stage: a path within its source, which is the repository or the root module's folder."""
    named, kind = stage.values.get("build_spec_file"), stage.values.get("build_pipeline_stage_type")
    if isinstance(named, Unknown):
        documents.skipped.setdefault(stage.address, f"which build spec it runs is not known: {named.reason}")
        return
    if not isinstance(kind, Unknown) and kind != "BUILD":
        return
    top = named_path(documents, stage, ".")
    names = [str(named)] if named else ["build_spec.yaml", "build_spec.yml"]
    for folder in dict.fromkeys((repository(top), top, os.path.dirname(top))):
        for name in names:
            path = os.path.join(folder, name)
            if documents.files.allowed(path) and os.path.isfile(path):
                documents.link(stage, path, "build_spec", "build_spec_file")
                return
    if not isinstance(kind, Unknown):
        reason = f"{stage.address} runs it and it is not here, so its steps were not judged"
        documents.skipped.setdefault(f"{stage.address}: {names[0]}", reason)


def _join_image(documents: Documents, image: Resource) -> None:
    """The Dockerfile that an image of the Docker provider is built from."""
    builds = image.values.get("build")
    several = builds.unknown if isinstance(builds, PartialList) else builds
    if isinstance(several, Unknown):
        documents.skipped.setdefault(image.address, f"what it is built from is not known: {several.reason}")
    for build in list.__iter__(builds) if isinstance(builds, list) else ():
        if not isinstance(build, dict):
            continue
        name, context = build.get("dockerfile"), build.get("context")
        unknown = next((value for value in (name, context) if isinstance(value, Unknown)), None)
        if unknown is not None:
            reason = f"which Dockerfile it is built from is not known: {unknown.reason}"
            documents.skipped.setdefault(image.address, reason)
            continue
        folder = named_path(documents, image, context)
        path = os.path.join(folder, str(name or "Dockerfile")) if folder else ""
        if path and documents.files.allowed(path) and os.path.isfile(path):
            documents.link(image, path, "dockerfile", "build")
        elif path:
            reason = f"{image.address} is built from it and it is not here, so it was not judged"
            documents.skipped.setdefault(display(path, documents.request.base), reason)


_JOINERS = {
    "aws_sfn_state_machine": _join_machine, "aws_lambda_function": join_package,
    "aws_lambda_layer_version": join_package, "oci_devops_build_pipeline_stage": _join_build_stage,
    "docker_image": _join_image, "docker_registry_image": _join_image,
}  # fmt: skip

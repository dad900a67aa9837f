"""Which document belongs to which resource: links that no attribute tells, for it holds a path and not an id."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.documents import kind_of
from assay.documents.packages import join_package
from assay.model import Resource, Step, Unknown

if TYPE_CHECKING:
    from assay.documents.reading import Documents
    from assay.model import Location, Origin, ValuePath


def join(documents: Documents) -> None:
    """Link what was read to what names it, read what is named and was not claimed, and say what was read."""
    for r in list(documents.intake.resources):
        if r.source == "terraform" and r.type in _JOINERS:
            _JOINERS[r.type](documents, r)
    documents.close()


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
    """A machine whose definition was read from a file that is a document too: the same states tell which."""
    definition = machine.json("definition")
    mine = _shape(definition)
    if mine is None:
        return
    for path in _files_read(documents):
        for document in documents.read(path):
            if document.type == machine.type and _shape(document.values.get("definition")) == mine:
                _replace(documents, machine, document)
                return


def _files_read(documents: Documents) -> list[str]:
    """The state machines among the files that Terraform's functions have read."""
    base = documents.request.base
    names = [i["path"] for i in documents.intake.coverage.inputs if i["status"] == "read"]
    paths = [os.path.join(base, n) for n in names if n.endswith((".json", ".yaml", ".yml"))]
    return [p for p in paths if kind_of(p, documents.head(p)) == "step_functions"]


def _shape(definition: Any) -> tuple[Any, ...] | None:
    if isinstance(definition, Unknown) or not isinstance(definition, dict):
        return None
    states = definition.get("States")
    start = definition.get("StartAt")
    return (start, *states) if isinstance(states, dict) and isinstance(start, str) else None


def _replace(documents: Documents, machine: Resource, document: Resource) -> None:
    resources = documents.intake.resources
    told = Resource(
        machine.type, machine.address, machine.source, machine.values, DefinedOrigin(machine.origin, document.origin),
        root=machine.root, name=machine.name, account=machine.account, region=machine.region,
    )  # fmt: skip
    resources[resources.index(machine)] = told
    documents.intake.links.append((told, document, "definition"))


_JOINERS = {
    "aws_sfn_state_machine": _join_machine, "aws_lambda_function": join_package,
    "aws_lambda_layer_version": join_package,
}  # fmt: skip

"""Build specifications of OCI DevOps (`build_spec.yaml`): the steps of a managed build, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.documents.positions import Malformed, TextOrigin, read_yaml
from assay.model import Resource

if TYPE_CHECKING:
    from assay.documents.reading import File


def read(file: File) -> list[Resource]:
    """The specification, with the keys it is written with.

    Raises:
        Malformed: it cannot be parsed, or has no steps.
    """
    text = file.text()
    document = read_yaml(text)
    if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
        raise Malformed("a build specification is a mapping with a list of steps")
    return [Resource("build_spec", file.shown, "document", document, TextOrigin(file.shown, text, "yaml"))]

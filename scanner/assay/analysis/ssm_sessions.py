"""Session documents of Systems Manager: how a shell is encrypted and logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.decode import decode_yaml
from assay.model import Unknown, is_map

if TYPE_CHECKING:
    from assay.model import View


def session_inputs(document: View) -> dict[str, Any] | None:
    """The settings of a session document, written as JSON or YAML; None for a document of another type.

    Raises:
        Undetermined: the content is unknown.
    """
    if document["document_type"] != "Session":
        return None
    yaml = document["document_format"] == "YAML"
    content = decode_yaml(document["content"]) if yaml else document.json("content")
    inputs = content.get("inputs") if is_map(content) else None
    if isinstance(inputs, Unknown):
        is_map(inputs)
    return inputs if isinstance(inputs, dict) else {}

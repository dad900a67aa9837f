"""AWS policy documents into statements: JSON text, `jsonencode`, a rendered data document, or the blocks of one.

What nobody knows of a document stays: a list of statements that is partial, or an unknown in place of a piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis.aws_policy import Condition, Statement, as_list
from assay.decode import decode
from assay.model import KleeneList, PartialList, Text, Unknown, show

if TYPE_CHECKING:
    from assay.graph import Graph
    from assay.model import Resource, View

DOCUMENT = "data.aws_iam_policy_document"


def statements(view: View, path: str, graph: Graph | None = None) -> list[Statement]:
    """The statements of the policy at `path`; partial when the policy or one of them is unknown.

    With the graph, each statement also names the block of the data document it was written in.
    """
    document = decode(view[path])
    if isinstance(document, Unknown):
        return PartialList([], document)
    if not isinstance(document, dict):
        return []
    written = next((v for k, v in document.items() if k.lower() == "statement"), None)
    many = as_list(written)
    known: list[Statement] = []
    unknown: Unknown | None = many.unknown if isinstance(many, PartialList) else None
    for i, one in enumerate(list.__iter__(many)):
        if isinstance(one, Unknown):
            unknown = one if unknown is None else unknown
        elif isinstance(one, dict):
            at = f"{path}.Statement[{i}]" if isinstance(written, list) else f"{path}.Statement"
            statement = Statement(view, at, _json_parts(one))
            statement.block = _written(view, graph).get(_signature(statement)) if graph is not None else None
            known.append(statement)
    return _together(known if unknown is None else PartialList(known, unknown))


def block_statements(document: Resource) -> list[Statement]:
    """The statements of an `aws_iam_policy_document`, each located at its own block."""
    blocks = document.each("statement")
    known = [Statement(b, None, _block_parts(b)) for b in list.__iter__(blocks)]
    return _together(PartialList(known, blocks.unknown) if isinstance(blocks, PartialList) else known)


def _together(document: list[Statement]) -> list[Statement]:
    """The statements of a document, each knowing the others."""
    for s in list.__iter__(document):
        s.document = document
    return document


def document_fault(view: View, path: str) -> str:
    """Why the text at a path is no policy; empty when it is one, or nobody knows."""
    value = view[path]
    document = decode(value)
    if isinstance(value, str) and isinstance(document, Unknown):
        return f"it is no policy: {document.reason}"
    if value is None or isinstance(document, Unknown):
        return ""
    if not isinstance(document, dict):
        return "it is no policy: that is an object with Statement"
    found = [v for k, v in document.items() if k.lower() == "statement"]
    if not found:
        return "it is no policy: it has no Statement"
    for number, one in enumerate(list.__iter__(as_list(found[0])), 1):
        names = {k.lower() for k in one} if isinstance(one, dict) else set()
        if not isinstance(one, Unknown) and not isinstance(one, dict):
            return f"statement {number} is no object"
        if names and not names & {"action", "notaction"}:
            return f"statement {number} names no action"
        if isinstance(one, dict) and _effect(one) not in ("Allow", "Deny", None):
            return f"statement {number} has the effect {show(_effect(one))}: Allow and Deny are the two"
        for key, value in one.items() if isinstance(one, dict) else ():
            texts = as_list(value) if key.lower() in ("action", "notaction", "resource", "notresource") else []
            odd = [v for v in list.__iter__(texts) if not isinstance(v, (str, Unknown))]
            if odd:
                return f"statement {number}: {show(odd[0])} stands in {key} where a text belongs"
    return ""


def _effect(statement: dict[str, Any]) -> Any:
    """The effect that is written; None for one that nobody knows."""
    found = next((v for k, v in statement.items() if k.lower() == "effect"), "Allow")
    return None if isinstance(found, Unknown) else found


# --- the pieces of a statement ----------------------------------------------------------------------------------------


def _json_parts(statement: dict[str, Any]) -> dict[str, Any]:
    parts = {k.lower(): v for k, v in statement.items() if isinstance(k, str)}
    for name in ("action", "notaction", "resource", "notresource"):
        parts[name] = _texts(parts.get(name))
    if not isinstance(parts.get("effect", ""), (str, Unknown)):
        parts["effect"] = _no_text(parts["effect"])
    for name in ("principal", "notprincipal"):
        parts[name] = _json_principals(parts.get(name))
    parts["condition"] = _json_conditions(parts.get("condition"))
    return parts


def _texts(value: Any, also: tuple[type, ...] = ()) -> list[Any]:
    """One or many texts; what is none is unknown: AWS refuses it, so it neither allows nor denies."""
    many = as_list(value)
    known = [v if isinstance(v, (str, Unknown, *also)) else _no_text(v) for v in list.__iter__(many)]
    return PartialList(known, many.unknown) if isinstance(many, PartialList) else KleeneList(known)


def _no_text(value: Any) -> Unknown:
    return Unknown(f"{show(value)} stands where a text belongs")


def _json_principals(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Unknown) or value is None:
        return as_list(value)
    if not isinstance(value, dict):
        return [("AWS", v) for v in _texts(value)]
    return [one for kind, many in value.items() for one in _of_kind(kind, _texts(many))]


def _of_kind(kind: Any, many: list[Any]) -> list[tuple[Any, Any]]:
    """Principals of a kind; how many there are may be unknown, of which kind they are is not."""
    found = [(kind, v) for v in list.__iter__(many)]
    return [*found, (kind, many.unknown)] if isinstance(many, PartialList) else found


def _json_conditions(value: Any) -> list[Condition]:
    if isinstance(value, Unknown):
        return PartialList([], value)
    found: list[Condition] = []
    unknown: Unknown | None = None
    for operator, keys in (value if isinstance(value, dict) else {}).items():
        if isinstance(keys, Unknown):
            unknown = keys
        elif isinstance(keys, dict):
            found += [Condition(operator.lower(), k.lower(), _texts(v, (bool, int, float))) for k, v in keys.items()]
    return found if unknown is None else PartialList(found, unknown)


def _block_parts(block: View) -> dict[str, Any]:
    return {
        "sid": block["sid"],
        "effect": block["effect"],
        "action": block["actions"],
        "notaction": block["not_actions"],
        "resource": _variables(block["resources"]),
        "notresource": _variables(block["not_resources"]),
        "principal": _block_principals(block, "principals"),
        "notprincipal": _block_principals(block, "not_principals"),
        "condition": _block_conditions(block),
    }


def _variables(value: Any) -> Any:
    """Policy variables as JSON has them: a data document writes `&{aws:username}`."""
    if isinstance(value, list) and not isinstance(value, PartialList):
        return [v.replace("&{", "${") if isinstance(v, str) else v for v in list.__iter__(value)]
    return value


def _block_principals(block: View, path: str) -> list[tuple[Any, Any]]:
    parts = block.each(path)
    found: list[tuple[Any, Any]] = []
    unknown = parts.unknown if isinstance(parts, PartialList) else None
    for part in list.__iter__(parts):
        found += _of_kind("AWS" if part["type"] == "*" else part["type"], as_list(part["identifiers"]))
    return found if unknown is None else PartialList(found, unknown)


def _block_conditions(block: View) -> list[Condition]:
    parts = block.each("condition")
    found = [Condition(_lower(c["test"]), _lower(c["variable"]), as_list(c["values"])) for c in list.__iter__(parts)]
    return PartialList(found, parts.unknown) if isinstance(parts, PartialList) else found


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


# --- where a rendered statement was written ---------------------------------------------------------------------------

_OPEN = "<open>"  # stands for a piece without identity


def _written(view: View, graph: Graph) -> dict[Any, View]:
    """The statement blocks of the root's data documents by what they say: where a rendered statement comes from."""
    r = view.resource
    place = (DOCUMENT, r.root, r.source)
    if place not in graph._memo:
        documents = [d for d in graph.all(DOCUMENT) if d.root == r.root and d.source == r.source]
        blocks = [s for d in documents for s in list.__iter__(block_statements(d))]
        graph._memo[place] = {key: s.view for s in blocks if (key := _signature(s)) is not None}
    found: dict[Any, View] = graph._memo[place]
    return found


def _signature(s: Statement) -> Any:
    """What a statement says, in an order of its own; None when a piece of it has no identity."""
    parts = (
        s.effect, s.actions, s.not_actions, s.resources, s.not_resources, s.principals, s.not_principals, s.conditions
    )  # fmt: skip
    key = tuple(_identity(p) for p in parts)
    return None if _OPEN in repr(key) else key


def _identity(value: Any) -> Any:
    if isinstance(value, PartialList):
        return _OPEN
    if isinstance(value, list):
        return tuple(sorted((_identity(v) for v in value), key=repr))
    if isinstance(value, tuple):
        return tuple(_identity(v) for v in value)
    if isinstance(value, Text):
        return tuple(_identity(p) for p in value.parts)
    if isinstance(value, Unknown):
        return ("unknown", value.key) if value.key is not None else _OPEN
    return value

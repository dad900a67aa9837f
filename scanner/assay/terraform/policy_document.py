"""`aws_iam_policy_document` rendered as the AWS provider renders it, so that a policy is judged wherever it is used.

Statements are merged in the provider's order: source documents, the statements written here, override documents; a
statement replaces an earlier one of the same sid. Values nobody knows stay unknown leaves of an `Encoded`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.decode import decode
from assay.model import Encoded, PartialList, Text, Unknown
from assay.terraform import values as v

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.terraform.instances import Instance

_MERGING = {"source_json", "source_policy_documents", "override_json", "override_policy_documents"}
_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}
_ORDER = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def render(instance: Instance, *, minified: bool) -> Any:
    """The policy's text, or what is known of it."""
    values = instance.values()
    document = merged(values)
    doubt = v.first_unknown(document)
    if doubt is not None:
        return Encoded(document, doubt.reason, None if _MERGING & set(values) else instance.address)
    separators = (",", ":") if minified else (",", ": ")
    text = json.dumps(document, indent=None if minified else 2, separators=separators, ensure_ascii=False)
    return v.string(text.translate(_HTML))


class _Merged:
    """A document under construction."""

    def __init__(self) -> None:
        self.version: Any = ""
        self.id: Any = ""
        self.statements: list[Any] = []
        self.doubt: Unknown | None = None

    def take(self, document: Any) -> None:
        """Lay a document over what is there."""
        if isinstance(document, Unknown):
            # Whatever has a sid may be replaced by it; what has none stays.
            self.statements = [s for s in self.statements if isinstance(s, dict) and not s.get("Sid")]
            self.doubt = document
            return
        if not isinstance(document, dict):
            return
        self.id = document.get("Id") or self.id
        version = document.get("Version") or ""
        if isinstance(version, Unknown) or isinstance(self.version, Unknown) or version > self.version:
            self.version = version
        found = document.get("Statement") or []
        for statement in list.__iter__(found) if isinstance(found, list) else [found]:
            self._statement(statement)
        if isinstance(found, PartialList):
            self.doubt = found.unknown

    def _statement(self, statement: Any) -> None:
        if isinstance(statement, Unknown):
            self.doubt = statement
            return
        sid = statement.get("Sid")
        if isinstance(sid, str) and sid:
            for i, known in enumerate(self.statements):
                if known.get("Sid") == sid if isinstance(known.get("Sid"), str) else False:
                    self.statements[i] = statement
                    return
        self.statements.append(statement)


def merged(values: dict[str, Any]) -> dict[str, Any]:
    """The document as a structure."""
    result = _Merged()
    for text in _texts(values, "source_json", "source_policy_documents"):
        result.take(_parsed(text))
    result.take(
        {
            "Version": values.get("version", "2012-10-17"),
            "Id": values.get("policy_id"),
            "Statement": _statements(values.get("statement")),
        }
    )
    for text in _texts(values, "override_json", "override_policy_documents"):
        result.take(_parsed(text))
    document: dict[str, Any] = {"Version": result.version}
    if isinstance(result.id, Unknown) or result.id:
        document["Id"] = result.id
    if result.doubt is not None:
        document["Statement"] = PartialList(result.statements, result.doubt)
    elif result.statements:
        document["Statement"] = result.statements
    return document


def _texts(values: dict[str, Any], single: str, several: str) -> Iterator[Any]:
    for name in (single, several):
        found = values.get(name)
        if isinstance(found, list):
            yield from list.__iter__(found)
            if isinstance(found, PartialList):
                yield found.unknown
        elif found is not None:
            yield found


def _parsed(text: Any) -> Any:
    """A document given as text, its statements in the provider's order of members."""
    if text == "" if isinstance(text, str) else False:
        return None
    document = decode(text)
    if not isinstance(document, dict):
        return document if isinstance(document, Unknown) else Unknown("a merged policy document is not a JSON object")
    found = document.get("Statement")
    if isinstance(found, dict):
        document = {**document, "Statement": [_ordered(found)]}
    elif isinstance(found, list):
        items = [_ordered(s) if isinstance(s, dict) else s for s in list.__iter__(found)]
        kept = PartialList(items, found.unknown) if isinstance(found, PartialList) else items
        document = {**document, "Statement": kept}
    return document


def _ordered(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: statement[name] for name in _ORDER if name in statement}


def _statements(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks if isinstance(blocks, Unknown) else []
    made = [_statement(b) if isinstance(b, dict) else b for b in list.__iter__(blocks)]
    return PartialList(made, blocks.unknown) if isinstance(blocks, PartialList) else made


def _statement(block: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    sid = block.get("sid")
    if isinstance(sid, Unknown) or sid:
        found["Sid"] = sid
    found["Effect"] = block.get("effect", "Allow")
    for name, member in _LISTS.items():
        value = _list_or_single(block.get(name))
        if value is not None:
            found[member] = _variables(value)
    for name, member in _PRINCIPALS.items():
        if block.get(name) is not None:
            found[member] = _principals(block[name])
    if block.get("condition") is not None:
        found["Condition"] = _conditions(block["condition"])
    return found


def _list_or_single(value: Any, *, ordered: bool = False) -> Any:
    """One item stands alone; several are listed backwards, as the provider sorts them."""
    if value is None or isinstance(value, (Unknown, str)):
        return value
    if isinstance(value, PartialList):
        return value
    items = [v.to_string(i) if isinstance(i, (bool, int, float)) else i for i in value]
    if len(items) < 2:
        return items[0] if items else None
    if ordered:
        return items
    known = sorted((i for i in items if not isinstance(i, Unknown)), key=str, reverse=True)
    return known + [i for i in items if isinstance(i, Unknown)]


def _variables(value: Any) -> Any:
    """Policy variables, which a configuration writes `&{aws:username}`."""
    if isinstance(value, str):
        return value.replace("&{", "${")
    if isinstance(value, Text):
        return Text([p.replace("&{", "${") if isinstance(p, str) else p for p in value.parts])
    if type(value) is list:
        return [_variables(item) for item in value]
    return value


def _principals(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks
    if isinstance(blocks, PartialList):
        return blocks.unknown
    found: dict[str, Any] = {}
    for block in blocks:
        kind, identifiers = block.get("type"), _list_or_single(block.get("identifiers"))
        if isinstance(kind, Unknown):
            return kind
        if kind == "*" and len(blocks) == 1 and isinstance(identifiers, str) and identifiers == "*":
            return "*"
        found[kind] = identifiers if kind not in found else _together(found[kind], identifiers)
    return {kind: _variables(found[kind]) for kind in sorted(found)}


def _together(first: Any, second: Any) -> Any:
    for value in (first, second):
        if isinstance(value, (Unknown, PartialList)):
            return value if isinstance(value, Unknown) else value.unknown
    return [*(first if isinstance(first, list) else [first]), *(second if isinstance(second, list) else [second])]


def _conditions(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks
    if isinstance(blocks, PartialList):
        return blocks.unknown
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        test, variable = block.get("test"), block.get("variable")
        for name in (test, variable):
            if isinstance(name, Unknown):
                return name
        values = _variables(_list_or_single(block.get("values"), ordered=True))
        inner = found.setdefault(test, {})
        inner[variable] = _together(inner[variable], values) if variable in inner else values
    return {test: {name: found[test][name] for name in sorted(found[test])} for test in sorted(found)}

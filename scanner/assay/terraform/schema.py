"""What the providers' schemas say of attributes: which exist, and of what kind, for the types that rules name.

Terraform converts `"true"` to true and `443` to "443" as the schema demands, so a rule compares typed values. The table
is made by `scripts/build_schema.py`.
"""

from __future__ import annotations

import os
from typing import Any

_lines: dict[str, str] = {}
_plans: dict[str, Plan] = {}


def _table() -> dict[str, str]:
    global _lines
    if not _lines:
        path = os.path.join(os.path.dirname(__file__), os.pardir, "tables", "schema.txt")
        with open(path, encoding="utf-8") as handle:
            split = (line.partition("\t") for line in handle)
            _lines = {type_: rest for type_, _, rest in split}  # whole at once: collectors ask from several threads
    return _lines


def known_types() -> list[str]:
    """Every type of the table."""
    return list(_table())


def attributes(type_: str) -> dict[str, str]:
    """Attribute paths (dotted, without indexes) of a type and their kinds `b n s l m x`; empty when it is not known."""
    words = _table().get(type_.removeprefix("data."), "").split()
    return {path: kind for path, _, kind in (w.partition("=") for w in words)}


def has(type_: str, path: str) -> bool:
    """Whether the type has an attribute at this dotted path."""
    line = _table().get(type_.removeprefix("data."))
    return line is not None and f" {path}=" in " " + line


class Plan:
    """What of a block's attributes may need converting: by name a kind letter, the plan of a block, or None.

    A name is looked for when a value has it: a type has up to some hundred attributes, a block ten.
    """

    __slots__ = ("_known", "_line", "_prefix", "retired")

    def __init__(self, line: str, prefix: str = " ", *, retired: bool = False) -> None:
        self.retired = (
            retired  # of an attribute that the provider no longer has: its truth values are known by their text
        )
        self._line = line
        self._prefix = prefix
        self._known: dict[str, str | Plan | None] = {}

    def __getitem__(self, name: str) -> str | Plan | None:
        try:
            return self._known[name]
        except KeyError:
            found = self._known[name] = self._find(name)
            return found

    def _find(self, name: str) -> str | Plan | None:
        whole = self._prefix + name
        at = self._line.find(whole + "=")
        if at >= 0 and (kind := self._line[at + len(whole) + 1]) in "bns":
            return kind
        if whole + "." in self._line:
            return Plan(self._line, whole + ".")
        return None if at >= 0 or self._line == " " else Plan(self._line, whole + ".", retired=True)


def convert(type_: str, values: dict[str, Any]) -> dict[str, Any]:
    """`values` with scalars converted as the provider's schema demands; the same object when nothing changes."""
    if "." in type_:  # data sources and providers have schemas of their own
        return values
    plan = _plans.get(type_)
    if plan is None:
        plan = _plans[type_] = Plan(" " + _table().get(type_, ""))
    return _block(plan, values)


def _block(plan: Plan, values: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] | None = None
    for name, value in values.items():
        rule = plan[name]
        if rule is None:
            continue
        new = _scalar(rule, value) if isinstance(rule, str) else _nested(rule, value)
        if new is not value:
            if changed is None:
                changed = dict(values)
            changed[name] = new
    return values if changed is None else changed


def _nested(plan: Plan, value: Any) -> Any:
    if type(value) is dict:
        return _block(plan, value)
    if plan.retired and type(value) is str:
        return {"true": True, "false": False}.get(value, value)
    if not isinstance(value, list):
        return value
    items = list(list.__iter__(value))
    new = [_block(plan, v) if type(v) is dict else v for v in items]
    if all(a is b for a, b in zip(items, new, strict=True)):
        return value
    unknown = getattr(value, "unknown", None)
    if unknown is not None:
        from assay.model import PartialList

        return PartialList(new, unknown)
    return new


def _scalar(kind: str, value: Any) -> Any:
    if kind == "b":
        if type(value) is str:
            return {"true": True, "false": False, "1": True, "0": False}.get(value, value)
    elif kind == "n":
        if type(value) is str:
            return _number(value)
    elif type(value) is int:  # a truth value stays one: rules read `true` where the provider keeps the text "true"
        return str(value)
    elif kind == "s" and type(value) is float:
        from assay.terraform.numeric import number_text

        return number_text(value)
    return value


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text

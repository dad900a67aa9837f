"""Terraform's sets: how their elements are told apart, and in which order they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.numeric import compare, number_text
from assay.terraform.typesystem import ListValue, MapValue, SetValue, wholly_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.terraform.typesystem import Type


def make_set(items: Sequence[Any], element: Type | None = None) -> SetValue:
    """The set of `items` (already of one type): sorted as Terraform sorts, without duplicates."""
    if all(type(item) is str for item in items):
        return SetValue(sorted(set(items)), element)
    known: dict[Any, Any] = {}
    partly, unknown, null = [], [], []
    for item in items:
        if item is None:
            null = [None]
        elif isinstance(item, Unknown):
            unknown.append(item)
        elif wholly_known(item):
            known.setdefault(set_key(item), item)
        else:
            partly.append((set_key(item), item))
    placed = sorted([*known.items(), *partly], key=lambda pair: pair[0])
    return SetValue([*(item for _, item in placed), *unknown, *null], element)


def set_key(value: Any) -> tuple[Any, ...]:
    """What tells set elements apart, and their order: primitives by value, the rest by a canonical text."""
    if value is None:
        return (1,)
    if isinstance(value, (bool, str)):
        return (0, value)
    return (0, _Ordered(value) if isinstance(value, (int, float)) else _canonical(value).encode())


class _Ordered:
    """A number that sorts exactly, also where a float would round."""

    __slots__ = ("number",)

    def __init__(self, number: int | float) -> None:
        self.number = number

    def __lt__(self, other: _Ordered) -> bool:
        return compare(self.number, other.number) < 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Ordered) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)


def _canonical(value: Any) -> str:
    if value is None or isinstance(value, Unknown):
        return "~" if value is None else "?"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, MapValue):
        return "{" + "".join(f"{_quoted(k)}={_canonical(value[k])};" for k in sorted(value)) + "}"
    if isinstance(value, dict):
        return "<" + "".join(_canonical(value[k]) + ";" for k in sorted(value)) + ">"
    left, right = "[]" if isinstance(value, (ListValue, SetValue)) else "<>"
    return left + "".join(_canonical(v) + ";" for v in value) + right


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'

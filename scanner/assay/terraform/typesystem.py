"""Terraform's types, and the collections and unknowns that carry one.

A tuple is a plain `list`, an object a plain `dict`; lists, sets and maps are subclasses, so that whoever only reads
values need not care. All of them are treated as immutable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Base64, Encoded, PartialList, Ref, Text, Unknown
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Bounds = tuple[int | float | None, int | float | None]


class EvalError(Exception):
    """What Terraform itself would reject (or a bound of Assay): one sentence."""


class Type(NamedTuple):
    """`kind` is any, string, number, bool, list, set, map, object or tuple; the rest as the kind needs it."""

    kind: str
    element: Type | None = None  # of a list, set or map
    attributes: dict[str, Type] | None = None  # of an object
    items: tuple[Type, ...] = ()  # of a tuple
    optional: dict[str, Any] | None = None  # of an object: which attributes may be left out, with their defaults

    def __str__(self) -> str:
        return self.kind if self.element is None else f"{self.kind} of {self.element}"


ANY = Type("any")
STRING = Type("string")
NUMBER = Type("number")
BOOL = Type("bool")
PRIMITIVES = {"string": STRING, "number": NUMBER, "bool": BOOL}


def list_of(element: Type) -> Type:
    """`list(element)`."""
    return Type("list", element)


def set_of(element: Type) -> Type:
    """`set(element)`."""
    return Type("set", element)


def map_of(element: Type) -> Type:
    """`map(element)`."""
    return Type("map", element)


def object_of(attributes: dict[str, Type], optional: dict[str, Any] | None = None) -> Type:
    """`object({...})`; `optional` maps the attributes that may be left out to their default, None without one."""
    return Type("object", None, attributes, (), optional)


def tuple_of(items: Iterable[Type]) -> Type:
    """`tuple([...])`."""
    return Type("tuple", None, None, tuple(items))


class ListValue(list[Any]):
    """A `list(...)`: every element has the same type, `element` when it is known without looking at them."""

    __slots__ = ("element",)

    def __init__(self, items: Iterable[Any] = (), element: Type | None = None) -> None:
        super().__init__(items)
        self.element = element

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (list(self), self.element))


class SetValue(list[Any]):
    """A `set(...)`: in Terraform's order, without duplicates. Build one with `sets.make_set`."""

    __slots__ = ("element",)

    def __init__(self, items: Iterable[Any] = (), element: Type | None = None) -> None:
        super().__init__(items)
        self.element = element

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (list(self), self.element))


class MapValue(dict[str, Any]):
    """A `map(...)`."""

    __slots__ = ("element",)

    def __init__(self, items: Any = (), element: Type | None = None) -> None:
        super().__init__(items)
        self.element = element

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (dict(self), self.element))


class TypedUnknown(Unknown):
    """An unknown of which the type is known."""

    __slots__ = ("bounds", "type")

    type: Type
    bounds: Bounds | None  # of a number, or of a collection's length; the module `refinement` has their meaning

    def __init__(
        self,
        reason: str,
        type_: Type,
        key: tuple[str, ...] | None = None,
        *,
        not_null: bool = False,
        sensitive: bool = False,
    ) -> None:
        super().__init__(reason, key, not_null=not_null, sensitive=sensitive)
        self.type = type_
        self.bounds = None

    def child(self, step: str | int) -> Unknown:
        key = None if self.key is None else (*self.key, str(step))
        return TypedUnknown(self.reason, type_at(self.type, step), key, sensitive=self.sensitive)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_typed_unknown, (self.reason, self.type, self.key, self.not_null, self.sensitive))


def _typed_unknown(reason: str, type_: Type, key: tuple[str, ...] | None, not_null: bool, sensitive: bool) -> Unknown:
    return TypedUnknown(reason, type_, key, not_null=not_null, sensitive=sensitive)


class TypedRef(Ref):
    """A reference whose attribute's type is known."""

    __slots__ = ("type",)

    type: Type

    def __init__(self, target: str, attribute: str, type_: Type, reason: str | None = None) -> None:
        super().__init__(target, attribute, reason)
        self.type = type_

    def child(self, step: str | int) -> Unknown:
        attribute = f"{self.attribute}[{step}]" if isinstance(step, int) else f"{self.attribute}.{step}"
        return TypedRef(self.target, attribute, type_at(self.type, step))

    def __reduce__(self) -> tuple[Any, ...]:
        return (TypedRef, (self.target, self.attribute, self.type, self.reason))


class LooseText(Text):
    """A partly known text of which Terraform knows less than we (`join`): comparing it stays as unknown as there.

    `certain` is the beginning that Terraform knows, too.
    """

    __slots__ = ("certain",)

    certain: str

    def __init__(self, parts: Sequence[str | Unknown], certain: str = "") -> None:
        super().__init__(parts)
        self.certain = certain

    def __reduce__(self) -> tuple[Any, ...]:
        return (LooseText, (self.parts, self.certain))


class YamlText(Encoded):
    """YAML with unknown leaves: unlike JSON, its first character is not known to Terraform."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return (YamlText, (self.value, self.reason))


def type_at(type_: Type, step: str | int) -> Type:
    """The type one step inside `type_`; `any` where that cannot be said."""
    if type_.element is not None:
        return type_.element
    if type_.attributes is not None:
        return type_.attributes.get(str(step), ANY)
    if isinstance(step, int) and 0 <= step < len(type_.items):
        return type_.items[step]
    return ANY


def type_of(value: Any) -> Type:
    """The type of a value: `any` for null and for unknowns of which nothing is known."""
    kind = type(value)
    if kind is str:
        return STRING
    if kind is bool:
        return BOOL
    if kind is int or isinstance(value, (int, float)):
        return NUMBER
    if kind is list:
        return Type("tuple", None, None, tuple([type_of(v) for v in value]))
    if kind is dict:
        return Type("object", None, {k: type_of(v) for k, v in value.items()})
    if isinstance(value, (ListValue, SetValue, MapValue)):
        name = "list" if isinstance(value, ListValue) else "set" if isinstance(value, SetValue) else "map"
        return Type(name, element_type(value))
    if isinstance(value, (TypedUnknown, TypedRef)):
        return value.type
    if isinstance(value, (Text, Encoded, Base64)):
        return STRING
    return ANY


def element_type(value: ListValue | SetValue | MapValue) -> Type:
    """The element type of a collection: the declared one, else what its elements show."""
    if value.element is not None:
        return value.element
    items: Iterable[Any] = value.values() if isinstance(value, MapValue) else value
    best = ANY
    for item in items:
        best = type_of(item)
        if not has_any(best):
            return best
    return best


def has_any(type_: Type) -> bool:
    """Whether `any` occurs in the type, so that a value has to fill it in."""
    if type_.element is not None:
        return has_any(type_.element)
    if type_.attributes is not None:
        return any(has_any(t) for t in type_.attributes.values())
    return type_.kind == "any" or any(has_any(t) for t in type_.items)


# --- unknowns ---------------------------------------------------------------------------------------------------------


def first_unknown(value: Any) -> Unknown | None:
    """The first unknown at any depth of `value`, None when it is wholly known."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return None
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        for item in value.values():
            found = first_unknown(item)
            if found is not None:
                return found
        return None
    if isinstance(value, list):
        for item in list.__iter__(value):
            found = first_unknown(item)
            if found is not None:
                return found
        return value.unknown if isinstance(value, PartialList) else None
    return None


def wholly_known(value: Any) -> bool:
    """Whether nothing at any depth of `value` is unknown."""
    return first_unknown(value) is None

"""Values that nobody can know: what a rule may ask of them, and what raises instead of lying.

Plain Python on known values and these together gives a verdict or `Undetermined`, never a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


_KEY = pattern(r'\[(?:[^"\[\]]*|"(?:[^"\\]|\\.)*")\]\Z')


def without_key(address: str) -> str:
    """The address of the block: that of its resource without the instance key at its end; modules keep theirs."""
    return _KEY.sub("", address, 1) if address.endswith("]") else address


class Undetermined(BaseException):
    """A rule asked an unknown value for something only a known one could answer.

    Derives from `BaseException` so that a rule's `except Exception` cannot swallow it.
    """

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown

    @property
    def reason(self) -> str:
        return self.unknown.reason


class Unknown:
    """A value that nobody here can know, with the reason.

    Equal only to the very same unknown (the same `key`); every other question raises `Undetermined`, save those that a
    refinement answers with certainty (`not_null`, and the known pieces of a `Text`).
    """

    __slots__ = ("key", "not_null", "reason", "sensitive")

    reason: str
    key: tuple[str, ...] | None
    not_null: bool
    sensitive: bool

    def __init__(
        self, reason: str, key: tuple[str, ...] | None = None, *, not_null: bool = False, sensitive: bool = False
    ) -> None:
        self.reason = reason
        self.key = key
        self.not_null = not_null
        self.sensitive = sensitive

    def child(self, step: str | int) -> Unknown:
        """The unknown found one step inside this one: same reason, an identity of its own."""
        return Unknown(self.reason, None if self.key is None else (*self.key, str(step)), sensitive=self.sensitive)

    def _excludes(self, other: object) -> bool:
        """True when this value certainly differs from the known value `other`."""
        return other is None and self.not_null

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Unknown):
            if self.key is not None and self.key == other.key:
                return True
        elif self._excludes(other):
            return False
        raise Undetermined(self)

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    def _undetermined(self, *_: object) -> NoReturn:
        raise Undetermined(self)

    # Whatever would turn the unknown into a known answer raises; a missing method would raise TypeError instead.
    __bool__ = __len__ = __iter__ = __next__ = __contains__ = __getitem__ = __reversed__ = _undetermined
    __lt__ = __le__ = __gt__ = __ge__ = __str__ = __int__ = __float__ = __index__ = __complex__ = _undetermined
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __truediv__ = _undetermined
    __rtruediv__ = __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _undetermined
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = __call__ = _undetermined

    def __hash__(self) -> int:
        raise Undetermined(self)

    def __format__(self, spec: str) -> str:
        raise Undetermined(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # protocols such as copy and pickle probe for these
            raise AttributeError(name)
        raise Undetermined(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.reason}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unknown, (self.reason, self.key, self.not_null, self.sensitive))


def _unknown(reason: str, key: tuple[str, ...] | None, not_null: bool, sensitive: bool) -> Unknown:
    return Unknown(reason, key, not_null=not_null, sensitive=sensitive)


_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NO_STAR = "".join(chr(n) for n in range(33, 127) if chr(n) != "*")
_SHAPES = {
    ("aws_caller_identity", "account_id"): (r"\d{12}", _DIGITS, _DIGITS),
    ("aws_caller_identity", "id"): (r"\d{12}", _DIGITS, _DIGITS),
    ("aws_partition", "partition"): (r"aws(-[a-z]+)*", "a", _LETTERS),
    ("aws_partition", "id"): (r"aws(-[a-z]+)*", "a", _LETTERS),
    ("aws_region", "name"): (r"[a-z]+(-[a-z]+)+-\d+", _LETTERS, _DIGITS),
    ("aws_region", "region"): (r"[a-z]+(-[a-z]+)+-\d+", _LETTERS, _DIGITS),
    ("aws_region", "id"): (r"[a-z]+(-[a-z]+)+-\d+", _LETTERS, _DIGITS),
}
"""What some data sources answer with: a pattern of all of it, and the characters it begins and ends with."""


class Ref(Unknown):
    """A computed attribute of another resource: its text is unknown, its target is not.

    `target` is the address of the resource within the same module tree, `attribute` the path read from it.
    """

    __slots__ = ("attribute", "target")

    def __init__(self, target: str, attribute: str, reason: str | None = None) -> None:
        super().__init__(
            reason or f"{target}.{attribute} is known only after apply", ("ref", target, attribute), not_null=True
        )
        self.target = target
        self.attribute = attribute

    def child(self, step: str | int) -> Unknown:
        return Ref(self.target, f"{self.attribute}[{step}]" if isinstance(step, int) else f"{self.attribute}.{step}")

    @property
    def kind(self) -> str:
        """The type of the resource or data source that it is read from."""
        return without_key(self.target).rpartition(".")[0].rpartition(".")[2]

    @property
    def is_text(self) -> bool:
        """True for an attribute that is one text in every provider."""
        return self.attribute in ("id", "arn", "name") or self.attribute.endswith(("_id", "_arn"))

    @property
    def shape(self) -> tuple[str, str, str]:
        """A pattern that its text fits, and the characters it can begin and end with; empty where any may stand."""
        known = _SHAPES.get((self.kind, self.attribute))
        return known or (("arn:.*[^*]", "a", _NO_STAR) if self.attribute == "arn" else (".*", "", ""))

    def _excludes(self, other: object) -> bool:
        # A reference is never null. An id or ARN of something is neither empty nor a wildcard.
        if other is None or other in ("", "*"):
            return True
        if not isinstance(other, str):
            return self.is_text
        return re.fullmatch(self.shape[0], other, re.DOTALL) is None

    def startswith(self, prefix: str | tuple[str, ...]) -> bool:
        begun = ("arn:", Unknown(self.reason)) if self.attribute == "arn" else (self,)
        return Text(begun).startswith(prefix)

    def endswith(self, suffix: str | tuple[str, ...]) -> bool:
        return Text((self,)).endswith(suffix)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Ref, (self.target, self.attribute, self.reason))


class Text(Unknown):
    """A string of which pieces are known: `parts` alternates text and unknowns (`"arn:aws:s3:::" , <var.name>`)."""

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[str | Unknown]) -> None:
        merged = tuple(_merge(parts))
        holes = [p for p in merged if isinstance(p, Unknown)]
        keys = [p.key for p in holes]
        identity = None if None in keys else ("text", *(p if isinstance(p, str) else repr(p.key) for p in merged))
        super().__init__(
            holes[0].reason if holes else "unknown", identity, not_null=True, sensitive=any(h.sensitive for h in holes)
        )
        self.parts: tuple[str | Unknown, ...] = merged

    @property
    def literals(self) -> list[str]:
        return [p for p in self.parts if isinstance(p, str)]

    @property
    def prefix(self) -> str:
        first = self.parts[0] if self.parts else ""
        return first if isinstance(first, str) else ""

    @property
    def suffix(self) -> str:
        last = self.parts[-1] if self.parts else ""
        return last if isinstance(last, str) else ""

    def refs(self) -> list[Ref]:
        """The references this text is built from."""
        return [p for p in self.parts if isinstance(p, Ref)]

    def _excludes(self, other: object) -> bool:
        if not isinstance(other, str):
            return True
        if not (other.startswith(self.prefix) and other.endswith(self.suffix)):
            return True
        if len(self.parts) == 1:  # a text of one unknown is that
            return isinstance(self.parts[0], Ref) and self.parts[0]._excludes(other)
        pattern = "".join(re.escape(p) if isinstance(p, str) else _shape(p)[0] for p in self.parts)
        return re.fullmatch(pattern, other, re.DOTALL) is None

    def __contains__(self, piece: object) -> bool:  # type: ignore[override]
        if isinstance(piece, str) and any(piece in text for text in self.literals):
            return True
        raise Undetermined(self)

    def startswith(self, prefix: str | tuple[str, ...]) -> bool:
        known = self.prefix
        first = _shape(self.parts[1 if known else 0])[1] if len(self.parts) > bool(known) else ""

        def open_(option: str) -> bool:
            return option.startswith(known) and (not first or option[len(known)] in first)

        return self._edge(prefix, lambda option: known.startswith(option), open_)

    def endswith(self, suffix: str | tuple[str, ...]) -> bool:
        known = self.suffix
        last = _shape(self.parts[-2 if known else -1])[2] if len(self.parts) > bool(known) else ""

        def open_(option: str) -> bool:
            return option.endswith(known) and (not last or option[-len(known) - 1] in last)

        return self._edge(suffix, lambda option: known.endswith(option), open_)

    def _edge(
        self, wanted: str | tuple[str, ...], certain: Callable[[str], bool], possible: Callable[[str], bool]
    ) -> bool:
        options = (wanted,) if isinstance(wanted, str) else wanted
        if any(certain(option) for option in options):
            return True
        if any(possible(option) for option in options):  # the unknown part may still complete it
            raise Undetermined(self)
        return False

    def lower(self) -> Text:
        return Text([p.lower() if isinstance(p, str) else Unknown(p.reason) for p in self.parts])

    def upper(self) -> Text:
        return Text([p.upper() if isinstance(p, str) else Unknown(p.reason) for p in self.parts])

    def __reduce__(self) -> tuple[Any, ...]:
        return (Text, (self.parts,))


def _shape(piece: str | Unknown) -> tuple[str, str, str]:
    return piece.shape if isinstance(piece, Ref) else (".*", "", "")


class Encoded(Unknown):
    """Text that encodes a structure with unknown leaves (`jsonencode({a = x.y.arn})`): `value` is that structure.

    `document` is the address of the data source in which all of it is written, if it is one's.
    """

    __slots__ = ("document", "value")

    def __init__(self, value: Any, reason: str, document: str | None = None) -> None:
        super().__init__(reason, not_null=True)
        self.value = value
        self.document = document

    def _excludes(self, other: object) -> bool:
        return not isinstance(other, str) or other in ("", "*")

    def __reduce__(self) -> tuple[Any, ...]:
        return (Encoded, (self.value, self.reason, self.document))


class Base64(Unknown):
    """Base64 of a text with unknown pieces, as instances take their user data: `plain` is that text."""

    __slots__ = ("plain",)

    def __init__(self, plain: Text) -> None:
        super().__init__(plain.reason, not_null=True, sensitive=plain.sensitive)
        self.plain = plain

    def __reduce__(self) -> tuple[Any, ...]:
        return (Base64, (self.plain,))


def _merge(parts: Sequence[str | Unknown]) -> Iterator[str | Unknown]:
    pending = ""
    for part in parts:
        if isinstance(part, str):
            pending += part
        elif isinstance(part, Text):
            for inner in part.parts:
                if isinstance(inner, str):
                    pending += inner
                else:
                    if pending:
                        yield pending
                    pending = ""
                    yield inner
        else:
            if pending:
                yield pending
            pending = ""
            yield part
    if pending:
        yield pending


class PartialList(list[Any]):
    """A list whose known elements are here and of which more may exist (`unknown` says why nobody can tell).

    Iterating yields the known ones, then raises: a certain failure is found, "all of them" is never claimed.
    """

    __slots__ = ("unknown",)

    def __init__(self, known: Iterable[Any], unknown: Unknown) -> None:
        super().__init__(known)
        self.unknown = unknown

    def known(self) -> list[Any]:
        return list(list.__iter__(self))

    def __iter__(self) -> Iterator[Any]:
        yield from list.__iter__(self)
        raise Undetermined(self.unknown)

    def __bool__(self) -> bool:
        if list.__len__(self):
            return True
        raise Undetermined(self.unknown)

    def __len__(self) -> int:
        raise Undetermined(self.unknown)

    def __contains__(self, item: object) -> bool:
        return any_of(self, lambda x: x == item)

    def __eq__(self, other: object) -> bool:
        if other in (None, []) and list.__len__(self):
            return False
        raise Undetermined(self.unknown)

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    __hash__ = None

    def __reduce__(self) -> tuple[Any, ...]:
        return (PartialList, (self.known(), self.unknown))


class KleeneList(list[Any]):
    """A list with unknown elements: `in` is true when a known element matches, undetermined when only they could."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return any_of(self, lambda x: x == item)


def any_of(items: Iterable[Any], test: Callable[[Any], object] = bool) -> bool:
    """Kleene `any`: true if the test holds for one item for certain, else undetermined if it might hold for one."""
    return _kleene(items, test, wanted=True)


def all_of(items: Iterable[Any], test: Callable[[Any], object] = bool) -> bool:
    """Kleene `all`: false if the test certainly fails for one item, else undetermined if it might fail for one."""
    return not _kleene(items, test, wanted=False)


def _kleene(items: Iterable[Any], test: Callable[[Any], object], *, wanted: bool) -> bool:
    doubt: Undetermined | None = None
    try:
        for item in items:
            try:
                if bool(test(item)) is wanted:
                    return True
            except Undetermined as error:
                doubt = doubt or error
    except Undetermined as error:  # the list itself is incomplete
        doubt = doubt or error
    if doubt:
        raise doubt
    return False


def as_list(value: Any) -> list[Any]:
    """One or many as a list: JSON documents write `"a"` for `["a"]`. None is empty, an unknown is an unknown list."""
    if type(value) is list:  # asked first, as most are
        return value
    if value is None:
        return []
    if isinstance(value, Unknown) and not isinstance(value, Text) and not (isinstance(value, Ref) and value.is_text):
        return PartialList([], value)
    return value if isinstance(value, list) else [value]


def is_map(value: Any) -> bool:
    """True for a map or object; undetermined for an unknown."""
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return isinstance(value, dict)


def show(value: Any) -> str:
    """A value as a person would write it, unknown parts included; never raises."""
    if isinstance(value, Text):
        return '"' + "".join(p if isinstance(p, str) else "${" + _inner(p) + "}" for p in value.parts) + '"'
    if isinstance(value, Unknown):
        return "${" + _inner(value) + "}" if isinstance(value, Ref) else f"unknown ({value.reason})"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + (value if len(value) <= 120 else value[:117] + "...") + '"'
    if isinstance(value, list):
        items = list(list.__iter__(value))
        tail = ", ..." if len(items) > 6 or isinstance(value, PartialList) else ""
        return "[" + ", ".join(show(v) for v in items[:6]) + tail + "]"
    if isinstance(value, dict):
        items = list(value.items())
        return "{" + ", ".join(f"{k} = {show(v)}" for k, v in items[:6]) + (", ..." if len(items) > 6 else "") + "}"
    return str(value)


def _inner(value: Unknown) -> str:
    return f"{value.target}.{value.attribute}" if isinstance(value, Ref) else value.reason

"""The quick NamedTuple is typing's in everything that is asked of it."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest
from assay.tuples import NamedTuple


class Quick(NamedTuple):
    """A pair."""

    left: int
    right: str = "r"

    @property
    def both(self) -> str:
        return f"{self.left}{self.right}"


class Slow(typing.NamedTuple):
    """A pair."""

    left: int
    right: str = "r"

    @property
    def both(self) -> str:
        return f"{self.left}{self.right}"


class Heir(Quick):
    __slots__ = ()

    def more(self) -> int:
        return self.left + 1


ASKED: dict[str, Any] = {
    "positional": lambda t: tuple(t(1, "x")),
    "named": lambda t: tuple(t(right="x", left=1)),
    "default": lambda t: tuple(t(1)),
    "repr": lambda t: repr(t(1)).partition("(")[2],
    "equal": lambda t: (t(1) == (1, "r"), hash(t(1)) == hash((1, "r")), t(1) < t(2)),
    "property": lambda t: t(1).both,
    "replaced": lambda t: tuple(t(1)._replace(right="x")),
    "as dict": lambda t: t(1)._asdict(),
    "made": lambda t: tuple(t._make([1, "x"])),
    "fields": lambda t: (t._fields, t.__match_args__, t.__doc__),
    "pickled": lambda t: tuple(pickle.loads(pickle.dumps(t(1)))),  # noqa: S301
    "copied": lambda t: (tuple(copy.copy(t(1))), tuple(copy.deepcopy(t(1)))),
    "bare": lambda t: hasattr(t(1), "__dict__"),
}


@pytest.mark.parametrize("what", ASKED)
def test_it_answers_as_typing_does(what: str) -> None:
    assert ASKED[what](Quick) == ASKED[what](Slow)


@pytest.mark.parametrize("wrong", [(), (1, "x", 2)])
def test_wrong_calls_are_refused_by_name(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"Quick\.__new__\(\)"):
        Quick(*wrong)


def test_it_cannot_be_changed() -> None:
    for name in ("left", "other"):
        with pytest.raises(AttributeError):
            setattr(Quick(1), name, 2)


def test_it_can_be_inherited_from() -> None:
    heir = Heir(1)
    assert (heir.more(), heir.right, repr(heir)) == (2, "r", "Heir(left=1, right='r')")
    assert tuple(heir._replace(left=5)) == (5, "r")

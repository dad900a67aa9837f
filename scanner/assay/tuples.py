"""`typing.NamedTuple` that leaves annotations alone: typing compiles each one that is text, which for the tuples of a small
scan takes as long as reading its files."""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    _OURS = {"__annotations__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__"}

    class _Maker(type):
        def __new__(cls, name, bases, space):
            if not bases:
                return super().__new__(cls, name, bases, space)
            fields = space["__annotations__"]
            defaults = [space[f] for f in fields if f in space]
            made = namedtuple(name, fields, defaults=defaults, module=space["__module__"])
            made.__annotations__ = fields
            for key, value in space.items():
                if key not in _OURS and key not in fields:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """What `typing.NamedTuple` gives, for a module whose annotations are text."""


__all__ = ["NamedTuple"]

"""`typing.NamedTuple` for modules whose annotations are text, made at a fifth of the cost.

Typing compiles every annotation, and `collections.namedtuple` a constructor for every class: for the sixty tuples of a
small scan that takes longer than reading its files. Here tuples with the same number of fields share the code.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import _tuplegetter
    from types import FunctionType

    _codes = {}
    _GLOBALS = {"_new": tuple.__new__, "__builtins__": {}}

    def _constructor(name, fields, defaults):
        code = _codes.get(len(fields))
        if code is None:
            names = ", ".join(f"a{i}" for i in range(len(fields)))
            code = _codes[len(fields)] = eval(f"lambda _cls, {names}: _new(_cls, ({names},))", _GLOBALS).__code__  # noqa: S307
        code = code.replace(co_name="__new__", co_qualname=f"{name}.__new__", co_varnames=("_cls", *fields))
        return FunctionType(code, _GLOBALS, "__new__", defaults)

    class _Maker(type):
        def __new__(cls, name, bases, space):
            fields = tuple(space.get("__annotations__", ()))
            if fields:
                defaults = tuple(space[f] for f in fields if f in space)
                space.update((f, _tuplegetter(i, None)) for i, f in enumerate(fields))
                space.update(__slots__=(), _fields=fields, __match_args__=fields)
                space["__new__"] = _constructor(name, fields, defaults)
            return super().__new__(cls, name, bases, space)

    class NamedTuple(tuple, metaclass=_Maker):
        __slots__ = ()
        _fields = ()

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changes):
            return type(self)(**{**self._asdict(), **changes})

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)


__all__ = ["NamedTuple"]

"""Regular expressions compiled when they are first used: compiling all of ours takes longer than a small scan."""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from re import compile as pattern
    from typing import Any
else:

    class pattern:  # noqa: N801 - it stands in for `re.compile`
        """What `re.compile` gives for the same arguments, later."""

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._text = text
            self._flags = flags

        def __getattr__(self, name: str) -> Any:
            import re

            if name.startswith("__"):
                raise AttributeError(name)
            compiled = re.compile(self._text, self._flags)
            # From now on the methods stand on this object itself, and cost what they cost there.
            for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "split"):
                setattr(self, method, getattr(compiled, method))
            return getattr(compiled, name)


__all__ = ["pattern"]

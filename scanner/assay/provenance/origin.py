"""Where a linked live resource stands: at the block that made it, and for each value where the code writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.model import Fix, Location, Step, Undetermined, lookup_quietly
from assay.provenance.matching import LOW
from assay.provenance.normal import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.model import Origin, Resource, ValuePath
    from assay.provenance.drift import Difference
    from assay.provenance.matching import Match


class CodeOrigin:
    """The origin of a live resource whose block is known; `parts` are the blocks beside it, by what they set of it."""

    __slots__ = ("_block", "differences", "live", "match", "own", "parts")

    def __init__(self, live: Resource, match: Match, parts: dict[str | None, list[Resource]]) -> None:
        self.live = live
        self.own: Origin = live.origin
        self.match = match
        self.parts = parts
        self.differences: Sequence[Difference] = ()
        self._block: Location | None = None

    def locate(self, path: ValuePath) -> Location:
        """The place of what `path` means in the code; the block, where it is not written or cannot be told apart."""
        if not path:
            if self._block is None:  # asked by every format, for each finding
                self._block = self.match.code.origin.locate(())
            return self._block
        block, steps = self._written(path)
        return block.origin.locate(steps)

    def trace(self, path: ValuePath) -> list[Step]:
        """That the block declares it and how that is known, then how the value there came to be."""
        block, steps = self._written(path)
        head = self.locate(())
        said = (
            f"{self.match.name} declares {self.live.address} ({self.match.confidence} confidence, by {self.match.by})"
        )
        written = steps and lookup_quietly(block.values, steps) is not None
        return [Step(head.file, head.start_line, said), *(block.origin.trace(steps) if written else ())]

    def declared(self) -> dict[str, Any]:
        """The block as reports in JSON tell it."""
        m, place = self.match, self.locate(())
        return {
            "address": m.name, "confidence": m.confidence, "by": m.by, "file": place.file, "line": place.start_line,
        }  # fmt: skip

    def in_code(self, fix: Fix) -> Fix | None:
        """The same fix in the code; None where that says so already, or where it is not sure which block it is."""
        block, steps = self._written(fix.path)
        sure = self.match.comparable and self.match.confidence != LOW
        if not sure or len(steps) != len(fix.path) or lookup_quietly(block.values, steps) == fix.value:
            return None
        return Fix(block, steps, fix.value, fix.safe)

    def _written(self, path: ValuePath) -> tuple[Resource, ValuePath]:
        """The block that writes the value, and the path to it there."""
        code = self.match.code
        if not path:
            return code, ()
        name = str(path[0])
        if code.values.get(name) is None and len(self.parts.get(name, ())) == 1:
            code = self.parts[name][0]
        return code, _path_in(code, self.live, path)


def _path_in(code: Resource, live: Resource, path: ValuePath) -> ValuePath:
    """The path of the same thing in the code: an item is found by its content, as far as it is certain which one."""
    found: list[str | int] = []
    mine: Any = code.values
    other: Any = live.values
    for step in path:
        if isinstance(step, int):
            at = _position(mine, other, step)
            if at is None:
                break
            mine, other = list.__getitem__(mine, at), list.__getitem__(other, step)
            found.append(at)
        else:
            mine, other = _child(mine, step), _child(other, step)
            found.append(step)
            if mine is None:
                break
    return tuple(found)


def _child(value: Any, step: str) -> Any:
    if isinstance(value, list) and list.__len__(value) == 1:
        value = list.__getitem__(value, 0)
    return value.get(step) if isinstance(value, dict) else None


def _position(mine: Any, other: Any, index: int) -> int | None:
    """Which item of the code is the live one at `index`; None where more than one or none can be."""
    if not isinstance(mine, list) or not isinstance(other, list) or index >= list.__len__(other):
        return None
    if list.__len__(mine) == list.__len__(other) == 1:
        return 0
    wanted = list.__getitem__(other, index)
    try:
        hits = [i for i, item in enumerate(list.__iter__(mine)) if same(item, wanted, lambda _: None)]
    except (Undetermined, RecursionError):
        return None
    return hits[0] if len(hits) == 1 else None

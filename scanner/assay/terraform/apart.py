"""Which files of root modules stand apart from the files a hook names: no value of theirs comes from one of those.

Read off the text, and rather too little than too much: a file that mentions what a named file declares is not apart,
nor is one that mentions what such a file declares. Values that enter or leave a module may go anywhere in the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from assay.terraform.modules import Module
    from assay.terraform.syntax import SourceFile

_PREFIX = {"resource": "", "data": "data.", "variable": "var.", "module": "module."}


def led(modules: Sequence[Module], named: Collection[str]) -> set[str]:
    """The files, as they are shown, of one root module and what it calls, that are named or take a value from one.

    All of them when none is named, for then it is something else of theirs, and when one cannot be read as a whole.

    Args:
        modules: the root module and every module it reaches.
        named: files as they are shown.
    """
    homes = {file.shown: (module, file) for module in modules for file in module.files}
    found = {shown for shown in homes if shown in named}
    waiting = list(found)
    while waiting:
        module, file = homes[waiting.pop()]
        kinds = {block.kind for block in file.blocks}
        if file.faults or (len(modules) > 1 and not kinds.isdisjoint(("module", "output"))):
            return set(homes)
        names = list(_declared(file))
        for other in module.files:
            if other.shown not in found and any(name in other.data for name in names):
                found.add(other.shown)
                waiting.append(other.shown)
    return found or set(homes)


def _declared(file: SourceFile) -> Iterator[bytes]:
    """What other files of the module write to refer to something in this one."""
    for block in file.blocks:
        if block.kind == "locals":
            for name in block.body.attributes:
                yield f"local.{name}".encode()
        elif block.kind in _PREFIX and block.labels:
            yield f"{_PREFIX[block.kind]}{'.'.join(block.labels)}".encode()

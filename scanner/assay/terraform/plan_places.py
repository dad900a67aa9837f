"""Where a plan's resources stand: in the code beside the plan when it is there, else in the plan itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.model import Remark, Request, Step, ValuePath
    from assay.terraform.trace import BlockOrigin, Frame, Sources


class Place:
    """A plan's file, and the code beside it, read when a finding asks for the first time."""

    __slots__ = ("_frames", "_lines", "_sources", "base", "path", "shown", "var_files", "variables")

    def __init__(self, path: str, shown: str, request: Request) -> None:
        self.path = path
        self.shown = shown
        self.base = request.base
        self.var_files = list(request.var_files)
        self.variables = dict(request.variables)
        self._sources: Sources | None = None
        self._frames: dict[tuple[str, ...], Frame | None] = {}
        self._lines: dict[str, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        from assay.model import Request

        request = Request([self.path], self.base, variables=self.variables, var_files=self.var_files)
        return (Place, (self.path, self.shown, request))

    def origin(self, module: str, type_: str, name: str, address: str) -> PlanOrigin:
        """The origin of what a block of a module declares; `type_` is `module` or `provider` for those."""
        return PlanOrigin(self, module, type_, name, address)

    def frame(self, module: str) -> Frame | None:
        """A module's directory and how it is called; None when its code is not beside the plan."""
        from assay.terraform.plan_reader import calls

        return self._frame(calls(module), module)

    def _frame(self, names: tuple[str, ...], address: str) -> Frame | None:
        if names not in self._frames:
            self._frames[names] = self._find(names, address)
        return self._frames[names]

    def _find(self, names: tuple[str, ...], address: str) -> Frame | None:
        from assay.paths import repository
        from assay.terraform.trace import Frame, Sources

        directory = os.path.dirname(os.path.realpath(self.path))
        if self._sources is None:
            self._sources = Sources(
                [repository(directory)], os.path.realpath(self.base), self.var_files, self.variables
            )
        if not names:
            return Frame(self._sources, directory, "", (), None)
        above = self._frame(names[:-1], address)
        block = above.module.calls.get(names[-1]) if above is not None and above.module is not None else None
        if above is None or block is None:
            return None
        found = self._sources.loader.called_directory(above.directory, block)
        return None if found is None else above.enter(found, block, address)

    def remarks(self, modules: Iterable[str]) -> list[Remark]:
        """The waivers written in the code of these modules: they hold for the plan of it as well."""
        from assay.terraform.plan_reader import calls
        from assay.terraform.remarks import remarks

        found: list[Remark] = []
        for address in {calls(address): address for address in modules}.values():
            frame = self.frame(address)
            module = frame.module if frame is not None else None
            for file in module.files if module is not None else ():
                found += [r for r in remarks(file) if r not in found]
        return found

    def line(self, address: str) -> int:
        """The line of the plan's file where an address first stands; 1 when the file is one line."""
        if self._lines is None:
            self._lines = {}
            with open(self.path, "rb") as handle:
                for number, text in enumerate(handle, 1):
                    if b'"address"' in text and len(text) < 10_000:
                        self._lines.setdefault(_address(text), number)
        return self._lines.get(address, 1)


def _address(line: bytes) -> str:
    """The address on a line of a plan that is written one member a line."""
    import json

    try:
        found = json.loads(b"{" + line.strip().rstrip(b",") + b"}")
    except ValueError:
        return ""
    address = found.get("address")
    return address if isinstance(address, str) else ""


class PlanOrigin:
    """The origin of one resource of a plan."""

    __slots__ = ("address", "module", "name", "place", "type")

    def __init__(self, place: Place, module: str, type_: str, name: str, address: str) -> None:
        self.place = place
        self.module = module
        self.type = type_
        self.name = name
        self.address = address

    def locate(self, path: ValuePath) -> Location:
        """The block in the code beside the plan, else the plan; the values are the plan's in both cases."""
        note = f"the value is the plan's, {self.place.shown}"
        try:
            block = self._block()
            if block is not None:
                return block.locate(path)._replace(note=note)
            return Location(self.place.shown, self.place.line(self.address), note=note)
        except (OSError, ValueError):
            return Location(self.place.shown, note=note)

    def trace(self, path: ValuePath) -> list[Step]:
        from assay.model import Step

        try:
            block = self._block()
            steps = block.trace(path) if block is not None else []
            line = self.place.line(self.address)
        except (OSError, ValueError):
            return []
        return [*steps, Step(self.place.shown, line, f"the plan says what {self.address} will be")]

    def _block(self) -> BlockOrigin | None:
        from assay.terraform.places import layers_of
        from assay.terraform.trace import BlockOrigin

        frame = self.place.frame(self.module)
        module = frame.module if frame is not None else None
        if frame is None or module is None:
            return None
        if self.type == "module":
            block = module.calls.get(self.name)
        elif self.type == "provider":
            block = module.providers.get(self.name)
        else:
            block = module.resources.get((self.type, self.name))
        return None if block is None else BlockOrigin(layers_of(block), frame)

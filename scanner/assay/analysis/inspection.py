"""What a live archive is known by once its code is gone: facts found at its download, from which rules judge it later.

Facts are names, sizes, places and kinds: which entries there are, where a call or a credential stands and what it is,
which packages are installed. No line of code and no credential is among them, so a snapshot may hold them.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

from assay.documents.layer_archive import Entry, PackageOrigin, Unread
from assay.model import Location, Resource, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.documents.layer_archive import Package
    from assay.model import Origin, ValuePath

TARGET = 4096
"""Bytes of a symbolic link's target."""


def facts(package: Package, handler: str = "") -> dict[str, Any]:
    """What the rules on archives ask of a package, as JSON can hold it; empty lists where its entries are refused.

    Of a function's `handler` it is told which call it consists of, where that is one.
    """
    from assay.analysis.advisories import installed
    from assay.analysis.archive_contents import inspected
    from assay.analysis.lambda_code import only_call
    from assay.reports.masking import mask

    contents = inspected(package)
    found: dict[str, Any] = {
        "entries": [list(e) for e in package.entries],
        "refused": package.refused,
        "targets": {},
        **{name: [[s.entry, s.line, mask(s.what), s.package] for s in getattr(contents, name)] for name in _SPOTS},
    }
    for entry in package.entries:
        if stat.S_IFMT(entry.mode) == stat.S_IFLNK:
            try:
                found["targets"][str(entry.offset)] = package.read(entry, TARGET).decode("utf-8", "replace")
            except Unread:
                continue
    try:
        found["packages"] = [list(p) for p in installed(package)]
    except Unread:
        found["packages"] = None  # said as unknown when a rule asks
    try:
        found["handlers"] = {handler: only_call(package, handler, "the function")} if handler else {}
    except Undetermined:
        found["handlers"] = {}
    return found


_SPOTS = ("calls", "secrets", "unread", "broken")


class InspectedPackage:
    """A package by its facts: its entries are listed, and their content is gone."""

    unsized: Unknown | None = None

    __slots__ = ("_targets", "calls", "entries", "hostile", "refused", "shown")

    def __init__(self, shown: str, known: dict[str, Any]) -> None:
        self.shown = shown
        self.refused: str = known["refused"]
        self.hostile = self.refused != ""
        self.entries: Sequence[Entry] = [Entry(*row) for row in known["entries"]]
        self.calls: dict[str, str] = known["handlers"]  # the one call that a handler consists of
        self._targets: dict[str, str] = known["targets"]

    def read(self, entry: Entry, most: int) -> bytes:
        target = self._targets.get(str(entry.offset))
        if target is None:
            raise Unread("the code was inspected when it was collected, and not kept")
        return target.encode()[:most]

    def place(self, entry: str) -> str:
        return f"{self.shown}!/{entry}"


class InspectedOrigin(PackageOrigin):
    """As that of any package, save in a snapshot, where everything stands at its line."""

    __slots__ = ("own",)

    def __init__(self, own: Origin, package: InspectedPackage, memo: dict[str, object]) -> None:
        super().__init__(package)
        self.own = own
        self.memo = memo

    def locate(self, path: ValuePath) -> Location:
        place = self.own.locate(path)
        return super().locate(path) if place.file == self.package.shown else place

    def __reduce__(self) -> tuple[object, ...]:
        return (InspectedOrigin, (self.own, self.package, self.memo))


def recalled(archive: Resource) -> Resource:
    """A live archive with the package that its facts describe; as it is where there are none, or not such ones."""
    try:
        known = archive.values["inspected"]
        origin = InspectedOrigin(archive.origin, InspectedPackage(archive.address, known), _memo(known))
    except (LookupError, TypeError, ValueError, AttributeError):  # nobody could inspect it, or a foreign snapshot
        return archive
    return Resource(
        archive.type, archive.address, archive.source, archive.values, origin,
        name=archive.name, account=archive.account, region=archive.region,
    )  # fmt: skip


def _memo(known: dict[str, Any]) -> dict[str, object]:
    """What the analyses of an archive have found in it, as they keep it themselves."""
    from assay.analysis.advisories import Installed
    from assay.analysis.archive_contents import Contents
    from assay.analysis.archives import Spot

    memo: dict[str, object] = {"contents": Contents(*([Spot(*row) for row in known.get(name, ())] for name in _SPOTS))}
    if known["packages"] is not None:
        memo["packages"] = [Installed(*row) for row in known["packages"]]
    return memo

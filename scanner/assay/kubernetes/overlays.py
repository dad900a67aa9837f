"""Where the fields of a rendered overlay were written: in the base's manifest, or in the patch that set them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.kubernetes.documents import Broken, Chunk, decoded, parse
from assay.kubernetes.manifests import Document, DocumentOrigin, read_documents
from assay.kubernetes.objects import flatten, name
from assay.kubernetes.written import Written, operations_of, read, translated
from assay.model import Location, lookup_quietly
from assay.paths import display

if TYPE_CHECKING:
    from assay.model import Step, ValuePath

ORIGIN = "config.kubernetes.io/origin"


class Overlay:
    """What a rendered overlay came from; its files are read again when a finding asks."""

    __slots__ = ("_documents", "_kustomizations", "_operations", "base", "files", "patches", "wrapper")

    def __init__(self, base: str, wrapper: str, files: list[str], patches: list[str]) -> None:
        self.base = base
        self.wrapper = wrapper
        self.files = files
        self.patches = patches
        self._documents: dict[str, list[tuple[Any, DocumentOrigin]]] = {}
        self._operations: dict[str, list[tuple[ValuePath, Any, DocumentOrigin]]] = {}
        self._kustomizations: list[Written] | None = None

    def source(self, values: dict[str, Any]) -> str:
        """The file an object came from, by the annotation, which is taken off the object."""
        annotations = (values.get("metadata") or {}).get("annotations") or {}
        told = annotations.pop(ORIGIN, None)
        if not annotations and "metadata" in values:
            values["metadata"].pop("annotations", None)
        try:
            origin = parse(str(told).encode()).value
        except Broken:
            origin = None
        path = origin.get("path") or origin.get("configuredIn") if isinstance(origin, dict) else None
        return os.path.normpath(os.path.join(self.wrapper, path)) if isinstance(path, str) else self.files[0]

    def documents(self, path: str) -> list[tuple[Any, DocumentOrigin]]:
        """The documents of a file, lists taken apart, each with its origin."""
        found = self._documents.get(path)
        if found is None:
            found = self._documents[path] = []
            shown = display(path, self.base)
            try:
                with open(path, "rb") as handle:
                    data = handle.read()
            except OSError:
                return found
            for chunk, value, _ in read_documents(path, data):
                document = Document(path, shown, chunk)
                if isinstance(value, dict):
                    found += [(v, DocumentOrigin(document, base)) for v, base in flatten(value)]
        return found

    def writer(self, values: dict[str, Any], path: ValuePath, wanted: Any) -> Location | None:
        """Where a kustomization itself writes a field of an object: the outermost one that does; None for none."""
        if self._kustomizations is None:
            self._kustomizations = [w for path in self.files if (w := read(path, self.base)) is not None]
        found = (w.place(values, path, wanted) for w in self._kustomizations)
        return next((place for place in found if place is not None), None)

    def operations(self, path: str) -> list[tuple[ValuePath, Any, DocumentOrigin]]:
        """The operations of a JSON patch (RFC 6902), the last first: where each writes, what, and where it stands."""
        found = self._operations.get(path)
        if found is None:
            found = self._operations[path] = self._read_operations(path)[::-1]
        return found

    def _read_operations(self, path: str) -> list[tuple[ValuePath, Any, DocumentOrigin]]:
        try:
            with open(path, "rb") as handle:
                data = decoded(handle.read())
            value = parse(data).value
        except (OSError, Broken):
            return []
        document = Document(path, display(path, self.base), Chunk(0, len(data), 0))
        return [(target, told, DocumentOrigin(document, (i,))) for i, target, told in operations_of(value)]


class OverlayOrigin:
    """The origin of one rendered object."""

    __slots__ = ("file", "overlay", "values")

    def __init__(self, overlay: Overlay, values: dict[str, Any], file: str) -> None:
        self.overlay = overlay
        self.values = values
        self.file = file

    def locate(self, path: ValuePath) -> Location:
        own = self._nearest(self.overlay.documents(self.file))
        wanted = lookup_quietly(self.values, path)
        candidates = [d for p in reversed(self.overlay.patches) for d in self._of_kind(self.overlay.documents(p))]
        for patch in reversed(self.overlay.patches if path else []):
            for target, value, origin in self.overlay.operations(patch):
                if path[: len(target)] == target and lookup_quietly(value, path[len(target) :]) == wanted:
                    return origin.locate(())
        for values, origin in [*candidates, *([own] if own is not None else [])]:
            there = translated(self.values, values, path)
            if there is not None and path and lookup_quietly(values, there) == wanted:
                return origin.locate(there)
        written = self.overlay.writer(self.values, path, wanted)
        if written is not None:
            return written
        if own is None:
            return Location(display(self.file, self.overlay.base))
        return own[1].locate(translated(self.values, own[0], path, partly=True) or ())

    def trace(self, path: ValuePath) -> list[Step]:
        return []

    def _of_kind(self, documents: list[tuple[Any, DocumentOrigin]]) -> list[tuple[Any, DocumentOrigin]]:
        """The documents that speak of this object; an overlay may have put something before or behind its name."""
        mine = name(self.values)
        return [
            (values, origin)
            for values, origin in documents
            if values.get("kind") == self.values.get("kind") and name(values) and name(values) in mine
        ]

    def _nearest(self, documents: list[tuple[Any, DocumentOrigin]]) -> tuple[Any, DocumentOrigin] | None:
        """The document whose name is most of the object's."""
        return max(self._of_kind(documents), key=lambda d: len(name(d[0])), default=None)


class BaseOrigin:
    """The origin of a base: its kustomization, and for its objects the files that hold them."""

    __slots__ = ("objects", "shown")

    def __init__(self, shown: str, objects: list[DocumentOrigin]) -> None:
        self.shown = shown
        self.objects = objects

    def locate(self, path: ValuePath) -> Location:
        if len(path) > 1 and path[0] == "objects" and isinstance(path[1], int) and path[1] < len(self.objects):
            return self.objects[path[1]].locate(path[2:])
        return Location(self.shown)

    def trace(self, path: ValuePath) -> list[Step]:
        return []

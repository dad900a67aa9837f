"""What a kustomization writes itself: inline patches, images, numbers of replicas, namespaces, generated objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kubernetes.documents import Broken, Chunk, decoded, inside, parse
from assay.kubernetes.manifests import Document
from assay.kubernetes.objects import name
from assay.model import Location, lookup_quietly
from assay.paths import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.model import ValuePath

_IDENTITIES = ("name", "containerPort", "mountPath", "port", "key", "host", "path", "devicePath", "ip")
"""Fields that tell one element of a list from another, whatever its place."""
_GENERATORS = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}


class Written:
    """One kustomization, as far as it writes fields itself."""

    def __init__(self, document: Document, values: dict[str, Any], text: bytes) -> None:
        self._document = document
        self._values = values
        self._text = text

    def place(self, values: dict[str, Any], path: ValuePath, wanted: Any) -> Location | None:
        """Where it writes a field of a rendered object, whose value there is `wanted`; None when it does not."""
        found = self._patched(values, path, wanted)
        if found is None:
            there = self._transformed(values, path, wanted) or self._generated(values, path)
            found = self._document.place(there)[0] if there else None
        return found

    # --- patches

    def _patched(self, values: dict[str, Any], path: ValuePath, wanted: Any) -> Location | None:
        for at, patch in reversed(list(self._patches(values)) if path else []):
            try:
                told = parse(patch.encode()).value
            except Broken:
                continue
            for i, target, value in operations_of(told):
                if path[: len(target)] == target and lookup_quietly(value, path[len(target) :]) == wanted:
                    return self._inside(at, (i,))
            there = translated(values, told, path) if isinstance(told, dict) else None
            if there is not None and lookup_quietly(told, there) == wanted:
                return self._inside(at, there)
        return None

    def _patches(self, values: dict[str, Any]) -> Iterator[tuple[ValuePath, str]]:
        """The inline patches that may be of an object, each with its place."""
        kind = values.get("kind")
        for field in ("patches", "patchesJson6902", "patchesStrategicMerge"):
            for i, entry in _entries(self._values.get(field)):
                if isinstance(entry, str) and "\n" in entry:
                    yield (field, i), entry
                elif isinstance(entry, dict) and isinstance(entry.get("patch"), str):
                    target = entry.get("target")
                    if not isinstance(target, dict) or target.get("kind") in (None, kind):
                        yield (field, i, "patch"), entry["patch"]

    def _inside(self, at: ValuePath, path: ValuePath) -> Location:
        """The place of a path of a patch that is written as a block of text; else that of the patch."""
        whole = self._document.place(at)[0]
        lines = self._text.decode(errors="replace").splitlines()
        span = inside(lines, whole.start_line, whole.end_line, path)
        return whole if span is None else Location(whole.file, *span[:4])

    # --- transformers and generators

    def _transformed(self, values: dict[str, Any], path: ValuePath, wanted: Any) -> ValuePath | None:
        if path == ("metadata", "namespace") and self._values.get("namespace") == wanted:
            return ("namespace",)
        if path == ("spec", "replicas"):
            for i, entry in _entries(self._values.get("replicas")):
                if isinstance(entry, dict) and _same(entry, values) and entry.get("count") == wanted:
                    return ("replicas", i, "count")
        if path and path[-1] == "image" and isinstance(wanted, str):
            for i, entry in _entries(self._values.get("images")):
                field = _image_field(entry, wanted) if isinstance(entry, dict) else None
                if field is not None:
                    return ("images", i, field)
        return None

    def _generated(self, values: dict[str, Any], path: ValuePath) -> ValuePath | None:
        field = _GENERATORS.get(str(values.get("kind")), "")
        for i, entry in _entries(self._values.get(field)):
            if isinstance(entry, dict) and _same(entry, values):
                key = path[1] if len(path) > 1 and path[0] in ("data", "stringData", "binaryData") else None
                for part in ("literals", "files"):
                    for j, text in _entries(entry.get(part)):
                        if str(text).partition("=")[0].rpartition("/")[2] == key:
                            return (field, i, part, j)
                return (field, i)
        return None


def read(path: str, base: str) -> Written | None:
    """The kustomization in a file; None when it cannot be read."""
    try:
        with open(path, "rb") as handle:
            text = decoded(handle.read())
        values = parse(text).value
    except (OSError, Broken):
        return None
    document = Document(path, display(path, base), Chunk(0, len(text), 0))
    return Written(document, values, text) if isinstance(values, dict) else None


def _entries(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, list) else []


def _same(entry: dict[str, Any], values: dict[str, Any]) -> bool:
    """Whether an entry names an object, whose name may have got a prefix and a suffix."""
    return isinstance(entry.get("name"), str) and bool(entry["name"]) and entry["name"] in name(values)


def _image_field(entry: dict[str, Any], image: str) -> str | None:
    """The field of an entry of `images` that made an image what it is."""
    stem = entry.get("newName") or entry.get("name")
    if (
        not isinstance(stem, str)
        or not image.startswith(stem)
        or image[len(stem) : len(stem) + 1] not in ("", ":", "@")
    ):
        return None
    for field, sign in (("digest", "@"), ("newTag", ":")):
        if entry.get(field) is not None and image == f"{stem}{sign}{entry[field]}":
            return field
    return "newName" if entry.get("newName") else None


def operations_of(value: Any) -> list[tuple[int, ValuePath, Any]]:
    """The operations of a JSON patch (RFC 6902): the place of each in the patch, where it writes, and what."""
    return [
        (i, _pointed(entry["path"]), entry.get("value"))
        for i, entry in _entries(value)
        if isinstance(entry, dict) and isinstance(entry.get("path"), str)
    ]


def _pointed(pointer: str) -> ValuePath:
    """A JSON pointer (RFC 6901) as a path."""
    steps = [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]
    return tuple(int(s) if s.isdigit() else s for s in steps)


def translated(rendered: Any, written: Any, path: ValuePath, *, partly: bool = False) -> ValuePath | None:
    """A path of the rendered object in what somebody wrote: lists are merged by what names their elements."""
    steps: list[str | int] = []
    for step in path:
        if isinstance(step, int):
            wanted = rendered[step] if isinstance(rendered, list) and step < len(rendered) else None
            there = _index(wanted, written) if isinstance(written, list) else None
            if there is None:
                return tuple(steps) if partly else None
            steps.append(there)
            rendered, written = wanted, written[there]
        else:
            if not isinstance(written, dict) or step not in written:
                return tuple(steps) if partly else None
            steps.append(step)
            rendered = rendered.get(step) if isinstance(rendered, dict) else None
            written = written[step]
    return tuple(steps)


def _index(wanted: Any, items: list[Any]) -> int | None:
    if isinstance(wanted, dict):
        for identity in _IDENTITIES:
            if identity in wanted:
                same = (i for i, v in enumerate(items) if isinstance(v, dict) and v.get(identity) == wanted[identity])
                found = next(same, None)
                if found is not None:
                    return found
    return items.index(wanted) if wanted in items else None

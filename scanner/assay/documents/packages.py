"""The packages that Terraform names: a function's or layer's `filename`, and what `archive_file` will put into one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.documents import kind_of
from assay.documents.layer_archive import TreePackage, archive_of
from assay.model import PartialList, Ref, Resource, Unknown
from assay.paths import display

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.documents.layer_archive import Files
    from assay.documents.reading import Documents
    from assay.model import Intake

MAX_FILES = 50_000


def join_package(documents: Documents, r: Resource) -> None:
    """Link a function or layer to its archive; one that is not there is said, for nobody has judged its content."""
    filename = r.values.get("filename")
    source = _archive_file(documents, r, filename)
    path = named_path(documents, r, filename)
    archive: Resource | None = None
    if source is not None:
        archive = _of_archive_file(documents, source)
    elif path:
        archive = _of_zip(documents, path, r)
    else:
        _say_elsewhere(documents, r)
    if archive is not None:
        documents.intake.links.append((r, archive, "filename"))


def _say_elsewhere(documents: Documents, r: Resource) -> None:
    """Say of code that no file of the tree can be, that nobody has judged it."""
    filename, bucket = r.values.get("filename"), r.values.get("s3_bucket")
    if isinstance(filename, Unknown):
        why = f"its archive is not known: {filename.reason}"
    elif bucket is not None:
        why = "its code lies in a bucket"
    else:  # an image, or nothing at all
        return
    documents.skipped.setdefault(r.address, f"{why}, so its content was not judged")


def join_live(intake: Intake) -> None:
    """Give live archives the packages that were inspected, and link them to their functions and layers."""
    from assay.analysis.archives import LIVE
    from assay.analysis.inspection import recalled

    known: dict[str, Resource] = {}
    kept: list[Resource] = []
    for r in intake.resources:
        if r.type == "archive" and r.source == "aws":
            if r.address in known:
                continue  # a layer of another account is told by every function that uses it
            r = known[r.address] = recalled(r)
        kept.append(r)
    intake.resources[:] = kept
    for user in kept if known else ():
        if user.source == "aws" and user.type in ("aws_lambda_function", "aws_lambda_layer_version"):
            archive = known.get(f"{user.address}{LIVE}")
            if archive is not None:
                intake.links.append((user, archive, "filename"))


def named_path(documents: Documents, r: Resource, value: Any) -> str:
    """The file that an attribute names; empty when nobody knows. Relative paths start at the root module.

    A plan does not say where that is: it is taken to lie beside its configuration, as `terraform show` leaves it.
    """
    if not isinstance(value, str) or not value or "\0" in value:
        return ""
    root = os.path.dirname(r.root) if r.source == "plan" else r.root
    return os.path.normpath(os.path.join(documents.request.base, root, value))


def _of_zip(documents: Documents, path: str, r: Resource) -> Resource | None:
    if not documents.files.allowed(path) or not os.path.isfile(path):
        shown = display(path, documents.request.base)
        where = "is not here" if documents.files.allowed(path) else "lies outside the scanned directory"
        documents.skipped.setdefault(shown, f"{r.address} names it and it {where}, so its content was not judged")
        return None
    found = documents.read(path, "layer_archive")
    return found[0] if found else None


def _archive_file(documents: Documents, r: Resource, filename: Any) -> Resource | None:
    """The `archive_file` that makes the archive of this name, in the same root module."""
    for data in documents.intake.resources:
        if data.type in ("data.archive_file", "archive_file") and (data.root, data.source) == (r.root, r.source):
            if isinstance(filename, Ref):
                if filename.target == data.address and filename.attribute == "output_path":
                    return data
            elif filename is not None and not isinstance(filename, Unknown):
                made = data.values.get("output_path")
                if isinstance(made, str) and os.path.normpath(made) == os.path.normpath(str(filename)):
                    return data
    return None


def _of_archive_file(documents: Documents, data: Resource) -> Resource:
    """The archive that Terraform will make; made once, however many use it."""
    known = documents.made.get(id(data))
    if known is None:
        output = data.values.get("output_path")
        shown = display(named_path(documents, data, output) or data.address, documents.request.base)
        files, refused = _files(documents, data)
        known = archive_of(TreePackage(shown, files, refused), "document")
        documents.made[id(data)] = known
        documents.intake.resources.append(known)
        documents.intake.links.append((known, data, "made by"))
        for path, _, _ in files.values():
            if path.endswith((".py", "Dockerfile")):
                _join_source(documents, known, path)
    return known


def _join_source(documents: Documents, archive: Resource, path: str) -> None:
    kind = kind_of(path, documents.head(path))
    for source in documents.read(path, kind) if kind else ():
        documents.intake.links.append((archive, source, "source"))


def _files(documents: Documents, data: Resource) -> tuple[Files, str]:
    """By their names in the archive: the files, and why there may be others; empty when there are none."""
    found: Files = {}
    gaps = [*_written(data, found), *_single(documents, data, found), *_folder(documents, data, found)]
    return found, "; ".join(gaps)


def _written(data: Resource, found: Files) -> Iterator[str]:
    """What Terraform itself writes into it."""
    place = data.origin.locate(()).file
    blocks = data.values.get("source")
    several = blocks.unknown if isinstance(blocks, PartialList) else blocks
    if isinstance(several, Unknown):
        yield f"what else goes into it is not known: {several.reason}"
    for part in [data.values, *_blocks(data.values.get("source"))]:
        content = part.get("content", part.get("source_content"))
        name = part.get("filename", part.get("source_content_filename"))
        if isinstance(name, Unknown):
            yield f"the name of a file in it is not known: {name.reason}"
        elif isinstance(name, str) and isinstance(content, (str, Unknown)):
            found[name] = ("", place, content.encode() if isinstance(content, str) else content)


def _source(documents: Documents, data: Resource, name: str) -> tuple[str, str]:
    """The path that a source names, or why there is none: both empty when it names nothing."""
    value = data.values.get(name)
    if isinstance(value, Unknown):
        return "", f"what goes into it is not known: {value.reason}"
    path = named_path(documents, data, value)
    if not path:
        return "", ""
    shown = display(path, documents.request.base)
    if not documents.files.allowed(path):
        return "", f"its {name} {shown} lies outside the scanned directory"
    there = os.path.isdir(path) if name == "source_dir" else os.path.isfile(path)
    return (path, "") if there else ("", f"its {name} {shown} is not here")


def _single(documents: Documents, data: Resource, found: Files) -> Iterator[str]:
    path, gap = _source(documents, data, "source_file")
    if path:
        found[os.path.basename(path)] = (path, display(path, documents.request.base), None)
    if gap:
        yield gap


def _folder(documents: Documents, data: Resource, found: Files) -> Iterator[str]:
    folder, gap = _source(documents, data, "source_dir")
    if gap:
        yield gap
    if not folder:
        return
    excludes = data.values.get("excludes")
    unknown = excludes if isinstance(excludes, Unknown) else next((e for e in _items(excludes) if _unknown(e)), None)
    if unknown is not None:
        yield f"what it leaves out is not known: {unknown.reason}"
    leaves_out = _matcher([e for e in _items(excludes) if isinstance(e, str)])
    for inside, path in _walk(folder, leaves_out):
        if len(found) >= MAX_FILES:
            yield f"it holds more than {MAX_FILES:,} files"
            return
        if documents.files.allowed(path):
            found[inside] = (path, display(path, documents.request.base), None)
        else:
            yield f"{display(path, documents.request.base)} leads out of the scanned directory"


def _walk(folder: str, leaves_out: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The files of a folder, by their names within it; links to folders are followed, as `archive_file` does."""
    waiting = [("", folder, frozenset((os.path.realpath(folder),)))]
    while waiting:
        inside, top, above = waiting.pop()
        try:
            names = sorted(os.listdir(top), reverse=True)
        except OSError:
            continue
        folders = []
        for name in reversed(names):
            path, within = os.path.join(top, name), f"{inside}{name}"
            if leaves_out(within):
                continue
            if os.path.isdir(path):
                real = os.path.realpath(path)
                if real not in above:
                    folders.append((f"{within}/", path, above | {real}))
            elif os.path.isfile(path):
                yield within, path
        waiting += reversed(folders)


def _matcher(excludes: list[str]) -> Callable[[str], bool]:
    """Whether one of these patterns leaves a path out: `**` crosses folders, `*` does not, a folder means all in it."""
    from assay.terraform.functions_files import path_pattern
    from assay.terraform.values import EvalError

    plain = {e.strip("/").removeprefix("./") for e in excludes}
    patterns = []
    for exclude in excludes:
        try:
            patterns.append(path_pattern(exclude))
        except EvalError:
            continue  # the provider refuses it as well
    return lambda path: path in plain or any(p.fullmatch(path) for p in patterns)


def _items(value: Any) -> list[Any]:
    return list(list.__iter__(value)) if isinstance(value, list) else []


def _unknown(value: Any) -> bool:
    return isinstance(value, Unknown)


def _blocks(value: Any) -> list[dict[str, Any]]:
    return [v for v in list.__iter__(value) if isinstance(v, dict)] if isinstance(value, list) else []

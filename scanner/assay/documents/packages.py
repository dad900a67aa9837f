"""The packages that Terraform names: a function's or layer's `filename`, and what `archive_file` will put into one."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from assay.documents import kind_of
from assay.documents.layer_archive import TreePackage, archive_of
from assay.model import Ref, Resource, Unknown
from assay.paths import display

if TYPE_CHECKING:
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
    if archive is not None:
        documents.intake.links.append((r, archive, "filename"))


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
    """The file that an attribute names; empty when nobody knows. Relative paths start at the root module."""
    if not isinstance(value, str) or not value or "\0" in value:
        return ""
    return os.path.normpath(os.path.join(documents.request.base, r.root, value))


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


def _files(documents: Documents, data: Resource) -> tuple[dict[str, tuple[str, str, bytes | None]], str]:
    """By their names in the archive: the files, and why there may be more."""
    found: dict[str, tuple[str, str, bytes | None]] = {}
    base = documents.request.base
    place = data.origin.locate(()).file
    for part in [data.values, *_blocks(data.values.get("source"))]:
        content = part.get("content", part.get("source_content"))
        name = part.get("filename", part.get("source_content_filename"))
        if isinstance(content, str) and isinstance(name, str):
            found[name] = ("", place, content.encode())
    single = named_path(documents, data, data.values.get("source_file"))
    if single and documents.files.allowed(single) and os.path.isfile(single):
        found[os.path.basename(single)] = (single, display(single, base), None)
    folder = named_path(documents, data, data.values.get("source_dir"))
    if not folder:
        unknown = next((v for k in ("source_dir", "source_file") if isinstance(v := data.values.get(k), Unknown)), None)
        return found, f"what goes into it is not known: {unknown.reason}" if unknown is not None else ""
    excludes = data.values.get("excludes")
    without = [e for e in list.__iter__(excludes) if isinstance(e, str)] if isinstance(excludes, list) else []
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(top, name)
            inside = os.path.relpath(path, folder).replace(os.sep, "/")
            if any(inside == e or fnmatch(inside, e) or inside.startswith(e.rstrip("/") + "/") for e in without):
                continue
            if len(found) >= MAX_FILES:
                return found, f"it holds more than {MAX_FILES:,} files"
            if documents.files.allowed(path):
                found[inside] = (path, display(path, base), None)
    return found, ""


def _blocks(value: Any) -> list[dict[str, Any]]:
    return [v for v in list.__iter__(value) if isinstance(v, dict)] if isinstance(value, list) else []

"""Manifests read into resources: every document of every file, and what became of each file."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from assay.kubernetes import CHART, KUSTOMIZATIONS, STDIN, looks_like_manifest
from assay.kubernetes import documents as yaml_documents
from assay.kubernetes.documents import Broken, Chunk, Span, decoded, narrowest
from assay.kubernetes.objects import address, flatten, name, opened
from assay.model import Location, Resource
from assay.paths import display, repository
from assay.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.model import Intake, Request, Step, ValuePath

MAX_FILE = 20_000_000
_REMARKS = (b"assay:", b"checkov:", b"trivy:", b"tfsec:", b"kics-scan")
_NOT_RENDERED = (
    "a template that is not rendered yet; render it and scan the output (`helm template ... | assay scan -`)"
)


class Unreadable(Exception):
    """A file that cannot be read: the sentence that says why."""


class Document:
    """One document of a file, and where its fields stand."""

    __slots__ = ("chunk", "path", "shown", "text")

    def __init__(self, path: str, shown: str, chunk: Chunk, text: bytes | None = None) -> None:
        self.path = path
        self.shown = shown
        self.chunk = chunk
        self.text = text  # kept only where the file cannot be read again

    def spans(self) -> Span:
        """Where every field stands; parsed again, and kept for the findings that follow."""
        key = (self.path, self.chunk.start, self._version())
        found = _kept.get(key)
        if found is None:
            text = self._read()
            if len(_kept) >= KEPT or len(text) > LARGE_TEXT:
                _kept.clear()
            found = _kept[key] = yaml_documents.positions(text, self.chunk.line)
        return found

    def _version(self) -> int:
        """What is another one once the text has changed."""
        return os.stat(self.path).st_mtime_ns if self.text is None else hash(self.text)

    def _read(self) -> bytes:
        if self.text is not None:
            return self.text
        with open(self.path, "rb") as handle:
            return decoded(handle.read())[self.chunk.start : self.chunk.end]

    def current(self) -> str | None:
        """The text as it stands now; None where it cannot be read, or is not written as UTF-8."""
        try:
            if self.text is None:
                with open(self.path, "rb") as handle:
                    if handle.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                        return None
            return self._read().decode()
        except (OSError, ValueError):
            return None

    def place(self, path: ValuePath) -> tuple[Location, int]:
        """The narrowest place of a path, and how many of its steps are written."""
        try:
            span, depth = narrowest(self.spans(), path)
            if depth < len(path) and not span.inner:
                span = self._inside(span, path[depth:]) or span
        except (OSError, ValueError):
            return Location(self.shown, self.chunk.line + 1, 1, self.chunk.line + 1, 1), 0
        return Location(self.shown, span.start_line, span.start_column, span.end_line, span.end_column), depth

    def _inside(self, span: Span, path: ValuePath) -> Span | None:
        """The place of a path of the document that a text holds, as ConfigMaps do."""
        above = self.chunk.line
        if span.start_line <= above:
            return None
        lines = self._read().decode(errors="replace").split("\n")
        found = yaml_documents.inside(lines, span.start_line - above, span.end_line - above, path)
        return found and found._replace(start_line=found.start_line + above, end_line=found.end_line + above)


KEPT = 64
LARGE_TEXT = 100_000
"""Positions of so many documents are kept, for a finding is seldom alone; beside a large text those of no other."""
_kept: dict[tuple[str, int, int], Span] = {}


class DocumentOrigin:
    """The origin of an object: its document, and its path there when it is an item of a list."""

    __slots__ = ("base", "document")

    def __init__(self, document: Document, base: ValuePath) -> None:
        self.document = document
        self.base = base

    def locate(self, path: ValuePath) -> Location:
        return self.document.place((*self.base, *path))[0]

    def trace(self, path: ValuePath) -> list[Step]:
        return []


class Estate:
    """Everything a scan reads as Kubernetes manifests."""

    def __init__(self, request: Request, paths: Sequence[str], intake: Intake) -> None:
        self.request = request
        self.intake = intake
        self.paths = list(dict.fromkeys(paths))
        self.overlay: dict[str, bytes] = request.options.get("overlay") or {}  # edits that are being tried
        self.trees = list(dict.fromkeys(os.path.realpath(repository(p)) for p in request.paths if p != STDIN))

    def run(self) -> None:
        """Render what is to be rendered, then read the files that stand for themselves."""
        files = [p for p in self.paths if os.path.basename(p) != CHART and os.path.basename(p) not in KUSTOMIZATIONS]
        if len(files) < len(self.paths):
            from assay.kubernetes.rendering import render

            files = render(self, files)
        for path in files:
            patched = self._patched(path) if self.request.files_only and path != STDIN else None
            if patched is None:
                self.file(path)
            else:
                reason = f"a patch of {patched}: scan the directory to judge what it makes"
                self.intake.coverage.input(display(path, self.request.base), "skipped", reason)

    def _patched(self, path: str) -> str | None:
        """The kustomization that a file, named by itself, is a patch of."""
        from assay.kubernetes.kustomize import is_patch

        return is_patch(path, self)

    # --- one file

    def file(self, path: str) -> None:
        """Read one file, and say what became of it."""
        shown = display(path, self.request.base) if path != STDIN else path
        try:
            data = self.read(path)
        except Unreadable as error:
            self.intake.coverage.input(shown, "failed", str(error))
            return
        if path == STDIN and not looks_like_manifest(data):
            self.intake.coverage.input(shown, "skipped", "no Kubernetes manifest arrived on standard input")
            return
        self.text(path, shown, data, "", keep=path == STDIN or os.path.abspath(path) in self.overlay)

    def text(
        self, path: str, shown: str, data: bytes, root: str, *, keep: bool = False,
        origin: Callable[[dict[str, Any], DocumentOrigin], Any] | None = None,
    ) -> None:  # fmt: skip
        """Read every document of a text.

        Args:
            keep: the text cannot be read again from `path`.
            origin: what takes the place of a document's own origin (for what was rendered from other files).
        """
        coverage = self.intake.coverage
        faults = 0
        for chunk, value, problems in read_documents(path, data):
            faults += len(problems)
            for status, sentence, line in problems:
                coverage.input(shown, status, sentence, line)
            if value is None:
                continue
            text = data[chunk.start : chunk.end] if keep else None
            document = Document(path, shown, chunk, text)
            templated = b"{{" in (part := data[chunk.start : chunk.end]) or b"${" in part
            for found, base in flatten(value):
                fault = unfit(found)
                if fault is not None:
                    line = document.place(base)[0].start_line
                    coverage.input(shown, fault[0], fault[1], line)
                    faults += 1
                    continue
                own: Any = DocumentOrigin(document, base)
                self.add(found, own if origin is None else origin(found, own), root, templated=templated, shown=shown)
        if not faults:
            coverage.input(shown, "read")
        if origin is None and any(word in data for word in _REMARKS):
            from assay.kubernetes.remarks import remarks

            self.intake.remarks.extend(remarks(shown, data))

    def add(self, values: dict[str, Any], origin: Any, root: str, *, templated: bool, shown: str) -> None:
        metadata = values.get("metadata")
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)
        where = address(values, os.path.basename(shown).partition(".")[0])
        own = name(values)
        if templated:
            values = opened(values)
        self.intake.add(Resource(str(values["kind"]), where, "manifest", values, origin, root=root, name=own))

    # --- files

    def read(self, path: str) -> bytes:
        """The text of a file, in UTF-8.

        Raises:
            Unreadable: it lies outside the scanned tree, is too large, or cannot be read.
        """
        if path == STDIN:
            return decoded(stdin(self.request))
        real = os.path.realpath(path)
        if not self.inside(real):
            raise Unreadable("it leads out of the scanned directory, so it was not read")
        if (tried := self.overlay.get(os.path.abspath(path))) is not None:
            return decoded(tried)
        try:
            # A pipe of that name must not stop the scan.
            descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            with os.fdopen(descriptor, "rb", buffering=0) as handle:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise Unreadable("it is not a regular file")
                if found.st_size > MAX_FILE:
                    raise Unreadable(f"the file has {found.st_size:,} bytes; Assay reads at most {MAX_FILE:,}")
                return decoded(handle.readall() or b"")
        except OSError as error:
            raise Unreadable(f"it cannot be read: {error.strerror}") from None

    def inside(self, real: str) -> bool:
        """Whether a path, links resolved, lies in a scanned tree."""
        return any(real == tree or real.startswith(tree.rstrip(os.sep) + os.sep) for tree in self.trees)


def stdin(request: Request) -> bytes:
    """What stands on standard input, read once for a request."""
    found: bytes | None = request.options.get("stdin")
    if found is None:
        found = request.options["stdin"] = sys.stdin.buffer.read(MAX_FILE + 1)[:MAX_FILE]
    return found


Problem = tuple[str, str, int | None]
"""A coverage status, a sentence and a line."""


def read_documents(path: str, data: bytes) -> list[tuple[Chunk, dict[str, Any] | None, list[Problem]]]:
    """Every document of a text with its value (None when it is no object) and what is wrong with it."""
    whole = Chunk(0, len(data), 0)
    if path.endswith(".json") or data[:1] == b"{":
        import orjson

        try:
            value = orjson.loads(data)
        except ValueError:
            several = json_stream(data)  # else it is what YAML takes and JSON does not
            if several is not None:
                return [(chunk, *_object(value, chunk.line + 1)) for chunk, value in several]
        else:
            found_value, problems = _object(value, 1)
            return [(whole, found_value, [*problems, *_json_twice(data)])]
    found: list[tuple[Chunk, dict[str, Any] | None, list[Problem]]] = []
    for chunk in yaml_documents.split(data):
        text = data[chunk.start : chunk.end]
        try:
            parsed = yaml_documents.parse(text, chunk.line)
        except Broken as error:
            status = ("skipped", _NOT_RENDERED) if b"{{" in text else ("failed", str(error))
            found.append((chunk, None, [(*status, error.line)]))
            continue
        if parsed.value is None:
            continue
        value, problems = _object(parsed.value, chunk.line + 1)
        problems += [("failed", _TWICE.format(key=key), line) for key, line in parsed.duplicates]
        found.append((chunk, value, problems))
    return found


_TWICE = 'the key "{key}" stands twice in one map; the last one counts here, another reader may take the first'


_BLANK = pattern(r"[ \t\r\n]*")
_MOST_JSON = 1_000_000
"""Up to this size JSON is read a second time for keys that stand twice: what is larger, a program wrote."""


def _json_twice(data: bytes) -> list[Problem]:
    import json

    found: dict[str, None] = {}

    def seen(pairs: list[tuple[str, Any]]) -> None:
        once: set[str] = set()
        for key, _ in pairs:
            if key in once:
                found[key] = None
            once.add(key)

    if len(data) <= _MOST_JSON:
        try:
            json.loads(data, object_pairs_hook=seen)
        except (ValueError, RecursionError):
            return []
    return [("failed", _TWICE.format(key=key), None) for key in found]


def json_stream(data: bytes) -> list[tuple[Chunk, Any]] | None:
    """The documents of JSON texts one after the other, as kubectl takes them; None when it is none."""
    import json

    try:
        text = data.decode()
        read, found = json.JSONDecoder().raw_decode, []
        at = before = len(_BLANK.match(text)[0])  # type: ignore[index]  # it matches everywhere
        line = text.count("\n", 0, at)
        while at < len(text):
            value, end = read(text, at)
            size = len(text[at:end].encode())
            found.append((Chunk(before, before + size, line), value))
            following = end + len(_BLANK.match(text, end)[0])  # type: ignore[index]
            line += text.count("\n", at, following)
            before += size + following - end
            at = following
    except (ValueError, RecursionError):
        return None
    return found if len(found) > 1 else None


def _object(value: Any, line: int) -> tuple[dict[str, Any] | None, list[Problem]]:
    if isinstance(value, dict):
        return value, []
    return None, [("failed", "the document is not a Kubernetes object: it is no map with apiVersion and kind", line)]


def unfit(values: dict[str, Any]) -> tuple[str, str] | None:
    """Why a map is no API object that can be judged: a coverage status and a sentence; None when it is one."""
    kind, version = values.get("kind"), values.get("apiVersion")
    if not isinstance(kind, str) or not kind:
        what = (
            "the manifest has no kind" if version else "the document is not a Kubernetes object: no apiVersion, no kind"
        )
        return "failed", f"{what}; Kubernetes refuses it"
    if not isinstance(version, str) or not version:
        return "failed", f"the manifest of kind {kind} has no apiVersion; Kubernetes refuses it"
    if version.startswith(("openslo/", "openslo.com/")):
        return "skipped", "an OpenSLO document, no manifest: assay audit slo judges it on its metrics"
    if kind == "Config" and version == "v1" and "clusters" in values:
        return "skipped", "a kubeconfig, not a manifest"
    if "metadata" in values and not isinstance(values["metadata"], dict):
        return "failed", f"the metadata of this {kind} is no map: has what stands below it lost its indentation?"
    odd = _odd(values.get("metadata") or {}) or _odd_role(kind, values.get("roleRef"))
    if odd is not None:
        return "failed", f"the {odd} of this {kind} is not what Kubernetes takes there; it refuses the manifest"
    for field in ("spec", "data", "stringData"):
        if values.get(field) is not None and not isinstance(values[field], dict) and kind in _MAPS:
            return "failed", f"the {field} of this {kind} is no map: has what stands below it lost its indentation?"
    return None


def _odd(metadata: dict[str, Any]) -> str | None:
    """The field of the metadata that holds a list or a map in a text's place; None when there is none."""
    for field in ("name", "generateName", "namespace", "uid"):
        if isinstance(metadata.get(field), dict | list):
            return field
    for field in ("labels", "annotations"):
        table = metadata.get(field)
        if isinstance(table, dict):
            if any(isinstance(value, dict | list) for value in table.values()):
                return field
        elif table is not None and not isinstance(table, str):  # a text may be a placeholder
            return field
    return None


def _odd_role(kind: str, reference: Any) -> str | None:
    if kind not in ("RoleBinding", "ClusterRoleBinding") or reference is None:  # a patch may leave it out
        return None
    good = isinstance(reference, dict) and not any(isinstance(v, dict | list) for v in reference.values())
    return None if good else "roleRef"


_MAPS = frozenset(
    [
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
        "ReplicationController",
        "Service",
        "Ingress",
        "NetworkPolicy",
        "ConfigMap",
        "Secret",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
    ]
)

"""Kustomize: which directories are overlays of their own, what they are made of, and rendering them with kubectl.

Nothing is downloaded: an overlay that names anything remote is not rendered but said, and the tool finds neither git
nor a way out. The user's tree is not written to: a temporary kustomization around the overlay asks for the origin of
every object, so that a finding lands in the file that wrote the field.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.kubernetes import CHART, KUSTOMIZATIONS
from assay.kubernetes.documents import Broken, parse
from assay.kubernetes.manifests import DocumentOrigin, Unreadable, read_documents
from assay.kubernetes.rendering import Failed, run
from assay.model import Resource
from assay.paths import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.kubernetes.manifests import Estate

_TREES = ("resources", "bases", "components")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_OTHERS = ("crds", "configurations", "generators", "transformers", "validators", "replacements", "openapi")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_HELM = ("helmCharts", "helmChartInflationGenerator")
_REMOTE = ("://", "git@", "github.com/", "?ref=", "gitlab.com/", "bitbucket.org/")
MAX_PARTS = 1_000


class Kustomization(NamedTuple):
    """One directory with a kustomization: its file, its content, and what of it is local."""

    directory: str
    file: str
    values: dict[str, Any]
    directories: list[str]
    resources: list[str]
    patches: list[str]
    remote: list[str]
    component: bool


class Parts(NamedTuple):
    """Everything an overlay is made of."""

    files: list[str]
    resources: list[str]
    patches: list[str]
    remote: list[str]
    outside: list[str]


class Kustomizations:
    """The kustomizations of a scan."""

    def __init__(self, estate: Estate, files: list[str]) -> None:
        self.estate = estate
        self.known: dict[str, Kustomization | None] = {}
        for path in files:
            self.load(os.path.dirname(os.path.abspath(path)))
        self.scanned = [k for k in self.known.values() if k is not None]

    def shown(self, path: str) -> str:
        return display(path, self.estate.request.base)

    # --- reading

    def load(self, directory: str) -> Kustomization | None:
        """The kustomization of a directory; None when there is none that can be read."""
        if directory not in self.known:
            self.known[directory] = None  # while it is read: a base may name its overlay
            name = next((n for n in KUSTOMIZATIONS if os.path.isfile(os.path.join(directory, n))), None)
            if name is not None:
                self.known[directory] = self._read(directory, os.path.join(directory, name))
        return self.known[directory]

    def _read(self, directory: str, path: str) -> Kustomization | None:
        coverage = self.estate.intake.coverage
        try:
            value = parse(self.estate.read(path)).value
        except Unreadable as error:
            coverage.input(self.shown(path), "failed", str(error))
            return None
        except Broken as error:
            coverage.input(self.shown(path), "failed", str(error), error.line)
            return None
        if not isinstance(value, dict):
            coverage.input(self.shown(path), "failed", "it is no kustomization: not a map")
            return None
        directories: list[str] = []
        resources: list[str] = []
        remote: list[str] = []
        for entry in (e for field in _TREES for e in _texts(value.get(field))):
            local = os.path.normpath(os.path.join(directory, entry))
            if os.path.isdir(local):
                directories.append(local)
            elif os.path.exists(local):
                resources.append(local)
            else:
                remote.append(entry)
        patches: list[str] = []
        for field in (*_PATCHES, *_OTHERS, *_GENERATORS):
            for entry in _paths(value.get(field)):
                if any(word in entry for word in _REMOTE):
                    remote.append(entry)
                elif field not in _GENERATORS:
                    local = os.path.normpath(os.path.join(directory, entry))
                    (directories if os.path.isdir(local) else patches).append(local)
        remote += [field for field in _HELM if value.get(field)]
        component = value.get("kind") == "Component"
        return Kustomization(directory, path, value, directories, resources, patches, remote, component)

    def parts(self, top: Kustomization) -> Parts:
        """What an overlay is made of, through all that it builds on."""
        found = Parts([], [], [], [], [])
        seen: set[str] = set()
        waiting = [top.directory]
        while waiting and len(seen) < MAX_PARTS:
            directory = waiting.pop()
            if directory in seen:
                continue
            seen.add(directory)
            if not self.estate.inside(os.path.realpath(directory)):
                found.outside.append(directory)
                continue
            one = self.load(directory)
            if one is None:
                continue
            found.files.append(one.file)
            found.resources.extend(one.resources)
            found.patches.extend(one.patches)
            found.remote.extend(one.remote)
            waiting += one.directories
        return found

    # --- rendering

    def render(self, files: list[str]) -> list[str]:
        """Render every overlay that no other one builds on; the files that are left to be read as they are."""
        used = {d for k in self.scanned for d in k.directories}
        tops = [k for k in self.scanned if k.directory not in used and not k.component]
        kubectl = shutil.which("kubectl") or shutil.which("kustomize")
        done: set[str] = set()
        ready = [(top, parts) for top in tops if self._may(top, parts := self.parts(top), kubectl)]
        for (top, parts), text in zip(ready, _rendered([top.directory for top, _ in ready], kubectl), strict=True):
            if isinstance(text, Failed):
                reason = f"kustomize cannot render it: {text}"
                self.estate.intake.coverage.input(self.shown(top.file), "failed", reason)
                continue
            done.update(os.path.realpath(p) for p in (*parts.resources, *parts.files))
            self._pour(top, parts, text)
        self._bases()
        self._unused(tops, used)
        partial = {os.path.realpath(p) for k in self.known.values() if k is not None for p in k.patches}
        return [f for f in files if os.path.realpath(f) not in done and os.path.realpath(f) not in partial]

    def _unused(self, tops: list[Kustomization], used: set[str]) -> None:
        """Say which kustomizations no overlay leads to: components by themselves, and those that go in a circle."""
        reached = {top.directory for top in tops}
        waiting = list(reached)
        while waiting:
            one = self.known.get(waiting.pop())
            fresh = [d for d in one.directories if d not in reached] if one is not None else []
            reached.update(fresh)
            waiting += fresh
        for k in self.scanned:
            if k.directory not in reached and (not k.component or k.directory not in used):
                alone = "a component that no overlay here uses: its patches change nothing that is scanned"
                circle = "it builds on itself by what it names, which kustomize refuses; manifests are read as they are"
                told = ("skipped", alone) if k.component else ("failed", circle)
                self.estate.intake.coverage.input(self.shown(k.file), *told)

    def _may(self, top: Kustomization, parts: Parts, kubectl: str | None) -> bool:
        """Whether an overlay can be rendered here; what hinders is said."""
        reason = None
        if parts.outside:
            reason = f"it builds on {self.shown(parts.outside[0])}, outside the scanned directory"
        elif parts.remote:
            reason = f"it needs {parts.remote[0]}, which is not here, and nothing is downloaded"
        elif kubectl is None:
            reason = "there is no kubectl on this machine"
        if reason is not None:
            advice = "render it and scan the output (`kubectl kustomize DIR | assay scan -`)"
            said = f"the overlay is not rendered, its manifests are read as they are: {reason}; {advice}"
            self.estate.intake.coverage.input(self.shown(top.file), "skipped", said)
        return reason is None

    def _pour(self, top: Kustomization, parts: Parts, text: tuple[bytes, str]) -> None:
        from assay.kubernetes.overlays import Overlay, OverlayOrigin
        from assay.kubernetes.remarks import remarks

        shown = self.shown(top.directory)
        rendered, wrapper = text
        overlay = Overlay(self.estate.request.base, wrapper, parts.files, parts.patches)

        def origin(values: dict[str, Any], own: DocumentOrigin) -> OverlayOrigin:
            return OverlayOrigin(overlay, values, overlay.source(values))

        self.estate.text(shown, shown, rendered, shown, keep=True, origin=origin)
        coverage = self.estate.intake.coverage
        if coverage.inputs and coverage.inputs[-1] == {"path": shown, "status": "read", "reason": None}:
            coverage.inputs.pop()  # the files it came from were read, one by one
        listed = {i["path"] for i in coverage.inputs}
        for path in dict.fromkeys((*parts.files, *parts.resources, *parts.patches)):
            name = self.shown(path)
            if name not in listed and os.path.isfile(path):
                coverage.input(name, "read")
                self.estate.intake.remarks.extend(remarks(name, self.estate.read(path)))

    # --- bases

    def _bases(self) -> None:
        """Each base that overlays build on is a resource of its own, with its objects: what is it tied to?"""
        users: dict[str, list[str]] = {}
        for k in self.scanned:
            for directory in k.directories:
                users.setdefault(directory, []).append(self.shown(k.directory))
        for directory, by in users.items():
            base = self.known.get(directory)
            if base is not None and not base.component and len(by) > 1:
                self.estate.intake.add(self._base(base, by))

    def _base(self, base: Kustomization, users: list[str]) -> Resource:
        from assay.kubernetes.overlays import BaseOrigin

        found = list(self._objects(base))
        shown = self.shown(base.directory)
        values = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "metadata": {"name": os.path.basename(base.directory)},
            "usedBy": sorted(users),
            "objects": [value for value, _ in found],
        }
        origin = BaseOrigin(self.shown(base.file), [place for _, place in found])
        return Resource("Kustomization", shown, "manifest", values, origin, root=shown, name=shown)

    def _objects(self, base: Kustomization) -> Iterator[tuple[dict[str, Any], DocumentOrigin]]:
        from assay.kubernetes.manifests import Document

        for path in base.resources:
            try:
                data = self.estate.read(path)
            except Unreadable:
                continue  # said where it is rendered or read
            for chunk, value, _ in read_documents(path, data):
                if value is not None:
                    yield value, DocumentOrigin(Document(path, self.shown(path), chunk), ())


def _texts(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _paths(value: Any) -> Iterator[str]:
    """The paths that a field names: `path: x`, a plain text in a list, the files of a generator."""
    if isinstance(value, dict):
        value = [value]
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, str):
            if "\n" not in entry:
                yield entry
        elif isinstance(entry, dict):
            for name in ("path", "env"):
                if isinstance(entry.get(name), str):
                    yield entry[name]
            for name in ("files", "envs"):
                yield from (text.partition("=")[2] or text for text in _texts(entry.get(name)))


def _rendered(directories: list[str], tool: str | None) -> list[tuple[bytes, str] | Failed]:
    """What each directory renders to, with the directory its origins are relative to; or why it does not."""
    if tool is None or not directories:
        return []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda directory: _render(directory, tool), directories))


def _render(directory: str, tool: str) -> tuple[bytes, str] | Failed:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="assay-kustomize-") as folder:
        wrapper = os.path.realpath(folder)
        inside = os.path.relpath(os.path.realpath(directory), wrapper)
        import json

        with open(os.path.join(wrapper, KUSTOMIZATIONS[0]), "w", encoding="utf-8") as handle:
            json.dump({"resources": [inside], "buildMetadata": ["originAnnotations"]}, handle)
        verb = "kustomize" if os.path.basename(tool) == "kubectl" else "build"
        try:
            return run([tool, verb, wrapper], alone=True), wrapper
        except Failed as error:
            return error


def is_patch(path: str, estate: Estate) -> str | None:
    """The kustomization that a file is a patch of, found in its own and the directories above; None for none."""
    directory = os.path.dirname(os.path.abspath(path))
    kustomizations = Kustomizations(estate, [])
    while estate.inside(os.path.realpath(directory)):
        found = kustomizations.load(directory)
        if found is not None and os.path.abspath(path) in found.patches:
            return kustomizations.shown(found.file)
        above = os.path.dirname(directory)
        if above == directory or os.path.isfile(os.path.join(directory, CHART)):
            return None
        directory = above
    return None

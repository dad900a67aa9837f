"""`include` of GitLab: the files of the tree that one pipeline is made of, merged into one document.

Only what lies in the scanned tree is followed. What comes from elsewhere (another project, a URL, a template, a
component) is told and leaves the pipeline in doubt: nobody here knows which jobs it brings.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.documents.gitlab import jobs_of, merged
from assay.documents.inputs import filling, split, values_of
from assay.documents.positions import Malformed, TextOrigin, read_yaml
from assay.documents.reading import File
from assay.model import Resource, Unknown
from assay.paths import display, repository
from assay.terraform.syntax import MAX_FILE, Unreadable
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.documents.reading import Documents
    from assay.model import Location, Step, ValuePath

MAX_INCLUDES = 150
"""As many files may one pipeline include, each time counted: GitLab's own bound."""
MAX_WALKED = 20_000
"""As many files are looked at for one path with wildcards."""
ROOT = ".gitlab-ci.yml"
_ELSEWHERE = ("project", "remote", "template", "component", "artifact")
_APPLYING = {
    "template Terraform.gitlab-ci.yml": "deploy", "template Terraform.latest.gitlab-ci.yml": "deploy",
    "template Terraform/Base.gitlab-ci.yml": ".terraform:deploy",
    "template Terraform/Base.latest.gitlab-ci.yml": ".terraform:deploy",
}  # fmt: skip
"""GitLab's own templates that apply, and the job that does (its page "Terraform template recipes", read November 2026).
What they hold differs with the version of the instance, and variables of the project decide: the verdict stays open."""


class Doubt(NamedTuple):
    """What a pipeline is made of and is not here: why, and where that is named."""

    reason: str
    origin: TextOrigin | PipelineOrigin
    path: ValuePath


class PipelineOrigin:
    """A pipeline of several files: what stands at a path is where the last file that has it has it."""

    __slots__ = ("doubts", "parts")

    def __init__(self, parts: list[TextOrigin], doubts: list[Doubt]) -> None:
        self.parts = parts
        self.doubts = doubts

    def locate(self, path: ValuePath) -> Location:
        if path[:1] == ("unseen",) and self.doubts:
            return self.doubts[0].origin.locate(self.doubts[0].path)
        if not path or len(self.parts) == 1:
            return self.parts[-1].locate(path)
        found = max(reversed(self.parts), key=lambda part: part.depth(path))
        return found.locate(path)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def join_pipelines(documents: Documents) -> None:
    """Give every pipeline of GitLab what it includes; a file that another one includes is no pipeline of its own."""
    found = {
        path: r
        for path, resources in documents.found.items()
        for r in resources
        if r.type == "workflow" and r.values.get("kind") == "gitlab"
    }
    if not found:
        return
    named = set(found) if documents.request.files_only else set()
    if named:
        _add_roots(documents, found)
    read = {path: Pipeline(documents, path, r) for path, r in sorted(found.items(), key=_first)}
    gone: set[str] = set()
    for path, pipeline in read.items():
        gone |= {other for other in pipeline.files if other != path and path not in gone}
        if named and named.isdisjoint(pipeline.files):  # a root that includes none of the files that were named
            gone.add(path)
            del documents.found[path]
    for r in found.values():
        documents.intake.resources.remove(r)
    _add([pipeline for path, pipeline in read.items() if path not in gone], documents)


def _add(pipelines: list[Pipeline], documents: Documents) -> None:
    """Add pipelines, and those that their jobs start as children."""
    started = {pipeline.path: pipeline for pipeline in pipelines}
    waiting = list(pipelines)
    while waiting:
        pipeline = waiting.pop(0)
        jobs = jobs_of(pipeline.document)
        for job in jobs:
            for path in pipeline.children(job):
                if path not in started and len(started) < MAX_INCLUDES:
                    child = _child(documents, path)
                    if child is not None:
                        started[path] = child
                        waiting.append(child)
                if path in started:
                    job.setdefault("runs", []).append(started[path].written.address)
                else:
                    at: ValuePath = (*job["path"], "trigger", "include")
                    reason = f"{pipeline.shown(path)} is started as a pipeline and cannot be read as one"
                    pipeline.doubt(reason, PipelineOrigin(pipeline.parts, []), at)
        documents.intake.add(pipeline.resource(jobs))
        pipeline.say()


def _child(documents: Documents, path: str) -> Pipeline | None:
    """A pipeline that a job starts from a file of its own."""
    known = path in documents.found
    made = documents.read(path, "workflow")
    if len(made) != 1 or made[0].values.get("kind") != "gitlab":
        return None
    if not known:
        documents.intake.resources.remove(made[0])
    return Pipeline(documents, path, made[0])


def _first(one: tuple[str, Resource]) -> tuple[bool, int, str]:
    """The root of a repository before what it may include, of files that include one another too."""
    path, _ = one
    return os.path.basename(path) != ROOT, path.count(os.sep), path


def _add_roots(documents: Documents, found: dict[str, Resource]) -> None:
    """When files were named by themselves (the hook): the pipelines of their repositories, which may include them."""
    for path in list(found):
        root = os.path.join(repository(path), ROOT)
        if root not in found and os.path.isfile(root) and documents.files.allowed(root):
            for r in documents.read(root, "workflow"):
                if r.values.get("kind") == "gitlab":
                    found[root] = r


class Pipeline:
    """One pipeline while its files are read."""

    def __init__(self, documents: Documents, path: str, written: Resource) -> None:
        self.documents = documents
        self.path = path
        self.written = written
        self.parts: list[TextOrigin] = []  # in the order in which they are merged
        self.doubts: list[Doubt] = []
        self.said: list[tuple[str, str, str | None, int | None]] = []
        self.files: set[str] = {path}
        self.broken: list[str] = []
        self.count = 0
        self.size = 0
        self.tops = tops_of(documents, path)
        origin = written.origin
        assert isinstance(origin, TextOrigin)
        self.document = self.expand(written.values["document"], origin, (path,))

    def expand(self, document: dict[str, Any], origin: TextOrigin, within: tuple[str, ...]) -> dict[str, Any]:
        """A document over what it includes."""
        below: dict[str, Any] = {}
        include = document.get("include")
        many = isinstance(include, list)
        for i, entry in enumerate(include if isinstance(include, list) else [include]):
            if entry is not None:
                at: ValuePath = ("document", "include", i) if many else ("document", "include")
                for path, inputs in self.named(entry, origin, at):
                    below = merged(below, self.included(path, inputs, origin, at, within))
        self.parts.append(origin)
        return merged(below, document)

    def shown(self, path: str) -> str:
        """A file as reports spell it."""
        return display(path, self.documents.files.base)

    # --- what an entry names

    def named(self, entry: Any, origin: TextOrigin | PipelineOrigin, at: ValuePath) -> Iterator[tuple[str, Any]]:
        """The files of the tree that an entry names, and the inputs that it gives them."""
        if isinstance(entry, str):
            entry = {"remote" if entry.startswith(("http://", "https://")) else "local": entry}
        if not isinstance(entry, dict):
            self.doubt("an entry of include that is neither a path nor a mapping", origin, at)
            return
        rules = entry.get("rules")
        if isinstance(rules, list) and rules and all(isinstance(r, dict) and r.get("when") == "never" for r in rules):
            return
        local = entry.get("local")
        if not isinstance(local, str):
            kind = next((k for k in _ELSEWHERE if k in entry), "an unknown kind")
            self.elsewhere(f"{kind} {entry.get(kind, '')}".strip(), origin, at)
        elif "$" in local:
            self.elsewhere(f"local {local}, whose path only a run can tell", origin, at)
        else:
            paths = self.matching(local, origin, at) if "*" in local else [self.path_of(local)]
            yield from ((path, entry.get("inputs")) for path in paths)

    def path_of(self, local: str) -> str:
        """Where a path from the root of the repository leads: that of the scanned tree where there is no repository."""
        name = local.lstrip("/")
        places = [os.path.join(top, name) for top in self.tops]
        return next((p for p in places if os.path.lexists(p)), places[0])

    def matching(self, local: str, origin: TextOrigin | PipelineOrigin, at: ValuePath) -> list[str]:
        """The files that a path with wildcards names, save the one it stands in: `*` stays in its folder, `**` not."""
        own = origin.locate(at).file
        wanted = local.lstrip("/")
        fixed = wanted[: wanted.index("*")].rpartition("/")[0]
        walked = 0
        found: list[str] = []
        for top in self.tops:
            start = os.path.join(top, fixed)
            if not self.documents.files.allowed(start):
                continue
            for folder, folders, names in os.walk(start):
                folders[:] = sorted(f for f in folders if f != ".git")
                walked += len(names) + 1
                if walked > MAX_WALKED:
                    reason = f"{local} is looked for among more than {MAX_WALKED:,} files"
                    self.fault(origin, at, reason)
                    return sorted(found)
                for name in names:
                    path = os.path.join(folder, name)
                    if _matches(wanted, os.path.relpath(path, top).replace(os.sep, "/")):
                        found += [path] if self.shown(path) != own else []
            if found:
                break
        return sorted(found)

    # --- what it leads to

    def included(
        self, path: str, inputs: Any, origin: TextOrigin, at: ValuePath, within: tuple[str, ...]
    ) -> dict[str, Any]:  # fmt: skip
        """The document of an included file, over what it includes itself."""
        real = os.path.realpath(path)
        shown = self.shown(path)
        self.count += 1
        if self.count > MAX_INCLUDES:
            if self.count == MAX_INCLUDES + 1:
                self.fault(origin, at, f"a pipeline includes at most {MAX_INCLUDES} files, and this one more")
            return {}
        if real in within:
            self.fault(origin, at, f"{shown} includes itself")
            return {}
        if not path.lower().endswith((".yml", ".yaml")):
            self.fault(origin, at, f"{shown} is no .yml file, which is all that GitLab includes")
            return {}
        try:
            text = File(path, shown, self.documents.files.read(path)).text()
            self.size += len(text)
            if self.size > MAX_FILE:
                self.fault(origin, at, f"the files of a pipeline have more than {MAX_FILE:,} characters")
                return {}
            declared, text = split(text)
            prepare = filling(values_of(declared, inputs))
            document = read_yaml(text, prepare)
        except Unreadable as error:
            missing = "there is no such file" if not os.path.lexists(path) else str(error)
            self.fault(origin, at, f"{shown} is included: {missing}")
            return {}
        except Malformed as error:
            if inputs is None:
                self.broken.append(path)  # by itself: a finding of its own
                self.doubt(f"{shown} is included and cannot be parsed: {error}", origin, at)
            else:
                self.fault(origin, at, f"{shown} is included and cannot be parsed with these inputs: {error}")
            return {}
        if not isinstance(document, dict):
            self.fault(origin, at, f"{shown} is included, and is no mapping")
            return {}
        self.files.add(real)
        self.said.append((shown, "read", None, None))
        return self.expand(document, TextOrigin(shown, text, "yaml", ("document",), prepare), (*within, real))

    def doubt(self, reason: str, origin: TextOrigin | PipelineOrigin, at: ValuePath) -> None:
        self.doubts.append(Doubt(reason, origin, at))

    def fault(self, origin: TextOrigin | PipelineOrigin, at: ValuePath, reason: str) -> None:
        """What should be in the tree and is not, or is too much: the pipeline was not read whole."""
        place = origin.locate(at)
        self.doubt(reason, origin, at)
        self.said.append((place.file, "failed", reason, place.start_line))

    def elsewhere(self, what: str, origin: TextOrigin | PipelineOrigin, at: ValuePath) -> None:
        """What comes from elsewhere by intent."""
        place = origin.locate(at)
        job = _APPLYING.get(what)
        auto = f": its job {job} applies, by itself where TF_AUTO_DEPLOY is true, else when a person starts it"
        self.doubt(f"include of {what}, which is not in the scanned tree{auto if job else ''}", origin, at)
        reason = f"{place.file}:{place.start_line}: an include from elsewhere; what it brings is not evaluated"
        self.said.append((what, "skipped", reason, None))

    # --- what comes of it

    def children(self, job: dict[str, Any]) -> list[str]:
        """The files of the pipelines that a job starts, links resolved."""
        trigger = job.get("trigger")
        include = trigger.get("include") if isinstance(trigger, dict) else None
        origin = PipelineOrigin(self.parts, [])
        at: ValuePath = (*job["path"], "trigger", "include")
        found = []
        for entry in include if isinstance(include, list) else [include]:
            for path, _ in () if entry is None else self.named(entry, origin, at):
                if os.path.isfile(path) and self.documents.files.allowed(path):
                    found.append(os.path.realpath(path))
                else:
                    shown = self.shown(path)
                    self.fault(origin, at, f"{shown} is started as a pipeline: there is no such file in the tree")
        return found

    def resource(self, jobs: list[dict[str, Any]]) -> Resource:
        old = self.written
        values = {**old.values, "document": self.document, "jobs": jobs}
        if self.doubts:
            values["unseen"] = [Unknown(doubt.reason) for doubt in self.doubts]
        if any(doubt.path[1] == "include" for doubt in self.doubts):
            values["partial"] = True  # a pipeline that is started leaves the jobs of this one as they are
        made = Resource(old.type, old.address, old.source, values, PipelineOrigin(self.parts, self.doubts))
        for path in self.broken:
            self.documents.link(made, path, "workflow", "include")
        return made

    def say(self) -> None:
        """Say once what became of each file, and what is not here."""
        coverage = self.documents.intake.coverage
        known = {(i["path"], i["status"], i["reason"]) for i in coverage.inputs}
        for shown, status, reason, line in self.said:
            if (shown, status, reason) not in known:
                known.add((shown, status, reason))
                coverage.input(shown, status, reason, line)


def tops_of(documents: Documents, path: str) -> list[str]:
    """What paths of a workflow may begin at: its repository, else the scanned folders that hold it, else its own."""
    scanned = [os.path.realpath(given) for given in documents.request.paths]
    holding = [top for top in scanned if os.path.isdir(top) and path.startswith(top.rstrip(os.sep) + os.sep)]
    folder = os.path.dirname(path)
    above = folder.removesuffix(os.path.join(os.sep, ".github", "workflows"))  # where GitHub looks for workflows
    return list(dict.fromkeys([repository(path), *holding, above, folder]))


def _matches(wanted: str, path: str) -> bool:
    """Whether a path is one that wildcards name; linear in both, for the pattern is anybody's."""
    pieces = wanted.replace("**", "\0")
    states = {0}
    for char in [*path, ""]:
        states = _ahead(pieces, states)
        if not char:
            return len(pieces) in states
        states = {
            i if pieces[i] in "\0*" else i + 1
            for i in states
            if i < len(pieces) and (pieces[i] == "\0" or (pieces[i] == "*" and char != "/") or pieces[i] == char)
        }
    return False


def _ahead(pieces: str, states: set[int]) -> set[int]:
    """The states, and those that wildcards which stand for nothing lead to."""
    found = set(states)
    for i in sorted(states):
        while i < len(pieces) and pieces[i] in "\0*":
            i += 1
            found.add(i)
    return found

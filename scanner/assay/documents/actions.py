"""What else of the tree GitHub's workflows are made of: the steps of local actions, where they are used.

Local workflows that a job calls are workflows of their own, judged with who calls them. What a job calls in another
repository is told and leaves the workflow in doubt: nobody here knows what it does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.documents.includes import tops_of
from assay.documents.positions import Malformed, TextOrigin, read_yaml
from assay.documents.reading import File
from assay.documents.workflow import placed_steps
from assay.model import Resource, Unknown
from assay.paths import display
from assay.patterns import pattern
from assay.terraform.syntax import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.documents.reading import Documents
    from assay.model import Location, Step, ValuePath

MAX_DEPTH = 10
"""As deep as GitHub nests actions."""
MAX_STEPS = 2_000
"""As many steps of one workflow are read: actions use actions."""
_INPUT = pattern(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
_LONGEST = 20_000


class WorkflowOrigin:
    """A workflow with local actions: its own document, and those of the actions below `actions`."""

    __slots__ = ("actions", "doubt", "own")

    def __init__(self, own: TextOrigin, actions: dict[str, TextOrigin], doubt: ValuePath) -> None:
        self.own = own
        self.actions = actions
        self.doubt = doubt

    def locate(self, path: ValuePath) -> Location:
        if path[:1] == ("unseen",):
            return self.locate(self.doubt)
        action = self.actions.get(str(path[1])) if path[:1] == ("actions",) and len(path) > 1 else None
        return (action or self.own).locate(path)

    def trace(self, path: ValuePath) -> list[Step]:
        return []


def join_actions(documents: Documents) -> None:
    """Give every workflow of GitHub the steps of the local actions that it uses, and say what is not here."""
    if documents.request.files_only:
        _add_neighbours(documents)
    for path, resources in documents.found.items():
        for r in resources:
            if r.type == "workflow" and r.values.get("kind") == "github":
                _Workflow(documents, path, r).join()


def _add_neighbours(documents: Documents) -> None:
    """When workflows were named by themselves (the hook): those that they call, and those that call them."""
    waiting = list(documents.found)
    while waiting and len(documents.found) < MAX_NEIGHBOURS:
        path = waiting.pop()
        for r in documents.found.get(path, ()):
            if r.type != "workflow" or r.values.get("kind") != "github":
                continue
            near = {os.path.realpath(p) for p in (*_called_from(documents, path, r), *_calling(documents, path, r))}
            for other in sorted(near - documents.found.keys()):
                documents.read(other, "workflow")
                waiting.append(other)


MAX_NEIGHBOURS = 200
"""As many workflows are read for one that was named by itself."""


def _called_from(documents: Documents, path: str, workflow: Resource) -> Iterator[str]:
    for job in workflow.values["jobs"]:
        uses = job.get("uses")
        if isinstance(uses, str) and uses.startswith("./"):
            places = (os.path.join(top, uses[2:]) for top in tops_of(documents, path))
            yield from (p for p in places if os.path.isfile(p) and documents.files.allowed(p))


def _calling(documents: Documents, path: str, workflow: Resource) -> Iterator[str]:
    document = workflow.values["document"]
    if "workflow_call" not in str(document.get("on", document.get("true"))):
        return
    folder, name = os.path.split(path)
    for other in documents.files.listing(folder)[:MAX_NEIGHBOURS]:
        near = os.path.join(folder, other)
        if other != name and other.endswith((".yml", ".yaml")) and os.path.isfile(near):
            try:
                if f"/{name}".encode() in documents.files.read(near):
                    yield near
            except Unreadable:
                continue


class _Workflow:
    """One workflow while its actions are read."""

    def __init__(self, documents: Documents, path: str, written: Resource) -> None:
        self.documents = documents
        self.written = written
        self.tops = tops_of(documents, path)
        self.actions: dict[str, dict[str, Any] | None] = {}
        self.origins: dict[str, TextOrigin] = {}
        self.doubts: list[tuple[str, ValuePath]] = []
        self.count = 0

    def join(self) -> None:
        old = self.written
        jobs = [{**job, "steps": list(self.steps(job["steps"], 0))} for job in old.values["jobs"]]
        for job in jobs:
            self.called(job)
        if not self.actions and not self.doubts:
            return
        values = {**old.values, "jobs": jobs, "actions": {k: v for k, v in self.actions.items() if v is not None}}
        if self.doubts:
            values["unseen"] = [Unknown(reason) for reason, _ in self.doubts]
        assert isinstance(old.origin, TextOrigin)
        where = self.doubts[0][1] if self.doubts else ()
        made = Resource(old.type, old.address, old.source, values, WorkflowOrigin(old.origin, self.origins, where))
        resources = self.documents.intake.resources
        resources[resources.index(old)] = made

    def called(self, job: dict[str, Any]) -> None:
        """Say what a job calls that is not here."""
        uses = job.get("uses")
        if not isinstance(uses, str):
            return
        at = (*job["path"], "uses")
        coverage = self.documents.intake.coverage
        place = self.written.origin.locate(at)
        if not uses.startswith("./"):
            self.doubts.append((f"job {job['name']} calls {uses}, which is not in the scanned tree", at))
            reason = f"{place.file}:{place.start_line}: a workflow from elsewhere; what it does is not evaluated"
            coverage.input(uses, "skipped", reason)
        elif not any(os.path.isfile(os.path.join(top, uses[2:])) for top in self.tops):
            reason = f"job {job['name']} calls {uses}: there is no such file"
            self.doubts.append((reason, at))
            coverage.input(place.file, "failed", reason, place.start_line)

    # --- actions

    def steps(self, steps: list[dict[str, Any]], depth: int) -> Iterator[dict[str, Any]]:
        """Steps, in the place of each that uses a local action the action's own."""
        for step in steps:
            uses = step.get("uses")
            self.count += 1
            if self.count > MAX_STEPS or depth > MAX_DEPTH:
                self.doubt(f"more than {MAX_STEPS:,} steps, or actions in actions deeper than {MAX_DEPTH}", step)
                return
            action = self.action(uses, step) if isinstance(uses, str) and uses.startswith("./") else None
            if action is None:
                yield step
                continue
            inner = placed_steps(action["runs"].get("steps"), ["actions", str(uses), "runs", "steps"])
            given = _inputs(action, step)
            yield from self.steps([_within(step, one, given) for one in inner], depth + 1)

    def action(self, uses: str, step: dict[str, Any]) -> dict[str, Any] | None:
        """The document of a local action that is made of steps; None for one of code, or when there is none."""
        if uses not in self.actions:
            self.actions[uses] = self.read(uses, step)
        found = self.actions[uses]
        runs = None if found is None else found.get("runs")
        return found if isinstance(runs, dict) and runs.get("using") == "composite" else None

    def read(self, uses: str, step: dict[str, Any]) -> dict[str, Any] | None:
        coverage = self.documents.intake.coverage
        places = [os.path.join(top, uses[2:], name) for top in self.tops for name in ("action.yml", "action.yaml")]
        path = next((os.path.normpath(p) for p in places if os.path.isfile(p)), "")
        if not path:
            reason = f"{uses} is used: there is no such action in the scanned tree"
            self.doubt(reason, step)
            place = self.written.origin.locate(tuple(step["path"]))
            coverage.input(uses, "skipped", f"{place.file}:{place.start_line}: there is no such action in the tree")
            return None
        shown = display(path, self.documents.files.base)
        try:
            text = File(path, shown, self.documents.files.read(path)).text()
            document = read_yaml(text)
        except (Unreadable, Malformed) as error:
            self.doubt(f"the action {uses}: {error}", step)
            if all((i["path"], i["reason"]) != (shown, str(error)) for i in coverage.inputs):
                coverage.input(shown, "failed", str(error), getattr(error, "line", None))
            return None
        if all(i["path"] != shown for i in coverage.inputs):
            coverage.input(shown, "read")
        self.origins[uses] = TextOrigin(shown, text, "yaml", ("actions", uses))
        return document if isinstance(document, dict) else None

    def doubt(self, reason: str, step: dict[str, Any]) -> None:
        if all(reason != known for known, _ in self.doubts):
            self.doubts.append((reason, tuple(step["path"])))


def _inputs(action: dict[str, Any], step: dict[str, Any]) -> dict[str, str]:
    """The inputs of an action as the step gives them, else their defaults."""
    declared = action.get("inputs")
    given = step.get("with")
    found = {}
    for name, one in declared.items() if isinstance(declared, dict) else ():
        value = given.get(name) if isinstance(given, dict) else None
        value = one.get("default") if value is None and isinstance(one, dict) else value
        if isinstance(value, (str, int, float)) and "\n" not in str(value):  # a line more would move the others
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def _within(outer: dict[str, Any], inner: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """A step of an action as it runs in the place of the step that uses it."""
    made = dict(inner)
    conditions = [str(step["if"]) for step in (outer, inner) if step.get("if") is not None]
    if conditions:
        made["if"] = " && ".join(f"({one})" for one in conditions) if len(conditions) > 1 else conditions[0]
    if outer.get("continue-on-error") is not None and inner.get("continue-on-error") is None:
        made["continue-on-error"] = outer["continue-on-error"]
    run = inner.get("run")
    if isinstance(run, str) and len(run) + sum(map(len, given.values())) * run.count("${{") < _LONGEST:
        made["run"] = _INPUT.sub(lambda found: given.get(found[1], found[0]), run)
    return made

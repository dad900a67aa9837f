"""The Makefiles that the scripts of workflows run: their text, beside the workflow that runs them.

What their targets do `assay.analysis.makefiles` reads, when a rule asks. Only what lies in the scanned tree is read.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Any

from assay.documents.includes import tops_of
from assay.documents.positions import Malformed
from assay.documents.reading import File
from assay.paths import display
from assay.patterns import pattern
from assay.terraform.syntax import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.documents.reading import Documents
    from assay.model import Resource

NAMES = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which make looks for them."""
MAX_FILES = 50
"""As many Makefiles are read for one workflow, those that are included with them."""
LONGEST = 500_000
_FOLDER = pattern(r"(?:\bcd\s+|\s-C\s*|--directory[= ])[\"']?([\w./-]+)")
_FILE = pattern(r"\bmake\b[^\n;|&]{0,300}?\s(?:-f\s*|--file[= ]|--makefile[= ])[\"']?([\w./-]+)")
_INCLUDE = pattern(r"(?m)^ *[-s]?include[ \t]+([^#\n]+)")


def join_makefiles(documents: Documents, workflow: Resource) -> None:
    """Give a workflow the Makefiles that its scripts may run, as `makefiles`: by path from where it starts, the file as
    reports spell it and its text."""
    found: dict[str, dict[str, str]] = {}
    tops = tops_of(documents, os.path.realpath(os.path.join(documents.files.base, workflow.address)))
    waiting = list(_named(workflow))
    while waiting and len(found) < MAX_FILES:
        name = waiting.pop(0)
        if name in found or name.startswith(("../", "/")):
            continue
        path = next((p for p in (os.path.join(top, name) for top in tops) if _is_there(documents, p)), "")
        text = _read(documents, path) if path else None
        if text is not None:
            found[name] = {"file": display(path, documents.files.base), "text": text}
            folder = posixpath.dirname(name)
            waiting += [posixpath.normpath(posixpath.join(folder, one)) for one in included(text)]
    if found:
        workflow.values["makefiles"] = found


def _is_there(documents: Documents, path: str) -> bool:
    return os.path.basename(path) in documents.files.listing(os.path.dirname(path)) and os.path.isfile(path)


def _read(documents: Documents, path: str) -> str | None:
    """The text of a Makefile; None, and a line of coverage, when it cannot be read."""
    shown = display(path, documents.files.base)
    coverage = documents.intake.coverage
    try:
        text = File(path, shown, documents.files.read(path)).text()
        if len(text) > LONGEST:
            raise Malformed(f"a Makefile of more than {LONGEST:,} characters is not read")
    except (Unreadable, Malformed) as error:
        if all(i["path"] != shown for i in coverage.inputs):
            coverage.input(shown, "failed", str(error))
        return None
    if all(i["path"] != shown for i in coverage.inputs):
        coverage.input(shown, "read")
    return text


def included(text: str) -> Iterator[str]:
    """The files that a Makefile includes by name, as it names them."""
    for found in _INCLUDE.finditer(text):
        yield from (name for name in found[1].split() if "$" not in name and "*" not in name)


def _named(workflow: Resource) -> Iterator[str]:
    """Where make may look: in every folder that a script names, alone and below the folders in which scripts begin."""
    begins, folders, files = {""}, {""}, set[str]()
    for thing in _things(workflow):
        given = thing.get("working-directory")
        if isinstance(given, str) and "$" not in given:
            begins.add(given)
        script = thing.get("run")
        if isinstance(script, str):
            folders |= {f[1] for f in _FOLDER.finditer(script)}
            files |= {f[1] for f in _FILE.finditer(script)}
    places = sorted({posixpath.normpath(posixpath.join(b, f)) for b in begins for f in folders})
    for place in places:
        yield from (posixpath.normpath(posixpath.join(place, name)) for name in (*sorted(files), *NAMES))


def _things(workflow: Resource) -> Iterator[dict[str, Any]]:
    """What says in which folder scripts run: steps, and the defaults of jobs and of the workflow."""
    for one in (workflow.values["document"], *workflow.values["jobs"]):
        defaults = one.get("defaults")
        run = defaults.get("run") if isinstance(defaults, dict) else None
        if isinstance(run, dict):
            yield {"working-directory": run.get("working-directory")}
    for job in workflow.values["jobs"]:
        yield from job["steps"]

"""What documents run, command by command; build specs as what they judge before an image goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.analysis import command_kinds, shell
from assay.model import Undetermined, Unknown, as_list
from assay.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.model import Resource, ValuePath


class Ran(NamedTuple):
    """A command and where it stands in its document.

    `via` says through what it runs (`make apply`, with the file and line), `doubt` why it may be another command, `at`
    which it is among the commands of its job: the positions of its step and within that.
    """

    command: shell.Command
    where: ValuePath
    via: str = ""
    doubt: str = ""
    at: tuple[int, int] = (0, 0)


def commands_of(document: Resource, such: Callable[[str], bool] | None = None) -> list[Ran]:
    """Every command of a build spec, workflow or Dockerfile, in order.

    Args:
        such: only of scripts for which this holds.

    Raises:
        Undetermined: it could not be parsed, or nothing here reads shell.
    """
    from assay.analysis import dockerfiles, workflows

    readers = {
        "build_spec": _written_in_spec, "workflow": workflows.scripts, "dockerfile": dockerfiles.scripts,
    }  # fmt: skip
    found: list[Ran] = []
    for script, where in readers[document.type](document):
        if such is None or such(script):
            found += [Ran(c, (*where, "line", c.line)) for c in shell.commands(script)]
    return found


def known(document: Resource, key: str) -> Any:
    """What a document has under a key.

    Raises:
        Undetermined: it could not be parsed.
    """
    value = document[key]
    if isinstance(value, Unknown):
        raise Undetermined(value)
    return value


# --- build specs ------------------------------------------------------------------------------------------------------


def _written_in_spec(spec: Resource) -> Iterator[tuple[str, ValuePath]]:
    """Every script of a build spec, those too that run only when a step has failed."""
    for i, step in enumerate(known(spec, "steps")):
        if not isinstance(step, dict):
            continue
        if isinstance(step.get("command"), str):
            yield step["command"], ("steps", i, "command")
        for j, handler in enumerate(as_list(step.get("onFailure"))):
            if isinstance(handler, dict) and isinstance(handler.get("command"), str):
                yield handler["command"], ("steps", i, "onFailure", j, "command")


def _run_by_spec(spec: Resource) -> list[Ran]:
    """The commands of a build spec that run when none fails, in order."""
    steps = known(spec, "steps")
    found: list[Ran] = []
    for script, where in _written_in_spec(spec):
        if len(where) == 3:
            goes_on = steps[where[1]].get("failImmediatelyOnError", spec["failImmediatelyOnError"]) is False
            found += [Ran(c, (*where, "line", c.line)) for c in shell.commands(script, goes_on, pipes=True)]
    return found


def image_moves(ran: list[Ran]) -> tuple[int, int]:
    """Positions of the first command that builds an image and of the first that pushes one; the end without one."""
    build = next((i for i, r in enumerate(ran) if command_kinds.builds_image(r.command)), len(ran))
    push = next((i for i, r in enumerate(ran) if command_kinds.pushes_image(r.command)), len(ran))
    return build, push


def untested(spec: Resource) -> tuple[str, ValuePath] | None:
    """What to say, and where, when an image is built or pushed that no test has judged; None when all is well."""
    ran = _run_by_spec(spec)
    first = min(image_moves(ran))
    if first == len(ran):
        return None
    before = [r for r in ran[:first] if command_kinds.runs_tests(r.command)]
    if any(not r.command.ignored for r in before):
        return None
    if before:
        return "tests run before the image is built, and their failure is ignored", before[0].where
    return f"{' '.join(ran[first].command.bare[:2])} runs and no test has run before", ran[first].where


def unscanned(spec: Resource) -> tuple[str, ValuePath] | None:
    """As `untested`, of security scanners: of the sources before the build, or of the image before the push."""
    steps = known(spec, "steps")
    ran = _run_by_spec(spec)
    build, push = image_moves(ran)
    if min(build, push) == len(ran):
        return None
    early = steps[: int(ran[push].where[1])] if push < len(ran) else steps  # an audit after the push comes too late
    if any(isinstance(s, dict) and s.get("type") == "VulnerabilityAudit" for s in early):
        return None
    scans = [r for i, r in enumerate(ran) if command_kinds.scans(r.command) and (i < build or (i < push and
             command_kinds.scans_image(r.command)))]  # fmt: skip
    if any(not command_kinds.forgiven(r.command) for r in scans):
        return None
    if scans:
        return f"{scans[0].command.name} scans, and whatever it finds stops nothing", scans[0].where
    first = min(build, push)
    return f"{' '.join(ran[first].command.bare[:2])} runs and no security scanner has run before", ran[first].where


def spec_secrets(spec: Resource) -> Iterator[tuple[str, ValuePath]]:
    """The credentials that a build spec holds: in its variables and in its commands."""
    from assay.analysis.credentials import is_credential, written_out

    env = spec["env"]
    variables = env.get("variables") if isinstance(env, dict) else None
    for name, value in (variables or {}).items() if isinstance(variables, dict) else ():
        if is_credential(name, str(value)):
            yield f"the variable {name} holds a credential", ("env", "variables", name)
    seen = set()
    for script, where in _written_in_spec(spec):
        for start in written_out(script):
            line = script.count("\n", 0, start)
            if (where, line) not in seen:
                seen.add((where, line))
                yield "the command holds a credential", (*where, "line", line)

"""The code of the functions that a state machine calls, as far as it is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from assay.analysis.state_machine import read
from assay.model import Ref, Text, Undetermined, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.state_machine import State
    from assay.documents.layer_archive import Package
    from assay.graph import Graph
    from assay.model import Resource, ValuePath

LONGEST = 1_000_000


class Wrapped(NamedTuple):
    """A task that calls a function: the one SDK call the function consists of, or why its code was not judged."""

    state: str
    where: ValuePath
    function: str
    call: str = ""
    doubt: str = ""


def wrappers(machine: Resource, graph: Graph) -> Iterator[Wrapped]:
    """The tasks whose function only calls one AWS service, and those whose code nobody could read."""
    named = _by_name(graph)
    for s in read(machine, graph).tasks():
        called = _called(s)
        if called is None:
            continue
        function = _function(machine, called, graph, named)
        if function is None:
            yield Wrapped(s.name, s.where, "", doubt="the function is not among the inputs")
            continue
        try:
            call = _only_call(function, graph)
        except Undetermined as doubt:
            yield Wrapped(s.name, s.where, function.address, doubt=doubt.reason)
        else:
            if call:
                yield Wrapped(s.name, s.where, function.address, call)


def _called(s: State) -> Any:
    """What names the function of a task; None when it calls none."""
    text = s.called
    if ":states:::lambda:invoke" in text:
        if text.endswith(".waitForTaskToken"):
            return None  # the function must hand the token on: no service does that by itself
        arguments = s.fields.get("Parameters", s.fields.get("Arguments"))
        return arguments.get("FunctionName") if isinstance(arguments, dict) else None
    is_function = ":lambda:" in text or "aws_lambda_function." in text
    return s.fields["Resource"] if is_function else None


def _by_name(graph: Graph) -> dict[str, Resource]:
    """The functions by their names and ARNs, the first of each; of those that nobody knows there is none."""
    found: dict[str, Resource] = {}
    for function in graph.all("aws_lambda_function"):
        for name in (function.values.get("function_name"), function.values.get("arn")):
            if isinstance(name, str):
                found.setdefault(name, function)
    return found


def _function(machine: Resource, called: Any, graph: Graph, named: dict[str, Resource]) -> Resource | None:
    refs = called.refs() if isinstance(called, Text) else [called] if isinstance(called, Ref) else []
    for ref in refs:
        found = graph.find(ref.target, machine.root, machine.source)
        if found is not None and found.type == "aws_lambda_function":
            return found
    if not isinstance(called, str):
        return None
    return named.get(called) or named.get(called.partition(":function:")[2].partition(":")[0])


def _only_call(function: Resource, graph: Graph) -> str:
    """The one SDK call that a function's handler consists of; empty when it does something of its own.

    Raises:
        Undetermined: its code is not at hand, or not Python.
    """
    from assay.analysis.archives import package_of

    archives = [a for a in graph.follow(function, "filename") if a.type == "archive" and a.source != "uncollected"]
    if not archives:
        raise Undetermined(Unknown(f"the code of {function} is not here"))
    handler = function["handler"]
    if isinstance(handler, Unknown):
        raise Undetermined(handler)
    return only_call(package_of(archives[0]), str(handler), str(function))


def only_call(package: Package, handler: str, function: str) -> str:
    """The one SDK call that a handler in a package consists of; empty when it does something of its own.

    Raises:
        Undetermined: the package has no such handler, or it is not Python.
    """
    from assay.analysis import python_code
    from assay.analysis.functions import wrapped_call
    from assay.analysis.source_code import NoSource
    from assay.documents.layer_archive import Unread

    known: str | None = getattr(package, "calls", {}).get(handler)
    if known is not None:  # its code was inspected, and is gone
        return known
    module, _, name = handler.rpartition(".")
    file = f"{module.replace('.', '/')}.py"
    entry = next((e for e in package.entries if e.name == file), None)
    if entry is None:
        raise Undetermined(Unknown(f"the handler {handler} of {function} is no Python of its archive"))
    try:
        return wrapped_call(python_code.parse(package.read(entry, LONGEST)), name)
    except (Unread, NoSource) as error:
        raise Undetermined(Unknown(f"{file} of {function}: {error}")) from None

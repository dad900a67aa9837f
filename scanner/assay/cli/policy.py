"""`assay policy diff OLD NEW`: what a change newly grants, for pull requests."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from assay.cli import scan as scan_command
from assay.scan import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from assay.analysis.policy_diff import Grant
    from assay.graph import Graph

LARGEST = 1_000_000
EPILOG = """OLD and NEW are two JSON policy documents, or two directories, plans or snapshots, whose roles, users,
groups, resource policies and OCI policies are compared by their addresses. JSON policies in directories are compared by
their file names. Each finding names a request that the new state allows and the old one does not.

exit codes:
  0  nothing is newly granted
  1  something is newly granted
  2  wrong use
  3  unknown: values that are not in the input decide, or something could not be read
  4  a fault of Assay itself"""


def parser() -> ArgumentParser:
    from argparse import ArgumentParser, RawDescriptionHelpFormatter

    p = ArgumentParser(
        "assay policy", description="Say what a change of policies newly grants.", epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    p.add_argument("command", choices=("diff",))
    p.add_argument("old", metavar="OLD")
    p.add_argument("new", metavar="NEW")
    p.add_argument("-o", "--output", choices=("text", "json"), default="text")
    scan_command.add_terraform(p)
    return p


def run(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    for path in (args.old, args.new):
        if not os.path.lexists(path):
            raise UsageError(f"{path}: there is no such file or directory")
    found, incomplete = _found(args)
    certain = [g for g in found if not g.reason]
    unknown = [g for g in found if g.reason]
    (_json if args.output == "json" else _text)(certain, unknown)
    if certain:
        return 1
    return 3 if unknown or incomplete else 0


def _found(args: Namespace) -> tuple[list[Grant], bool]:
    from assay.analysis.policy_diff import documents, graphs

    old, new = _document(args.old), _document(args.new)
    if (old is None) is not (new is None):
        odd = args.new if new is None else args.old
        raise UsageError(f"{odd} is no policy document, and the other one is: compare two of a kind")
    if old is not None and new is not None:
        return list(documents(_statements(old, args.old), _statements(new, args.new), args.new)), False
    before, after = _graph(args, args.old), _graph(args, args.new)
    found = [*graphs(before, after), *_files(args.old, args.new)]
    return found, before.coverage.incomplete or after.coverage.incomplete


def _files(old: str, new: str) -> list[Grant]:
    """What the policy documents below a directory newly grant over those of the same name below the other."""
    from assay.analysis.policy_diff import documents
    from assay.paths import walk

    found: list[Grant] = []
    for path in walk(new) if os.path.isdir(new) and os.path.isdir(old) else ():
        document = _policy_in(path)
        if document is not None:
            other = os.path.join(old, os.path.relpath(path, new))
            before = _policy_in(other) if os.path.isfile(other) else None
            theirs = [] if before is None else _statements(before, other)
            found += documents(theirs, _statements(document, path), path)
    return found


def _policy_in(path: str) -> Any:
    """The policy document in a file of a directory; None for any other file."""
    if not path.endswith(".json") or path.endswith(".tf.json") or os.path.getsize(path) > LARGEST:
        return None
    try:
        with open(path, encoding="utf-8") as handle:
            found = json.load(handle)
    except (ValueError, OSError, RecursionError):
        return None
    whole = isinstance(found, dict) and any(str(k).lower() == "statement" for k in found)
    return found if whole else None


def _document(path: str) -> Any:
    """The policy document in a file; None when it is something else."""
    if os.path.isdir(path) or not path.endswith(".json"):
        return None
    try:
        with open(path, encoding="utf-8") as handle:
            found = json.load(handle)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: it is not JSON: {error}") from None
    if isinstance(found, dict) and any(str(k).lower() == "statement" for k in found):
        return found
    if isinstance(found, dict) and "format_version" in found:  # a plan
        return None
    raise UsageError(f"{path}: it is no policy: it has no Statement")


def _statements(document: Any, path: str) -> Any:
    from assay.analysis.aws_policy_documents import statements
    from assay.model import Location, Resource, Step, ValuePath

    class _File:
        """A document is found in its file."""

        def locate(self, where: ValuePath) -> Location:
            return Location(path.replace(os.sep, "/"))

        def trace(self, where: ValuePath) -> list[Step]:
            return []

    return statements(Resource("aws_iam_policy", path, "document", {"policy": document}, _File()), "policy")


def _graph(args: Namespace, path: str) -> Graph:
    from assay.scan import collect

    request = scan_command.make_request(args, [path])
    request.files_only = False
    request.base = path if os.path.isdir(path) else os.path.dirname(path) or "."
    graph = collect(request)
    for entry in graph.coverage.inputs:
        if entry["status"] == "failed":
            print(f"assay policy: {os.path.join(path, entry['path'])}: {entry['reason']}", file=sys.stderr)
    return graph


def _text(certain: list[Grant], unknown: list[Grant]) -> None:
    for g in certain:
        print(f"newly granted: {_said(g.request)}\n    by {g.statement} of {g.holder}{_at(g)}")
    for g in unknown:
        print(f"not known: {g.statement} of {g.holder}{_at(g)}: {g.reason}")
    if not certain and not unknown:
        print("nothing is newly granted")


def _said(request: dict[str, Any]) -> str:
    if "permission" in request:
        said = f"{request['subject']} {request['permission']} in {request['place']}"
    else:
        who = f"{request['principal']} " if request["principal"] else ""
        said = f"{who}{request['action']} on {request['resource']}"
    for key, values in sorted(request["context"].items()):
        said += f" with {key} {'= ' + ', '.join(values) if values else 'missing'}"
    return said


def _at(g: Grant) -> str:
    return f" ({g.place.file}:{g.place.start_line})" if g.place is not None else ""


def _json(certain: list[Grant], unknown: list[Grant]) -> None:
    print(json.dumps({
        "schema": "assay-policy-diff/1",
        "granted": [_record(g) for g in certain],
        "unknown": [_record(g) for g in unknown],
    }, ensure_ascii=False, indent=1))  # fmt: skip


def _record(g: Grant) -> dict[str, Any]:
    place = None if g.place is None else {"file": g.place.file, "line": g.place.start_line}
    return {
        "holder": g.holder, "statement": g.statement, "location": place, "request": g.request or None,
        "reason": g.reason or None,
    }  # fmt: skip

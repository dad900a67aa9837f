"""What Assay says of a module, and where that differs from terraform's word."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Answers = dict[str, dict[str, Any]]

ARGUMENTS = ("input", "triggers_replace")


class Graph(NamedTuple):
    code: int
    answers: Answers
    errors: list[Any]
    talk: str


def graph(directory: Path) -> Graph:
    """`assay graph DIRECTORY -o json` in this process, its terraform_data resources in the shape of the truth."""
    from assay.cli import main

    out, talk = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(talk):
        code = main(["graph", str(directory), "-o", "json"])
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    printed = out.buffer.getvalue().decode("utf-8")
    assert printed, f"`assay graph` exited with {code} and printed nothing; on stderr: {talk.getvalue()}"
    document = json.loads(printed)
    answers = {r["address"]: _answer(r) for r in document["resources"] if r["type"] == "terraform_data"}
    return Graph(code, answers, document["errors"], talk.getvalue())


def _answer(resource: dict[str, Any]) -> dict[str, Any]:
    values = {name: resource["values"].get(name) for name in ARGUMENTS}
    return {"values": values, "unknown": sorted(p for p in resource["unknown"] if p.startswith(ARGUMENTS))}


def differences(truth: Answers, ours: Answers) -> list[str]:
    """One line for each address, value or unknown path in which two sets of answers differ."""
    lines = [f"{address}: terraform has it, assay does not" for address in sorted(truth.keys() - ours.keys())]
    lines += [f"{address}: assay has it, terraform does not" for address in sorted(ours.keys() - truth.keys())]
    for address in sorted(truth.keys() & ours.keys()):
        lines += [f"{address} {line}" for line in _of_resource(truth[address], ours[address])]
    return lines


def _of_resource(truth: dict[str, Any], ours: dict[str, Any]) -> Iterator[str]:
    ahead, behind = set(truth["unknown"]), set(ours["unknown"])
    for path in sorted(ahead - behind):
        yield f"{path}: terraform says unknown, assay says {_show(_at(ours['values'], path))}"
    for path in sorted(behind - ahead):
        yield f"{path}: terraform says {_show(_at(truth['values'], path))}, assay says unknown"
    told = ahead ^ behind
    for name in ARGUMENTS:
        for path, line in _of_values(truth["values"][name], ours["values"][name], name):
            if not any(_inside(path, other) or _inside(other, path) for other in told):
                yield line


def _of_values(truth: Any, ours: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(truth, dict) and isinstance(ours, dict) and truth.keys() == ours.keys():
        for key in truth:
            yield from _of_values(truth[key], ours[key], f"{path}.{key}")
    elif isinstance(truth, list) and isinstance(ours, list) and len(truth) == len(ours):
        for i, (expected, got) in enumerate(zip(truth, ours, strict=True)):
            yield from _of_values(expected, got, f"{path}[{i}]")
    elif not same_scalar(truth, ours):
        yield path, f"{path}: terraform says {_show(truth)}, assay says {_show(ours)}"


def same_scalar(truth: Any, ours: Any) -> bool:
    # To Python True is 1, to terraform it is not; 5 and 5.0 are one number to both.
    if isinstance(truth, bool) or isinstance(ours, bool):
        return truth is ours
    return bool(truth == ours) and isinstance(truth, str) == isinstance(ours, str)


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith((outer + ".", outer + "["))


def _at(values: Any, path: str) -> Any:
    """What stands at the longest part of the path that is there."""
    for name, value in _paths(values, ""):
        if name == path:
            return value
    return "(nothing there)"


def _paths(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _paths(item, f"{path}[{i}]")


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 400 else text[:400] + "..."

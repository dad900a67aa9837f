"""A second parser, written by others, reads the same literals out of every file: python-hcl2.

Whole attributes are compared whose value is literal through and through; anything with a reference, an operator, a
template or a heredoc is terraform's to judge.
"""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hcl2
import pytest

from .judged import same_scalar
from .oracle import CASES, HERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.terraform.syntax import Attribute, Body

REPOSITORY = HERE.parents[1]
FOLDERS = (CASES, REPOSITORY / "fixtures")
FILES = sorted(path for folder in FOLDERS for path in folder.rglob("*.tf") if ".terraform" not in path.parts)
BEYOND_PYTHON_HCL2 = {"02-operators", "05-strings", "33-unknown-expressions", "58-object-keys"}
"""Terraform accepts them; python-hcl2 8.1 does not (`- -3`, `${~`, a splat on a list of objects, `ünï =`)."""

Path_ = tuple[str | int, ...]


class NotLiteral(Exception):
    """The value is an expression, or is spelled in a way that python-hcl2 does not tell apart from one."""


def literal(value: Any) -> Any:
    """The value python-hcl2 read, where it is a literal: it gives strings as they are spelled, quotes included."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, list):
        return [literal(item) for item in value]
    if isinstance(value, dict):
        return {key_of(key): literal(item) for key, item in value.items()}
    return text_of(value)


def text_of(spelled: str) -> str:
    if len(spelled) < 2 or not spelled.startswith('"') or spelled.startswith('"<<'):
        raise NotLiteral(spelled)
    inner = spelled[1:-1]
    if any(mark in inner for mark in ("${", "%{", "\r")):
        raise NotLiteral(spelled)
    if "\\" in inner:
        inner = codecs.decode(inner.encode("latin-1", "backslashreplace"), "unicode_escape")
    return unicodedata.normalize("NFC", inner)


def key_of(spelled: Any) -> str:
    if not isinstance(spelled, str) or spelled.startswith("("):
        raise NotLiteral(spelled)
    return text_of(spelled) if spelled.startswith('"') else spelled


def theirs(body: dict[str, Any], path: Path_) -> Iterator[tuple[Path_, Any]]:
    """Where python-hcl2 sees a literal attribute, and its value; blocks of one kind and labels are numbered."""
    for name, value in body.items():
        if name in ("__is_block__", "__comments__", "__inline_comments__"):
            continue
        if isinstance(value, list) and value and all(is_block(item) for item in value):
            seen: dict[Path_, int] = {}
            for item in value:
                here, inner = labels_of(item, (*path, name))
                number = seen[here] = seen.get(here, -1) + 1
                yield from theirs(inner, (*here, number))
            continue
        try:
            yield (*path, name), literal(value)
        except NotLiteral:
            continue


def is_block(value: Any) -> bool:
    return isinstance(value, dict) and ("__is_block__" in value or any(is_block(inner) for inner in value.values()))


def labels_of(block: dict[str, Any], path: Path_) -> tuple[Path_, dict[str, Any]]:
    while "__is_block__" not in block:
        label, block = next(iter(block.items()))
        path = (*path, label.strip('"'))
    return path, block


def ours(body: Body, path: Path_) -> Iterator[tuple[Path_, Attribute]]:
    seen: dict[Path_, int] = {}
    for name, attribute in body.attributes.items():
        yield (*path, name), attribute
    for block in body.blocks:
        here = (*path, block.kind, *block.labels)
        number = seen[here] = seen.get(here, -1) + 1
        yield from ours(block.body, (*here, number))


def same(theirs_: Any, ours_: Any) -> bool:
    if isinstance(theirs_, list) and isinstance(ours_, list):
        return len(theirs_) == len(ours_) and all(map(same, theirs_, ours_))
    if isinstance(theirs_, dict) and isinstance(ours_, dict):
        return theirs_.keys() == ours_.keys() and all(same(theirs_[key], ours_[key]) for key in theirs_)
    return same_scalar(theirs_, ours_)


@pytest.mark.slow
@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(REPOSITORY))) for p in FILES])
def test_both_parsers_read_the_same_literals(path: Path) -> None:
    from assay.terraform.evaluate import evaluate_attribute, plain, static_env
    from assay.terraform.syntax import Body, parse

    data = path.read_bytes()
    file = parse(str(path), path.name, data)
    try:
        read = hcl2.loads(data.decode("utf-8-sig"))
    except Exception:
        if file.faults or path.parent.name in BEYOND_PYTHON_HCL2:
            return
        raise
    body = Body()
    body.attributes, body.blocks = file.attributes, file.blocks
    here = dict(ours(body, ()))
    env = static_env()
    for place, value in theirs(read, ()):
        name = ".".join(map(str, place))
        assert place in here, f"{name}: only python-hcl2 sees it"
        got = plain(evaluate_attribute(here[place], env))
        assert same(value, got), f"{name}: python-hcl2 reads {value!r}, assay {got!r}"


def test_the_comparison_sees_literals() -> None:
    read = hcl2.loads(
        'a "b" {\n  s = "x\\ty"\n  n = 1.5\n  t = [true, { k = "v" }]\n  e = "${x}"\n  c {\n    d = -3\n  }\n}\n'
    )
    assert dict(theirs(read, ())) == {
        ("a", "b", 0, "s"): "x\ty",
        ("a", "b", 0, "n"): 1.5,
        ("a", "b", 0, "t"): [True, {"k": "v"}],
        ("a", "b", 0, "c", 0, "d"): -3,
    }
    assert len(FILES) > 100

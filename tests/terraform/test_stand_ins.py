"""The parser sees other bytes than the file has (`stand_ins`): the tree must be the one of the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tree_sitter_hcl
from assay.terraform.stand_ins import stand_ins
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_hcl.language()))
FIXTURES = Path(__file__).parents[2] / "fixtures"


def shape(node: Any, data: bytes) -> list[tuple[str, int, int]]:
    """Every node with its span; of a plain text only that it is one, whatever the parser took it for."""
    found: list[tuple[str, int, int]] = []
    stack = [node]
    while stack:
        current = stack.pop()
        text = current.type in ("string_lit", "numeric_lit", "identifier") and data[current.start_byte] == ord('"')
        found.append(("text" if text else current.type, current.start_byte, current.end_byte))
        if not text:
            stack.extend(reversed(current.children))
    return found


def check(data: bytes) -> None:
    plain = PARSER.parse(data).root_node
    other = PARSER.parse(stand_ins(data)).root_node
    if other.has_error:  # then the file is parsed as it is
        return
    assert not plain.has_error, data
    assert shape(other, data) == shape(plain, data), data


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.tf")), ids=lambda p: str(p.relative_to(FIXTURES)))
def test_every_file_of_the_fixtures_has_its_own_tree(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.parametrize(
    "text",
    [
        'a = "${b}:" , "c" = "d"\n',
        'a = "${f("x", [\n  "y",\n  "z"\n])}:", "b", "c"\n',
        'a = "\\"" \nb = "c"\n',
        'a = "$${" \nb = "c"\n',
        'a = "$$${" \nb = ["c", "d"]\n',
        'a = "%%{ if " \nb = "c"\n',
        '# say "x = "y" now\na = "b"\n',
        '/* = "*/ a = "b" /* " */\n',
        '// it is "\na = "b"\n',
        'a = <<E\n "x = "y" ${f("q")} "\nE\nb = "c"\n',
        'a = <<-E\n  " E\n  E\nb = "c"\n',
        'a = <<E\n "\n  E "\nE\nb = ["c"]\n',
        'a = <<E\n${b}E\n" = "\nE\nc = "d"\n',
        'a = "ab".0\nb = "ab".c\nc = "ab"[0]\n',
        'a = ""\nb = "" == ""\n',
        'a = { "b" = "c", "d" : "e"\n "f" = "g" }\n',
        'a = x ? "b" : "c"\n',
        'resource "a" "b" {\n  c "d" "e" {}\n}\n',
        'resource "a""b"{\n}\n',
        'a = "b" "c" {\n}\n',
        'a = "b""c"\n',
        'a = ""xff = 1\n',
        'a = "c" "d" = 2\n',
        'a = ["b" "c"]\n',
        'a = f("b", "c"...)\n',
        'a = "b"...\n',
        '"a" "b" {\n}\n',
        '"a" = "b"\n',
        'a = "b\n',
        'a = "é" \nb = "c"\n',
        'a = b["c"].d["e"]\n',
        'a = [for k, v in { "b" = "c" } : "${k}" if v != "d"]\n',
        'a = "x" # "y = "\nb = "z"\n',
    ],
)
def test_what_looks_like_a_text_and_is_none(text: str) -> None:
    check(text.encode())


PIECES = (
    '"', '"x"', '""', "${", "%{", "}", "{", "[", "]", "(", ")", "=", ":", ",", "?", " ", "\n", "\\", "$", "#", "//",
    "/*", "*/", "<<E\n", "\nE\n", "a", "b = ", "resource ", ".", "0", "...",
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24))
def test_random_pieces_have_their_own_tree(pieces: list[str]) -> None:
    check("".join(pieces).encode())


VALUE = st.recursive(
    st.sampled_from(
        ['"x"', '""', '"a b:c"', '"${v}"', '"${f("q")}:"', "1", "v", '"\\""', '"${m["k"]}-${n}"', '<<E\nh " i\nE\n']
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda v: "[" + ", ".join(v) + "]"),
        st.lists(inner, max_size=3).map(lambda v: "{\n" + "\n".join(f'"k{i}" = {x}' for i, x in enumerate(v)) + "\n}"),
        st.lists(inner, max_size=3).map(lambda v: "f(" + ", ".join(v) + ")"),
        inner.map(lambda v: f'v == "a" ? {v} : "b"'),
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(VALUE, min_size=1, max_size=4))
def test_random_modules_have_their_own_tree(values: list[str]) -> None:
    check(("\n".join(f'b "l{i}" {{\n  a = {v}\n}}' for i, v in enumerate(values)) + "\n").encode())


def test_a_hostile_text_takes_no_longer_than_its_length() -> None:
    import time

    def cost(text: bytes) -> float:
        start = time.process_time()
        stand_ins(text)
        return time.process_time() - start

    for piece in (b'"a" ', b'"', b'"a"' + b" " * 50, b'x "b" ', b'"${', b"<<E\n"):
        small, large = cost(piece * 20_000), cost(piece * 160_000)
        assert large < 40 * max(small, 0.01), piece  # eight times the length

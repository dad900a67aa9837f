"""The architecture page is true: what it names is there, what is there is named, and nobody imports what he may not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "scanner" / "assay"
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = PAGE[PAGE.index("```mermaid") : PAGE.index("```\n", PAGE.index("```mermaid") + 3)]
_NODE = re.compile(r"(\w+)[\[(]+\"([^\"]+)\"[\])]+")
_NAME = re.compile(r"\b([a-z_]+(?:/[a-z_]+)*(?:\.py|/))|\b(reports/templates)\b")
_ROW = re.compile(r"^\| `([a-z_]+)(?:\.py)?` \| (.+) \|$", re.MULTILINE)


def named() -> set[str]:
    """The modules and folders that the picture names."""
    found: set[str] = set()
    for _, label in _NODE.findall(PICTURE):
        for first, second in _NAME.findall(label.replace("<br>", " ")):
            found.add((first or second).rstrip("/"))
    return found


def imports(part: str) -> Iterator[tuple[str, str]]:
    """The parts of the package that one imports, each with the file that does; for annotations alone it may."""
    there = PACKAGE / part
    for file in sorted(there.rglob("*.py")) if there.is_dir() else [there.with_suffix(".py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        unreal = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if id(node) in unreal:
                continue
            if isinstance(node, ast.ImportFrom) and node.module == "assay":
                modules = [f"assay.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            else:
                continue
            yield from ((m.split(".")[1], file.name) for m in modules if m.startswith("assay."))


def test_the_page_has_one_picture() -> None:
    assert PAGE.count("```mermaid") == 1
    nodes = [name for name, _ in _NODE.findall(PICTURE)]
    assert len(nodes) == len(set(nodes)) >= 15
    edges = re.findall(r"^\s*(\w+) <?(?:--|-\.).*?> (\w+)$", _NODE.sub(r"\1", PICTURE), re.MULTILINE)
    assert len(edges) == PICTURE.count("->")
    assert {end for edge in edges for end in edge} <= set(nodes)


def test_what_the_picture_names_is_there() -> None:
    for name in named():
        assert (PACKAGE / name).exists() or (REPOSITORY / name).exists(), name


def test_every_package_is_in_the_picture() -> None:
    there = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    assert there - named() == set()


@pytest.mark.parametrize(("part", "others"), _ROW.findall(PAGE), ids=lambda text: text[:12])
def test_nobody_imports_what_he_may_not(part: str, others: str) -> None:
    forbidden = set(re.findall(r"`(\w+)`", others))
    assert forbidden
    assert all((PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file() for name in forbidden)
    assert [(to, file) for to, file in imports(part) if to in forbidden] == []


def test_only_the_program_s_door_imports_the_commands() -> None:
    parts = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert {part for part in parts - {"cli"} if "cli" in {to for to, _ in imports(part)}} == {"__main__"}
    assert {to for to, _ in imports("reports")} >= {"model", "ledger"}, "the judge sees imports"


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (REPOSITORY / "docs" / target).exists(), target

"""Paths as people and reports see them, and walking a tree without leaving it."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as `typing.TYPE_CHECKING`, without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SKIPPED = {"node_modules", "__pycache__"}
ENTERED = {".github", ".gitlab"}
"""Hidden folders that hold what deploys the rest."""


def display(path: str, base: str) -> str:
    """`path` relative to `base` with forward slashes; absolute when it is not below it."""
    full = os.path.abspath(path)
    top = os.path.abspath(base)
    if full == top:
        return "."
    prefix = top if top.endswith(os.sep) else top + os.sep
    return (full.removeprefix(prefix)).replace(os.sep, "/")


def enters(folder: str) -> bool:
    """Whether a walk goes into a folder of this name."""
    return (not folder.startswith(".") and folder not in SKIPPED) or folder in ENTERED


def walk(top: str, shut: Callable[[OSError], None] | None = None) -> Iterator[str]:
    """Every file below `top`, sorted, without hidden folders; symbolic links to folders are not followed.

    Args:
        top: the folder.
        shut: told of a folder that cannot be listed (`filename` is its path); without it such a folder is passed over.
    """
    for folder, folders, files in os.walk(top, onerror=shut):
        folders[:] = sorted(filter(enters, folders))
        for name in sorted(files):
            yield os.path.join(folder, name)


def above(path: str) -> Iterator[str]:
    """The folder of `path` and those above it, up to the root of its repository (without one, its folder alone)."""
    top = repository(path)
    folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path) or ".")
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if folder in (top, parent):
            return
        folder = parent


def repository(path: str) -> str:
    """The root of the repository that holds `path`, else the directory itself."""
    start = os.path.abspath(path)
    current = start if os.path.isdir(start) else os.path.dirname(start)
    first = current
    while True:
        if os.path.exists(os.path.join(current, ".git")):
            return current
        parent = os.path.dirname(current)
        if parent == current:
            return first
        current = parent

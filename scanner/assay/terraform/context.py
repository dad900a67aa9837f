"""What functions may ask of the world: files of the scanned tree, and templates."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from assay.model import Unknown
from assay.terraform.syntax import Unreadable
from assay.terraform.values import EvalError

if TYPE_CHECKING:
    from assay.terraform.evaluate import Scope
    from assay.terraform.files import Files


MAX_LISTED = 100_000


class Context:
    """File access of one module directory, for `file`, `fileset`, `templatefile` and their like."""

    __slots__ = ("files", "module_dir", "root_dir", "scope")

    def __init__(self, files: Files, module_dir: str, root_dir: str) -> None:
        self.files = files
        self.module_dir = module_dir
        self.root_dir = root_dir  # Terraform resolves relative paths from where it runs
        self.scope: Scope | None = None

    def path(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.root_dir, path))

    def read_bytes(self, path: str) -> bytes | Unknown:
        """The bytes of a file in the scanned tree.

        Raises:
            EvalError: there is no such file.
        """
        full = self.path(path)
        if not self.files.allowed(full):
            return Unknown(f'file("{path}") is outside the scanned directory, it was not read')
        if not os.path.isfile(full):
            raise EvalError(f"{path} is a directory" if os.path.isdir(full) else f"there is no file {path}")
        self.files.opened.add(self.files.shown(full))
        try:
            return self.files.read(full)
        except Unreadable as error:
            return Unknown(f'file("{path}"): {error}')

    def exists(self, path: str) -> bool | Unknown:
        full = self.path(path)
        if not self.files.allowed(full):
            return Unknown(f'fileexists("{path}") is outside the scanned directory, it was not looked at')
        return os.path.isfile(full)

    def walk(self, directory: str, depth: int | None) -> list[str] | Unknown:
        """The files below a directory, at most so many levels down, relative to it."""
        top = self.path(directory)
        if not self.files.allowed(top):
            return Unknown(f'fileset("{directory}") is outside the scanned directory, it was not listed')
        found: list[str] = []
        waiting = [("", 1)]
        while waiting and len(found) < MAX_LISTED:
            inside, level = waiting.pop(0)
            for name in self.files.listing(os.path.join(top, inside)):
                relative = f"{inside}/{name}" if inside else name
                full = os.path.join(top, relative)
                if os.path.isdir(full):
                    if depth is None or level < depth:
                        waiting.append((relative, level + 1))
                elif os.path.isfile(full):
                    found.append(relative)
        return sorted(found)

    def template(self, text: str, variables: dict[str, Any]) -> Any:
        """A template rendered with these names and no others."""
        from assay.terraform.evaluate import Env
        from assay.terraform.templates import compile_text

        assert self.scope is not None
        run = compile_text(text, "the template")
        try:
            return run(Env(self.scope, variables))
        except KeyError as error:
            raise EvalError(f"the template reads {error.args[0]}, which it is not given") from None

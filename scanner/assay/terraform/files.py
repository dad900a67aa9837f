"""The files of a scan: nothing outside the scanned tree is listed, read or followed."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from assay.terraform.syntax import MAX_FILE, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OUTSIDE = "it leads out of the scanned directory, so it was not read"


class Files:
    """Reads below the given trees only, symbolic links resolved."""

    __slots__ = ("_allowed", "_links", "_listings", "base", "opened", "overlay", "trees")

    def __init__(
        self, trees: list[str], base: str, named: Sequence[str] = (), overlay: Mapping[str, bytes] | None = None
    ) -> None:
        self.trees = [os.path.realpath(t) for t in trees]
        self.base = os.path.realpath(base)
        self.overlay = overlay or {}  # contents that stand for those on disk: edits that are being tried
        self.opened: set[str] = set()  # what functions have read, as reports spell it
        self._listings: dict[str, list[str]] = {}
        self._links: set[str] = set()
        # A file that the user names is meant, wherever it lies.
        self._allowed: dict[str, bool] = {os.path.abspath(path): True for path in named}

    def allowed(self, path: str) -> bool:
        """Whether a path, links resolved, lies in a scanned tree."""
        known = self._allowed.get(path)
        if known is None:
            real = os.path.realpath(path) if "\0" not in path else ""
            known = any(real == tree or real.startswith(tree.rstrip(os.sep) + os.sep) for tree in self.trees)
            self._allowed[path] = known
        return known

    def shown(self, path: str) -> str:
        """The path as reports spell it: relative to the working directory, with forward slashes."""
        if path == self.base:
            return ""
        prefix = self.base.rstrip(os.sep) + os.sep
        inside = path.startswith(prefix)
        return (path[len(prefix) :] if inside else path).replace(os.sep, "/")

    def listing(self, directory: str) -> list[str]:
        """The names in a directory; none when it cannot be listed or lies outside."""
        found = self._listings.get(directory)
        if found is None:
            found = self._listings[directory] = self._list(directory) if self.allowed(directory) else []
        return found

    def _list(self, directory: str) -> list[str]:
        names = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    names.append(entry.name)
                    if entry.is_symlink():
                        self._links.add(entry.path)
        except OSError:
            return []
        return sorted(names)

    def _stays(self, path: str) -> bool:
        """Whether a file lies in a scanned tree; one system call less for a listed file that is no link."""
        directory, _, name = path.rpartition(os.sep)
        if name in self._listings.get(directory, ()) and path not in self._links:
            return self.allowed(directory)
        return self.allowed(path)

    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            Unreadable: it lies outside the scanned tree, is too large, or cannot be read.
        """
        if not self._stays(path):
            raise Unreadable(OUTSIDE)
        if path in self.overlay:
            return self.overlay[path]
        try:
            # A pipe of that name must not stop the scan.
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            try:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise Unreadable("it is not a regular file")
                if found.st_size > MAX_FILE:
                    raise Unreadable(f"the file has {found.st_size:,} bytes; Assay reads at most {MAX_FILE:,}")
                return _all_of(descriptor, found.st_size)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unreadable(f"it cannot be read: {error.strerror}") from None


def _all_of(descriptor: int, size: int) -> bytes:
    """The bytes of an open file; one call of the system where it is as long as it was said to be."""
    found = os.read(descriptor, size + 1)
    if len(found) == size:
        return found
    parts = [found]
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)

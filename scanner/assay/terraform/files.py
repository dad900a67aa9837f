"""The files of a scan: nothing outside the scanned tree is listed, read or followed."""

from __future__ import annotations

import os

from assay.terraform.syntax import MAX_FILE, Unreadable


class Files:
    """Reads below the given trees only, symbolic links resolved."""

    __slots__ = ("_listings", "_real", "base", "trees")

    def __init__(self, trees: list[str], base: str) -> None:
        self.trees = [os.path.realpath(t) for t in trees]
        self.base = os.path.realpath(base)
        self._listings: dict[str, list[str]] = {}
        self._real: dict[str, str] = {}

    def allowed(self, path: str) -> bool:
        """Whether a path, links resolved, lies in a scanned tree."""
        real = os.path.realpath(path)
        return any(real == tree or real.startswith(tree.rstrip(os.sep) + os.sep) for tree in self.trees)

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
            try:
                found = sorted(os.listdir(directory)) if self.allowed(directory) else []
            except OSError:
                found = []
            self._listings[directory] = found
        return found

    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            Unreadable: it lies outside the scanned tree, is too large, or cannot be read.
        """
        if not self.allowed(path):
            raise Unreadable("it leads out of the scanned directory, so it was not read")
        try:
            if not os.path.isfile(path):
                raise Unreadable("it is not a regular file")
            size = os.path.getsize(path)
            if size > MAX_FILE:
                raise Unreadable(f"the file has {size:,} bytes; Assay reads at most {MAX_FILE:,}")
            with open(path, "rb") as handle:
                return handle.read(MAX_FILE + 1)
        except OSError as error:
            raise Unreadable(f"it cannot be read: {error.strerror}") from None
